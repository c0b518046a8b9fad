/** GetObject and HeadObject: the same answer with and without the bytes. */
import { httpDate, type Instant } from '#base/time.ts'
import type { S3 } from '#model/s3.ts'
import type { Call, Operation } from '#ports/service.ts'
import { checksumMember, checksumMembers } from '#services/s3/checksums.ts'
import { customerKeyOf, holdCustomerKey } from '#services/s3/customer-key.ts'
import { quoted } from '#services/s3/etag.ts'
import { invalidObjectState, invalidRequest } from '#services/s3/faults.ts'
import { expirationHeader } from '#services/s3/lifecycle.ts'
import { lockMembers } from '#services/s3/object-lock.ts'
import { contentRange } from '#services/s3/range.ts'
import {
  extentOf,
  findObject,
  type Extent,
  type Found,
  holdReadConditions,
  openObject,
} from '#services/s3/read.ts'
import { isReadable, restoreHeader } from '#services/s3/restore.ts'
import { encryptionMembers, headerMembers, type HeaderMembers } from '#services/s3/settings.ts'
import type { S3State } from '#services/s3/state.ts'
import { shownVersionId } from '#services/s3/versions.ts'

export const getObject: Operation<S3['GetObject'], S3State> = async (input, state, call) => {
  const customerKey = customerKeyOf(input)
  const overrides = overridesOf(input, call)
  const opened = await openObject(state, input, input, (record) => {
    holdCustomerKey(record.encryption, customerKey)
    if (!isReadable(record, state.clock.now())) throw invalidObjectState(record.storageClass)
    holdReadConditions(input, record)
  })
  return {
    Body: opened.body,
    ...answerOf(opened, opened.extent, { ...input, now: state.clock.now() }),
    ...overrides,
  }
}

export const headObject: Operation<S3['HeadObject'], S3State> = async (input, state, call) => {
  const customerKey = customerKeyOf(input)
  const overrides = overridesOf(input, call)
  const found = await findObject(state, input, 'HEAD')
  holdCustomerKey(found.record.encryption, customerKey)
  holdReadConditions(input, found.record)
  const extent = await extentOf(state, found, input)
  return { ...answerOf(found, extent, { ...input, now: state.clock.now() }), ...overrides }
}

type Answer = Omit<S3['GetObject']['out'], 'Body'>

interface AnswerInput {
  readonly now: Instant
  readonly VersionId?: string | undefined
  readonly ChecksumMode?: string | undefined
}

/** That an object expires is said of the newest version, asked for by its key (inferred for versions asked for by id: nothing is said). */
function answerOf({ bucket, record }: Found, extent: Extent, input: AnswerInput): Answer {
  const checked = input.ChecksumMode?.toUpperCase() === 'ENABLED'
  const tagCount = record.tags?.length ?? 0
  return {
    AcceptRanges: 'bytes',
    LastModified: record.lastModified,
    ContentLength: extent.sizeBytes,
    StatusCode: extent.range === undefined ? undefined : 206,
    ContentRange: extent.range && contentRange(extent.range, record.sizeBytes),
    ETag: quoted(record.etag),
    VersionId: shownVersionId(bucket, record),
    ...headerMembers(record.headers),
    Metadata: record.metadata,
    ...encryptionMembers(record.encryption),
    StorageClass: record.storageClass === 'STANDARD' ? undefined : record.storageClass,
    PartsCount: extent.partsCount,
    Expiration: input.VersionId === undefined ? expirationHeader(bucket, record) : undefined,
    Restore: restoreHeader(record, input.now),
    ...lockMembers(record),
    TagCount: tagCount > 0 ? tagCount : undefined,
    ...(checked ? checksumsOf({ bucket, record }, extent) : {}),
  }
}

/** Of the whole, or of the part that was asked for by number; a range has none. Source: S3 API, GetObject, ChecksumMode. */
function checksumsOf({ record }: Found, extent: Extent): ReturnType<typeof checksumMembers> {
  if (extent.piece !== undefined)
    return {
      ...checksumMember(record.checksum.algorithm, extent.piece.checksum),
      ChecksumType: record.checksum.type,
    }
  return extent.range === undefined ? checksumMembers(record.checksum) : {}
}

interface OverrideMembers {
  readonly ResponseCacheControl?: string | undefined
  readonly ResponseContentDisposition?: string | undefined
  readonly ResponseContentEncoding?: string | undefined
  readonly ResponseContentLanguage?: string | undefined
  readonly ResponseContentType?: string | undefined
  readonly ResponseExpires?: Instant | undefined
}

/** Only for requests that are signed. Fault InvalidRequest. Source: S3 API, GetObject, Overriding response header values. */
function overridesOf(input: OverrideMembers, call: Call): HeaderMembers {
  const overrides: { -readonly [Name in keyof HeaderMembers]: HeaderMembers[Name] } = {}
  if (input.ResponseCacheControl !== undefined) overrides.CacheControl = input.ResponseCacheControl
  if (input.ResponseContentDisposition !== undefined)
    overrides.ContentDisposition = input.ResponseContentDisposition
  if (input.ResponseContentEncoding !== undefined) overrides.ContentEncoding = input.ResponseContentEncoding
  if (input.ResponseContentLanguage !== undefined) overrides.ContentLanguage = input.ResponseContentLanguage
  if (input.ResponseContentType !== undefined) overrides.ContentType = input.ResponseContentType
  if (input.ResponseExpires !== undefined) overrides.Expires = httpDate(input.ResponseExpires)
  if (Object.keys(overrides).length > 0 && call.accessKeyId === undefined)
    throw invalidRequest('Request specific response headers cannot be used for anonymous GET requests.')
  return overrides
}
