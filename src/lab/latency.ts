/**
 * Latency figures of a set of requests: percentiles with the sample counts they need, the distribution with its
 * traces, and what the tail is made of.
 */
import { assert } from '#base/assert.ts'
import type { Ms } from '#base/time.ts'
import { logBins } from '#engines/histogram/bins.ts'
import { Quantiles } from '#engines/quantiles/quantiles.ts'
import type { FlownRequest } from '#lab/join.ts'
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

/** Cold and warm requests on a logarithmic axis, empty bins at the ends left out. */
export function distributionOf(requests: readonly FlownRequest[]): DistributionBin[] {
  const timed = requests.filter((request) => request.timed)
  const bins = logBins(
    timed.map((request) => request.sample.latencyMs),
    BINS_PER_DECADE,
  )
  const counted = bins.map((bin) => ({ ...bin, warm: 0, cold: 0, errors: 0, traceIds: new Array<string>() }))
  for (const request of timed) {
    const bin = counted[bins.indexOf(request.sample.latencyMs)]
    assert(bin !== undefined, 'bins cover every latency')
    if (request.cold) bin.cold++
    else bin.warm++
    if (request.error !== undefined) bin.errors++
    const { traceId } = request.sample
    if (traceId !== undefined && bin.traceIds.length < TRACES_PER_BIN) bin.traceIds.push(traceId)
  }
  return counted
}

/** The slowest hundredth, slowest first; at least one request where there is any. */
export function tailRequests(requests: readonly FlownRequest[]): FlownRequest[] {
  const timed = requests.filter((request) => request.timed)
  const count = Math.ceil(timed.length / 100)
  return timed.sort((a, b) => b.sample.latencyMs - a.sample.latencyMs).slice(0, count)
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

export function tailOf(tail: readonly FlownRequest[], n: number): TailReport | null {
  const fastest = tail.at(-1)
  if (fastest === undefined) return null
  const traced = tail.flatMap((request) => (request.phases === undefined ? [] : [request.phases]))
  return {
    of: n >= P99_MIN ? 'p99' : 'slowest',
    fromMs: fastest.sample.latencyMs,
    requests: tail.length,
    cold: tail.filter((request) => request.cold).length,
    meanMs: mean(tail.map((request) => request.sample.latencyMs)),
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
export function selfOf(
  tail: readonly FlownRequest[],
  all: readonly FlownRequest[],
  facts: SelfFacts,
): SelfReport {
  const total = mean(tail.map((request) => request.sample.latencyMs))
  const lateMs = mean(tail.map((request) => Math.min(request.sample.lateMs, request.sample.latencyMs)))
  const runQueueMs = mean(tail.map(runQueueOf))
  const usual = latencyOf(all.filter((request) => request.timed).map(platformMs)).p50Ms ?? 0
  const eventLoopDelayMs = mean(tail.map((request) => stalledMs(platformMs(request), usual, facts.eventLoop)))
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
function runQueueOf(request: FlownRequest): Ms {
  const { phases } = request
  const waited = request.invocations.reduce((sum, invocation) => sum + invocation.runQueueMs, 0)
  if (phases === undefined) return 0
  return Math.min(waited, phases.init + phases.start + phases.handler + phases.downstream)
}

/** Time in which our own process could have been what a request waited for. */
function platformMs({ phases, sample }: FlownRequest): Ms {
  if (phases === undefined) return Math.max(0, sample.latencyMs - sample.lateMs)
  return phases.client + phases.gateway + phases.overhead
}

/** Two digits, downwards: an estimate must not look better than it is. */
function roundedDown(rate: number): number {
  const unit = 10 ** (Math.floor(Math.log10(Math.max(rate, 0.1))) - 1)
  return Number((Math.floor(rate / unit) * unit).toPrecision(2))
}
