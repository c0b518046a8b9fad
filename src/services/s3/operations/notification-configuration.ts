/** The notification configuration of a bucket: put whole, given back whole. What it does is `deliveries.ts`. */
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import { checkDestinations } from '#services/s3/destinations.ts'
import { notificationsOf, printedNotifications } from '#services/s3/notifications.ts'
import { bucketFor, changeBucket } from '#services/s3/operations/buckets.ts'
import type { S3State } from '#services/s3/state.ts'

/** An empty configuration switches all off. Source: S3 API, PutBucketNotificationConfiguration. */
export const putBucketNotificationConfiguration: Operation<
  S3['PutBucketNotificationConfiguration'],
  S3State
> = async (input, state, call) => {
  const bucket = await bucketFor(state, input)
  const wanted = notificationsOf(input.NotificationConfiguration, bucket.region, state.random)
  if (input.SkipDestinationValidation !== true) await checkDestinations(state, bucket, wanted.rules, call)
  const isEmpty = wanted.rules.length === 0 && !wanted.eventBridge
  await changeBucket(state, input, (old) => ({ ...old, notifications: isEmpty ? undefined : wanted }))
  return {}
}

export const getBucketNotificationConfiguration: Operation<
  S3['GetBucketNotificationConfiguration'],
  S3State
> = async (input, state) => {
  const { notifications } = await bucketFor(state, input)
  return notifications === undefined ? {} : printedNotifications(notifications)
}
