/**
 * How messages reach subscribers. To queues and functions of a standard topic a publish delivers at once, before it is
 * answered: what they have accepted is durable with them, and only what could not be delivered becomes a row of the
 * outbox. Posts to endpoints are rows of an outbox of their own, so that slow endpoints hold up nobody else. A FIFO topic's
 * messages are all rows, in the lane of their group and subscription.
 */
import { type Instant, instant, later } from '#base/time.ts'
import { type Added, type Attempted, type Ended, Outbox } from '#outbox/outbox.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Store, Tx } from '#ports/store.ts'
import { type Addressed, type Delivered, deliver, deliverDead } from '#services/sns/deliver.ts'
import { managedDelay, policyDelay, effectivePolicy } from '#services/sns/delivery-policy.ts'
import type { HotSubscription, HotTopic } from '#services/sns/hot.ts'
import { FAN_OUT, FAN_OUT_BYTES, HANDOVERS_MAX, POSTS_MAX } from '#services/sns/limits.ts'
import type { Message } from '#services/sns/message.ts'
import { billDeliveries } from '#services/sns/metering.ts'
import type { TopicName } from '#services/sns/names.ts'
import { Notifications } from '#services/sns/notify.ts'
import { Pace, postConfirmation, postNotification } from '#services/sns/post.ts'
import {
  ownerOf,
  type Promised,
  type PromisedConfirmation,
  type PromisedMessage,
  topicOf,
} from '#services/sns/promised.ts'
import { Tally } from '#services/sns/tally.ts'
import type { Signer } from '#services/sns/signing.ts'
import type { SnsPorts } from '#services/sns/state.ts'

export interface HandoverParts {
  readonly ports: SnsPorts
  readonly signer: Signer
  readonly store: Store
  /** The topic as it is now, or undefined when it is gone. */
  topic(name: TopicName): HotTopic | undefined | Promise<HotTopic | undefined>
}

export interface FanOut {
  readonly topic: HotTopic
  readonly notifications: Notifications
  /** The span of the publish. */
  readonly below: SpanScope
}

type Post = Parameters<typeof postConfirmation>[0]

export class Handover {
  readonly #parts: HandoverParts
  readonly #ports: SnsPorts & Post
  readonly #managed: Outbox<Promised>
  readonly #web: Outbox<Promised>
  readonly #pace = new Pace()
  readonly #lost = new Tally()
  /** Between a start and the opening of the port nothing is delivered: addresses have no port yet. */
  #gate: PromiseWithResolvers<void> | undefined

