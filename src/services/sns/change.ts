/** Changes of configuration: in the store first, then in memory. */
import { resourceNotFound, subscriptionNotFound, topicNotFound } from '#services/sns/faults.ts'
import { ownerParts, type SubscriptionName, type TopicName } from '#services/sns/names.ts'
import { SUBSCRIPTIONS, type SubscriptionRecord, type TopicRecord, TOPICS } from '#services/sns/records.ts'
import type { SnsState } from '#services/sns/state.ts'

/** Fault NotFound (or ResourceNotFound, of the tag operations): the topic does not exist. */
export async function changeTopic(
  state: SnsState,
  name: TopicName,
  edit: (record: TopicRecord) => TopicRecord,
  missing: 'topic' | 'resource' = 'topic',
): Promise<void> {
  await state.control.tx(async (tx) => {
    const record = await TOPICS.get(tx, ownerParts(name), name.name)
    if (record === undefined) throw missing === 'topic' ? topicNotFound() : resourceNotFound()
    TOPICS.put(tx, ownerParts(name), [name.name], edit(record))
  })
  state.hot.drop(name)
}

/** Fault NotFound: the subscription does not exist. */
export async function changeSubscription(
  state: SnsState,
  name: SubscriptionName,
  edit: (record: SubscriptionRecord) => SubscriptionRecord,
): Promise<SubscriptionRecord> {
  const changed = await state.control.tx(async (tx) => {
    const record = await SUBSCRIPTIONS.get(tx, ownerParts(name), name.name, name.id)
    if (record === undefined) throw subscriptionNotFound()
    const next = edit(record)
    SUBSCRIPTIONS.put(tx, ownerParts(name), [name.name, name.id], next)
    return next
  })
  state.hot.put(name, changed)
  return changed
}
