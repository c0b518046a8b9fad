/** ReceiveMessage: at once, or parked until messages come. */
import { assert } from '#base/assert.ts'
import { fromBase64 } from '#base/bytes.ts'
import { seconds } from '#base/time.ts'
import type { Message as Received, ReceiveMessageRequest, Sqs } from '#model/sqs.ts'
import { parseTraceHeader } from '#base/trace.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'
import { queueAt } from '#services/sqs/asking.ts'
import { md5OfAttributes } from '#services/sqs/digest.ts'
import { invalidParameter, invalidValue, overLimit } from '#services/sqs/faults.ts'
import {
  DEAD_LINKS_MAX,
  ID_MAX,
  PARKED_MAX,
  RECEIVE_MAX,
  VISIBILITY_SECONDS_MAX,
  WAIT_SECONDS_MAX,
} from '#services/sqs/limits.ts'
import type { Content, ContentAttribute } from '#services/sqs/message.ts'
import { bill } from '#services/sqs/metering.ts'
import type { DeadLetter, Poll, Queue, Taken } from '#services/sqs/queue.ts'
import { printReceipt } from '#services/sqs/receipt.ts'
import { sequenceText } from '#services/sqs/sequence.ts'
import type { SqsState } from '#services/sqs/state.ts'
import { receive } from '#services/sqs/step.ts'

/** Source: SQS API, ReceiveMessage. */
export const receiveMessage: Operation<Sqs['ReceiveMessage'], SqsState> = async (input, state, call) => {
  const queue = queueAt(input.QueueUrl, state, call)
  const asked = readAsked(queue, input)
  const began = state.clock.elapsed()
  const { taken, dead = [] } = await polled(queue, asked, state, call)
  if (dead.length > 0) await tellDead(dead, state, call)
  if (asked.waitMs > 0) call.span.set('waitedMs', Math.round(state.clock.elapsed() - began))
  const messages: Received[] = []
  let bytes = 0
  for (const each of taken) {
    const { message } = each
    const content = message.content ?? (await state.queues.content(queue, message))
    if (content === undefined) continue
    messages.push(shown(queue, { ...each, content }, input))
    bytes += content.body.length
    link(call.span, content.trace)
  }
  if (messages.length > 0) call.span.set('messages', messages.length)
  bill(state.usage, call, queue, { bytes })
  return messages.length === 0 ? {} : { Messages: messages }
}

interface Asked {
  readonly max: number
  readonly visibilityMs: number | undefined
  readonly waitMs: number
  readonly attempt: string | undefined
}

function readAsked(queue: Queue, input: ReceiveMessageRequest): Asked {
  const { MaxNumberOfMessages: max = 1, WaitTimeSeconds: wait, VisibilityTimeout: visibility } = input
  if (max < 1 || max > RECEIVE_MAX)
    throw invalidValue(max, 'MaxNumberOfMessages', `Must be between 1 and ${RECEIVE_MAX}, if provided.`)
  if (wait !== undefined && (wait < 0 || wait > WAIT_SECONDS_MAX))
    throw invalidValue(wait, 'WaitTimeSeconds', `Must be >= 0 and <= ${WAIT_SECONDS_MAX}, if provided.`)
  if (visibility !== undefined && (visibility < 0 || visibility > VISIBILITY_SECONDS_MAX))
    throw invalidValue(
      visibility,
      'VisibilityTimeout',
      `Must be >= 0 and <= ${VISIBILITY_SECONDS_MAX}, if provided.`,
    )
  const { ReceiveRequestAttemptId: attempt } = input
  if (attempt !== undefined && !queue.isFifo)
    throw invalidValue(
      attempt,
      'ReceiveRequestAttemptId',
      'The request include parameter that is not valid for this queue type.',
    )
  if (attempt !== undefined && (attempt.length < 1 || attempt.length > ID_MAX))
    throw invalidParameter(
      `ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to ${ID_MAX} in length.`,
    )
  return {
    max,
    visibilityMs: visibility === undefined ? undefined : seconds(visibility),
    waitMs: wait === undefined ? queue.settings.waitMs : seconds(wait),
    attempt,
  }
}

interface Polled {
  readonly taken: readonly Taken[]
  readonly dead: readonly DeadLetter[] | undefined
}

