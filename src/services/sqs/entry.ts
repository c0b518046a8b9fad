/** What a caller sends, checked and made into a `Sending`. Texts are AWS's (recorded answers). */
import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { base64 } from '#base/bytes.ts'
import { seconds } from '#base/time.ts'
import type { MessageAttributeValue, SendMessageBatchRequestEntry } from '#model/sqs.ts'
import { md5OfAttributes, md5OfBody } from '#services/sqs/digest.ts'
import {
  invalidContents,
  invalidParameter,
  invalidValue,
  messageTooLong,
  missingParameter,
} from '#services/sqs/faults.ts'
import { ATTRIBUTE_NAME_MAX, ATTRIBUTES_MAX, DELAY_SECONDS_MAX, ID_MAX } from '#services/sqs/limits.ts'
import type { Content, ContentAttribute, Sending } from '#services/sqs/message.ts'
import type { Queue } from '#services/sqs/queue.ts'

export type Entry = Omit<SendMessageBatchRequestEntry, 'Id'>

export interface Prepared extends Sending {
  readonly systemMd5: string | undefined
}

/** Who sends it, and the id it gets. */
export interface Sender {
  readonly id: string
  readonly sender: string
  /** Goes on with the message when the caller sets none. */
  readonly trace: string | undefined
  /** It is an entry of a batch. */
  readonly inBatch?: boolean
}

/** Throws the Fault of the first thing that is wrong. */
export function prepare(queue: Queue, entry: Entry, by: Sender): Prepared {
  const { MessageBody: body } = entry
  if (body === '') throw missingParameter('MessageBody')
  if (!isAllowedText(body)) throw invalidContents()
  const attributes = readAttributes(entry.MessageAttributes)
  const bytes = Buffer.byteLength(body) + bytesOf(attributes)
  if (bytes > queue.settings.messageBytes)
    throw messageTooLong(queue.settings.messageBytes, by.inBatch === true)
  const ids = readIds(queue, entry)
  const system = readSystem(entry)
  const trace = system?.['AWSTraceHeader']?.StringValue ?? by.trace
  const content: Content = {
    id: by.id,
    body,
    md5: md5OfBody(body),
    sender: by.sender,
    ...ids,
    ...(attributes === undefined ? {} : { attributes, attributesMd5: md5OfAttributes(attributes) }),
    ...(trace === undefined ? {} : { trace }),
  }
  return {
    content,
    bytes,
    delayMs: readDelay(queue, entry),
    systemMd5: system === undefined ? undefined : md5OfAttributes(system),
  }
}

/** Source: SQS API, SendMessage: the characters of XML. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u

const isAllowedText = (text: string): boolean => !FORBIDDEN.test(text)

function readDelay(queue: Queue, { DelaySeconds: delay }: Entry): number | undefined {
  if (delay === undefined) return undefined
  if (delay < 0 || delay > DELAY_SECONDS_MAX)
    throw invalidValue(delay, 'DelaySeconds', `DelaySeconds must be >= 0 and <= ${DELAY_SECONDS_MAX}.`)
  if (!queue.isFifo) return seconds(delay)
  if (delay > 0)
    throw invalidValue(
      delay,
      'DelaySeconds',
      'The request include parameter that is not valid for this queue type.',
    )
  return undefined
}

const ID = /^[\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]{1,128}$/

function checkId(value: string, parameter: string): void {
  if (!ID.test(value))
    throw invalidValue(
      value,
      parameter,
      `${parameter} can only include alphanumeric and punctuation characters. 1 to ${ID_MAX} in length.`,
    )
}

/** Source: SQS API, SendMessage, MessageGroupId and MessageDeduplicationId. */
function readIds(queue: Queue, entry: Entry): { group?: string; deduplicationId?: string } {
  const { MessageGroupId: group, MessageDeduplicationId: given } = entry
  if (group !== undefined) checkId(group, 'MessageGroupId')
  if (given !== undefined) checkId(given, 'MessageDeduplicationId')
  if (!queue.isFifo) {
    if (given !== undefined)
      throw invalidValue(
        given,
        'MessageDeduplicationId',
        'The request include parameter that is not valid for this queue type.',
      )
    return group === undefined ? {} : { group }
  }
  checkOrdered(queue, entry)
  const deduplicationId = given ?? hash('sha256', entry.MessageBody, 'hex')
  return { ...(group === undefined ? {} : { group }), deduplicationId }
}

/** What a FIFO queue needs of each message; a batch without it fails as a whole. Texts: recorded answers. */
export function checkOrdered(queue: Queue, entry: Entry): void {
  if (entry.MessageDeduplicationId === undefined && !queue.settings.contentBased)
    throw invalidParameter(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    )
  if (entry.MessageGroupId === undefined) throw missingParameter('MessageGroupId')
}

