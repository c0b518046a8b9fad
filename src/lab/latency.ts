/**
 * Latency figures of a set of requests: percentiles with the sample counts they need, the distribution with its
 * traces, and what the tail is made of.
 */
import { assert } from '#base/assert.ts'
import type { Ms } from '#base/time.ts'
import { logBins } from '#engines/histogram/bins.ts'
import { Quantiles } from '#engines/quantiles/quantiles.ts'
import type { FlownRequest, PhaseTimes } from '#lab/join.ts'
import {
  type DistributionBin,
  type LatencyReport,
  PHASE_NAMES,
  type SelfReport,
  type TailReport,
} from '#lab/report.ts'

/** Samples below which a percentile is not printed. Source: CloudWatch's rule of enough samples above the rank. */
export const P95_MIN = 200
export const P99_MIN = 1_000
export const P999_MIN = 10_000
/** A tail of which the tunnel's own doing is more than this is not the application's. */
export const SELF_SHARE_MAX = 0.1
const TRACES_PER_BIN = 5
const BINS_PER_DECADE = 20

export function latencyOf(values: Iterable<Ms>): LatencyReport {
  const quantiles = new Quantiles()
  for (const value of values) quantiles.add(value)
  return latencyReport(quantiles)
}

function latencyReport(quantiles: Quantiles): LatencyReport {
  const n = quantiles.count
  const from = (least: number, percent: number): number | null =>
    n < least ? null : (quantiles.at(percent) ?? null)
  return {
    n,
    p50Ms: from(1, 50),
    p90Ms: from(10, 90),
    p95Ms: from(P95_MIN, 95),
    p99Ms: from(P99_MIN, 99),
    p999Ms: from(P999_MIN, 99.9),
    maxMs: quantiles.max ?? null,
    meanMs: quantiles.mean ?? null,
  }
}

/** One measured time with what a picture of it needs: the latency of a request, or the way of its event. */
export interface Timed {
  readonly ms: Ms
  readonly cold: boolean
  readonly isError: boolean
  readonly traceId: string | undefined
  readonly phases: PhaseTimes | undefined
  /** How late the generator sent it. */
  readonly lateMs: Ms
  /** Waiting for a core, of the invocations that it waited for. */
  readonly runQueueMs: Ms
}

/** The latencies of the requests that have one. */
export function latenciesOf(requests: readonly FlownRequest[]): Timed[] {
  return requests
    .filter((request) => request.timed)
    .map(({ sample, cold, error, phases, invocations }) => ({
      ms: sample.latencyMs,
      cold,
      isError: error !== undefined,
      traceId: sample.traceId,
      phases,
      lateMs: sample.lateMs,
      runQueueMs: invocations.reduce((sum, invocation) => sum + invocation.runQueueMs, 0),
    }))
}

/** Cold and warm on a logarithmic axis, empty bins at the ends left out. */
export function distributionOf(timed: readonly Timed[]): DistributionBin[] {
  const bins = logBins(
    timed.map(({ ms }) => ms),
    BINS_PER_DECADE,
  )
  const counted = bins.map((bin) => ({ ...bin, warm: 0, cold: 0, errors: 0, traceIds: new Array<string>() }))
  for (const { ms, cold, isError, traceId } of timed) {
    const bin = counted[bins.indexOf(ms)]
    assert(bin !== undefined, 'bins cover every latency')
    if (cold) bin.cold++
    else bin.warm++
    if (isError) bin.errors++
    if (traceId !== undefined && bin.traceIds.length < TRACES_PER_BIN) bin.traceIds.push(traceId)
  }
  return counted
}

/** The slowest hundredth, slowest first; at least one where there is any. */
export function slowestHundredth(timed: readonly Timed[]): Timed[] {
  const count = Math.ceil(timed.length / 100)
  return [...timed].sort((a, b) => b.ms - a.ms).slice(0, count)
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

export function tailOf(tail: readonly Timed[], n: number): TailReport | null {
  const fastest = tail.at(-1)
  if (fastest === undefined) return null
  const traced = tail.flatMap(({ phases }) => (phases === undefined ? [] : [phases]))
  return {
    of: n >= P99_MIN ? 'p99' : 'slowest',
    fromMs: fastest.ms,
    requests: tail.length,
    cold: tail.filter(({ cold }) => cold).length,
    meanMs: mean(tail.map(({ ms }) => ms)),
    phases: PHASE_NAMES.map((name) => ({ name, meanMs: mean(traced.map((phases) => phases[name])) })).filter(
      (phase) => phase.meanMs > 0,
    ),
    untraced: tail.length - traced.length,
  }
}

/** What the server said of its own event loop, beyond what the resolution of the timer that measures it costs. */
export interface EventLoopDelay {
  readonly p50Ms: Ms
  readonly p99Ms: Ms
  readonly maxMs: Ms
}

export interface SelfFacts {
  readonly eventLoop: EventLoopDelay | undefined
  /** The load at which it was so. */
  readonly ratePerS: number
}

/**
 * How much of the tail is ours: lateness and run-queue delay of each tail request, and the server's event-loop delay.
 * That delay is known for the flight and not for the request, so a request is charged its median, and up to its p99
 * only as far as the platform's part of the request was longer than usual.
 */
export function selfOf(tail: readonly Timed[], all: readonly Timed[], facts: SelfFacts): SelfReport {
  const total = mean(tail.map(({ ms }) => ms))
  const lateMs = mean(tail.map((timed) => Math.min(timed.lateMs, timed.ms)))
  const runQueueMs = mean(tail.map(runQueueOf))
  const usual = latencyOf(all.map(platformMs)).p50Ms ?? 0
  const eventLoopDelayMs = mean(tail.map((timed) => stalledMs(platformMs(timed), usual, facts.eventLoop)))
  const tailShare = total === 0 ? 0 : (lateMs + runQueueMs + eventLoopDelayMs) / total
  const measurable = tailShare <= SELF_SHARE_MAX
  const { ratePerS } = facts
  return {
    tailShare,
    lateMs,
    eventLoopDelayMs,
    runQueueMs,
    measurable,
    measurableRatePerS:
      measurable || ratePerS === 0 ? null : roundedDown((ratePerS * SELF_SHARE_MAX) / tailShare),
  }
}

function stalledMs(platform: Ms, usual: Ms, eventLoop: EventLoopDelay | undefined): Ms {
  if (eventLoop === undefined) return 0
  return Math.min(platform, eventLoop.p99Ms, eventLoop.p50Ms + Math.max(0, platform - usual))
}

/** Waiting for a core happens while code runs: no more of it counts than that code took. */
function runQueueOf({ phases, runQueueMs }: Timed): Ms {
  if (phases === undefined) return 0
  return Math.min(runQueueMs, phases.init + phases.start + phases.handler + phases.downstream)
}

/** Time in which our own process could have been what was waited for. */
function platformMs({ phases, ms, lateMs }: Timed): Ms {
  if (phases === undefined) return Math.max(0, ms - lateMs)
  return phases.client + phases.gateway + phases.overhead
}

/** Two digits, downwards: an estimate must not look better than it is. */
function roundedDown(rate: number): number {
  const unit = 10 ** (Math.floor(Math.log10(Math.max(rate, 0.1))) - 1)
  return Number((Math.floor(rate / unit) * unit).toPrecision(2))
}