function polled(queue: Queue, asked: Asked, state: SqsState, call: Call): Promise<Polled> {
  return new Promise((resolve, reject) => {
    const { queues } = state
    const waitMs = queues.parked >= PARKED_MAX ? 0 : asked.waitMs
    const answer = (taken: readonly Taken[]): void => resolve({ taken, dead: poll.dead })
    const poll: Poll = { ...asked, waitMs, dueAt: 0, slot: -1, answer, refuse: reject }
    const outcome = queues.step(queue, (moment) => receive(queue, poll, moment))
    if (outcome === 'over-limit')
      reject(
        overLimit(
          'Too many messages are in flight. Delete received messages or wait until they are visible again.',
        ),
      )
    if (outcome === 'parked') queues.park(queue, poll, call.signal)
  })
}

interface Shown extends Taken {
  readonly content: Content
}

function shown(queue: Queue, one: Shown, input: ReceiveMessageRequest): Received {
  const { message, content, receive } = one
  const ticket = printReceipt(queue, { seq: message.seq, receive })
  const system = systemAttributes(queue, one, input)
  const attributes = chosen(content.attributes, input.MessageAttributeNames ?? [])
  return {
    MessageId: content.id,
    ReceiptHandle: ticket,
    MD5OfBody: content.md5,
    Body: content.body,
    ...(system === undefined ? {} : { Attributes: system }),
    ...(attributes === undefined ? {} : attributes),
  }
}

/** Source: SQS API, ReceiveMessage, MessageSystemAttributeNames. AttributeNames is its old name. */
function systemAttributes(
  queue: Queue,
  { message, content, receive }: Shown,
  input: ReceiveMessageRequest,
): Record<string, string> | undefined {
  const names = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])]
  if (names.length === 0) return undefined
  const all: Record<string, string | undefined> = {
    SenderId: content.sender,
    SentTimestamp: String(Math.floor(message.sentAt)),
    ApproximateReceiveCount: String((content.receivedBefore ?? 0) + receive),
    ApproximateFirstReceiveTimestamp: String(Math.floor(message.flight?.firstAt ?? 0)),
    SequenceNumber: queue.isFifo ? sequenceText(message.seq) : undefined,
    MessageDeduplicationId: content.deduplicationId,
    MessageGroupId: content.group,
    AWSTraceHeader: content.trace,
    DeadLetterQueueSourceArn: content.source,
  }
  const isAll = names.includes('All')
  const out: Record<string, string> = {}
  for (const [name, value] of Object.entries(all))
    if (value !== undefined && (isAll || names.includes(name))) out[name] = value
  return Object.keys(out).length === 0 ? undefined : out
}

/** `All`, `.*`, a name, or a prefix with `.*`. Source: SQS API, ReceiveMessage, MessageAttributeNames. */
function chosen(
  attributes: Readonly<Record<string, ContentAttribute>> | undefined,
  names: readonly string[],
): Pick<Received, 'MessageAttributes' | 'MD5OfMessageAttributes'> | undefined {
  if (attributes === undefined || names.length === 0) return undefined
  const matches = (name: string): boolean =>
    names.some(
      (asked) =>
        asked === 'All' || asked === name || (asked.endsWith('.*') && name.startsWith(asked.slice(0, -2))),
    )
  const picked = Object.entries(attributes).filter(([name]) => matches(name))
  if (picked.length === 0) return undefined
  return {
    MessageAttributes: Object.fromEntries(picked.map(([name, value]) => [name, attributeOf(value)])),
    MD5OfMessageAttributes: md5OfAttributes(Object.fromEntries(picked)),
  }
}

function attributeOf({ DataType, StringValue, BinaryValue }: ContentAttribute): {
  DataType: string
  StringValue?: string
  BinaryValue?: Uint8Array
} {
  if (BinaryValue === undefined) return { DataType, StringValue: StringValue ?? '' }
  const bytes = fromBase64(BinaryValue)
  assert(bytes !== undefined, 'what was stored is base64')
  return { DataType, BinaryValue: bytes }
}

/** A span below the receive for what it moved, linked to the messages' own traces. */
async function tellDead(dead: readonly DeadLetter[], state: SqsState, call: Call): Promise<void> {
  await state.queues.settled()
  const span = call.span.open('sqs', 'DeadLetter', dead[0]?.target)
  for (const { trace } of dead.slice(0, DEAD_LINKS_MAX)) link(span, trace)
  span.set('messages', dead.length)
  span.end('ok')
  call.span.set('deadLettered', dead.length)
}

/** The receive's trace goes on from the messages' traces. */
function link(span: SpanScope, trace: string | undefined): void {
  if (trace === undefined) return
  const header = parseTraceHeader(trace)
  if (header === undefined) return
  span.link({ traceId: header.root, ...(header.parent === undefined ? {} : { id: header.parent }) })
}
