/**
 * A published message: the checks that Publish and PublishBatch share, its size, and the text each protocol gets. Pure.
 * Source: SNS API, Publish; recorded AWS answers.
 */
import { base64, utf8 } from '#base/bytes.ts'
import { isRecord, parseJson, stringAt } from '#base/json.ts'
import type { DeliveryAttribute } from '#ports/targets.ts'
import type { MessageAttributeValue } from '#model/sns.ts'
import { invalid, invalidValue } from '#services/sns/faults.ts'
import { ATTRIBUTE_NAME_BYTES_MAX, SUBJECT_LENGTH } from '#services/sns/limits.ts'

/** An attribute as it is kept: the value as text, base64 for Binary. */
export interface Attribute {
  readonly type: string
  readonly value: string
}

export type Attributes = Readonly<Record<string, Attribute>>

/** What every delivery of one publish goes by; plain JSON. */
export interface Message {
  readonly account: string
  readonly region: string
  readonly topic: string
  readonly id: string
  readonly at: number
  readonly text: string
  readonly subject?: string | undefined
  /** True when the text is a JSON object with a text for each protocol. */
  readonly structured?: boolean | undefined
  readonly attributes?: Attributes | undefined
  readonly groupId?: string | undefined
  readonly deduplicationId?: string | undefined
  /** Of a FIFO topic. */
  readonly sequence?: string | undefined
  /** X-Amzn-Trace-Id of the publish. */
  readonly trace: string
}

/** Faults InvalidParameter. */
export function checkText(text: string): void {
  if (text === '') throw invalid('Empty message')
}

/** Text without line breaks or control characters. Fault InvalidParameter. */
export function checkSubject(subject: string | undefined): void {
  if (subject === undefined) return
  if (subject === '' || subject.length > SUBJECT_LENGTH || /\p{Cc}/u.test(subject)) throw invalid('Subject')
}

/** Fault InvalidParameter: no JSON object, or no text under `default`. */
export function checkStructure(text: string, structure: string | undefined): boolean {
  if (structure === undefined || structure === '') return false
  if (structure !== 'json') throw invalid('MessageStructure')
  const parts = parseJson(text)
  if (!isRecord(parts)) throw invalid('Message Structure - JSON message body failed to parse')
  if (stringAt(parts, 'default') === undefined)
    throw invalid('Message Structure - No default entry in JSON message body')
  return true
}

/** What the protocol gets of a text with a part for each; the default when it has no part of its own. */
export function textFor(message: Pick<Message, 'text' | 'structured'>, protocol: string): string {
  if (message.structured !== true) return message.text
  const parts = parseJson(message.text)
  return stringAt(parts, protocol) ?? stringAt(parts, 'default') ?? message.text
}

/** Faults ParameterValueInvalid, in the order that AWS checks. Source: recorded AWS answers. */
export function checkedAttributes(
  given: Readonly<Record<string, MessageAttributeValue>> | undefined,
): Attributes | undefined {
  if (given === undefined) return undefined
  const checked: Record<string, Attribute> = {}
  let count = 0
  for (const [name, value] of Object.entries(given)) {
    checkAttributeName(name)
    checked[name] = checkedAttribute(name, value)
    count++
  }
  return count === 0 ? undefined : checked
}

function checkAttributeName(name: string): void {
  if (utf8(name).length > ATTRIBUTE_NAME_BYTES_MAX)
    throw invalidValue('Length of message attribute name must be less than 256 bytes.')
  const strange = /[^A-Za-z0-9_.-]/u.exec(name)?.[0]
  if (strange !== undefined) {
    const code = (strange.codePointAt(0) ?? 0).toString(16).toUpperCase()
    throw invalidValue(
      `Invalid non-alphanumeric character '#x${code}' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.`,
    )
  }
  if (name.startsWith('.'))
    throw invalidValue("Invalid message attribute name starting with character '.' was found.")
  if (name.endsWith('.'))
    throw invalidValue("Invalid message attribute name ending with character '.' was found.")
  if (name.includes('..')) throw invalidValue("Message attribute name can not have successive '.' character.")
}

function checkedAttribute(name: string, value: MessageAttributeValue): Attribute {
  const { DataType: type, StringValue: text, BinaryValue: bytes } = value
  const kind = /^(String|Number|Binary)(?:\..+)?$/.exec(type)?.[1]
  if (kind === undefined)
    throw invalidValue(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    )
  const isBinary = kind === 'Binary'
  if (isBinary ? text !== undefined && bytes === undefined : bytes !== undefined && text === undefined)
    throw invalidValue(
      `The message attribute '${name}' with type '${kind}' must use field '${isBinary ? 'Binary' : 'String'}'.`,
    )
  const empty = isBinary ? bytes === undefined || bytes.length === 0 : text === undefined || text === ''
  if (empty)
    throw invalidValue(
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${type}'.`,
    )
  if (kind === 'Number') checkNumber(name, text ?? '')
  return { type, value: isBinary ? base64(bytes ?? new Uint8Array(0)) : (text ?? '') }
}

/** Source: SNS developer guide, Message attributes: positive and negative integers and floating-point numbers; the text is inferred. */
function checkNumber(name: string, text: string): void {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text.trim()))
    throw invalidValue(`Could not cast message attribute '${name}' value to number.`)
}

/** What counts against the limit and the bill: text, and name, type and value of each attribute. Source: SNS API, Publish. */
export function sizeOf(text: string, attributes: Attributes | undefined): number {
  let size = byteLength(text)
  for (const [name, { type, value }] of Object.entries(attributes ?? {}))
    size += byteLength(name) + byteLength(type) + (isBinary(type) ? binaryLength(value) : byteLength(value))
  return size
}

const isBinary = (type: string): boolean => type.startsWith('Binary')
const binaryLength = (encoded: string): number =>
  (encoded.length / 4) * 3 - (encoded.endsWith('==') ? 2 : encoded.endsWith('=') ? 1 : 0)

/** Bytes of the text in UTF-8, without making them. */
export function byteLength(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) continue
    bytes += code < 0x800 ? 1 : 2
    // The two halves of a pair make four bytes together.
    if (code >= 0xd800 && code <= 0xdbff && i + 1 < text.length) {
      const next = text.charCodeAt(i + 1)
      if (next >= 0xdc00 && next <= 0xdfff) {
        i++
      }
    }
  }
  return bytes
}

/** As queues take them. */
export function queueAttributes(
  attributes: Attributes | undefined,
  fromBase64: (text: string) => Uint8Array | undefined,
): Record<string, DeliveryAttribute> | undefined {
  if (attributes === undefined) return undefined
  const out: Record<string, DeliveryAttribute> = {}
  for (const [name, { type, value }] of Object.entries(attributes))
    out[name] = isBinary(type)
      ? { dataType: type, binaryValue: fromBase64(value) }
      : { dataType: type, stringValue: value }
  return out
}
