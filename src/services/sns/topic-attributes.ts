/** A topic's attributes: which there are, what they may be, and how GetTopicAttributes shows them. Pure. */
import { stringAt, valueAt, parseJson } from '#base/json.ts'
import {
  topicDeliveryPolicy,
  shownTopicPolicy,
  type TopicDeliveryPolicy,
} from '#services/sns/delivery-policy.ts'
import { invalid, notWritten } from '#services/sns/faults.ts'
import { isFifo, type TopicName, topicArn } from '#services/sns/names.ts'
import { checkPolicy, defaultPolicy } from '#services/sns/policy.ts'
import type { TopicRecord } from '#services/sns/records.ts'

const PROTOCOLS = ['Application', 'Firehose', 'HTTP', 'Lambda', 'SQS'] as const
const FEEDBACK = PROTOCOLS.flatMap((name) => [
  `${name}SuccessFeedbackRoleArn`,
  `${name}FailureFeedbackRoleArn`,
])
const SAMPLE_RATES = PROTOCOLS.map((name) => `${name}SuccessFeedbackSampleRate`)
const FIFO_ONLY = ['ContentBasedDeduplication', 'FifoThroughputScope', 'ArchivePolicy']
const SETTABLE = [
  'DeliveryPolicy',
  'DisplayName',
  'KmsMasterKeyId',
  'Policy',
  'SignatureVersion',
  'TracingConfig',
  ...FIFO_ONLY,
  ...FEEDBACK,
  ...SAMPLE_RATES,
]

/** Display names of SMS and e-mail; longer ones are refused. Source: SNS API, SetTopicAttributes. */
const DISPLAY_NAME_MAX = 100

function oneOf(name: string, value: string, choices: readonly string[], prefix: string): void {
  if (!choices.includes(value)) throw invalid(`${prefix}${name}`)
}

/** Faults InvalidParameter, NotImplemented. Source: SNS API, CreateTopic and SetTopicAttributes; recorded AWS answers. */
function checkAttribute(
  topic: TopicName,
  name: string,
  at: { readonly value: string; readonly prefix: string },
): void {
  const { value, prefix } = at
  if (!SETTABLE.includes(name)) throw invalid(prefix === '' ? 'AttributeName' : `${prefix}AttributeName`)
  if (FIFO_ONLY.includes(name) && !isFifo(topic.name))
    throw invalid(`${prefix}${name}: Unsupported for non-FIFO topic`)
  if (name === 'ArchivePolicy' && value !== '' && value !== '{}') throw notWritten('ArchivePolicy')
  if (value === '') return
  if (name === 'DeliveryPolicy') topicDeliveryPolicy(value, prefix)
  else if (name === 'Policy') checkPolicy(value)
  else if (name === 'DisplayName') {
    if (value.length > DISPLAY_NAME_MAX) throw invalid(`${prefix}DisplayName`)
  } else if (name === 'SignatureVersion') oneOf(name, value, ['1', '2'], prefix)
  else if (name === 'TracingConfig') oneOf(name, value, ['PassThrough', 'Active'], prefix)
  else if (name === 'FifoThroughputScope') oneOf(name, value, ['Topic', 'MessageGroup'], prefix)
  else if (name === 'ContentBasedDeduplication') oneOf(name, value.toLowerCase(), ['true', 'false'], prefix)
  else if (SAMPLE_RATES.includes(name) && !/^(100|\d{1,2})$/.test(value)) throw invalid(`${prefix}${name}`)
}

/** The attributes with one changed. Faults as above. */
export function withAttribute(
  topic: TopicName,
  attributes: TopicRecord['attributes'],
  change: { readonly name: string; readonly value: string },
): TopicRecord['attributes'] {
  const { name, value } = change
  if (name === 'FifoTopic') throw invalid('AttributeName')
  checkAttribute(topic, name, { value, prefix: '' })
  const { [name]: _, ...others } = attributes
  return value === '' && name !== 'DeliveryPolicy' ? others : { ...others, [name]: normal(name, value) }
}

