/**
 * One invoke inside an environment, and everything that is told about it when it is over: usage, span attributes
 * and phases. The environment decides when it is over; this only counts.
 */
import { type Instant, type Ms, instant } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'
import type { RuntimeReply, SandboxUsage } from '#ports/sandboxes.ts'
import type { Usage, UsageRecord } from '#ports/usage.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import { type Billable, billedMs, initLine, usageLines } from '#services/lambda/billing.ts'
import type { Invocation, Outcome } from '#services/lambda/invocation.ts'
import type {
  Ending,
  InitializationType,
  Report,
  RuntimeSpan,
  SystemLine,
} from '#services/lambda/log-lines.ts'
import type { ResponseStream } from '#services/lambda/streaming/response-stream.ts'

/** How an environment came to be, all in `Clock.elapsed()`. */
export interface Birth {
  /** The process exists from here on. */
  readonly startedAt: Ms
  /** From the launcher's fork until exec. */
  readonly startMs: Ms
  /** The runtime asked for its first invoke. */
  readonly readyAt: Ms
  /** It was started beforehand: its init was billed then. */
  readonly ahead: boolean
}

export interface Run {
  readonly invocation: Invocation
  readonly dispatchedAt: Ms
  /** The environment's birth, when this is its first invoke and init ran before it: its init is billed here. */
  readonly birth: Birth | undefined
  /** Init runs inside this invoke. */
  readonly suppressed: boolean
  /** The log events between START and REPORT, when the caller wants the tail. */
  readonly tail: string[] | undefined
  /** False while init runs inside this invoke. */
  handed: boolean
  /** The response began, when it came in streaming mode. */
  openedAt: Ms | undefined
  /** What goes to a caller that streams. */
  stream: ResponseStream | undefined
  /** Bytes of it. */
  streamedBytes: number
  respondedAt: Ms | undefined
  /** The runtime is done, and extensions may not be. */
  doneAt: Ms | undefined
  outcome: Outcome | undefined
  answered: boolean
}

export interface Measured {
  readonly environmentId: string
  readonly initializationType: InitializationType
  readonly endedAt: Ms
  readonly durationMs: Ms
  readonly before: SandboxUsage
  readonly after: SandboxUsage
  readonly ending: Ending | undefined
}

export function newRun(
  invocation: Invocation,
  dispatchedAt: Ms,
  of: { readonly birth: Birth | undefined; readonly suppressed: boolean },
): Run {
  return {
    invocation,
    dispatchedAt,
    birth: of.birth,
    suppressed: of.suppressed,
    tail: invocation.tail ? [] : undefined,
    handed: false,
    openedAt: undefined,
    stream: undefined,
    streamedBytes: 0,
    respondedAt: undefined,
    doneAt: undefined,
    outcome: undefined,
    answered: false,
  }
}

/** What the runtime gets for its `next`. Source: Lambda developer guide, Runtime API, Next invocation. */
export function eventOf(run: Run, timeoutMs: Ms, clock: Clock): RuntimeReply {
  const { invocation } = run
  const deadline = clock.wall() - clock.elapsed() + run.dispatchedAt + timeoutMs
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': invocation.requestId,
      'Lambda-Runtime-Deadline-Ms': `${Math.floor(deadline)}`,
      'Lambda-Runtime-Invoked-Function-Arn': invocation.invokedArn,
      'Lambda-Runtime-Trace-Id': invocation.trace,
      ...(invocation.clientContext === undefined
        ? {}
        : { 'Lambda-Runtime-Client-Context': invocation.clientContext }),
    },
    body: invocation.payload,
  }
}

/** Tells bill and trace what the invoke came to, and gives the figures for its REPORT. */
export function conclude(
  run: Run,
  of: ActiveFunction,
  to: { readonly clock: Clock; readonly usage: Usage },
  measured: Measured,
): Report {
  const report = reportOf(run, of, measured)
  recordSpans(run, report, measured, to.clock)
  recordUsage(run, of, measured, { usage: to.usage, now: to.clock.now() })
  return report
}

/** What the runtime made of the invoke, as its log line tells; all of it until now. */
export const runtimeDone = (
  run: Run,
  { durationMs, ending }: Pick<Report, 'durationMs' | 'ending'>,
  clock: Clock,
): SystemLine => ({
  kind: 'runtime-done',
  requestId: run.invocation.requestId,
  durationMs,
  producedBytes: Math.max(run.streamedBytes, run.outcome?.payload.length ?? 0),
  ending,
  spans: spansOf(run, clock),
})

/** Until the response began, while it came, and from then until the runtime asked for more. */
function spansOf({ dispatchedAt, openedAt, respondedAt }: Run, clock: Clock): RuntimeSpan[] {
  if (respondedAt === undefined) return []
  const offset = clock.wall() - clock.elapsed()
  const between = (name: RuntimeSpan['name'], from: Ms, to: Ms): RuntimeSpan => ({
    name,
    start: instant(offset + from),
    durationMs: Math.max(0, to - from),
  })
  const began = openedAt ?? respondedAt
  return [
    between('responseLatency', dispatchedAt, began),
    between('responseDuration', began, respondedAt),
    between('runtimeOverhead', respondedAt, clock.elapsed()),
  ]
}

/** What is shorter than this is the dispatch itself, not a queue. */
const QUEUE_SHOWN_MS: Ms = 0.1

const initMsOf = (run: Run): Ms => (run.birth === undefined ? 0 : run.birth.readyAt - run.birth.startedAt)

/** What of the init is billed with this invoke. */
const billedInitMs = (run: Run): Ms => (run.birth?.ahead === true ? 0 : initMsOf(run))

