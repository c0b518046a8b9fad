/**
 * CRC-32C and CRC-64/NVME, eight bytes a step, and the algebra that joins the CRCs of parts to the CRC of the whole
 * (zlib does CRC-32 itself). Pure tables and arithmetic; which checksum a request carries is `checksums.ts`.
 */
import { crc32 } from 'node:zlib'
import type { Bytes } from '#base/bytes.ts'

export type CrcName = 'CRC32' | 'CRC32C' | 'CRC64NVME'

/** Reflected polynomials. Source: zlib; RFC 3720 (CRC32C); NVM Express base specification, 64-bit CRC. */
const POLYNOMIAL: Readonly<Record<CrcName, bigint>> = {
  CRC32: 0xedb88320n,
  CRC32C: 0x82f63b78n,
  CRC64NVME: 0x9a6c9329ac4bc9b5n,
}
const WIDTH: Readonly<Record<CrcName, bigint>> = { CRC32: 32n, CRC32C: 32n, CRC64NVME: 64n }

export interface RunningCrc {
  update(chunk: Bytes): void
  value(): bigint
  /** The value, big end first. */
  bytes(): Bytes
}

export function runningCrc(name: CrcName): RunningCrc {
  switch (name) {
    case 'CRC32':
      return new ZlibCrc()
    case 'CRC32C':
      return new Crc32c()
    case 'CRC64NVME':
      return new Crc64()
    default:
      return name satisfies never
  }
}

/** Four (CRC32) or eight (CRC64) bytes, big end first. */
export function crcBytes(name: CrcName, value: bigint): Bytes {
  const out = new Uint8Array(Number(WIDTH[name]) / 8)
  const view = new DataView(out.buffer)
  if (out.length === 8) view.setBigUint64(0, value)
  else view.setUint32(0, Number(value))
  return out
}

/** 32-bit words, each big end first. */
function bytesOfWords(...words: readonly number[]): Bytes {
  const out = new Uint8Array(words.length * 4)
  let at = 0
  for (const word of words) for (let shift = 24; shift >= 0; shift -= 8) out[at++] = word >>> shift
  return out
}

class ZlibCrc implements RunningCrc {
  #crc = 0
  update(chunk: Bytes): void {
    this.#crc = crc32(chunk, this.#crc)
  }
  value(): bigint {
    return BigInt(this.#crc)
  }
  bytes(): Bytes {
    return bytesOfWords(this.#crc)
  }
}

/** Row k of the tables moves a byte past k further zero bytes; low and high halves apart, as JavaScript's integers have 32 bits. */
interface Tables {
  readonly low: Int32Array
  readonly high: Int32Array
}

function tablesOf(name: CrcName): Tables {
  const polynomial = POLYNOMIAL[name]
  const low = new Int32Array(8 * 256)
  const high = new Int32Array(8 * 256)
  const rows: bigint[] = []
  for (let byte = 0; byte < 256; byte++) {
    let crc = BigInt(byte)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n
    rows.push(crc)
  }
  const first = [...rows]
  for (let row = 0; row < 8; row++) {
    for (let byte = 0; byte < 256; byte++) {
      const crc = rows[byte] ?? 0n
      low[row * 256 + byte] = Number(BigInt.asIntN(32, crc))
      high[row * 256 + byte] = Number(BigInt.asIntN(32, crc >> 32n))
      rows[byte] = (crc >> 8n) ^ (first[Number(crc & 0xffn)] ?? 0n)
    }
  }
  return { low, high }
}

let tables32c: Tables | undefined
let tables64: Tables | undefined

const wordAt = (chunk: Bytes, at: number): number =>
  (chunk[at] ?? 0) | ((chunk[at + 1] ?? 0) << 8) | ((chunk[at + 2] ?? 0) << 16) | ((chunk[at + 3] ?? 0) << 24)

/** The eight-table step for one half of the result, given the two words that stand in front of it. */
const step = (table: Int32Array, a: number, b: number): number =>
  (table[1_792 + (a & 255)] ?? 0) ^
  (table[1_536 + ((a >>> 8) & 255)] ?? 0) ^
  (table[1_280 + ((a >>> 16) & 255)] ?? 0) ^
  (table[1_024 + (a >>> 24)] ?? 0) ^
  (table[768 + (b & 255)] ?? 0) ^
  (table[512 + ((b >>> 8) & 255)] ?? 0) ^
  (table[256 + ((b >>> 16) & 255)] ?? 0) ^
  (table[b >>> 24] ?? 0)

class Crc32c implements RunningCrc {
  #crc = -1
  readonly #table = (tables32c ??= tablesOf('CRC32C')).low

  update(chunk: Bytes): void {
    const table = this.#table
    let crc = this.#crc
    let at = 0
    for (const whole = chunk.length - 8; at <= whole; at += 8)
      crc = step(table, crc ^ wordAt(chunk, at), wordAt(chunk, at + 4))
    for (; at < chunk.length; at++) crc = (crc >>> 8) ^ (table[(crc ^ (chunk[at] ?? 0)) & 255] ?? 0)
    this.#crc = crc
  }

  value(): bigint {
    return BigInt(~this.#crc >>> 0)
  }

  bytes(): Bytes {
    return bytesOfWords(~this.#crc)
  }
}

class Crc64 implements RunningCrc {
  #low = -1
  #high = -1
  readonly #tables = (tables64 ??= tablesOf('CRC64NVME'))

  update(chunk: Bytes): void {
    const { low: lows, high: highs } = this.#tables
    let low = this.#low
    let high = this.#high
    let at = 0
    for (const whole = chunk.length - 8; at <= whole; at += 8) {
      const a = low ^ wordAt(chunk, at)
      const b = high ^ wordAt(chunk, at + 4)
      low = step(lows, a, b)
      high = step(highs, a, b)
    }
    for (; at < chunk.length; at++) {
      const index = (low ^ (chunk[at] ?? 0)) & 255
      low = ((low >>> 8) | (high << 24)) ^ (lows[index] ?? 0)
      high = (high >>> 8) ^ (highs[index] ?? 0)
    }
    this.#low = low
    this.#high = high
  }

  value(): bigint {
    return (BigInt(~this.#high >>> 0) << 32n) | BigInt(~this.#low >>> 0)
  }

  bytes(): Bytes {
    return bytesOfWords(~this.#high, ~this.#low)
  }
}

export interface CrcPart {
  readonly crc: bigint
  readonly sizeBytes: number
}

/** The CRC of the parts' concatenation. Source of the algebra: zlib, crc32_combine (multiplication modulo the polynomial). */
export function combineCrcs(name: CrcName, parts: readonly CrcPart[]): bigint {
  const shifts = new Map<number, bigint>()
  let whole = 0n
  for (const { crc, sizeBytes } of parts) {
    const shift = shifts.get(sizeBytes) ?? shiftBy(name, sizeBytes)
    shifts.set(sizeBytes, shift)
    whole = multiply(name, shift, whole) ^ crc
  }
  return whole
}

/** x to the power of 8 times the size, modulo the polynomial, bits reflected. */
function shiftBy(name: CrcName, sizeBytes: number): bigint {
  const one = 1n << (WIDTH[name] - 1n)
  let result = one
  let power = one >> 1n
  for (let exponent = BigInt(sizeBytes) * 8n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = multiply(name, result, power)
    power = multiply(name, power, power)
  }
  return result
}

function multiply(name: CrcName, a: bigint, b: bigint): bigint {
  const polynomial = POLYNOMIAL[name]
  let product = 0n
  let shifted = b
  for (let bit = 1n << (WIDTH[name] - 1n); bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n
  }
  return product
}