/** Those of CreateTopic. Faults as above. */
export function createdAttributes(
  topic: TopicName,
  given: Readonly<Record<string, string>>,
): TopicRecord['attributes'] {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(given)) {
    if (name === 'FifoTopic') continue
    checkAttribute(topic, name, { value, prefix: 'Attributes Reason: ' })
    if (value !== '') kept[name] = normal(name, value)
  }
  return kept
}

const normal = (name: string, value: string): string =>
  name === 'ContentBasedDeduplication' ? value.toLowerCase() : value

/** True when CreateTopic asks for what is there: attributes that are not named do not count. Source: SNS API, CreateTopic; recorded AWS answers. */
export function isSameTopic(
  topic: TopicName,
  record: TopicRecord,
  given: TopicRecord['attributes'],
): boolean {
  const counts = { confirmed: 0, pending: 0, deleted: 0 }
  const shown: Record<string, string> = {
    FifoThroughputScope: 'Topic',
    SignatureVersion: '1',
    TracingConfig: 'PassThrough',
    ...shownTopic(topic, record, counts),
  }
  return Object.entries(given).every(([name, value]) => isSame(shown[name] ?? '', value))
}

const isSame = (a: string, b: string): boolean => {
  if (a === b) return true
  const [left, right] = [parseJson(a), parseJson(b)]
  return left !== undefined && right !== undefined && JSON.stringify(left) === JSON.stringify(right)
}

export interface SubscriptionCounts {
  readonly confirmed: number
  readonly pending: number
  readonly deleted: number
}

export const policyOf = (topic: TopicName, record: TopicRecord): string =>
  record.attributes['Policy'] ?? defaultPolicy(topicArn(topic), topic.account)

export const deliveryPolicyOf = (record: TopicRecord): TopicDeliveryPolicy | undefined => {
  const text = record.attributes['DeliveryPolicy']
  return text === undefined ? undefined : topicDeliveryPolicy(text)
}

/** As GetTopicAttributes answers. Source: recorded AWS answers. */
export function shownTopic(
  topic: TopicName,
  record: TopicRecord,
  counts: SubscriptionCounts,
): Record<string, string> {
  const { DeliveryPolicy: _, ...set } = record.attributes
  const policy = deliveryPolicyOf(record)
  return {
    DisplayName: '',
    ...(isFifo(topic.name) ? { FifoTopic: 'true', ContentBasedDeduplication: 'false' } : {}),
    ...set,
    ...(policy === undefined ? {} : { DeliveryPolicy: JSON.stringify(policy.shown) }),
    EffectiveDeliveryPolicy: shownTopicPolicy(policy),
    Owner: topic.account,
    Policy: policyOf(topic, record),
    SubscriptionsConfirmed: `${counts.confirmed}`,
    SubscriptionsDeleted: `${counts.deleted}`,
    SubscriptionsPending: `${counts.pending}`,
    TopicArn: topicArn(topic),
  }
}

/** What publishing must know of the attributes. */
export const contentBased = (record: TopicRecord): boolean =>
  record.attributes['ContentBasedDeduplication'] === 'true'
export const deduplicatesByGroup = (record: TopicRecord): boolean =>
  record.attributes['FifoThroughputScope'] === 'MessageGroup'
export const signatureVersion = (record: TopicRecord): '1' | '2' =>
  record.attributes['SignatureVersion'] === '2' ? '2' : '1'

/** Fault InvalidParameter unless FifoTopic is absent, true or false. */
export function asksForFifo(given: Readonly<Record<string, string>>): boolean {
  const value = stringAt(given, 'FifoTopic')?.toLowerCase()
  if (value === undefined && valueAt(given, 'FifoTopic') === undefined) return false
  if (value !== 'true' && value !== 'false') throw invalid('Attributes Reason: FifoTopic')
  return value === 'true'
}
