/** DeleteObject and DeleteObjects: a version goes, or a delete marker comes. */
import { Fault } from '#base/fault.ts'
import type { S3 } from '#model/s3.ts'
import type { Added } from '#outbox/outbox.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { Tx } from '#ports/store.ts'
import type { Retired } from '#services/s3/bodies.ts'
import { type Deleted, deleteOne } from '#services/s3/deletions.ts'
import { headerNotImplemented, malformedXml, noSuchVersion } from '#services/s3/faults.ts'
import { DELETE_OBJECTS_MAX } from '#services/s3/limits.ts'
import { bypassOf } from '#services/s3/object-lock.ts'
import type { BucketRecord } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'
import { bucketOf } from '#services/s3/versions.ts'
import { settle } from '#services/s3/write.ts'

export const deleteObject: Operation<S3['DeleteObject'], S3State> = async (input, state, call) => {
  const why = 'Only directory buckets take this condition'
  if (input.IfMatchLastModifiedTime !== undefined)
    throw headerNotImplemented('x-amz-if-match-last-modified-time', why)
  if (input.IfMatchSize !== undefined) throw headerNotImplemented('x-amz-if-match-size', why)
  const deleted = await state.store.tx(async (tx) => {
    const bucket = await bucketOf(tx, input.Bucket, input.ExpectedBucketOwner)
    const bypass = bypassOf(input.BypassGovernanceRetention, bucket.objectLock)
    const target = { key: input.Key, versionId: input.VersionId, ifMatch: input.IfMatch, bypass }
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
    const bypass = bypassOf(input.BypassGovernanceRetention, bucket.objectLock)
    const all: Retired[] = []
    const told: Added[] = []
    for (const { Key: key, VersionId: versionId, ETag: ifMatch } of asked) {
      const deleted = await attempt(() => deleteOne(state, tx, bucket, { key, versionId, ifMatch, bypass }))
      if (deleted instanceof Fault) {
        const { code, message } = entryFault(deleted, key, versionId)
        errors.push({ Key: key, VersionId: versionId, Code: code, Message: message })
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

/** A text that is no version id is an absent version here, and an invalid argument of DeleteObject. Source: recorded AWS answers. */
const entryFault = (fault: Fault, key: string, versionId = ''): Fault =>
  fault.members['ArgumentName'] === 'versionId' ? noSuchVersion(key, versionId) : fault

/** A key's fault is that key's entry in the answer, not the request's. */
async function attempt(run: () => Promise<Deleted>): Promise<Deleted | Fault> {
  try {
    return await run()
  } catch (fault) {
    if (fault instanceof Fault) return fault
    throw fault
  }
}
