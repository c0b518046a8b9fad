/**
 * Posts to HTTP/S endpoints: headers, what counts as delivered, and how fast one endpoint may be posted to.
 * Source: SNS developer guide, Fanout to HTTP/S endpoints; recorded AWS requests.
 */
import { utf8 } from '#base/bytes.ts'
import type { Ms } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'
import type { Outbound, OutboundOutcome } from '#ports/outbound.ts'
import type { Tracer } from '#ports/spans.ts'
import { type Addressed, type Delivered, deliverySpan, endSpan } from '#services/sns/deliver.ts'
import type { HotSubscription, HotTopic } from '#services/sns/hot.ts'
import {
  HTTP_ANSWER_BYTES,
  HTTP_TIMEOUT_MS,
  POST_WAIT_MS,
  POSTS_PER_SUBSCRIPTION,
} from '#services/sns/limits.ts'
import { subscriptionArn } from '#services/sns/names.ts'
import { confirmationPost, type NotifyParts } from '#services/sns/notify.ts'
import type { PromisedConfirmation } from '#services/sns/promised.ts'

const AGENT = 'Amazon Simple Notification Service Agent'
const TEXT = 'text/plain; charset=UTF-8'

export interface PostPorts {
  readonly clock: Clock
  readonly outbound: Outbound
  readonly tracer: Tracer
}

interface Post {
  readonly url: string
  readonly body: string
  readonly contentType: string
  readonly headers: Readonly<Record<string, string>>
}

async function post(ports: PostPorts, what: Post): Promise<Delivered> {
  const body = utf8(what.body)
  const outcome = await ports.outbound.request({
    method: 'POST',
    url: what.url,
    headers: {
      'Content-Type': what.contentType,
      'Content-Length': `${body.length}`,
      'User-Agent': AGENT,
      'Accept-Encoding': 'gzip,deflate',
      ...what.headers,
    },
    body,
    timeoutMs: HTTP_TIMEOUT_MS,
    answerBytesMax: HTTP_ANSWER_BYTES,
  })
  return judged(outcome, body.length)
}

/** Answers of 5xx and 429, silence and broken connections are tried again; all others are not. Source: SNS developer guide, Message delivery retries. */
function judged(outcome: OutboundOutcome, bytes: number): Delivered {
  if (outcome.kind === 'timed-out')
    return { kind: 'later', why: `The endpoint did not answer within ${HTTP_TIMEOUT_MS / 1_000} s.` }
  if (outcome.kind === 'unreachable')
    return { kind: 'later', why: `The endpoint was not reached: ${outcome.reason}.` }
  const { status } = outcome
  if (status >= 200 && status < 300) return { kind: 'done', bytes }
  const why = `The endpoint answered ${status}.`
  return status >= 500 || status === 429 ? { kind: 'later', why } : { kind: 'refused', why }
}

export async function postNotification(ports: PostPorts, to: Addressed): Promise<Delivered> {
  const { topic, subscription, notifications } = to
  const { endpoint } = subscription.record
  const span = deliverySpan(ports.tracer, to, endpoint)
  const body = await notifications.body(subscription)
  const delivered = await post(ports, {
    url: endpoint,
    body,
    contentType: subscription.policy?.contentType ?? TEXT,
    headers: {
      'x-amz-sns-message-type': 'Notification',
      'x-amz-sns-message-id': notifications.message.id,
      'x-amz-sns-topic-arn': topic.arn,
      'x-amz-sns-subscription-arn': subscription.arn,
      ...(subscription.raw ? { 'x-amz-sns-rawdelivery': 'true' } : {}),
    },
  })
  endSpan(span, delivered, body.length)
  return delivered
}

export async function postConfirmation(
  ports: PostPorts & NotifyParts,
  topic: HotTopic,
  item: PromisedConfirmation,
): Promise<Delivered> {
  const of = item.type === 'UnsubscribeConfirmation'
  return await post(ports, {
    url: item.endpoint,
    body: await confirmationPost(ports, topic, item),
    contentType: TEXT,
    headers: {
      'x-amz-sns-message-type': item.type,
      'x-amz-sns-message-id': item.messageId,
      'x-amz-sns-topic-arn': topic.arn,
      ...(of
        ? { 'x-amz-sns-subscription-arn': subscriptionArn({ ...topic.name, id: item.subscription }) }
        : {}),
    },
  })
}

/** Subscriptions whose next slot is remembered; beyond it those whose slot has passed are forgotten. Ours. */
const PACED_MAX = 10_000

/** How fast each endpoint may be posted to: a slot for each post where its policy says so, and a few at once. */
export class Pace {
  readonly #next = new Map<string, number>()
  readonly #running = new Map<string, number>()

  /** When to come again, or undefined when the post may begin now; then `done` must follow. */
  begin(subscription: HotSubscription, now: number, hasSlot: boolean): number | undefined {
    const { arn } = subscription
    const running = this.#running.get(arn) ?? 0
    if (running >= POSTS_PER_SUBSCRIPTION) return now + POST_WAIT_MS
    const slot = hasSlot ? now : this.#slot(subscription, now)
    if (slot > now) return slot
    this.#running.set(arn, running + 1)
    return undefined
  }

  done(subscription: HotSubscription): void {
    const running = (this.#running.get(subscription.arn) ?? 1) - 1
    if (running > 0) this.#running.set(subscription.arn, running)
    else this.#running.delete(subscription.arn)
  }

  forget(): void {
    this.#next.clear()
    this.#running.clear()
  }

  #slot(subscription: HotSubscription, now: number): number {
    const rate = subscription.policy?.maxReceivesPerSecond
    if (rate === undefined) return now
    const each: Ms = 1_000 / rate
    if (this.#next.size >= PACED_MAX)
      for (const [arn, at] of this.#next) if (at <= now) this.#next.delete(arn)
    const slot = Math.max(now, this.#next.get(subscription.arn) ?? 0)
    this.#next.set(subscription.arn, slot + each)
    return slot
  }
}
