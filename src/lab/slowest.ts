/** One request with its spans, as reports and `trace` show it: a waterfall with what each span cost. */
import type { Span } from '#ports/spans.ts'
import type { Costs } from '#lab/flight-bill.ts'
import { completionMs, type FlownRequest } from '#lab/join.ts'
import { PHASE_NAMES, type TraceReport, type TraceSpan } from '#lab/report.ts'

/** Spans of one trace in a report. */
const SPANS_MAX = 80

/** `spans` are the request's own and those that came of it. */
export interface TraceContext {
  readonly route: string
  readonly costs: Costs
  readonly spans: readonly Span[]
}

export function traceReport(request: FlownRequest, { route, costs, spans }: TraceContext): TraceReport {
  const { sample, phases, story } = request
  const traceId = sample.traceId ?? ''
  const doneMs = story?.handedOver === true ? completionMs(request) : undefined
  return {
    traceId,
    route,
    latencyMs: sample.latencyMs,
    ...(doneMs === undefined ? {} : { completionMs: doneMs }),
    status: sample.status,
    outcome: request.error ?? 'ok',
    cold: request.cold,
    phases:
      phases === undefined
        ? []
        : PHASE_NAMES.map((name) => ({ name, ms: phases[name] })).filter(({ ms }) => ms > 0),
    spans: traceSpans(spans, sample.dueAt, costs, traceId).slice(0, SPANS_MAX),
    usd: costs.ofTrace(traceId)?.toString() ?? null,
  }
}

/**
 * Spans in the order of a waterfall: each below its parent, siblings by their start. Times from `originMs`. `by` is the
 * trace that costs are for, where there are spans of several.
 */
export function traceSpans(
  spans: readonly Span[],
  originMs: number,
  costs: Costs | undefined,
  by?: string,
): TraceSpan[] {
  const ids = new Set(spans.map((span) => span.id))
  const children = Map.groupBy(spans, (span) =>
    span.parentId !== undefined && ids.has(span.parentId) ? span.parentId : '',
  )
  const ordered: TraceSpan[] = []
  const walk = (parent: string): void => {
    for (const span of [...(children.get(parent) ?? [])].sort((a, b) => a.start - b.start)) {
      ordered.push({
        id: span.id,
        parentId: parent === '' ? null : parent,
        service: span.service,
        operation: span.operation,
        resource: span.resource ?? '',
        startMs: span.start - originMs,
        durationMs: span.durationMs,
        outcome: span.outcome,
        usd: costs?.ofSpan(span, by ?? span.traceId)?.toString() ?? null,
      })
      walk(span.id)
    }
  }
  walk('')
  return ordered
}
