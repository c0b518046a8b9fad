/** Execution environments as lanes, and functions as rows: what the spans of the flight tell of them. */
import { present } from '#base/assert.ts'
import { stringAt } from '#base/json.ts'
import type { Span } from '#ports/spans.ts'
import { type Invocation, invocationOf, isPhase } from '#lab/join.ts'
import { latencyOf } from '#lab/latency.ts'
import { mostAtOnce } from '#lab/over-time.ts'
import type { EnvironmentLane, EnvironmentSegment, FunctionReport } from '#lab/report.ts'

/** Lanes in a report; the rest are counted. */
export const LANES_MAX = 120
/** Pieces of the axis that all lanes of a report share: many lanes are drawn coarser, and a report stays small. */
const PIECES_MAX = 9_000

/** Shorter gaps than this part of the axis are not drawn apart. */
export const piecesOfLane = (lanes: number): number =>
  Math.min(2_000, Math.max(80, Math.floor(PIECES_MAX / Math.max(1, lanes))))

export interface Axis {
  readonly startedAt: number
  readonly durationMs: number
}

/** All invocations in the spans, in order of their start; children tell what attributes leave out. */
export function allInvocations(spans: readonly Span[]): Invocation[] {
  const children = new Map<string, Span[]>()
  for (const span of spans) {
    if (span.parentId === undefined || !isPhase(span)) continue
    const known = children.get(span.parentId)
    if (known === undefined) children.set(span.parentId, [span])
    else known.push(span)
  }
  return spans
    .flatMap((span) => invocationOf(span, children.get(span.id)) ?? [])
    .sort((a, b) => a.span.start - b.span.start)
}

/** One row a function, by name. */
export function functionReports(invocations: readonly Invocation[]): FunctionReport[] {
  const byName = Map.groupBy(invocations, (invocation) => invocation.functionName)
  return [...byName]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, all]) => {
      const ran = all.filter((invocation) => invocation.span.outcome !== 'throttle')
      const inits = latencyOf(ran.filter((i) => i.cold).map((i) => i.initMs))
      const billed = ran.flatMap((i) => i.billedMs ?? [])
      const memory = ran.flatMap((i) => i.memoryMb ?? [])
      const used = ran.flatMap((i) => i.maxMemoryMb ?? [])
      return {
        name,
        ...latencyOf(ran.map((i) => i.durationMs)),
        invocations: ran.length,
        errors: ran.filter((i) => i.span.outcome === 'error' || i.span.outcome === 'fault').length,
        throttles: all.length - ran.length,
        cold: ran.filter((i) => i.cold).length,
        initP50Ms: inits.p50Ms,
        initMaxMs: inits.maxMs,
        billedMeanMs: billed.length === 0 ? null : sum(billed) / billed.length,
        memoryMb: memory.at(-1) ?? null,
        maxMemoryMb: used.length === 0 ? null : Math.max(...new Set(used)),
        cpuThrottledMs: sum(ran.map((i) => i.cpuThrottledMs)),
        runQueueMs: sum(ran.map((i) => i.runQueueMs)),
        environments: new Set(ran.flatMap((i) => i.environmentId ?? [])).size,
        concurrencyMax: concurrencyOf(ran),
      }
    })
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

function concurrencyOf(invocations: readonly Invocation[]): number {
  const busy = invocations.map((i): [number, number] => [
    i.span.start + i.waited.queueMs,
    i.span.start + i.span.durationMs,
  ])
  return mostAtOnce(busy, { startedAt: 0, columnMs: 1, count: 1 })[0] ?? 0
}

/** The lanes, by function and then in order of their first appearance. */
export function environmentLanes(
  invocations: readonly Invocation[],
  spans: readonly Span[],
  axis: Axis,
): { lanes: EnvironmentLane[]; leftOut: number } {
  const byEnvironment = new Map<string, Invocation[]>()
  for (const invocation of invocations) {
    if (invocation.environmentId === undefined || invocation.span.outcome === 'throttle') continue
    const known = byEnvironment.get(invocation.environmentId)
    if (known === undefined) byEnvironment.set(invocation.environmentId, [invocation])
    else known.push(invocation)
  }
  const gone = goneAt(spans)
  const resolutionMs = axis.durationMs / piecesOfLane(Math.min(LANES_MAX, byEnvironment.size))
  const lanes = [...byEnvironment].slice(0, LANES_MAX).map(([id, all]) => ({
    id,
    functionName: present(all[0], 'a lane begins with an invocation').functionName,
    segments: segmentsOf(all, gone.get(id), { ...axis, resolutionMs }),
  }))
  // The sort is stable: within a function the order stays.
  lanes.sort((a, b) => (a.functionName < b.functionName ? -1 : a.functionName > b.functionName ? 1 : 0))
  return { lanes, leftOut: byEnvironment.size - lanes.length }
}

/** When an environment was shut down, where a span tells it. */
function goneAt(spans: readonly Span[]): Map<string, number> {
  const gone = new Map<string, number>()
  for (const span of spans) {
    const id = stringAt(span.attributes, 'environmentId')
    if (span.service === 'lambda' && span.operation === 'shutdown' && id !== undefined)
      gone.set(id, span.start)
  }
  return gone
}

function segmentsOf(
  all: readonly Invocation[],
  gone: number | undefined,
  axis: Axis & { readonly resolutionMs: number },
): EnvironmentSegment[] {
  const { resolutionMs } = axis
  const segments: { kind: EnvironmentSegment['kind']; from: number; to: number }[] = []
  const add = (kind: EnvironmentSegment['kind'], from: number, to: number): void => {
    const last = segments.at(-1)
    if (to <= from) return
    if (last?.kind === kind && from - last.to < resolutionMs) last.to = Math.max(last.to, to)
    else if (kind === 'frozen' && to - from < resolutionMs) return
    else segments.push({ kind, from, to })
  }
  for (const invocation of all) {
    const { waited } = invocation
    const ready = invocation.span.start + waited.queueMs + waited.startMs + waited.initMs
    const end = invocation.span.start + invocation.span.durationMs
    // The first invocation tells the environment's whole birth, also when it waited for none or part of it; when it
    // was made ahead, the moment is inferred: right before its first use.
    const first = segments.length === 0
    const { startMs, initMs } = first ? invocation : waited
    const begin = ready - startMs - initMs
    const before = segments.at(-1)
    if (before !== undefined) add('frozen', before.to, begin)
    add('start', begin, begin + startMs)
    add('init', begin + startMs, ready)
    add('invoke', ready, end)
  }
  const finish = axis.startedAt + axis.durationMs
  const last = segments.at(-1)
  if (last !== undefined) {
    add('frozen', last.to, Math.min(gone ?? finish, finish))
    if (gone !== undefined) add('gone', Math.max(gone, last.to), finish)
  }
  const atS = (at: number): number => Number(((at - axis.startedAt) / 1_000).toFixed(4))
  return segments.map(({ kind, from, to }) => ({ kind, fromS: atS(from), toS: atS(to) }))
}
