/**
 * S3's public surface: its operations, what it gives up, its state, the answer to cross-origin questions (OPTIONS is in
 * no model) and the sweep of bodies at start. Each operation says here how its requests are billed.
 */
import type { S3 } from '#model/s3.ts'
import type { Service } from '#ports/service.ts'
import { get, put } from '#services/s3/metering.ts'
import { getBucketAcl, getObjectAcl, putBucketAcl, putObjectAcl } from '#services/s3/operations/acls.ts'
import {
  deleteBucketCors,
  deleteBucketEncryption,
  deleteBucketOwnershipControls,
  deleteBucketPolicy,
  deleteBucketTagging,
  deletePublicAccessBlock,
  getBucketCors,
  getBucketEncryption,
  getBucketOwnershipControls,
  getBucketPolicy,
  getBucketPolicyStatus,
  getBucketTagging,
  getPublicAccessBlock,
  putBucketCors,
  putBucketEncryption,
  putBucketOwnershipControls,
  putBucketPolicy,
  putBucketTagging,
  putPublicAccessBlock,
} from '#services/s3/operations/bucket-settings.ts'
import {
  deleteBucketReplication,
  deleteBucketWebsite,
  getBucketAccelerateConfiguration,
  getBucketLogging,
  getBucketReplication,
  getBucketRequestPayment,
  getBucketWebsite,
} from '#services/s3/operations/bucket-unset.ts'
import { getBucketVersioning, putBucketVersioning } from '#services/s3/operations/bucket-versioning.ts'
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  headBucket,
  listBuckets,
} from '#services/s3/operations/buckets.ts'
import { copyObject } from '#services/s3/operations/copy-object.ts'
import { deleteObject, deleteObjects } from '#services/s3/operations/delete-objects.ts'
import { getObjectAttributes } from '#services/s3/operations/get-object-attributes.ts'
import { getObject, headObject } from '#services/s3/operations/get-object.ts'
import {
  deleteBucketLifecycle,
  getBucketLifecycleConfiguration,
  putBucketLifecycleConfiguration,
} from '#services/s3/operations/lifecycle.ts'
import { listObjectVersions, listObjects, listObjectsV2 } from '#services/s3/operations/list-objects.ts'
import { listMultipartUploads, listParts } from '#services/s3/operations/list-uploads.ts'
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
} from '#services/s3/operations/multipart-upload.ts'
import {
  deleteObjectTagging,
  getObjectTagging,
  putObjectTagging,
} from '#services/s3/operations/object-tagging.ts'
import {
  getBucketNotificationConfiguration,
  putBucketNotificationConfiguration,
} from '#services/s3/operations/notification-configuration.ts'
import {
  getObjectLegalHold,
  getObjectLockConfiguration,
  getObjectRetention,
  putObjectLegalHold,
  putObjectLockConfiguration,
  putObjectRetention,
} from '#services/s3/operations/object-lock.ts'
import { putObject } from '#services/s3/operations/put-object.ts'
import { restoreObject } from '#services/s3/operations/restore-object.ts'
import { uploadPart, uploadPartCopy } from '#services/s3/operations/upload-part.ts'
import type { S3State } from '#services/s3/state.ts'

export { corsAnswer } from '#services/s3/cors-answer.ts'
export { createS3, type S3Ports, type S3State } from '#services/s3/state.ts'
export { bucketOfPost, postObject } from '#services/s3/post-object.ts'
export { startS3, sweepS3 } from '#services/s3/sweep.ts'

/** Receivers are there: events go on their way, and lifecycle rules act. */
export function readyS3(state: S3State): void {
  state.events.begin()
  state.lifecycle.begin()
}

/** For the platform's reset: events under way are forgotten; the files are emptied by the platform. */
export function resetS3(state: S3State): void {
  state.events.forget()
  state.lifecycle.forget()
}

/** Hands over nothing more; what is left goes on at the next start. */
export async function stopS3(state: S3State): Promise<void> {
  await state.lifecycle.stop()
  await state.events.stop()
}

const notYet = [
  'CreateBucketMetadataConfiguration',
  'CreateBucketMetadataTableConfiguration',
  'CreateSession',
  'DeleteBucketAnalyticsConfiguration',
  'DeleteBucketIntelligentTieringConfiguration',
  'DeleteBucketInventoryConfiguration',
  'DeleteBucketMetadataConfiguration',
  'DeleteBucketMetadataTableConfiguration',
  'DeleteBucketMetricsConfiguration',
  'DeleteObjectAnnotation',
  'GetBucketAbac',
  'GetBucketAnalyticsConfiguration',
  'GetBucketIntelligentTieringConfiguration',
  'GetBucketInventoryConfiguration',
  'GetBucketLifecycle',
  'GetBucketMetadataConfiguration',
  'GetBucketMetadataTableConfiguration',
  'GetBucketMetricsConfiguration',
  'GetBucketNotification',
  'GetObjectAnnotation',
  'GetObjectTorrent',
  'ListBucketAnalyticsConfigurations',
  'ListBucketIntelligentTieringConfigurations',
  'ListBucketInventoryConfigurations',
  'ListBucketMetricsConfigurations',
  'ListDirectoryBuckets',
  'ListObjectAnnotations',
  'PutBucketAbac',
  'PutBucketAccelerateConfiguration',
  'PutBucketAnalyticsConfiguration',
  'PutBucketIntelligentTieringConfiguration',
  'PutBucketInventoryConfiguration',
  'PutBucketLifecycle',
  'PutBucketLogging',
  'PutBucketMetricsConfiguration',
  'PutBucketNotification',
  'PutBucketReplication',
  'PutBucketRequestPayment',
  'PutBucketWebsite',
  'PutObjectAnnotation',
  'RenameObject',
  'SelectObjectContent',
  'UpdateBucketMetadataAnnotationTableConfiguration',
  'UpdateBucketMetadataInventoryTableConfiguration',
  'UpdateBucketMetadataJournalTableConfiguration',
  'UpdateObjectEncryption',
  'WriteGetObjectResponse',
] as const satisfies readonly (keyof S3)[]

