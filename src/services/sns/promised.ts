/** What a platform owes its subscribers: the rows of the two outboxes. Plain JSON. */
import type { Message } from '#services/sns/message.ts'

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

export const ownerOf = (item: Promised): { readonly account: string; readonly region: string } =>
  item.kind === 'message' ? item.message : item
