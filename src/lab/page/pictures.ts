/**
 * The drawings that need no library, as plain SVG: distributions with marks to take hold of, lanes of environments,
 * waterfalls. Cold is orange and hatched, waiting grey and hatched, so that no meaning hangs on colour alone.
 */
import { linearScale, logScale, type Scale } from '#engines/plots/scale.ts'
import { formatMs, formatUsd } from '#lab/figures.ts'
import type { DistributionBin, EnvironmentLane, RouteReport, TraceReport } from '#lab/report.ts'
import { piecesOfLane } from '#lab/environments.ts'
import { waterfallOfRows } from '#lab/trace.ts'
import { escapeHtml, px } from '#lab/page/markup.ts'

const WIDTH = 960
const LEFT = 44
const RIGHT = 12

/** Hatches that every drawing refers to. */
export const PATTERNS = `<svg width="0" height="0" aria-hidden="true" class="patterns"><defs>
<pattern id="hatch-cold" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" class="cold-ground"/><rect width="1.6" height="5" class="hatch-line"/></pattern>
<pattern id="hatch-waiting" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect width="5" height="5" class="waiting-ground"/><rect width="1.6" height="5" class="hatch-line"/></pattern>
</defs></svg>`

const HISTOGRAM = { top: 26, bottom: 150, height: 178 }

/** Geometry that the page's script needs to move the marks. */
export interface HistogramAxis {
  readonly fromMs: number
  readonly toMs: number
  readonly left: number
  readonly right: number
}

export function histogramAxis(route: RouteReport, other: RouteReport | undefined): HistogramAxis {
  const bins = [...route.distribution, ...(other?.distribution ?? [])].filter(
    (bin) => bin.warm + bin.cold > 0,
  )
  const fromMs = Math.min(...bins.map((bin) => bin.fromMs))
  const toMs = Math.max(...bins.map((bin) => bin.toMs))
  return { fromMs, toMs, left: LEFT, right: WIDTH - RIGHT }
}

/** Warm and cold stacked on a logarithmic axis; `other` is drawn over it as an outline. */
export function distributionSvg(route: RouteReport, index: number, other: RouteReport | undefined): string {
  if (route.n === 0) return '<p>No request of this route was answered.</p>'
  const axis = histogramAxis(route, other)
  const x = logScale(axis.fromMs, axis.toMs, { start: axis.left, end: axis.right })
  const most = Math.max(
    ...[...route.distribution, ...(other?.distribution ?? [])].map((bin) => bin.warm + bin.cold),
  )
  const y = linearScale(most, { start: 0, end: HISTOGRAM.bottom - HISTOGRAM.top }, 4)
  // What is there must be seen: a bin of one request beside one of ten thousand still has a line.
  const tall = (count: number): number => (count === 0 ? 0 : Math.max(1.5, y.at(count)))
  const bars = route.distribution.map((bin) => {
    const [from, to] = [x.at(bin.fromMs), x.at(bin.toMs)]
    const [warm, cold] = [tall(bin.warm), tall(bin.cold)]
    const rect = (kind: string, top: number, height: number): string =>
      height === 0
        ? ''
        : `<rect class="${kind}" x="${px(from)}" y="${px(top)}" width="${px(Math.max(1, to - from - 0.6))}" height="${px(height)}"/>`
    return `${rect('warm', HISTOGRAM.bottom - warm, warm)}${rect('cold', HISTOGRAM.bottom - warm - cold, cold)}`
  })
  const outline =
    other === undefined ? '' : `<path class="before" d="${outlinePath(other.distribution, x.at, tall)}"/>`
  const label = `Latency of ${route.name}: ${route.n} requests, median ${formatMs(route.p50Ms ?? 0)}, slowest ${formatMs(route.maxMs ?? 0)}`
  return [
    `<svg class="distribution" data-route="${index}" viewBox="0 0 ${WIDTH} ${HISTOGRAM.height}" role="group" aria-label="${escapeHtml(label)}">`,
    ...x.ticks.map(
      (tick) =>
        `<line class="grid" x1="${px(x.at(tick))}" x2="${px(x.at(tick))}" y1="${HISTOGRAM.top}" y2="${HISTOGRAM.bottom}"/><text class="tick" x="${px(x.at(tick))}" y="${HISTOGRAM.bottom + 16}">${formatMs(tick).replace('.00', '').replace('.0 ', ' ')}</text>`,
    ),
    ...y.ticks
      .slice(1)
      .map(
        (tick) =>
          `<text class="tick side" x="${LEFT - 6}" y="${px(HISTOGRAM.bottom - y.at(tick) + 4)}">${tick}</text>`,
      ),
    ...bars,
    outline,
    ...marksOf(route).map((mark, i, all) => markSvg(mark, x, all[i + 1], all[i - 1])),
    '</svg>',
  ].join('\n')
}

