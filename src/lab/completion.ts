/**
 * Time to completion: from when an event was due until its last receiver was done with it, with what became of those
 * that were not finished. Counted from the schedule, so a call that stood still is felt by every event due meanwhile.
 */
import type { Instant, Ms } from '#base/time.ts'
import { quantised, rankOf } from '#engines/quantiles/quantiles.ts'
import { batchSizeOf } from '#lab/event-story.ts'
import {
  backlogTime,
  completionMs,
  type FlownRequest,
  type Invocation,
  invocationOf,
  isTaken,
  phasesOfEvent,
} from '#lab/join.ts'
import {
  distributionOf,
  latencyOf,
  P95_MIN,
  P99_MIN,
  P999_MIN,
  type SelfFacts,
  selfOf,
  slowestHundredth,
  tailOf,
  type Timed,
} from '#lab/latency.ts'
import { mostAtOnce } from '#lab/over-time.ts'
import type { CompletionReport, LatencyReport } from '#lab/report.ts'
import type { SpanIndex } from '#lab/span-index.ts'

export interface CompletionFacts extends SelfFacts {
  readonly index: SpanIndex
  /** When the platform was read last: events without an end had waited until then. */
  readonly observedUntil: Instant
}

/** Undefined when all work of these requests is done when their answers come. */
export function completionOf(
  requests: readonly FlownRequest[],
  isEvent: boolean,
  facts: CompletionFacts,
): CompletionReport | undefined {
  const events = requests.filter(isTaken)
  if (!isEvent && !events.some(({ story }) => story?.handedOver === true)) return undefined
  const having = (fate: string): FlownRequest[] => events.filter(({ story }) => story?.fate === fate)
  const unfinished = having('unfinished')
  const waited = unfinished.map(({ sample }) => facts.observedUntil - sample.dueAt)
  const timed = having('finished').map((request) => timedOf(request, facts.index))
  const tail = slowestHundredth(timed)
  const only = (cold: boolean): number[] => timed.filter((each) => each.cold === cold).map(({ ms }) => ms)
  const latency = censored(
    timed.map(({ ms }) => ms),
    unfinished.length,
  )
  return {
    ...latency,
    events: events.length,
    finished: timed.length,
    unfinished: unfinished.length,
    unfinishedFromMs: waited.length === 0 ? null : Math.max(0, least(waited)),
    deadLettered: having('dead-lettered').length,
    dropped: having('dropped').length,
    filtered: having('filtered').length,
    cold: timed.filter(({ cold }) => cold).length,
    warmLatency: latencyOf(only(false)),
    coldLatency: latencyOf(only(true)),
    tail: tailOf(tail, timed.length),
    self: selfOf(tail, timed, facts),
    distribution: distributionOf(timed),
    completionsMs: quantised(timed.map(({ ms }) => ms)),
    backlogMax: mostAtOnce(events.flatMap(backlogTime), { startedAt: 0, columnMs: 1, count: 1 })[0] ?? 0,
    ...batches(events, facts.index),
  }
}

const least = (values: readonly number[]): number =>
  values.reduce((so, value) => Math.min(so, value), Number.POSITIVE_INFINITY)

/** Percentiles where some are known only to be longer than everything that was measured. */
function censored(finishedMs: readonly Ms[], unfinished: number): LatencyReport {
  const known = latencyOf(finishedMs)
  if (unfinished === 0) return known
  const sorted = [...finishedMs].sort((a, b) => a - b)
  const n = sorted.length + unfinished
  const at = (from: number, percent: number): number | null =>
    n < from ? null : (sorted[rankOf(percent, n) - 1] ?? null)
  return {
    n,
    p50Ms: at(1, 50),
    p90Ms: at(10, 90),
    p95Ms: at(P95_MIN, 95),
    p99Ms: at(P99_MIN, 99),
    p999Ms: at(P999_MIN, 99.9),
    maxMs: null,
    meanMs: null,
  }
}

function timedOf(request: FlownRequest, index: SpanIndex): Timed {
  const ms = completionMs(request) ?? 0
  const { story, sample } = request
  const last = story?.last === undefined ? undefined : invocationFrom(story.last, index)
  return {
    ms,
    cold: last?.cold ?? false,
    isError: false,
    traceId: sample.traceId,
    phases:
      last === undefined ? undefined : phasesOfEvent(request, last, index.ofTrace(last.span.traceId), ms),
    lateMs: sample.lateMs,
    runQueueMs: last?.runQueueMs ?? 0,
  }
}

const invocationFrom = (span: Invocation['span'], index: SpanIndex): Invocation | undefined =>
  invocationOf(span, [...index.after(span)])

type Batches = Pick<CompletionReport, 'invocationsPerEvent' | 'batchSizeMean' | 'batchSizeMax'>

function batches(events: readonly FlownRequest[], index: SpanIndex): Batches {
  const sizes = new Map<Invocation['span'], number>()
  let parts = 0
  for (const { story } of events) {
    for (const attempt of story?.attempts ?? []) {
      if (attempt.outcome === 'throttle') continue
      const size = sizes.get(attempt) ?? batchSizeOf(attempt, index)
      sizes.set(attempt, size)
      parts += 1 / size
    }
  }
  if (sizes.size === 0) return { invocationsPerEvent: null, batchSizeMean: null, batchSizeMax: null }
  const all = [...sizes.values()]
  return {
    invocationsPerEvent: parts / events.length,
    batchSizeMean: all.reduce((sum, size) => sum + size, 0) / all.length,
    batchSizeMax: all.reduce((most, size) => Math.max(most, size), 0),
  }
}
