/** Publish: durable before it answers; what follows is `handover.ts`'s. */
import type { Fault } from '#base/fault.ts'
import type { PublishInput, Sns } from '#model/sns.ts'
import type { Call, Operation } from '#ports/service.ts'
import { APP_ENDPOINTS, endpointNamed } from '#services/sns/applications.ts'
import { invalid, notWritten } from '#services/sns/faults.ts'
import { MESSAGE_BYTES_MAX } from '#services/sns/limits.ts'
import { checkStructure } from '#services/sns/message.ts'
import { ownerParts, type TopicName, topicNamed } from '#services/sns/names.ts'
import { checkedEntry, checkFifo, publishAll } from '#services/sns/publishing.ts'
import type { SnsState } from '#services/sns/state.ts'

/** Source: SNS API, Publish; recorded AWS answers. */
export const publish: Operation<Sns['Publish'], SnsState> = async (input, state, call) => {
  const name = addressed(input, call)
  if (name === undefined) throw await notToAnEndpoint(input, state)
  const checked = checkedEntry(input)
  if (checked.sizeBytes > MESSAGE_BYTES_MAX) throw invalid('Message too long')
  const found = state.topic(name)
  const topic = found instanceof Promise ? await found : found
  checkFifo(topic, input)
  checkStructure(input.Message, input.MessageStructure)
  const [published] = await publishAll(state, { topic, checked: [checked], span: call.span })
  return {
    MessageId: published?.messageId,
    ...(topic.fifo ? { SequenceNumber: published?.sequence } : {}),
  }
}

/** Source: recorded AWS answers; the text for several receivers is inferred. */
function addressed(input: PublishInput, call: Call): TopicName | undefined {
  const { TopicArn: topic, TargetArn: target, PhoneNumber: phone } = input
  const given = [topic, target, phone].filter((each) => each !== undefined && each !== '')
  if (given.length === 0) throw invalid('TopicArn or TargetArn Reason: no value for required parameter')
  if (given.length > 1) throw invalid('Only one of TopicArn, TargetArn and PhoneNumber may be given')
  if (phone !== undefined && phone !== '') {
    if (!/^\+?[0-9]{5,20}$/.test(phone))
      throw invalid(`PhoneNumber Reason: ${phone} is not valid to publish to`)
    throw notWritten('Publishing to a phone number (SMS)')
  }
  if (/^arn:[^:]*:sns:[^:]*:\d{12}:endpoint\//.test(target ?? '')) return undefined
  return topicNamed(given[0] ?? '', call, topic === undefined ? 'TargetArn' : 'TopicArn')
}

/** Nothing is pushed to phones from here. Source: recorded AWS answer for an endpoint that is not there. */
async function notToAnEndpoint(input: PublishInput, state: SnsState): Promise<Fault> {
  const { platform, app, id, ...owner } = endpointNamed(input.TargetArn ?? '', undefined)
  const record = await APP_ENDPOINTS.get(state.control.read, ownerParts(owner), platform, app, id)
  if (record === undefined) return invalid('TargetArn Reason: No endpoint found for the target arn specified')
  return notWritten('Publishing to an endpoint of a platform application (mobile push)')
}
