/** The flight column by column: arrivals, answers, latency and concurrency on one time axis. */
import { assert } from '#base/assert.ts'
import { nearestRank } from '#engines/quantiles/quantiles.ts'
import { backlogTime, type FlownRequest, type Invocation, isTaken } from '#lab/join.ts'
import type { SecondReport } from '#lab/report.ts'

/** Columns of the axis; a longer flight gets wider columns of whole seconds. */
const COLUMNS_MAX = 900

interface Column {
  arrivals: number
  answers: number
  errors: number
  throttles: number
  cold: number
  completions: number
  latencies: number[]
}

export interface OverTime {
  readonly secondsPerColumn: number
  readonly seconds: readonly SecondReport[]
}

/** `startedAt` in ms of the epoch; `durationMs` until the last answer or the end of the last event. */
export interface Axis {
  readonly startedAt: number
  readonly durationMs: number
  /** Whether work goes on after answers: then there is a backlog. */
  readonly hasEvents: boolean
}

/** `invocations` are all of the flight, also those that no request waited for. */
export function overTime(
  requests: readonly FlownRequest[],
  invocations: readonly Invocation[],
  { startedAt, durationMs, hasEvents }: Axis,
): OverTime {
  const wholeS = Math.max(1, Math.ceil(durationMs / 1_000))
  const secondsPerColumn = Math.ceil(wholeS / COLUMNS_MAX)
  const count = Math.ceil(wholeS / secondsPerColumn)
  const columnMs = secondsPerColumn * 1_000
  const columns = Array.from({ length: count }, (): Column => ({
    arrivals: 0,
    answers: 0,
    errors: 0,
    throttles: 0,
    cold: 0,
    completions: 0,
    latencies: [],
  }))
  const columnAt = (at: number): Column => {
    const column = columns[Math.min(count - 1, Math.max(0, Math.floor((at - startedAt) / columnMs)))]
    assert(column !== undefined, 'a flight has at least one column')
    return column
  }
  for (const request of requests) {
    const { sample } = request
    const due = columnAt(sample.dueAt)
    due.arrivals++
    if (request.error !== undefined) due.errors++
    if (request.throttled) due.throttles++
    if (request.cold) due.cold++
    if (request.timed) due.latencies.push(sample.latencyMs)
    if (sample.outcome === 'answered') columnAt(sample.dueAt + sample.latencyMs).answers++
    const endedAt = isTaken(request) ? request.story?.endedAt : undefined
    if (endedAt !== undefined) columnAt(endedAt).completions++
  }
  const waitedFor = new Set(requests.flatMap((request) => request.invocations.map(({ span }) => span)))
  for (const { cold, span } of invocations)
    if (cold && hasEvents && !waitedFor.has(span)) columnAt(span.start).cold++
  const axis = { startedAt, columnMs, count }
  const inFlight = mostAtOnce(requests.flatMap(flightTime), axis)
  const concurrency = mostAtOnce(invocations.map(invocationTime), axis)
  const backlog = hasEvents ? mostAtOnce(requests.flatMap(backlogTime), axis) : []
  const seconds = columns.map((column, i) => ({
    atS: i * secondsPerColumn,
    arrivals: column.arrivals,
    answers: column.answers,
    errors: column.errors,
    throttles: column.throttles,
    cold: column.cold,
    ...columnLatency(column.latencies),
    inFlightMax: inFlight[i] ?? 0,
    concurrencyMax: concurrency[i] ?? 0,
    ...(hasEvents ? { backlogMax: backlog[i] ?? 0, completions: column.completions } : {}),
  }))
  return { secondsPerColumn, seconds }
}

function columnLatency(latencies: number[]): { p50Ms: number | null; p99Ms: number | null } {
  const sorted = latencies.sort((a, b) => a - b)
  return { p50Ms: nearestRank(sorted, 50) ?? null, p99Ms: nearestRank(sorted, 99) ?? null }
}

type Interval = readonly [from: number, until: number]

function flightTime({ sample, timed }: FlownRequest): Interval[] {
  return timed ? [[sample.dueAt + sample.lateMs, sample.dueAt + sample.latencyMs]] : []
}

/** While an environment was busy or being made for it; waiting for one is not concurrency. */
function invocationTime({ span, waited }: Invocation): Interval {
  return [span.start + waited.queueMs, span.start + span.durationMs]
}

/** The most intervals open at one moment, in each column. */
export function mostAtOnce(
  intervals: readonly Interval[],
  axis: { readonly startedAt: number; readonly columnMs: number; readonly count: number },
): number[] {
  const events = intervals
    .flatMap(([from, until]): [number, number][] => [
      [from, 1],
      [Math.max(from, until), -1],
    ])
    .sort((a, b) => a[0] - b[0] || b[1] - a[1])
  const most = Array.from({ length: axis.count }, () => 0)
  let open = 0
  let next = 0
  for (let column = 0; column < axis.count; column++) {
    const end = axis.startedAt + (column + 1) * axis.columnMs
    let peak = open
    for (let event = events[next]; event !== undefined; event = events[++next]) {
      if (event[0] >= end && column < axis.count - 1) break
      open += event[1]
      if (open > peak) peak = open
    }
    most[column] = peak
  }
  return most
}
