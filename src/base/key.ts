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

function numberBytes(value: number): Bytes {
  const out = new Uint8Array(9)
  const view = new DataView(out.buffer)
  view.setFloat64(1, value)
  if (view.getInt8(1) < 0) for (let i = 1; i < 9; i++) out[i] = ~(out[i] ?? 0)
  else out[1] = (out[1] ?? 0) | 0x80
  out[0] = NUMBER
  return out
}

export function keyOf(...parts: readonly KeyPart[]): Bytes {
  const bytes: number[] = []
  for (const part of parts) {
    if (typeof part === 'number') {
      bytes.push(...numberBytes(part))
      continue
    }
    bytes.push(TEXT)
    for (const byte of utf8(part)) {
      if (byte === 0) bytes.push(0, 0xff)
      else bytes.push(byte)
    }
    bytes.push(0, 1)
  }
  return Uint8Array.from(bytes)
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
  const closed = keyOf(...parts)
  const from = closed.subarray(0, closed.length - 2)
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
