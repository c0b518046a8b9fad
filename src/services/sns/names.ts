/** Names and ARNs of topics and subscriptions. */
import { arnElements, parseArn, printArn } from '#base/arn.ts'
import { type AccountId, type Region, accountId, regionOf } from '#base/ids.ts'
import { invalid, subscriptionNotFound } from '#services/sns/faults.ts'
import { TOPIC_NAME_LENGTH_MAX } from '#services/sns/limits.ts'

export interface Owner {
  readonly account: AccountId
  readonly region: Region
}

export interface TopicName extends Owner {
  readonly name: string
}

export interface SubscriptionName extends TopicName {
  readonly id: string
}

export const ownerParts = (owner: Owner): [string, string] => [owner.account, owner.region]
export const isFifo = (name: string): boolean => name.endsWith('.fifo')

export const topicArn = (topic: TopicName): string =>
  printArn({ service: 'sns', region: topic.region, account: topic.account, resource: topic.name })
export const subscriptionArn = (name: SubscriptionName): string => `${topicArn(name)}:${name.id}`

/** Fault InvalidParameter. Source: SNS API, CreateTopic; recorded AWS answer. */
export function checkTopicName(name: string, fifo: boolean): void {
  const body = fifo && isFifo(name) ? name.slice(0, -5) : name
  if (!/^[A-Za-z0-9_-]+$/.test(body) || name.length > TOPIC_NAME_LENGTH_MAX || fifo !== isFifo(name))
    throw invalid('Topic Name')
}

/** Fault InvalidParameter when it has too few parts. Source: recorded AWS answers. */
function checkElements(arn: string, member: string): void {
  if (arn === '') throw invalid(`${member} Reason: no value for required parameter`)
  const elements = arnElements(arn)
  if (elements < 6) throw invalid(`${member} Reason: An ARN must have at least 6 elements, not ${elements}`)
}

/** The topic that an ARN names, or undefined; of any region. */
export function topicOfArn(arn: string): TopicName | undefined {
  const parts = parseArn(arn)
  const account = accountId(parts?.account ?? '')
  const region = regionOf(parts?.region ?? '')
  const name = parts?.resource ?? ''
  if (parts?.service !== 'sns' || account === undefined || region === undefined) return undefined
  return /^[A-Za-z0-9_-]+(\.fifo)?$/.test(name) ? { account, region, name } : undefined
}

/** Fault InvalidParameter: no ARN of a topic, or of another region than the caller's. Source: recorded AWS answers. */
export function topicNamed(arn: string, call: Pick<Owner, 'region'>, member = 'TopicArn'): TopicName {
  checkElements(arn, member)
  const topic = topicOfArn(arn)
  if (topic === undefined || topic.region !== call.region) throw invalid(member)
  return topic
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The subscription that an ARN names, or undefined; of any region. */
export function subscriptionOfArn(arn: string): SubscriptionName | undefined {
  const at = arn.lastIndexOf(':')
  const id = arn.slice(at + 1)
  if (!ID.test(id)) return undefined
  const topic = topicOfArn(arn.slice(0, at))
  return topic === undefined ? undefined : { ...topic, id }
}

/** Fault InvalidParameter. Source: recorded AWS answers. */
export function subscriptionNamed(arn: string): SubscriptionName {
  checkElements(arn, 'SubscriptionArn')
  const found = subscriptionOfArn(arn)
  if (found !== undefined) return found
  throw ID.test(arn.slice(arn.lastIndexOf(':') + 1)) ? subscriptionNotFound() : invalid('SubscriptionId')
}
