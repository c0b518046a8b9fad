/**
 * Reads of configuration that nobody can set here yet (its Put is in `notYet`): they tell the truth about such a
 * bucket, in AWS's words. CDK, Terraform and the console ask for all of it. Deleting what is not there succeeds.
 */
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import { absentConfiguration } from '#services/s3/faults.ts'
import { bucketFor } from '#services/s3/operations/buckets.ts'
import type { S3State } from '#services/s3/state.ts'

export const getBucketAccelerateConfiguration: Operation<
  S3['GetBucketAccelerateConfiguration'],
  S3State
> = async (input, state) => {
  await bucketFor(state, input)
  return {}
}

export const getBucketLogging: Operation<S3['GetBucketLogging'], S3State> = async (input, state) => {
  await bucketFor(state, input)
  return {}
}

export const getBucketRequestPayment: Operation<S3['GetBucketRequestPayment'], S3State> = async (
  input,
  state,
) => {
  await bucketFor(state, input)
  return { Payer: 'BucketOwner' }
}

export const getBucketReplication: Operation<S3['GetBucketReplication'], S3State> = async (input, state) => {
  const bucket = await bucketFor(state, input)
  throw absentConfiguration('replication', bucket.name)
}

export const getBucketWebsite: Operation<S3['GetBucketWebsite'], S3State> = async (input, state) => {
  const bucket = await bucketFor(state, input)
  throw absentConfiguration('website', bucket.name)
}

/** Source: recorded AWS answers (204 for a bucket without the configuration). */
export const deleteBucketReplication: Operation<S3['DeleteBucketReplication'], S3State> = async (
  input,
  state,
) => {
  await bucketFor(state, input)
  return {}
}

export const deleteBucketWebsite: Operation<S3['DeleteBucketWebsite'], S3State> = async (input, state) => {
  await bucketFor(state, input)
  return {}
}
