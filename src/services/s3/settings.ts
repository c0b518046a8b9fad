/**
 * What a put, a copy or a multipart upload tells an object to be: headers, metadata, class, encryption, tags, grants,
 * each checked with AWS's own answer. The inverse (members of answers) is at the end.
 */
import { utf8 } from '#base/bytes.ts'
import type { Instant } from '#base/time.ts'
import { type AclMembers, canonicalUserId, checkAclAllowed, grantsAsked } from '#services/s3/acl.ts'
import { type CustomerKeyMembers, customerKeyOf } from '#services/s3/customer-key.ts'
import {
  headerNotImplemented,
  invalidArgument,
  invalidStorageClass,
  metadataTooLarge,
} from '#services/s3/faults.ts'
import { METADATA_BYTES_MAX } from '#services/s3/limits.ts'
import { lockAsked, type LockMembers } from '#services/s3/object-lock.ts'
import type { BucketRecord, ObjectSettings, StoredEncryption, StoredHeaders } from '#services/s3/records.ts'
import { tagsOfHeader } from '#services/s3/tags.ts'

export interface HeaderMembers {
  readonly CacheControl?: string | undefined
  readonly ContentDisposition?: string | undefined
  readonly ContentEncoding?: string | undefined
  readonly ContentLanguage?: string | undefined
  readonly ContentType?: string | undefined
  readonly Expires?: string | undefined
  readonly WebsiteRedirectLocation?: string | undefined
}

export interface EncryptionMembers extends CustomerKeyMembers {
  readonly ServerSideEncryption?: string | undefined
  readonly SSEKMSKeyId?: string | undefined
  readonly BucketKeyEnabled?: boolean | undefined
}

export interface SettingsInput extends HeaderMembers, EncryptionMembers, AclMembers, LockMembers {
  readonly Metadata?: Readonly<Record<string, string>> | undefined
  readonly StorageClass?: string | undefined
  readonly Tagging?: string | undefined
  readonly WriteOffsetBytes?: number | undefined
}

const DEFAULT_TYPE = 'binary/octet-stream'
const STORAGE_CLASSES: readonly string[] = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
]
/** All of it, from the request alone. */
export function settingsOf(
  input: SettingsInput,
  bucket: BucketRecord,
  by: { readonly account: string; readonly now: Instant },
): ObjectSettings {
  if (input.WriteOffsetBytes !== undefined)
    throw headerNotImplemented('x-amz-write-offset-bytes', 'Only directory buckets append')
  return {
    headers: headersOf(input),
    metadata: metadataOf(input.Metadata),
    storageClass: storageClassOf(input.StorageClass),
    encryption: encryptionOf(input, bucket),
    tags: tagsOfHeader(input.Tagging),
    grants: grantsOf(input, bucket, by.account),
    ...lockAsked(input, bucket.objectLock, by.now),
  }
}

/** `aws-chunked` is how the body travelled, not what it is. Source: S3 user guide, Signature calculation for chunked uploads. */
export function headersOf(input: HeaderMembers): StoredHeaders {
  const encoding = input.ContentEncoding?.includes('aws-chunked')
    ? withoutChunking(input.ContentEncoding)
    : input.ContentEncoding
  return {
    contentType:
      input.ContentType === undefined || input.ContentType === '' ? DEFAULT_TYPE : input.ContentType,
    cacheControl: input.CacheControl,
    contentDisposition: input.ContentDisposition,
    contentEncoding: encoding === '' ? undefined : encoding,
    contentLanguage: input.ContentLanguage,
    expires: input.Expires,
    websiteRedirectLocation: redirectOf(input.WebsiteRedirectLocation),
  }
}

const withoutChunking = (encodings: string): string =>
  encodings.replace(/(^|,)\s*aws-chunked\s*(?=,|$)/, '').replace(/^\s*,\s*/, '')

