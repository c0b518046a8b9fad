/** SendMessage and SendMessageBatch. */
import { Buffer } from 'node:buffer'
import { Fault } from '#base/fault.ts'
import { uuid } from '#base/ids.ts'
import type { SendMessageBatchResultEntry, SendMessageResult, Sqs } from '#model/sqs.ts'
import type { Call, Operation } from '#ports/service.ts'
import { queueAt } from '#services/sqs/asking.ts'
import { checkBatch, failedEntry } from '#services/sqs/batch.ts'
import { type Entry, type Prepared, type Sender, checkOrderedBatch, prepare } from '#services/sqs/entry.ts'
import { batchTooLong } from '#services/sqs/faults.ts'
import { BATCH_BYTES_MAX } from '#services/sqs/limits.ts'
import { bill } from '#services/sqs/metering.ts'
import type { Queue } from '#services/sqs/queue.ts'
import { sequenceText } from '#services/sqs/sequence.ts'
import type { SqsState } from '#services/sqs/state.ts'
import { type Accepted, send } from '#services/sqs/step.ts'

const senderOf = (state: SqsState, call: Call): Sender => ({
  id: uuid(state.random),
  sender: call.account,
  trace: traceOf(call),
})

/** Of callers that are traced: those who sent the header, and services of the platform. Source: SQS developer guide, AWSTraceHeader. */
const traceOf = ({ headers, span }: Call): string | undefined =>
  headers['x-amzn-trace-id'] !== undefined || headers['host'] === undefined ? span.header() : undefined

/** Source: SQS API, SendMessage. */
export const sendMessage: Operation<Sqs['SendMessage'], SqsState> = async (input, state, call) => {
  const queue = queueAt(input.QueueUrl, state, call)
  const sending = prepare(queue, input, senderOf(state, call))
  const accepted = state.queues.step(queue, (moment) => send(queue, sending, moment))
  bill(state.usage, call, queue, { bytes: sending.bytes, fair: isFair(queue, sending) })
  await state.queues.settled()
  return answerOf(queue, sending, accepted)
}

const isFair = (queue: Queue, { content }: Prepared): boolean => !queue.isFifo && content.group !== undefined

function answerOf(
  queue: Queue,
  sending: Prepared,
  { seq, id }: Accepted,
): SendMessageResult & { MessageId: string; MD5OfMessageBody: string } {
  const { content, systemMd5 } = sending
  return {
    MessageId: id,
    MD5OfMessageBody: content.md5,
    ...(content.attributesMd5 === undefined ? {} : { MD5OfMessageAttributes: content.attributesMd5 }),
    ...(systemMd5 === undefined ? {} : { MD5OfMessageSystemAttributes: systemMd5 }),
    ...(queue.isFifo ? { SequenceNumber: sequenceText(seq) } : {}),
  }
}

/** Source: SQS API, SendMessageBatch: entries fail one by one, the batch's own rules fail all of it. */
export const sendMessageBatch: Operation<Sqs['SendMessageBatch'], SqsState> = async (input, state, call) => {
  const queue = queueAt(input.QueueUrl, state, call)
  checkBatch(input.Entries, 'SendMessageBatchRequestEntry')
  if (queue.isFifo) checkOrderedBatch(queue, input.Entries)
  const readings = input.Entries.map((entry) => ({
    id: entry.Id,
    reading: readingOf(queue, entry, state, call),
  }))
  // Also what is refused by itself counts to the batch.
  const bytes = readings.reduce(
    (sum, { reading }, index) =>
      sum +
      (reading instanceof Fault ? Buffer.byteLength(input.Entries[index]?.MessageBody ?? '') : reading.bytes),
    0,
  )
  if (bytes > BATCH_BYTES_MAX) throw batchTooLong(BATCH_BYTES_MAX, bytes)
  const Successful: SendMessageBatchResultEntry[] = []
  const Failed = readings.flatMap(({ id, reading }) =>
    reading instanceof Fault ? [failedEntry(id, reading)] : [],
  )
  let fair = false
  state.queues.step(queue, (moment) => {
    for (const { id, reading } of readings) {
      if (reading instanceof Fault) continue
      fair ||= isFair(queue, reading)
      Successful.push({ Id: id, ...answerOf(queue, reading, send(queue, reading, moment)) })
    }
  })
  call.span.set('batchSize', input.Entries.length)
  bill(state.usage, call, queue, { bytes, fair })
  await state.queues.settled()
  return { Successful, Failed }
}

function readingOf(queue: Queue, entry: Entry, state: SqsState, call: Call): Prepared | Fault {
  try {
    return prepare(queue, entry, { ...senderOf(state, call), inBatch: true })
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}
