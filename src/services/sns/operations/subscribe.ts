/** Subscribe: idempotent for the same protocol and endpoint. Source: SNS API, Subscribe; recorded AWS answers. */
import { parseArn } from '#base/arn.ts'
import { hexId, uuid } from '#base/ids.ts'
import type { Sns, SubscribeInput } from '#model/sns.ts'
import type { Call, Operation } from '#ports/service.ts'
import {
  invalid,
  notWritten,
  refused,
  tooManyFilterPolicies,
  tooManySubscriptions,
  topicNotFound,
} from '#services/sns/faults.ts'
import type { HotTopic } from '#services/sns/hot.ts'
import {
  FIFO_SUBSCRIPTIONS_MAX,
  FILTER_POLICIES_MAX,
  SUBSCRIPTIONS_MAX,
  TOKEN_MS,
} from '#services/sns/limits.ts'
import {
  isFifo,
  ownerParts,
  type SubscriptionName,
  subscriptionArn,
  topicNamed,
} from '#services/sns/names.ts'
import type { PromisedConfirmation } from '#services/sns/promised.ts'
import { ENDPOINTS, SUBSCRIPTIONS, type SubscriptionRecord, TOKENS, TOPICS } from '#services/sns/records.ts'
import type { SnsState } from '#services/sns/state.ts'
import { checkSubscriptionAttributes, isHttp, keptAttributes } from '#services/sns/subscription-attributes.ts'

const PROTOCOLS = ['http', 'https', 'email', 'email-json', 'sms', 'sqs', 'application', 'lambda', 'firehose']
/** Until the endpoint's owner agrees, nothing is delivered. */
const CONFIRMED_BY_OWNER = ['http', 'https', 'email', 'email-json']
const TOKEN_BYTES = 144
/** Of a topic's expired tokens so many are erased when a new one is made. Ours. */
const TOKENS_SWEPT = 20

export const subscribe: Operation<Sns['Subscribe'], SnsState> = async (input, state, call) => {
  const topic = await state.topic(topicNamed(input.TopicArn, call))
  const endpoint = checkEndpoint(input, topic)
  const given = input.Attributes ?? {}
  const of = { topic: topic.name.name, protocol: input.Protocol, endpoint }
  checkSubscriptionAttributes(of, given, 'Attributes Reason: ')
  const attributes = keptAttributes(given)
  checkRoom(topic, attributes)
  const record = newRecord(state, call, { topic, protocol: input.Protocol, endpoint, attributes })
  // It takes a while to make; the first message will want it.
  void state.signer.key()
  const kept = await keep(state, topic, record)
  if (kept.id !== record.id) checkSame(kept, keptAttributes(given))
  const name = { ...topic.name, id: kept.id }
  if (kept.confirmedAt !== undefined) return { SubscriptionArn: subscriptionArn(name) }
  await askForConsent(state, call, { name, record: kept, type: 'SubscriptionConfirmation' })
  return {
    SubscriptionArn: input.ReturnSubscriptionArn === true ? subscriptionArn(name) : 'pending confirmation',
  }
}

/** Faults InvalidParameter, NotImplemented. Source: recorded AWS answers; what FIFO topics refuse as users of other tools quote AWS. */
function checkEndpoint(input: SubscribeInput, topic: HotTopic): string {
  const { Protocol: protocol, Endpoint: endpoint } = input
  if (!PROTOCOLS.includes(protocol))
    throw invalid(`Amazon SNS does not support this protocol string: ${protocol}`)
  if (endpoint === undefined || endpoint === '') throw invalid('Endpoint')
  if (isHttp(protocol) && !endpoint.startsWith(`${protocol}://`))
    throw invalid('Endpoint must match the specified protocol')
  if (isHttp(protocol) && URL.parse(endpoint) === null) throw invalid('Endpoint')
  if (protocol.startsWith('email') && !/^[^@\s]+@[^@\s]+$/.test(endpoint)) throw invalid('Email address')
  if (protocol === 'sms' && !isPhoneNumber(endpoint)) throw refused(`Invalid SMS endpoint: ${endpoint}`)
  if (protocol === 'sqs' && parseArn(endpoint)?.service !== 'sqs') throw invalid('SQS endpoint ARN')
  if (protocol === 'lambda' && !isFunction(endpoint)) throw invalid('Lambda endpoint ARN')
  if (protocol === 'application' || protocol === 'firehose')
    throw notWritten(`Subscribing the protocol ${protocol}`)
  if (isFifo(endpoint) && protocol === 'sqs' && !topic.fifo)
    throw invalid(
      'Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics',
    )
  if (topic.fifo && protocol !== 'sqs') throw invalid(`Invalid protocol type: ${protocol}`)
  return endpoint
}

