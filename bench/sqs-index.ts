/** What the hot index of a queue costs: builds one of that many messages in memory, collects garbage, prints bytes a message. */
import { DEFAULT_ACCOUNT, DEFAULT_REGION } from '#base/ids.ts'
import { instant } from '#base/time.ts'
import { Message } from '#services/sqs/message.ts'
import { newQueue } from '#services/sqs/record.ts'
import { place } from '#services/sqs/step.ts'

const count = Number(process.argv[2])
const at = Date.now()

/** A message that was received, so that fields which hold times are what they are in a platform. */
function received(seq: number): Message {
  const message = new Message(seq, at + 0.5, undefined)
  message.flight = { firstAt: at + 0.5, takenAt: at + 0.5 }
  message.dueAt = at + 30_000.5
  return message
}

const queue = newQueue({
  name: { account: DEFAULT_ACCOUNT, region: DEFAULT_REGION, name: 'index' },
  attributes: {},
  tags: {},
  now: instant(at),
  secret: 1,
  generation: 1,
})
place(queue, received(1))
globalThis.gc?.()
const before = process.memoryUsage().heapUsed
for (let seq = 2; seq <= count; seq++) place(queue, new Message(seq, at + seq, undefined))
globalThis.gc?.()
console.log((process.memoryUsage().heapUsed - before) / queue.messages.size)