type NotYet = (typeof notYet)[number]

export const s3: Service<S3, S3State, NotYet> = {
  name: 's3',
  operations: {
    AbortMultipartUpload: abortMultipartUpload,
    CompleteMultipartUpload: put(completeMultipartUpload),
    CopyObject: put(copyObject),
    CreateBucket: put(createBucket),
    CreateMultipartUpload: put(createMultipartUpload),
    DeleteBucket: deleteBucket,
    DeleteBucketCors: deleteBucketCors,
    DeleteBucketEncryption: deleteBucketEncryption,
    DeleteBucketLifecycle: deleteBucketLifecycle,
    DeleteBucketOwnershipControls: deleteBucketOwnershipControls,
    DeleteBucketPolicy: deleteBucketPolicy,
    DeleteBucketReplication: deleteBucketReplication,
    DeleteBucketTagging: deleteBucketTagging,
    DeleteBucketWebsite: deleteBucketWebsite,
    DeleteObject: deleteObject,
    DeleteObjectTagging: deleteObjectTagging,
    DeleteObjects: deleteObjects,
    DeletePublicAccessBlock: deletePublicAccessBlock,
    GetBucketAccelerateConfiguration: get(getBucketAccelerateConfiguration),
    GetBucketAcl: get(getBucketAcl),
    GetBucketCors: get(getBucketCors),
    GetBucketEncryption: get(getBucketEncryption),
    GetBucketLifecycleConfiguration: get(getBucketLifecycleConfiguration),
    GetBucketLocation: get(getBucketLocation),
    GetBucketLogging: get(getBucketLogging),
    GetBucketNotificationConfiguration: get(getBucketNotificationConfiguration),
    GetBucketOwnershipControls: get(getBucketOwnershipControls),
    GetBucketPolicy: get(getBucketPolicy),
    GetBucketPolicyStatus: get(getBucketPolicyStatus),
    GetBucketReplication: get(getBucketReplication),
    GetBucketRequestPayment: get(getBucketRequestPayment),
    GetBucketTagging: get(getBucketTagging),
    GetBucketVersioning: get(getBucketVersioning),
    GetBucketWebsite: get(getBucketWebsite),
    GetObject: get(getObject),
    GetObjectAcl: get(getObjectAcl),
    GetObjectAttributes: get(getObjectAttributes),
    GetObjectLegalHold: get(getObjectLegalHold),
    GetObjectLockConfiguration: get(getObjectLockConfiguration),
    GetObjectRetention: get(getObjectRetention),
    GetObjectTagging: get(getObjectTagging),
    GetPublicAccessBlock: get(getPublicAccessBlock),
    HeadBucket: get(headBucket),
    HeadObject: get(headObject),
    ListBuckets: put(listBuckets),
    ListMultipartUploads: put(listMultipartUploads),
    ListObjectVersions: put(listObjectVersions),
    ListObjects: put(listObjects),
    ListObjectsV2: put(listObjectsV2),
    ListParts: put(listParts),
    PutBucketAcl: put(putBucketAcl),
    PutBucketCors: put(putBucketCors),
    PutBucketEncryption: put(putBucketEncryption),
    PutBucketLifecycleConfiguration: put(putBucketLifecycleConfiguration),
    PutBucketNotificationConfiguration: put(putBucketNotificationConfiguration),
    PutBucketOwnershipControls: put(putBucketOwnershipControls),
    PutBucketPolicy: put(putBucketPolicy),
    PutBucketTagging: put(putBucketTagging),
    PutBucketVersioning: put(putBucketVersioning),
    PutObject: put(putObject),
    PutObjectAcl: put(putObjectAcl),
    PutObjectLegalHold: put(putObjectLegalHold),
    PutObjectLockConfiguration: put(putObjectLockConfiguration),
    PutObjectRetention: put(putObjectRetention),
    PutObjectTagging: put(putObjectTagging),
    PutPublicAccessBlock: put(putPublicAccessBlock),
    RestoreObject: put(restoreObject),
    UploadPart: put(uploadPart),
    UploadPartCopy: put(uploadPartCopy),
  },
  notYet,
}
