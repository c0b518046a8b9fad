/**
 * Concise Binary Object Representation, as much of RFC 8949 as rpcv2Cbor uses: definite and indefinite lengths, tag 1 for
 * times, half to double floats, 64-bit integers. Depth and sizes are bounded by the input. Broken input answers undefined.
 */
import { concat, strictText, utf8 } from '#base/bytes.ts'
import { put } from '#wire/json-read.ts'

/** A value under a tag, such as epoch seconds under tag 1. */
export class Tagged {
  readonly tag: number
  readonly value: unknown

  constructor(tag: number, value: unknown) {
    this.tag = tag
    this.value = value
  }
}

/** A double that goes out as one even when it is whole. */
export class Double {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

const DEPTH_MAX = 128

class Broken extends Error {}

class Decoder {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  value(depth: number): unknown {
    if (depth > DEPTH_MAX) throw new Broken()
    const first = this.#byte()
    const major = first >> 5
    const info = first & 31
    if (major === 7) return this.#simple(info)
    if (major === 0) return this.#argument(info)
    if (major === 1) {
      const n = this.#argument(info)
      return typeof n === 'bigint' ? -1n - n : narrowed(-1n - BigInt(n))
    }
    if (major === 2) return info === 31 ? concat(this.#chunks(2)) : this.#take(this.#length(info))
    if (major === 3) return this.#text(info === 31 ? concat(this.#chunks(3)) : this.#take(this.#length(info)))
    if (major === 4) return this.#list(info, depth)
    if (major === 5) return this.#map(info, depth)
    const tag = this.#length(info)
    return new Tagged(tag, this.value(depth + 1))
  }

  #byte(): number {
    const byte = this.#bytes[this.at++]
    if (byte === undefined) throw new Broken()
    return byte
  }

  #take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.at) throw new Broken()
    this.at += count
    return this.#bytes.subarray(this.at - count, this.at)
  }

  #text(bytes: Uint8Array): string {
    const text = strictText(bytes)
    if (text === undefined) throw new Broken()
    return text
  }

  #argument(info: number): number | bigint {
    if (info < 24) return info
    const size = info === 24 ? 1 : info === 25 ? 2 : info === 26 ? 4 : info === 27 ? 8 : 0
    const from = this.at
    if (size === 0 || this.#take(size).length < size) throw new Broken()
    if (size === 1) return this.#view.getUint8(from)
    if (size === 2) return this.#view.getUint16(from)
    return size === 4 ? this.#view.getUint32(from) : narrowed(this.#view.getBigUint64(from))
  }

  #length(info: number): number {
    const length = this.#argument(info)
    if (typeof length === 'bigint') throw new Broken()
    return length
  }

  #chunks(major: number): Uint8Array[] {
    const parts: Uint8Array[] = []
    for (let first = this.#byte(); first !== 0xff; first = this.#byte()) {
      if (first >> 5 !== major || (first & 31) === 31) throw new Broken()
      parts.push(this.#take(this.#length(first & 31)))
    }
    return parts
  }

  /** True at the break of an indefinite list or map, which is then read. */
  #isBreak(): boolean {
    if (this.#bytes[this.at] !== 0xff) return false
    this.at++
    return true
  }

  #list(info: number, depth: number): unknown[] {
    const out: unknown[] = []
    if (info === 31) {
      while (!this.#isBreak()) out.push(this.value(depth + 1))
      return out
    }
    const length = this.#length(info)
    if (length > this.#bytes.length - this.at) throw new Broken()
    for (let i = 0; i < length; i++) out.push(this.value(depth + 1))
    return out
  }

  #map(info: number, depth: number): Record<string, unknown> {
    const out: Record<string, unknown> = {}
    const length = info === 31 ? Number.POSITIVE_INFINITY : this.#length(info)
    for (let i = 0; i < length; i++) {
      if (info === 31 && this.#isBreak()) break
      const key = this.value(depth + 1)
      if (typeof key !== 'string') throw new Broken()
      put(out, key, this.value(depth + 1))
    }
    return out
  }

  #simple(info: number): unknown {
    if (info === 20 || info === 21) return info === 21
    if (info === 22 || info === 23) return null
    const from = this.at
    if (info === 25) return this.#take(2).length === 2 ? half(this.#view.getUint16(from)) : null
    if (info === 26) return this.#take(4).length === 4 ? this.#view.getFloat32(from) : null
    if (info === 27) return this.#take(8).length === 8 ? this.#view.getFloat64(from) : null
    throw new Broken()
  }
}

const narrowed = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1_023
  if (exponent === 0) return sign * 2 ** -14 * (fraction / 1_024)
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1_024)
}

/** The value, or undefined when the bytes are no CBOR of this kind or go on after it. */
export function decodeCbor(bytes: Uint8Array): unknown {
  const decoder = new Decoder(bytes)
  try {
    const value = decoder.value(0)
    return decoder.at === bytes.length ? value : undefined
  } catch (error) {
    if (error instanceof Broken) return undefined
    throw error
  }
}

class Encoder {
  #bytes = new Uint8Array(512)
  #view = new DataView(this.#bytes.buffer)
  #at = 0

  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + count))
    larger.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }

  #head(major: number, value: number): void {
    this.#room(9)
    const high = major << 5
    if (value < 24) this.#bytes[this.#at++] = high | value
    else if (value < 0x1_00) {
      this.#bytes[this.#at++] = high | 24
      this.#bytes[this.#at++] = value
    } else if (value < 0x1_0000) {
      this.#bytes[this.#at++] = high | 25
      this.#view.setUint16(this.#at, value)
      this.#at += 2
    } else if (value < 0x1_0000_0000) {
      this.#bytes[this.#at++] = high | 26
      this.#view.setUint32(this.#at, value)
      this.#at += 4
    } else {
      this.#bytes[this.#at++] = high | 27
      this.#view.setBigUint64(this.#at, BigInt(value))
      this.#at += 8
    }
  }

  #raw(major: number, bytes: Uint8Array): void {
    this.#head(major, bytes.length)
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  #double(value: number): void {
    this.#room(9)
    this.#bytes[this.#at++] = 0xfb
    this.#view.setFloat64(this.#at, value)
    this.#at += 8
  }

  write(value: unknown): void {
    if (typeof value === 'string') this.#raw(3, utf8(value))
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'boolean') this.#byte(value ? 0xf5 : 0xf4)
    else if (value instanceof Uint8Array) this.#raw(2, value)
    else if (value instanceof Double) this.#double(value.value)
    else if (value instanceof Tagged) {
      this.#head(6, value.tag)
      this.write(value.value)
    } else if (Array.isArray(value)) {
      const items: readonly unknown[] = value
      this.#head(4, items.length)
      for (const item of items) this.write(item)
    } else if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value).filter(([, item]) => item !== undefined)
      this.#head(5, entries.length)
      for (const [key, item] of entries) {
        this.#raw(3, utf8(key))
        this.write(item)
      }
    } else this.#byte(0xf6)
  }

  #byte(byte: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = byte
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value)) this.#double(value)
    else if (value < 0) this.#head(1, -1 - value)
    else this.#head(0, value)
  }
}

/** Numbers go out as integers when they are whole; `Double` keeps doubles doubles. Null and undefined become null. */
export function encodeCbor(value: unknown): Uint8Array {
  const encoder = new Encoder()
  encoder.write(value)
  return encoder.written
}
