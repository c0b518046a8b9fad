/**
 * One event as a request of AWS's own API, for the load generator to send as it is: SQS SendMessage and EventBridge
 * PutEvents as JSON, SNS Publish as a form, S3 PutObject as a path and a body. Signing is the caller's headers.
 */
import type { BucketTarget, BusTarget, EventTarget, QueueTarget, TopicTarget } from '#lab/flight.ts'

/** Where an event goes: addresses and names as AWS knows them, found by the caller. */
export interface EventPlace {
  /** Of the platform, without a slash at its end. */
  readonly endpoint: string
  /** The queue's URL, the topic's ARN, the bus's or the bucket's name. */
  readonly id: string
  /** Those that tell service, account and region; a signature comes after, over the whole request. */
  readonly headers: Readonly<Record<string, string>>
}

export interface EventRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const FORM = 'application/x-www-form-urlencoded'
/** As `LoadTarget.numbered` knows them; kept when the text around them is encoded. */
const PLACES = /(\{(?:n(?:%\d+)?|id)\})/

/** True when a text holds a number or id that differs from one request to the next. */
export const isNumbered = (text: string): boolean => PLACES.test(text)

/** Encoded as in a URL, but for the places of numbers. */
const encoded = (text: string, encode: (part: string) => string = encodeURIComponent): string =>
  text
    .split(PLACES)
    .map((part, i) => (i % 2 === 1 ? part : encode(part)))
    .join('')

/** As the flight names it. */
export function namedBy(target: EventTarget): string {
  switch (target.kind) {
    case 'queue':
      return target.queue
    case 'topic':
      return target.topic
    case 'bus':
      return target.bus
    case 'bucket':
      return target.bucket
    default:
      return target satisfies never
  }
}

export function eventRequest(target: EventTarget, place: EventPlace): EventRequest {
  switch (target.kind) {
    case 'queue':
      return queueRequest(target, place)
    case 'topic':
      return topicRequest(target, place)
    case 'bus':
      return busRequest(target, place)
    case 'bucket':
      return bucketRequest(target, place)
    default:
      return target satisfies never
  }
}

/** FIFO queues and topics drop what repeats an id: without one of the user's, each message has its own. */
function deduplicationOf(target: QueueTarget | TopicTarget, id: string): string | undefined {
  return target.deduplicationId ?? (id.endsWith('.fifo') ? '{id}' : undefined)
}

const typeOf = (value: string | number): string => (typeof value === 'number' ? 'Number' : 'String')

/** Source: SQS API, SendMessage (AWS JSON 1.0). */
function queueRequest(target: QueueTarget, { endpoint, id, headers }: EventPlace): EventRequest {
  const attributes = Object.entries(target.attributes).map(
    ([name, value]) => [name, { DataType: typeOf(value), StringValue: String(value) }] as const,
  )
  const deduplicationId = deduplicationOf(target, id)
  const input = {
    QueueUrl: id,
    MessageBody: target.body,
    ...(target.delayMs === 0 ? {} : { DelaySeconds: target.delayMs / 1_000 }),
    ...(target.groupId === undefined ? {} : { MessageGroupId: target.groupId }),
    ...(deduplicationId === undefined ? {} : { MessageDeduplicationId: deduplicationId }),
    ...(attributes.length === 0 ? {} : { MessageAttributes: Object.fromEntries(attributes) }),
  }
  return jsonRequest(endpoint, headers, { target: 'AmazonSQS.SendMessage', version: '1.0', input })
}

/** Source: SNS API, Publish (query protocol). */
function topicRequest(target: TopicTarget, { endpoint, id, headers }: EventPlace): EventRequest {
  const fields: [name: string, value: string][] = [
    ['Action', 'Publish'],
    ['Version', '2010-03-31'],
    ['TopicArn', id],
    ['Message', target.body],
  ]
  const deduplicationId = deduplicationOf(target, id)
  if (target.subject !== undefined) fields.push(['Subject', target.subject])
  if (target.groupId !== undefined) fields.push(['MessageGroupId', target.groupId])
  if (deduplicationId !== undefined) fields.push(['MessageDeduplicationId', deduplicationId])
  for (const [i, [name, value]] of Object.entries(target.attributes).entries()) {
    const entry = `MessageAttributes.entry.${i + 1}`
    fields.push([`${entry}.Name`, name])
    fields.push([`${entry}.Value.DataType`, typeOf(value)])
    fields.push([`${entry}.Value.StringValue`, String(value)])
  }
  return {
    method: 'POST',
    url: `${endpoint}/`,
    headers: { 'content-type': FORM, ...headers },
    body: fields.map(([name, value]) => `${name}=${encoded(value)}`).join('&'),
  }
}

/** Source: EventBridge API, PutEvents (AWS JSON 1.1). */
function busRequest(target: BusTarget, { endpoint, id, headers }: EventPlace): EventRequest {
  const entry = {
    EventBusName: id,
    Source: target.source,
    DetailType: target.detailType,
    Detail: target.body,
  }
  return jsonRequest(endpoint, headers, {
    target: 'AWSEvents.PutEvents',
    version: '1.1',
    input: { Entries: [entry] },
  })
}

/** Source: S3 API, PutObject. */
function bucketRequest(target: BucketTarget, { endpoint, id, headers }: EventPlace): EventRequest {
  const key = encoded(target.key, (part) =>
    part
      .split('/')
      .map((each) => encodeURIComponent(each))
      .join('/'),
  )
  return {
    method: 'PUT',
    url: `${endpoint}/${id}/${key}`,
    headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...target.headers, ...headers },
    body: target.body,
  }
}

function jsonRequest(
  endpoint: string,
  headers: Readonly<Record<string, string>>,
  call: { readonly target: string; readonly version: string; readonly input: unknown },
): EventRequest {
  return {
    method: 'POST',
    url: `${endpoint}/`,
    headers: {
      'content-type': `application/x-amz-json-${call.version}`,
      'x-amz-target': call.target,
      ...headers,
    },
    body: JSON.stringify(call.input),
  }
}
