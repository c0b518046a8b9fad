/** S3's operations whose action has another name, and the ARN of what a request is about. Pure. Source: Service authorization reference, Amazon S3. */
import { stringAt, valueAt } from '#base/json.ts'

export const S3_ACTIONS: Readonly<Record<string, string | readonly string[]>> = {
  CompleteMultipartUpload: 'PutObject',
  CopyObject: 'PutObject',
  CreateMultipartUpload: 'PutObject',
  DeleteBucketCors: 'PutBucketCORS',
  DeleteBucketEncryption: 'PutEncryptionConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  DeleteBucketOwnershipControls: 'PutBucketOwnershipControls',
  DeleteBucketReplication: 'PutReplicationConfiguration',
  DeleteBucketTagging: 'PutBucketTagging',
  DeleteObjects: 'DeleteObject',
  DeletePublicAccessBlock: 'PutBucketPublicAccessBlock',
  GetBucketAccelerateConfiguration: 'GetAccelerateConfiguration',
  GetBucketCors: 'GetBucketCORS',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  GetBucketNotificationConfiguration: 'GetBucketNotification',
  GetBucketReplication: 'GetReplicationConfiguration',
  GetObjectAttributes: ['GetObject', 'GetObjectAttributes'],
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  HeadBucket: 'ListBucket',
  HeadObject: 'GetObject',
  ListBuckets: 'ListAllMyBuckets',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  ListObjectVersions: 'ListBucketVersions',
  ListObjects: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListParts: 'ListMultipartUploadParts',
  PostObject: 'PutObject',
  PutBucketAccelerateConfiguration: 'PutAccelerateConfiguration',
  PutBucketCors: 'PutBucketCORS',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  PutBucketNotificationConfiguration: 'PutBucketNotification',
  PutBucketReplication: 'PutReplicationConfiguration',
  PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  UploadPart: 'PutObject',
  UploadPartCopy: 'PutObject',
}

/** The object or objects, else the bucket, else a star. */
export function s3Resources(input: unknown): readonly string[] {
  const bucket = stringAt(input, 'Bucket')
  if (bucket === undefined) return ['*']
  const object = (key: string): string => `arn:aws:s3:::${bucket}/${key}`
  const key = stringAt(input, 'Key')
  if (key !== undefined) return [object(key)]
  const listed = valueAt(valueAt(input, 'Delete'), 'Objects')
  if (!Array.isArray(listed)) return [`arn:aws:s3:::${bucket}`]
  return listed.map((one) => object(stringAt(one, 'Key') ?? ''))
}
