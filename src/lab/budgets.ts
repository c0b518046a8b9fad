/**
 * Budgets: one line such as `GET /python p99 < 300 ms`, read and judged against a report. A figure that the samples
 * cannot carry, or that this machine cannot measure, is never called kept.
 */
import { failed, ok, type Result } from '#base/result.ts'
import { nearest } from '#engines/distance/distance.ts'
import type { Budget, Metric } from '#lab/flight.ts'
import { METRICS } from '#lab/flight-schema.ts'
import { formatCount, formatMs, formatPercent, formatUsdPerMillion, TOO_SMALL } from '#lab/figures.ts'
import type { BudgetResult, RouteReport } from '#lab/report.ts'

const UNITS: Readonly<Record<Metric, readonly string[]>> = {
  p50: ['ms', 's'],
  p90: ['ms', 's'],
  p95: ['ms', 's'],
  p99: ['ms', 's'],
  'p99.9': ['ms', 's'],
  max: ['ms', 's'],
  mean: ['ms', 's'],
  errors: ['%', 'requests'],
  throttles: ['%', 'requests'],
  cold_starts: ['%', 'requests'],
  usd_per_million: ['', 'usd'],
}

const isMetric = (word: string): word is Metric => METRICS.some((metric) => metric === word)

/** Reads one budget; the error is a sentence for the user. `routes` are the names of the flight's targets. */
export function readBudget(text: string, routes: readonly string[]): Result<Budget, string> {
  const match = /^(?:(.+) )?(\S+?)\s*(<=?)\s*(\d+(?:\.\d+)?)\s*([a-z%]*)$/i.exec(text.trim())
  if (match === null)
    return failed(`"${text}" is no budget: write it as "p99 < 300 ms" or "GET /path errors < 0.1 %"`)
  const [, route, metric = '', comparison, number = '', unit = ''] = match
  if (!isMetric(metric)) {
    const meant = nearest(metric, METRICS)
    return failed(
      `"${metric}" is no metric of a budget${meant === undefined ? `: use ${METRICS.join(', ')}` : `: did you mean "${meant}"?`}`,
    )
  }
  if (!UNITS[metric].includes(unit)) {
    return failed(
      `"${text}" needs a unit: ${metric} is measured in ${UNITS[metric].filter((u) => u !== '').join(' or ')}`,
    )
  }
  if (route !== undefined && !routes.includes(route)) {
    const meant = nearest(route, routes)
    return failed(
      `"${route}" is no target of this flight${meant === undefined ? '' : `: did you mean "${meant}"?`}`,
    )
  }
  return ok({
    text: text.trim(),
    route,
    metric,
    comparison: comparison === '<=' ? '<=' : '<',
    limit: unit === 's' ? Number(number) * 1_000 : Number(number),
    unit: unit === '%' ? '%' : unit === 'requests' ? 'requests' : unit === 'ms' || unit === 's' ? 'ms' : '$',
  })
}

/** The figure a budget is about; undefined when the samples are too few for it. */
function figureOf(budget: Budget, route: RouteReport): number | undefined {
  const share = (count: number): number | undefined =>
    budget.unit === 'requests' ? count : route.n === 0 ? undefined : (count / route.n) * 100
  switch (budget.metric) {
    case 'p50':
      return route.p50Ms ?? undefined
    case 'p90':
      return route.p90Ms ?? undefined
    case 'p95':
      return route.p95Ms ?? undefined
    case 'p99':
      return route.p99Ms ?? undefined
    case 'p99.9':
      return route.p999Ms ?? undefined
    case 'max':
      return route.maxMs ?? undefined
    case 'mean':
      return route.meanMs ?? undefined
    case 'errors':
      return share(route.errors)
    case 'throttles':
      return share(route.throttles)
    case 'cold_starts':
      return share(route.cold)
    case 'usd_per_million':
      return route.usdPerMillion === null ? undefined : Number(route.usdPerMillion)
    default:
      return budget.metric satisfies never
  }
}

function printed(budget: Budget, figure: number): string {
  switch (budget.unit) {
    case 'ms':
      return formatMs(figure)
    case '%':
      return formatPercent(figure)
    case 'requests':
      return formatCount(figure)
    case '$':
      return `$${formatUsdPerMillion(figure)}`
    default:
      return budget.unit satisfies never
  }
}

const keeps = (budget: Budget, figure: number): boolean =>
  budget.comparison === '<' ? figure < budget.limit : figure <= budget.limit

type Judged = Pick<BudgetResult, 'outcome' | 'measured' | 'answer'>

/**
 * No percentile for want of samples. When even the slowest request keeps the limit, every percentile does; when half
 * of them break it, every higher one does.
 */
function undecided(budget: Budget, route: RouteReport | undefined): Judged {
  const none = { outcome: 'undecided', measured: null } as const
  if (route === undefined || route.n === 0 || budget.unit !== 'ms')
    return { ...none, answer: 'nothing was measured' }
  const { maxMs, p50Ms, n } = route
  if (maxMs !== null && keeps(budget, maxMs)) {
    return {
      outcome: 'ok',
      measured: maxMs,
      answer: `ok: the slowest of ${formatCount(n)} took ${formatMs(maxMs)}`,
    }
  }
  if (p50Ms !== null && !keeps(budget, p50Ms) && budget.metric !== 'p50') {
    return { outcome: 'broken', measured: p50Ms, answer: `broken: the median is ${formatMs(p50Ms)}` }
  }
  return { ...none, answer: TOO_SMALL }
}

/** Judges one budget. */
export function judgeBudget(
  budget: Budget,
  routes: readonly RouteReport[],
  overall: RouteReport,
): BudgetResult {
  const route = budget.route === undefined ? overall : routes.find((r) => r.name === budget.route)
  const figure = route === undefined ? undefined : figureOf(budget, route)
  const base = {
    text: budget.text,
    route: budget.route ?? null,
    metric: budget.metric,
    limit: budget.limit,
    unit: budget.unit,
  }
  if (route === undefined || figure === undefined) return { ...base, ...undecided(budget, route) }
  const holds = keeps(budget, figure)
  const self = route.self
  if (budget.unit === 'ms' && !self.measurable) {
    const at = self.measurableRatePerS
    const below = at === null ? '' : `; it would be below about ${formatCount(at)} requests/s`
    return {
      ...base,
      outcome: 'not-measurable',
      measured: figure,
      answer: `not measurable on this machine${below}`,
    }
  }
  return {
    ...base,
    outcome: holds ? 'ok' : 'broken',
    measured: figure,
    answer: `${holds ? 'ok' : 'broken'}: ${printed(budget, figure)}`,
  }
}
