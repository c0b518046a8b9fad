/** Which subscriptions a message is for: confirmed ones whose filter policy wants it. Pure. */
import { Filterable } from '#services/sns/filter.ts'
import type { HotSubscription, HotTopic } from '#services/sns/hot.ts'
import type { Message } from '#services/sns/message.ts'
import { isHttp } from '#services/sns/subscription-attributes.ts'

export interface Recipients {
  /** Queues and functions, and protocols that lead nowhere from here. */
  readonly managed: readonly HotSubscription[]
  /** HTTP/S endpoints. */
  readonly web: readonly HotSubscription[]
  /** Subscriptions whose policy did not want the message. */
  readonly filteredOut: number
}

export function recipientsOf(topic: HotTopic, message: Message): Recipients {
  const managed: HotSubscription[] = []
  const web: HotSubscription[] = []
  let filteredOut = 0
  const filterable = new Filterable(message)
  for (const subscription of topic.subscriptions.values()) {
    const { record, filter } = subscription
    if (record.confirmedAt === undefined) continue
    if (filter !== undefined && !filterable.matches(filter, record.protocol)) filteredOut++
    else if (isHttp(record.protocol)) web.push(subscription)
    else managed.push(subscription)
  }
  return { managed, web, filteredOut }
}
