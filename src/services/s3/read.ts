/** Finding the version that a read speaks of, what its conditions say, and its bytes. GetObject, HeadObject, copies and attributes share it. */
import { httpDate, type Instant } from '#base/time.ts'
import type { ByteRange } from '#ports/blobs.ts'
import type { OpenBody } from '#services/s3/bodies.ts'
import { type ReadConditions, readOutcome } from '#services/s3/conditions.ts'
import { quoted } from '#services/s3/etag.ts'
import { Defect } from '#base/assert.ts'
import {
  invalidPartNumber,
  invalidRange,
  invalidRequest,
  keyIsDeleted,
  markerHasNoBody,
  noSuchKey,
  noSuchVersion,
  notModified,
  preconditionFailed,
} from '#services/s3/faults.ts'
import { READ_ATTEMPTS_MAX } from '#services/s3/limits.ts'
import { rangeOf } from '#services/s3/range.ts'
import type { BucketRecord, ObjectRecord, Piece } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'
import { bucketOf, newestOf, versionOf } from '#services/s3/versions.ts'

export interface Address {
  readonly Bucket: string
  readonly Key: string
  readonly VersionId?: string | undefined
  readonly ExpectedBucketOwner?: string | undefined
}

export interface Found {
  readonly bucket: BucketRecord
  readonly record: ObjectRecord
}

/** Faults NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed (a delete marker by its id, or the newest where `hidden` says so). */
export async function findObject(
  state: S3State,
  address: Address,
  method: string,
  hidden: 'absent' | 'marker' = 'absent',
): Promise<Found> {
  const bucket = await bucketOf(state.store.read, address.Bucket, address.ExpectedBucketOwner)
  if (address.VersionId !== undefined && address.VersionId !== '') {
    const record = await versionOf(state.store.read, bucket, address.Key, address.VersionId)
    if (record === undefined) throw noSuchVersion(address.Key, address.VersionId)
    if (record.kind === 'marker')
      throw markerHasNoBody(method, record.versionId, httpDate(record.lastModified))
    return { bucket, record }
  }
  const record = await newestOf(state.store.read, bucket, address.Key)
  if (record === undefined) throw noSuchKey(address.Key)
  if (record.kind === 'marker')
    throw hidden === 'absent'
      ? keyIsDeleted(address.Key, record.versionId)
      : markerHasNoBody(method, record.versionId, httpDate(record.lastModified))
  return { bucket, record }
}

export interface ConditionMembers {
  readonly IfMatch?: string | undefined
  readonly IfNoneMatch?: string | undefined
  readonly IfModifiedSince?: Instant | undefined
  readonly IfUnmodifiedSince?: Instant | undefined
}

/** Faults PreconditionFailed (412), NotModified (304). */
export function holdReadConditions(input: ConditionMembers, record: ObjectRecord): void {
  const conditions: ReadConditions = {
    ifMatch: input.IfMatch,
    ifNoneMatch: input.IfNoneMatch,
    ifModifiedSince: input.IfModifiedSince,
    ifUnmodifiedSince: input.IfUnmodifiedSince,
  }
  const outcome = readOutcome(conditions, record)
  switch (outcome.kind) {
    case 'go':
      return
    case 'failed':
      throw preconditionFailed(outcome.condition)
    case 'not-modified':
      throw notModified({ ETag: quoted(record.etag), 'Last-Modified': httpDate(record.lastModified) })
    default:
      outcome satisfies never
  }
}

/** What of an object is asked for. */
export interface Extent {
  /** Absent: all of it. */
  readonly range: ByteRange | undefined
  readonly sizeBytes: number
  /** The part that was asked for by number, of a multipart object. */
  readonly piece: Piece | undefined
  readonly partsCount: number | undefined
}

export interface ExtentMembers {
  readonly Range?: string | undefined
  readonly PartNumber?: number | undefined
}

/** Faults InvalidRange, InvalidPartNumber (416), InvalidRequest. Source: S3 API, GetObject, Range and partNumber. */
export async function extentOf(state: S3State, found: Found, input: ExtentMembers): Promise<Extent> {
  const { record } = found
  if (input.PartNumber !== undefined) {
    if (input.Range !== undefined)
      throw invalidRequest('Cannot specify both Range header and partNumber query parameter')
    return partExtent(state, found, input.PartNumber)
  }
  const outcome = rangeOf(input.Range, record.sizeBytes)
  switch (outcome.kind) {
    case 'whole':
      return { range: undefined, sizeBytes: record.sizeBytes, piece: undefined, partsCount: undefined }
    case 'unsatisfiable':
      throw invalidRange(input.Range ?? '', record.sizeBytes)
    case 'part': {
      const { range } = outcome
      return { range, sizeBytes: range.end - range.start + 1, piece: undefined, partsCount: undefined }
    }
    default:
      return outcome satisfies never
  }
}

async function partExtent(state: S3State, found: Found, partNumber: number): Promise<Extent> {
  const { bucket, record } = found
  if (record.content.kind !== 'parts') {
    if (partNumber !== 1) throw invalidPartNumber(partNumber, 1)
    const range = record.sizeBytes === 0 ? undefined : { start: 0, end: record.sizeBytes - 1 }
    return { range, sizeBytes: record.sizeBytes, piece: undefined, partsCount: undefined }
  }
  const manifest = await state.bodies.manifest(state.store.read, bucket, record.content.id)
  const pieces = manifest?.pieces ?? []
  const piece = pieces[partNumber - 1]
  if (piece === undefined) throw invalidPartNumber(partNumber, record.content.count)
  const start = pieces.slice(0, partNumber - 1).reduce((sum, one) => sum + one.sizeBytes, 0)
  return {
    range: { start, end: start + piece.sizeBytes - 1 },
    sizeBytes: piece.sizeBytes,
    piece,
    partsCount: pieces.length,
  }
}

export interface Opened extends Found {
  readonly extent: Extent
  readonly body: OpenBody
}

/** The object with its bytes; begins again when it was replaced in between. `hold` throws what conditions say. */
export async function openObject(
  state: S3State,
  address: Address,
  extentAsked: ExtentMembers,
  hold: (record: ObjectRecord) => void,
): Promise<Opened> {
  for (let attempt = 0; attempt < READ_ATTEMPTS_MAX; attempt++) {
    const found = await findObject(state, address, 'GET')
    hold(found.record)
    const extent = await extentOf(state, found, extentAsked)
    const body = await state.bodies.open(state.store.read, found.bucket, found.record.content, extent.range)
    if (body !== undefined) return { ...found, extent, body }
  }
  throw new Defect('an object that is not being replaced has its body')
}
