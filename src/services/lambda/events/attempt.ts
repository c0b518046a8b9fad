/**
 * One attempt of an event: what its function's configuration says of it, then a run like any other invoke's, on a span
 * of its own in the trace of whoever sent the event. What follows from it is `queue.ts`.
 */
import type { Bytes } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, accountId, regionOf } from '#base/ids.ts'
import { seconds } from '#base/time.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { LastAnswer } from '#services/lambda/events/invocation-record.ts'
import type { AttemptOutcome, EventRules, QueuedEvent } from '#services/lambda/events/queue.ts'
import type { EventHead } from '#services/lambda/events/rows.ts'
import type { InvokeResult } from '#services/lambda/invocation.ts'
import { execute, runnable } from '#services/lambda/invoking.ts'
import { EVENT_AGE_MS, EVENT_RETRY_MS } from '#services/lambda/limits.ts'
import { LATEST, type Owner, functionArn } from '#services/lambda/names.ts'
import { findVersion, versionNamed } from '#services/lambda/qualifiers.ts'
import { type FunctionRecord, eventInvokeOf } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

export interface Attempt {
  readonly event: QueuedEvent
  readonly head: EventHead
  readonly payload: Bytes
  /** Undefined when the function is gone. */
  readonly record: FunctionRecord | undefined
  /** Of the version that the event is for. */
  readonly deadLetterArn: string | undefined
  readonly span: SpanScope
}

export interface Tried {
  readonly outcome: AttemptOutcome
  /** When it came to a run, or to a refusal of one. */
  readonly result?: InvokeResult | undefined
}

export const answerOf = ({ result }: Tried): LastAnswer | undefined =>
  result?.kind === 'answered' ? result : undefined

export const ownerOf = (head: EventHead): Owner => ({
  account: accountId(head.account) ?? DEFAULT_ACCOUNT,
  region: regionOf(head.region) ?? DEFAULT_REGION,
})

export const DEFAULT_RULES: EventRules = { retriesMax: EVENT_RETRY_MS.length, ageMaxMs: EVENT_AGE_MS }

export function rulesOf(record: FunctionRecord | undefined, head: EventHead): EventRules {
  const config = record === undefined ? undefined : eventInvokeOf(record, head.qualifier)
  return {
    retriesMax: config?.retriesMax ?? DEFAULT_RULES.retriesMax,
    ageMaxMs: config?.ageSecondsMax === undefined ? DEFAULT_RULES.ageMaxMs : seconds(config.ageSecondsMax),
  }
}

/** Opens the attempt's span; the first attempt shows how long the event was in the queue. */
export async function beginAttempt(
  state: LambdaState,
  event: QueuedEvent,
  { head, payload }: Pick<Attempt, 'head' | 'payload'>,
): Promise<Attempt> {
  const owner = ownerOf(head)
  const live = await state.find(owner, head.name)
  const { tracer, clock } = state.ports
  const resource = functionArn(owner, head.name)
  const span = tracer.begin({ ...owner, service: 'lambda', operation: 'Invoke', resource }, head.trace)
  span.set('functionName', head.name)
  span.set('invocationType', 'Event')
  span.set('attempt', event.failures + 1)
  span.set('asyncEventAgeMs', Math.round(clock.now() - event.firstAt))
  if (event.failures === 0 && event.throttles === 0) {
    // Real time, as all of a trace is.
    const durationMs = Math.max(0, clock.wall() - head.acceptedAt)
    span.child('lambda', 'event-queue', { start: head.acceptedAt, durationMs })
  }
  const deadLetterArn = live === undefined ? undefined : await deadLetterOf(state, owner, live.record, head)
  return { event, head, payload, record: live?.record, deadLetterArn, span }
}

/** The queue or topic of `$LATEST`, or of the version that the qualifier stands for. */
async function deadLetterOf(
  state: LambdaState,
  owner: Owner,
  record: FunctionRecord,
  { name, qualifier }: EventHead,
): Promise<string | undefined> {
  const version = versionNamed(record, qualifier)
  const of = version === LATEST ? { record } : await findVersion(state, owner, name, version)
  return of?.record.settings.deadLetterArn
}

/** `begun` is called when an environment has it. A Fault is an outcome; what is none is thrown. */
export async function tryEvent(state: LambdaState, attempt: Attempt, begun: () => void): Promise<Tried> {
  const { event, head, payload, record, span } = attempt
  if (record === undefined) return { outcome: 'gone' }
  const { ageMaxMs } = rulesOf(record, head)
  if (state.ports.clock.now() - event.firstAt >= ageMaxMs) return { outcome: 'expired' }
  if (record.reserved === 0) return { outcome: 'zero-reserved' }
  const reference = { name: head.name, qualifier: head.qualifier }
  const { requestId, clientContext } = head
  const request = { requestId, clientContext, reference, payload, span, begun, tail: false, event: true }
  try {
    const result = await execute(state, await runnable(state, ownerOf(head), reference), request)
    return { outcome: outcomeOf(result), result }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { outcome: outcomeOfFault(error) }
  }
}

function outcomeOf(result: InvokeResult): AttemptOutcome {
  switch (result.kind) {
    case 'answered':
      return result.functionError === undefined ? 'success' : 'function-error'
    case 'throttled':
      return 'throttled'
    case 'refused':
      return outcomeOfFault(result.fault)
    default:
      return result satisfies never
  }
}

function outcomeOfFault({ code }: Fault): AttemptOutcome {
  if (code === 'ResourceNotFoundException') return 'gone'
  return code === 'RecursiveInvocationException' ? 'recursive' : 'trouble'
}