function outlinePath(
  bins: readonly DistributionBin[],
  at: (ms: number) => number,
  tall: (count: number) => number,
): string {
  let path = ''
  for (const bin of bins) {
    const top = px(HISTOGRAM.bottom - tall(bin.warm + bin.cold))
    path += `${path === '' ? `M${px(at(bin.fromMs))} ${HISTOGRAM.bottom}` : ''}V${top}H${px(at(bin.toMs))}`
  }
  return path === '' ? '' : `${path}V${HISTOGRAM.bottom}`
}

/** The percentiles that the samples carry, and the slowest. */
export function marksOf(route: RouteReport): Mark[] {
  return [
    { name: 'p50', ms: route.p50Ms },
    { name: 'p95', ms: route.p95Ms },
    { name: 'p99', ms: route.p99Ms },
    { name: 'max', ms: route.maxMs },
  ].flatMap(({ name, ms }) => (ms === null ? [] : [{ name, ms }]))
}

interface Mark {
  readonly name: string
  readonly ms: number
}

/** Names of marks this close would run into each other: they step aside. */
const CLOSE = 34

function markSvg(mark: Mark, x: Scale, next: Mark | undefined, before: Mark | undefined): string {
  const at = x.at(mark.ms)
  const toRight = before !== undefined && at - x.at(before.ms) < CLOSE
  const toLeft = next !== undefined && x.at(next.ms) - at < CLOSE
  const anchor = toRight
    ? ' style="text-anchor:start" x="-4"'
    : toLeft
      ? ' style="text-anchor:end" x="4"'
      : ''
  const label = `${mark.name}: ${formatMs(mark.ms)}. Arrow keys move it.`
  return `<g class="mark" tabindex="0" role="slider" aria-label="${escapeHtml(label)}" aria-valuenow="${mark.ms}" data-name="${mark.name}" data-ms="${mark.ms}" transform="translate(${px(at)} 0)"><rect class="grip" x="-8" y="0" width="16" height="${HISTOGRAM.bottom}"/><line y1="${HISTOGRAM.top - 6}" y2="${HISTOGRAM.bottom}"/><path d="M-5 ${HISTOGRAM.top - 12}h10l-5 8z"/><text y="${HISTOGRAM.top - 15}"${anchor}>${mark.name}</text></g>`
}

const LANE = { height: 9, gap: 3, axis: 20 }
const LANE_KINDS = ['start', 'init', 'invoke', 'frozen', 'gone'] as const

/** One lane an environment; paths instead of rectangles, because a busy lane has thousands of pieces. */
export function lanesSvg(
  lanes: readonly EnvironmentLane[],
  durationMs: number,
): { svg: string; resolutionMs: number } {
  const parts = Math.min(1_000, piecesOfLane(lanes.length))
  const names = 150
  const seconds = Math.max(durationMs / 1_000, 1e-3)
  const x = linearScale(seconds, { start: names, end: WIDTH - RIGHT }, 8)
  const height = lanes.length * (LANE.height + LANE.gap) + LANE.axis
  const drawn = lanes.map((lane, row) => {
    const top = row * (LANE.height + LANE.gap)
    const paths = LANE_KINDS.map((kind) => {
      const d = lanePath(lane, kind, { at: x.at, top, least: seconds / parts })
      return d === '' ? '' : `<path class="lane-${kind}" d="${d}"/>`
    })
    const first = lanes[row - 1]?.functionName !== lane.functionName
    const name = first
      ? `<text class="lane-name" x="0" y="${top + LANE.height}">${escapeHtml(lane.functionName.slice(0, 22))}</text>`
      : ''
    return `<g><title>${escapeHtml(`${lane.functionName}, environment ${lane.id}`)}</title>${name}${paths.join('')}</g>`
  })
  const ticks = x.ticks.map(
    (tick) => `<text class="tick" x="${px(x.at(tick))}" y="${height - 4}">${tick} s</text>`,
  )
  const label = `${lanes.length} execution environments over time`
  return {
    svg: `<svg class="lanes" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">${drawn.join('\n')}${ticks.join('')}</svg>`,
    resolutionMs: durationMs / parts,
  }
}

