/**
 * One request as a waterfall: from the moment it was due to its last byte, a row for each span with its time and its
 * cost. What lies before the first span and after the last is the generator's and the connection's, and is named.
 */
import { linearScale } from '#engines/plots/scale.ts'
import { formatMs, formatUsd } from '#lab/figures.ts'
import { escapeHtml, px } from '#lab/page/markup.ts'
import type { TraceReport } from '#lab/report.ts'
import { waterfallOfRows } from '#lab/trace.ts'

interface Row {
  readonly name: string
  readonly depth: number
  readonly kind: string
  readonly fromMs: number
  readonly ms: number
  readonly usd: string | null
}

/** Shorter than this share of the request is not worth a row of its own. */
const LEAST_SHARE = 0.005

export function waterfallPlot(trace: TraceReport): string {
  const waterfall = waterfallOfRows(trace.traceId, trace.spans)
  const spans = waterfall.rows.map(({ depth, span }): Row => ({
    name: `${span.service} ${span.operation}${span.outcome === 'ok' ? '' : ` [${span.outcome}]`}`,
    depth,
    kind: spanClass(span.service, span.operation, span.outcome),
    fromMs: span.startMs,
    ms: span.durationMs,
    usd: span.usd,
  }))
  const first = Math.min(...spans.map((row) => row.fromMs))
  const last = Math.max(...spans.map((row) => row.fromMs + row.ms))
  const lateMs = Math.min(first, trace.phases.find(({ name }) => name === 'load')?.ms ?? 0)
  const waiting = (name: string, fromMs: number, ms: number): Row[] =>
    ms > trace.latencyMs * LEAST_SHARE ? [{ name, depth: 0, kind: 'waiting', fromMs, ms, usd: null }] : []
  const rows = [
    ...waiting('load: sent late', 0, lateMs),
    ...waiting('client: way in', lateMs, first - lateMs),
    ...spans,
    ...waiting('client: way back', last, trace.latencyMs - last),
  ]
  const x = linearScale(Math.max(trace.latencyMs, last, 1e-3), { start: 0, end: 100 }, 4)
  const ticks = x.ticks.map((tick) => `<span style="left:${px(x.at(tick))}%">${tick} ms</span>`)
  return `<div class="waterfall">${rows.map((row) => rowHtml(row, x.at)).join('\n')}<div class="row"><span></span><span></span><div class="axis">${ticks.join('')}</div></div></div>`
}

function rowHtml(row: Row, at: (ms: number) => number): string {
  const cost = row.usd === null ? '' : `, ${formatUsd(row.usd)}`
  const from = at(Math.max(0, row.fromMs))
  const width = at(row.fromMs + row.ms) - from
  return `<div class="row"><span style="padding-left:${row.depth}em">${escapeHtml(row.name)}</span><span>${escapeHtml(`${formatMs(row.ms)}${cost}`)}</span><span class="track"><i class="${row.kind}" style="left:${px(from)}%;width:${px(width)}%"></i></span></div>`
}

function spanClass(service: string, operation: string, outcome: string): string {
  if (outcome === 'error' || outcome === 'fault') return 'error'
  if (outcome === 'throttle' || operation === 'queue') return 'waiting'
  if (service === 'lambda' && (operation === 'start' || operation === 'init')) return 'cold'
  return service === 'lambda' || service === 'apigateway' ? 'warm' : 'downstream'
}
