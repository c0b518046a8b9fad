/** The end of a multipart upload inside a transaction, with what its parts leave: completed, aborted, or given up by a lifecycle rule. */
import { keyOf, keysBelow } from '#base/key.ts'
import type { Read, Tx } from '#ports/store.ts'
import type { Retired } from '#services/s3/bodies.ts'
import { PARTS_MAX } from '#services/s3/limits.ts'
import {
  type BucketRecord,
  ownerOf,
  type PartRecord,
  parts,
  type UploadRecord,
  uploads,
} from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'

export async function partsOf(read: Read, bucket: BucketRecord, upload: UploadRecord): Promise<PartRecord[]> {
  const below = keysBelow(...ownerOf(bucket), parts.kind, bucket.name, upload.uploadId)
  const entries = await read.range({ ...below, limit: PARTS_MAX })
  return entries.map(([, value]) => parts.decode(value))
}

/** The upload and its parts' records go; bodies stay. */
export function dropUpload(
  tx: Tx,
  bucket: BucketRecord,
  upload: UploadRecord,
  all: readonly PartRecord[],
): void {
  const owner = ownerOf(bucket)
  uploads.delete(tx, owner, bucket.name, upload.key, upload.order)
  for (const part of all)
    tx.delete(keyOf(...owner, parts.kind, bucket.name, upload.uploadId, part.partNumber))
}

export async function dropBodies(
  state: S3State,
  tx: Tx,
  bucket: BucketRecord,
  all: readonly PartRecord[],
): Promise<readonly Retired[]> {
  const retired: Retired[] = []
  for (const part of all) retired.push(...(await state.bodies.unplace(tx, bucket, part.content)))
  return retired
}

/** All of it goes. Answers what to retire after the commit. */
export async function abortUpload(
  state: S3State,
  tx: Tx,
  bucket: BucketRecord,
  upload: UploadRecord,
): Promise<readonly Retired[]> {
  const uploaded = await partsOf(tx, bucket, upload)
  dropUpload(tx, bucket, upload, uploaded)
  return dropBodies(state, tx, bucket, uploaded)
}
