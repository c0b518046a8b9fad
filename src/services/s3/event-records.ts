/**
 * Events as S3 writes them: records for queues, topics and functions, one entry for EventBridge, and the test event.
 * Pure. Source: S3 user guide, Event message structure and EventBridge event message structure; recorded AWS answers.
 */
import { type Instant, isoMs, isoSeconds } from '#base/time.ts'
import { canonicalUserId } from '#services/s3/acl.ts'
import { bucketArn } from '#services/s3/names.ts'
import { encodedKey } from '#services/s3/notifications.ts'

/** Without `s3:`, as records name it. */
export type EventName =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Post'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload'
  | 'ObjectRemoved:Delete'
  | 'ObjectRemoved:DeleteMarkerCreated'
  | 'ObjectTagging:Put'
  | 'ObjectTagging:Delete'
  | 'ObjectAcl:Put'
  | 'LifecycleExpiration:Delete'
  | 'LifecycleExpiration:DeleteMarkerCreated'
  | 'LifecycleTransition'
  | 'ObjectRestore:Post'
  | 'ObjectRestore:Completed'

/** What happened to which object. */
export interface Happening {
  readonly name: EventName
  readonly key: string
  /** Absent in a bucket that was never versioned. */
  readonly versionId?: string | undefined
  /** Of created objects, and of those whose tags or grants changed. */
  readonly etag?: string | undefined
  /** Of created objects. */
  readonly sizeBytes?: number | undefined
  /** Where a lifecycle rule has moved it. */
  readonly storageClass?: string | undefined
  /** Of an archived object: where it is, and until when its copy stays. */
  readonly restore?: { readonly storageClass: string; readonly expiresAt?: Instant } | undefined
  /** When it happens, if that is not now: it is told then. */
  readonly at?: Instant | undefined
}

/** Where and when, and who asked. */
export interface Circumstances {
  readonly bucket: string
  readonly owner: string
  readonly region: string
  readonly at: Instant
  /** An account, or the service itself where a lifecycle rule acts. */
  readonly requester: string
  readonly requestId: string
  /** Grows with every event: `S3State.nextOrder`. */
  readonly order: number
}

/** Every listener is on this machine's loopback. */
const SOURCE_IP = '127.0.0.1'

/** The second id of S3's answers: as the wire makes it from the first. */
const hostId = (requestId: string): string => btoa(`${requestId}${requestId}`).slice(0, 76)

/** Hexadecimal, of one length, so that it compares as text. */
const sequencer = (order: number): string => order.toString(16).toUpperCase().padStart(18, '0')

/** The principal on whose behalf S3 acts. Source: S3 user guide, Granting permissions to publish event notifications. */
export const PRINCIPAL = 's3.amazonaws.com'

/** Source: recorded AWS answers; who expires objects is inferred. */
function principal(name: EventName, so: Circumstances): { readonly principalId: string } {
  if (so.requester !== PRINCIPAL) return { principalId: `AWS:${so.requester}` }
  if (!isRestore(name)) return { principalId: PRINCIPAL }
  return { principalId: `AmazonCustomer:${ownerIdentity(so.owner).principalId}` }
}

/** What a rule does has no caller (the record's value is inferred; EventBridge's has none). */
const addressOf = (requester: string): string => (requester === PRINCIPAL ? PRINCIPAL : SOURCE_IP)

/** An opaque id of the owner, upper-case as AWS's. */
const ownerIdentity = (account: string): { readonly principalId: string } => ({
  principalId: `A${canonicalUserId(account).slice(0, 13).toUpperCase()}`,
})

/** Changes of tags and grants are told without size and sequencer. Source: recorded AWS answers. */
const isChange = (name: EventName): boolean => /^Object(?:Tagging|Acl):/.test(name)

const isRestore = (name: EventName): boolean => name.startsWith('ObjectRestore:')

/** Those and what lifecycle rules do are told in a later version. Source: S3 user guide, Event message structure. */
const versionOf = (name: EventName): string =>
  isChange(name) || name.startsWith('Lifecycle') ? '2.3' : '2.1'

/** ETag of nothing: what a delete marker is. Source: EventBridge event message structure, Object Deleted. */
const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e'

const etagOf = ({ name, etag }: Happening): string | undefined =>
  name.endsWith('DeleteMarkerCreated') ? EMPTY_MD5 : etag

