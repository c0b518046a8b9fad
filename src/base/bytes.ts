/** Bytes and their spellings. Web-standard globals only. */
export type Bytes = Uint8Array

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const strict = new TextDecoder('utf-8', { fatal: true })

export const EMPTY: Bytes = new Uint8Array(0)
export const utf8 = (text: string): Bytes => encoder.encode(text)
export const text = (bytes: Bytes): string => decoder.decode(bytes)

/** The text, or undefined when the bytes are no UTF-8. */
export function strictText(bytes: Bytes): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

export function hex(bytes: Bytes): string {
  let out = ''
  for (const byte of bytes) out += HEX[byte]
  return out
}

export function base64(bytes: Bytes): string {
  let binary = ''
  for (let i = 0; i < bytes.length; i += 8_192) binary += String.fromCharCode(...bytes.subarray(i, i + 8_192))
  return btoa(binary)
}

/** The bytes, or undefined when the text is no base64. */
export function fromBase64(encoded: string): Bytes | undefined {
  try {
    const binary = atob(encoded)
    const bytes = new Uint8Array(binary.length)
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
    return bytes
  } catch {
    return undefined
  }
}

export function concat(parts: readonly Bytes[]): Bytes {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0]
  let size = 0
  for (const part of parts) size += part.length
  const out = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Bytes that are all here, where a stream is asked for: who knows it takes `bytes` and reads no stream. */
export class WholeBody implements AsyncIterable<Bytes> {
  readonly bytes: Bytes

  constructor(bytes: Bytes) {
    this.bytes = bytes
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Bytes> {
    if (this.bytes.length > 0) yield this.bytes
  }
}

/**
 * A stream that can lend its chunks: each is the reader's until it asks for the next one, and is written over then, so
 * that a long body allocates nothing. Ask for it instead of the stream itself, before the first chunk. Whoever keeps
 * chunks iterates the stream as it is.
 */
export interface Lender extends AsyncIterable<Bytes> {
  lent(): AsyncIterable<Bytes>
}

/** The chunks, lent where the stream can. */
export const lentOf = (stream: AsyncIterable<Bytes>): AsyncIterable<Bytes> =>
  isLender(stream) ? stream.lent() : stream

const isLender = (stream: AsyncIterable<Bytes>): stream is Lender => 'lent' in stream

/** Order of bytes, as the store sorts its keys. */
export function compareBytes(a: Bytes, b: Bytes): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
