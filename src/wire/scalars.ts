/**
 * Plain values as text, both ways: headers, labels, query, XML and forms all use these. A reader answers undefined for
 * text that is no such value; who asked knows how its protocol refuses. No locale, no Date.
 */
import { Buffer } from 'node:buffer'
import { strictText, utf8 } from '#base/bytes.ts'
import {
  type Instant,
  civil,
  fractionMs,
  httpDate,
  instant,
  isoMs,
  isoSeconds,
  parseIso,
} from '#base/time.ts'
import type { Kind, TimeFormat } from '#wire/table.ts'

const LIMITS: Partial<Record<Kind, readonly [bigint, bigint]>> = {
  byte: [-128n, 127n],
  short: [-32_768n, 32_767n],
  integer: [-2_147_483_648n, 2_147_483_647n],
  long: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
}
const WHOLE = /^[+-]?\d{1,19}$/
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** A whole number within the kind's range. */
export function wholeOf(value: string, kind: Kind): number | undefined {
  if (!WHOLE.test(value)) return undefined
  const number = Number(value)
  return isWithin(number, kind, value) ? number : undefined
}

/** True when a whole number fits its kind; `exact` is its text where doubles are too coarse. */
export function isWithin(value: number, kind: Kind, exact: string | bigint = ''): boolean {
  const limits = LIMITS[kind]
  if (limits === undefined) return true
  if (Number.isSafeInteger(value)) return value >= Number(limits[0]) && value <= Number(limits[1])
  if (kind !== 'long' || !Number.isInteger(value)) return false
  const big = exact === '' ? BigInt(value) : BigInt(exact)
  return big >= limits[0] && big <= limits[1]
}

/** A float or double; `NaN`, `Infinity` and `-Infinity` are values. */
export function decimalOf(value: string): number | undefined {
  if (value === 'NaN') return Number.NaN
  if (value === 'Infinity') return Number.POSITIVE_INFINITY
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY
  return DECIMAL.test(value) ? Number(value) : undefined
}

export function booleanOf(value: string): boolean | undefined {
  return value === 'true' ? true : value === 'false' ? false : undefined
}

const HTTP =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) (\d\d):(\d\d):(\d\d)(\.\d+)? GMT$/
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function httpOf(value: string): Instant | undefined {
  const m = HTTP.exec(value)
  if (m === null) return undefined
  return civil({
    year: Number(m[3]),
    month: MONTHS.indexOf(m[2] ?? '') + 1,
    day: Number(m[1]),
    hour: Number(m[4]),
    minute: Number(m[5]),
    second: Number(m[6]),
    ms: fractionMs(m[7]),
  })
}

/** A timestamp in one of the three formats; undefined when the text is not in that format. */
export function timeOf(value: string, format: TimeFormat): Instant | undefined {
  if (format === 'iso') return parseIso(value)
  if (format === 'http') return httpOf(value)
  const seconds = DECIMAL.test(value) ? Number(value) : Number.NaN
  return Number.isFinite(seconds) ? instant(Math.round(seconds * 1_000_000) / 1_000) : undefined
}

/** Epoch seconds with up to three digits, as JSON numbers and `unix` texts hold them. */
export const secondsOf = (at: number): number => Math.round(at) / 1_000

export function printTime(at: Instant, format: TimeFormat, isFullMs: boolean): string {
  const rounded = instant(Math.floor(at))
  if (format === 'http') return httpDate(rounded)
  if (format === 'unix') return String(secondsOf(at))
  return isFullMs || rounded % 1_000 !== 0 ? isoMs(rounded) : isoSeconds(rounded)
}

/** Numbers in text: `NaN` and the infinities by name. */
export const printNumber = (value: number): string => String(value)

/** Reads any plain value from text. Blobs are base64. */
export function scalarOf(value: string, kind: Kind, format: TimeFormat): unknown {
  switch (kind) {
    case 'string':
      return value
    case 'boolean':
      return booleanOf(value)
    case 'byte':
    case 'short':
    case 'integer':
    case 'long':
      return wholeOf(value, kind)
    case 'float':
    case 'double':
      return decimalOf(value)
    case 'timestamp':
      return timeOf(value, format)
    case 'blob':
      return strictBase64(value)
    case 'structure':
    case 'union':
    case 'list':
    case 'map':
    case 'document':
      return undefined
    default:
      return kind satisfies never
  }
}

/** Text of a value that is plain by its type; what a service puts in its place is shown as JSON. */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  return JSON.stringify(value) ?? ''
}

/** Prints any plain value as text. */
export function printScalar(value: unknown, kind: Kind, format: TimeFormat, isFullMs = false): string {
  if (kind === 'timestamp' && typeof value === 'number') return printTime(instant(value), format, isFullMs)
  if (value instanceof Uint8Array) return bytesBase64(value)
  return plainText(value)
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Bytes of base64 with its padding and without white space; undefined for anything else. */
export function strictBase64(value: string): Uint8Array | undefined {
  if (value.length % 4 !== 0 || !BASE64.test(value)) return undefined
  const padding = value.endsWith('==') ? 2 : value.endsWith('=') ? 1 : 0
  const size = (value.length / 4) * 3 - padding
  if (size < 0) return undefined
  // Memory of its own: the bytes may be kept, and a slice of a shared pool would keep the pool.
  const bytes = new Uint8Array(size)
  const written = Buffer.from(bytes.buffer).write(value, 'base64')
  return written === size ? bytes : undefined
}

/** Base64 of bytes, for bodies: several times as fast as the platform's own. */
export const bytesBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')

/** Text of a header that holds base64. */
export function base64Text(value: string): string | undefined {
  const bytes = strictBase64(value)
  return bytes === undefined ? undefined : strictText(bytes)
}

export const textBase64 = (value: string): string => bytesBase64(utf8(value))
