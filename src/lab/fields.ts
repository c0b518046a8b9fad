/**
 * Reads the members of a parsed YAML value and collects everything that is wrong with it, each with its line: a user
 * sees all mistakes of a file at once. Values that cannot be read become a stand-in, so that reading goes on.
 */
import { isRecord } from '#base/json.ts'
import { nearest } from '#engines/distance/distance.ts'

export type Path = readonly (string | number)[]

export interface FlightProblem {
  /** What is wrong, and what to write instead. */
  readonly message: string
  /** Such as `load[0].rate`. */
  readonly path: string
  /** In the file; undefined where the reader of the file does not know. */
  readonly line: number | undefined
}

/** The line on which the value at that path begins; the caller knows the text. */
export type LineOf = (path: Path) => number | undefined

const printed = (path: Path): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : `${text}${text === '' ? '' : '.'}${part}`,
    '',
  )

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

export class Fields {
  readonly problems: FlightProblem[] = []
  readonly #lineOf: LineOf

  constructor(lineOf: LineOf) {
    this.#lineOf = lineOf
  }

  problem(path: Path, message: string): void {
    // A member that is missing has no line of its own: its parent's is the nearest.
    let line: number | undefined
    for (let length = path.length; length >= 0 && line === undefined; length--)
      line = this.#lineOf(path.slice(0, length))
    this.problems.push({ message, path: printed(path), line })
  }

  /** A mapping with known keys only; an empty one when it is none. */
  record(value: unknown, path: Path, known: readonly string[]): Readonly<Record<string, unknown>> {
    if (!isRecord(value)) {
      this.problem(path, `${printed(path) || 'the file'} must be a mapping of ${known.join(', ')}`)
      return {}
    }
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue
      const meant = nearest(key, known)
      this.problem(
        [...path, key],
        `unknown key "${key}"${meant === undefined ? `: known are ${known.join(', ')}` : `: did you mean "${meant}"?`}`,
      )
    }
    return value
  }

  list(value: unknown, path: Path): readonly unknown[] {
    if (Array.isArray(value)) return value
    this.problem(path, `${printed(path)} must be a list`)
    return []
  }

  text(value: unknown, path: Path, fallback: string): string {
    if (value === undefined) return fallback
    if (typeof value === 'string' && value !== '') return value
    this.problem(path, `${printed(path)} must be a text`)
    return fallback
  }

  optionalText(value: unknown, path: Path): string | undefined {
    return value === undefined ? undefined : this.text(value, path, '')
  }

  flag(value: unknown, path: Path, fallback: boolean): boolean {
    if (value === undefined) return fallback
    if (typeof value === 'boolean') return value
    this.problem(path, `${printed(path)} must be true or false`)
    return fallback
  }

  /** Numbers and booleans become text, as YAML writes them. */
  texts(value: unknown, path: Path): Readonly<Record<string, string>> {
    if (value === undefined) return {}
    if (!isRecord(value)) {
      this.problem(path, `${printed(path)} must be a mapping of texts`)
      return {}
    }
    const read: Record<string, string> = {}
    for (const [name, one] of Object.entries(value)) {
      if (typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean')
        read[name] = String(one)
      else this.problem([...path, name], `${printed([...path, name])} must be a text`)
    }
    return read
  }

  number(
    value: unknown,
    path: Path,
    range: { readonly fallback?: number; readonly least: number; readonly whole?: boolean },
  ): number {
    if (value === undefined && range.fallback !== undefined) return range.fallback
    const fits =
      typeof value === 'number' && value >= range.least && (range.whole !== true || Number.isInteger(value))
    if (fits) return value
    const kind = range.whole === true ? 'a whole number' : 'a number'
    this.problem(
      path,
      `${printed(path)} must be ${kind} of at least ${range.least}${value === undefined ? '; it is missing' : ''}`,
    )
    return range.least
  }

  /** `500ms`, `10s`, `2m`, `1h` or a number of seconds, as ms. */
  durationMs(value: unknown, path: Path, fallback?: number): number {
    if (value === undefined && fallback !== undefined) return fallback
    if (typeof value === 'number' && value >= 0) return value * 1_000
    const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/.exec(value.trim()) : null
    if (match !== null) return Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 1)
    this.problem(
      path,
      `${printed(path)} must be a duration such as 500ms, 10s or 2m${value === undefined ? '; it is missing' : ''}`,
    )
    return 0
  }
}
