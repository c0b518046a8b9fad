/** A trace as a waterfall: its spans in order, how deep each stands, and when it ran relative to the first. */
import type { Span } from '#ports/spans.ts'
import type { TraceSpan } from '#lab/report.ts'
import { traceSpans } from '#lab/slowest.ts'

export interface WaterfallRow {
  readonly depth: number
  readonly span: TraceSpan
}

export interface Waterfall {
  readonly traceId: string
  readonly durationMs: number
  readonly rows: readonly WaterfallRow[]
}

/** Of the spans of one trace; undefined when there is none. */
export function waterfallOf(spans: readonly Span[]): Waterfall | undefined {
  const [any] = spans
  if (any === undefined) return undefined
  const origin = spans.reduce<number>((least, span) => Math.min(least, span.start), any.start)
  return waterfallOfRows(any.traceId, traceSpans(spans, origin, undefined))
}

/** Of a report's spans, which are in order already. */
export function waterfallOfRows(traceId: string, spans: readonly TraceSpan[]): Waterfall {
  const depths = new Map<string, number>()
  const rows = spans.map((span) => {
    const depth = span.parentId === null ? 0 : (depths.get(span.parentId) ?? -1) + 1
    depths.set(span.id, depth)
    return { depth, span }
  })
  const begin = spans.reduce((least, span) => Math.min(least, span.startMs), Number.POSITIVE_INFINITY)
  const end = spans.reduce((most, span) => Math.max(most, span.startMs + span.durationMs), 0)
  return { traceId, durationMs: spans.length === 0 ? 0 : end - Math.min(begin, end), rows }
}
