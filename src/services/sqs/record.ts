/** A queue's record in the store: what was set, and what the machine needs to begin again. */
import { Records } from '#base/records.ts'
import { type Instant, instant } from '#base/time.ts'
import { type Attributes, settingsOf } from '#services/sqs/attributes.ts'
import type { QueueName } from '#services/sqs/names.ts'
import { type Queue, emptyQueue } from '#services/sqs/queue.ts'

export interface QueueRecord {
  readonly name: string
  readonly createdAt: number
  readonly modifiedAt: number
  readonly attributes: Attributes
  readonly tags: Readonly<Record<string, string>>
  readonly secret: number
  readonly generation: number
  readonly reserved: number
  readonly purgedAt: number
}

export const queueRecords = new Records<QueueRecord>('queue')
/** Names that were deleted a moment ago, and when. */
export const graveRecords = new Records<{ readonly at: number }>('grave')
/** Rows that are to be cleared: of a generation that ended, and the deduplication ids of a queue that is gone. */
export interface ToClear {
  readonly generation: number
  readonly memories: number | undefined
}
export const clearRecords = new Records<ToClear>('clear')

export const ownerOf = ({ account, region }: QueueName): [string, string] => [account, region]

export const recordOf = (queue: Queue): QueueRecord => ({
  name: queue.name.name,
  createdAt: queue.createdAt,
  modifiedAt: queue.modifiedAt,
  attributes: queue.attributes,
  tags: queue.tags,
  secret: queue.secret,
  generation: queue.generation,
  reserved: queue.reserved,
  purgedAt: queue.purgedAt,
})

/** The queue without its messages. Sequence numbers go on behind all that were reserved. */
export function queueOf(name: QueueName, record: QueueRecord): Queue {
  const queue = emptyQueue({
    name,
    isFifo: name.name.endsWith('.fifo'),
    createdAt: instant(record.createdAt),
    attributes: record.attributes,
    settings: settingsOf(record.attributes),
    tags: record.tags,
    secret: record.secret,
    generation: record.generation,
  })
  queue.modifiedAt = instant(record.modifiedAt)
  queue.sequence = record.reserved
  queue.reserved = record.reserved
  queue.purgedAt = record.purgedAt
  return queue
}

export interface Birth {
  readonly name: QueueName
  readonly attributes: Attributes
  readonly tags: Readonly<Record<string, string>>
  readonly now: Instant
  readonly secret: number
  readonly generation: number
}

export const newQueue = ({ name, now, ...rest }: Birth): Queue =>
  queueOf(name, { ...rest, name: name.name, createdAt: now, modifiedAt: now, reserved: 0, purgedAt: 0 })
