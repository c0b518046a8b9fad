/**
 * Builds the one report of a flight from what was measured: samples of the load, spans and usage of the platform, and
 * the machine it ran on. Pure: the same measurement gives the same report.
 */
import { numberAt } from '#base/json.ts'
import { type Instant, isoMs } from '#base/time.ts'
import { quantised, Quantiles, significant } from '#engines/quantiles/quantiles.ts'
import { perMillion } from '#engines/pricing/bill.ts'
import { Decimal } from '#engines/pricing/decimal.ts'
import type { PriceBook } from '#engines/pricing/price-book.ts'
import type { LoadResult } from '#ports/load.ts'
import type { Span } from '#ports/spans.ts'
import type { UsageRecord } from '#ports/usage.ts'
import { judgeBudget } from '#lab/budgets.ts'
import { coldStartReports } from '#lab/cold-starts.ts'
import { type CompletionFacts, completionOf } from '#lab/completion.ts'
import { allInvocations, environmentLanes, functionReports } from '#lab/environments.ts'
import { Stories } from '#lab/event-story.ts'
import { formatCount, formatPercent } from '#lab/figures.ts'
import type { Budget } from '#lab/flight.ts'
import { billReport, Costs } from '#lab/flight-bill.ts'
import { completionMs, type FlownRequest, type Invocation, joinRequest } from '#lab/join.ts'
import {
  distributionOf,
  type EventLoopDelay,
  latenciesOf,
  latencyOf,
  selfOf,
  slowestHundredth,
  tailOf,
} from '#lab/latency.ts'
import { overTime } from '#lab/over-time.ts'
import { provisionedReport } from '#lab/provisioned.ts'
import {
  type FlightReport,
  type MachineReport,
  type MeasurementReport,
  REPORT_FORMAT,
  type RouteReport,
} from '#lab/report.ts'
import { traceReport } from '#lab/slowest.ts'
import { SpanIndex } from '#lab/span-index.ts'
import { verdictOf } from '#lab/verdict.ts'

export interface MeasuredTarget {
  readonly name: string
  /** Statuses that are no error. */
  readonly expect?: readonly number[]
  readonly isEvent?: boolean
}

export interface Measurement {
  readonly name: string
  readonly design: string
  /** `native` until there are others. */
  readonly profile: string
  /** Of the plan, in its order. `isEvent` where a request makes an event that is worked on after the answer. */
  readonly targets: readonly MeasuredTarget[]
  readonly load: {
    /** Such as `Poisson 40 -> 120 requests/s for 10 s`. */
    readonly description: string
    readonly seed: number
    readonly planned: number
    readonly warmUpMs: number
  }
  readonly result: LoadResult
  /** When the spans were read last; the load's end without it. */
  readonly observedUntil?: Instant | undefined
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
  const index = new SpanIndex(measurement.spans)
  const requests = joined(measurement, index)
  const counted = requests.filter((request) => request.sample.dueAt - result.startedAt >= load.warmUpMs)
  const sent = requests.filter((request) => request.sample.outcome !== 'not-sent').length
  const costs = new Costs(measurement.usage, measurement.book, measurement.spans)
  const flown: Flown = {
    costs,
    index,
    observedUntil: measurement.observedUntil ?? result.finishedAt,
    eventLoop: measurement.eventLoopDelay,
    ratePerS: rateOf(result.samples),
    sharedUsd: sharedUsd(requests, costs, sent),
  }
  const routes = measurement.targets.map(({ name, isEvent = false }, target) =>
    routeReport(
      { name, isEvent },
      counted.filter((request) => request.sample.target === target),
      flown,
    ),
  )
  const isEvent = routes.some(({ completion }) => completion !== undefined)
  const overall = routeReport({ name: 'all', isEvent }, counted, flown)
  const invocations = allInvocations(measurement.spans)
  const axis = { startedAt: result.startedAt, durationMs: durationOf(result, requests), hasEvents: isEvent }
  const { lanes, leftOut } = environmentLanes(invocations, measurement.spans, axis)
  const facts = { invocations, durationMs: axis.durationMs, book: measurement.book }
  const priced = { ...facts, onArm: onArm(measurement.usage) }
  const functions = functionReports(invocations).map((of) => ({
    ...of,
    provisioned: provisionedReport(of, priced),
  }))
  const budgets = measurement.budgets.map((budget) => judgeBudget(budget, routes, overall))
  const measured = measurementReport(counted, invocations, measurement.eventLoopDelay)
  return {
    format: REPORT_FORMAT,
    name: measurement.name,
    design: measurement.design,
    profile: measurement.profile,
    startedAt: isoMs(result.startedAt),
    durationMs: axis.durationMs,
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
    functions,
    coldStarts: coldStartReports(counted, functions),
    ...overTime(requests, invocations, axis),
    environments: lanes,
    environmentsLeftOut: leftOut,
    slowest: slowestOf(counted, measurement, flown),
    bill: billReport(costs.whole(), measurement.book, sent),
    budgets,
    budgetsOutcome: outcomeOf(budgets),
    measurement: measured,
    machine: measurement.machine,
    warnings: [...measurement.warnings, ...warningsOf(measurement, requests, measured)],
  }
}

