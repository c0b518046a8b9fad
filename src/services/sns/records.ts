/** What is kept of topics and subscriptions: settings as the caller gave them, in the file `control`. */
import { Records } from '#base/records.ts'

export interface TopicRecord {
  readonly name: string
  readonly createdAt: number
  /** Those that were set, by AWS's names; DeliveryPolicy and Policy as text. */
  readonly attributes: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

export interface SubscriptionRecord {
  readonly id: string
  readonly topic: string
  readonly protocol: string
  readonly endpoint: string
  /** Account of the subscriber. */
  readonly owner: string
  readonly principal: string
  readonly createdAt: number
  /** Messages published before it are not delivered; undefined while it waits for confirmation. */
  readonly confirmedAt: number | undefined
  readonly authenticated: boolean
  /** True when only a signed request may unsubscribe. */
  readonly unsubscribeSigned?: boolean | undefined
  readonly attributes: Readonly<Record<string, string>>
}

/** An open confirmation. */
export interface TokenRecord {
  readonly token: string
  readonly id: string
  readonly expiresAt: number
  /** Of an unsubscribed one: what confirming brings back. */
  readonly restores?: SubscriptionRecord | undefined
}

export const TOPICS = new Records<TopicRecord>('sns-topic')
export const SUBSCRIPTIONS = new Records<SubscriptionRecord>('sns-subscription')
/** By topic, protocol and endpoint: the id of the subscription that stands for them. */
export const ENDPOINTS = new Records<string>('sns-endpoint')
export const TOKENS = new Records<TokenRecord>('sns-token')
