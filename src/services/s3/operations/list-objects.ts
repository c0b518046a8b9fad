/** ListObjects, ListObjectsV2 and ListObjectVersions over one walk. */
import type { Bytes } from '#base/bytes.ts'
import { keyOf } from '#base/key.ts'
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import { canonicalUserId } from '#services/s3/acl.ts'
import { quoted } from '#services/s3/etag.ts'
import { invalidArgument } from '#services/s3/faults.ts'
import {
  afterKey,
  encoderOf,
  type ListEntry,
  listPage,
  type ListPage,
  pageLimit,
  successor,
  type Walk,
} from '#services/s3/listing.ts'
import { bucketFor, textOfToken, tokenOf } from '#services/s3/operations/buckets.ts'
import {
  type BucketRecord,
  type ObjectRecord,
  ownerOf,
  type VersionRecord,
  versions,
} from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'
import { isObject, NULL_VERSION, versionOf, versionOrder } from '#services/s3/versions.ts'

interface ListInput {
  readonly Prefix?: string | undefined
  readonly Delimiter?: string | undefined
}

const walkOf = (
  bucket: BucketRecord,
  input: ListInput,
  limit: number,
): Omit<Walk<VersionRecord>, 'depth'> => ({
  records: versions,
  scope: ownerOf(bucket),
  folder: bucket.name,
  prefix: input.Prefix ?? '',
  delimiter: input.Delimiter ?? '',
  limit,
  shown: () => true,
})

/** A page of what a reader sees: newest versions that are no delete markers. */
function visiblePage(
  state: S3State,
  walk: Omit<Walk<VersionRecord>, 'depth'>,
  marker: string | undefined,
): Promise<ListPage<VersionRecord>> {
  return listPage(state.store.read, {
    ...walk,
    depth: 'newest',
    shown: (record: VersionRecord) => record.kind === 'object',
    from: marker === undefined || marker === '' ? undefined : afterKey(walk, marker),
  })
}

type Encode = (text: string) => string
type Contents = NonNullable<S3['ListObjectsV2']['out']['Contents']>
type Prefixes = NonNullable<S3['ListObjectsV2']['out']['CommonPrefixes']>

function contentsOf(
  page: ListPage<VersionRecord>,
  encode: Encode,
  owner: { readonly ID: string } | undefined,
): Contents {
  return page.entries.flatMap((entry) =>
    entry.kind === 'record' && isObject(entry.record)
      ? [{ ...factsOf(entry.record, encode), ...(owner === undefined ? {} : { Owner: owner }) }]
      : [],
  )
}

function factsOf(record: ObjectRecord, encode: Encode): Contents[number] {
  return {
    Key: encode(record.key),
    LastModified: record.lastModified,
    ETag: quoted(record.etag),
    ChecksumAlgorithm: [record.checksum.algorithm],
    ChecksumType: record.checksum.type,
    Size: record.sizeBytes,
    StorageClass: record.storageClass,
  }
}

const prefixesOf = <T>(page: ListPage<T>, encode: Encode): Prefixes =>
  page.entries.flatMap((entry) => (entry.kind === 'prefix' ? [{ Prefix: encode(entry.prefix) }] : []))

/** The key or common prefix that a page ends with, when more follows. */
function lastOf<T extends { readonly key: string }>(page: ListPage<T>): string | undefined {
  const last: ListEntry<T> | undefined = page.truncated ? page.entries.at(-1) : undefined
  return last?.kind === 'prefix' ? last.prefix : last?.record.key
}

const encoded = (text: string | undefined, encode: Encode): string | undefined =>
  text === undefined ? undefined : encode(text)

/** Source: S3 API, ListObjectsV2. */
export const listObjectsV2: Operation<S3['ListObjectsV2'], S3State> = async (input, state) => {
  const encode = encoderOf(input.EncodingType)
  const limit = pageLimit(input.MaxKeys, 'maxKeys')
  const token = input.ContinuationToken
  const marker = token === undefined ? input.StartAfter : textOfToken(token)
  const bucket = await bucketFor(state, input)
  const page = await visiblePage(state, walkOf(bucket, input, limit), marker)
  const last = lastOf(page)
  const owner = input.FetchOwner === true ? { ID: canonicalUserId(bucket.account) } : undefined
  return {
    Name: bucket.name,
    Prefix: encode(input.Prefix ?? ''),
    Delimiter: encoded(input.Delimiter, encode),
    MaxKeys: limit,
    EncodingType: input.EncodingType,
    KeyCount: page.entries.length,
    IsTruncated: page.truncated,
    ContinuationToken: token,
    NextContinuationToken: last === undefined ? undefined : tokenOf(last),
    StartAfter: token === undefined ? encoded(input.StartAfter, encode) : undefined,
    Contents: contentsOf(page, encode, owner),
    CommonPrefixes: prefixesOf(page, encode),
  }
}