const clip = (from: Ms, to: Ms, run: Run): Ms =>
  Math.max(0, Math.min(to, run.dispatchedAt) - Math.max(from, run.invocation.arrivedAt))

const rounded = (ms: Ms): number => Math.round(ms * 1_000) / 1_000

/** The figures of REPORT. */
function reportOf(run: Run, of: ActiveFunction, measured: Measured): Report {
  const peakMb = Math.max(1, Math.ceil(measured.after.peakMemoryBytes / 1_048_576))
  const outOfMemory = measured.ending?.kind === 'error' && measured.ending.errorType === 'Runtime.OutOfMemory'
  const initMs = initMsOf(run)
  return {
    requestId: run.invocation.requestId,
    durationMs: measured.durationMs,
    billedMs: billedMs(billedInitMs(run), measured.durationMs),
    memoryMb: of.memoryMb,
    maxMemoryMb: outOfMemory ? of.memoryMb : peakMb,
    initMs: run.birth === undefined ? undefined : initMs,
    trace: of.traced
      ? { traceId: run.invocation.span.traceId, segmentId: run.invocation.span.id }
      : undefined,
    ending: measured.ending,
  }
}

/** Records what AWS would bill. */
function recordUsage(
  run: Run,
  of: ActiveFunction,
  measured: Measured,
  to: { usage: Usage; now: Instant },
): void {
  const lines = usageLines({
    ...billedAs(of, measured.initializationType),
    initMs: billedInitMs(run),
    durationMs: measured.durationMs,
    eventBytes: run.invocation.eventBytes,
    streamedBytes: run.stream === undefined ? 0 : run.streamedBytes,
  })
  for (const line of lines)
    to.usage.record({ ...line, ...billedTo(of), at: to.now, traceId: run.invocation.span.traceId })
}

const billedAs = (
  { architecture, memoryMb, ephemeralMb }: ActiveFunction,
  type: InitializationType,
): Pick<Billable, 'architecture' | 'memoryMb' | 'ephemeralMb' | 'provisioned'> => ({
  architecture,
  memoryMb,
  ephemeralMb,
  provisioned: type === 'provisioned-concurrency',
})

/** Whose bill it is on. */
export const billedTo = ({
  owner,
  arn,
}: ActiveFunction): Pick<UsageRecord, 'account' | 'region' | 'service' | 'resource'> => ({
  account: owner.account,
  region: owner.region,
  service: 'lambda',
  resource: arn,
})

/** An init that no invoke waited for is billed when it is over. Source: Lambda developer guide, Provisioned concurrency. */
export function recordInit(
  of: ActiveFunction,
  initMs: Ms,
  to: { readonly clock: Clock; readonly usage: Usage },
): void {
  const line = initLine({ ...billedAs(of, 'provisioned-concurrency'), initMs })
  to.usage.record({ ...line, ...billedTo(of), at: to.clock.now() })
}

/**
 * Phases below the Invoke span, and the facts on it that reports read. `cold` means that this caller waited for a
 * start or an init, so an environment that was made ahead and is used for the first time is not cold.
 */
function recordSpans(run: Run, report: Report, measured: Measured, clock: Clock): void {
  const { span, arrivedAt } = run.invocation
  const offset = clock.wall() - clock.elapsed()
  const phase = (name: string, from: Ms, durationMs: Ms): void => {
    if (durationMs > 0) span.child('lambda', name, { start: instant(offset + from), durationMs })
  }
  const birth = run.birth
  const startFrom = birth === undefined ? 0 : birth.startedAt - birth.startMs
  const start = birth === undefined ? 0 : clip(startFrom, birth.startedAt, run)
  const init = birth === undefined ? 0 : clip(birth.startedAt, birth.readyAt, run)
  const waited = run.dispatchedAt - arrivedAt
  const queue = Math.max(0, waited - start - init)
  if (queue >= QUEUE_SHOWN_MS) phase('queue', arrivedAt, queue)
  if (birth !== undefined) {
    phase('start', Math.max(startFrom, arrivedAt), start)
    phase('init', Math.max(birth.startedAt, arrivedAt), init)
  }
  const answeredAt = run.respondedAt ?? measured.endedAt
  phase('invoke', run.dispatchedAt, answeredAt - run.dispatchedAt)
  const doneAt = Math.max(answeredAt, run.doneAt ?? measured.endedAt)
  phase('overhead', answeredAt, doneAt - answeredAt)
  phase('extensions', doneAt, measured.endedAt - doneAt)
  const facts = {
    cold: run.suppressed || start + init > 0,
    queueMs: rounded(queue),
    startMs: rounded(birth?.startMs ?? 0),
    initMs: rounded(report.initMs ?? 0),
    durationMs: rounded(report.durationMs),
    billedMs: report.billedMs,
    memoryMb: report.memoryMb,
    maxMemoryMb: report.maxMemoryMb,
    cpuThrottledMs: rounded(Math.max(0, measured.after.throttledMs - measured.before.throttledMs)),
    runQueueMs: rounded(Math.max(0, measured.after.runQueueMs - measured.before.runQueueMs)),
    environmentId: measured.environmentId,
    initializationType: measured.initializationType,
    ...(run.doneAt === undefined
      ? {}
      : { postRuntimeExtensionsMs: rounded(Math.max(0, measured.endedAt - run.doneAt)) }),
    ...(run.openedAt === undefined
      ? {}
      : { firstByteMs: rounded(run.openedAt - run.dispatchedAt), streamedBytes: run.streamedBytes }),
  }
  for (const [name, value] of Object.entries(facts)) span.set(name, value)
}
