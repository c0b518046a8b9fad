/** Ids that AWS prints, made from the random port so that a seed reproduces each of them. */
import { type Brand, brand } from '#base/brand.ts'
import { hex } from '#base/bytes.ts'
import type { Instant } from '#base/time.ts'

/** Twelve digits. */
export type AccountId = Brand<string, 'AccountId'>
/** Such as `us-east-1`. */
export type Region = Brand<string, 'Region'>
export type RequestId = Brand<string, 'RequestId'>

export const DEFAULT_ACCOUNT: AccountId = brand<AccountId>('000000000000')
export const DEFAULT_REGION: Region = brand<Region>('us-east-1')

export const accountId = (digits: string): AccountId | undefined =>
  /^\d{12}$/.test(digits) ? brand<AccountId>(digits) : undefined
export const regionOf = (name: string): Region | undefined =>
  /^[a-z]{2,4}(-[a-z]+)+-\d$/.test(name) ? brand<Region>(name) : undefined

/** What the makers of ids need of the random port. */
export interface RandomBytes {
  bytes(count: number): Uint8Array
}

const HYPHEN = 0x2d
/** The characters of a uuid, hyphens in their places: a text made of all at once costs a third of one joined of pieces. */
const UUID = Array.from('00000000-0000-0000-0000-000000000000', (character) => character.charCodeAt(0))

const hexDigit = (value: number): number => (value < 10 ? 0x30 : 0x57) + value

export function uuid(random: RandomBytes): string {
  const b = random.bytes(16)
  b[6] = ((b[6] ?? 0) & 0x0f) | 0x40
  b[8] = ((b[8] ?? 0) & 0x3f) | 0x80
  let at = 0
  for (const byte of b) {
    if (UUID[at] === HYPHEN) at++
    UUID[at++] = hexDigit(byte >> 4)
    UUID[at++] = hexDigit(byte & 0x0f)
  }
  return String.fromCharCode(...UUID)
}

export const requestId = (random: RandomBytes): RequestId => brand<RequestId>(uuid(random))
export const hexId = (random: RandomBytes, bytes: number): string => hex(random.bytes(bytes))

const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789'
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const pick = (random: RandomBytes, alphabet: string, length: number): string =>
  Array.from(random.bytes(length), (byte) => alphabet[byte % alphabet.length]).join('')

/** Such as the id of an API: ten lower-case letters and digits. */
export const lowerId = (random: RandomBytes, length: number): string => pick(random, LOWER, length)
/** Such as the random tail of a generated resource name in CloudFormation. */
export const upperId = (random: RandomBytes, length: number): string => pick(random, UPPER, length)
/** Unique ids of IAM entities: a prefix and upper-case letters and digits, such as AROA. */
export const prefixedId = (random: RandomBytes, prefix: string, length = 17): string =>
  prefix + pick(random, UPPER, length)

/** `1-5759e988-bd862e3fe1be46a994272793`: version, time in seconds, 96 random bits. Source: X-Ray developer guide, Trace IDs. */
export function traceIdAt(at: Instant, random: RandomBytes): string {
  return `1-${Math.floor(at / 1_000)
    .toString(16)
    .padStart(8, '0')}-${hexId(random, 12)}`
}
