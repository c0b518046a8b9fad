/** A change of one version's record that leaves its body and place alone: tags and grants. */
import { httpDate } from '#base/time.ts'
import { keyIsDeleted, markerHasNoBody, noSuchKey, noSuchVersion } from '#services/s3/faults.ts'
import type { Address, Found } from '#services/s3/read.ts'
import { type BucketRecord, type ObjectRecord, ownerOf, versions } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'
import { bucketOf, newestOf, shownVersionId, versionOf } from '#services/s3/versions.ts'
import type { Making } from '#services/s3/write.ts'

/** Faults NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed (a delete marker). */
export async function changeObject(
  state: S3State,
  address: Address,
  change: (record: ObjectRecord, bucket: BucketRecord) => ObjectRecord,
  making: Making,
): Promise<Found> {
  const { found, told } = await state.store.tx(async (tx) => {
    const bucket = await bucketOf(tx, address.Bucket, address.ExpectedBucketOwner)
    const { Key: key, VersionId: versionId } = address
    const named = versionId !== undefined && versionId !== ''
    const record = await (named ? versionOf(tx, bucket, key, versionId) : newestOf(tx, bucket, key))
    if (record === undefined) throw named ? noSuchVersion(key, versionId) : noSuchKey(key)
    if (record.kind === 'marker')
      throw named
        ? markerHasNoBody('PUT', record.versionId, httpDate(record.lastModified))
        : keyIsDeleted(key, record.versionId)
    const changed = change(record, bucket)
    versions.put(tx, ownerOf(bucket), [bucket.name, key, record.order], changed)
    const happening = {
      name: making.event,
      key,
      etag: changed.etag,
      versionId: shownVersionId(bucket, changed),
    }
    return {
      found: { bucket, record: changed },
      told: state.events.tell(tx, bucket, happening, making.call),
    }
  })
  state.events.release(told)
  return found
}
