/**
 * Which log entries a function's levels let through, with the JSON format only. Pure. An entry of the function that says no
 * level counts as INFO. Source: Lambda developer guide, Log-level filtering.
 */
import { isRecord, parseJson } from '#base/json.ts'

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const
const INFO = LEVELS.indexOf('INFO')

/** Other spellings that loggers use. */
const SAME: Readonly<Record<string, string>> = { WARNING: 'WARN', CRITICAL: 'FATAL' }

function rankOf(level: unknown): number | undefined {
  if (typeof level !== 'string') return undefined
  const upper = level.toUpperCase()
  const spelled = Object.hasOwn(SAME, upper) ? SAME[upper] : upper
  const rank = LEVELS.findIndex((each) => each === spelled)
  return rank === -1 ? undefined : rank
}

/** A level and all that are more severe. */
export class AtLeast {
  readonly #rank: number

  /** Undefined is INFO. */
  constructor(level: string | undefined) {
    this.#rank = rankOf(level) ?? INFO
  }

  has(level: string): boolean {
    return (rankOf(level) ?? INFO) >= this.#rank
  }

  /** For one event of the function's output. */
  hasEntry(event: string): boolean {
    // Nothing is below the least, and lines that are no JSON objects are INFO.
    if (this.#rank === 0) return true
    const entry = event.startsWith('{') ? parseJson(event) : undefined
    const level = isRecord(entry) ? (rankOf(entry['level']) ?? rankOf(entry['log_level'])) : undefined
    return (level ?? INFO) >= this.#rank
  }
}
