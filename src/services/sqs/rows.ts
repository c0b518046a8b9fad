/**
 * What stands in the store, and under which keys. A message is one row: a small binary head, from which the hot index is
 * rebuilt, and its content as JSON (in a row of its own beyond `INLINE_BYTES_MAX`). A receive changes 28 bytes of the
 * head in place: one page of the table and none of its index, where a row beside it would cost two of each.
 */
import { Buffer } from 'node:buffer'
import { present } from '#base/assert.ts'
import { type Bytes, text, utf8 } from '#base/bytes.ts'
import { keyOf, keysBelow, partsOf } from '#base/key.ts'
import { INLINE_BYTES_MAX } from '#services/sqs/limits.ts'
import type { Content, Message } from '#services/sqs/message.ts'
import type { QueueName } from '#services/sqs/names.ts'

export type RowKind = 'message' | 'content'

/** Keys of one generation of a queue; the beginnings are made once. */
export class MessageKeys {
  readonly #beginnings: Readonly<Record<RowKind, Bytes>>

  constructor({ account, region }: QueueName, generation: number) {
    const beginning = (kind: RowKind): Bytes => keyOf(account, region, kind, generation)
    this.#beginnings = {
      message: beginning('message'),
      content: beginning('content'),
    }
  }

  /** The same bytes as `keyOf(account, region, kind, generation, seq)`. */
  of(kind: RowKind, seq: number): Bytes {
    const beginning = this.#beginnings[kind]
    const at = beginning.length
    // From the pool: a small typed array whose bytes are written through a view would move out of the heap first.
    const key = Buffer.allocUnsafe(at + 9)
    key.set(beginning)
    key[at] = 0x03
    key.writeDoubleBE(-seq, at + 1)
    return key
  }
}

export const rowsOf = (
  kind: RowKind,
  { account, region }: QueueName,
  generation: number,
): { from: Bytes; to: Bytes } => keysBelow(account, region, kind, generation)

export function seqOfKey(key: Bytes): number {
  const view = new DataView(key.buffer, key.byteOffset + key.length - 8, 8)
  // Keys set the sign of positive numbers, and sequence numbers are positive.
  return -view.getFloat64(0)
}

/** Where the part that receives change begins, and its length. */
const TAKEN_AT = 12
const TAKEN_BYTES = 28
const HEAD_BYTES = TAKEN_AT + TAKEN_BYTES
const IN_OWN_ROW = 1

export interface MessageRow {
  readonly row: Bytes
  /** The second row, when the content is too large for the first. */
  readonly content: Bytes | undefined
}

export function encodeMessage(message: Message, content: Content): MessageRow {
  const json = JSON.stringify(content)
  const group = content.group ?? ''
  const jsonBytes = Buffer.byteLength(json)
  const isOwn = jsonBytes > INLINE_BYTES_MAX
  const groupBytes = group === '' ? 0 : Buffer.byteLength(group)
  const row = Buffer.allocUnsafe(HEAD_BYTES + groupBytes + (isOwn ? 0 : jsonBytes))
  row.writeUInt8(1, 0)
  row.writeUInt8(isOwn ? IN_OWN_ROW : 0, 1)
  row.writeUInt16BE(groupBytes, 2)
  row.writeDoubleBE(message.sentAt, 4)
  writeTaken(message, row, TAKEN_AT)
  if (groupBytes > 0) row.write(group, HEAD_BYTES)
  if (!isOwn) row.write(json, HEAD_BYTES + groupBytes)
  return { row, content: isOwn ? utf8(json) : undefined }
}

function writeTaken(message: Message, into: Buffer, at: number): void {
  into.writeDoubleBE(message.dueAt, at)
  into.writeDoubleBE(message.flight?.firstAt ?? 0, at + 8)
  into.writeDoubleBE(message.flight?.takenAt ?? 0, at + 16)
  into.writeUInt32BE(message.receives, at + 24)
}

/** What a receive or a change of visibility makes of a row: the part of this moment, to be patched in later. */
export function encodeTaken(message: Message): Bytes {
  const taken = Buffer.allocUnsafe(TAKEN_BYTES)
  writeTaken(message, taken, 0)
  return taken
}

/** The row with that part instead of its own. */
export function patched(row: Bytes, taken: Bytes): Bytes {
  const copy = Buffer.allocUnsafe(row.length)
  copy.set(row)
  copy.set(taken, TAKEN_AT)
  return copy
}

export interface MessageHead {
  readonly sentAt: number
  readonly group: string | undefined
  readonly isContentApart: boolean
}

export function decodeHead(row: Bytes): MessageHead {
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength)
  const groupBytes = view.getUint16(2)
  return {
    sentAt: view.getFloat64(4),
    group: groupBytes === 0 ? undefined : text(row.subarray(HEAD_BYTES, HEAD_BYTES + groupBytes)),
    isContentApart: isContentApart(row),
  }
}

export const isContentApart = (row: Bytes): boolean => row[1] === IN_OWN_ROW

/** Sets what receives changed. */
export function readTaken(row: Bytes, message: Message): void {
  const view = new DataView(row.buffer, row.byteOffset + TAKEN_AT, TAKEN_BYTES)
  message.dueAt = view.getFloat64(0)
  const [firstAt, takenAt] = [view.getFloat64(8), view.getFloat64(16)]
  if (takenAt > 0) message.flight = { firstAt, takenAt }
  message.receives = view.getUint32(24)
}

/** The content of a row that has it inside. */
export const decodeInline = (row: Bytes): Content =>
  decodeContent(row.subarray(HEAD_BYTES + new DataView(row.buffer, row.byteOffset).getUint16(2)))

/** The store holds only what `encodeMessage` wrote: the cast is the decoder's. */
export const decodeContent = (json: Bytes): Content =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
  present(JSON.parse(text(json)), 'content is never null') as Content

/** Deduplication ids outlive a purge: their rows carry the queue's secret, not its generation. */
export const memoryKeyOf = ({ account, region }: QueueName, secret: number, key: string): Bytes =>
  keyOf(account, region, 'remembered', secret, key)

export const memoriesOf = ({ account, region }: QueueName, secret: number): { from: Bytes; to: Bytes } =>
  keysBelow(account, region, 'remembered', secret)

/** The text after the secret. */
export const memoryOfKey = (key: Bytes): string => String(partsOf(key)[4] ?? '')
