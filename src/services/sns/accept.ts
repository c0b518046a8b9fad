/** Messages that other services publish: notifications of buckets, targets of rules, destinations of functions. */
import { strictText } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import type { MessageAttributeValue } from '#model/sns.ts'
import type { Accept, Delivery, DeliveryMessage, DeliveryOutcome } from '#ports/targets.ts'
import { invalid, topicNotFound } from '#services/sns/faults.ts'
import { MESSAGE_BYTES_MAX } from '#services/sns/limits.ts'
import { topicOfArn } from '#services/sns/names.ts'
import { checkedEntry, checkFifo, type Entry, publishAll } from '#services/sns/publishing.ts'
import type { SnsState } from '#services/sns/state.ts'

/** What the platform registers for ARNs of the service `sns`. Durable when it answers `accepted`. */
export function acceptSns(state: SnsState): Accept {
  return async (delivery) => {
    try {
      return await published(state, delivery)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return { kind: 'refused', code: error.code, message: error.message }
    }
  }
}

async function published(state: SnsState, delivery: Delivery): Promise<DeliveryOutcome> {
  const name = topicOfArn(delivery.arn)
  if (name === undefined) throw topicNotFound()
  const topic = await state.topic(name)
  const text = strictText(delivery.payload)
  if (text === undefined) throw invalid('Message')
  const entry = entryOf(text, delivery.message)
  const checked = checkedEntry(entry)
  if (checked.sizeBytes > MESSAGE_BYTES_MAX) throw invalid('Message too long')
  checkFifo(topic, entry)
  const span = delivery.span.open('sns', 'Publish', delivery.arn)
  await publishAll(state, { topic, checked: [checked], span })
  span.end('ok', { bytesIn: delivery.payload.length })
  return { kind: 'accepted' }
}

function entryOf(text: string, message: DeliveryMessage | undefined): Entry {
  const attributes = attributesOf(message)
  return {
    Message: text,
    ...(message?.subject === undefined ? {} : { Subject: message.subject }),
    ...(message?.groupId === undefined ? {} : { MessageGroupId: message.groupId }),
    ...(message?.deduplicationId === undefined ? {} : { MessageDeduplicationId: message.deduplicationId }),
    ...(attributes === undefined ? {} : { MessageAttributes: attributes }),
  }
}

function attributesOf(
  message: DeliveryMessage | undefined,
): Record<string, MessageAttributeValue> | undefined {
  if (message?.attributes === undefined) return undefined
  return Object.fromEntries(
    Object.entries(message.attributes).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      { DataType: dataType, StringValue: stringValue, BinaryValue: binaryValue },
    ]),
  )
}