/** NextMarker only beside a delimiter. Source: S3 API, ListObjects. */
export const listObjects: Operation<S3['ListObjects'], S3State> = async (input, state) => {
  const encode = encoderOf(input.EncodingType)
  const limit = pageLimit(input.MaxKeys, 'max-keys')
  const bucket = await bucketFor(state, input)
  const page = await visiblePage(state, walkOf(bucket, input, limit), input.Marker)
  const delimited = input.Delimiter !== undefined && input.Delimiter !== ''
  return {
    Name: bucket.name,
    Prefix: encode(input.Prefix ?? ''),
    Delimiter: encoded(input.Delimiter, encode),
    Marker: encode(input.Marker ?? ''),
    NextMarker: delimited ? encoded(lastOf(page), encode) : undefined,
    MaxKeys: limit,
    EncodingType: input.EncodingType,
    IsTruncated: page.truncated,
    Contents: contentsOf(page, encode, { ID: canonicalUserId(bucket.account) }),
    CommonPrefixes: prefixesOf(page, encode),
  }
}

/** Source: S3 API, ListObjectVersions. */
export const listObjectVersions: Operation<S3['ListObjectVersions'], S3State> = async (input, state) => {
  const encode = encoderOf(input.EncodingType)
  const limit = pageLimit(input.MaxKeys, 'max-keys')
  const bucket = await bucketFor(state, input)
  const walk = walkOf(bucket, input, limit)
  const keyMarker = input.KeyMarker ?? ''
  const from = await versionsFrom(state, bucket, walk, { keyMarker, versionIdMarker: input.VersionIdMarker })
  const page = await listPage(state.store.read, { ...walk, depth: 'each', from })
  const within = input.VersionIdMarker === undefined ? undefined : keyMarker
  const last = page.truncated ? page.entries.at(-1) : undefined
  return {
    Name: bucket.name,
    Prefix: encode(input.Prefix ?? ''),
    Delimiter: encoded(input.Delimiter, encode),
    KeyMarker: encode(keyMarker),
    VersionIdMarker: input.VersionIdMarker ?? '',
    NextKeyMarker: encoded(lastOf(page), encode),
    NextVersionIdMarker: last?.kind === 'record' ? last.record.versionId : undefined,
    MaxKeys: limit,
    EncodingType: input.EncodingType,
    IsTruncated: page.truncated,
    ...versionsOf(page, encode, { within, owner: { ID: canonicalUserId(bucket.account) } }),
    CommonPrefixes: prefixesOf(page, encode),
  }
}

/**
 * Behind the version that the markers name, also when it was deleted since (a null version then means the key's
 * first), or behind the key when there is no version marker. Fault InvalidArgument.
 */
async function versionsFrom(
  state: S3State,
  bucket: BucketRecord,
  walk: Omit<Walk<VersionRecord>, 'depth'>,
  markers: { readonly keyMarker: string; readonly versionIdMarker: string | undefined },
): Promise<Bytes | undefined> {
  const { keyMarker, versionIdMarker } = markers
  if (versionIdMarker === undefined) return keyMarker === '' ? undefined : afterKey(walk, keyMarker)
  if (keyMarker === '')
    throw invalidArgument(
      'A version-id marker cannot be specified without a key marker.',
      'version-id-marker',
      versionIdMarker,
    )
  if (versionIdMarker === '')
    throw invalidArgument('A version-id marker cannot be empty.', 'version-id-marker', versionIdMarker)
  const name = [...ownerOf(bucket), versions.kind, bucket.name, keyMarker]
  const order =
    versionIdMarker === NULL_VERSION
      ? (await versionOf(state.store.read, bucket, keyMarker, versionIdMarker))?.order
      : versionOrder(versionIdMarker)
  return order === undefined ? keyOf(...name) : successor(keyOf(...name, order))
}

interface VersionView {
  /** The key in whose versions the page begins, so that its first entry is not the newest. */
  readonly within: string | undefined
  readonly owner: { readonly ID: string }
}

function versionsOf(
  page: ListPage<VersionRecord>,
  encode: Encode,
  view: VersionView,
): Pick<S3['ListObjectVersions']['out'], 'Versions' | 'DeleteMarkers'> {
  type Out = S3['ListObjectVersions']['out']
  const shown: NonNullable<Out['Versions']>[number][] = []
  const markers: NonNullable<Out['DeleteMarkers']>[number][] = []
  let previous = view.within
  for (const entry of page.entries) {
    if (entry.kind === 'prefix') continue
    const { record } = entry
    const facts = {
      Key: encode(record.key),
      VersionId: record.versionId,
      IsLatest: record.key !== previous,
      LastModified: record.lastModified,
      Owner: view.owner,
    }
    previous = record.key
    if (record.kind === 'marker') markers.push(facts)
    else shown.push({ ...factsOf(record, encode), ...facts })
  }
  return { Versions: shown, DeleteMarkers: markers }
}
