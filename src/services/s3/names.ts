/**
 * What a bucket or a key may be called, and the codec of ids that carry an order (version ids, upload ids). Pure.
 */
import { printArn } from '#base/arn.ts'
import { Buffer } from 'node:buffer'
import type { Random } from '#ports/random.ts'
import { utf8 } from '#base/bytes.ts'
import { invalidBucketName, keyTooLong } from '#services/s3/faults.ts'
import { BUCKET_NAME_MAX, BUCKET_NAME_MIN, KEY_BYTES_MAX } from '#services/s3/limits.ts'

const RESERVED_PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-'] as const
const RESERVED_SUFFIXES = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'] as const

/** Source: S3 user guide, General purpose bucket naming rules. */
export function isBucketName(name: string): boolean {
  if (name.length < BUCKET_NAME_MIN || name.length > BUCKET_NAME_MAX) return false
  if (!/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(name)) return false
  if (name.includes('..') || /^\d{1,3}(\.\d{1,3}){3}$/.test(name)) return false
  return (
    !RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix)) &&
    !RESERVED_SUFFIXES.some((suffix) => name.endsWith(suffix))
  )
}

/** Fault InvalidBucketName. */
export function checkBucketName(name: string): void {
  if (!isBucketName(name)) throw invalidBucketName(name)
}

/** Any text of at most 1,024 bytes. Fault KeyTooLongError. Source: S3 user guide, Naming objects. */
export function checkKey(key: string): void {
  if (key.length * 3 <= KEY_BYTES_MAX) return
  const sizeBytes = utf8(key).length
  if (sizeBytes > KEY_BYTES_MAX) throw keyTooLong(sizeBytes, KEY_BYTES_MAX)
}

const ID = /^[A-Za-z0-9_-]{32}$/

/** A 32-character id whose first eight bytes are its order, so that a record is found by its id without an index. */
export function orderedId(order: number, random: Random): string {
  const bytes = new Uint8Array(24)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(order))
  bytes.set(random.bytes(16), 8)
  return Buffer.from(bytes).toString('base64url')
}

/** The order inside, or undefined when the text is no such id. */
export function orderOf(id: string): number | undefined {
  if (!ID.test(id)) return undefined
  const order = Buffer.from(id, 'base64url').readBigUInt64BE(0)
  return order <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(order) : undefined
}

/** `aws`, or the partition of China and the government regions. Source: AWS general reference, ARNs. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}

/** The bucket's ARN, in the partition of its region. */
export const bucketArn = (name: string, region: string): string =>
  printArn({ partition: partitionOf(region), service: 's3', region: '', account: '', resource: name })
