/**
 * Budgets: one line such as `GET /python p99 < 300 ms`, read and judged against a report. A figure that the samples
 * cannot carry, or that this machine cannot measure, is never called kept.
 */
import { failed, ok, type Result } from '#base/result.ts'
import { nearest } from '#engines/distance/distance.ts'
import type { Budget, Metric } from '#lab/flight.ts'
import { METRICS } from '#lab/flight-schema.ts'
import { formatCount, formatMs, formatPercent, formatUsdPerMillion, TOO_SMALL } from '#lab/figures.ts'
import { P95_MIN, P99_MIN } from '#lab/latency.ts'
import type { BudgetResult, CompletionReport, RouteReport } from '#lab/report.ts'

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
  completion_p50: ['ms', 's'],
  completion_p95: ['ms', 's'],
  completion_p99: ['ms', 's'],
  completion_max: ['ms', 's'],
  unfinished: ['%', 'events'],
  backlog_max: ['events'],
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
    unit: unitOf(unit),
  })
}

function unitOf(written: string): Budget['unit'] {
  if (written === '%' || written === 'requests' || written === 'events') return written
  return written === 'ms' || written === 's' ? 'ms' : '$'
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
    case 'completion_p50':
    case 'completion_p95':
    case 'completion_p99':
    case 'completion_max':
    case 'unfinished':
    case 'backlog_max':
      return route.completion === undefined
        ? undefined
        : eventFigure(budget.metric, budget.unit, route.completion)
    default:
      return budget.metric satisfies never
  }
}

type EventMetric = Extract<Metric, `completion_${string}` | 'unfinished' | 'backlog_max'>

function eventFigure(
  metric: EventMetric,
  unit: Budget['unit'],
  completion: CompletionReport,
): number | undefined {
  const { p50Ms, p95Ms, p99Ms, maxMs, unfinished, events, backlogMax } = completion
  switch (metric) {
    case 'completion_p50':
      return p50Ms ?? undefined
    case 'completion_p95':
      return p95Ms ?? undefined
    case 'completion_p99':
      return p99Ms ?? undefined
    case 'completion_max':
      return maxMs ?? undefined
    case 'unfinished':
      return unit === 'events' ? unfinished : events === 0 ? undefined : (unfinished / events) * 100
    case 'backlog_max':
      return backlogMax
    default:
      return metric satisfies never
  }
}

const isAboutEvents = (metric: Metric): boolean =>
  metric.startsWith('completion_') || metric === 'unfinished' || metric === 'backlog_max'

function printed(budget: Budget, figure: number): string {
  switch (budget.unit) {
    case 'ms':
      return formatMs(figure)
    case '%':
      return formatPercent(figure)
    case 'requests':
    case 'events':
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
  const isEvents = isAboutEvents(budget.metric)
  if (isEvents && route !== undefined && route.completion === undefined)
    return { ...none, answer: 'no work went on after an answer' }
  const figures = isEvents ? route?.completion : route
  if (figures === undefined || figures.n === 0 || budget.unit !== 'ms')
    return { ...none, answer: 'nothing was measured' }
  const { maxMs, p50Ms, n } = figures
  if (maxMs !== null && keeps(budget, maxMs)) {
    return {
      outcome: 'ok',
      measured: maxMs,
      answer: `ok: the slowest of ${formatCount(n)} took ${formatMs(maxMs)}`,
    }
  }
  if (p50Ms !== null && !keeps(budget, p50Ms) && !/(^|_)p50$/.test(budget.metric)) {
    return { outcome: 'broken', measured: p50Ms, answer: `broken: the median is ${formatMs(p50Ms)}` }
  }
  const left = isEvents ? route?.completion : undefined
  return left !== undefined && isAmongUnfinished(budget, left)
    ? amongUnfinished(budget, left)
    : { ...none, answer: TOO_SMALL }
}

/** Whether the figure is one of an event without an end, and not missing for want of samples. */
function isAmongUnfinished({ metric }: Budget, { n, unfinished }: CompletionReport): boolean {
  const least = metric === 'completion_p99' ? P99_MIN : metric === 'completion_p95' ? P95_MIN : 1
  return unfinished > 0 && n >= least
}

/** They had waited at least so long, so a limit below that is broken. */
function amongUnfinished(budget: Budget, { unfinished, unfinishedFromMs }: CompletionReport): Judged {
  const from = unfinishedFromMs ?? 0
  const said = `${formatCount(unfinished)} unfinished after ${formatMs(from)} and more`
  return keeps(budget, from)
    ? { outcome: 'undecided', measured: null, answer: `not judged: ${said}` }
    : { outcome: 'broken', measured: null, answer: `broken: ${said}` }
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
  const self = isAboutEvents(budget.metric) ? (route.completion?.self ?? route.self) : route.self
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