function redirectOf(location: string | undefined): string | undefined {
  if (location === undefined || /^(\/|https?:\/\/)/.test(location)) return location
  throw invalidArgument(
    "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
    'x-amz-website-redirect-location',
    location,
  )
}

/** Fault MetadataTooLarge. */
export function metadataOf(metadata: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const kept: Record<string, string> = {}
  let sizeBytes = 0
  for (const [name, value] of Object.entries(metadata ?? {})) {
    kept[name.toLowerCase()] = value
    sizeBytes += utf8(name).length + utf8(value).length
  }
  if (sizeBytes > METADATA_BYTES_MAX) throw metadataTooLarge(sizeBytes, METADATA_BYTES_MAX)
  return kept
}

export function storageClassOf(asked: string | undefined): string {
  if (asked === undefined || asked === '') return 'STANDARD'
  if (!STORAGE_CLASSES.includes(asked)) throw invalidStorageClass(asked)
  return asked
}

const KMS: readonly string[] = ['aws:kms', 'aws:kms:dsse']

/** What the request asks, else the bucket's default. Source: S3 API, PutObject. */
export function encryptionOf(input: EncryptionMembers, bucket: BucketRecord): StoredEncryption {
  const customerKeyMd5 = customerKeyOf(input)
  const asked = input.ServerSideEncryption
  if (customerKeyMd5 !== undefined && asked !== undefined)
    throw invalidArgument(
      'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
      'x-amz-server-side-encryption',
      asked,
    )
  if (asked !== undefined && asked !== 'AES256' && !KMS.includes(asked))
    throw invalidArgument(
      'The encryption method specified is not supported',
      'x-amz-server-side-encryption',
      asked,
    )
  if (input.SSEKMSKeyId !== undefined && (asked === undefined || !KMS.includes(asked)))
    throw invalidArgument(
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
      'x-amz-server-side-encryption',
      asked ?? 'null',
    )
  if (customerKeyMd5 !== undefined) return { algorithm: 'AES256', customerKeyMd5 }
  const usual = bucket.encryption
  const algorithm = asked ?? usual.SSEAlgorithm
  if (!KMS.includes(algorithm)) return { algorithm }
  const bucketKeyEnabled = input.BucketKeyEnabled ?? usual.BucketKeyEnabled
  return {
    algorithm,
    kmsKeyId: input.SSEKMSKeyId ?? (asked === undefined ? usual.KMSMasterKeyID : undefined),
    bucketKeyEnabled: bucketKeyEnabled ? true : undefined,
  }
}

function grantsOf(input: AclMembers, bucket: BucketRecord, account: string): ObjectSettings['grants'] {
  checkAclAllowed(input, bucket.ownership)
  if (bucket.ownership === 'BucketOwnerEnforced') return undefined
  return grantsAsked(input, canonicalUserId(account), canonicalUserId(bucket.account))
}

export function headerMembers(headers: StoredHeaders): HeaderMembers {
  return {
    ContentType: headers.contentType,
    CacheControl: headers.cacheControl,
    ContentDisposition: headers.contentDisposition,
    ContentEncoding: headers.contentEncoding,
    ContentLanguage: headers.contentLanguage,
    Expires: headers.expires,
    WebsiteRedirectLocation: headers.websiteRedirectLocation,
  }
}

export function encryptionMembers(encryption: StoredEncryption): {
  readonly ServerSideEncryption?: string
  readonly SSEKMSKeyId?: string | undefined
  readonly BucketKeyEnabled?: boolean | undefined
  readonly SSECustomerAlgorithm?: string
  readonly SSECustomerKeyMD5?: string
} {
  const { customerKeyMd5 } = encryption
  if (customerKeyMd5 !== undefined)
    return { SSECustomerAlgorithm: encryption.algorithm, SSECustomerKeyMD5: customerKeyMd5 }
  return {
    ServerSideEncryption: encryption.algorithm,
    SSEKMSKeyId: encryption.kmsKeyId,
    BucketKeyEnabled: encryption.bucketKeyEnabled,
  }
}
