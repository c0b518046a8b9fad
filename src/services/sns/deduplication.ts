/**
 * What FIFO topics remember: which ids were published in the last five minutes, and the last sequence number. Kept in
 * the transaction of the publish, so that a crash forgets neither. Source: SNS developer guide, Message deduplication
 * for FIFO topics.
 */
import { type Bytes, text, utf8 } from '#base/bytes.ts'
import { keyOf, keysBelow, partsOf } from '#base/key.ts'
import { isRecord, numberAt, parseJson, stringAt } from '#base/json.ts'
import type { Tx } from '#ports/store.ts'
import { DEDUPLICATION_MS, SWEEP_ENTRIES } from '#services/sns/limits.ts'
import type { TopicName } from '#services/sns/names.ts'

export interface Published {
  readonly messageId: string
  readonly sequence: string
}

export interface FifoMessage {
  readonly topic: TopicName
  /** Empty when ids count for the whole topic. */
  readonly scope: string
  readonly deduplicationId: string
  readonly messageId: string
  readonly now: number
}

/** First sequence number; AWS's have twenty digits too. */
const SEQUENCE_BASE = 10_000_000_000_000_000_000n

const IDS = 'sns-deduplication'
const TIMES = 'sns-deduplication-time'
const SEQUENCES = 'sns-sequence'

export class Deduplication {
  /** The earlier publish of the same id, or undefined when this is the first; then it is remembered, with its sequence number. */
  async admit(tx: Tx, message: FifoMessage): Promise<{ readonly isFirst: boolean } & Published> {
    const { topic, scope, deduplicationId, messageId, now } = message
    const key = keyOf(topic.account, topic.region, IDS, topic.name, scope, deduplicationId)
    const earlier = publishedOf(await tx.get(key), now)
    if (earlier !== undefined) return { ...earlier, isFirst: false }
    const sequence = await this.#next(tx, topic)
    const until = now + DEDUPLICATION_MS
    tx.put(key, utf8(JSON.stringify({ messageId, sequence, until })))
    tx.put(keyOf(TIMES, until, topic.account, topic.region, topic.name, scope, deduplicationId), NONE)
    return { messageId, sequence, isFirst: true }
  }

  async #next(tx: Tx, topic: TopicName): Promise<string> {
    const key = keyOf(topic.account, topic.region, SEQUENCES, topic.name)
    const last = await tx.get(key)
    const count = (last === undefined ? 0 : Number(text(last))) + 1
    tx.put(key, utf8(`${count}`))
    return `${SEQUENCE_BASE + BigInt(count) * 1_000n}`
  }

  /** Erases what is over. True when something is left. */
  async sweep(tx: Tx, now: number): Promise<boolean> {
    const below = keysBelow(TIMES)
    const over = await tx.range({ from: below.from, to: below.to, limit: SWEEP_ENTRIES })
    for (const [key] of over) {
      const [, until, account, region, name, scope, id] = partsOf(key)
      if (typeof until !== 'number' || until > now) return true
      tx.delete(key)
      const idKey = keyOf(account ?? '', region ?? '', IDS, name ?? '', scope ?? '', id ?? '')
      // The id may have been published again since.
      if (publishedOf(await tx.get(idKey), now) === undefined) tx.delete(idKey)
    }
    return over.length === SWEEP_ENTRIES
  }

  /** All that is remembered of a topic that is deleted. */
  async forget(tx: Tx, topic: TopicName): Promise<void> {
    tx.delete(keyOf(topic.account, topic.region, SEQUENCES, topic.name))
    const below = keysBelow(topic.account, topic.region, IDS, topic.name)
    for (;;) {
      const ids = await tx.range({ from: below.from, to: below.to, limit: SWEEP_ENTRIES })
      for (const [key] of ids) tx.delete(key)
      if (ids.length < SWEEP_ENTRIES) return
    }
  }
}

const NONE: Bytes = new Uint8Array(0)

function publishedOf(value: Bytes | undefined, now: number): Published | undefined {
  const kept = value === undefined ? undefined : parseJson(text(value))
  if (!isRecord(kept) || (numberAt(kept, 'until') ?? 0) <= now) return undefined
  return { messageId: stringAt(kept, 'messageId') ?? '', sequence: stringAt(kept, 'sequence') ?? '' }
}
