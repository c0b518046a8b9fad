/**
 * Events as S3 writes them: records for queues, topics and functions, one entry for EventBridge, and the test event.
 * Pure. Source: S3 user guide, Event message structure and EventBridge event message structure; recorded AWS answers.
 */
import { type Instant, isoMs } from '#base/time.ts'
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
}

/** Where and when, and who asked. */
export interface Circumstances {
  readonly bucket: string
  readonly owner: string
  readonly region: string
  readonly at: Instant
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

const principal = (account: string): { readonly principalId: string } => ({ principalId: `AWS:${account}` })

/** An opaque id of the owner, upper-case as AWS's. */
const ownerIdentity = (account: string): { readonly principalId: string } => ({
  principalId: `A${canonicalUserId(account).slice(0, 13).toUpperCase()}`,
})

/** Changes of tags and grants are told in a later version, without size and sequencer. Source: recorded AWS answers. */
const isChange = (name: EventName): boolean => /^Object(?:Tagging|Acl):/.test(name)

/** ETag of nothing: what a delete marker is. Source: EventBridge event message structure, Object Deleted. */
const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e'

const etagOf = ({ name, etag }: Happening): string | undefined =>
  name === 'ObjectRemoved:DeleteMarkerCreated' ? EMPTY_MD5 : etag

/** The message for a queue, topic or function. */
export function recordsMessage(happening: Happening, so: Circumstances, configurationId: string): string {
  const { name, key, versionId, sizeBytes } = happening
  return JSON.stringify({
    Records: [
      {
        eventVersion: isChange(name) ? '2.3' : '2.1',
        eventSource: 'aws:s3',
        awsRegion: so.region,
        eventTime: isoMs(so.at),
        eventName: name,
        userIdentity: principal(so.requester),
        requestParameters: { sourceIPAddress: SOURCE_IP },
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
}

const deletionOf = (name: EventName): string | undefined => {
  if (name === 'ObjectRemoved:Delete') return 'Permanently Deleted'
  return name === 'ObjectRemoved:DeleteMarkerCreated' ? 'Delete Marker Created' : undefined
}

/** One entry of PutEvents, for the default bus. */
export function eventBridgeEntry(happening: Happening, so: Circumstances): string {
  const { name, key, versionId, sizeBytes } = happening
  const detail = {
    version: '0',
    bucket: { name: so.bucket },
    object: {
      key,
      size: sizeBytes,
      etag: etagOf(happening),
      'version-id': versionId,
      sequencer: isChange(name) ? undefined : sequencer(so.order),
    },
    'request-id': so.requestId,
    requester: so.requester,
    'source-ip-address': SOURCE_IP,
    reason: REASONS[name],
    'deletion-type': deletionOf(name),
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
