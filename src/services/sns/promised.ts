/** What a platform owes its subscribers: the rows of the two outboxes. Plain JSON. */
import { brand } from '#base/brand.ts'
import type { AccountId, Region } from '#base/ids.ts'
import type { Message } from '#services/sns/message.ts'
import type { TopicName } from '#services/sns/names.ts'

export interface PromisedMessage {
  readonly kind: 'message'
  readonly message: Message
  /** Id of the subscription it is for. */
  readonly to: string
  /** Attempts made before the row was written. */
  readonly tried?: number | undefined
  /** Instant at which its turn comes, where the receiver is held back. */
  readonly slotAt?: number | undefined
  /** Attempts that were none: its turn had not come. */
  readonly waits?: number | undefined
}

/** The post that asks an endpoint for its consent, or says that it has been unsubscribed. */
export interface PromisedConfirmation {
  readonly kind: 'confirmation'
  readonly type: 'SubscriptionConfirmation' | 'UnsubscribeConfirmation'
  readonly account: string
  readonly region: string
  readonly topic: string
  readonly subscription: string
  readonly endpoint: string
  readonly messageId: string
  readonly token: string
  readonly at: number
  readonly trace: string
}

export type Promised = PromisedMessage | PromisedConfirmation

/** Account, region and name were checked when the row was written. */
export function topicOf(item: Promised): TopicName {
  const { account, region } = ownerOf(item)
  const name = item.kind === 'message' ? item.message.topic : item.topic
  return { account: brand<AccountId>(account), region: brand<Region>(region), name }
}

export const ownerOf = (item: Promised): { readonly account: string; readonly region: string } =>
  item.kind === 'message' ? item.message : item
