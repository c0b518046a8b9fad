/**
 * Store keys as tuples whose byte order is the tuple's order. Text parts are UTF-8 with 0x00 written as 0x00 0xff
 * and closed by 0x00 0x01, so a shorter text sorts before its extensions; numbers are order-preserving doubles.
 * Keys begin with account and region: `keyOf(account, region, 'function', name)`.
 */
import { type Bytes, compareBytes, text, utf8 } from '#base/bytes.ts'
import { assert, Defect } from '#base/assert.ts'

export type KeyPart = string | number

const TEXT = 0x02
const NUMBER = 0x03

/** Where a key is put together before it is copied out at its length: keys are made for every read and write. */
let scratch = new Uint8Array(1_024)
let view = new DataView(scratch.buffer)

/** Room for a text of that many UTF-16 units: three bytes each, twice that for zeros, and the marks. */
function makeRoom(at: number, units: number): void {
  const needed = at + units * 6 + 16
  if (needed <= scratch.length) return
  const larger = new Uint8Array(needed * 2)
  larger.set(scratch)
  scratch = larger
  view = new DataView(scratch.buffer)
}

function putNumber(value: number, at: number): number {
  scratch[at] = NUMBER
  view.setFloat64(at + 1, value)
  if (view.getInt8(at + 1) < 0) for (let i = at + 1; i < at + 9; i++) scratch[i] = ~(scratch[i] ?? 0)
  else scratch[at + 1] = (scratch[at + 1] ?? 0) | 0x80
  return at + 9
}

function putText(part: string, start: number): number {
  makeRoom(start, part.length)
  let at = start
  scratch[at++] = TEXT
  for (let i = 0; i < part.length; i++) {
    const code = part.charCodeAt(i)
    if (code === 0 || code > 0x7f) return putBytes(utf8(part), start)
    scratch[at++] = code
  }
  return closed(at)
}

/** The way for texts that are not plain ASCII. */
function putBytes(bytes: Bytes, start: number): number {
  let at = start + 1
  for (const byte of bytes) {
    scratch[at++] = byte
    if (byte === 0) scratch[at++] = 0xff
  }
  return closed(at)
}

function closed(at: number): number {
  scratch[at] = 0
  scratch[at + 1] = 1
  return at + 2
}

export function keyOf(...parts: readonly KeyPart[]): Bytes {
  let at = 0
  for (const part of parts) {
    if (typeof part === 'string') at = putText(part, at)
    else {
      makeRoom(at, 0)
      at = putNumber(part, at)
    }
  }
  return scratch.slice(0, at)
}

/** All keys that begin with these parts, as a half-open range for `Store.range`. */
export function keysBelow(...parts: readonly KeyPart[]): { readonly from: Bytes; readonly to: Bytes } {
  const from = keyOf(...parts)
  const to = new Uint8Array(from.length + 1)
  to.set(from)
  to[from.length] = 0xff
  return { from, to }
}

/** All keys that go on from these parts, where the last part, a text, is only the beginning of the key's text there. */
export function keysBeginning(...parts: readonly KeyPart[]): { readonly from: Bytes; readonly to: Bytes } {
  assert(typeof parts.at(-1) === 'string', 'only a text has a beginning')
  const whole = keyOf(...parts)
  const from = whole.subarray(0, whole.length - 2)
  const to = new Uint8Array(from.length + 1)
  to.set(from)
  to[from.length] = 0xff
  return { from, to }
}

/** The parts of a key that `keyOf` made. */
export function partsOf(key: Bytes): KeyPart[] {
  const parts: KeyPart[] = []
  let at = 0
  while (at < key.length) {
    const [part, next] = key[at] === NUMBER ? readNumber(key, at) : readText(key, at)
    parts.push(part)
    at = next
  }
  return parts
}

function readNumber(key: Bytes, at: number): [number, number] {
  const raw = key.slice(at + 1, at + 9)
  if ((raw[0] ?? 0) & 0x80) raw[0] = (raw[0] ?? 0) & 0x7f
  else for (let i = 0; i < 8; i++) raw[i] = ~(raw[i] ?? 0)
  return [new DataView(raw.buffer).getFloat64(0), at + 9]
}

function readText(key: Bytes, at: number): [string, number] {
  assert(key[at] === TEXT, 'a key is a list of text and number parts')
  const bytes: number[] = []
  for (let i = at + 1; i < key.length; i++) {
    const byte = key[i] ?? 0
    if (byte !== 0) bytes.push(byte)
    else if (key[i + 1] === 0xff) {
      bytes.push(0)
      i++
    } else return [text(Uint8Array.from(bytes)), i + 2]
  }
  throw new Defect('a text part of a key is closed')
}

export { compareBytes as compareKeys }
