/**
 * Builds the one report of a flight from what was measured: samples of the load, spans and usage of the platform, and
 * the machine it ran on. Pure: the same measurement gives the same report.
 */
import { isoMs } from '#base/time.ts'
import { quantised, Quantiles, significant } from '#engines/quantiles/quantiles.ts'
import { perMillion } from '#engines/pricing/bill.ts'
import { Decimal } from '#engines/pricing/decimal.ts'
import type { PriceBook } from '#engines/pricing/price-book.ts'
import type { LoadResult } from '#ports/load.ts'
import type { Span } from '#ports/spans.ts'
import type { UsageRecord } from '#ports/usage.ts'
import { judgeBudget } from '#lab/budgets.ts'
import { allInvocations, environmentLanes, functionReports } from '#lab/environments.ts'
import { formatCount, formatPercent } from '#lab/figures.ts'
import type { Budget } from '#lab/flight.ts'
import { billReport, Costs } from '#lab/flight-bill.ts'
import { byTrace, type FlownRequest, joinRequest } from '#lab/join.ts'
import { distributionOf, type EventLoopDelay, latencyOf, selfOf, tailOf, tailRequests } from '#lab/latency.ts'
import { overTime } from '#lab/over-time.ts'
import {
  type FlightReport,
  type MachineReport,
  type MeasurementReport,
  REPORT_FORMAT,
  type RouteReport,
} from '#lab/report.ts'
import { traceReport } from '#lab/slowest.ts'
import { verdictOf } from '#lab/verdict.ts'

export interface Measurement {
  readonly name: string
  readonly design: string
  /** `native` until there are others. */
  readonly profile: string
  /** Names and accepted statuses of the plan's targets, in the plan's order. */
  readonly targets: readonly { readonly name: string; readonly expect?: readonly number[] }[]
  readonly load: {
    /** Such as `Poisson 40 -> 120 requests/s for 10 s`. */
    readonly description: string
    readonly seed: number
    readonly planned: number
    readonly warmUpMs: number
  }
  readonly result: LoadResult
  readonly spans: readonly Span[]
  readonly usage: readonly UsageRecord[]
  readonly book: PriceBook
  readonly budgets: readonly Budget[]
  readonly machine: MachineReport
  readonly eventLoopDelay: EventLoopDelay | undefined
  /** What the caller has to say: a stand-in runtime, spans that were dropped. */
  readonly warnings: readonly string[]
}

/** Requests listed with their spans. */
export const SLOWEST_MAX = 20

export function reportOf(measurement: Measurement): FlightReport {
  const { result, load } = measurement
  const traces = byTrace(measurement.spans)
  const requests = result.samples.map((sample) => {
    const spans = sample.traceId === undefined ? undefined : traces.get(sample.traceId)
    return joinRequest(sample, spans, measurement.targets[sample.target]?.expect ?? [])
  })
  const durationMs = Math.max(1, result.finishedAt - result.startedAt)
  const counted = requests.filter((request) => request.sample.dueAt - result.startedAt >= load.warmUpMs)
  const sent = requests.filter((request) => request.sample.outcome !== 'not-sent').length
  const costs = new Costs(measurement.usage, measurement.book)
  const flown = {
    measurement,
    costs,
    ratePerS: rateOf(result.samples),
    sharedUsd: sharedUsd(requests, costs, sent),
  }
  const routes = measurement.targets.map(({ name }, target) =>
    routeReport(
      name,
      counted.filter((request) => request.sample.target === target),
      flown,
    ),
  )
  const overall = routeReport('all', counted, flown)
  const invocations = allInvocations(measurement.spans)
  const axis = { startedAt: result.startedAt, durationMs }
  const { lanes, leftOut } = environmentLanes(invocations, measurement.spans, axis)
  const budgets = measurement.budgets.map((budget) => judgeBudget(budget, routes, overall))
  const broken = budgets.some((budget) => budget.outcome === 'broken')
  const decided = budgets.every((budget) => budget.outcome === 'ok')
  const measured = measurementReport(counted, measurement.eventLoopDelay)
  return {
    format: REPORT_FORMAT,
    name: measurement.name,
    design: measurement.design,
    profile: measurement.profile,
    startedAt: isoMs(result.startedAt),
    durationMs,
    partial: result.partial,
    verdict: verdictOf(routes),
    load: {
      description: load.description,
      seed: load.seed,
      planned: load.planned,
      sent,
      warmUpRequests: requests.length - counted.length,
      ratePerS: significant(flown.ratePerS, 3),
    },
    overall,
    routes,
    functions: functionReports(invocations),
    ...overTime(requests, result.startedAt, durationMs),
    environments: lanes,
    environmentsLeftOut: leftOut,
    slowest: slowestOf(counted, measurement, costs),
    bill: billReport(costs.whole(), measurement.book, sent),
    budgets,
    budgetsOutcome: budgets.length === 0 ? 'none' : broken ? 'broken' : decided ? 'ok' : 'undecided',
    measurement: measured,
    machine: measurement.machine,
    warnings: [...measurement.warnings, ...warningsOf(measurement, requests, measured)],
  }
}

