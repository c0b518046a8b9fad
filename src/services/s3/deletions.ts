/**
 * The deletion of an object inside a transaction: a version goes, or a delete marker comes. DeleteObject, DeleteObjects
 * and lifecycle rules end here; `settle` what comes out after the commit.
 */
import type { Tx } from '#ports/store.ts'
import type { Retired } from '#services/s3/bodies.ts'
import type { EventName } from '#services/s3/event-records.ts'
import { objectLocked } from '#services/s3/archive-faults.ts'
import { checkKey } from '#services/s3/names.ts'
import { isLocked } from '#services/s3/object-lock.ts'
import type { BucketRecord, VersionRecord } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'
import {
  isObject,
  markerOf,
  newestOf,
  putVersion,
  removeVersion,
  slotFor,
  versionOf,
  wholeSeconds,
} from '#services/s3/versions.ts'
import { holdConditions } from '#services/s3/write.ts'

export interface Target {
  readonly key: string
  readonly versionId: string | undefined
  readonly ifMatch: string | undefined
  /** The caller overrides governance. */
  readonly bypass: boolean
}

export interface Deleted {
  /** A delete marker was made or removed. */
  readonly marker: boolean
  /** Of the version that was removed, or of the marker that was made. */
  readonly versionId: string | undefined
  readonly retired: readonly Retired[]
  /** Undefined when nothing was there to go. */
  readonly event: EventName | undefined
}

/** Source: S3 user guide, Deleting object versions; deleting what is not there succeeds, whatever its condition. Faults PreconditionFailed, AccessDenied (Object Lock). */
export async function deleteOne(
  state: S3State,
  tx: Tx,
  bucket: BucketRecord,
  target: Target,
): Promise<Deleted> {
  const { key, versionId } = target
  checkKey(key)
  const newest = await newestOf(tx, bucket, key)
  if (isObject(newest)) holdConditions({ ifMatch: target.ifMatch }, key, newest)
  if (versionId !== undefined && versionId !== '')
    return deleteVersion(state, tx, bucket, { ...target, versionId })
  if (bucket.versioning === undefined) {
    if (!isObject(newest)) return { marker: false, versionId: undefined, retired: [], event: undefined }
    removeVersion(tx, bucket, newest)
    const retired = await state.bodies.unplace(tx, bucket, newest.content)
    return { marker: false, versionId: undefined, retired, event: 'ObjectRemoved:Delete' }
  }
  const slot = await slotFor(tx, bucket, key, { newest, order: state.nextOrder(), random: state.random })
  const retired = isObject(slot.replaced) ? await state.bodies.unplace(tx, bucket, slot.replaced.content) : []
  putVersion(tx, bucket, markerOf(key, slot, wholeSeconds(state.clock.now())), slot)
  return { marker: true, versionId: slot.versionId, retired, event: 'ObjectRemoved:DeleteMarkerCreated' }
}

async function deleteVersion(
  state: S3State,
  tx: Tx,
  bucket: BucketRecord,
  { key, versionId, bypass }: Target & { readonly versionId: string },
): Promise<Deleted> {
  const record = await versionOf(tx, bucket, key, versionId)
  if (record === undefined) return { marker: false, versionId, retired: [], event: undefined }
  if (isObject(record) && isLocked(record, state.clock.now(), bypass)) throw objectLocked()
  return { ...(await removeRecord(state, tx, bucket, record)), versionId }
}

/** That version for good, whatever locks it. */
export async function removeRecord(
  state: S3State,
  tx: Tx,
  bucket: BucketRecord,
  record: VersionRecord,
): Promise<Deleted> {
  removeVersion(tx, bucket, record)
  const retired = isObject(record) ? await state.bodies.unplace(tx, bucket, record.content) : []
  const marker = record.kind === 'marker'
  return { marker, versionId: record.versionId, retired, event: 'ObjectRemoved:Delete' }
}
