/**
 * What others are told of an event that is over: the invocation record of destinations, the envelope of an event bus, the
 * message of a dead-letter queue, the key of an object. Pure; bytes of payloads go through unchanged.
 * Source: Lambda developer guide, Capturing records of asynchronous invocations; recorded AWS answers for order and
 * spelling of members.
 */
import { type Bytes, text, utf8 } from '#base/bytes.ts'
import { isRecord, parseJson, stringAt } from '#base/json.ts'
import { type Instant, isoMs } from '#base/time.ts'
import type { DeliveryAttribute } from '#ports/targets.ts'
import type { Condition } from '#services/lambda/events/queue.ts'
import { DEAD_LETTER_MESSAGE_BYTES } from '#services/lambda/limits.ts'

/** A run's answer as the record shows it. */
export interface LastAnswer {
  readonly payload: Bytes
  readonly functionError: string | undefined
  /** Which was run. */
  readonly version: string
}

export interface EndedEvent {
  readonly requestId: string
  /** With its qualifier. */
  readonly functionArn: string
  readonly condition: Condition
  /** Runs of the function. */
  readonly invokes: number
  readonly payload: Bytes
  /** Of the last run; undefined when there was none. */
  readonly answer: LastAnswer | undefined
  readonly at: Instant
}

/** The payload as a JSON value: a custom runtime may answer anything, and then it is a text. */
function jsonOf(payload: Bytes): string {
  const spelled = text(payload)
  return parseJson(spelled) === undefined ? JSON.stringify(spelled) : spelled
}

export function invocationRecord(ended: EndedEvent): string {
  const { requestId, functionArn, condition, invokes, answer } = ended
  const context = { requestId, functionArn, condition, approximateInvokeCount: invokes }
  const head = `{"version":"1.0","timestamp":"${isoMs(ended.at)}","requestContext":${JSON.stringify(context)},"requestPayload":${jsonOf(ended.payload)}`
  if (answer === undefined) return `${head}}`
  const response = { statusCode: 200, executedVersion: answer.version, functionError: answer.functionError }
  return `${head},"responseContext":${JSON.stringify(response)},"responsePayload":${jsonOf(answer.payload)}}`
}

/** The entry of PutEvents. Resources: the bus, then the function. Source: recorded AWS answer. */
export function busEntry(ended: EndedEvent, busArn: string): string {
  const result = ended.condition === 'Success' ? 'Success' : 'Failure'
  return JSON.stringify({
    Time: Math.floor(ended.at / 1_000),
    Source: 'lambda',
    Resources: [busArn, ended.functionArn],
    DetailType: `Lambda Function Invocation Result - ${result}`,
    Detail: invocationRecord(ended),
    EventBusName: busArn,
  })
}

/** `aws/lambda/async/<function>/2026/11/25/2026-11-25T03.04.05-<uuid>` */
export function objectKey(functionName: string, at: Instant, id: string): string {
  const stamp = isoMs(at)
  const day = stamp.slice(0, 10).replaceAll('-', '/')
  return `aws/lambda/async/${functionName}/${day}/${stamp.slice(0, 19).replaceAll(':', '.')}-${id}`
}

/** Why there is no answer to quote. The codes beside 200 are inferred. */
const WITHOUT_ANSWER: Readonly<Record<Condition, readonly [code: number, message: string]>> = {
  Success: [200, ''],
  Gone: [404, ''],
  RetriesExhausted: [500, 'Service error.'],
  EventAgeExceeded: [429, 'Rate Exceeded.'],
  ZeroReservedConcurrency: [429, 'Rate Exceeded.'],
  RecursiveInvocation: [400, 'The function was invoked in a recursive loop.'],
}

/** Attributes of the message whose body is the event. Source: recorded AWS answer; the first KB of the message. */
export function deadLetterAttributes(ended: EndedEvent): Record<string, DeliveryAttribute> {
  const [code, message] =
    ended.answer === undefined ? WITHOUT_ANSWER[ended.condition] : [200, errorMessageOf(ended.answer.payload)]
  return {
    RequestID: { dataType: 'String', stringValue: ended.requestId },
    ErrorCode: { dataType: 'Number', stringValue: `${code}` },
    // An attribute has a value.
    ErrorMessage: { dataType: 'String', stringValue: firstBytes(message) || ' ' },
  }
}

function errorMessageOf(payload: Bytes): string {
  const spelled = text(payload)
  const value = parseJson(spelled)
  return isRecord(value) ? (stringAt(value, 'errorMessage') ?? spelled) : spelled
}

function firstBytes(message: string): string {
  const bytes = utf8(message)
  if (bytes.length <= DEAD_LETTER_MESSAGE_BYTES) return message
  let end = DEAD_LETTER_MESSAGE_BYTES
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return text(bytes.subarray(0, end))
}
