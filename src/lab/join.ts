/**
 * Joins what the generator saw with what the platform did, by trace id: for each request whether it was cold,
 * throttled or failed, and what its time went into. No statistics here.
 */
import { numberAt, stringAt, valueAt } from '#base/json.ts'
import type { Instant, Ms } from '#base/time.ts'
import type { LoadSample } from '#ports/load.ts'
import type { Span } from '#ports/spans.ts'
import type { EventStory } from '#lab/event-story.ts'
import type { PhaseName } from '#lab/report.ts'

export type PhaseTimes = Readonly<Record<PhaseName, Ms>>
export type ErrorKind =
  | 'timeout'
  | 'refused'
  | 'not sent'
  | 'throttled'
  | 'function error'
  | 'entry refused'
  | `status ${number}`

/** One invocation as its span tells it. */
export interface Invocation {
  readonly span: Span
  readonly functionName: string
  readonly cold: boolean
  readonly queueMs: Ms
  readonly startMs: Ms
  readonly initMs: Ms
  readonly durationMs: Ms
  /** How much of start and init this caller waited for: an environment may have been made ahead, or for another. */
  readonly waited: { readonly queueMs: Ms; readonly startMs: Ms; readonly initMs: Ms }
  readonly billedMs: Ms | undefined
  readonly memoryMb: number | undefined
  readonly maxMemoryMb: number | undefined
  readonly cpuThrottledMs: Ms
  readonly runQueueMs: Ms
  readonly environmentId: string | undefined
}

/** A request of the load, with what its trace tells. */
export interface FlownRequest {
  readonly sample: LoadSample
  readonly error: ErrorKind | undefined
  readonly throttled: boolean
  readonly cold: boolean
  /** False for what never got an answer to time: refused, not sent. */
  readonly timed: boolean
  /** Those that its sender waited for. */
  readonly invocations: readonly Invocation[]
  readonly spans: readonly Span[]
  /** Undefined when its spans were not found. */
  readonly phases: PhaseTimes | undefined
  /** What became of its event; undefined where nobody asked. */
  readonly story: EventStory | undefined
}

/** Spans by their trace. */
export function byTrace(spans: readonly Span[]): Map<string, Span[]> {
  const traces = new Map<string, Span[]>()
  for (const span of spans) {
    const known = traces.get(span.traceId)
    if (known === undefined) traces.set(span.traceId, [span])
    else known.push(span)
  }
  return traces
}

/** The invocation a span tells of; undefined for every other span. */
export function invocationOf(span: Span, children: readonly Span[] = []): Invocation | undefined {
  if (span.service !== 'lambda' || span.operation !== 'Invoke') return undefined
  const functionName = stringAt(span.attributes, 'functionName')
  if (functionName === undefined) return undefined
  const told = (attribute: string, phase: string): Ms =>
    numberAt(span.attributes, attribute) ?? phaseSum(children, phase)
  const seen = children.some(isPhase)
  const waited = (attribute: string, phase: string): Ms =>
    seen ? phaseSum(children, phase) : (numberAt(span.attributes, attribute) ?? 0)
  return {
    span,
    functionName,
    cold: valueAt(span.attributes, 'cold') === true,
    queueMs: told('queueMs', 'queue'),
    startMs: told('startMs', 'start'),
    initMs: told('initMs', 'init'),
    durationMs: told('durationMs', 'invoke'),
    waited: {
      queueMs: waited('queueMs', 'queue'),
      startMs: waited('startMs', 'start'),
      initMs: waited('initMs', 'init'),
    },
    billedMs: numberAt(span.attributes, 'billedMs'),
    memoryMb: numberAt(span.attributes, 'memoryMb'),
    maxMemoryMb: numberAt(span.attributes, 'maxMemoryMb'),
    cpuThrottledMs: numberAt(span.attributes, 'cpuThrottledMs') ?? 0,
    runQueueMs: numberAt(span.attributes, 'runQueueMs') ?? 0,
    environmentId: stringAt(span.attributes, 'environmentId'),
  }
}

const PHASES_OF_INVOKE: ReadonlySet<string> = new Set(['queue', 'start', 'init', 'invoke', 'overhead'])

export const isPhase = (span: Span): boolean =>
  span.service === 'lambda' && PHASES_OF_INVOKE.has(span.operation)