/** E.164, where blanks, dots, slashes, hyphens and brackets may stand between the digits, one at a time. Source: recorded AWS answers. */
const isPhoneNumber = (text: string): boolean =>
  /^\+?[0-9](?:[-./ ()]?[0-9]){4,19}$/.test(text) && text.replaceAll(/\D/g, '').length <= 15

function isFunction(arn: string): boolean {
  const parts = parseArn(arn)
  return parts?.service === 'lambda' && parts.resource.startsWith('function:')
}

/** Faults SubscriptionLimitExceeded, FilterPolicyLimitExceeded. */
function checkRoom(topic: HotTopic, attributes: SubscriptionRecord['attributes']): void {
  const max = topic.fifo ? FIFO_SUBSCRIPTIONS_MAX : SUBSCRIPTIONS_MAX
  if (topic.subscriptions.size >= max) throw tooManySubscriptions(max)
  if (attributes['FilterPolicy'] !== undefined && topic.filters >= FILTER_POLICIES_MAX)
    throw tooManyFilterPolicies(FILTER_POLICIES_MAX)
}

function newRecord(
  state: SnsState,
  call: Call,
  of: Pick<SubscriptionRecord, 'protocol' | 'endpoint' | 'attributes'> & { readonly topic: HotTopic },
): SubscriptionRecord {
  const { topic, protocol, endpoint, attributes } = of
  const waits = CONFIRMED_BY_OWNER.includes(protocol)
  return {
    id: uuid(state.ports.random),
    topic: topic.name.name,
    protocol,
    endpoint,
    owner: call.account,
    principal: `arn:aws:iam::${call.account}:root`,
    createdAt: state.now(),
    confirmedAt: waits ? undefined : state.now(),
    authenticated: !waits,
    attributes,
  }
}

/** The record, or the one that stands for the endpoint already. */
async function keep(
  state: SnsState,
  topic: HotTopic,
  record: SubscriptionRecord,
): Promise<SubscriptionRecord> {
  const owner = ownerParts(topic.name)
  const { name } = topic.name
  const kept = await state.control.tx(async (tx) => {
    const id = await ENDPOINTS.get(tx, owner, name, record.protocol, record.endpoint)
    const existing = id === undefined ? undefined : await SUBSCRIPTIONS.get(tx, owner, name, id)
    if (existing !== undefined) return existing
    if ((await TOPICS.get(tx, owner, name)) === undefined) throw topicNotFound()
    ENDPOINTS.put(tx, owner, [name, record.protocol, record.endpoint], record.id)
    SUBSCRIPTIONS.put(tx, owner, [name, record.id], record)
    return record
  })
  state.hot.put(topic.name, kept)
  return kept
}

/** Attributes that are not named do not count. Source: recorded AWS answers. */
function checkSame(existing: SubscriptionRecord, given: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(given)) {
    const has = existing.attributes[name] ?? (name === 'RawMessageDelivery' ? 'false' : undefined)
    if (has !== value)
      throw invalid('Attributes Reason: Subscription already exists with different attributes')
  }
}

export interface Consent {
  readonly name: SubscriptionName
  readonly record: SubscriptionRecord
  readonly type: PromisedConfirmation['type']
}

/** Keeps a token, and promises the post that carries it. Nothing is sent to e-mail addresses: their token is in the platform's log. */
export async function askForConsent(state: SnsState, call: Call, of: Consent): Promise<void> {
  const { name, record, type } = of
  const token = hexId(state.ports.random, TOKEN_BYTES)
  const restores = type === 'UnsubscribeConfirmation' ? { restores: record } : {}
  const owner = ownerParts(name)
  await state.control.tx(async (tx) => {
    for (const old of await TOKENS.list(tx, owner, [name.name], { limit: TOKENS_SWEPT }))
      if (old.expiresAt < state.now()) TOKENS.delete(tx, owner, name.name, old.token)
    const expiresAt = state.now() + TOKEN_MS
    TOKENS.put(tx, owner, [name.name, token], { token, id: name.id, expiresAt, ...restores })
  })
  if (!isHttp(record.protocol)) {
    state.ports.log.info('sns.confirmation.not-sent', { endpoint: record.endpoint, token })
    return
  }
  await state.handover.promiseConfirmation({
    kind: 'confirmation',
    type,
    account: name.account,
    region: name.region,
    topic: name.name,
    subscription: name.id,
    endpoint: record.endpoint,
    messageId: uuid(state.ports.random),
    token,
    at: state.now(),
    trace: call.span.header(),
  })
}
