/**
 * One constructor for each error S3 answers here. Texts and members are AWS's (S3 API, Error responses, and recorded
 * answers); what no model lists (BucketName, Key, Condition and so on) is a member of the XML error.
 */
import { Fault } from '#base/fault.ts'

type Members = Readonly<Record<string, unknown>>

/** One of S3's errors. */
export const fault = (status: number, code: string, message: string, members: Members = {}): Fault =>
  new Fault(code, message, { status, members, side: status >= 500 ? 'server' : 'client' })

export const noSuchBucket = (bucket: string): Fault =>
  fault(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: bucket })

export const invalidBucketName = (bucket: string): Fault =>
  fault(400, 'InvalidBucketName', 'The specified bucket is not valid.', { BucketName: bucket })

export const bucketAlreadyExists = (bucket: string): Fault =>
  fault(
    409,
    'BucketAlreadyExists',
    'The requested bucket name is not available. The bucket namespace is shared by all users of the system. ' +
      'Please select a different name and try again.',
    { BucketName: bucket },
  )

export const bucketAlreadyOwnedByYou = (bucket: string): Fault =>
  fault(
    409,
    'BucketAlreadyOwnedByYou',
    'Your previous request to create the named bucket succeeded and you already own it.',
    { BucketName: bucket },
  )

export const bucketNotEmpty = (bucket: string, versioned: boolean): Fault =>
  fault(
    409,
    'BucketNotEmpty',
    versioned
      ? 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.'
      : 'The bucket you tried to delete is not empty',
    { BucketName: bucket },
  )

export const tooManyBuckets = (): Fault =>
  fault(400, 'TooManyBuckets', 'You have attempted to create more buckets than allowed')

export const invalidLocationConstraint = (constraint: string): Fault =>
  fault(400, 'InvalidLocationConstraint', 'The specified location-constraint is not valid', {
    LocationConstraint: constraint,
  })

export const illegalLocationConstraint = (constraint: string | undefined): Fault =>
  fault(
    400,
    'IllegalLocationConstraintException',
    `The ${constraint ?? 'unspecified'} location constraint is incompatible for the region specific endpoint ` +
      'this request was sent to.',
  )

export const noSuchKey = (key: string): Fault =>
  fault(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key })

/** The newest version is a delete marker: absent for a reader, with the marker's id in the headers. Source: S3 user guide, Working with delete markers. */
export const keyIsDeleted = (key: string, versionId: string): Fault =>
  new Fault('NoSuchKey', 'The specified key does not exist.', {
    status: 404,
    members: { Key: key },
    headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionId },
  })

export const noSuchVersion = (key: string, versionId: string): Fault =>
  fault(404, 'NoSuchVersion', 'The specified version does not exist.', { Key: key, VersionId: versionId })

export const invalidVersionId = (versionId: string): Fault =>
  fault(400, 'InvalidArgument', 'Invalid version id specified', {
    ArgumentName: 'versionId',
    ArgumentValue: versionId,
  })

/** Reading a delete marker by its version id. Source: S3 user guide, Working with delete markers. */
export const markerHasNoBody = (method: string, versionId: string, lastModified: string): Fault =>
  new Fault('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
    status: 405,
    members: { Method: method, ResourceType: 'DeleteMarker' },
    headers: {
      Allow: 'DELETE',
      'x-amz-delete-marker': 'true',
      'x-amz-version-id': versionId,
      'Last-Modified': lastModified,
    },
  })

export const keyTooLong = (sizeBytes: number, maxBytes: number): Fault =>
  fault(400, 'KeyTooLongError', 'Your key is too long', { Size: sizeBytes, MaxSizeAllowed: maxBytes })

export const preconditionFailed = (condition: string): Fault =>
  fault(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  })

/** Source: recorded AWS answers. */
export const conditionalConflict = (condition: string, key: string): Fault =>
  fault(
    409,
    'ConditionalRequestConflict',
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
    { Condition: condition, Key: key },
  )

export const notModified = (headers: Readonly<Record<string, string>>): Fault =>
  new Fault('NotModified', 'Not Modified', { status: 304, headers })

export const invalidRange = (range: string, sizeBytes: number): Fault =>
  fault(416, 'InvalidRange', 'The requested range is not satisfiable', {
    ActualObjectSize: sizeBytes,
    RangeRequested: range,
  })