function phaseSum(children: readonly Span[], operation: string): Ms {
  let sum = 0
  for (const child of children) if (isPhase(child) && child.operation === operation) sum += child.durationMs
  return sum
}

/** Whether the caller may: its time is no function's that the request was for. */
const isAuthorizer = ({ service, operation }: Span): boolean =>
  service === 'apigateway' && operation === 'authorizer'

/** All invocations in a trace but those of authorizers, in order of their start; the first is the one the request waited for. */
export function invocationsOf(spans: readonly Span[]): Invocation[] {
  const found: Invocation[] = []
  const authorizers = new Set(spans.filter(isAuthorizer).map(({ id }) => id))
  for (const span of spans) {
    if (span.parentId !== undefined && authorizers.has(span.parentId)) continue
    const children = spans.filter((child) => child.parentId === span.id)
    const invocation = invocationOf(span, children)
    if (invocation !== undefined) found.push(invocation)
  }
  return found.sort((a, b) => a.span.start - b.span.start)
}

/**
 * Joins one sample. `expect` are statuses that are no error; empty means everything below 400. What worked on its
 * event is no part of the time that the sender waited.
 */
export function joinRequest(
  sample: LoadSample,
  spans: readonly Span[] | undefined,
  expect: readonly number[],
  story?: EventStory,
): FlownRequest {
  const found = spans ?? []
  const all = invocationsOf(found)
  const invocations =
    story === undefined || story.attempts.length === 0
      ? all
      : all.filter(({ span }) => !story.attempts.includes(span))
  const throttled =
    sample.status === 429 ||
    (sample.status >= 500 && found.some((span) => span.service === 'lambda' && span.outcome === 'throttle'))
  return {
    sample,
    error: errorOf(sample, { throttled, expect, invoked: invocations[0], spans: found }),
    throttled,
    cold: invocations.some((invocation) => invocation.cold),
    timed: sample.outcome === 'answered' || sample.outcome === 'timeout',
    invocations,
    spans: found,
    phases:
      found.length === 0 || sample.outcome !== 'answered'
        ? undefined
        : phasesOf(sample, found, invocations[0]),
    story,
  }
}

interface Judging {
  readonly throttled: boolean
  readonly expect: readonly number[]
  readonly invoked: Invocation | undefined
  readonly spans: readonly Span[]
}

function errorOf(sample: LoadSample, { throttled, expect, invoked, spans }: Judging): ErrorKind | undefined {
  switch (sample.outcome) {
    case 'timeout':
      return 'timeout'
    case 'refused':
      return 'refused'
    case 'not-sent':
      return 'not sent'
    case 'answered': {
      if (expect.length > 0 && expect.includes(sample.status)) return undefined
      if (throttled) return 'throttled'
      if (expect.length > 0 || sample.status >= 400) return `status ${sample.status}`
      // A bus answers 200 to entries that it does not take.
      if (spans.some((span) => (numberAt(span.attributes, 'failedEntries') ?? 0) > 0)) return 'entry refused'
      const outcome = invoked?.span.outcome
      return outcome === 'error' || outcome === 'fault' ? 'function error' : undefined
    }
    default:
      return sample.outcome satisfies never
  }
}

/** Where the time of an answered request went; the parts add up to its latency. */
function phasesOf(sample: LoadSample, spans: readonly Span[], first: Invocation | undefined): PhaseTimes {
  const server = serverSpan(spans)
  const served = Math.min(server?.durationMs ?? 0, Math.max(0, sample.latencyMs - sample.lateMs))
  const invoked = Math.min(first?.span.durationMs ?? 0, served)
  const load = Math.min(sample.lateMs, sample.latencyMs)
  const asked = spans.filter(isAuthorizer).reduce((sum, span) => sum + span.durationMs, 0)
  const authorizer = Math.min(asked, served - invoked)
  const rest = {
    load,
    client: sample.latencyMs - load - served,
    gateway: served - invoked - authorizer,
    authorizer,
    'event-queue': 0,
  }
  if (first === undefined) {
    return {
      ...rest,
      queue: 0,
      start: 0,
      init: 0,
      handler: 0,
      downstream: 0,
      'cpu-throttled': 0,
      overhead: 0,
    }
  }
  return { ...rest, ...phasesOfInvoke(spans, first, invoked) }
}

type InvokePhases = Omit<PhaseTimes, 'load' | 'client' | 'gateway' | 'authorizer' | 'event-queue'>

