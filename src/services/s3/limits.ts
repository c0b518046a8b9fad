/**
 * Every number of S3 with its unit, its source and what happens beyond it. Numbers of ours (how a body is kept,
 * how much one page reads) stand at the end.
 */

/** Bytes of UTF-8 in a key. Beyond: Fault KeyTooLongError. Source: S3 user guide, Naming objects. */
export const KEY_BYTES_MAX = 1_024
/** Characters of a bucket's name. Beyond: Fault InvalidBucketName. Source: S3 user guide, Bucket naming rules. */
export const BUCKET_NAME_MIN = 3
export const BUCKET_NAME_MAX = 63
/** Bytes of one PutObject or UploadPart. Beyond: Fault EntityTooLarge. Source: S3 user guide, Uploading objects. */
export const PUT_BYTES_MAX = 5 * 1_024 ** 3
/** Bytes of a source that CopyObject copies at once. Beyond: Fault InvalidRequest. Source: S3 API, CopyObject. */
export const COPY_BYTES_MAX = 5 * 1_024 ** 3
/** Bytes of each part but the last. Below: Fault EntityTooSmall. Source: S3 user guide, Multipart upload limits. */
export const PART_BYTES_MIN = 5 * 1_024 ** 2
/** Part numbers 1 to this. Beyond: Fault InvalidArgument. Source: S3 user guide, Multipart upload limits. */
export const PARTS_MAX = 10_000
/** Bytes of all names and values of user metadata. Beyond: Fault MetadataTooLarge. Source: S3 user guide, Object metadata. */
export const METADATA_BYTES_MAX = 2_048
/** Entries of one page of keys, versions, uploads or parts; more asked for means this many. Source: S3 API, ListObjectsV2. */
export const PAGE_MAX = 1_000
/** Buckets in one answer when a page was asked for. Source: S3 API, ListBuckets, MaxBuckets. */
export const BUCKETS_PAGE_MAX = 10_000
/** General purpose buckets of an account. Beyond: Fault TooManyBuckets. Source: S3 user guide, General purpose bucket quotas. */
export const BUCKETS_MAX = 10_000
/** Objects of one DeleteObjects. Beyond: Fault MalformedXML. Source: S3 API, DeleteObjects. */
export const DELETE_OBJECTS_MAX = 1_000
/** Tags of an object. Beyond: Fault BadRequest. Source: S3 user guide, Categorizing objects with tags. */
export const OBJECT_TAGS_MAX = 10
/** Tags of a bucket. Beyond: Fault BadRequest. Source: S3 user guide, Using cost allocation tags. */
export const BUCKET_TAGS_MAX = 50
/** Characters of a tag's key and value. Beyond: Fault InvalidTag. Source: S3 user guide, Categorizing objects with tags. */
export const TAG_KEY_MAX = 128
export const TAG_VALUE_MAX = 256
/** Bytes of a bucket policy. Beyond: Fault MalformedPolicy. Source: S3 user guide, Bucket policies. */
export const POLICY_BYTES_MAX = 20_480
/** Rules of a CORS configuration. Beyond: Fault MalformedXML. Source: S3 API, PutBucketCors. */
export const CORS_RULES_MAX = 100
/** Bytes of a posted form's fields without its file. Beyond: Fault MalformedPOSTRequest (AWS: MaxPostPreDataLengthExceeded). Source: S3 API, POST Object. */
export const POST_FIELDS_BYTES_MAX = 20_480

/** Rules of a lifecycle configuration. Beyond: Fault MalformedXML. Source: S3 API, PutBucketLifecycleConfiguration. */
export const LIFECYCLE_RULES_MAX = 1_000
/** Characters of a lifecycle rule's ID. Beyond: Fault InvalidArgument. Source: S3 API, LifecycleRule. */
export const LIFECYCLE_ID_MAX = 255
/** Noncurrent versions that a rule keeps. Beyond: Fault InvalidArgument. Source: S3 API, NoncurrentVersionExpiration. */
export const NEWER_VERSIONS_MAX = 100
/** Bytes below which rules leave objects in their class, unless the rule or the configuration says otherwise. Source: S3 user guide, Transitioning objects. */
export const TRANSITION_BYTES_MIN = 128 * 1_024
/** Days and years of a bucket's default retention. Beyond: Fault InvalidArgument. Source: S3 user guide, Locking objects (100 years). */
export const LOCK_DAYS_MAX = 36_500
export const LOCK_YEARS_MAX = 100

/** Events being handed over at once. Ours. */
export const DELIVERIES_AT_ONCE = 32
/** Before an event is offered again for the first time, and at most, in ms of virtual time. Ours. */
export const DELIVERY_RETRY_FIRST_MS = 1_000
export const DELIVERY_RETRY_MAX_MS = 300_000
/** An event that was offered for so long is dropped with a warning in the log. Ours. */
export const DELIVERY_AGE_MAX_MS = 24 * 3_600_000

/** Bodies up to this many bytes live beside their metadata, so that a small put is one durable write. Ours. */
export const INLINE_BYTES_MAX = 32_768
/** Bodies of objects up to this many bytes live in the row of their metadata; it and the longest metadata fit a page of the store. Ours. */
export const WITHIN_BYTES_MAX = 4_096
/** Entries of one read of the store while a page is gathered. Ours. */
export const SCAN_BATCH = 256
/** Times a read begins again when the object was replaced between its metadata and its body. Ours. */
export const READ_ATTEMPTS_MAX = 16