export const invalidPartNumber = (asked: number, parts: number): Fault =>
  fault(416, 'InvalidPartNumber', 'The requested partnumber is not satisfiable', {
    PartNumberRequested: asked,
    ActualPartCount: parts,
  })

export const invalidArgument = (message: string, name?: string, value?: unknown): Fault =>
  fault(400, 'InvalidArgument', message, {
    ...(name === undefined ? {} : { ArgumentName: name }),
    ...(value === undefined ? {} : { ArgumentValue: value }),
  })

/** Source: recorded AWS answers. */
export const notificationTargets = (wrong: readonly (readonly [name: string, why: string])[]): Fault =>
  fault(
    400,
    'InvalidArgument',
    'Unable to validate the following destination configurations',
    Object.fromEntries(
      wrong.flatMap(([name, why], i) => [
        [`ArgumentName${i + 1}`, name],
        [`ArgumentValue${i + 1}`, why],
      ]),
    ),
  )

/** Source: answers of AWS quoted by users of other tools; the arguments of the second are inferred. */
export const notificationsOverlap = (events: readonly [string, string], filtered: boolean): Fault =>
  invalidArgument(
    filtered
      ? 'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.'
      : 'Configurations overlap. Configurations on the same bucket cannot share a common event type.',
    'Event',
    events.join(', '),
  )

export const invalidRequest = (message: string): Fault => fault(400, 'InvalidRequest', message)
export const badRequest = (message: string): Fault => fault(400, 'BadRequest', message)

export const malformedXml = (): Fault =>
  fault(
    400,
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  )

/** A member of a document that this platform does not do. */
export const unsupported = (member: string): Fault =>
  fault(501, 'NotImplemented', `${member} is not supported by this version of Windtunnel.`)

export const accessDenied = (): Fault => fault(403, 'AccessDenied', 'Access Denied')

/** The header asks for what this platform, or S3 for this kind of bucket, does not do. Source: recorded AWS answer for If-None-Match. */
export const headerNotImplemented = (header: string, additionalMessage: string): Fault =>
  fault(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented', {
    Header: header,
    additionalMessage,
  })

export const invalidDigest = (digest: string): Fault =>
  fault(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.', { 'Content-MD5': digest })

export const badContentMd5 = (expected: string, calculated: string): Fault =>
  fault(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.', {
    ExpectedDigest: expected,
    CalculatedDigest: calculated,
  })

export const badChecksum = (algorithm: string): Fault =>
  fault(400, 'BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`)

export const contentSha256Mismatch = (client: string, computed: string): Fault =>
  fault(
    400,
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    { ClientComputedContentSHA256: client, S3ComputedContentSHA256: computed },
  )

export const incompleteBody = (): Fault =>
  fault(
    400,
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  )

export const entityTooLarge = (proposedBytes: number, maxBytes: number): Fault =>
  fault(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
    ProposedSize: proposedBytes,
    MaxSizeAllowed: maxBytes,
  })

export const metadataTooLarge = (sizeBytes: number, maxBytes: number): Fault =>
  fault(400, 'MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
    Size: sizeBytes,
    MaxSizeAllowed: maxBytes,
  })

export const noSuchUpload = (uploadId: string): Fault =>
  fault(
    404,
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { UploadId: uploadId },
  )

export const invalidPart = (uploadId: string, partNumber: number, etag: string): Fault =>
  fault(
    400,
    'InvalidPart',
    'One or more of the specified parts could not be found.  The part may not have been uploaded, ' +
      "or the specified entity tag may not match the part's entity tag.",
    { UploadId: uploadId, PartNumber: partNumber, ETag: etag },
  )

export const invalidPartOrder = (uploadId: string): Fault =>
  fault(
    400,
    'InvalidPartOrder',
    'The list of parts was not in ascending order. Parts must be ordered by part number.',
    { UploadId: uploadId },
  )

/** What a part below the least size says of itself. */
export interface SmallPart {
  readonly partNumber: number
  readonly etag: string
  readonly sizeBytes: number
  readonly minBytes: number
}

export const entityTooSmall = (part: SmallPart): Fault =>
  fault(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
    ETag: part.etag,
    MinSizeAllowed: part.minBytes,
    PartNumber: part.partNumber,
    ProposedSize: part.sizeBytes,
  })

