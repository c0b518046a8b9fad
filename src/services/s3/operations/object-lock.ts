/** Object Lock: of a bucket, and retention and legal hold of a version. What they forbid is refused where versions go (`delete-objects.ts`, `lifecycle`). */
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import { bucketNotLocked, noObjectLock, versioningNotEnabled } from '#services/s3/archive-faults.ts'
import { absentConfiguration, malformedXml } from '#services/s3/faults.ts'
import {
  bucketLockOf,
  bypassOf,
  changedRetention,
  legalHoldOf,
  printedLock,
} from '#services/s3/object-lock.ts'
import { bucketFor, changeBucket } from '#services/s3/operations/buckets.ts'
import { changeObject } from '#services/s3/operations/change-object.ts'
import { findObject } from '#services/s3/read.ts'
import type { BucketRecord } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'

/** Also on buckets that have objects: those stay as they are. Source: S3 user guide, Configuring Object Lock; recorded AWS answers. */
export const putObjectLockConfiguration: Operation<S3['PutObjectLockConfiguration'], S3State> = async (
  input,
  state,
) => {
  const objectLock = bucketLockOf(input.ObjectLockConfiguration)
  await changeBucket(state, input, (bucket) => {
    if (bucket.versioning !== 'Enabled') throw versioningNotEnabled()
    return { ...bucket, objectLock }
  })
  return {}
}

export const getObjectLockConfiguration: Operation<S3['GetObjectLockConfiguration'], S3State> = async (
  input,
  state,
) => {
  const bucket = await bucketFor(state, input)
  if (bucket.objectLock === undefined) throw absentConfiguration('objectLock', bucket.name)
  return { ObjectLockConfiguration: printedLock(bucket.objectLock) }
}

function holdBucketLocks(bucket: BucketRecord): void {
  if (bucket.objectLock === undefined) throw bucketNotLocked()
}

export const putObjectRetention: Operation<S3['PutObjectRetention'], S3State> = async (
  input,
  state,
  call,
) => {
  if (input.Retention === undefined) throw malformedXml()
  const asked = input.Retention
  await changeObject(
    state,
    input,
    (old, bucket) => {
      holdBucketLocks(bucket)
      const bypass = bypassOf(input.BypassGovernanceRetention, bucket.objectLock)
      return {
        ...old,
        retention: changedRetention(old.retention, asked, { now: state.clock.now(), bypass }),
      }
    },
    { call },
  )
  return {}
}

export const getObjectRetention: Operation<S3['GetObjectRetention'], S3State> = async (input, state) => {
  holdBucketLocks(await bucketFor(state, input))
  const { record } = await findObject(state, input, 'GET')
  if (record.retention === undefined) throw noObjectLock()
  return { Retention: { Mode: record.retention.mode, RetainUntilDate: record.retention.until } }
}

export const putObjectLegalHold: Operation<S3['PutObjectLegalHold'], S3State> = async (
  input,
  state,
  call,
) => {
  await changeObject(
    state,
    input,
    (old, bucket) => {
      holdBucketLocks(bucket)
      return { ...old, legalHold: legalHoldOf(input.LegalHold) }
    },
    { call },
  )
  return {}
}

export const getObjectLegalHold: Operation<S3['GetObjectLegalHold'], S3State> = async (input, state) => {
  holdBucketLocks(await bucketFor(state, input))
  const { record } = await findObject(state, input, 'GET')
  if (record.legalHold === undefined) throw noObjectLock()
  return { LegalHold: { Status: record.legalHold } }
}
