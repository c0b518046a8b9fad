/**
 * Distributions of latency: cold and warm on a logarithmic axis, with percentile marks to take hold of. Places are
 * shares of the plot's width, so that one drawing fits a telephone, a wide screen and paper. Heights grow with the
 * square root of the requests: one slow request beside ten thousand quick ones is what a reader looks for.
 */
import { logScale } from '#engines/plots/scale.ts'
import { formatCount, formatMs } from '#lab/figures.ts'
import { escapeHtml, px } from '#lab/page/markup.ts'
import type { DistributionBin, RouteReport } from '#lab/report.ts'

/** What the page's script needs to move the marks. */
export interface HistogramAxis {
  readonly fromMs: number
  readonly toMs: number
}

const SHARE = { start: 0, end: 100 }

/** Of both flights when two are drawn over each other; 1 to 10 ms where nothing was answered. */
export function histogramAxis(route: RouteReport, other: RouteReport | undefined): HistogramAxis {
  const bins = [...route.distribution, ...(other?.distribution ?? [])].filter((bin) => countOf(bin) > 0)
  if (bins.length === 0) return { fromMs: 1, toMs: 10 }
  return {
    fromMs: Math.min(...bins.map((bin) => bin.fromMs)),
    toMs: Math.max(...bins.map((bin) => bin.toMs)),
  }
}

const countOf = (bin: DistributionBin): number => bin.warm + bin.cold

/** `other` is drawn over it as a dashed outline. */
export function distributionPlot(route: RouteReport, index: number, other: RouteReport | undefined): string {
  if (route.n === 0) return '<p>No request of this route was answered.</p>'
  const axis = histogramAxis(route, other)
  const x = logScale(axis.fromMs, axis.toMs, SHARE)
  const most = Math.max(...[...route.distribution, ...(other?.distribution ?? [])].map(countOf))
  const tall = (count: number): number => Math.sqrt(count / most) * 100
  const bars = route.distribution.map((bin) => {
    const [from, to] = [x.at(bin.fromMs), x.at(bin.toMs)]
    const place = `left:${percent(from)};width:${percent(to - from)}`
    const [cold, both] = [tall(bin.cold), tall(countOf(bin))]
    const bar = (kind: string, bottom: number, height: number): string =>
      height <= 0
        ? ''
        : `<i class="${kind}" style="${place};bottom:${percent(bottom)};height:${percent(height)}"></i>`
    return `${bar('cold', 0, cold)}${bar('warm', cold, both - cold)}`
  })
  const outline =
    other === undefined
      ? ''
      : `<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true"><path class="before" d="${outlinePath(other.distribution, x.at, tall)}"/></svg>`
  const label = `Latency of ${route.name}: ${formatCount(route.n)} requests, median ${formatMs(route.p50Ms ?? 0)}, slowest ${formatMs(route.maxMs ?? 0)}`
  return [
    `<div class="distribution" data-route="${index}" role="group" aria-label="${escapeHtml(label)}"><div class="area">`,
    ...x.ticks.map(
      (tick) =>
        `<span class="tick${/^[25]/.test(String(tick).replace(/^0\.0*/, '')) ? ' minor' : ''}" style="left:${percent(x.at(tick))}">${tickName(tick)}</span>`,
    ),
    ...countTicks(most).map(
      (tick) => `<span class="side" style="bottom:${percent(tall(tick))}">${formatCount(tick)}</span>`,
    ),
    ...bars,
    outline,
    ...marks(route, x.at),
    '</div></div>',
  ].join('\n')
}

const percent = (share: number): string => `${Number(share.toFixed(2))}%`
const tickName = (tick: number): string =>
  formatMs(tick)
    .replace(/(\.\d*?)0+ /, '$1 ')
    .replace('. ', ' ')

/** 1, 10, 100 ... and the highest bin, as far as they stand apart. */
function countTicks(most: number): number[] {
  const ticks = [most]
  for (let tick = 10 ** Math.floor(Math.log10(Math.max(1, most))); tick >= 1; tick /= 10) {
    if (Math.sqrt((ticks.at(-1) ?? most) / most) - Math.sqrt(tick / most) > 0.12) ticks.push(tick)
  }
  return ticks
}

function outlinePath(
  bins: readonly DistributionBin[],
  at: (ms: number) => number,
  tall: (count: number) => number,
): string {
  let path = ''
  for (const bin of bins) {
    const top = px(100 - tall(countOf(bin)))
    path += `${path === '' ? `M${px(at(bin.fromMs))} 100` : ''}V${top}H${px(at(bin.toMs))}`
  }
  return path === '' ? '' : `${path}V100`
}

interface Mark {
  readonly name: string
  readonly ms: number
}

/** The percentiles that the samples carry, and the slowest. */
function marksOf(route: RouteReport): Mark[] {
  return [
    { name: 'p50', ms: route.p50Ms },
    { name: 'p95', ms: route.p95Ms },
    { name: 'p99', ms: route.p99Ms },
    { name: 'max', ms: route.maxMs },
  ].flatMap(({ name, ms }) => (ms === null ? [] : [{ name, ms }]))
}

/** Names of marks nearer than this share of the width would run into each other on a telephone. */
const CLOSE = 10

function marks(route: RouteReport, at: (ms: number) => number): string[] {
  const levels: number[] = []
  return marksOf(route).map((mark) => {
    const left = at(mark.ms)
    // the lowest level whose last name is far enough
    const level = [0, 1, 2].find((i) => left - (levels[i] ?? -CLOSE) >= CLOSE) ?? 3
    levels[level] = left
    const label = `${mark.name}: ${formatMs(mark.ms)}. Arrow keys move it.`
    return `<div class="mark level-${level}" tabindex="0" role="slider" aria-label="${escapeHtml(label)}" aria-valuenow="${mark.ms}" data-name="${mark.name}" data-ms="${mark.ms}" style="left:${percent(left)}"><b>${mark.name}</b></div>`
  })
}
