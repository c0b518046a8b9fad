/** TagQueue, UntagQueue, ListQueueTags. */
import { instant } from '#base/time.ts'
import type { Sqs } from '#model/sqs.ts'
import type { Operation } from '#ports/service.ts'
import { queueAt } from '#services/sqs/asking.ts'
import { missingParameter } from '#services/sqs/faults.ts'
import { bill } from '#services/sqs/metering.ts'
import type { Queue } from '#services/sqs/queue.ts'
import type { SqsState } from '#services/sqs/state.ts'
import { checkTags, wrongTagKey } from '#services/sqs/tags.ts'

async function setTags(queue: Queue, tags: Readonly<Record<string, string>>, state: SqsState): Promise<void> {
  state.queues.step(queue, (moment) => {
    queue.tags = tags
    queue.modifiedAt = instant(moment.now)
    moment.effects.push({ kind: 'recorded' })
  })
  await state.queues.settled()
}

/** Source: SQS API, TagQueue. */
export const tagQueue: Operation<Sqs['TagQueue'], SqsState> = async (input, state, call) => {
  const queue = queueAt(input.QueueUrl, state, call)
  bill(state.usage, call, queue)
  if (Object.keys(input.Tags).length === 0) throw missingParameter('Tags')
  await setTags(queue, checkTags(queue.name.name, queue.tags, input.Tags), state)
  return {}
}

/** Source: SQS API, UntagQueue. */
export const untagQueue: Operation<Sqs['UntagQueue'], SqsState> = async (input, state, call) => {
  const queue = queueAt(input.QueueUrl, state, call)
  bill(state.usage, call, queue)
  if (input.TagKeys.length === 0) throw wrongTagKey()
  const kept = Object.entries(queue.tags).filter(([key]) => !input.TagKeys.includes(key))
  await setTags(queue, Object.fromEntries(kept), state)
  return {}
}

/** Source: SQS API, ListQueueTags. */
export const listQueueTags: Operation<Sqs['ListQueueTags'], SqsState> = (input, state, call) => {
  const queue = queueAt(input.QueueUrl, state, call)
  bill(state.usage, call, queue)
  return Object.keys(queue.tags).length === 0 ? {} : { Tags: queue.tags }
}
