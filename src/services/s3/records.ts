/**
 * What S3 keeps, and under which keys. Everything is in one store (`objects`), so that a put sees its bucket and its
 * object in one transaction. Buckets stand under an empty account and region because their namespace is global;
 * all else under the bucket's. A change here is a change of a persisted format.
 */
import { Buffer } from 'node:buffer'
import type { Bytes } from '#base/bytes.ts'
import type { AccountId, Region } from '#base/ids.ts'
import type { KeyPart } from '#base/key.ts'
import { Records } from '#base/records.ts'
import type { Instant } from '#base/time.ts'
import type { Grant, Ownership } from '#services/s3/acl.ts'
import type { Algorithm, ChecksumType, StoredChecksum } from '#services/s3/checksums.ts'
import type { CorsRule } from '#services/s3/cors.ts'
import type { Lifecycle } from '#services/s3/lifecycle-rules.ts'
import type { Notifications } from '#services/s3/notifications.ts'
import type { Read, Tx } from '#ports/store.ts'
import type { Restore } from '#services/s3/restore.ts'
import { promptly } from '#services/s3/promptly.ts'
import type { BucketLock, LegalHold, Retention } from '#services/s3/object-lock.ts'
import type { Tag } from '#services/s3/tags.ts'

export interface PublicAccessBlock {
  readonly BlockPublicAcls: boolean
  readonly IgnorePublicAcls: boolean
  readonly BlockPublicPolicy: boolean
  readonly RestrictPublicBuckets: boolean
}

export interface EncryptionRule {
  readonly SSEAlgorithm: string
  readonly KMSMasterKeyID?: string | undefined
  readonly BucketKeyEnabled: boolean
}

export interface BucketRecord {
  readonly name: string
  readonly account: AccountId
  readonly region: Region
  readonly createdAt: Instant
  /** As it was asked for: `EU` stays `EU`. Absent in us-east-1. */
  readonly locationConstraint?: string | undefined
  /** Absent until versioning was switched on once. */
  readonly versioning?: 'Enabled' | 'Suspended' | undefined
  readonly ownership?: Ownership | undefined
  readonly grants: readonly Grant[]
  readonly tags?: readonly Tag[] | undefined
  readonly policy?: string | undefined
  readonly cors?: readonly CorsRule[] | undefined
  readonly encryption: EncryptionRule
  /** Someone has put the encryption: copies of an object onto itself are allowed then. */
  readonly encryptionChosen?: boolean | undefined
  readonly publicAccessBlock?: PublicAccessBlock | undefined
  readonly notifications?: Notifications | undefined
  readonly lifecycle?: Lifecycle | undefined
  /** Present once Object Lock is enabled; versioning is on then and stays so. */
  readonly objectLock?: BucketLock | undefined
}

/** Where bytes are that have a place of their own. `parts` is a manifest: the bodies of the parts in their order. */
export type Placed =
  | { readonly kind: 'empty' }
  | { readonly kind: 'inline'; readonly id: string }
  | { readonly kind: 'blob'; readonly id: string }
  | { readonly kind: 'parts'; readonly id: string; readonly count: number }

/** Where the bytes of a version are; `within` its row, behind the record. */
export type Content = Placed | { readonly kind: 'within'; readonly bytes: Bytes }

export interface Piece {
  readonly content: Placed
  readonly partNumber: number
  readonly sizeBytes: number
  /** Base64, by the algorithm of the object's checksum. */
  readonly checksum: string
}

export interface Manifest {
  readonly pieces: readonly Piece[]
}

/** Headers that travel with the body. */
export interface StoredHeaders {
  readonly contentType: string
  readonly cacheControl?: string | undefined
  readonly contentDisposition?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly contentLanguage?: string | undefined
  readonly expires?: string | undefined
  readonly websiteRedirectLocation?: string | undefined
}

/** Named in answers; nothing is encrypted at rest. */
export interface StoredEncryption {
  readonly algorithm: string
  readonly kmsKeyId?: string | undefined
  readonly bucketKeyEnabled?: boolean | undefined
  /** MD5 (base64) of the customer's key, which reads must bring. */
  readonly customerKeyMd5?: string | undefined
}

/** What an object is told to be before its bytes are known. */
export interface ObjectSettings {
  readonly headers: StoredHeaders
  readonly metadata: Readonly<Record<string, string>>
  readonly storageClass: string
  readonly encryption: StoredEncryption
  readonly tags?: readonly Tag[] | undefined
  /** Absent: the owner alone. */
  readonly grants?: readonly Grant[] | undefined
  readonly retention?: Retention | undefined
  readonly legalHold?: LegalHold | undefined
}

interface Version {
  readonly key: string
  /** The last part of the store key: 0 for what was put before versioning, else the negative of the put's order, so that the newest comes first. */
  readonly order: number
  /** `null` for the null version. */
  readonly versionId: string
  /** Whole seconds. */
  readonly lastModified: Instant
}

