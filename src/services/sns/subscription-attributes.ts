/** A subscription's attributes: which there are, what they may be, and how GetSubscriptionAttributes shows them. Pure. */
import { parseArn } from '#base/arn.ts'
import { isRecord, parseJson, stringAt } from '#base/json.ts'
import {
  effectivePolicy,
  shownSubscriptionPolicy,
  subscriptionDeliveryPolicy,
  type TopicDeliveryPolicy,
} from '#services/sns/delivery-policy.ts'
import { invalid, notWritten } from '#services/sns/faults.ts'
import { compileFilter, type FilterScope } from '#services/sns/filter.ts'
import { isFifo, type SubscriptionName, subscriptionArn, topicArn } from '#services/sns/names.ts'
import type { SubscriptionRecord } from '#services/sns/records.ts'

const NAMES = [
  'DeliveryPolicy',
  'FilterPolicy',
  'FilterPolicyScope',
  'RawMessageDelivery',
  'RedrivePolicy',
  'ReplayPolicy',
  'SubscriptionRoleArn',
]

export const isHttp = (protocol: string): boolean => protocol === 'http' || protocol === 'https'

export const scopeOf = (attributes: SubscriptionRecord['attributes']): FilterScope =>
  attributes['FilterPolicyScope'] === 'MessageBody' ? 'MessageBody' : 'MessageAttributes'

/** ARN of the dead-letter queue. */
export const deadLetterArn = (attributes: SubscriptionRecord['attributes']): string | undefined =>
  stringAt(parseJson(attributes['RedrivePolicy'] ?? ''), 'deadLetterTargetArn')

export interface Subscribed {
  readonly topic: string
  readonly protocol: string
  readonly endpoint: string
}

/**
 * Of all attributes together. `prefix` is `Attributes Reason: ` when Subscribe asks. Faults InvalidParameter,
 * NotImplemented. Source: recorded AWS answers.
 */
export function checkSubscriptionAttributes(
  of: Subscribed,
  attributes: Readonly<Record<string, string>>,
  prefix: string,
): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (!NAMES.includes(name)) throw invalid(`${prefix}AttributeName`)
    if (name === 'FilterPolicyScope' && value !== 'MessageAttributes' && value !== 'MessageBody')
      throw invalid(
        `${prefix}FilterPolicyScope: Invalid value [${value}]. Please use either MessageBody or MessageAttributes`,
      )
    if (name === 'RawMessageDelivery' && !/^(true|false)$/i.test(value))
      throw invalid(`${prefix}RawMessageDelivery: Invalid value [${value}]. Must be true or false.`)
    if (name === 'RedrivePolicy') checkRedrive(of, value, prefix)
    if (name === 'DeliveryPolicy' && value !== '') checkDelivery(of, value, prefix)
    if (name === 'ReplayPolicy' && value !== '') throw notWritten('ReplayPolicy')
  }
  const filter = attributes['FilterPolicy'] ?? ''
  if (!isNoFilter(filter))
    compileFilter(filter, scopeOf(attributes), prefix === '' ? 'SetSubscriptionAttributes' : 'Subscribe')
}

/** Source: recorded AWS answers; an empty policy takes it away. */
function checkRedrive(of: Subscribed, value: string, prefix: string): void {
  if (value === '') return
  const policy = parseJson(value)
  if (!isRecord(policy)) throw invalid(`${prefix}RedrivePolicy: failed to parse JSON.`)
  if (Object.keys(policy).length === 0) return
  const arn = stringAt(policy, 'deadLetterTargetArn') ?? ''
  const parts = parseArn(arn)
  if (parts === undefined) throw invalid(`${prefix}RedrivePolicy: deadLetterTargetArn is an invalid arn`)
  const isQueue = parts.service === 'sqs'
  if (isFifo(of.topic) && isFifo(of.endpoint) && (!isQueue || !isFifo(parts.resource)))
    throw invalid(
      `${prefix}RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.`,
    )
  if (!isQueue) throw invalid(`${prefix}RedrivePolicy: deadLetterTargetArn is an invalid arn`)
}

/** Only endpoints that are not AWS's have a policy of their own. Source: SNS API, SetSubscriptionAttributes; text inferred. */
function checkDelivery(of: Subscribed, value: string, prefix: string): void {
  if (!isHttp(of.protocol)) throw invalid(`${prefix}Delivery policy only applies to HTTP/S subscriptions`)
  subscriptionDeliveryPolicy(value, prefix)
}

/** How a filter policy is taken away. Source: SNS developer guide, Removing a subscription filter policy. */
const isNoFilter = (policy: string): boolean => policy.trim() === '' || /^\{\s*\}$/.test(policy.trim())

/** What is kept of them: empty ones are absent. */
export function keptAttributes(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (value === '' || (name === 'RedrivePolicy' && value.trim() === '{}')) continue
    if (name === 'FilterPolicy' && isNoFilter(value)) continue
    kept[name] = name === 'RawMessageDelivery' ? value.toLowerCase() : value
  }
  return kept
}

/** As GetSubscriptionAttributes answers. Source: recorded AWS answers. */
export function shownSubscription(
  name: SubscriptionName,
  record: SubscriptionRecord,
  topicPolicy: TopicDeliveryPolicy | undefined,
): Record<string, string> {
  const { FilterPolicy, FilterPolicyScope, DeliveryPolicy, ...set } = record.attributes
  const own = DeliveryPolicy === undefined ? undefined : subscriptionDeliveryPolicy(DeliveryPolicy)
  return {
    ConfirmationWasAuthenticated: `${record.authenticated}`,
    ...(own === undefined ? {} : { DeliveryPolicy: shownSubscriptionPolicy(own) }),
    ...(isHttp(record.protocol)
      ? { EffectiveDeliveryPolicy: shownSubscriptionPolicy(effectivePolicy(topicPolicy, own)) }
      : {}),
    Endpoint: record.endpoint,
    ...(FilterPolicy === undefined
      ? {}
      : { FilterPolicy, FilterPolicyScope: FilterPolicyScope ?? 'MessageAttributes' }),
    Owner: record.owner,
    PendingConfirmation: `${record.confirmedAt === undefined}`,
    Protocol: record.protocol,
    RawMessageDelivery: 'false',
    SubscriptionArn: subscriptionArn(name),
    SubscriptionPrincipal: record.principal,
    TopicArn: topicArn({ ...name, name: record.topic }),
    ...set,
  }
}
