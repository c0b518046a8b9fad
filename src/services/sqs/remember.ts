/** Deduplication of FIFO queues: ids that were sent in the last five minutes, also of messages that are gone since. */
import { DEDUPLICATION_MS } from '#services/sqs/limits.ts'
import type { Content } from '#services/sqs/message.ts'
import type { Moment, Queue, Remembered } from '#services/sqs/queue.ts'

/** What an id is remembered by: with the group where that is the scope. Source: SQS developer guide, High throughput for FIFO queues. */
export function memoryKey(queue: Queue, content: Content): string | undefined {
  const { deduplicationId, group } = content
  if (deduplicationId === undefined) return undefined
  return queue.settings.deduplicationScope === 'messageGroup'
    ? `${deduplicationId} ${group ?? ''}`
    : deduplicationId
}

export const recall = (queue: Queue, key: string): Remembered | undefined => queue.remembered.get(key)

export function remember(queue: Queue, entry: Remembered, moment: Moment): void {
  queue.remembered.add(entry.key, entry)
  moment.effects.push({ kind: 'remembered', entry })
}

export function forgetOld(queue: Queue, moment: Moment): void {
  for (let first = queue.remembered.first(); first !== undefined; first = queue.remembered.first()) {
    if (first.at + DEDUPLICATION_MS > moment.now) return
    queue.remembered.delete(first.key)
    moment.effects.push({ kind: 'forgotten', key: first.key })
  }
}
