/** Subscriptions that are there: confirm, unsubscribe, list, attributes. */
import { Fault } from '#base/fault.ts'
import type { Sns, Subscription } from '#model/sns.ts'
import type { Call, Operation } from '#ports/service.ts'
import { changeSubscription } from '#services/sns/change.ts'
import {
  invalid,
  refused,
  subscriptionNotFound,
  tooManyFilterPolicies,
  topicNotFound,
} from '#services/sns/faults.ts'
import { FILTER_POLICIES_MAX, PAGE } from '#services/sns/limits.ts'
import {
  type Owner,
  ownerParts,
  type SubscriptionName,
  subscriptionArn,
  subscriptionNamed,
  type TopicName,
  topicArn,
  topicNamed,
  topicOfArn,
} from '#services/sns/names.ts'
import { askForConsent } from '#services/sns/operations/subscribe.ts'
import { pageToken, tokenPlace } from '#services/sns/page-token.ts'
import { ENDPOINTS, SUBSCRIPTIONS, type SubscriptionRecord, TOKENS } from '#services/sns/records.ts'
import type { SnsState } from '#services/sns/state.ts'
import {
  checkSubscriptionAttributes,
  isHttp,
  keptAttributes,
  shownSubscription,
} from '#services/sns/subscription-attributes.ts'

const TOKEN = /^[0-9a-f]{288}$/

/** Also without a signature: the address in a confirmation is this operation. Source: SNS API, ConfirmSubscription; recorded AWS answers. */
export const confirmSubscription: Operation<Sns['ConfirmSubscription'], SnsState> = async (
  input,
  state,
  call,
) => {
  const topic = topicOfArn(input.TopicArn)
  if (topic === undefined || (isSigned(call) && topic.region !== call.region)) throw invalid('Topic')
  if (!TOKEN.test(input.Token)) throw invalid('Token')
  const owner = ownerParts(topic)
  const token = await TOKENS.get(state.control.read, owner, topic.name, input.Token)
  if (token === undefined || token.expiresAt < state.now()) throw refused('Invalid token')
  await state.topic(topic)
  const name = { ...topic, id: token.id }
  const restored = token.restores
  if (restored !== undefined) await restore(state, name, restored)
  const asks = input.AuthenticateOnUnsubscribe?.toLowerCase() === 'true'
  await changeSubscription(state, name, (record) => ({
    ...record,
    confirmedAt: record.confirmedAt ?? state.now(),
    authenticated: record.confirmedAt === undefined ? isSigned(call) : record.authenticated,
    ...(asks && isSigned(call) ? { unsubscribeSigned: true } : {}),
  }))
  return { SubscriptionArn: subscriptionArn(name) }
}

const isSigned = (call: Call): boolean => call.accessKeyId !== undefined

/** What was unsubscribed stands again, unless another has taken the endpoint. */
async function restore(state: SnsState, name: SubscriptionName, record: SubscriptionRecord): Promise<void> {
  const owner = ownerParts(name)
  await state.control.tx(async (tx) => {
    const id = await ENDPOINTS.get(tx, owner, name.name, record.protocol, record.endpoint)
    if (id !== undefined) return
    ENDPOINTS.put(tx, owner, [name.name, record.protocol, record.endpoint], record.id)
    SUBSCRIPTIONS.put(tx, owner, [name.name, record.id], { ...record, confirmedAt: state.now() })
  })
}

/** Harmless when it is gone. Source: SNS API, Unsubscribe; recorded AWS answers. */
export const unsubscribe: Operation<Sns['Unsubscribe'], SnsState> = async (input, state, call) => {
  const name = subscriptionNamed(input.SubscriptionArn)
  if (isSigned(call) && name.region !== call.region) return {}
  const owner = ownerParts(name)
  const gone = await state.control.tx(async (tx) => {
    const record = await SUBSCRIPTIONS.get(tx, owner, name.name, name.id)
    if (record === undefined) return undefined
    if (record.unsubscribeSigned === true && !isSigned(call))
      throw new Fault('AuthorizationErrorException', 'Unsubscribing needs a signed request')
    SUBSCRIPTIONS.delete(tx, owner, name.name, name.id)
    ENDPOINTS.delete(tx, owner, name.name, record.protocol, record.endpoint)
    return record
  })
  state.hot.delete(name, name.id)
  if (gone?.confirmedAt !== undefined && isHttp(gone.protocol))
    await askForConsent(state, call, { name, record: gone, type: 'UnsubscribeConfirmation' })
  return {}
}