/** What the time of an invocation went into; the parts add up to `invokedMs`. */
function phasesOfInvoke(spans: readonly Span[], first: Invocation, invokedMs: Ms): InvokePhases {
  let left = invokedMs
  const take = (ms: Ms): Ms => {
    const taken = Math.max(0, Math.min(ms, left))
    left -= taken
    return taken
  }
  const handlerAll = take(first.durationMs)
  const init = take(first.waited.initMs)
  const start = take(first.waited.startMs)
  const queue = take(first.waited.queueMs)
  const downstream = Math.min(handlerAll, downstreamMs(spans, first, handlerAll))
  const throttled = Math.min(handlerAll - downstream, first.cpuThrottledMs)
  const handler = handlerAll - downstream - throttled
  return { queue, start, init, handler, downstream, 'cpu-throttled': throttled, overhead: left }
}

/**
 * Where the time of an event went until its last invocation ended; the parts add up to `completionMs`. `spans` are
 * those of the invocation's trace.
 */
export function phasesOfEvent(
  { sample, phases }: FlownRequest,
  last: Invocation,
  spans: readonly Span[],
  completionMs: Ms,
): PhaseTimes {
  const invoked = Math.min(last.span.durationMs, completionMs)
  const load = Math.min(sample.lateMs, completionMs - invoked)
  let left = completionMs - invoked - load
  const take = (ms: Ms): Ms => {
    const taken = Math.max(0, Math.min(ms, left))
    left -= taken
    return taken
  }
  const client = take(phases?.client ?? 0)
  const gateway = take(phases?.gateway ?? 0)
  const authorizer = take(phases?.authorizer ?? 0)
  return { load, client, gateway, authorizer, 'event-queue': left, ...phasesOfInvoke(spans, last, invoked) }
}

/** The platform's outermost span of the request: the gateway's, or that of the API call itself. */
function serverSpan(spans: readonly Span[]): Span | undefined {
  const ids = new Set(spans.map((span) => span.id))
  let outermost: Span | undefined
  for (const span of spans) {
    if (span.parentId !== undefined && ids.has(span.parentId)) continue
    if (outermost === undefined || span.start < outermost.start) outermost = span
  }
  return outermost
}

/** How long the handler had at least one call to the platform open. */
function downstreamMs(spans: readonly Span[], invocation: Invocation, handlerMs: Ms): Ms {
  const invoke = spans.find(
    (span) => isPhase(span) && span.operation === 'invoke' && span.parentId === invocation.span.id,
  )
  const end = invocation.span.start + invocation.span.durationMs
  const from = invoke?.start ?? end - handlerMs
  const until = from + handlerMs
  const open: [from: Instant | number, until: number][] = []
  for (const span of spans) {
    if (isPhase(span) || span.service === 'function' || span.id === invocation.span.id) continue
    if (span.start < from || span.start >= until) continue
    open.push([span.start, Math.min(until, span.start + span.durationMs)])
  }
  return unionMs(open)
}

/** Length of the union of intervals. */
export function unionMs(intervals: readonly (readonly [from: number, until: number])[]): Ms {
  let covered = 0
  let reached = Number.NEGATIVE_INFINITY
  for (const [from, until] of [...intervals].sort((a, b) => a[0] - b[0])) {
    if (until <= reached) continue
    covered += until - Math.max(from, reached)
    reached = until
  }
  return covered
}

/** True for what was taken: refused and unsent requests made no event. */
export const isTaken = ({ error, story, sample }: FlownRequest): boolean =>
  story !== undefined && (story.handedOver || (sample.outcome === 'answered' && error === undefined))

/** From when it was due; undefined while unfinished. Clocks of two processes: never negative. */
function endedMs({ story, sample }: FlownRequest): Ms | undefined {
  return story?.endedAt === undefined ? undefined : Math.max(0, story.endedAt - sample.dueAt)
}

export const completionMs = (request: FlownRequest): Ms | undefined =>
  request.story?.fate === 'finished' ? endedMs(request) : undefined

/** While an event was sent and not done with; one without an end stays. */
export function backlogTime(request: FlownRequest): (readonly [from: number, until: number])[] {
  if (!isTaken(request)) return []
  const { sample, story } = request
  const from = sample.dueAt + sample.lateMs
  return [[from, Math.max(from, story?.endedAt ?? Number.POSITIVE_INFINITY)]]
}