/** Requests per second over the schedule, from the first that was due to the last. */
function rateOf(samples: LoadResult['samples']): number {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const { dueAt } of samples) {
    if (dueAt < first) first = dueAt
    if (dueAt > last) last = dueAt
  }
  return last > first ? (samples.length - 1) / ((last - first) / 1_000) : 0
}

/** Usage that belongs to no request of the load, per request. */
function sharedUsd(requests: readonly FlownRequest[], costs: Costs, sent: number): Decimal {
  const ids = new Set(requests.flatMap((request) => request.sample.traceId ?? []))
  return sent === 0 ? Decimal.ZERO : costs.outside(ids).over(Decimal.of(sent), 18)
}

interface Flown {
  readonly measurement: Measurement
  readonly costs: Costs
  readonly ratePerS: number
  readonly sharedUsd: Decimal
}

function routeReport(name: string, requests: readonly FlownRequest[], flown: Flown): RouteReport {
  const timed = requests.filter((request) => request.timed)
  const latencies = timed.map((request) => request.sample.latencyMs)
  const latency = latencyOf(latencies)
  const tail = tailRequests(requests)
  const kinds: Record<string, number> = {}
  for (const { error } of requests) if (error !== undefined) kinds[error] = (kinds[error] ?? 0) + 1
  const own = requests.flatMap((request) => flown.costs.ofTrace(request.sample.traceId) ?? [])
  const usd = own.reduce((sum, one) => sum.plus(one), Decimal.ZERO)
  const sent = requests.filter((request) => request.sample.outcome !== 'not-sent').length
  const whole = usd.plus(flown.sharedUsd.times(Decimal.of(sent)))
  const cpu = requests.flatMap((request) =>
    request.invocations.map((invocation) => invocation.cpuThrottledMs),
  )
  const only = (cold: boolean): number[] =>
    timed.filter((request) => request.cold === cold).map((request) => request.sample.latencyMs)
  return {
    name,
    requests: requests.length,
    ...latency,
    errors: requests.filter((request) => request.error !== undefined).length,
    errorKinds: kinds,
    cold: requests.filter((request) => request.cold).length,
    throttles: requests.filter((request) => request.throttled).length,
    cpuThrottledMs: cpu.reduce((sum, ms) => sum + ms, 0),
    usdPerMillion: sent === 0 ? null : perMillion(whole, sent).toString(),
    warmLatency: latencyOf(only(false)),
    coldLatency: latencyOf(only(true)),
    tail: tailOf(tail, latency.n),
    self: selfOf(tail, requests, { eventLoop: flown.measurement.eventLoopDelay, ratePerS: flown.ratePerS }),
    distribution: distributionOf(requests),
    latenciesMs: quantised(latencies),
    costsUsd: quantised(own.map((one) => one.toNumber())),
  }
}

function slowestOf(
  requests: readonly FlownRequest[],
  { targets, result }: Measurement,
  costs: Costs,
): FlightReport['slowest'] {
  return requests
    .filter((request) => request.timed)
    .sort((a, b) => b.sample.latencyMs - a.sample.latencyMs)
    .slice(0, SLOWEST_MAX)
    .map((request) => traceReport(request, targets[request.sample.target]?.name ?? '', costs))
    .filter((trace) => trace.traceId !== '' || !result.partial)
}

function measurementReport(
  requests: readonly FlownRequest[],
  eventLoop: EventLoopDelay | undefined,
): MeasurementReport {
  const late = new Quantiles()
  const waited = new Quantiles()
  let answered = 0
  let traced = 0
  for (const { sample, invocations, spans } of requests) {
    if (sample.outcome !== 'not-sent') late.add(Math.max(0, sample.lateMs))
    for (const invocation of invocations) waited.add(Math.max(0, invocation.runQueueMs))
    if (sample.outcome !== 'answered') continue
    answered++
    if (spans.length > 0) traced++
  }
  return {
    lateP50Ms: late.at(50) ?? null,
    lateP99Ms: late.at(99) ?? null,
    lateMaxMs: late.max ?? null,
    eventLoopDelayP99Ms: eventLoop?.p99Ms ?? null,
    eventLoopDelayMaxMs: eventLoop?.maxMs ?? null,
    runQueueP99Ms: waited.at(99) ?? null,
    tracedShare: answered === 0 ? 0 : traced / answered,
  }
}

function warningsOf(
  measurement: Measurement,
  requests: readonly FlownRequest[],
  measured: MeasurementReport,
): string[] {
  const warnings: string[] = []
  const notSent = requests.filter((request) => request.sample.outcome === 'not-sent').length
  if (measurement.result.partial) {
    warnings.push(
      `Stopped early: ${formatCount(requests.length)} of ${formatCount(measurement.load.planned)} planned requests were due until then.`,
    )
  }
  if (notSent > 0) {
    warnings.push(
      `${formatCount(notSent)} requests were due but not sent, because too many were under way; they count as errors.`,
    )
  }
  if (measured.tracedShare < 0.99 && requests.length > 0) {
    warnings.push(
      `Spans were found for ${formatPercent(measured.tracedShare * 100)} of the answered requests; phases and cold starts cover only those.`,
    )
  }
  return warnings
}
