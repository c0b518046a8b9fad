/**
 * What subscribers read: the JSON envelope, the event of a function, confirmations; and the texts that their signatures
 * are made over. Pure. Source: SNS developer guide, Parsing message formats, and Verifying the signatures of Amazon SNS
 * messages; recorded AWS answers for what stands in which of them.
 */
import type { Attributes, Message } from '#services/sns/message.ts'

/** What a signature proves, and where its certificate is. */
export interface Signed {
  readonly version: '1' | '2'
  /** Base64. */
  readonly signature: string
  readonly certificateUrl: string
}

/** The parts of a notification that all subscribers of a protocol share. */
export interface Notification {
  readonly message: Message
  readonly text: string
  readonly topicArn: string
  /** `2026-11-25T03:04:05.678Z` */
  readonly timestamp: string
  /** Notifications of FIFO topics are not signed. */
  readonly signed: Signed | undefined
}

/** Names and values in the order of names, a line each. */
const lines = (pairs: readonly (readonly [string, string | undefined])[]): string =>
  pairs.map(([name, value]) => (value === undefined ? '' : `${name}\n${value}\n`)).join('')

export const notificationToSign = (of: Omit<Notification, 'signed'>): string =>
  lines([
    ['Message', of.text],
    ['MessageId', of.message.id],
    ['Subject', of.message.subject],
    ['Timestamp', of.timestamp],
    ['TopicArn', of.topicArn],
    ['Type', 'Notification'],
  ])

export interface Confirmation {
  readonly type: 'SubscriptionConfirmation' | 'UnsubscribeConfirmation'
  readonly id: string
  readonly token: string
  readonly topicArn: string
  readonly text: string
  readonly subscribeUrl: string
  readonly timestamp: string
}

export const confirmationToSign = (of: Confirmation): string =>
  lines([
    ['Message', of.text],
    ['MessageId', of.id],
    ['SubscribeURL', of.subscribeUrl],
    ['Timestamp', of.timestamp],
    ['Token', of.token],
    ['TopicArn', of.topicArn],
    ['Type', of.type],
  ])

/** AWS prints envelopes with two blanks and ` : `. */
function printed(pairs: readonly (readonly [string, string | undefined])[]): string {
  const shown: string[] = []
  for (const [name, value] of pairs) if (value !== undefined) shown.push(`  "${name}" : ${value}`)
  return `{\n${shown.join(',\n')}\n}`
}

const quoted = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : JSON.stringify(value)

function shownAttributes(attributes: Attributes): string {
  const each = Object.entries(attributes).map(
    ([name, { type, value }]) =>
      `    ${JSON.stringify(name)} : {"Type":${JSON.stringify(type)},"Value":${JSON.stringify(value)}}`,
  )
  return `{\n${each.join(',\n')}\n  }`
}

/** The envelope but for the address that ends the subscription: all its subscribers share the rest. */
export interface Envelope {
  readonly head: string
  readonly tail: string
}

export function envelopeOf(of: Notification): Envelope {
  const { message, signed } = of
  const head = printed([
    ['Type', '"Notification"'],
    ['MessageId', quoted(message.id)],
    ['SequenceNumber', quoted(message.sequence)],
    ['TopicArn', quoted(of.topicArn)],
    ['Subject', quoted(message.subject)],
    ['Message', quoted(of.text)],
    ['Timestamp', quoted(of.timestamp)],
    ['SignatureVersion', quoted(signed?.version)],
    ['Signature', quoted(signed?.signature)],
    ['SigningCertURL', quoted(signed?.certificateUrl)],
    ['UnsubscribeURL', ''],
  ])
  const { attributes } = message
  const tail =
    attributes === undefined ? '\n}' : `,\n  "MessageAttributes" : ${shownAttributes(attributes)}\n}`
  return { head: head.slice(0, -'\n}'.length), tail }
}

/** The body of a queue's message or of a post. */
export const envelope = ({ head, tail }: Envelope, unsubscribeUrl: string): string =>
  `${head}${JSON.stringify(unsubscribeUrl)}${tail}`

/** Always one record. Source: Lambda developer guide, Using AWS Lambda with Amazon SNS; recorded AWS answer. */
export function lambdaEvent(
  of: Notification,
  urls: { readonly subscriptionArn: string; readonly unsubscribeUrl: string },
): string {
  const { message, signed } = of
  return JSON.stringify({
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: urls.subscriptionArn,
        Sns: {
          Type: 'Notification',
          MessageId: message.id,
          TopicArn: of.topicArn,
          Subject: message.subject ?? null,
          Message: of.text,
          Timestamp: of.timestamp,
          SignatureVersion: signed?.version,
          Signature: signed?.signature,
          SigningCertUrl: signed?.certificateUrl,
          UnsubscribeUrl: urls.unsubscribeUrl,
          MessageAttributes: Object.fromEntries(
            Object.entries(message.attributes ?? {}).map(([name, { type, value }]) => [
              name,
              { Type: type, Value: value },
            ]),
          ),
        },
      },
    ],
  })
}

/** The body of the post that asks an endpoint whether it wants the subscription. */
export function confirmationBody(of: Confirmation, signed: Signed): string {
  return printed([
    ['Type', quoted(of.type)],
    ['MessageId', quoted(of.id)],
    ['Token', quoted(of.token)],
    ['TopicArn', quoted(of.topicArn)],
    ['Message', quoted(of.text)],
    ['SubscribeURL', quoted(of.subscribeUrl)],
    ['Timestamp', quoted(of.timestamp)],
    ['SignatureVersion', quoted(signed.version)],
    ['Signature', quoted(signed.signature)],
    ['SigningCertURL', quoted(signed.certificateUrl)],
  ])
}

/** Source: recorded AWS answers. */
export function confirmationText(
  type: Confirmation['type'],
  arns: { topic: string; subscription: string },
): string {
  return type === 'SubscriptionConfirmation'
    ? `You have chosen to subscribe to the topic ${arns.topic}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`
    : `You have chosen to deactivate subscription ${arns.subscription}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.`
}
