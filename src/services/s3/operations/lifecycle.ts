/** The lifecycle configuration of a bucket. What it does is `lifecycle.ts` and `lifecycle-sweep.ts`. */
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import { absentConfiguration } from '#services/s3/faults.ts'
import { lifecycleOf } from '#services/s3/lifecycle-rules.ts'
import { bucketFor, changeBucket } from '#services/s3/operations/buckets.ts'
import type { S3State } from '#services/s3/state.ts'

export const putBucketLifecycleConfiguration: Operation<
  S3['PutBucketLifecycleConfiguration'],
  S3State
> = async (input, state) => {
  const lifecycle = lifecycleOf(input, state.random)
  await changeBucket(state, input, (bucket) => ({ ...bucket, lifecycle }))
  state.lifecycle.watch()
  return { TransitionDefaultMinimumObjectSize: lifecycle.minimumSize }
}

export const getBucketLifecycleConfiguration: Operation<
  S3['GetBucketLifecycleConfiguration'],
  S3State
> = async (input, state) => {
  const bucket = await bucketFor(state, input)
  if (bucket.lifecycle === undefined) throw absentConfiguration('lifecycle', bucket.name)
  const { rules, minimumSize } = bucket.lifecycle
  return { Rules: rules, TransitionDefaultMinimumObjectSize: minimumSize }
}

export const deleteBucketLifecycle: Operation<S3['DeleteBucketLifecycle'], S3State> = async (
  input,
  state,
) => {
  await changeBucket(state, input, (bucket) => ({ ...bucket, lifecycle: undefined }))
  return {}
}
