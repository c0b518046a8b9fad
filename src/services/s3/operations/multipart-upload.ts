/** Create, complete and abort a multipart upload. Its parts are `upload-part.ts`, its listings `list-uploads.ts`. */
import type { S3 } from '#model/s3.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { Tx } from '#ports/store.ts'
import type { WriteConditions } from '#services/s3/conditions.ts'
import { algorithmOf, checksumMembers, checksumTypeOf, DEFAULT_ALGORITHM } from '#services/s3/checksums.ts'
import { customerKeyOf, holdUploadKey } from '#services/s3/customer-key.ts'
import { quoted } from '#services/s3/etag.ts'
import { invalidRequest } from '#services/s3/faults.ts'
import { abortMembers, expirationHeader } from '#services/s3/lifecycle.ts'
import { checkKey, orderedId } from '#services/s3/names.ts'
import {
  type BucketRecord,
  type ObjectRecord,
  ownerOf,
  type UploadRecord,
  uploads,
} from '#services/s3/records.ts'
import { encryptionMembers, settingsOf } from '#services/s3/settings.ts'
import type { S3State } from '#services/s3/state.ts'
import { abortUpload, dropBodies, dropUpload, partsOf } from '#services/s3/upload-end.ts'
import { assemble, checkWhole, uploadOf } from '#services/s3/uploads.ts'
import { bucketOf, isObject, newestOf, newVersionId, wholeSeconds } from '#services/s3/versions.ts'
import { checkWriteConditions, type Committed, putObjectRecord, settle } from '#services/s3/write.ts'

export const createMultipartUpload: Operation<S3['CreateMultipartUpload'], S3State> = async (
  input,
  state,
  call,
) => {
  checkKey(input.Key)
  const algorithm = algorithmOf(input.ChecksumAlgorithm)
  if (algorithm === undefined && input.ChecksumType !== undefined)
    throw invalidRequest(
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    )
  const type = checksumTypeOf(algorithm ?? DEFAULT_ALGORITHM, input.ChecksumType)
  const { upload, bucket } = await state.store.tx(async (tx) => {
    const bucket = await bucketOf(tx, input.Bucket, input.ExpectedBucketOwner)
    const order = state.nextOrder()
    const record: UploadRecord = {
      ...settingsOf(input, bucket, { account: call.account, now: state.clock.now() }),
      key: input.Key,
      uploadId: orderedId(order, state.random),
      order,
      initiatedAt: wholeSeconds(state.clock.now()),
      algorithm,
      type,
    }
    uploads.put(tx, ownerOf(bucket), [bucket.name, input.Key, order], record)
    return { upload: record, bucket }
  })
  return {
    Bucket: input.Bucket,
    Key: input.Key,
    UploadId: upload.uploadId,
    ChecksumAlgorithm: algorithm,
    ChecksumType: algorithm === undefined ? undefined : type,
    ...abortMembers(bucket, upload),
    ...encryptionMembers(upload.encryption),
  }
}

export const completeMultipartUpload: Operation<S3['CompleteMultipartUpload'], S3State> = async (
  input,
  state,
  call,
) => {
  checkWriteConditions(conditionsOf(input))
  const committed = await state.store.tx(async (tx): Promise<Committed> => {
    const bucket = await bucketOf(tx, input.Bucket, input.ExpectedBucketOwner)
    const earlier = await completedEarlier(tx, bucket, input)
    if (earlier !== undefined) return { written: { bucket, record: earlier }, retired: [], told: [] }
    return completed(state, tx, bucket, { input, call })
  })
  await settle(state, committed)
  const { bucket, record } = committed.written
  return {
    Location: `${call.endpoint}/${bucket.name}/${record.key.split('/').map(encodeURIComponent).join('/')}`,
    Bucket: bucket.name,
    Key: record.key,
    ETag: quoted(record.etag),
    Expiration: expirationHeader(bucket, record),
    VersionId: newVersionId(bucket, record),
    ...checksumMembers(record.checksum),
    ...encryptionMembers(record.encryption),
  }
}

type CompleteInput = S3['CompleteMultipartUpload']['in']

const conditionsOf = (input: CompleteInput): WriteConditions => ({
  ifMatch: input.IfMatch,
  ifNoneMatch: input.IfNoneMatch,
})

/** The object that this upload has made already: a retry is answered like the first. Source: S3 user guide, Multipart upload (idempotent completion; here while the object is the newest). */
async function completedEarlier(
  tx: Tx,
  bucket: BucketRecord,
  input: CompleteInput,
): Promise<ObjectRecord | undefined> {
  const newest = await newestOf(tx, bucket, input.Key)
  return isObject(newest) && newest.uploadId === input.UploadId ? newest : undefined
}

async function completed(
  state: S3State,
  tx: Tx,
  bucket: BucketRecord,
  { input, call }: { readonly input: CompleteInput; readonly call: Call },
): Promise<Committed> {
  const upload = await uploadOf(tx, bucket, input.Key, input.UploadId)
  // The key is asked for again only where a checksum was chosen. Source: S3 API, CompleteMultipartUpload.
  const customerKey = customerKeyOf(input)
  if (upload.algorithm !== undefined || customerKey !== undefined)
    holdUploadKey(upload.encryption, customerKey)
  const uploaded = await partsOf(tx, bucket, upload)
  const assembly = assemble(upload, uploaded, input.MultipartUpload?.Parts ?? [])
  checkWhole(input, assembly)
  const { headers, metadata, storageClass, encryption, tags, grants, retention, legalHold } = upload
  const committed = await putObjectRecord(state, tx, {
    bucket,
    draft: {
      headers,
      metadata,
      storageClass,
      encryption,
      tags,
      grants,
      retention,
      legalHold,
      kind: 'object',
      key: upload.key,
      sizeBytes: assembly.sizeBytes,
      etag: assembly.etag,
      checksum: assembly.checksum,
      uploadId: upload.uploadId,
    },
    conditions: { ...conditionsOf(input), since: upload.order },
    place: () => state.bodies.join(tx, bucket, assembly.pieces),
    making: { event: 'ObjectCreated:CompleteMultipartUpload', call },
  })
  dropUpload(tx, bucket, upload, uploaded)
  const dropped = await dropBodies(state, tx, bucket, assembly.leftOver)
  return { ...committed, retired: [...committed.retired, ...dropped] }
}

export const abortMultipartUpload: Operation<S3['AbortMultipartUpload'], S3State> = async (input, state) => {
  const retired = await state.store.tx(async (tx) => {
    const bucket = await bucketOf(tx, input.Bucket, input.ExpectedBucketOwner)
    const upload = await uploadOf(tx, bucket, input.Key, input.UploadId)
    return abortUpload(state, tx, bucket, upload)
  })
  await state.bodies.retire(retired)
  return {}
}
