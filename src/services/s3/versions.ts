/**
 * The versions of a key: which is the newest, where a version id leads, and what a put or a delete does to them in a
 * bucket that was never versioned, is versioned, or stopped being so. Works inside a transaction and knows no bodies.
 */
import { brand } from '#base/brand.ts'
import { keysBelow } from '#base/key.ts'
import type { Instant } from '#base/time.ts'
import type { Random } from '#ports/random.ts'
import type { Read, Tx } from '#ports/store.ts'
import { accessDenied, invalidVersionId, noSuchBucket } from '#services/s3/faults.ts'
import { orderedId, orderOf } from '#services/s3/names.ts'
import { promptly } from '#services/s3/promptly.ts'
import {
  type BucketRecord,
  buckets,
  GLOBAL,
  type MarkerRecord,
  nullPointers,
  type ObjectRecord,
  ownerOf,
  type VersionRecord,
  versions,
} from '#services/s3/records.ts'

export const NULL_VERSION = 'null'

/** The bucket. Faults NoSuchBucket, and AccessDenied when it is not the expected owner's. */
export function bucketOf(
  read: Read,
  name: string,
  expectedOwner?: string,
): BucketRecord | Promise<BucketRecord> {
  return promptly(buckets.find(read, GLOBAL, name), (bucket) => {
    if (bucket === undefined) throw noSuchBucket(name)
    if (expectedOwner !== undefined && expectedOwner !== bucket.account) throw accessDenied()
    return bucket
  })
}

/** The newest version, which may be a delete marker. */
export function newestOf(
  read: Read,
  bucket: BucketRecord,
  key: string,
): VersionRecord | undefined | Promise<VersionRecord | undefined> {
  if (bucket.versioning === undefined) return versions.find(read, ownerOf(bucket), bucket.name, key, 0)
  const below = keysBelow(...ownerOf(bucket), versions.kind, bucket.name, key)
  return promptly(read.range({ ...below, limit: 1 }), ([entry]) =>
    entry === undefined ? undefined : versions.decode(entry[1]),
  )
}

/** The version of that id. Fault InvalidArgument for a text that is no version id. */
export async function versionOf(
  read: Read,
  bucket: BucketRecord,
  key: string,
  versionId: string,
): Promise<VersionRecord | undefined> {
  if (versionId === NULL_VERSION) return nullVersionOf(read, bucket, key)
  const found = await versions.get(read, ownerOf(bucket), bucket.name, key, versionOrder(versionId))
  return found?.versionId === versionId ? found : undefined
}

/** The last part of the store key of the version with that id. Fault InvalidArgument for a text that is no version id. */
export function versionOrder(versionId: string): number {
  const order = orderOf(versionId)
  if (order === undefined) throw invalidVersionId(versionId)
  return -order
}

async function nullVersionOf(
  read: Read,
  bucket: BucketRecord,
  key: string,
): Promise<VersionRecord | undefined> {
  const pointer = await nullPointers.get(read, ownerOf(bucket), bucket.name, key)
  return versions.get(read, ownerOf(bucket), bucket.name, key, pointer?.order ?? 0)
}

/** The place of a new version of a key. */
export interface Slot {
  readonly order: number
  readonly versionId: string
  /** What gives way to it: the null version, or nothing in a versioned bucket. */
  readonly replaced: VersionRecord | undefined
}

/** What a new version needs to know of the moment of its writing. */
export interface Making {
  readonly newest: VersionRecord | undefined
  /** From `S3State.nextOrder`. */
  readonly order: number
  readonly random: Random
}

/** Source: S3 user guide, Adding objects to versioning-enabled and versioning-suspended buckets. */
export function slotFor(read: Read, bucket: BucketRecord, key: string, making: Making): Slot | Promise<Slot> {
  if (bucket.versioning === undefined) return { order: 0, versionId: NULL_VERSION, replaced: making.newest }
  const order = Math.max(making.order, 1 - (making.newest?.order ?? 0))
  if (bucket.versioning === 'Enabled')
    return { order: -order, versionId: orderedId(order, making.random), replaced: undefined }
  return promptly(nullVersionOf(read, bucket, key), (replaced) => ({
    order: -order,
    versionId: NULL_VERSION,
    replaced,
  }))
}

/** Writes a version into its slot and takes away what it replaces. */
export function putVersion(tx: Tx, bucket: BucketRecord, record: VersionRecord, slot: Slot): void {
  const owner = ownerOf(bucket)
  if (slot.replaced !== undefined && slot.replaced.order !== slot.order)
    removeVersion(tx, bucket, slot.replaced)
  if (slot.versionId === NULL_VERSION && slot.order !== 0)
    nullPointers.put(tx, owner, [bucket.name, record.key], { order: slot.order })
  versions.put(tx, owner, [bucket.name, record.key, slot.order], record)
}

export function removeVersion(tx: Tx, bucket: BucketRecord, record: VersionRecord): void {
  const owner = ownerOf(bucket)
  versions.delete(tx, owner, bucket.name, record.key, record.order)
  if (record.versionId === NULL_VERSION && record.order !== 0)
    nullPointers.delete(tx, owner, bucket.name, record.key)
}

export const markerOf = (key: string, slot: Slot, lastModified: Instant): MarkerRecord => ({
  kind: 'marker',
  key,
  order: slot.order,
  versionId: slot.versionId,
  lastModified,
})

/** S3 stamps objects with whole seconds. Source: recorded AWS answers (listings end in `.000Z`). */
export const wholeSeconds = (at: Instant): Instant => brand<Instant>(Math.floor(at / 1_000) * 1_000)

/** The version id that answers name: none in a bucket that was never versioned. */
export const shownVersionId = (
  bucket: BucketRecord,
  record: { readonly versionId: string },
): string | undefined => (bucket.versioning === undefined ? undefined : record.versionId)

/** The version id that the answer to a write names: that of a version that stays beside others. Source: recorded AWS answers (none while versioning is suspended). */
export const newVersionId = (
  bucket: BucketRecord,
  record: { readonly versionId: string },
): string | undefined => (bucket.versioning === 'Enabled' ? record.versionId : undefined)

export const isObject = (record: VersionRecord | undefined): record is ObjectRecord =>
  record?.kind === 'object'