/** The message for a queue, topic or function. */
export function recordsMessage(happening: Happening, so: Circumstances, configurationId: string): string {
  const { name, key, versionId, sizeBytes, storageClass, restore } = happening
  return JSON.stringify({
    Records: [
      {
        eventVersion: versionOf(name),
        eventSource: 'aws:s3',
        awsRegion: so.region,
        eventTime: isoMs(so.at),
        eventName: name,
        userIdentity: principal(name, so),
        requestParameters: { sourceIPAddress: addressOf(so.requester) },
        responseElements: { 'x-amz-request-id': so.requestId, 'x-amz-id-2': hostId(so.requestId) },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId,
          bucket: {
            name: so.bucket,
            ownerIdentity: ownerIdentity(so.owner),
            arn: bucketArn(so.bucket, so.region),
          },
          object: {
            key: encodedKey(key),
            size: sizeBytes,
            eTag: etagOf(happening),
            versionId,
            sequencer: isChange(name) ? undefined : sequencer(so.order),
          },
        },
        glacierEventData:
          restore?.expiresAt === undefined
            ? undefined
            : {
                restoreEventData: {
                  lifecycleRestorationExpiryTime: isoMs(restore.expiresAt),
                  lifecycleRestoreStorageClass: restore.storageClass,
                },
              },
        lifecycleEventData:
          storageClass === undefined
            ? undefined
            : { transitionEventData: { destinationStorageClass: storageClass } },
      },
    ],
  })
}

const DETAIL_TYPES: Readonly<Record<EventName, string>> = {
  'ObjectCreated:Put': 'Object Created',
  'ObjectCreated:Post': 'Object Created',
  'ObjectCreated:Copy': 'Object Created',
  'ObjectCreated:CompleteMultipartUpload': 'Object Created',
  'ObjectRemoved:Delete': 'Object Deleted',
  'ObjectRemoved:DeleteMarkerCreated': 'Object Deleted',
  'ObjectTagging:Put': 'Object Tags Added',
  'ObjectTagging:Delete': 'Object Tags Deleted',
  'ObjectAcl:Put': 'Object ACL Updated',
  'LifecycleExpiration:Delete': 'Object Deleted',
  'LifecycleExpiration:DeleteMarkerCreated': 'Object Deleted',
  LifecycleTransition: 'Object Storage Class Changed',
  'ObjectRestore:Post': 'Object Restore Initiated',
  'ObjectRestore:Completed': 'Object Restore Completed',
}

const REASONS: Readonly<Record<EventName, string | undefined>> = {
  'ObjectCreated:Put': 'PutObject',
  'ObjectCreated:Post': 'POST Object',
  'ObjectCreated:Copy': 'CopyObject',
  'ObjectCreated:CompleteMultipartUpload': 'CompleteMultipartUpload',
  'ObjectRemoved:Delete': 'DeleteObject',
  'ObjectRemoved:DeleteMarkerCreated': 'DeleteObject',
  'ObjectTagging:Put': undefined,
  'ObjectTagging:Delete': undefined,
  'ObjectAcl:Put': undefined,
  'LifecycleExpiration:Delete': 'Lifecycle Expiration',
  'LifecycleExpiration:DeleteMarkerCreated': 'Lifecycle Expiration',
  LifecycleTransition: undefined,
  'ObjectRestore:Post': undefined,
  'ObjectRestore:Completed': undefined,
}

const deletionOf = (name: EventName): string | undefined => {
  if (/^(?:ObjectRemoved|LifecycleExpiration):Delete$/.test(name)) return 'Permanently Deleted'
  return name.endsWith('DeleteMarkerCreated') ? 'Delete Marker Created' : undefined
}

/** One entry of PutEvents, for the default bus. */
export function eventBridgeEntry(happening: Happening, so: Circumstances): string {
  const { name, key, versionId, sizeBytes, storageClass, restore } = happening
  const detail = {
    version: '0',
    bucket: { name: so.bucket },
    object: {
      key,
      size: sizeBytes,
      etag: etagOf(happening),
      'version-id': versionId,
      sequencer: isChange(name) || isRestore(name) ? undefined : sequencer(so.order),
    },
    'request-id': so.requestId,
    requester: so.requester,
    'source-ip-address': so.requester === PRINCIPAL ? undefined : SOURCE_IP,
    reason: REASONS[name],
    'deletion-type': deletionOf(name),
    'destination-storage-class': storageClass,
    'source-storage-class': restore?.storageClass,
    'restore-expiry-time': restore?.expiresAt === undefined ? undefined : isoSeconds(restore.expiresAt),
  }
  return JSON.stringify({
    Source: 'aws.s3',
    DetailType: DETAIL_TYPES[name],
    Detail: JSON.stringify(detail),
    Resources: [bucketArn(so.bucket, so.region)],
    Time: Math.floor(so.at / 1_000),
  })
}

/** What queues and topics get when they become a destination. */
export const testEvent = (bucket: string, at: Instant, requestId: string): string =>
  JSON.stringify({
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: isoMs(at),
    Bucket: bucket,
    RequestId: requestId,
    HostId: hostId(requestId),
  })
