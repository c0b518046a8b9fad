/** What S3 answers about Object Lock and about archived objects. Texts and members are AWS's: recorded answers, where nothing else is said. */
import type { Fault } from '#base/fault.ts'
import { fault } from '#services/s3/faults.ts'

export const objectLocked = (): Fault =>
  fault(403, 'AccessDenied', 'Access Denied because object protected by object lock.')

export const bucketNotLocked = (): Fault =>
  fault(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration')

export const noObjectLock = (): Fault =>
  fault(404, 'NoSuchObjectLockConfiguration', 'The specified object does not have a ObjectLock configuration')

export const lockPairIncomplete = (missing: string): Fault =>
  fault(
    400,
    'InvalidArgument',
    'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    { ArgumentName: missing },
  )

export const bypassNotApplicable = (): Fault =>
  fault(
    400,
    'InvalidArgument',
    'x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.',
    { ArgumentName: 'x-amz-bypass-governance-retention' },
  )

export const versioningNotEnabled = (): Fault =>
  fault(
    409,
    'InvalidBucketState',
    "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
  )

export const versioningIsLocked = (): Fault =>
  fault(
    409,
    'InvalidBucketState',
    'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
  )

/** Source: S3 error responses. */
export const restoreInProgress = (): Fault =>
  fault(409, 'RestoreAlreadyInProgress', 'Object restore is already in progress')

/** Source: S3 error responses, InvalidObjectState; the text is AWS's as users of other tools quote it. */
export const restoreNotAllowed = (storageClass: string): Fault =>
  fault(403, 'InvalidObjectState', "Restore is not allowed for the object's current storage class", {
    StorageClass: storageClass,
  })