const shown = (owner: Owner, record: SubscriptionRecord): Subscription => {
  const name = { ...owner, name: record.topic, id: record.id }
  return {
    SubscriptionArn: record.confirmedAt === undefined ? 'PendingConfirmation' : subscriptionArn(name),
    Owner: record.owner,
    Protocol: record.protocol,
    Endpoint: record.endpoint,
    TopicArn: topicArn(name),
  }
}

async function pageOf(
  state: SnsState,
  owner: Owner,
  at: { readonly below: readonly string[]; readonly token: string | undefined },
): Promise<{ Subscriptions: Subscription[]; NextToken?: string }> {
  const after = tokenPlace(at.token, 2)
  const found = await SUBSCRIPTIONS.list(state.control.read, ownerParts(owner), at.below, {
    limit: PAGE + 1,
    after,
  })
  const page = found.slice(0, PAGE)
  const last = page.at(-1)
  return {
    Subscriptions: page.map((record) => shown(owner, record)),
    ...(found.length > PAGE && last !== undefined ? { NextToken: pageToken([last.topic, last.id]) } : {}),
  }
}

/** Those of the caller's topics. Source: SNS API, ListSubscriptions. */
export const listSubscriptions: Operation<Sns['ListSubscriptions'], SnsState> = async (input, state, call) =>
  await pageOf(state, call, { below: [], token: input.NextToken })

/** Source: SNS API, ListSubscriptionsByTopic. */
export const listSubscriptionsByTopic: Operation<Sns['ListSubscriptionsByTopic'], SnsState> = async (
  input,
  state,
  call,
) => {
  const name: TopicName = topicNamed(input.TopicArn, call)
  await state.topic(name)
  return await pageOf(state, name, { below: [name.name], token: input.NextToken })
}

/** Fault NotFound: it is not there, or in another region. */
function here(arn: string, call: Call): SubscriptionName {
  const name = subscriptionNamed(arn)
  if (name.region !== call.region) throw subscriptionNotFound()
  return name
}

/** Source: SNS API, GetSubscriptionAttributes; recorded AWS answers. */
export const getSubscriptionAttributes: Operation<Sns['GetSubscriptionAttributes'], SnsState> = async (
  input,
  state,
  call,
) => {
  const name = here(input.SubscriptionArn, call)
  const record = await SUBSCRIPTIONS.get(state.control.read, ownerParts(name), name.name, name.id)
  if (record === undefined) throw subscriptionNotFound()
  const topic = await state.hot.get(state.control.read, name)
  if (topic === undefined) throw topicNotFound()
  return { Attributes: shownSubscription(name, record, topic.deliveryPolicy) }
}

/** Source: SNS API, SetSubscriptionAttributes; recorded AWS answers. */
export const setSubscriptionAttributes: Operation<Sns['SetSubscriptionAttributes'], SnsState> = async (
  input,
  state,
  call,
) => {
  const name = here(input.SubscriptionArn, call)
  const { AttributeName: attribute, AttributeValue: value = '' } = input
  const topic = await state.hot.get(state.control.read, name)
  await changeSubscription(state, name, (record) => {
    const next = { ...record.attributes, [attribute]: value }
    checkSubscriptionAttributes(record, next, '')
    const attributes = keptAttributes(next)
    const isNew = attributes['FilterPolicy'] !== undefined && record.attributes['FilterPolicy'] === undefined
    if (isNew && (topic?.filters ?? 0) >= FILTER_POLICIES_MAX)
      throw tooManyFilterPolicies(FILTER_POLICIES_MAX)
    return { ...record, attributes }
  })
  return {}
}
