/** What is told of an object's changes, to whom, and when; over a store in memory and destinations that remember. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { later } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { Api } from '#ports/api.ts'
import type { Stores } from '#ports/store.ts'
import type { Delivery, DeliveryOutcome } from '#ports/targets.ts'
import { bodyOf, fakeCall, faultOf, type FakeS3, fakeS3 } from '#services/s3/fake-ports.ts'
import { readyS3, s3, startS3 } from '#services/s3/index.ts'

const { operations: op } = s3
const call = fakeCall()
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:q'
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:t'
const BUS = 'arn:aws:events:us-east-1:000000000000:event-bus/default'

interface World extends FakeS3 {
  readonly delivered: Delivery[]
  readonly outcomes: DeliveryOutcome[]
}

function world(stores: Stores = memoryStores()): World {
  const delivered: Delivery[] = []
  const outcomes: DeliveryOutcome[] = []
  const targets = {
    deliver: (delivery: Delivery): Promise<DeliveryOutcome> => {
      delivered.push(delivery)
      return Promise.resolve(outcomes.shift() ?? { kind: 'accepted' })
    },
  }
  return { ...fakeS3(stores, { targets }), delivered, outcomes }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

interface Event {
  readonly eventName: string
  readonly eventVersion: string
  readonly eventTime: string
  readonly responseElements: Record<string, string>
  readonly s3: { readonly configurationId: string; readonly object: Record<string, unknown> }
}

const eventsIn = (deliveries: readonly Delivery[]): Event[] =>
  deliveries.flatMap(({ payload }) => (JSON.parse(text(payload)) as { Records: Event[] }).Records)

const named = (deliveries: readonly Delivery[]): string[] =>
  eventsIn(deliveries).map(({ eventName, s3: { object } }) => `${eventName} ${String(object['key'])}`)

const ALL = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:ObjectTagging:*', 's3:ObjectAcl:Put'] as const

async function listening(w: World, more: Record<string, unknown> = {}): Promise<void> {
  await op.CreateBucket({ Bucket: 'bkt', ObjectOwnership: 'ObjectWriter' }, w.state, call)
  await op.PutBucketNotificationConfiguration(
    {
      Bucket: 'bkt',
      NotificationConfiguration: {
        QueueConfigurations: [{ Id: 'all', QueueArn: QUEUE, Events: ALL }],
        ...more,
      },
      SkipDestinationValidation: true,
    },
    w.state,
    call,
  )
}

const put = (w: World, key: string, body = 'hello'): Promise<unknown> =>
  Promise.resolve(op.PutObject({ Bucket: 'bkt', Key: key, Body: bodyOf(utf8(body)) }, w.state, call))

test('each change of an object is told once, in its own words', async () => {
  const w = world()
  await listening(w)
  await put(w, 'a b')
  await op.CopyObject({ Bucket: 'bkt', Key: 'copy', CopySource: 'bkt/a%20b' }, w.state, call)
  const { UploadId: id = '' } = await op.CreateMultipartUpload({ Bucket: 'bkt', Key: 'big' }, w.state, call)
  const part = await op.UploadPart(
    { Bucket: 'bkt', Key: 'big', UploadId: id, PartNumber: 1, Body: bodyOf(utf8('part')) },
    w.state,
    call,
  )
  const complete = {
    Bucket: 'bkt',
    Key: 'big',
    UploadId: id,
    MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag }] },
  }
  await op.CompleteMultipartUpload(complete, w.state, call)
  await op.CompleteMultipartUpload(complete, w.state, call)
  const tags = { TagSet: [{ Key: 'k', Value: 'v' }] }
  await op.PutObjectTagging({ Bucket: 'bkt', Key: 'copy', Tagging: tags }, w.state, call)
  await op.DeleteObjectTagging({ Bucket: 'bkt', Key: 'copy' }, w.state, call)
  await op.PutObjectAcl({ Bucket: 'bkt', Key: 'copy', ACL: 'public-read' }, w.state, call)
  await op.DeleteObject({ Bucket: 'bkt', Key: 'a b' }, w.state, call)
  await op.DeleteObject({ Bucket: 'bkt', Key: 'never there' }, w.state, call)
  await op.DeleteObjects(
    { Bucket: 'bkt', Delete: { Objects: [{ Key: 'copy' }, { Key: 'big' }] } },
    w.state,
    call,
  )
  await turns()
  assert.deepEqual(named(w.delivered), [
    'ObjectCreated:Put a+b',
    'ObjectCreated:Copy copy',
    'ObjectCreated:CompleteMultipartUpload big',
    'ObjectTagging:Put copy',
    'ObjectTagging:Delete copy',
    'ObjectAcl:Put copy',
    'ObjectRemoved:Delete a+b',
    'ObjectRemoved:Delete copy',
    'ObjectRemoved:Delete big',
  ])
  const [first, , , tagged, , , removed] = eventsIn(w.delivered)
  assert.equal(first?.eventVersion, '2.1')
  assert.equal(first?.s3.configurationId, 'all')
  assert.equal(first?.responseElements['x-amz-request-id'], call.requestId)
  const { sequencer, ...object } = first?.s3.object ?? {}
  assert.match(String(sequencer), /^[0-9A-F]{18}$/)
  assert.deepEqual(object, { key: 'a+b', size: 5, eTag: '5d41402abc4b2a76b9719d911017c592' })
  assert.equal(tagged?.eventVersion, '2.3')
  assert.deepEqual(Object.keys(tagged?.s3.object ?? {}), ['key', 'eTag'])
  assert.deepEqual(Object.keys(removed?.s3.object ?? {}), ['key', 'sequencer'])
  const [delivery] = w.delivered
  assert.deepEqual(
    [delivery?.arn, delivery?.mode, delivery?.principal, delivery?.sourceArn, delivery?.message],
    [QUEUE, 'hand-over', 's3.amazonaws.com', 'arn:aws:s3:::bkt', { subject: 'Amazon S3 Notification' }],
  )
})

test('sequencers of one key grow', async () => {
  const w = world()
  await listening(w)
  for (let i = 0; i < 20; i++) await put(w, 'k', String(i))
  await turns()
  const sequence = eventsIn(w.delivered).map((event) => String(event.s3.object['sequencer']))
  assert.equal(new Set(sequence).size, 20)
  assert.deepEqual(sequence, sequence.toSorted())
})

test('versioned buckets tell of versions and delete markers', async () => {
  const w = world()
  await listening(w)
  const on = { Bucket: 'bkt', VersioningConfiguration: { Status: 'Enabled' as const } }
  await op.PutBucketVersioning(on, w.state, call)
  await put(w, 'k')
  const marker = await op.DeleteObject({ Bucket: 'bkt', Key: 'k' }, w.state, call)
  await op.DeleteObject({ Bucket: 'bkt', Key: 'k', VersionId: marker.VersionId }, w.state, call)
  await turns()
  assert.deepEqual(named(w.delivered), [
    'ObjectCreated:Put k',
    'ObjectRemoved:DeleteMarkerCreated k',
    'ObjectRemoved:Delete k',
  ])
  const [made, gone] = eventsIn(w.delivered)
  assert.equal(typeof made?.s3.object['versionId'], 'string')
  assert.equal(gone?.s3.object['versionId'], marker.VersionId)
  assert.equal(gone?.s3.object['eTag'], 'd41d8cd98f00b204e9800998ecf8427e')
})

test('the default bus gets one entry of PutEvents, keys as they are', async () => {
  const w = world()
  await listening(w, { QueueConfigurations: [], EventBridgeConfiguration: {} })
  await put(w, 'a b@c')
  await op.DeleteObject({ Bucket: 'bkt', Key: 'a b@c' }, w.state, call)
  await turns()
  const [created, deleted] = w.delivered.map(({ arn, payload }) => {
    assert.equal(arn, BUS)
    const entry = JSON.parse(text(payload)) as Record<string, unknown>
    return {
      ...entry,
      Detail: JSON.parse(String(entry['Detail'])) as Record<string, Record<string, unknown>>,
    }
  })
  assert.partialDeepStrictEqual(created, {
    Source: 'aws.s3',
    DetailType: 'Object Created',
    Resources: ['arn:aws:s3:::bkt'],
    Time: 1_790_000_000,
    Detail: {
      version: '0',
      bucket: { name: 'bkt' },
      object: { key: 'a b@c', size: 5, etag: '5d41402abc4b2a76b9719d911017c592' },
      'request-id': call.requestId,
      requester: '000000000000',
      reason: 'PutObject',
    },
  })
  assert.equal(deleted?.Detail['deletion-type'], 'Permanently Deleted')
  assert.deepEqual(Object.keys(deleted?.Detail['object'] ?? {}), ['key', 'sequencer'])
})

test('an event that is not taken is offered again later, one whose destination is gone is dropped', async () => {
  const w = world()
  await listening(w)
  w.outcomes.push({ kind: 'throttled', message: 'slow down' })
  await put(w, 'k')
  await turns()
  assert.deepEqual([w.delivered.length, w.state.events.size], [1, 1])
  w.clock.at = later(w.clock.at, 1_000)
  await put(w, 'other')
  await turns()
  assert.deepEqual([w.delivered.length, w.state.events.size], [3, 0])
  w.outcomes.push({ kind: 'refused', code: 'QueueDoesNotExist', message: 'gone' })
  await put(w, 'k')
  await turns()
  assert.equal(w.state.events.size, 0)
})

test('an event that was not handed over is handed over by the next start', async () => {
  const stores = memoryStores()
  const first = world(stores)
  await listening(first)
  first.outcomes.push({ kind: 'timed-out' })
  await put(first, 'k')
  await turns()
  const second = world(stores)
  second.clock.at = later(first.clock.at, 5_000)
  await startS3(second.state, second.blobs.ids())
  readyS3(second.state)
  await turns()
  assert.deepEqual(named(second.delivered), ['ObjectCreated:Put k'])
  const third = world(stores)
  await startS3(third.state, third.blobs.ids())
  readyS3(third.state)
  await turns()
  assert.equal(third.delivered.length, 0)
})

test('a put that fails tells nobody', async () => {
  const w = world()
  await listening(w)
  await put(w, 'k')
  const again = { Bucket: 'bkt', Key: 'k', Body: bodyOf(utf8('x')), IfNoneMatch: '*' }
  assert.equal((await faultOf(op.PutObject(again, w.state, call))).code, 'PreconditionFailed')
  await turns()
  assert.equal(w.delivered.length, 1)
})

test('PutBucketNotificationConfiguration sends queues and topics a test event, and names all that are not there', async () => {
  const w = world()
  await op.CreateBucket({ Bucket: 'bkt' }, w.state, call)
  const both = {
    QueueConfigurations: [{ QueueArn: QUEUE, Events: ['s3:ObjectCreated:*'] as const }],
    TopicConfigurations: [{ TopicArn: TOPIC, Events: ['s3:ObjectRemoved:*'] as const }],
  }
  const input = { Bucket: 'bkt', NotificationConfiguration: both }
  await op.PutBucketNotificationConfiguration(input, w.state, call)
  assert.deepEqual(
    w.delivered.map(({ arn, payload }) => [
      arn,
      (JSON.parse(text(payload)) as Record<string, string>)['Event'],
    ]),
    [
      [TOPIC, 's3:TestEvent'],
      [QUEUE, 's3:TestEvent'],
    ],
  )
  const nothing = {
    call: () => Promise.reject(new Fault('AWS.SimpleQueueService.NonExistentQueue', 'none')),
    has: () => true,
  } as unknown as Api
  const empty = fakeS3(memoryStores(), { api: nothing })
  await op.CreateBucket({ Bucket: 'bkt' }, empty.state, call)
  const fault = await faultOf(op.PutBucketNotificationConfiguration(input, empty.state, call))
  assert.deepEqual(
    [fault.message, fault.members],
    [
      'Unable to validate the following destination configurations',
      {
        ArgumentName1: TOPIC,
        ArgumentValue1: 'The destination topic does not exist',
        ArgumentName2: QUEUE,
        ArgumentValue2: 'The destination queue does not exist',
      },
    ],
  )
  assert.deepEqual(await op.GetBucketNotificationConfiguration({ Bucket: 'bkt' }, empty.state, call), {})
})

test('PutBucketNotificationConfiguration refuses a function whose policy does not let this bucket call it', async () => {
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f'
  const put = async (policy: string | undefined): Promise<Fault | undefined> => {
    const api = {
      call: (_: string, operation: string) =>
        operation !== 'GetPolicy'
          ? Promise.resolve({})
          : policy === undefined
            ? Promise.reject(
                new Fault('ResourceNotFoundException', 'The resource you requested does not exist.'),
              )
            : Promise.resolve({ Policy: policy }),
      has: () => true,
    } as unknown as Api
    const { state } = fakeS3(memoryStores(), { api })
    await op.CreateBucket({ Bucket: 'bkt' }, state, call)
    const rule = { LambdaFunctionArn: arn, Events: ['s3:ObjectCreated:*'] as const }
    const input = { Bucket: 'bkt', NotificationConfiguration: { LambdaFunctionConfigurations: [rule] } }
    try {
      await op.PutBucketNotificationConfiguration(input, state, call)
      return undefined
    } catch (error) {
      assert.ok(error instanceof Fault)
      return error
    }
  }
  const allowing = (source: string): string =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 's3.amazonaws.com' },
          Action: 'lambda:InvokeFunction',
          Resource: arn,
          Condition: { ArnLike: { 'AWS:SourceArn': source } },
        },
      ],
    })
  assert.equal(await put(allowing('arn:aws:s3:::bkt')), undefined)
  for (const policy of [undefined, allowing('arn:aws:s3:::another')]) {
    const fault = await put(policy)
    assert.equal(fault?.message, 'Unable to validate the following destination configurations')
    assert.equal(fault?.members?.['ArgumentValue1'], `Not authorized to invoke function [${arn}]`)
  }
})
