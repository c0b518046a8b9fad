/** DeleteObject and DeleteObjects: a version goes, or a delete marker comes. */
import { Fault } from '#base/fault.ts'
import type { S3 } from '#model/s3.ts'
import type { Added } from '#outbox/outbox.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { Tx } from '#ports/store.ts'
import type { Retired } from '#services/s3/bodies.ts'
import type { EventName } from '#services/s3/event-records.ts'
import { headerNotImplemented, malformedXml } from '#services/s3/faults.ts'
import { DELETE_OBJECTS_MAX } from '#services/s3/limits.ts'
import { checkKey } from '#services/s3/names.ts'
import type { BucketRecord } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'
import {
  bucketOf,
  isObject,
  markerOf,
  newestOf,
  putVersion,
  removeVersion,
  slotFor,
  versionOf,
  wholeSeconds,
} from '#services/s3/versions.ts'
import { holdConditions, settle } from '#services/s3/write.ts'

interface Target {
  readonly key: string
  readonly versionId: string | undefined
  readonly ifMatch: string | undefined
}

interface Deleted {
  /** A delete marker was made or removed. */
  readonly marker: boolean
  /** Of the version that was removed, or of the marker that was made. */
  readonly versionId: string | undefined
  readonly retired: readonly Retired[]
  /** Undefined when nothing was there to go. */
  readonly event: EventName | undefined
}

export const deleteObject: Operation<S3['DeleteObject'], S3State> = async (input, state, call) => {
  if (input.IfMatchLastModifiedTime !== undefined || input.IfMatchSize !== undefined)
    throw headerNotImplemented('x-amz-if-match-size', 'Only directory buckets take this condition')
  const target = { key: input.Key, versionId: input.VersionId, ifMatch: input.IfMatch }
  const deleted = await state.store.tx(async (tx) => {
    const bucket = await bucketOf(tx, input.Bucket, input.ExpectedBucketOwner)
    const gone = await deleteOne(state, tx, bucket, target)
    return { ...gone, told: tellDeleted(state, tx, bucket, { key: target.key, gone, call }) }
  })
  await settle(state, deleted)
  return { DeleteMarker: deleted.marker ? true : undefined, VersionId: deleted.versionId }
}

export const deleteObjects: Operation<S3['DeleteObjects'], S3State> = async (input, state, call) => {
  const asked = input.Delete.Objects
  if (asked.length === 0 || asked.length > DELETE_OBJECTS_MAX) throw malformedXml()
  type Out = S3['DeleteObjects']['out']
  const gone: NonNullable<Out['Deleted']>[number][] = []
  const errors: NonNullable<Out['Errors']>[number][] = []
  const aftermath = await state.store.tx(async (tx) => {
    const bucket = await bucketOf(tx, input.Bucket, input.ExpectedBucketOwner)
    const all: Retired[] = []
    const told: Added[] = []
    for (const { Key: key, VersionId: versionId, ETag: ifMatch } of asked) {
      const deleted = await attempt(() => deleteOne(state, tx, bucket, { key, versionId, ifMatch }))
      if (deleted instanceof Fault) {
        errors.push({ Key: key, VersionId: versionId, Code: deleted.code, Message: deleted.message })
        continue
      }
      all.push(...deleted.retired)
      told.push(...tellDeleted(state, tx, bucket, { key, gone: deleted, call }))
      gone.push({
        Key: key,
        VersionId: versionId,
        ...(deleted.marker ? { DeleteMarker: true, DeleteMarkerVersionId: deleted.versionId } : {}),
      })
    }
    return { retired: all, told }
  })
  await settle(state, aftermath)
  return { Deleted: input.Delete.Quiet === true ? [] : gone, Errors: errors }
}

function tellDeleted(
  state: S3State,
  tx: Tx,
  bucket: BucketRecord,
  so: { readonly key: string; readonly gone: Deleted; readonly call: Call },
): readonly Added[] {
  const { key, gone, call } = so
  if (gone.event === undefined) return []
  return state.events.tell(tx, bucket, { name: gone.event, key, versionId: gone.versionId }, call)
}

/** A key's fault is that key's entry in the answer, not the request's. */
async function attempt(run: () => Promise<Deleted>): Promise<Deleted | Fault> {
  try {
    return await run()
  } catch (fault) {
    if (fault instanceof Fault) return fault
    throw fault
  }
}

/** Source: S3 user guide, Deleting object versions; deleting what is not there succeeds, whatever its condition. */
async function deleteOne(state: S3State, tx: Tx, bucket: BucketRecord, target: Target): Promise<Deleted> {
  const { key, versionId } = target
  checkKey(key)
  const newest = await newestOf(tx, bucket, key)
  if (isObject(newest)) holdConditions({ ifMatch: target.ifMatch }, key, newest)
  if (versionId !== undefined && versionId !== '') return deleteVersion(state, tx, bucket, { key, versionId })
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
  { key, versionId }: { readonly key: string; readonly versionId: string },
): Promise<Deleted> {
  const record = await versionOf(tx, bucket, key, versionId)
  if (record === undefined) return { marker: false, versionId, retired: [], event: undefined }
  removeVersion(tx, bucket, record)
  const retired = isObject(record) ? await state.bodies.unplace(tx, bucket, record.content) : []
  return { marker: record.kind === 'marker', versionId, retired, event: 'ObjectRemoved:Delete' }
}
