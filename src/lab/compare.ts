/**
 * Two flights side by side: each figure with its change and a bootstrap 95 % interval. Flights of different profiles
 * or machine modes are refused, because their figures do not mean the same.
 */
import { seeded } from '#base/random.ts'
import { failed, ok, type Result } from '#base/result.ts'
import { type Change, changeOf, type Interval, type Statistic } from '#engines/statistics/bootstrap.ts'
import type { Weighted } from '#engines/quantiles/quantiles.ts'
import { formatMs, formatPercent, formatUsdPerMillion, plural } from '#lab/figures.ts'
import { P95_MIN, P99_MIN } from '#lab/latency.ts'
import type { FlightReport, RouteReport } from '#lab/report.ts'

export type CompareMetric =
  | 'p50'
  | 'p95'
  | 'p99'
  | 'mean'
  | 'errors'
  | 'cold_starts'
  | 'usd_per_million'
  | 'completion_p50'
  | 'completion_p95'
  | 'completion_p99'
  | 'unfinished'

export interface CompareRow {
  readonly route: string
  readonly metric: CompareMetric
  readonly unit: 'ms' | '%' | '$'
  /** Null when one flight has too few requests for it. */
  readonly before: number | null
  readonly after: number | null
  readonly difference: number | null
  readonly difference95: Interval | null
  readonly ratio: number | null
  readonly ratio95: Interval | null
  /** `better` or `worse` only when the interval leaves 0 out; `exact` where nothing was drawn by chance. */
  readonly outcome: 'better' | 'worse' | 'no difference shown' | 'exact' | 'n too small'
}

export interface FlightLabel {
  readonly name: string
  readonly design: string
  readonly startedAt: string
  readonly requests: number
}

export interface CompareReport {
  readonly format: 'windtunnel-compare/1'
  readonly before: FlightLabel
  readonly after: FlightLabel
  readonly verdict: readonly string[]
  /** How busy provisioned concurrency would be kept, before and after: a sentence for each function of both flights. */
  readonly provisioned?: readonly string[] | undefined
  readonly rows: readonly CompareRow[]
  readonly warnings: readonly string[]
}

/** Seed of the resampling: the same two reports give the same intervals. */
const SEED = 1

export function compareReports(before: FlightReport, after: FlightReport): Result<CompareReport, string> {
  const differing = modeDifferences(before, after)
  if (differing.length > 0) {
    return failed(`figures of different modes are not compared: ${differing.join('; ')}`)
  }
  const pairs = before.routes.flatMap((was) => {
    const is = after.routes.find((route) => route.name === was.name)
    return is === undefined ? [] : [{ was, is }]
  })
  const both = pairs.length > 1 ? [...pairs, { was: before.overall, is: after.overall }] : pairs
  const rows = both.flatMap(({ was, is }) => routeRows(was, is))
  return ok({
    format: 'windtunnel-compare/1',
    before: labelOf(before),
    after: labelOf(after),
    verdict: verdictOf(rows),
    provisioned: provisionedSentences(before, after),
    rows,
    warnings: warningsOf(before, after),
  })
}

function provisionedSentences(before: FlightReport, after: FlightReport): string[] {
  return after.functions.flatMap(({ name, provisioned: is }) => {
    const was = before.functions.find((one) => one.name === name)?.provisioned
    if (is === null || is === undefined || was === null || was === undefined) return []
    const busy = `${formatPercent(was.utilisation * 100)} before and ${formatPercent(is.utilisation * 100)} after`
    return [
      `${name}: provisioned concurrency of ${was.concurrency} and ${is.concurrency} would be busy ${busy}; it pays from ${formatPercent(is.breakEven * 100)}.`,
    ]
  })
}

const labelOf = ({ name, design, startedAt, load }: FlightReport): FlightLabel => ({
  name,
  design,
  startedAt,
  requests: load.sent,
})

function modeDifferences(before: FlightReport, after: FlightReport): string[] {
  const differing: string[] = []
  const check = (what: string, was: string, is: string): void => {
    if (was !== is) differing.push(`${what} ${was} and ${is}`)
  }
  check('profile', before.profile, after.profile)
  for (const mode of ['isolation', 'cpu', 'memory', 'freeze'] as const)
    check(mode, before.machine[mode], after.machine[mode])
  return differing
}

