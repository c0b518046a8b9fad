/** DeleteMessage, ChangeMessageVisibility, and their batches: what is done with a receipt handle. */
import { Fault } from '#base/fault.ts'
import { seconds } from '#base/time.ts'
import type { BatchResultErrorEntry, Sqs } from '#model/sqs.ts'
import type { Operation } from '#ports/service.ts'
import { queueAt } from '#services/sqs/asking.ts'
import { checkBatch, failedEntry } from '#services/sqs/batch.ts'
import {
  invalidValue,
  messageGone,
  missingParameter,
  notInFlight,
  receiptHandleExpired,
  receiptHandleInvalid,
} from '#services/sqs/faults.ts'
import { VISIBILITY_SECONDS_MAX } from '#services/sqs/limits.ts'
import { bill } from '#services/sqs/metering.ts'
import type { Moment, Queue } from '#services/sqs/queue.ts'
import { openReceipt } from '#services/sqs/receipt.ts'
import type { SqsState } from '#services/sqs/state.ts'
import { type Receipt, changeVisibility, remove } from '#services/sqs/step.ts'

/** Undefined: a handle from before a purge. */
function opened(queue: Queue, handle: string): Receipt | undefined {
  const receipt = openReceipt(queue.secret, handle)
  if (receipt === undefined) throw receiptHandleInvalid(handle)
  return receipt.generation === queue.generation ? receipt : undefined
}

function deleteOne(queue: Queue, handle: string, moment: Moment): void {
  const receipt = opened(queue, handle)
  if (receipt !== undefined && remove(queue, receipt, moment) === 'expired')
    throw receiptHandleExpired(handle)
}

/** Source: SQS API, DeleteMessage. */
export const deleteMessage: Operation<Sqs['DeleteMessage'], SqsState> = async (input, state, call) => {
  const queue = queueAt(input.QueueUrl, state, call)
  state.queues.step(queue, (moment) => deleteOne(queue, input.ReceiptHandle, moment))
  bill(state.usage, call, queue)
  await state.queues.settled()
  return {}
}

/** Runs each entry; those that throw a Fault have failed. */
function each<E extends { readonly Id: string }>(
  entries: readonly E[],
  run: (entry: E) => void,
): { Successful: { Id: string }[]; Failed: BatchResultErrorEntry[] } {
  const Successful: { Id: string }[] = []
  const Failed: BatchResultErrorEntry[] = []
  for (const entry of entries) {
    try {
      run(entry)
      Successful.push({ Id: entry.Id })
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      Failed.push(failedEntry(entry.Id, error))
    }
  }
  return { Successful, Failed }
}

/** Source: SQS API, DeleteMessageBatch. */
export const deleteMessageBatch: Operation<Sqs['DeleteMessageBatch'], SqsState> = async (
  input,
  state,
  call,
) => {
  const queue = queueAt(input.QueueUrl, state, call)
  checkBatch(input.Entries, 'DeleteMessageBatchRequestEntry')
  const answer = state.queues.step(queue, (moment) =>
    each(input.Entries, (entry) => deleteOne(queue, entry.ReceiptHandle, moment)),
  )
  call.span.set('batchSize', input.Entries.length)
  bill(state.usage, call, queue)
  await state.queues.settled()
  return answer
}

interface Change {
  readonly handle: string
  readonly timeout: number | undefined
}

function changeOne(queue: Queue, { handle, timeout }: Change, moment: Moment): void {
  if (timeout === undefined) throw missingParameter('VisibilityTimeout')
  if (timeout < 0 || timeout > VISIBILITY_SECONDS_MAX)
    throw invalidValue(
      timeout,
      'VisibilityTimeout',
      `VisibilityTimeout must be an integer between 0 and ${VISIBILITY_SECONDS_MAX}`,
    )
  const receipt = opened(queue, handle)
  if (receipt === undefined) throw messageGone(handle)
  const outcome = changeVisibility(queue, { ...receipt, visibilityMs: seconds(timeout) }, moment)
  switch (outcome) {
    case 'changed':
      return
    case 'gone':
      throw messageGone(handle)
    case 'expired':
      throw receiptHandleExpired(handle)
    case 'not-in-flight':
      throw notInFlight()
    case 'too-long':
      throw invalidValue(
        timeout,
        'VisibilityTimeout',
        `Total VisibilityTimeout for the message is beyond the limit [${VISIBILITY_SECONDS_MAX} seconds]`,
      )
  }
}

/** Source: SQS API, ChangeMessageVisibility. */
export const changeMessageVisibility: Operation<Sqs['ChangeMessageVisibility'], SqsState> = async (
  input,
  state,
  call,
) => {
  const queue = queueAt(input.QueueUrl, state, call)
  const change = { handle: input.ReceiptHandle, timeout: input.VisibilityTimeout }
  state.queues.step(queue, (moment) => changeOne(queue, change, moment))
  bill(state.usage, call, queue)
  await state.queues.settled()
  return {}
}

/** Source: SQS API, ChangeMessageVisibilityBatch. */
export const changeMessageVisibilityBatch: Operation<Sqs['ChangeMessageVisibilityBatch'], SqsState> = async (
  input,
  state,
  call,
) => {
  const queue = queueAt(input.QueueUrl, state, call)
  checkBatch(input.Entries, 'ChangeMessageVisibilityBatchRequestEntry')
  const answer = state.queues.step(queue, (moment) =>
    each(input.Entries, (entry) =>
      changeOne(queue, { handle: entry.ReceiptHandle, timeout: entry.VisibilityTimeout }, moment),
    ),
  )
  call.span.set('batchSize', input.Entries.length)
  bill(state.usage, call, queue)
  await state.queues.settled()
  return answer
}
