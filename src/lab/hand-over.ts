/**
 * Which spans hand an event over: the calls that put it into a queue or a function's own queue, and deliveries of
 * topics, rules and buckets. What became of it afterwards is `event-story.ts`.
 */
import { parseArn } from '#base/arn.ts'
import { numberAt, stringAt, valueAt } from '#base/json.ts'
import type { Span } from '#ports/spans.ts'

export const endOf = (span: Span): number => span.start + span.durationMs

export const isInvoke = (span: Span): boolean =>
  span.service === 'lambda' &&
  span.operation === 'Invoke' &&
  stringAt(span.attributes, 'functionName') !== undefined

/** To a dead-letter queue: whoever gave it up has told so. */
export function isDeadLetter({ service, operation, outcome, attributes }: Span): boolean {
  if (outcome !== 'ok') return false
  if (operation === 'DeadLetter') return true
  if (service !== 'sns' || operation !== 'Deliver') return false
  // A queue that is no subscription's endpoint: where a topic delivers what it gave up.
  const isQueue = parseArn(stringAt(attributes, 'endpoint') ?? '')?.service === 'sqs'
  return valueAt(attributes, 'deadLetter') === true || (isQueue && stringAt(attributes, 'protocol') !== 'sqs')
}

/** A hand-over that was accepted: somebody owes the end of it. */
export interface HandOver {
  readonly span: Span
  readonly to: 'function' | 'queue' | 'end'
  /** Messages in it. */
  readonly count: number
  /** ARN, for queues. */
  readonly queue: string
}

export function handOver(span: Span): HandOver | undefined {
  if (span.outcome !== 'ok' || isDeadLetter(span)) return undefined
  const { service, operation, attributes } = span
  if (service === 'sqs' && (operation === 'SendMessage' || operation === 'SendMessageBatch')) {
    const queue = stringAt(attributes, 'queue') ?? ''
    return { span, to: 'queue', count: numberAt(attributes, 'batchSize') ?? 1, queue }
  }
  if (service === 'lambda' && (operation === 'Invoke' || operation === 'InvokeAsync'))
    return valueAt(attributes, 'asyncEventsReceived') === undefined
      ? undefined
      : { span, to: 'function', count: 1, queue: '' }
  const arn = deliveredTo(span)
  return arn === undefined ? undefined : handedTo(span, arn)
}

/** Whether any of these handed an event over: else there is no story to tell. */
export const hasHandOver = (spans: readonly Span[]): boolean =>
  spans.some((span) => handOver(span) !== undefined)

/** Topics and buses hand over themselves, in spans below; addresses and log groups are the end. */
function handedTo(span: Span, arn: string): HandOver | undefined {
  const { service, resource = '' } = parseArn(arn) ?? {}
  if (service === 'lambda') return { span, to: 'function', count: 1, queue: '' }
  if (service === 'sqs') return { span, to: 'queue', count: 1, queue: arn }
  if (service === 'sns' || (service === 'events' && resource.startsWith('event-bus/'))) return undefined
  return { span, to: 'end', count: 1, queue: '' }
}

/** Of a topic's, a rule's or a bucket's delivery: who is to get it. */
function deliveredTo({ service, operation, attributes, resource }: Span): string | undefined {
  if (service === 'sns' && operation === 'Deliver') return stringAt(attributes, 'endpoint')
  if (service === 'events' && operation === 'InvokeTarget') return stringAt(attributes, 'target')
  return service === 's3' && operation === 'notify' ? resource : undefined
}

/** A receiver that no delivery reached. */
export interface LostDelivery {
  readonly span: Span
  /** Nobody tries again. A bucket's deliveries do not tell. */
  readonly isFinal: boolean
}

/** The last attempt for each receiver that refused every one. */
export function lostDeliveries(spans: readonly Span[]): LostDelivery[] {
  const last = new Map<string, Span>()
  const reached = new Set<string>()
  for (const span of spans) {
    const to = isDeadLetter(span) ? undefined : deliveredTo(span)
    if (to === undefined) continue
    const key = `${span.resource ?? ''} ${to}`
    if (span.outcome === 'ok') reached.add(key)
    else if ((last.get(key)?.start ?? 0) <= span.start) last.set(key, span)
  }
  return [...last]
    .filter(([key]) => !reached.has(key))
    .map(([, span]) => ({ span, isFinal: span.outcome === 'error' && span.service !== 's3' }))
}
