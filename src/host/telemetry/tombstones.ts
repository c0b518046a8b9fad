/**
 * What of the log lines is no longer to be seen: blocks are never rewritten, so deleting a stream and a group's
 * retention are remembered as small marks by series prefix, and a mark is dropped once nothing it hides is left.
 */
import { isRecord, numberAt, parseJson, stringAt } from '#base/json.ts'
import type { LineFilter } from '#host/telemetry/lines.ts'

/** Hides lines of series with the prefix that came before an ordinal, or happened before a time (ms). */
interface Mark {
  readonly prefix: string
  readonly beforeOrdinal: number
  readonly beforeAt: number
}

export class Tombstones {
  #marks: Map<string, Mark>

  constructor(memo: string | undefined) {
    this.#marks = new Map(decode(memo).map((mark) => [mark.prefix, mark]))
  }

  get size(): number {
    return this.#marks.size
  }

  /** True when something new is hidden by it. */
  forget(prefix: string, beforeOrdinal: number): boolean {
    return this.#raise({ prefix, beforeOrdinal, beforeAt: Number.NEGATIVE_INFINITY })
  }

  expire(prefix: string, beforeAt: number): boolean {
    return this.#raise({ prefix, beforeOrdinal: 0, beforeAt })
  }

  /** Passes lines that no mark hides; asked only for series that begin with the prefix. */
  filter(seriesPrefix: string): LineFilter {
    const near = [...this.#marks.values()].filter(
      ({ prefix }) => prefix.startsWith(seriesPrefix) || seriesPrefix.startsWith(prefix),
    )
    return (at, ordinal, series) =>
      !near.some(
        (mark) => (ordinal < mark.beforeOrdinal || at < mark.beforeAt) && series.startsWith(mark.prefix),
      )
  }

  /** Drops marks below which nothing is left, and those that a mark of a shorter prefix contains. */
  prune(oldest: { readonly ordinal: number; readonly at: number }): void {
    const kept = new Map<string, Mark>()
    for (const mark of [...this.#marks.values()].toSorted((a, b) => a.prefix.length - b.prefix.length)) {
      if (mark.beforeOrdinal <= oldest.ordinal && mark.beforeAt <= oldest.at) continue
      if (!contained(mark, kept)) kept.set(mark.prefix, mark)
    }
    this.#marks = kept
  }

  memo(): string {
    return JSON.stringify(
      [...this.#marks.values()].map(({ prefix, beforeOrdinal, beforeAt }) => ({
        prefix,
        ...(beforeOrdinal === 0 ? {} : { beforeOrdinal }),
        ...(Number.isFinite(beforeAt) ? { beforeAt } : {}),
      })),
    )
  }

  #raise(mark: Mark): boolean {
    const old = this.#marks.get(mark.prefix)
    const beforeOrdinal = Math.max(mark.beforeOrdinal, old?.beforeOrdinal ?? 0)
    const beforeAt = Math.max(mark.beforeAt, old?.beforeAt ?? Number.NEGATIVE_INFINITY)
    if (old?.beforeOrdinal === beforeOrdinal && old.beforeAt === beforeAt) return false
    this.#marks.set(mark.prefix, { prefix: mark.prefix, beforeOrdinal, beforeAt })
    return true
  }
}

function contained(mark: Mark, kept: ReadonlyMap<string, Mark>): boolean {
  for (let length = 0; length < mark.prefix.length; length++) {
    const over = kept.get(mark.prefix.slice(0, length))
    if (over !== undefined && over.beforeOrdinal >= mark.beforeOrdinal && over.beforeAt >= mark.beforeAt)
      return true
  }
  return false
}

function decode(memo: string | undefined): Mark[] {
  const list = memo === undefined ? [] : parseJson(memo)
  if (!Array.isArray(list)) return []
  return list.filter(isRecord).map((mark) => ({
    prefix: stringAt(mark, 'prefix') ?? '',
    beforeOrdinal: numberAt(mark, 'beforeOrdinal') ?? 0,
    beforeAt: numberAt(mark, 'beforeAt') ?? Number.NEGATIVE_INFINITY,
  }))
}
