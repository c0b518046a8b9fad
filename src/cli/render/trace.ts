/** A waterfall in a terminal: each span's name at its depth, its length, and a bar where it ran. */
import { formatMs, formatUsd } from '#lab/figures.ts'
import type { TraceSpan } from '#lab/report.ts'
import type { Waterfall } from '#lab/trace.ts'
import { type Meaning, painter, type RenderOptions } from '#cli/render/palette.ts'
import { cut } from '#cli/render/table.ts'

const NAME_SHARE = 0.4
const FIGURE_WIDTH = 10

export function renderTrace(waterfall: Waterfall, options: RenderOptions): string {
  const paint = painter(options.color)
  const nameWidth = Math.max(20, Math.floor(options.width * NAME_SHARE))
  const barWidth = Math.max(10, options.width - nameWidth - FIGURE_WIDTH - 6)
  const begin = Math.min(...waterfall.rows.map(({ span }) => span.startMs))
  const scale = waterfall.durationMs === 0 ? 0 : barWidth / waterfall.durationMs
  const lines = waterfall.rows.map(({ depth, span }) => {
    const from = Math.min(barWidth - 1, Math.floor((span.startMs - begin) * scale))
    const length = Math.max(1, Math.min(barWidth - from, Math.round(span.durationMs * scale)))
    const bar = `${' '.repeat(from)}${paint(meaningOf(span), letterOf(span).repeat(length))}`
    const name = cut(`${'  '.repeat(depth)}${nameOf(span)}`, nameWidth).padEnd(nameWidth)
    return `  ${name}  ${formatMs(span.durationMs).padStart(FIGURE_WIDTH)}  ${bar}`
  })
  const spans = `${waterfall.rows.length} span${waterfall.rows.length === 1 ? '' : 's'}`
  return [`trace ${waterfall.traceId}   ${formatMs(waterfall.durationMs)}   ${spans}`, '', ...lines].join(
    '\n',
  )
}

function nameOf(span: TraceSpan): string {
  const failed = span.outcome === 'ok' ? '' : ` [${span.outcome}]`
  const cost = span.usd === null ? '' : ` ${formatUsd(span.usd)}`
  const resource = span.resource === '' ? '' : ` ${span.resource.split(':').slice(-1).join('')}`
  return `${span.service} ${span.operation}${failed}${resource}${cost}`
}

const COLD_PHASES: ReadonlySet<string> = new Set(['start', 'init'])

function meaningOf(span: TraceSpan): Meaning {
  if (span.outcome === 'error' || span.outcome === 'fault') return 'error'
  if (span.outcome === 'throttle' || span.operation === 'queue') return 'waiting'
  if (span.service === 'lambda' && COLD_PHASES.has(span.operation)) return 'cold'
  return span.service === 'lambda' || span.service === 'apigateway' ? 'warm' : 'downstream'
}

/** A letter beside the colour: cold, waiting, error, downstream; `=` for the rest. */
function letterOf(span: TraceSpan): string {
  const letters: Readonly<Record<Meaning, string>> = {
    warm: '=',
    cold: 'c',
    waiting: '.',
    error: 'x',
    downstream: 'd',
    money: '$',
    strong: '=',
    faint: '=',
  }
  return letters[meaningOf(span)]
}
