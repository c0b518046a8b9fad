/**
 * Topics in use, with their subscriptions and compiled filters, in memory: a publish reads no store. Bounded; those
 * loaded first go first. Changes are made in the store and then told to this; a topic that is being read while
 * something changes is read again.
 */
import type { Read } from '#ports/store.ts'
import {
  type EffectivePolicy,
  effectivePolicy,
  subscriptionDeliveryPolicy,
  type TopicDeliveryPolicy,
} from '#services/sns/delivery-policy.ts'
import { compileFilter, type Filter } from '#services/sns/filter.ts'
import { HOT_SUBSCRIPTIONS_MAX, HOT_TOPICS_MAX } from '#services/sns/limits.ts'
import { isFifo, ownerParts, subscriptionArn, type TopicName, topicArn } from '#services/sns/names.ts'
import { SUBSCRIPTIONS, type SubscriptionRecord, type TopicRecord, TOPICS } from '#services/sns/records.ts'
import { deadLetterArn, isHttp, scopeOf } from '#services/sns/subscription-attributes.ts'
import { deliveryPolicyOf, signatureVersion } from '#services/sns/topic-attributes.ts'

export interface HotSubscription {
  readonly record: SubscriptionRecord
  readonly arn: string
  readonly raw: boolean
  readonly filter: Filter | undefined
  readonly deadLetterArn: string | undefined
  /** Of HTTP/S endpoints. */
  readonly policy: EffectivePolicy | undefined
}

export interface HotTopic {
  readonly name: TopicName
  readonly arn: string
  record: TopicRecord
  readonly fifo: boolean
  readonly signature: '1' | '2'
  readonly deliveryPolicy: TopicDeliveryPolicy | undefined
  readonly subscriptions: Map<string, HotSubscription>
  /** How many of them have a filter policy. */
  filters: number
  pending: number
}

const PAGE = 1_000

export class HotTopics {
  readonly #topics = new Map<string, HotTopic>()
  #subscriptions = 0
  #changes = 0

  /** The topic, or undefined when there is none. Answers at once when it is in memory. */
  get(read: Read, name: TopicName): HotTopic | undefined | Promise<HotTopic | undefined> {
    const key = keyOf(name)
    const hot = this.#topics.get(key)
    if (hot === undefined) return this.#load(read, name, key)
    return hot
  }

  /** Forgets the topic: its record changed, or it is gone. */
  drop(name: TopicName): void {
    this.#changes++
    this.#remove(keyOf(name))
  }

  /** A subscription was added or changed. */
  put(name: TopicName, record: SubscriptionRecord): void {
    this.#changes++
    const topic = this.#topics.get(keyOf(name))
    if (topic === undefined) return
    this.#subscriptions += topic.subscriptions.has(record.id) ? 0 : 1
    setIn(topic, record)
    this.#trim(topic)
  }

  delete(name: TopicName, id: string): void {
    this.#changes++
    const topic = this.#topics.get(keyOf(name))
    if (topic === undefined || !topic.subscriptions.has(id)) return
    this.#subscriptions--
    count(topic, topic.subscriptions.get(id), -1)
    topic.subscriptions.delete(id)
  }

  clear(): void {
    this.#changes++
    this.#topics.clear()
    this.#subscriptions = 0
  }

  async #load(read: Read, name: TopicName, key: string): Promise<HotTopic | undefined> {
    for (;;) {
      const before = this.#changes
      const record = await TOPICS.get(read, ownerParts(name), name.name)
      if (record === undefined) return undefined
      const topic = hotTopic(name, record)
      await readSubscriptions(read, topic)
      if (before !== this.#changes) continue
      const raced = this.#topics.get(key)
      if (raced !== undefined) return raced
      this.#topics.set(key, topic)
      this.#subscriptions += topic.subscriptions.size
      this.#trim(topic)
      return topic
    }
  }

  #remove(key: string): void {
    const topic = this.#topics.get(key)
    if (topic === undefined) return
    this.#topics.delete(key)
    this.#subscriptions -= topic.subscriptions.size
  }

  /** Oldest first, in the order of loading; a topic that is used again comes back at the next publish. */
  #trim(keep: HotTopic): void {
    for (const [key, topic] of this.#topics) {
      if (this.#topics.size <= HOT_TOPICS_MAX && this.#subscriptions <= HOT_SUBSCRIPTIONS_MAX) return
      if (topic !== keep) this.#remove(key)
    }
  }
}

const keyOf = (name: TopicName): string => `${name.account}/${name.region}/${name.name}`

function hotTopic(name: TopicName, record: TopicRecord): HotTopic {
  return {
    name,
    arn: topicArn(name),
    record,
    fifo: isFifo(name.name),
    signature: signatureVersion(record),
    deliveryPolicy: deliveryPolicyOf(record),
    subscriptions: new Map(),
    filters: 0,
    pending: 0,
  }
}

async function readSubscriptions(read: Read, topic: HotTopic): Promise<void> {
  const owner = ownerParts(topic.name)
  const name = topic.name.name
  for (let after: string[] | undefined; ;) {
    const page = await SUBSCRIPTIONS.list(read, owner, [name], { limit: PAGE, after })
    for (const record of page) setIn(topic, record)
    const last = page.at(-1)
    if (page.length < PAGE || last === undefined) return
    after = [name, last.id]
  }
}

function setIn(topic: HotTopic, record: SubscriptionRecord): void {
  const hot = hotSubscription(topic, record)
  count(topic, topic.subscriptions.get(record.id), -1)
  topic.subscriptions.set(record.id, hot)
  count(topic, hot, 1)
}

function count(topic: HotTopic, subscription: HotSubscription | undefined, by: 1 | -1): void {
  if (subscription === undefined) return
  if (subscription.filter !== undefined) topic.filters += by
  if (subscription.record.confirmedAt === undefined) topic.pending += by
}

function hotSubscription(topic: HotTopic, record: SubscriptionRecord): HotSubscription {
  const { FilterPolicy, DeliveryPolicy, RawMessageDelivery } = record.attributes
  const own = DeliveryPolicy === undefined ? undefined : subscriptionDeliveryPolicy(DeliveryPolicy)
  return {
    record,
    arn: subscriptionArn({ ...topic.name, id: record.id }),
    raw: RawMessageDelivery === 'true',
    filter:
      FilterPolicy === undefined
        ? undefined
        : compileFilter(FilterPolicy, scopeOf(record.attributes), 'SetSubscriptionAttributes'),
    deadLetterArn: deadLetterArn(record.attributes),
    policy: isHttp(record.protocol) ? effectivePolicy(topic.deliveryPolicy, own) : undefined,
  }
}
