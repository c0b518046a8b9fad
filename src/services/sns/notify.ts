/**
 * Notifications of one publish, as each protocol reads them. Signed at most once a text: the signature does not depend
 * on the subscriber.
 */
import { instant, isoMs } from '#base/time.ts'
import {
  type Confirmation,
  confirmationBody,
  confirmationText,
  confirmationToSign,
  type Envelope,
  envelope,
  envelopeOf,
  lambdaEvent,
  type Notification,
  notificationToSign,
  type Signed,
} from '#services/sns/envelope.ts'
import type { HotSubscription, HotTopic } from '#services/sns/hot.ts'
import { type Message, textFor } from '#services/sns/message.ts'
import { subscriptionArn } from '#services/sns/names.ts'
import type { PromisedConfirmation } from '#services/sns/promised.ts'
import type { Signer } from '#services/sns/signing.ts'

export interface NotifyParts {
  readonly signer: Signer
  endpoint(): string
}

export async function signedWith(parts: NotifyParts, text: string, version: '1' | '2'): Promise<Signed> {
  const [{ path }, signature] = await Promise.all([parts.signer.key(), parts.signer.sign(text, version)])
  return { version, signature, certificateUrl: `${parts.endpoint()}${path}` }
}

export class Notifications {
  readonly message: Message
  readonly #parts: NotifyParts
  readonly #topic: HotTopic
  readonly #byText = new Map<string, Promise<Notification>>()
  readonly #envelopes = new Map<string, Envelope>()

  constructor(parts: NotifyParts, topic: HotTopic, message: Message) {
    this.#parts = parts
    this.#topic = topic
    this.message = message
  }

  text(subscription: HotSubscription): string {
    return textFor(this.message, subscription.record.protocol)
  }

  /** Signs what these subscriptions will read, so that handing over waits for nothing and keeps its order. */
  async prepare(subscriptions: readonly HotSubscription[]): Promise<this> {
    for (const subscription of subscriptions)
      if (!subscription.raw || subscription.record.protocol === 'lambda')
        void this.#of(this.text(subscription))
    await Promise.all(this.#byText.values())
    return this
  }

  /** What a queue stores, or an endpoint is posted. */
  async body(subscription: HotSubscription): Promise<string> {
    if (subscription.raw) return this.text(subscription)
    const text = this.text(subscription)
    const known = this.#envelopes.get(text)
    const shared = known ?? envelopeOf(await this.#of(text))
    if (known === undefined) this.#envelopes.set(text, shared)
    return envelope(shared, this.#unsubscribeUrl(subscription))
  }

  /** What a function is invoked with. */
  async event(subscription: HotSubscription): Promise<string> {
    const notification = await this.#of(this.text(subscription))
    return lambdaEvent(notification, {
      subscriptionArn: subscription.arn,
      unsubscribeUrl: this.#unsubscribeUrl(subscription),
    })
  }

  #unsubscribeUrl(subscription: HotSubscription): string {
    return `${this.#parts.endpoint()}/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`
  }

  #of(text: string): Promise<Notification> {
    const made = this.#byText.get(text) ?? this.#make(text)
    this.#byText.set(text, made)
    return made
  }

  async #make(text: string): Promise<Notification> {
    const { message } = this
    const plain = { message, text, topicArn: this.#topic.arn, timestamp: isoMs(instant(message.at)) }
    const signed = this.#topic.fifo
      ? undefined
      : await signedWith(this.#parts, notificationToSign(plain), this.#topic.signature)
    return { ...plain, signed }
  }
}

/** Body of the post that asks for consent. */
export async function confirmationPost(
  parts: NotifyParts,
  topic: HotTopic,
  item: PromisedConfirmation,
): Promise<string> {
  const arn = subscriptionArn({ ...topic.name, id: item.subscription })
  const confirmation: Confirmation = {
    type: item.type,
    id: item.messageId,
    token: item.token,
    topicArn: topic.arn,
    text: confirmationText(item.type, { topic: topic.arn, subscription: arn }),
    subscribeUrl: `${parts.endpoint()}/?Action=ConfirmSubscription&TopicArn=${topic.arn}&Token=${item.token}`,
    timestamp: isoMs(instant(item.at)),
  }
  const signed = await signedWith(parts, confirmationToSign(confirmation), topic.signature)
  return confirmationBody(confirmation, signed)
}
