/** ListMultipartUploads and ListParts. */
import type { Bytes } from '#base/bytes.ts'
import { keyOf } from '#base/key.ts'
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import { canonicalUserId } from '#services/s3/acl.ts'
import { checksumMember } from '#services/s3/checksums.ts'
import { quoted } from '#services/s3/etag.ts'
import { invalidArgument } from '#services/s3/faults.ts'
import { abortMembers } from '#services/s3/lifecycle.ts'
import { afterKey, encoderOf, listPage, type Walk, pageLimit, successor } from '#services/s3/listing.ts'
import { orderOf } from '#services/s3/names.ts'
import { bucketFor } from '#services/s3/operations/buckets.ts'
import { type BucketRecord, ownerOf, parts, type UploadRecord, uploads } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'
import { algorithmOfUpload, uploadOf } from '#services/s3/uploads.ts'

/** Ordered by key, then by when they began. Source: S3 API, ListMultipartUploads. */
export const listMultipartUploads: Operation<S3['ListMultipartUploads'], S3State> = async (input, state) => {
  const encode = encoderOf(input.EncodingType)
  const limit = pageLimit(input.MaxUploads, 'max-uploads')
  const bucket = await bucketFor(state, input)
  const walk: Walk<UploadRecord> = {
    records: uploads,
    scope: ownerOf(bucket),
    folder: bucket.name,
    prefix: input.Prefix ?? '',
    delimiter: input.Delimiter ?? '',
    limit,
    depth: 'each',
    shown: () => true,
  }
  const from = uploadsFrom(bucket, walk, input)
  const page = await listPage(state.store.read, { ...walk, from })
  const owner = { ID: canonicalUserId(bucket.account) }
  const last = page.truncated ? page.entries.at(-1) : undefined
  const nextKey = last?.kind === 'prefix' ? last.prefix : last?.record.key
  return {
    Bucket: bucket.name,
    KeyMarker: encode(input.KeyMarker ?? ''),
    UploadIdMarker: input.UploadIdMarker ?? '',
    NextKeyMarker: nextKey === undefined ? undefined : encode(nextKey),
    NextUploadIdMarker: last?.kind === 'record' ? last.record.uploadId : undefined,
    Prefix: encode(input.Prefix ?? ''),
    Delimiter: input.Delimiter === undefined ? undefined : encode(input.Delimiter),
    MaxUploads: limit,
    EncodingType: input.EncodingType,
    IsTruncated: page.truncated,
    Uploads: page.entries.flatMap((entry) =>
      entry.kind === 'record'
        ? [
            {
              UploadId: entry.record.uploadId,
              Key: encode(entry.record.key),
              Initiated: entry.record.initiatedAt,
              StorageClass: entry.record.storageClass,
              Owner: owner,
              Initiator: owner,
              ...checksumFacts(entry.record),
            },
          ]
        : [],
    ),
    CommonPrefixes: page.entries.flatMap((entry) =>
      entry.kind === 'prefix' ? [{ Prefix: encode(entry.prefix) }] : [],
    ),
  }
}

/** An upload id marker counts only beside a key marker. Source: S3 API, ListMultipartUploads, UploadIdMarker. */
function uploadsFrom(
  bucket: BucketRecord,
  walk: Walk<UploadRecord>,
  input: { readonly KeyMarker?: string | undefined; readonly UploadIdMarker?: string | undefined },
): Bytes | undefined {
  const { KeyMarker: key = '', UploadIdMarker: uploadId = '' } = input
  if (key === '') return undefined
  if (uploadId === '') return afterKey(walk, key)
  const order = orderOf(uploadId)
  if (order === undefined) throw invalidArgument('Invalid uploadId marker', 'upload-id-marker', uploadId)
  return successor(keyOf(...ownerOf(bucket), uploads.kind, bucket.name, key, order))
}

const checksumFacts = (
  upload: UploadRecord,
): { readonly ChecksumAlgorithm?: string; readonly ChecksumType?: string } =>
  upload.algorithm === undefined ? {} : { ChecksumAlgorithm: upload.algorithm, ChecksumType: upload.type }

/** Source: S3 API, ListParts. */
export const listParts: Operation<S3['ListParts'], S3State> = async (input, state) => {
  const limit = pageLimit(input.MaxParts, 'max-parts')
  const bucket = await bucketFor(state, input)
  const upload = await uploadOf(state.store.read, bucket, input.Key, input.UploadId)
  const marker = input.PartNumberMarker ?? 0
  if (marker < 0)
    throw invalidArgument(
      'Argument part-number-marker must be an integer between 0 and 2147483647',
      'part-number-marker',
      marker,
    )
  const found = await parts.list(state.store.read, ownerOf(bucket), [bucket.name, upload.uploadId], {
    limit: limit + 1,
    after: marker > 0 ? [bucket.name, upload.uploadId, marker] : undefined,
  })
  const page = found.slice(0, limit)
  const owner = { ID: canonicalUserId(bucket.account) }
  return {
    Bucket: bucket.name,
    Key: upload.key,
    UploadId: upload.uploadId,
    ...abortMembers(bucket, upload),
    PartNumberMarker: input.PartNumberMarker ?? 0,
    NextPartNumberMarker: page.at(-1)?.partNumber ?? 0,
    MaxParts: limit,
    IsTruncated: limit > 0 && found.length > limit,
    Parts: page.map((part) => ({
      PartNumber: part.partNumber,
      LastModified: part.lastModified,
      ETag: quoted(part.etag),
      Size: part.sizeBytes,
      ...(part.checksumShown ? checksumMember(algorithmOfUpload(upload), part.checksum) : {}),
    })),
    Initiator: owner,
    Owner: owner,
    StorageClass: upload.storageClass,
    ...checksumFacts(upload),
  }
}