export interface ObjectRecord extends Version, ObjectSettings {
  readonly kind: 'object'
  readonly sizeBytes: number
  /** Without quotes. */
  readonly etag: string
  readonly content: Content
  readonly checksum: StoredChecksum
  /** Order of its write, where `order` does not say it. */
  readonly written?: number | undefined
  /** Of an archived object that was asked for. */
  readonly restore?: Restore | undefined
  /** Of the upload that made it, so that its completion can be answered again. */
  readonly uploadId?: string | undefined
}

export interface MarkerRecord extends Version {
  readonly kind: 'marker'
}

export type VersionRecord = ObjectRecord | MarkerRecord

export interface UploadRecord extends ObjectSettings {
  readonly key: string
  readonly uploadId: string
  readonly order: number
  readonly initiatedAt: Instant
  /** As it was asked for; absent when S3 chose. */
  readonly algorithm?: Algorithm | undefined
  readonly type: ChecksumType
}

export interface PartRecord {
  readonly partNumber: number
  readonly sizeBytes: number
  /** Hex MD5. */
  readonly etag: string
  readonly lastModified: Instant
  readonly content: Placed
  /** Base64, by the upload's algorithm (CRC64NVME when it named none). */
  readonly checksum: string
  /** False when only we know it: ListParts does not show it. */
  readonly checksumShown: boolean
}

/** Where the null version of a key is, once its bucket knows versions. */
export interface NullPointer {
  readonly order: number
}

export const GLOBAL = ['', ''] as const
/** The first two parts of a bucket's keys. */
export const ownerOf = (bucket: BucketRecord): readonly [string, string] => [bucket.account, bucket.region]

/** Stores give the same bytes again while nobody writes them: what was decoded of them is remembered by their identity. */
class RememberedRecords<T extends object> extends Records<T> {
  readonly #decoded = new WeakMap<Bytes, T>()

  /** As `get`, at once when the store answers at once. */
  find(
    from: Read,
    owner: readonly KeyPart[],
    ...name: readonly KeyPart[]
  ): T | undefined | Promise<T | undefined> {
    return promptly(from.get(this.key(owner, name)), (bytes) => this.#recordOf(bytes))
  }

  override async get(
    from: Read,
    owner: readonly KeyPart[],
    ...name: readonly KeyPart[]
  ): Promise<T | undefined> {
    return this.find(from, owner, ...name)
  }

  /** What is written is what will be read: while these bytes are at hand they need no decoding. */
  override put(to: Tx, owner: readonly KeyPart[], name: readonly KeyPart[], record: T): void {
    const bytes = this.encode(record)
    this.#decoded.set(bytes, record)
    to.put(this.key(owner, name), bytes)
  }

  #recordOf(bytes: Bytes | undefined): T | undefined {
    if (bytes === undefined) return undefined
    const known = this.#decoded.get(bytes)
    if (known !== undefined) return known
    const record = this.decode(bytes)
    this.#decoded.set(bytes, record)
    return record
  }
}

/** The record as JSON; behind it, after a zero byte that no JSON holds, the bytes that are `within`. */
class Versions extends RememberedRecords<VersionRecord> {
  override encode(record: VersionRecord): Bytes {
    if (record.kind === 'marker' || record.content.kind !== 'within') return super.encode(record)
    const { bytes } = record.content
    const json = JSON.stringify({ ...record, content: WITHIN })
    const jsonBytes = Buffer.byteLength(json)
    const row = Buffer.allocUnsafeSlow(jsonBytes + 1 + bytes.length)
    row.write(json)
    row[jsonBytes] = 0
    row.set(bytes, jsonBytes + 1)
    return row
  }

  /** Listings decode a thousand rows at a time: nothing is copied but the record. */
  override decode(row: Bytes): VersionRecord {
    const end = row.indexOf(0)
    if (end === -1) return super.decode(row)
    const json = Buffer.from(row.buffer, row.byteOffset, end).toString()
    const record = JSON.parse(json) as { content: Content } & ObjectRecord // oxlint-disable-line typescript/no-unsafe-type-assertion -- decoder: the store holds what `encode` wrote
    record.content = { kind: 'within', bytes: row.subarray(end + 1) }
    return record
  }
}

const WITHIN = { kind: 'within' } as const

/** Name: [bucket]; owner: GLOBAL. */
export const buckets = new RememberedRecords<BucketRecord>('bucket')
/** Name: [bucket, key, order]. */
export const versions = new Versions('version')
/** Name: [bucket, key]. */
export const nullPointers = new Records<NullPointer>('null-version')
/** Name: [bucket, key, order]. */
export const uploads = new Records<UploadRecord>('upload')
/** Name: [bucket, upload id, part number]. */
export const parts = new Records<PartRecord>('part')
/** Name: [bucket, id]. */
export const manifests = new Records<Manifest>('manifest')
/** Raw bytes, not JSON: only its keys are used. Name: [bucket, id]. */
export const inlineBodies = new Records<never>('body')
