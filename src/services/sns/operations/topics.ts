/** Topics: create, delete, list, attributes. */
import type { Sns } from '#model/sns.ts'
import type { Operation } from '#ports/service.ts'
import { invalid, notWritten } from '#services/sns/faults.ts'
import { PAGE } from '#services/sns/limits.ts'
import {
  checkTopicName,
  isFifo,
  ownerParts,
  type TopicName,
  topicArn,
  topicNamed,
} from '#services/sns/names.ts'
import { pageToken, tokenPlace } from '#services/sns/page-token.ts'
import { ENDPOINTS, SUBSCRIPTIONS, TOKENS, type TopicRecord, TOPICS } from '#services/sns/records.ts'
import type { SnsState } from '#services/sns/state.ts'
import { changeTopic } from '#services/sns/change.ts'
import { checkedTags, isSameTags } from '#services/sns/tags.ts'
import {
  asksForFifo,
  createdAttributes,
  isSameTopic,
  shownTopic,
  withAttribute,
} from '#services/sns/topic-attributes.ts'

/** Idempotent for the same attributes and tags. Source: SNS API, CreateTopic; recorded AWS answers. */
export const createTopic: Operation<Sns['CreateTopic'], SnsState> = async (input, state, call) => {
  const given = input.Attributes ?? {}
  checkTopicName(input.Name, asksForFifo(given))
  if (input.DataProtectionPolicy !== undefined && input.DataProtectionPolicy !== '')
    throw notWritten('DataProtectionPolicy')
  const name: TopicName = { account: call.account, region: call.region, name: input.Name }
  const attributes = createdAttributes(name, given)
  const tags = checkedTags({}, input.Tags ?? [])
  await state.control.tx(async (tx) => {
    const existing = await TOPICS.get(tx, ownerParts(name), name.name)
    if (existing !== undefined) {
      checkSame(name, existing, { attributes, tags: input.Tags === undefined ? undefined : tags })
      return
    }
    const record: TopicRecord = { name: name.name, createdAt: state.now(), attributes, tags }
    TOPICS.put(tx, ownerParts(name), [name.name], record)
  })
  return { TopicArn: topicArn(name) }
}

function checkSame(
  name: TopicName,
  existing: TopicRecord,
  asked: Pick<TopicRecord, 'attributes'> & { readonly tags: TopicRecord['tags'] | undefined },
): void {
  if (!isSameTopic(name, existing, asked.attributes))
    throw invalid('Attributes Reason: Topic already exists with different attributes')
  if (asked.tags !== undefined && !isSameTags(existing.tags, asked.tags))
    throw invalid('Tags Reason: Topic already exists with different tags')
}

const AT_ONCE = 1_000

/** With its subscriptions; harmless when there is none. Source: SNS API, DeleteTopic. */
export const deleteTopic: Operation<Sns['DeleteTopic'], SnsState> = async (input, state, call) => {
  const topic = topicNamed(input.TopicArn, call)
  const owner = ownerParts(topic)
  await state.control.tx(async (tx) => {
    TOPICS.delete(tx, owner, topic.name)
    for (;;) {
      const page = await SUBSCRIPTIONS.list(tx, owner, [topic.name], { limit: AT_ONCE })
      for (const { id, protocol, endpoint } of page) {
        SUBSCRIPTIONS.delete(tx, owner, topic.name, id)
        ENDPOINTS.delete(tx, owner, topic.name, protocol, endpoint)
      }
      if (page.length < AT_ONCE) break
    }
    for (;;) {
      const page = await TOKENS.list(tx, owner, [topic.name], { limit: AT_ONCE })
      for (const { token } of page) TOKENS.delete(tx, owner, topic.name, token)
      if (page.length < AT_ONCE) return
    }
  })
  state.hot.drop(topic)
  if (isFifo(topic.name)) await state.messages.tx(async (tx) => await state.deduplication.forget(tx, topic))
  return {}
}

/** A hundred a page. Source: SNS API, ListTopics. */
export const listTopics: Operation<Sns['ListTopics'], SnsState> = async (input, state, call) => {
  const after = tokenPlace(input.NextToken, 1)
  const page = await TOPICS.list(state.control.read, ownerParts(call), [], { limit: PAGE + 1, after })
  const shown = page.slice(0, PAGE)
  const last = shown.at(-1)
  return {
    Topics: shown.map(({ name }) => ({ TopicArn: topicArn({ ...call, name }) })),
    ...(page.length > PAGE && last !== undefined ? { NextToken: pageToken([last.name]) } : {}),
  }
}

/** Source: SNS API, GetTopicAttributes; recorded AWS answers. */
export const getTopicAttributes: Operation<Sns['GetTopicAttributes'], SnsState> = async (
  input,
  state,
  call,
) => {
  const topic = await state.topic(topicNamed(input.TopicArn, call))
  const { pending } = topic
  const counts = { confirmed: topic.subscriptions.size - pending, pending, deleted: 0 }
  return { Attributes: shownTopic(topic.name, topic.record, counts) }
}

/** Source: SNS API, SetTopicAttributes. */
export const setTopicAttributes: Operation<Sns['SetTopicAttributes'], SnsState> = async (
  input,
  state,
  call,
) => {
  const topic = topicNamed(input.TopicArn, call)
  const change = { name: input.AttributeName, value: input.AttributeValue ?? '' }
  await changeTopic(state, topic, (record) => ({
    ...record,
    attributes: withAttribute(topic, record.attributes, change),
  }))
  return {}
}
