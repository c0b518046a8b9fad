/** Versioning of a bucket: once on, it is on or suspended, never off again. */
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import { versioningIsLocked } from '#services/s3/archive-faults.ts'
import { headerNotImplemented, malformedXml } from '#services/s3/faults.ts'
import { bucketFor, changeBucket } from '#services/s3/operations/buckets.ts'
import type { S3State } from '#services/s3/state.ts'

const STATUSES = ['Enabled', 'Suspended'] as const

/** Source: S3 API, PutBucketVersioning. MFA delete needs a device of a user and is not done. */
export const putBucketVersioning: Operation<S3['PutBucketVersioning'], S3State> = async (input, state) => {
  const { Status: asked, MFADelete: mfaDelete } = input.VersioningConfiguration
  if (mfaDelete === 'Enabled') throw headerNotImplemented('x-amz-mfa', 'MFA delete is not available here')
  const status = STATUSES.find((one) => one === asked)
  if (status === undefined) throw malformedXml()
  await changeBucket(state, input, (bucket) => {
    if (bucket.objectLock !== undefined && status !== 'Enabled') throw versioningIsLocked()
    return { ...bucket, versioning: status }
  })
  return {}
}

export const getBucketVersioning: Operation<S3['GetBucketVersioning'], S3State> = async (input, state) => {
  const bucket = await bucketFor(state, input)
  return { Status: bucket.versioning }
}
