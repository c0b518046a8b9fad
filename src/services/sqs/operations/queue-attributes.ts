/** GetQueueAttributes and SetQueueAttributes. */
import type { Sqs } from '#model/sqs.ts'
import type { Operation } from '#ports/service.ts'
import { queueAt } from '#services/sqs/asking.ts'
import { isAttribute, settled, shownAttributes, withAttributes } from '#services/sqs/attributes.ts'
import { invalidAttributeValue, unknownAttribute } from '#services/sqs/faults.ts'
import { bill } from '#services/sqs/metering.ts'
import { checkPolicies } from '#services/sqs/policies.ts'
import { type Queue, visibleCount } from '#services/sqs/queue.ts'
import type { SqsState } from '#services/sqs/state.ts'
import { configure } from '#services/sqs/step.ts'

/** Source: SQS API, GetQueueAttributes. Counts are exact here. */
export const getQueueAttributes: Operation<Sqs['GetQueueAttributes'], SqsState> = (input, state, call) => {
  const queue = queueAt(input.QueueUrl, state, call)
  bill(state.usage, call, queue)
  const names = input.AttributeNames ?? []
  for (const name of names) if (!isAttribute(name)) throw unknownAttribute(name)
  if (names.length === 0) return {}
  const all = state.queues.step(queue, () => everything(queue))
  if (names.includes('All')) return { Attributes: all }
  const shown: Record<string, string> = {}
  for (const name of names) {
    const value = all[name]
    if (value !== undefined) shown[name] = value
  }
  return Object.keys(shown).length === 0 ? {} : { Attributes: shown }
}

const secondsOf = (at: number): string => String(Math.floor(at / 1_000))

function everything(queue: Queue): Record<string, string> {
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visibleCount(queue)),
    ApproximateNumberOfMessagesNotVisible: String(queue.inFlight),
    ApproximateNumberOfMessagesDelayed: String(queue.delayed),
    CreatedTimestamp: secondsOf(queue.createdAt),
    LastModifiedTimestamp: secondsOf(queue.modifiedAt),
    ...shownAttributes(queue.attributes, queue.isFifo),
  }
}

/** Source: SQS API, SetQueueAttributes. */
export const setQueueAttributes: Operation<Sqs['SetQueueAttributes'], SqsState> = async (
  input,
  state,
  call,
) => {
  const queue = queueAt(input.QueueUrl, state, call)
  bill(state.usage, call, queue)
  const { Attributes: given } = input
  const { FifoQueue: fifo } = given
  if (fifo !== undefined && fifo !== String(queue.isFifo))
    throw invalidAttributeValue('FifoQueue', 'Modifying queue type is not supported.')
  const attributes = withAttributes(queue.attributes, settled(given), queue.isFifo)
  checkPolicies(given, { source: queue.arn, queues: state.queues })
  state.queues.step(queue, (moment) => configure(queue, attributes, moment))
  await state.queues.settled()
  return {}
}