function outcomeOf(budgets: FlightReport['budgets']): FlightReport['budgetsOutcome'] {
  if (budgets.length === 0) return 'none'
  if (budgets.some(({ outcome }) => outcome === 'broken')) return 'broken'
  return budgets.every(({ outcome }) => outcome === 'ok') ? 'ok' : 'undecided'
}

/** Names of the functions that were billed as Arm. */
function onArm(usage: readonly UsageRecord[]): ReadonlySet<string> {
  const billed = usage.filter(({ service, dimension }) => service === 'lambda' && dimension === 'durationArm')
  return new Set(billed.map(({ resource }) => /:function:([^:]+)/.exec(resource)?.[1] ?? resource))
}

/** Each request with its spans, and with what became of its event. */
export function joined(
  { result, spans, targets }: Pick<Measurement, 'result' | 'spans' | 'targets'>,
  index: SpanIndex,
): FlownRequest[] {
  const stories = new Stories(spans, index)
  return result.samples.map((sample) => {
    const { traceId, dueAt, latencyMs } = sample
    const target = targets[sample.target]
    const found = traceId === undefined ? undefined : index.ofTrace(traceId)
    const story =
      traceId === undefined
        ? undefined
        : stories.of(traceId, { answeredAt: dueAt + latencyMs, isEvent: target?.isEvent ?? false })
    return joinRequest(sample, found, target?.expect ?? [], story)
  })
}

/** Until the last answer, or the end of the last event. */
function durationOf(result: LoadResult, requests: readonly FlownRequest[]): number {
  let end: number = result.finishedAt
  for (const { story } of requests)
    if (story?.handedOver === true && story.endedAt !== undefined && story.endedAt > end) end = story.endedAt
  return Math.max(1, end - result.startedAt)
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

/** Until the answer, or until its event was done with. */
const wholeMs = (request: FlownRequest): number =>
  Math.max(request.sample.latencyMs, completionMs(request) ?? 0)

interface Flown extends CompletionFacts {
  readonly costs: Costs
  readonly sharedUsd: Decimal
}

function routeReport(
  { name, isEvent }: { readonly name: string; readonly isEvent: boolean },
  requests: readonly FlownRequest[],
  flown: Flown,
): RouteReport {
  const timed = latenciesOf(requests)
  const latencies = timed.map(({ ms }) => ms)
  const latency = latencyOf(latencies)
  const tail = slowestHundredth(timed)
  const kinds: Record<string, number> = {}
  for (const { error } of requests) if (error !== undefined) kinds[error] = (kinds[error] ?? 0) + 1
  const own = requests.flatMap((request) => flown.costs.ofTrace(request.sample.traceId) ?? [])
  const usd = own.reduce((sum, one) => sum.plus(one), Decimal.ZERO)
  const sent = requests.filter((request) => request.sample.outcome !== 'not-sent').length
  const whole = usd.plus(flown.sharedUsd.times(Decimal.of(sent)))
  const only = (cold: boolean): number[] => timed.filter((each) => each.cold === cold).map(({ ms }) => ms)
  const completion = completionOf(requests, isEvent, flown)
  return {
    name,
    requests: requests.length,
    ...latency,
    errors: requests.filter((request) => request.error !== undefined).length,
    errorKinds: kinds,
    cold: requests.filter((request) => request.cold).length,
    throttles: requests.filter((request) => request.throttled).length,
    cpuThrottledMs: cpuThrottledMs(requests),
    usdPerMillion: sent === 0 ? null : perMillion(whole, sent).toString(),
    warmLatency: latencyOf(only(false)),
    coldLatency: latencyOf(only(true)),
    tail: tailOf(tail, latency.n),
    self: selfOf(tail, timed, flown),
    distribution: distributionOf(timed),
    latenciesMs: quantised(latencies),
    costsUsd: quantised(own.map((one) => one.toNumber())),
    ...(completion === undefined ? {} : { completion }),
  }
}

/** Of all invocations, those that worked on events too; one of a batch once. */
function cpuThrottledMs(requests: readonly FlownRequest[]): number {
  const spans = new Set(
    requests.flatMap(({ invocations, story }) => [
      ...invocations.map(({ span }) => span),
      ...(story?.attempts ?? []),
    ]),
  )
  let sum = 0
  for (const span of spans) sum += numberAt(span.attributes, 'cpuThrottledMs') ?? 0
  return sum
}

function slowestOf(
  requests: readonly FlownRequest[],
  { targets, result }: Measurement,
  { costs, index }: Flown,
): FlightReport['slowest'] {
  return requests
    .filter((request) => request.timed)
    .sort((a, b) => wholeMs(b) - wholeMs(a))
    .slice(0, SLOWEST_MAX)
    .map((request) =>
      traceReport(request, {
        route: targets[request.sample.target]?.name ?? '',
        costs,
        spans: index.reach(request.sample.traceId ?? ''),
      }),
    )
    .filter((trace) => trace.traceId !== '' || !result.partial)
}

function measurementReport(
  requests: readonly FlownRequest[],
  invocations: readonly Invocation[],
  eventLoop: EventLoopDelay | undefined,
): MeasurementReport {
  const late = new Quantiles()
  const waited = new Quantiles()
  let answered = 0
  let traced = 0
  for (const { runQueueMs } of invocations) waited.add(Math.max(0, runQueueMs))
  for (const { sample, spans } of requests) {
    if (sample.outcome !== 'not-sent') late.add(Math.max(0, sample.lateMs))
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
