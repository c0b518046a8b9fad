/** The source of a copy: its header, the object it names, and its conditions. */
import { WholeBody } from '#base/bytes.ts'
import type { Instant } from '#base/time.ts'
import type { ByteRange } from '#ports/blobs.ts'
import type { OpenBody } from '#services/s3/bodies.ts'
import { failedCopyCondition } from '#services/s3/conditions.ts'
import { Fault } from '#base/fault.ts'
import {
  headerNotImplemented,
  invalidArgument,
  invalidRequest,
  noSuchKey,
  noSuchVersion,
  preconditionFailed,
} from '#services/s3/faults.ts'
import { COPY_BYTES_MAX, READ_ATTEMPTS_MAX } from '#services/s3/limits.ts'
import type { BucketRecord, ObjectRecord } from '#services/s3/records.ts'
import { isReadable } from '#services/s3/restore.ts'
import type { S3State } from '#services/s3/state.ts'
import { bucketOf, newestOf, versionOf } from '#services/s3/versions.ts'
import { Defect } from '#base/assert.ts'

export interface CopySource {
  readonly bucket: string
  readonly key: string
  readonly versionId: string | undefined
}

/** `bucket/key?versionId=...`, percent-encoded, with or without a slash in front. Fault InvalidArgument. Source: S3 API, CopyObject, x-amz-copy-source. */
export function copySourceOf(header: string): CopySource {
  if (header.startsWith('arn:'))
    throw headerNotImplemented('x-amz-copy-source', 'Access points are not available here')
  const [path = '', versionId] = header.split('?versionId=', 2)
  const text = decodedPath(path.replace(/^\//, ''))
  const slash = text?.indexOf('/') ?? -1
  if (text === undefined || slash < 1 || slash === text.length - 1)
    throw invalidArgument('Invalid copy source object key', 'x-amz-copy-source', header)
  return { bucket: text.slice(0, slash), key: text.slice(slash + 1), versionId }
}

function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

export interface CopyConditionMembers {
  readonly CopySource: string
  readonly CopySourceIfMatch?: string | undefined
  readonly CopySourceIfNoneMatch?: string | undefined
  readonly CopySourceIfModifiedSince?: Instant | undefined
  readonly CopySourceIfUnmodifiedSince?: Instant | undefined
  readonly ExpectedSourceBucketOwner?: string | undefined
}

export interface SourceFound {
  readonly source: CopySource
  readonly bucket: BucketRecord
  readonly record: ObjectRecord
}

/** Faults NoSuchBucket, NoSuchKey, NoSuchVersion, InvalidRequest, PreconditionFailed, ObjectNotInActiveTierError. */
export async function findSource(state: S3State, input: CopyConditionMembers): Promise<SourceFound> {
  const source = copySourceOf(input.CopySource)
  const bucket = await bucketOf(state.store.read, source.bucket, input.ExpectedSourceBucketOwner)
  const { key, versionId } = source
  const record = await (versionId === undefined
    ? newestOf(state.store.read, bucket, key)
    : versionOf(state.store.read, bucket, key, versionId))
  if (record === undefined) throw versionId === undefined ? noSuchKey(key) : noSuchVersion(key, versionId)
  if (record.kind === 'marker') {
    if (versionId === undefined) throw noSuchKey(key)
    throw invalidRequest(
      'The source of a copy request may not specifically refer to a delete marker by version id.',
    )
  }
  const failed = failedCopyCondition(
    {
      ifMatch: input.CopySourceIfMatch,
      ifNoneMatch: input.CopySourceIfNoneMatch,
      ifModifiedSince: input.CopySourceIfModifiedSince,
      ifUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
    },
    record,
  )
  if (failed !== undefined) throw preconditionFailed(failed)
  if (!isReadable(record, state.clock.now())) throw notActive()
  return { source, bucket, record }
}

/** Source: S3 API, CopyObject, ObjectNotInActiveTierError. */
const notActive = (): Fault =>
  new Fault('ObjectNotInActiveTierError', 'The source object of the COPY action is not in the active tier.', {
    status: 403,
  })

/** Fault InvalidRequest. Source: S3 API, CopyObject. */
export function checkCopySize(sizeBytes: number): void {
  if (sizeBytes > COPY_BYTES_MAX)
    throw invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${COPY_BYTES_MAX}`,
    )
}

export interface SourceOpened extends SourceFound {
  readonly body: AsyncIterable<Uint8Array>
}

/** The source with its bytes, all or those that `rangeOf` wants of it (and may refuse); begins again when it was replaced in between. */
export async function openSource(
  state: S3State,
  input: CopyConditionMembers,
  rangeOf: (found: SourceFound) => ByteRange | undefined,
): Promise<SourceOpened> {
  for (let attempt = 0; attempt < READ_ATTEMPTS_MAX; attempt++) {
    const found = await findSource(state, input)
    const range = rangeOf(found)
    const body = await state.bodies.open(state.store.read, found.bucket, found.record.content, range)
    if (body !== undefined) return { ...found, body: streamOf(body) }
  }
  throw new Defect('an object that is not being replaced has its body')
}

const streamOf = (body: OpenBody): AsyncIterable<Uint8Array> =>
  body instanceof Uint8Array ? new WholeBody(body) : body
