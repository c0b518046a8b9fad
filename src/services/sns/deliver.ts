/**
 * One delivery to a queue or a function, or to a dead-letter queue: the message in the protocol's form, handed to
 * whatever the ARN names. What is done about a failure is `handover.ts`'s.
 */
import { Buffer } from 'node:buffer'
import { attemptedBy } from '#outbox/attempted.ts'
import { fromBase64 } from '#base/bytes.ts'
import { brand } from '#base/brand.ts'
import type { AccountId, Region } from '#base/ids.ts'
import type { Outcome, SpanScope, Tracer } from '#ports/spans.ts'
import type { DeliveryMessage, DeliveryOutcome, Targets } from '#ports/targets.ts'
import type { HotSubscription, HotTopic } from '#services/sns/hot.ts'
import { RAW_ATTRIBUTES_MAX } from '#services/sns/limits.ts'
import { type Message, queueAttributes } from '#services/sns/message.ts'
import { isFifo } from '#services/sns/names.ts'
import type { Notifications } from '#services/sns/notify.ts'

/** What a delivery came to. `refused`: trying again would not help. */
export type Delivered =
  | { readonly kind: 'done'; readonly bytes: number }
  | { readonly kind: 'later'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string }

export interface DeliverPorts {
  readonly targets: Targets
  readonly tracer: Tracer
}

export interface Addressed {
  readonly topic: HotTopic
  readonly subscription: HotSubscription
  readonly notifications: Notifications
  /** The publish's span while it is open; later deliveries go on from the message's trace header. */
  readonly below?: SpanScope | undefined
  /** It goes to the subscription's dead-letter queue: the span says so. */
  readonly deadLetter?: boolean
}

/** Refusals that pass: the receiver is being made, or is unwell. Source: SNS developer guide, Message delivery retries (server-side errors); which codes is inferred. */
const PASSING: ReadonlySet<string> = new Set([
  'InternalError',
  'InternalFailure',
  'ResourceConflictException',
  'ServiceException',
  'ServiceUnavailable',
  'ThrottlingException',
  'TooManyRequestsException',
])

const PRINCIPAL = 'sns.amazonaws.com'

export async function deliver(ports: DeliverPorts, to: Addressed): Promise<Delivered> {
  const { protocol, endpoint } = to.subscription.record
  if (protocol === 'lambda') {
    const event = await to.notifications.event(to.subscription)
    return await hand(ports, to, { arn: endpoint, body: event, message: undefined })
  }
  if (protocol === 'sqs') return await toQueue(ports, to, endpoint)
  return { kind: 'refused', why: `Messages of the protocol ${protocol} do not leave this platform.` }
}

/** To the subscription's dead-letter queue, in the form that a queue subscribed in its place would get. */
export async function deliverDead(ports: DeliverPorts, to: Addressed, queueArn: string): Promise<Delivered> {
  return await toQueue(ports, { ...to, deadLetter: true }, queueArn)
}

async function toQueue(ports: DeliverPorts, to: Addressed, arn: string): Promise<Delivered> {
  const { message } = to.notifications
  const isRaw = to.subscription.raw
  const count = Object.keys(message.attributes ?? {}).length
  if (isRaw && count > RAW_ATTRIBUTES_MAX)
    return {
      kind: 'refused',
      why: `A raw message has at most ${RAW_ATTRIBUTES_MAX} attributes, not ${count}.`,
    }
  const body = await to.notifications.body(to.subscription)
  return await hand(ports, to, { arn, body, message: queueMessage(to.topic, message, { arn, isRaw }) })
}

/** FIFO queues take the group and the id over; standard queues only the group of a standard topic. Source: recorded AWS answers. */
function queueMessage(
  topic: HotTopic,
  message: Message,
  to: { readonly arn: string; readonly isRaw: boolean },
): DeliveryMessage {
  const attributes = to.isRaw ? queueAttributes(message.attributes, fromBase64) : undefined
  if (!topic.fifo) return { groupId: message.groupId, attributes }
  if (!isFifo(to.arn)) return { attributes }
  return { groupId: message.groupId, deduplicationId: message.deduplicationId, attributes }
}

async function hand(
  ports: DeliverPorts,
  to: Addressed,
  what: { readonly arn: string; readonly body: string; readonly message: DeliveryMessage | undefined },
): Promise<Delivered> {
  const { topic, notifications } = to
  const span = deliverySpan(ports.tracer, to, what.arn)
  // From node's pool: a fan-out encodes a body a queue, and an array of its own each costs six times as much.
  const payload = Buffer.from(what.body)
  const outcome = await ports.targets.deliver({
    arn: what.arn,
    payload,
    mode: 'hand-over',
    principal: PRINCIPAL,
    sourceArn: topic.arn,
    message: what.message,
    account: brand<AccountId>(notifications.message.account),
    region: brand<Region>(notifications.message.region),
    span,
  })
  const delivered = deliveredOf(outcome, payload.length)
  endSpan(span, delivered, payload.length)
  return delivered
}

/** Hangs below the publish. */
export function deliverySpan(tracer: Tracer, to: Addressed, endpoint: string): SpanScope {
  const { account, region, trace } = to.notifications.message
  const work = { account, region, service: 'sns', operation: 'Deliver', resource: to.topic.arn }
  const span = to.below?.open(work.service, work.operation, work.resource) ?? tracer.begin(work, trace)
  span.set('protocol', to.subscription.record.protocol)
  span.set('endpoint', endpoint)
  if (to.deadLetter === true) span.set('deadLetter', true)
  return span
}

export function endSpan(span: SpanScope, delivered: Delivered, bytesOut: number): void {
  const outcome: Outcome =
    delivered.kind === 'done' ? 'ok' : delivered.kind === 'later' ? 'throttle' : 'error'
  if (delivered.kind !== 'done') span.set('why', delivered.why.slice(0, 256))
  span.end(outcome, { bytesOut: delivered.kind === 'done' ? bytesOut : 0 })
}

function deliveredOf(outcome: DeliveryOutcome, bytes: number): Delivered {
  const attempted = attemptedBy(outcome, (code) => !PASSING.has(code))
  return attempted.kind === 'done' ? { kind: 'done', bytes } : attempted
}