  constructor(parts: HandoverParts) {
    this.#parts = parts
    const { ports, signer, store } = parts
    this.#ports = { ...ports, signer, endpoint: () => ports.endpoint() }
    const rules = {
      owner: ownerOf,
      ended: async (item: Promised, how: Ended) => await this.#ended(item, how),
      defect: (error: unknown) => this.#defect(error),
    }
    const opened = { store, clock: ports.clock }
    this.#managed = new Outbox(opened, {
      ...rules,
      name: 'sns-deliveries',
      lane: laneOf,
      attempt: async (item) => await this.#handOver(item),
      retryAt: (item, { attempts, now }) => soon(now, managedDelay(attempts + triedBefore(item))),
      runningMax: HANDOVERS_MAX,
    })
    this.#web = new Outbox(opened, {
      ...rules,
      name: 'sns-posts',
      attempt: async (item) => await this.#post(item),
      retryAt: (item, so) => this.#postAgain(item, so),
      runningMax: POSTS_MAX,
    })
  }

  /** Makes all that the deliveries of a message share. */
  async prepare(topic: HotTopic, message: Message, to: readonly HotSubscription[]): Promise<Notifications> {
    if (this.#gate !== undefined) await this.#gate.promise
    return await new Notifications(this.#ports, topic, message).prepare(to)
  }

  /** Delivers at once; what comes back is to be promised. */
  async fanOut(
    { topic, notifications, below }: FanOut,
    to: readonly HotSubscription[],
  ): Promise<PromisedMessage[]> {
    const { message } = notifications
    const outcomes = await inTurns(to, atOnce(message), async (subscription) => {
      return await this.#delivered({ topic, subscription, notifications, below })
    })
    this.#bill(topic, message, to, outcomes)
    const left: PromisedMessage[] = []
    for (const [i, subscription] of to.entries()) {
      const outcome = outcomes[i]
      const item = { kind: 'message', message, to: subscription.record.id, tried: 1 } as const
      if (outcome?.kind === 'later') left.push(item)
      else if (outcome?.kind === 'refused') await this.#dead(topic, subscription, { item, why: outcome.why })
    }
    return left
  }

  /** A defect on the way to one receiver must not lose the message, nor fail it for the others: it is tried again. */
  async #delivered(to: Addressed): Promise<Delivered> {
    try {
      return await deliver(this.#ports, to)
    } catch (error) {
      this.#defect(error)
      return { kind: 'later', why: error instanceof Error ? error.message : String(error) }
    }
  }

  #defect(error: unknown): void {
    const told = error instanceof Error ? error.stack : String(error)
    this.#ports.log.error('sns.handover.defect', { error: told })
  }

  /** Deliveries to queues and functions that must be made, or made again: `release` it when the transaction has resolved. */
  promise(tx: Tx, item: PromisedMessage): Added {
    return this.#managed.add(tx, item)
  }

  /** The same for a post. */
  promisePost(tx: Tx, item: Promised): Added {
    return this.#web.add(tx, item)
  }

  async promiseConfirmation(item: PromisedConfirmation): Promise<void> {
    const added = await this.#parts.store.tx((tx) => this.promisePost(tx, item))
    added.release()
  }

  /** Reads what an earlier process left; deliveries wait for `open`. */
  async resume(): Promise<void> {
    this.#gate = Promise.withResolvers<void>()
    await this.#managed.resume()
    await this.#web.resume()
  }

  open(): void {
    this.#gate?.resolve()
    this.#gate = undefined
  }

  forget(): void {
    this.#managed.forget()
    this.#web.forget()
    this.#pace.forget()
    this.#lost.forget()
  }

  async stop(): Promise<void> {
    this.open()
    await this.#managed.stop()
    await this.#web.stop()
  }

  async #handOver(item: Promised): Promise<Attempted<Promised>> {
    if (this.#gate !== undefined) await this.#gate.promise
    const found = item.kind === 'message' ? await this.#addressed(item) : undefined
    if (found === undefined) return { kind: 'done' }
    const delivered = await deliver(this.#ports, found)
    this.#bill(found.topic, found.notifications.message, [found.subscription], [delivered])
    return attemptedOf(delivered)
  }

  /** Undefined when topic or subscription are gone. */
  async #addressed(item: PromisedMessage): Promise<Addressed | undefined> {
    const topic = await this.#parts.topic(topicOf(item))
    const subscription = topic?.subscriptions.get(item.to)
    if (topic === undefined || subscription?.record.confirmedAt === undefined) return undefined
    return { topic, subscription, notifications: new Notifications(this.#ports, topic, item.message) }
  }

  async #post(item: Promised): Promise<Attempted<Promised>> {
    if (this.#gate !== undefined) await this.#gate.promise
    if (item.kind === 'confirmation') {
      const topic = await this.#parts.topic(topicOf(item))
      if (topic === undefined) return { kind: 'done' }
      return attemptedOf(await postConfirmation(this.#ports, topic, item))
    }
    const to = await this.#addressed(item)
    if (to === undefined) return { kind: 'done' }
    const now = this.#ports.clock.now()
    const slotAt = this.#pace.begin(to.subscription, now, item.slotAt !== undefined)
    if (slotAt !== undefined) {
      const later = { ...item, slotAt, waits: (item.waits ?? 0) + 1 }
      return { kind: 'split', items: [later], why: 'its turn has not come' }
    }
    try {
      const delivered = await postNotification(this.#ports, to)
      this.#bill(to.topic, item.message, [to.subscription], [delivered])
      return attemptedOf(delivered)
    } finally {
      this.#pace.done(to.subscription)
    }
  }

  #postAgain(item: Promised, so: { attempts: number; now: Instant }): Instant | undefined {
    if (item.kind === 'message' && item.slotAt !== undefined && item.slotAt > so.now)
      return instant(item.slotAt)
    const waits = item.kind === 'message' ? (item.waits ?? 0) : 0
    const { retry } = this.#policyOf(item) ?? effectivePolicy(undefined, undefined)
    return soon(so.now, policyDelay(retry, so.attempts - waits))
  }

  /** The attempt before has brought the topic into memory; a topic that has left it since is retried by the default. */
  #policyOf(item: Promised): HotSubscription['policy'] {
    const topic = this.#parts.topic(topicOf(item))
    if (topic === undefined || topic instanceof Promise) return undefined
    return topic.subscriptions.get(item.kind === 'message' ? item.to : item.subscription)?.policy
  }

  async #ended(item: Promised, how: Ended): Promise<void> {
    if (item.kind === 'confirmation') {
      this.#ports.log.warn('sns.confirmation.failed', { endpoint: item.endpoint, why: how.why })
      return
    }
    const to = await this.#addressed(item)
    if (to !== undefined) await this.#dead(to.topic, to.subscription, { item, why: how.why })
  }

  /** To the dead-letter queue, when there is one; the message is lost otherwise, as on AWS. */
  async #dead(
    topic: HotTopic,
    subscription: HotSubscription,
    of: { readonly item: PromisedMessage; readonly why: string },
  ): Promise<void> {
    const { deadLetterArn: queue, arn } = subscription
    const notifications = new Notifications(this.#ports, topic, of.item.message)
    const to = { topic, subscription, notifications }
    const dead = queue === undefined ? undefined : await deliverDead(this.#ports, to, queue)
    if (dead?.kind === 'done') return
    const lost = this.#lost.count(arn)
    if (lost !== undefined)
      this.#ports.log.warn('sns.delivery.failed', {
        subscription: arn,
        lost,
        why: of.why,
        deadLetter: dead?.why,
      })
  }

  #bill(
    topic: HotTopic,
    message: Message,
    subscriptions: readonly HotSubscription[],
    outcomes: readonly Delivered[],
  ): void {
    const byProtocol = new Map<string, { protocol: string; count: number; bytes: number }>()
    for (const [i, { record }] of subscriptions.entries()) {
      const outcome = outcomes[i]
      if (outcome?.kind !== 'done') continue
      const { protocol } = record
      const sum = byProtocol.get(protocol) ?? { protocol, count: 0, bytes: 0 }
      sum.count++
      sum.bytes += outcome.bytes
      byProtocol.set(protocol, sum)
    }
    billDeliveries(this.#ports, topic, message.trace, byProtocol.values())
  }
}

/** FIFO groups are handed over in order to each subscription. */
function laneOf(item: Promised): string | undefined {
  if (item.kind !== 'message' || item.message.sequence === undefined) return undefined
  const { account, region, topic, groupId } = item.message
  return `${account}/${region}/${topic}/${item.to}/${groupId}`
}

const soon = (now: Instant, delayMs: number | undefined): Instant | undefined =>
  delayMs === undefined ? undefined : later(now, delayMs)

const triedBefore = (item: Promised): number => (item.kind === 'message' ? (item.tried ?? 0) : 0)

function attemptedOf(outcome: Delivered): Attempted<Promised> {
  return outcome.kind === 'done' ? { kind: 'done' } : outcome
}

/** Bodies are in memory while they are handed over: large ones go a few at a time. */
const atOnce = (message: Message): number =>
  Math.min(FAN_OUT, Math.max(1, Math.floor(FAN_OUT_BYTES / (message.text.length + 1))))

/** Some at once, answers in the order of the list. */
async function inTurns<T, R>(items: readonly T[], most: number, run: (item: T) => Promise<R>): Promise<R[]> {
  if (items.length <= most) return await Promise.all(items.map(run))
  const results: R[] = []
  for (let at = 0; at < items.length; at += most)
    results.push(...(await Promise.all(items.slice(at, at + most).map(run))))
  return results
}
