/**
 * Execution environments as lanes over time, grouped by function: start, init, invoke, frozen, gone. Paths instead of
 * elements, because a busy lane has thousands of pieces; stretched to the width that is there, with HTML for words.
 */
import { linearScale } from '#engines/plots/scale.ts'
import { piecesOfLane } from '#lab/environments.ts'
import { formatCount } from '#lab/figures.ts'
import { escapeHtml, px } from '#lab/page/markup.ts'
import type { EnvironmentLane } from '#lab/report.ts'

const WIDTH = 1_000
const LANE = { height: 9, gap: 3 }
const LANE_KINDS = ['start', 'init', 'invoke', 'frozen', 'gone'] as const

/** `resolutionMs`: shorter gaps than this are not drawn apart. */
export function lanesPlot(
  lanes: readonly EnvironmentLane[],
  durationMs: number,
): { html: string; resolutionMs: number } {
  const parts = Math.min(1_000, piecesOfLane(lanes.length))
  const seconds = Math.max(durationMs / 1_000, 1e-3)
  const x = linearScale(seconds, { start: 0, end: WIDTH }, 5)
  const groups = [...Map.groupBy(lanes, (lane) => lane.functionName)].map(([name, group]) => {
    const drawn = group.map((lane, row) => {
      const top = row * (LANE.height + LANE.gap)
      const paths = LANE_KINDS.map((kind) => {
        const d = lanePath(lane, kind, { at: x.at, top, least: seconds / parts })
        return d === '' ? '' : `<path class="lane-${kind}" d="${d}"/>`
      })
      return `<g><title>${escapeHtml(`environment ${lane.id}`)}</title>${paths.join('')}</g>`
    })
    const height = group.length * (LANE.height + LANE.gap)
    const label = `${group.length} environments of ${name} over time`
    return `<p class="lane-name">${escapeHtml(name)} <span class="faint">${formatCount(group.length)}</span></p><svg class="lanes" viewBox="0 0 ${WIDTH} ${height}" style="height:${height}px" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(label)}">${drawn.join('\n')}</svg>`
  })
  const ticks = x.ticks.map((tick) => `<span style="left:${px(x.at(tick) / 10)}%">${tick} s</span>`)
  return {
    html: `<div class="over-time">${groups.join('\n')}<div class="axis">${ticks.join('')}</div></div>`,
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