function warningsOf(before: FlightReport, after: FlightReport): string[] {
  const warnings: string[] = []
  const names = (report: FlightReport): string[] => report.routes.map((route) => route.name)
  const alone = [
    ...names(before)
      .filter((name) => !names(after).includes(name))
      .map((name) => `${name} was flown only before`),
    ...names(after)
      .filter((name) => !names(before).includes(name))
      .map((name) => `${name} was flown only after`),
  ]
  if (alone.length > 0) warnings.push(`Not compared: ${alone.join(', ')}.`)
  if (before.load.description !== after.load.description) {
    warnings.push(`The loads differ: ${before.load.description}; and ${after.load.description}.`)
  }
  for (const [when, report] of [
    ['first', before],
    ['second', after],
  ] as const) {
    if (report.partial) warnings.push(`The ${when} flight was stopped early.`)
    if (!report.overall.self.measurable) {
      warnings.push(
        `In the ${when} flight ${formatPercent(report.overall.self.tailShare * 100)} of the tail is the tunnel measuring itself.`,
      )
    }
    const { completion } = report.overall
    if (completion !== undefined && completion.unfinished > 0)
      warnings.push(
        `In the ${when} flight ${plural(completion.unfinished, 'event')} had no end; they are taken as slower than all others.`,
      )
  }
  return warnings
}

function routeRows(was: RouteReport, is: RouteReport): CompareRow[] {
  const row = rowMaker(was.name)
  const least = Math.min(was.n, is.n)
  const latency = (metric: CompareMetric, statistic: Statistic, from: number): CompareRow =>
    least < from
      ? row(metric, 'ms', undefined)
      : row(metric, 'ms', changed(was.latenciesMs, is.latenciesMs, statistic))
  const share = (metric: CompareMetric, pick: (route: RouteReport) => number): CompareRow => {
    const of = (route: RouteReport): Weighted => [
      [0, route.requests - pick(route)],
      [100, pick(route)],
    ]
    return row(
      metric,
      '%',
      was.requests === 0 || is.requests === 0 ? undefined : changed(of(was), of(is), { kind: 'mean' }),
    )
  }
  return [
    latency('p50', { kind: 'percentile', percent: 50 }, 1),
    latency('p95', { kind: 'percentile', percent: 95 }, P95_MIN),
    latency('p99', { kind: 'percentile', percent: 99 }, P99_MIN),
    latency('mean', { kind: 'mean' }, 1),
    ...completionRows(was, is),
    share('errors', (route) => route.errors),
    share('cold_starts', (route) => route.cold),
    costRow(was, is),
  ]
}

/**
 * From event to end of processing. Where one of two designs does all its work before it answers, the answer is that
 * end, so that both can be compared.
 */
function completionRows(was: RouteReport, is: RouteReport): CompareRow[] {
  if (was.completion === undefined && is.completion === undefined) return []
  const row = rowMaker(was.name)
  const least = Math.min(was.completion?.n ?? was.n, is.completion?.n ?? is.n)
  const percentile = (metric: CompareMetric, percent: number, from: number): CompareRow =>
    row(
      metric,
      'ms',
      least < from
        ? undefined
        : changed(completionTimes(was), completionTimes(is), { kind: 'percentile', percent }),
    )
  const left = ({ completion }: RouteReport): Weighted => [
    [0, (completion?.events ?? 0) - (completion?.unfinished ?? 0)],
    [100, completion?.unfinished ?? 0],
  ]
  const both = was.completion !== undefined && is.completion !== undefined
  const isThere = both && was.completion.events > 0 && is.completion.events > 0
  return [
    percentile('completion_p50', 50, 1),
    percentile('completion_p95', 95, P95_MIN),
    percentile('completion_p99', 99, P99_MIN),
    ...(isThere ? [row('unfinished', '%', changed(left(was), left(is), { kind: 'mean' }))] : []),
  ]
}

/** Events without an end are slower than all others, and had waited at least so long. */
function completionTimes({ completion, latenciesMs }: RouteReport): Weighted {
  if (completion === undefined) return latenciesMs
  const { completionsMs, unfinished, unfinishedFromMs } = completion
  if (unfinished === 0) return completionsMs
  const slowest = Math.max(completionsMs.at(-1)?.[0] ?? 0, unfinishedFromMs ?? 0)
  return [...completionsMs, [slowest, unfinished]]
}

const changed = (was: Weighted, is: Weighted, statistic: Statistic): Change | undefined =>
  changeOf(was, is, statistic, seeded(SEED))

/** The figures are exact sums; the interval is that of the mean cost of a request, where usage told it. */
function costRow(was: RouteReport, is: RouteReport): CompareRow {
  const [before, after] = [was.usdPerMillion, is.usdPerMillion].map((usd) =>
    usd === null ? undefined : Number(usd),
  )
  if (before === undefined || after === undefined)
    return rowMaker(was.name)('usd_per_million', '$', undefined)
  const million = (costs: Weighted): Weighted => costs.map(([usd, count]) => [usd * 1e6, count] as const)
  const drawn = changed(million(was.costsUsd), million(is.costsUsd), { kind: 'mean' })
  const difference = after - before
  const shift = difference - (drawn?.difference ?? difference)
  const interval =
    drawn === undefined
      ? null
      : { low: drawn.difference95.low + shift, high: drawn.difference95.high + shift }
  return {
    route: was.name,
    metric: 'usd_per_million',
    unit: '$',
    before,
    after,
    difference,
    difference95: interval,
    ratio: before === 0 ? null : after / before,
    ratio95: drawn?.ratio95 ?? null,
    outcome: interval === null ? 'exact' : outcomeOf(interval),
  }
}

