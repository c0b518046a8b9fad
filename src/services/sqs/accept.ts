/** Deliveries from topics, rules, buckets and functions: one message each, durable before it is accepted. */
import { text } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { uuid } from '#base/ids.ts'
import type { MessageAttributeValue } from '#model/sqs.ts'
import type { Accept, Delivery } from '#ports/targets.ts'
import { prepare } from '#services/sqs/entry.ts'
import { queueDoesNotExist } from '#services/sqs/faults.ts'
import { bill } from '#services/sqs/metering.ts'
import { queueOfArn } from '#services/sqs/names.ts'
import type { SqsState } from '#services/sqs/state.ts'
import { send } from '#services/sqs/step.ts'

/** Codes are the query protocol's, as dead-letter attributes of other services show them. */
const NOT_THERE = 'AWS.SimpleQueueService.NonExistentQueue'

export function acceptSqs(state: SqsState): Accept {
  return async (delivery) => {
    const name = queueOfArn(delivery.arn)
    const queue = name === undefined ? undefined : state.queues.get(name)
    if (name === undefined || queue === undefined)
      return { kind: 'refused', code: NOT_THERE, message: queueDoesNotExist().message }
    const { span } = delivery
    try {
      const by = { id: uuid(state.random), sender: delivery.account, trace: span.header() }
      const sending = prepare(queue, { MessageBody: text(delivery.payload), ...given(delivery) }, by)
      state.queues.step(queue, (moment) => send(queue, sending, moment))
      const call = { account: name.account, region: name.region, at: state.clock.now(), span }
      const fair = !queue.isFifo && sending.content.group !== undefined
      bill(state.usage, call, queue, { bytes: sending.bytes, fair })
      await state.queues.settled()
      return { kind: 'accepted' }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return { kind: 'refused', code: error.code, message: error.message }
    }
  }
}

function given({ message }: Delivery): {
  MessageGroupId?: string
  MessageDeduplicationId?: string
  MessageAttributes?: Record<string, MessageAttributeValue>
} {
  const attributes = Object.entries(message?.attributes ?? {})
  return {
    ...(message?.groupId === undefined ? {} : { MessageGroupId: message.groupId }),
    ...(message?.deduplicationId === undefined ? {} : { MessageDeduplicationId: message.deduplicationId }),
    ...(attributes.length === 0
      ? {}
      : {
          MessageAttributes: Object.fromEntries(
            attributes.map(([name, { dataType, stringValue, binaryValue }]) => [
              name,
              { DataType: dataType, StringValue: stringValue, BinaryValue: binaryValue },
            ]),
          ),
        }),
  }
}
