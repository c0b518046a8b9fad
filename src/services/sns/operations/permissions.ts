/** Statements of a topic's policy. Policies are kept and shown; nothing is refused by them here. */
import type { Sns } from '#model/sns.ts'
import type { Operation } from '#ports/service.ts'
import { changeTopic } from '#services/sns/change.ts'
import { topicArn, topicNamed } from '#services/sns/names.ts'
import { withoutPermission, withPermission } from '#services/sns/policy.ts'
import type { SnsState } from '#services/sns/state.ts'
import { policyOf } from '#services/sns/topic-attributes.ts'

/** Source: SNS API, AddPermission; recorded AWS answers. */
export const addPermission: Operation<Sns['AddPermission'], SnsState> = async (input, state, call) => {
  const topic = topicNamed(input.TopicArn, call)
  const { Label: label, AWSAccountId: accounts, ActionName: actions } = input
  await changeTopic(state, topic, (record) => {
    const grant = { label, accounts, actions, topicArn: topicArn(topic) }
    const Policy = withPermission(policyOf(topic, record), grant)
    return { ...record, attributes: { ...record.attributes, Policy } }
  })
  return {}
}

/** Source: SNS API, RemovePermission. */
export const removePermission: Operation<Sns['RemovePermission'], SnsState> = async (input, state, call) => {
  const topic = topicNamed(input.TopicArn, call)
  await changeTopic(state, topic, (record) => {
    const Policy = withoutPermission(policyOf(topic, record), input.Label)
    return { ...record, attributes: { ...record.attributes, Policy } }
  })
  return {}
}