/** Of a form whose policy wants more. Source: S3 API, Creating a POST policy, content-length-range. */
export const entityTooSmallForPolicy = (proposedBytes: number, minBytes: number): Fault =>
  fault(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
    ProposedSize: proposedBytes,
    MinSizeAllowed: minBytes,
  })

/** Source: S3 error responses. */
export const malformedPost = (): Fault =>
  fault(400, 'MalformedPOSTRequest', 'The body of your POST request is not well-formed multipart/form-data.')

export const policyDenied = (why: string): Fault =>
  fault(403, 'AccessDenied', `Invalid according to Policy: ${why}`)

export const invalidPolicyDocument = (why: string): Fault =>
  fault(400, 'InvalidPolicyDocument', `Invalid Policy: ${why}`)

/** Source: S3 error responses, InvalidEncryptionAlgorithmError. */
export const invalidEncryptionAlgorithm = (asked: string): Fault =>
  fault(
    400,
    'InvalidEncryptionAlgorithmError',
    'The Encryption request you specified is not valid. Supported value: AES256.',
    { ArgumentName: 'x-amz-server-side-encryption', ArgumentValue: asked },
  )

export const customerKeyRequired = (): Fault =>
  invalidRequest(
    'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
  )

export const customerKeyNotApplicable = (): Fault =>
  invalidRequest('The encryption parameters are not applicable to this object.')

export const invalidStorageClass = (storageClass: string): Fault =>
  fault(400, 'InvalidStorageClass', 'The storage class you specified is not valid', {
    StorageClassRequested: storageClass,
  })

export const invalidObjectState = (storageClass: string): Fault =>
  fault(403, 'InvalidObjectState', "The operation is not valid for the object's storage class", {
    StorageClass: storageClass,
  })

export const malformedPolicy = (message: string): Fault => fault(400, 'MalformedPolicy', message)
export const invalidTag = (message: string, key: string, value?: string): Fault =>
  fault(400, 'InvalidTag', message, { TagKey: key, ...(value === undefined ? {} : { TagValue: value }) })

/** AWS's own answer to two tags of one key in CreateBucket. Source: recorded AWS answer (November 2025). */
export const duplicateTagOfNewBucket = (): Fault =>
  fault(500, 'InternalError', 'We encountered an internal error. Please try again.')

export const aclNotSupported = (): Fault =>
  fault(400, 'AccessControlListNotSupported', 'The bucket does not allow ACLs')

export const aclWithOwnership = (ownership: string): Fault =>
  fault(
    400,
    'InvalidBucketAclWithObjectOwnership',
    `Bucket cannot have ACLs set with ObjectOwnership's ${ownership} setting`,
  )

/** Source: recorded AWS answers. */
export const missingAclHeader = (): Fault =>
  fault(400, 'MissingSecurityHeader', 'Your request was missing a required header', {
    MissingHeaderName: 'x-amz-acl',
  })

export const unexpectedContent = (): Fault =>
  fault(400, 'UnexpectedContent', 'This request does not support content')

export const malformedAcl = (): Fault =>
  fault(
    400,
    'MalformedACLError',
    'The XML you provided was not well-formed or did not validate against our published schema',
  )

/** A configuration of the bucket that was never put: each has a code and a text of its own. Source: recorded AWS answers. */
const ABSENT = {
  cors: ['NoSuchCORSConfiguration', 'The CORS configuration does not exist'],
  lifecycle: ['NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'],
  objectLock: [
    'ObjectLockConfigurationNotFoundError',
    'Object Lock configuration does not exist for this bucket',
  ],
  ownership: ['OwnershipControlsNotFoundError', 'The bucket ownership controls were not found'],
  policy: ['NoSuchBucketPolicy', 'The bucket policy does not exist'],
  publicAccessBlock: [
    'NoSuchPublicAccessBlockConfiguration',
    'The public access block configuration was not found',
  ],
  replication: ['ReplicationConfigurationNotFoundError', 'The replication configuration was not found'],
  tagging: ['NoSuchTagSet', 'The TagSet does not exist'],
  website: ['NoSuchWebsiteConfiguration', 'The specified bucket does not have a website configuration'],
} as const satisfies Record<string, readonly [code: string, message: string]>

export const absentConfiguration = (what: keyof typeof ABSENT, bucket: string): Fault =>
  fault(404, ABSENT[what][0], ABSENT[what][1], { BucketName: bucket })
