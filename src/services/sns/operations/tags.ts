/** Tags of topics. */
import type { Sns } from '#model/sns.ts'
import type { Operation } from '#ports/service.ts'
import { changeTopic } from '#services/sns/change.ts'
import { resourceNotFound } from '#services/sns/faults.ts'
import { ownerParts, topicNamed } from '#services/sns/names.ts'
import { TOPICS } from '#services/sns/records.ts'
import type { SnsState } from '#services/sns/state.ts'
import { checkedTags } from '#services/sns/tags.ts'

/** Source: SNS API, TagResource. */
export const tagResource: Operation<Sns['TagResource'], SnsState> = async (input, state, call) => {
  const topic = topicNamed(input.ResourceArn, call, 'ResourceArn')
  await changeTopic(
    state,
    topic,
    (record) => ({ ...record, tags: checkedTags(record.tags, input.Tags) }),
    'resource',
  )
  return {}
}

/** Source: SNS API, UntagResource. */
export const untagResource: Operation<Sns['UntagResource'], SnsState> = async (input, state, call) => {
  const topic = topicNamed(input.ResourceArn, call, 'ResourceArn')
  const gone = new Set(input.TagKeys)
  await changeTopic(
    state,
    topic,
    (record) => ({
      ...record,
      tags: Object.fromEntries(Object.entries(record.tags).filter(([key]) => !gone.has(key))),
    }),
    'resource',
  )
  return {}
}

/** Source: SNS API, ListTagsForResource. */
export const listTagsForResource: Operation<Sns['ListTagsForResource'], SnsState> = async (
  input,
  state,
  call,
) => {
  const topic = topicNamed(input.ResourceArn, call, 'ResourceArn')
  const record = await TOPICS.get(state.control.read, ownerParts(topic), topic.name)
  if (record === undefined) throw resourceNotFound()
  return { Tags: Object.entries(record.tags).map(([Key, Value]) => ({ Key, Value })) }
}