/** Less is better in every metric. */
function outcomeOf(interval: Interval): CompareRow['outcome'] {
  if (interval.high < 0) return 'better'
  return interval.low > 0 ? 'worse' : 'no difference shown'
}

function rowMaker(route: string) {
  return (metric: CompareMetric, unit: CompareRow['unit'], change: Change | undefined): CompareRow => ({
    route,
    metric,
    unit,
    before: change?.before ?? null,
    after: change?.after ?? null,
    difference: change?.difference ?? null,
    difference95: change?.difference95 ?? null,
    ratio: change?.ratio ?? null,
    ratio95: change?.ratio95 ?? null,
    outcome: change === undefined ? 'n too small' : outcomeOf(change.difference95),
  })
}

/** What a row is about, in words. */
export const metricName = (metric: CompareMetric): string =>
  metric === 'usd_per_million' ? '$ per million' : metric.replaceAll('_', ' ')

/** True where there is nothing to see: a share that was and is zero. */
export const isNothing = (row: CompareRow): boolean => row.unit === '%' && row.before === 0 && row.after === 0

/** A figure of a row in words. */
export function formatCompared(row: CompareRow, value: number | null): string {
  if (value === null) return 'n too small'
  if (row.unit === 'ms') return formatMs(value)
  return row.unit === '%' ? formatPercent(value) : `$${formatUsdPerMillion(value)}`
}

/** `-55.9 ms`, with a sign always. */
export function formatDifference(row: CompareRow, value: number): string {
  const sign = value > 0 ? '+' : value < 0 ? '-' : ''
  return `${sign}${formatCompared(row, Math.abs(value))}`
}

/** `-55.9 ms (-60.1 to -52.0)`; without the interval where nothing was drawn by chance. */
export function formatChange(row: CompareRow): string {
  if (row.difference === null) return '-'
  const bare = (value: number): string => formatDifference(row, value).replace(/ ms$| %$/, '')
  const interval = row.difference95
  const units =
    interval === null ? [] : [formatDifference(row, interval.low), formatDifference(row, interval.high)]
  // Ten seconds and more are written in s: then each figure keeps its unit.
  const mixed = units.some((text) => text.endsWith(' s'))
  const range =
    interval === null
      ? ''
      : mixed
        ? ` (${units.join(' to ')})`
        : ` (${bare(interval.low)} to ${bare(interval.high)})`
  return `${formatDifference(row, row.difference)}${range}`
}

/** A change below it may be certain and is still not worth a sentence. */
const WORTH_SAYING = Math.log(1.01)

function verdictOf(rows: readonly CompareRow[]): string[] {
  if (rows.length === 0) return ['The two flights have no route in common.']
  const size = (row: CompareRow): number => Math.abs(Math.log(Math.max(row.ratio ?? 1, 1e-9)))
  const certain = rows.filter((row) => row.outcome === 'better' || row.outcome === 'worse')
  const shown = certain.filter((row) => size(row) >= WORTH_SAYING)
  const latency = shown
    .filter((row) => row.unit === 'ms' && row.metric !== 'mean')
    .sort((a, b) => size(b) - size(a))
  // The greatest change first, and never a gain without the greatest loss beside it, or the other way round.
  const [greatest] = latency
  const opposite = latency.find((row) => row.outcome !== greatest?.outcome)
  const cost = shown.filter((row) => row.unit === '$').sort((a, b) => size(b) - size(a))[0]
  const errors = certain.filter((row) => row.metric === 'errors' && row.outcome === 'worse')[0]
  const say = (row: CompareRow, name: string): string => {
    const verb = row.outcome === 'better' ? 'fell' : 'rose'
    return `${row.route}: ${name} ${verb} from ${formatCompared(row, row.before)} to ${formatCompared(row, row.after)}, ${formatChange(row)}.`
  }
  const sentences = [
    ...(errors === undefined ? [] : [say(errors, 'errors')]),
    ...[greatest, opposite].flatMap((row) => (row === undefined ? [] : [say(row, metricName(row.metric))])),
    ...(cost === undefined ? [] : [say(cost, 'cost per million requests')]),
  ]
  if (sentences.length > 0) return sentences
  return [
    certain.length === 0
      ? 'No difference is shown: every 95 % interval includes zero.'
      : 'No latency or cost changed by more than 1 %.',
  ]
}
