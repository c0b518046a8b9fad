/** Multipart uploads while they run: finding one, and turning its parts into one object. The assembly is pure. */
import type { Read } from '#ports/store.ts'
import {
  type Algorithm,
  ALGORITHMS,
  announcedValue,
  type ChecksumMembers,
  checksumOfParts,
  DEFAULT_ALGORITHM,
  type StoredChecksum,
} from '#services/s3/checksums.ts'
import { multipartEtag, unquoted } from '#services/s3/etag.ts'
import {
  badChecksum,
  entityTooSmall,
  invalidPart,
  invalidPartOrder,
  invalidRequest,
  malformedXml,
  noSuchUpload,
} from '#services/s3/faults.ts'
import { PART_BYTES_MIN, PARTS_MAX } from '#services/s3/limits.ts'
import { orderOf } from '#services/s3/names.ts'
import {
  type BucketRecord,
  ownerOf,
  type PartRecord,
  type Piece,
  type UploadRecord,
  uploads,
} from '#services/s3/records.ts'

/** Fault NoSuchUpload, also when the id belongs to another key. */
export async function uploadOf(
  read: Read,
  bucket: BucketRecord,
  key: string,
  uploadId: string,
): Promise<UploadRecord> {
  const order = orderOf(uploadId)
  const found =
    order === undefined ? undefined : await uploads.get(read, ownerOf(bucket), bucket.name, key, order)
  if (found === undefined || found.uploadId !== uploadId) throw noSuchUpload(uploadId)
  return found
}

/** The algorithm by which the parts' checksums are kept. */
export const algorithmOfUpload = (upload: UploadRecord): Algorithm => upload.algorithm ?? DEFAULT_ALGORITHM

export interface NamedPart extends ChecksumMembers {
  readonly PartNumber?: number | undefined
  readonly ETag?: string | undefined
}

export interface Assembly {
  readonly pieces: readonly Piece[]
  readonly sizeBytes: number
  readonly etag: string
  readonly checksum: StoredChecksum
  /** Parts that were uploaded and not named: their bodies go. */
  readonly leftOver: readonly PartRecord[]
}

/**
 * Puts the named parts together. Faults MalformedXML, InvalidPartOrder, InvalidPart, EntityTooSmall, InvalidRequest.
 * Source: S3 API, CompleteMultipartUpload. Parts are numbered anew from 1 (inferred).
 */
export function assemble(
  upload: UploadRecord,
  uploaded: readonly PartRecord[],
  named: readonly NamedPart[],
): Assembly {
  if (named.length === 0 || named.length > PARTS_MAX) throw malformedXml()
  const byNumber = new Map(uploaded.map((part) => [part.partNumber, part]))
  const chosen: PartRecord[] = []
  let previous = 0
  for (const one of named) {
    const number = one.PartNumber
    if (number === undefined || one.ETag === undefined) throw malformedXml()
    if (number <= previous) throw invalidPartOrder(upload.uploadId)
    previous = number
    const part = byNumber.get(number)
    if (part === undefined || part.etag !== unquoted(one.ETag))
      throw invalidPart(upload.uploadId, number, unquoted(one.ETag))
    checkPartChecksum(upload, part, one)
    chosen.push(part)
    byNumber.delete(number)
  }
  checkSizes(chosen)
  const algorithm = algorithmOfUpload(upload)
  return {
    pieces: chosen.map((part, i) => ({
      content: part.content,
      partNumber: i + 1,
      sizeBytes: part.sizeBytes,
      checksum: part.checksum,
    })),
    sizeBytes: chosen.reduce((sum, part) => sum + part.sizeBytes, 0),
    etag: multipartEtag(chosen.map((part) => part.etag)),
    checksum: checksumOfParts(
      algorithm,
      upload.type,
      chosen.map((part) => ({ value: part.checksum, sizeBytes: part.sizeBytes })),
    ),
    leftOver: [...byNumber.values()],
  }
}

/** Composite checksums want each part's in the request. Source: recorded AWS answers. */
function checkPartChecksum(upload: UploadRecord, part: PartRecord, named: NamedPart): void {
  const announced = ALGORITHMS.find((one) => named[`Checksum${one}`] !== undefined)
  if (announced === undefined) {
    if (upload.algorithm !== undefined && upload.type === 'COMPOSITE')
      throw invalidRequest(
        `The upload was created using a ${upload.algorithm.toLowerCase()} checksum. The complete request must include ` +
          `the checksum for each part. It was missing for part ${part.partNumber} in the request.`,
      )
    return
  }
  if (announced === algorithmOfUpload(upload) && named[`Checksum${announced}`] !== part.checksum)
    throw invalidPart(upload.uploadId, part.partNumber, part.etag)
}

function checkSizes(parts: readonly PartRecord[]): void {
  for (const part of parts.slice(0, -1))
    if (part.sizeBytes < PART_BYTES_MIN)
      throw entityTooSmall({
        partNumber: part.partNumber,
        etag: part.etag,
        sizeBytes: part.sizeBytes,
        minBytes: PART_BYTES_MIN,
      })
}

/** The checksum and type that the completion announces of the whole. Faults BadDigest, InvalidRequest. Source: S3 API, CompleteMultipartUpload. */
export function checkWhole(
  input: ChecksumMembers & {
    readonly ChecksumType?: string | undefined
    readonly MpuObjectSize?: number | undefined
  },
  assembly: Assembly,
): void {
  const { checksum } = assembly
  if (input.ChecksumType !== undefined && input.ChecksumType !== checksum.type)
    throw invalidRequest(
      `The upload was created using the ${checksum.type} checksum mode. ` +
        'The complete request must use the same checksum mode.',
    )
  if (input.MpuObjectSize !== undefined && input.MpuObjectSize !== assembly.sizeBytes)
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${input.MpuObjectSize} does not match what was computed: ${assembly.sizeBytes}`,
    )
  const announced = announcedValue(input)
  if (announced === undefined || announced.algorithm !== checksum.algorithm) return
  if (announced.value !== checksum.value && announced.value !== checksum.value.replace(/-\d+$/, ''))
    throw badChecksum(announced.algorithm)
}