/** The same of a batch, where the code of a missing group is another. Source: recorded AWS answers. */
export function checkOrderedBatch(queue: Queue, entries: readonly Entry[]): void {
  for (const entry of entries) {
    const hasGroup = entry.MessageGroupId !== undefined
    checkOrdered(queue, hasGroup ? entry : { ...entry, MessageGroupId: '-' })
    if (!hasGroup) throw invalidParameter(missingParameter('MessageGroupId').message)
  }
}

const TYPE = /^(String|Number|Binary)(\.[^\s]+|\.)?$/
const NAME = /^[\w.-]+$/

type Given = Readonly<Record<string, MessageAttributeValue>> | undefined

/** Source: SQS developer guide, Message attributes. */
function readAttributes(given: Given): Readonly<Record<string, ContentAttribute>> | undefined {
  const entries = Object.entries(given ?? {})
  if (entries.length === 0) return undefined
  if (entries.length > ATTRIBUTES_MAX)
    throw invalidParameter(
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [${ATTRIBUTES_MAX}].`,
    )
  return Object.fromEntries(entries.map(([name, value]) => [name, readAttribute(name, value)]))
}

function readAttribute(name: string, value: MessageAttributeValue): ContentAttribute {
  checkName(name)
  const { DataType, StringValue, BinaryValue } = value
  if (DataType === '')
    throw invalidParameter(`The message attribute '${name}' must contain non-empty message attribute type.`)
  if (!TYPE.test(DataType))
    throw invalidParameter(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    )
  if (DataType.length > ATTRIBUTE_NAME_MAX)
    throw invalidParameter(`Length of message attribute type must be less than ${ATTRIBUTE_NAME_MAX} bytes.`)
  const isBinary = DataType.startsWith('Binary')
  const text = isBinary ? undefined : StringValue
  const bytes = isBinary ? BinaryValue : undefined
  if (text === '')
    throw invalidParameter(
      `Message (user) attribute '${name}' must contain a non-empty value of type '${DataType}'.`,
    )
  if ((text === undefined || text === '') && (bytes === undefined || bytes.length === 0))
    throw invalidParameter(
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${DataType}'.`,
    )
  if (text !== undefined && !isAllowedText(text)) throw invalidContents()
  if (DataType.startsWith('Number') && (text === undefined || !isNumber(text)))
    throw invalidParameter(`Can't cast the value of message (user) attribute '${name}' to a number.`)
  return text === undefined
    ? { DataType, BinaryValue: base64(bytes ?? new Uint8Array(0)) }
    : { DataType, StringValue: text }
}

const isNumber = (text: string): boolean => /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text.trim())

function checkName(name: string): void {
  if (name === '' || name.length > ATTRIBUTE_NAME_MAX)
    throw invalidParameter(`Length of message attribute name must be less than ${ATTRIBUTE_NAME_MAX} bytes.`)
  if (!NAME.test(name))
    throw invalidParameter(
      `The message attribute name '${name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters.`,
    )
  if (/^(aws|amazon)\./i.test(name))
    throw invalidParameter(
      "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use.",
    )
  if (name.startsWith('.') || name.endsWith('.') || name.includes('..'))
    throw invalidParameter(
      `Invalid message attribute name '${name}'. It cannot start or end with a period, or have periods in succession.`,
    )
}

function bytesOf(attributes: Readonly<Record<string, ContentAttribute>> | undefined): number {
  let bytes = 0
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes ?? {})) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(DataType)
    bytes +=
      BinaryValue === undefined
        ? Buffer.byteLength(StringValue ?? '')
        : Buffer.byteLength(BinaryValue, 'base64')
  }
  return bytes
}

/** Source: SQS developer guide, Message system attributes: only AWSTraceHeader, a String. */
function readSystem(entry: Entry): Readonly<Record<string, ContentAttribute>> | undefined {
  const given = Object.entries(entry.MessageSystemAttributes ?? {})
  if (given.length === 0) return undefined
  for (const [name, { DataType, StringValue }] of given) {
    if (name !== 'AWSTraceHeader')
      throw invalidParameter(`Message system attribute name '${name}' is invalid.`)
    if (DataType !== 'String' || StringValue === undefined || StringValue === '')
      throw invalidParameter(`The message system attribute '${name}' must be of type String and not empty.`)
  }
  return Object.fromEntries(
    given.map(([name, { DataType, StringValue }]) => [name, { DataType, StringValue: StringValue ?? '' }]),
  )
}
