/**
 * Reads a bounded, ordered slice out of blocks that each know their span of time and may overlap: blocks are taken in
 * the order of the question and no further than where nothing better can come. Pure; where a block's lines come from
 * (memory, a file) is the block's matter.
 */
import type { Line, LineFilter } from '#host/telemetry/lines.ts'

export interface LineQuery {
  /** Included. */
  readonly from?: number | undefined
  /** Not included. */
  readonly to?: number | undefined
  readonly limit: number
  /** Newest first. */
  readonly reverse?: boolean | undefined
  /** Only lines behind this one in the direction of the question. */
  readonly after?: { readonly at: number; readonly ordinal: number } | undefined
  /** Only series that begin with this. */
  readonly seriesPrefix?: string | undefined
  /** Further conditions on a line. */
  readonly wanted?: LineFilter | undefined
}

export interface Block {
  readonly minAt: number
  readonly maxAt: number
  /** Lines of series that begin with the prefix, in any order. */
  lines(wanted: LineFilter, seriesPrefix: string): readonly Line[] | Promise<readonly Line[]>
}

/** Lines ordered by time and ordinal, newest first when reversed; at most `limit`. */
export async function select(blocks: Iterable<Block>, query: LineQuery): Promise<Line[]> {
  if (query.limit <= 0) return []
  const { reverse = false, limit } = query
  const { low, high } = boundsOf(query)
  const near = [...blocks].filter((block) => block.maxAt >= low && block.minAt < high)
  near.sort(reverse ? (a, b) => b.maxAt - a.maxAt : (a, b) => a.minAt - b.minAt)
  const filter = filterOf(query, low, high)
  const order = reverse ? (a: Line, b: Line) => compare(b, a) : compare
  const found: Line[] = []
  const cut = (): Line | undefined => {
    found.sort(order)
    if (found.length > limit) found.length = limit
    return found.length < limit ? undefined : found.at(-1)
  }
  for (const block of near) {
    const last = found.length < limit ? undefined : cut()
    if (last !== undefined && (reverse ? block.maxAt < last.at : block.minAt > last.at)) break
    for (const line of await block.lines(filter, query.seriesPrefix ?? '')) found.push(line)
  }
  cut()
  return found
}

function compare(a: Line, b: Line): number {
  return a.at - b.at || a.ordinal - b.ordinal
}

function boundsOf({ from, to, after, reverse }: LineQuery): { readonly low: number; readonly high: number } {
  const low = from ?? Number.NEGATIVE_INFINITY
  const high = to ?? Number.POSITIVE_INFINITY
  if (after === undefined) return { low, high }
  // A line at the very time of `after` may still be behind it by its ordinal.
  return reverse === true
    ? { low, high: Math.min(high, nextUp(after.at)) }
    : { low: Math.max(low, after.at), high }
}

const nextUp = (at: number): number => at + Math.max(Math.abs(at) * Number.EPSILON, Number.MIN_VALUE)

function filterOf({ after, reverse, wanted }: LineQuery, low: number, high: number): LineFilter {
  const behind = ({ at, ordinal }: { at: number; ordinal: number }, lineAt: number, line: number): boolean =>
    reverse === true
      ? lineAt < at || (lineAt === at && line < ordinal)
      : lineAt > at || (lineAt === at && line > ordinal)
  return (at, ordinal, series) =>
    at >= low &&
    at < high &&
    (after === undefined || behind(after, at, ordinal)) &&
    (wanted === undefined || wanted(at, ordinal, series))
}