interface LaneDrawing {
  readonly at: (seconds: number) => number
  readonly top: number
  /** Gaps and pieces below it run together, in seconds. */
  readonly least: number
}

function lanePath(
  lane: EnvironmentLane,
  kind: (typeof LANE_KINDS)[number],
  { at, top, least }: LaneDrawing,
): string {
  const pieces: { from: number; to: number }[] = []
  for (const segment of lane.segments) {
    if (segment.kind !== kind) continue
    const last = pieces.at(-1)
    if (last !== undefined && segment.fromS - last.to < least) last.to = segment.toS
    else pieces.push({ from: segment.fromS, to: segment.toS })
  }
  const [y, high] = kind === 'frozen' ? [top + LANE.height / 2 - 0.5, 1] : [top, LANE.height]
  return pieces
    .map(
      ({ from, to }) =>
        `M${px(at(from))} ${px(y)}h${px(Math.max(1, at(to) - at(from)))}v${high}H${px(at(from))}z`,
    )
    .join('')
}

const ROW = 18

/** A waterfall with the cost of each span that has one. */
export function waterfallSvg(trace: TraceReport): string {
  const waterfall = waterfallOfRows(trace.traceId, trace.spans)
  const end = Math.max(trace.latencyMs, waterfall.durationMs, 1e-3)
  const names = 300
  const x = linearScale(end, { start: names, end: WIDTH - 150 }, 6)
  const rows = waterfall.rows.map(({ depth, span }, row) => {
    const y = row * ROW
    const from = x.at(span.startMs)
    const width = Math.max(1.5, x.at(span.startMs + span.durationMs) - from)
    const name = `${span.service} ${span.operation}${span.outcome === 'ok' ? '' : ` [${span.outcome}]`}`
    const cost = span.usd === null ? '' : `, ${formatUsd(span.usd)}`
    return `<text class="span-name" x="${6 + depth * 14}" y="${y + 13}">${escapeHtml(name.slice(0, 44 - depth * 2))}</text><rect class="${spanClass(span.service, span.operation, span.outcome)}" x="${px(from)}" y="${y + 3}" width="${px(width)}" height="${ROW - 6}"/><text class="span-figure" x="${px(from + width + 5)}" y="${y + 13}">${escapeHtml(`${formatMs(span.durationMs)}${cost}`)}</text>`
  })
  const height = waterfall.rows.length * ROW + 20
  const ticks = x.ticks.map(
    (tick) =>
      `<line class="grid" x1="${px(x.at(tick))}" x2="${px(x.at(tick))}" y1="0" y2="${height - 18}"/><text class="tick" x="${px(x.at(tick))}" y="${height - 4}">${tick} ms</text>`,
  )
  return `<svg class="waterfall" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(`Waterfall of ${trace.traceId}`)}">${ticks.join('')}${rows.join('\n')}</svg>`
}

function spanClass(service: string, operation: string, outcome: string): string {
  if (outcome === 'error' || outcome === 'fault') return 'error'
  if (outcome === 'throttle' || operation === 'queue') return 'waiting'
  if (service === 'lambda' && (operation === 'start' || operation === 'init')) return 'cold'
  return service === 'lambda' || service === 'apigateway' ? 'warm' : 'downstream'
}
