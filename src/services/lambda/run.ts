/**
 * One invoke inside an environment, and everything that is told about it when it is over: usage, span attributes
 * and phases. The environment decides when it is over; this only counts.
 */
import { type Instant, type Ms, instant } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'
import type { RuntimeReply, SandboxUsage } from '#ports/sandboxes.ts'
import type { Usage } from '#ports/usage.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import { billedMs, usageLines } from '#services/lambda/billing.ts'
import type { Invocation, Outcome } from '#services/lambda/invocation.ts'
import type { Ending, Report } from '#services/lambda/log-lines.ts'

/** How an environment came to be, all in `Clock.elapsed()`. */
export interface Birth {
  /** The process exists from here on. */
  readonly startedAt: Ms
  /** From the launcher's fork until exec. */
  readonly startMs: Ms
  /** The runtime asked for its first invoke. */
  readonly readyAt: Ms
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
  respondedAt: Ms | undefined
  outcome: Outcome | undefined
  answered: boolean
}

export interface Measured {
  readonly environmentId: string
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
    respondedAt: undefined,
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

/** What is shorter than this is the dispatch itself, not a queue. */
const QUEUE_SHOWN_MS: Ms = 0.1

const initMsOf = (run: Run): Ms => (run.birth === undefined ? 0 : run.birth.readyAt - run.birth.startedAt)

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
    billedMs: billedMs(initMs, measured.durationMs),
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
    architecture: of.architecture,
    memoryMb: of.memoryMb,
    ephemeralMb: of.ephemeralMb,
    initMs: initMsOf(run),
    durationMs: measured.durationMs,
    eventBytes: run.invocation.eventBytes,
  })
  for (const line of lines)
    to.usage.record({
      ...line,
      at: to.now,
      account: of.owner.account,
      region: of.owner.region,
      service: 'lambda',
      resource: of.arn,
      traceId: run.invocation.span.traceId,
    })
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
  phase('overhead', answeredAt, measured.endedAt - answeredAt)
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
  }
  for (const [name, value] of Object.entries(facts)) span.set(name, value)
}
