/** UploadPart and UploadPartCopy: a body under an upload and a number; the later one of a number wins. */
import type { Instant } from '#base/time.ts'
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import type { Received, Retired } from '#services/s3/bodies.ts'
import { type Algorithm, checksumMember } from '#services/s3/checksums.ts'
import { checkCopySize, openSource, type SourceFound } from '#services/s3/copy-source.ts'
import { customerKeyOf, holdCustomerKey, holdUploadKey, sourceKeyOf } from '#services/s3/customer-key.ts'
import { quoted } from '#services/s3/etag.ts'
import { invalidArgument, invalidRequest } from '#services/s3/faults.ts'
import { COPY_BYTES_MAX, PARTS_MAX } from '#services/s3/limits.ts'
import { copyRangeOf } from '#services/s3/range.ts'
import type { ByteRange } from '#ports/blobs.ts'
import { announcedAlgorithm, receiveBody } from '#services/s3/receive.ts'
import { ownerOf, type PartRecord, parts, type UploadRecord } from '#services/s3/records.ts'
import { encryptionMembers } from '#services/s3/settings.ts'
import type { S3State } from '#services/s3/state.ts'
import { algorithmOfUpload, uploadOf } from '#services/s3/uploads.ts'
import { bucketOf, shownVersionId, wholeSeconds } from '#services/s3/versions.ts'

interface PartAddress {
  readonly Bucket: string
  readonly Key: string
  readonly UploadId: string
  readonly PartNumber: number
  readonly ExpectedBucketOwner?: string | undefined
}

export const uploadPart: Operation<S3['UploadPart'], S3State> = async (input, state, call) => {
  checkPartNumber(input.PartNumber)
  const upload = await runningUpload(state, input)
  holdUploadKey(upload.encryption, customerKeyOf(input))
  const announced = announcedAlgorithm(input, call)
  checkSameAlgorithm(upload, announced)
  const kept = algorithmOfUpload(upload)
  const algorithms = announced === undefined || announced === kept ? [kept] : [kept, announced]
  const received = await receiveBody(state, input, call, algorithms)
  await putPart(state, input, received, { algorithm: kept, shown: upload.algorithm !== undefined })
  const shown = announced ?? (upload.algorithm === undefined ? undefined : kept)
  return {
    ETag: quoted(received.md5),
    ...(shown === undefined ? {} : checksumMember(shown, received.checksums.get(shown) ?? '')),
    ...encryptionMembers(upload.encryption),
  }
}

export const uploadPartCopy: Operation<S3['UploadPartCopy'], S3State> = async (input, state) => {
  checkPartNumber(input.PartNumber)
  const sourceKey = sourceKeyOf(input)
  const upload = await runningUpload(state, input)
  holdUploadKey(upload.encryption, customerKeyOf(input))
  const algorithm = algorithmOfUpload(upload)
  const opened = await openSource(state, input, (found) => {
    holdCustomerKey(found.record.encryption, sourceKey)
    return sourceRange(input.CopySourceRange, found)
  })
  const received = await state.bodies.receive(opened.body, {
    algorithms: [algorithm],
    sha256: false,
    maxBytes: COPY_BYTES_MAX,
  })
  const shown = upload.algorithm !== undefined
  const part = await putPart(state, input, received, { algorithm, shown })
  return {
    CopyPartResult: {
      ETag: quoted(received.md5),
      LastModified: part.lastModified,
      ...(shown ? checksumMember(algorithm, part.checksum) : {}),
    },
    CopySourceVersionId: shownVersionId(opened.bucket, opened.record),
    ...encryptionMembers(upload.encryption),
  }
}

async function runningUpload(state: S3State, input: PartAddress): Promise<UploadRecord> {
  const bucket = await bucketOf(state.store.read, input.Bucket, input.ExpectedBucketOwner)
  return uploadOf(state.store.read, bucket, input.Key, input.UploadId)
}

/** Source: S3 API, UploadPart. */
function checkPartNumber(partNumber: number): void {
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > PARTS_MAX)
    throw invalidArgument(
      'Part number must be an integer between 1 and 10000, inclusive',
      'partNumber',
      partNumber,
    )
}

/** Source: recorded AWS answer. */
function checkSameAlgorithm(upload: UploadRecord, announced: Algorithm | undefined): void {
  if (upload.algorithm === undefined || upload.algorithm === announced) return
  if (announced === undefined && upload.type === 'FULL_OBJECT') return
  throw invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${upload.algorithm.toLowerCase()}, ` +
      `actual checksum Type: ${announced?.toLowerCase() ?? 'null'}`,
  )
}

/** Faults InvalidArgument, InvalidRequest. Source: recorded AWS answers. */
function sourceRange(header: string | undefined, { record }: SourceFound): ByteRange | undefined {
  if (header === undefined) {
    checkCopySize(record.sizeBytes)
    return undefined
  }
  const range = copyRangeOf(header, record.sizeBytes)
  if (range === 'malformed')
    throw invalidArgument(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the ' +
        'zero-based offsets of the first and last bytes to copy',
      'x-amz-copy-source-range',
      header,
    )
  if (range === 'outside')
    throw invalidArgument(
      `Range specified is not valid for source object of size: ${record.sizeBytes}`,
      'x-amz-copy-source-range',
      header,
    )
  checkCopySize(range.end - range.start + 1)
  return range
}

/** The commit of a part, which replaces an earlier one of its number. */
async function putPart(
  state: S3State,
  address: PartAddress,
  received: Received,
  checksum: { readonly algorithm: Algorithm; readonly shown: boolean },
): Promise<{ readonly lastModified: Instant; readonly checksum: string }> {
  let part: PartRecord
  let retired: readonly Retired[]
  try {
    ;[part, retired] = await state.store.tx(async (tx): Promise<[PartRecord, readonly Retired[]]> => {
      const bucket = await bucketOf(tx, address.Bucket)
      const upload = await uploadOf(tx, bucket, address.Key, address.UploadId)
      const name = [bucket.name, upload.uploadId, address.PartNumber] as const
      const earlier = await parts.get(tx, ownerOf(bucket), ...name)
      const freed = earlier === undefined ? [] : await state.bodies.unplace(tx, bucket, earlier.content)
      const record: PartRecord = {
        partNumber: address.PartNumber,
        sizeBytes: received.sizeBytes,
        etag: received.md5,
        lastModified: wholeSeconds(state.clock.now()),
        content: state.bodies.place(tx, bucket, received.fresh),
        checksum: received.checksums.get(checksum.algorithm) ?? '',
        checksumShown: checksum.shown,
      }
      parts.put(tx, ownerOf(bucket), name, record)
      return [record, freed]
    })
  } catch (fault) {
    await state.bodies.discard(received.fresh)
    throw fault
  }
  await state.bodies.retire(retired)
  return part
}
