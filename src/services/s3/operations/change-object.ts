/** A change of one version's record that leaves its body and place alone: tags, grants, locks, restores. */
import { httpDate } from '#base/time.ts'
import type { Added } from '#outbox/outbox.ts'
import type { Call } from '#ports/service.ts'
import type { Requester } from '#services/s3/deliveries.ts'
import type { EventName, Happening } from '#services/s3/event-records.ts'
import { markerHasNoBody, noSuchKey, noSuchVersion } from '#services/s3/faults.ts'
import type { Address, Found } from '#services/s3/read.ts'
import { type BucketRecord, type ObjectRecord, ownerOf, versions } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'
import { bucketOf, newestOf, shownVersionId, versionOf } from '#services/s3/versions.ts'

/** Writes what is to be told. */
type Tell = (happening: Happening, by: Requester) => readonly Added[]

/** Who changes it, and who is told: by an event about the changed version, by more, or nobody. */
export interface Changing {
  readonly call: Call
  /** Of the request. */
  readonly method?: 'DELETE' | undefined
  readonly event?: EventName
  readonly tell?: (tell: Tell, found: Found) => readonly Added[]
}

/** Faults NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed (a delete marker, named or newest). Source: recorded AWS answers. */
export async function changeObject(
  state: S3State,
  address: Address,
  change: (record: ObjectRecord, bucket: BucketRecord) => ObjectRecord,
  changing: Changing,
): Promise<Found> {
  const { found, told } = await state.store.tx(async (tx) => {
    const bucket = await bucketOf(tx, address.Bucket, address.ExpectedBucketOwner)
    const { Key: key, VersionId: versionId } = address
    const named = versionId !== undefined && versionId !== ''
    const record = await (named ? versionOf(tx, bucket, key, versionId) : newestOf(tx, bucket, key))
    if (record === undefined) throw named ? noSuchVersion(key, versionId) : noSuchKey(key)
    if (record.kind === 'marker')
      throw markerHasNoBody(changing.method ?? 'PUT', record.versionId, httpDate(record.lastModified))
    const changed = { bucket, record: change(record, bucket) }
    versions.put(tx, ownerOf(bucket), [bucket.name, key, record.order], changed.record)
    const tell: Tell = (happening, by) => state.events.tell(tx, bucket, happening, by)
    return { found: changed, told: toldOf(tell, changed, changing) }
  })
  state.events.release(told)
  return found
}

function toldOf(tell: Tell, found: Found, { call, event, tell: more }: Changing): readonly Added[] {
  const { bucket, record } = found
  const versionId = shownVersionId(bucket, record)
  const told =
    event === undefined ? [] : tell({ name: event, key: record.key, etag: record.etag, versionId }, call)
  return [...told, ...(more?.(tell, found) ?? [])]
}
