/**
 * Events on disk: a small row that says what it is and how far it has come, one with the payload, and after a failed run
 * one with its answer, which a record may have to quote. The small rows alone are read when a platform starts.
 */
import { type Bytes, concat, text, utf8 } from '#base/bytes.ts'
import { keyOf, keysBelow, partsOf } from '#base/key.ts'
import type { Instant } from '#base/time.ts'
import type { Read, Tx } from '#ports/store.ts'
import type { LastAnswer } from '#services/lambda/events/invocation-record.ts'
import type { QueuedEvent } from '#services/lambda/events/queue.ts'
import { LATEST } from '#services/lambda/names.ts'

/** What an event is, beside its payload. */
export interface EventHead {
  readonly account: string
  readonly region: string
  readonly name: string
  readonly qualifier: string | undefined
  readonly requestId: string
  /** JSON text. */
  readonly clientContext: string | undefined
  /** X-Amzn-Trace-Id below which its runs stand. */
  readonly trace: string
  /** `Clock.wall()` when it was accepted: where its time in the queue begins in a trace. */
  readonly acceptedAt: Instant
}

interface Stored {
  readonly head: EventHead
  readonly sizeBytes: number
  readonly firstAt: Instant
  readonly nextAt: Instant
  readonly failures: number
}

type Part = 'event' | 'payload' | 'answer'

/** The kind stands first: the start reads all owners' small rows and nothing else. */
const rowKey = (part: Part, head: EventHead, sequence: number): Bytes =>
  keyOf(part, head.account, head.region, head.name, sequence)

export const laneOf = (head: EventHead): string => `${head.account}/${head.region}/${head.name}`

export function writeEvent(tx: Tx, event: QueuedEvent, head: EventHead): void {
  const { sizeBytes, firstAt, nextAt, failures } = event
  const stored: Stored = { head, sizeBytes, firstAt, nextAt, failures }
  tx.put(rowKey('event', head, event.sequence), utf8(JSON.stringify(stored)))
}

export const writePayload = (tx: Tx, head: EventHead, sequence: number, payload: Bytes): void =>
  tx.put(rowKey('payload', head, sequence), payload)

/** Flags in the first byte of an answer. */
const FAILED = 1
/** A byte with the length of the version's number and the number follow; else it was `$LATEST`. */
const NUMBERED = 2

/** The first byte says what kind of answer it is, the payload follows. */
export function writeAnswer(tx: Tx, head: EventHead, sequence: number, answer: LastAnswer): void {
  const flags = answer.functionError === undefined ? 0 : FAILED
  const number = utf8(answer.version)
  const start =
    answer.version === LATEST
      ? [Uint8Array.of(flags)]
      : [Uint8Array.of(flags | NUMBERED, number.length), number]
  tx.put(rowKey('answer', head, sequence), concat([...start, answer.payload]))
}

export function deleteEvent(tx: Tx, head: EventHead, sequence: number): void {
  tx.delete(rowKey('event', head, sequence))
  tx.delete(rowKey('payload', head, sequence))
  tx.delete(rowKey('answer', head, sequence))
}

export async function readPayload(from: Read, head: EventHead, sequence: number): Promise<Bytes | undefined> {
  return await from.get(rowKey('payload', head, sequence))
}

export async function readAnswer(
  from: Read,
  head: EventHead,
  sequence: number,
): Promise<LastAnswer | undefined> {
  const row = await from.get(rowKey('answer', head, sequence))
  if (row === undefined) return undefined
  const [flags = 0, length = 0] = row
  const numbered = (flags & NUMBERED) !== 0
  return {
    functionError: (flags & FAILED) === 0 ? undefined : 'Unhandled',
    version: numbered ? text(row.subarray(2, 2 + length)) : LATEST,
    payload: row.subarray(numbered ? 2 + length : 1),
  }
}

/** The head of an event whose function is known by its lane. */
export async function readHead(from: Read, event: QueuedEvent): Promise<EventHead | undefined> {
  const [account = '', region = '', name = ''] = event.lane.split('/')
  const row = await from.get(keyOf('event', account, region, name, event.sequence))
  return row === undefined ? undefined : decode(row).head
}

const PAGE = 1_000

/** Every event there is, a page at a time, in no order that matters. */
export async function* everyEvent(from: Read): AsyncGenerator<QueuedEvent> {
  const range = keysBelow('event')
  let start = range.from
  for (;;) {
    const page = await from.range({ from: start, to: range.to, limit: PAGE })
    for (const [key, value] of page) yield queued(key, decode(value))
    const last = page.at(-1)?.[0]
    if (page.length < PAGE || last === undefined) return
    start = concat([last, Uint8Array.of(0)])
  }
}

function queued(key: Bytes, stored: Stored): QueuedEvent {
  const { head, sizeBytes, firstAt, nextAt, failures } = stored
  const sequence = Number(partsOf(key)[4])
  return { sequence, lane: laneOf(head), sizeBytes, firstAt, nextAt, failures, throttles: 0 }
}

/** The store holds only what `writeEvent` wrote. */
function decode(row: Bytes): Stored {
  return JSON.parse(text(row)) as Stored // oxlint-disable-line typescript/no-unsafe-type-assertion -- the decoder
}
