/** What lifecycle rules do to objects, versions, markers and uploads as days pass, and what answers say of it beforehand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import { fromUtc, hours, type Instant, later } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { S3 } from '#model/s3.ts'
import type { Stores } from '#ports/store.ts'
import type { Delivery, DeliveryOutcome } from '#ports/targets.ts'
import { bodyOf, fakeCall, type FakeS3, fakeS3, faultOf } from '#services/s3/fake-ports.ts'
import { readyS3, s3, startS3, stopS3 } from '#services/s3/index.ts'

const ops = s3.operations
const call = fakeCall()
const DAY_MS = hours(24)
/** A Monday, 10:30 UTC. */
const BEGIN = fromUtc({ year: 2_026, month: 11, day: 2, hour: 10, minute: 30 })
const day = (n: number): Instant => fromUtc({ year: 2_026, month: 11, day: n })

type Rules = NonNullable<S3['PutBucketLifecycleConfiguration']['in']['LifecycleConfiguration']>['Rules']
type Rule = Rules[number]

const enabled = (rule: Partial<Rule>): Rule => ({ ID: 'r', Status: 'Enabled', Filter: {}, ...rule })

interface World extends FakeS3 {
  readonly delivered: Delivery[]
  at(when: Instant): Promise<void>
}

async function world(rules: Rules, versioning?: string, stores: Stores = memoryStores()): Promise<World> {
  const delivered: Delivery[] = []
  const targets = {
    deliver: (delivery: Delivery): Promise<DeliveryOutcome> => {
      delivered.push(delivery)
      return Promise.resolve({ kind: 'accepted' })
    },
  }
  const fake = fakeS3(stores, { targets })
  const { state, clock } = fake
  clock.at = BEGIN
  await startS3(state, fake.blobs.ids())
  readyS3(state)
  await ops.CreateBucket({ Bucket: 'bkt' }, state, call)
  if (versioning !== undefined) await version(fake, versioning)
  await configure(fake, rules)
  const settled = (): Promise<void> => state.lifecycle.idle()
  return { ...fake, delivered, at: (when) => clock.moveTo(when, settled) }
}

const version = (fake: FakeS3, Status: string): unknown =>
  ops.PutBucketVersioning({ Bucket: 'bkt', VersioningConfiguration: { Status } }, fake.state, call)

const configure = async (fake: FakeS3, Rules: Rules, more: object = {}): Promise<void> => {
  const input = { Bucket: 'bkt', LifecycleConfiguration: { Rules }, ...more }
  await ops.PutBucketLifecycleConfiguration(input, fake.state, call)
}

const put = async (w: FakeS3, Key: string, more: object = {}): Promise<string | undefined> => {
  const out = await ops.PutObject({ Bucket: 'bkt', Key, Body: bodyOf(utf8(Key)), ...more }, w.state, call)
  return out.Expiration
}

const keys = async ({ state }: FakeS3): Promise<string[]> =>
  ((await ops.ListObjectsV2({ Bucket: 'bkt' }, state, call)).Contents ?? []).map(({ Key }) => Key ?? '')

/** `key#n` for versions, `key!` for delete markers; the newest first. */
async function history({ state }: FakeS3): Promise<string[]> {
  const { Versions = [], DeleteMarkers = [] } = await ops.ListObjectVersions({ Bucket: 'bkt' }, state, call)
  return [...Versions.map(({ Key, Size }) => `${Key}#${Size}`), ...DeleteMarkers.map(({ Key }) => `${Key}!`)]
}

test('an object goes at the midnight behind its days, and answers say so', async () => {
  const w = await world([enabled({ ID: 'a rule', Filter: { Prefix: 'tmp/' }, Expiration: { Days: 2 } })])
  const said = await put(w, 'tmp/x')
  assert.equal(said, 'expiry-date="Thu, 05 Nov 2026 00:00:00 GMT", rule-id="a%20rule"')
  assert.equal(await put(w, 'kept'), undefined)
  const head = await ops.HeadObject({ Bucket: 'bkt', Key: 'tmp/x' }, w.state, call)
  assert.equal(head.Expiration, said)
  await w.at(later(day(5), -1))
  assert.deepEqual(await keys(w), ['kept', 'tmp/x'])
  await w.at(day(5))
  assert.deepEqual(await keys(w), ['kept'])
})

test('filters by prefix, tags and size hold together; a disabled rule does nothing', async () => {
  const Tags = [
    { Key: 'a', Value: '1' },
    { Key: 'b', Value: '2' },
  ]
  const w = await world([
    enabled({ ID: '1', Filter: { And: { Prefix: 'p', Tags } }, Expiration: { Days: 1 } }),
    enabled({ ID: '2', Filter: { ObjectSizeGreaterThan: 9 }, Expiration: { Days: 1 } }),
    enabled({ ID: '3', Filter: { Tag: { Key: 'c', Value: '3' } }, Expiration: { Date: day(3) } }),
    enabled({ ID: '4', Status: 'Disabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }),
  ])
  await put(w, 'p-both', { Tagging: 'a=1&b=2' })
  await put(w, 'p-one', { Tagging: 'a=1' })
  await put(w, 'q-both', { Tagging: 'a=1&b=2' })
  await put(w, 'nine-char')
  await put(w, 'ten--chars')
  await put(w, 'c', { Tagging: 'c=3' })
  await w.at(day(3))
  assert.deepEqual(await keys(w), ['nine-char', 'p-both', 'p-one', 'q-both', 'ten--chars'])
  await w.at(day(4))
  assert.deepEqual(await keys(w), ['nine-char', 'p-one', 'q-both'])
})

test('in a versioned bucket a marker comes, old versions go by their count and days, then the marker', async () => {
  const w = await world(
    [
      enabled({
        Expiration: { Days: 3 },
        NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 1 },
      }),
    ],
    'Enabled',
  )
  for (const size of [1, 2, 3]) await put(w, 'k', { Body: bodyOf(new Uint8Array(size)) })
  assert.deepEqual(await history(w), ['k#3', 'k#2', 'k#1'])
  await w.at(day(4))
  assert.deepEqual(await history(w), ['k#3', 'k#2'], 'one noncurrent version is kept')
  await w.at(day(6))
  assert.deepEqual(await history(w), ['k#3', 'k#2', 'k!'])
  await configure(w, [
    enabled({ ID: 'x', Expiration: { ExpiredObjectDeleteMarker: true } }),
    enabled({ ID: 'y', NoncurrentVersionExpiration: { NoncurrentDays: 1 } }),
  ])
  await w.at(day(8))
  assert.deepEqual(await history(w), ['k!'])
  await w.at(day(9))
  assert.deepEqual(await history(w), [])
})

test('a locked version outlives its rule', async () => {
  const w = await world([enabled({ NoncurrentVersionExpiration: { NoncurrentDays: 1 } })], 'Enabled')
  const lock = { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } }
  await ops.PutObjectLockConfiguration({ Bucket: 'bkt', ...lock }, w.state, call)
  await put(w, 'k', { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: day(8) })
  await put(w, 'k')
  await w.at(day(7))
  assert.deepEqual(await history(w), ['k#1', 'k#1'])
  await w.at(day(8))
  assert.deepEqual(await history(w), ['k#1'])
})

test('objects move to colder classes only, and small ones only where a size or the configuration says so', async () => {
  const steps = [
    { Days: 0, StorageClass: 'INTELLIGENT_TIERING' },
    { Days: 2, StorageClass: 'GLACIER' },
  ] as const
  const w = await world([enabled({ Transitions: [...steps] })])
  const large = { Body: bodyOf(new Uint8Array(131_072)) }
  await put(w, 'large', large)
  await put(w, 'cold', { Body: bodyOf(new Uint8Array(131_072)), StorageClass: 'DEEP_ARCHIVE' })
  await put(w, 'small')
  const classes = async (): Promise<unknown[]> => {
    const { Contents = [] } = await ops.ListObjectsV2({ Bucket: 'bkt' }, w.state, call)
    return Contents.map(({ Key, StorageClass }) => `${Key} ${StorageClass}`)
  }
  await w.at(day(3))
  assert.deepEqual(await classes(), ['cold DEEP_ARCHIVE', 'large INTELLIGENT_TIERING', 'small STANDARD'])
  await w.at(day(5))
  assert.deepEqual(await classes(), ['cold DEEP_ARCHIVE', 'large GLACIER', 'small STANDARD'])
  const archived = await faultOf(ops.GetObject({ Bucket: 'bkt', Key: 'large' }, w.state, call))
  assert.equal(archived.code, 'InvalidObjectState')
  await configure(w, [enabled({ Transitions: [...steps] })], {
    TransitionDefaultMinimumObjectSize: 'varies_by_storage_class',
  })
  await w.at(day(6))
  assert.equal((await classes())[2], 'small GLACIER')
})

test('an upload that is not completed ends, with its parts', async () => {
  const w = await world([
    enabled({ Filter: { Prefix: 'up' }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }),
  ])
  const at = { Bucket: 'bkt', Key: 'up' }
  const { UploadId = '', AbortDate, AbortRuleId } = await ops.CreateMultipartUpload(at, w.state, call)
  assert.deepEqual([AbortDate, AbortRuleId], [day(4), 'r'])
  const part = { ...at, UploadId, PartNumber: 1, Body: bodyOf(new Uint8Array(100_000)) }
  await ops.UploadPart(part, w.state, call)
  const listed = await ops.ListParts({ ...at, UploadId }, w.state, call)
  assert.deepEqual([listed.AbortDate, listed.AbortRuleId], [day(4), 'r'])
  const other = await ops.CreateMultipartUpload({ Bucket: 'bkt', Key: 'other' }, w.state, call)
  assert.equal(other.AbortDate, undefined)
  await w.at(day(4))
  const { Uploads = [] } = await ops.ListMultipartUploads({ Bucket: 'bkt' }, w.state, call)
  assert.deepEqual(
    Uploads.map(({ Key }) => Key),
    ['other'],
  )
  assert.equal(w.blobs.held.size, 0)
})

test('who listens is told of what rules did', async () => {
  const w = await world([enabled({ Expiration: { Days: 1 } })])
  const QueueArn = 'arn:aws:sqs:us-east-1:000000000000:q'
  const Events = ['s3:LifecycleExpiration:*', 's3:LifecycleTransition']
  const NotificationConfiguration = {
    QueueConfigurations: [{ QueueArn, Events }],
    EventBridgeConfiguration: {},
  }
  await ops.PutBucketNotificationConfiguration({ Bucket: 'bkt', NotificationConfiguration }, w.state, call)
  await put(w, 'k', { Body: bodyOf(new Uint8Array(131_072)) })
  await w.at(day(3))
  await configure(w, [enabled({ Transitions: [{ Days: 0, StorageClass: 'GLACIER' }] })])
  w.delivered.length = 0
  await put(w, 'moved', { Body: bodyOf(new Uint8Array(131_072)) })
  await w.at(day(4))
  await configure(w, [enabled({ Expiration: { Days: 1 } })])
  await w.at(day(9))
  await new Promise<void>((resolve) => setImmediate(resolve))
  const told = w.delivered.map(({ arn, payload }) => [arn.split(':')[2], JSON.parse(text(payload))] as const)
  const records = told.filter(([to]) => to === 'sqs').map(([, message]) => message.Records[0])
  assert.deepEqual(
    records.map(({ eventName, eventVersion, userIdentity }) => [eventName, eventVersion, userIdentity]),
    ['Transition', 'Transition', 'Expiration:Delete', 'Expiration:Delete'].map((what) => [
      `Lifecycle${what}`,
      '2.3',
      { principalId: 's3.amazonaws.com' },
    ]),
  )
  const moved = { transitionEventData: { destinationStorageClass: 'GLACIER' } }
  assert.deepEqual(records[0].lifecycleEventData, moved)
  const entries = told.filter(([to]) => to === 'events').map(([, entry]) => entry)
  const last = JSON.parse(entries.at(-1).Detail)
  assert.deepEqual(
    [entries.at(-1).DetailType, last.reason, last['deletion-type'], last.requester],
    ['Object Deleted', 'Lifecycle Expiration', 'Permanently Deleted', 's3.amazonaws.com'],
  )
})

test('a platform that starts after a midnight it slept through makes up for it; without rules no alarm waits', async () => {
  const stores = memoryStores()
  const first = await world([enabled({ Expiration: { Days: 1 } })], undefined, stores)
  await put(first, 'k')
  await stopS3(first.state)
  const second = fakeS3(stores)
  second.clock.at = later(BEGIN, 3 * DAY_MS)
  readyS3(second.state)
  await second.state.lifecycle.idle()
  assert.deepEqual(await keys(second), [])
  assert.equal(second.clock.pending, 1)
  await ops.DeleteBucketLifecycle({ Bucket: 'bkt' }, second.state, call)
  await second.clock.moveTo(later(second.clock.at, DAY_MS), () => second.state.lifecycle.idle())
  assert.equal(second.clock.pending, 0)
})

test('PutBucketLifecycleConfiguration gives back what it took, with an id for each rule', async () => {
  const w = await world([enabled({ Expiration: { Days: 1 } })])
  const { ID: _, ...nameless } = enabled({ Filter: { Prefix: 'a' }, Expiration: { Days: 9 } })
  await configure(w, [nameless, enabled({ Expiration: { ExpiredObjectDeleteMarker: false } })])
  const { Rules = [], TransitionDefaultMinimumObjectSize } = await ops.GetBucketLifecycleConfiguration(
    { Bucket: 'bkt' },
    w.state,
    call,
  )
  assert.equal(TransitionDefaultMinimumObjectSize, 'all_storage_classes_128K')
  const [first, second] = Rules
  assert.ok(first?.ID !== undefined && first.ID !== '')
  assert.deepEqual({ ...first, ID: undefined }, { ...nameless, ID: undefined })
  assert.deepEqual(second?.Expiration, { ExpiredObjectDeleteMarker: false })
  await ops.DeleteBucketLifecycle({ Bucket: 'bkt' }, w.state, call)
  const fault = await faultOf(ops.GetBucketLifecycleConfiguration({ Bucket: 'bkt' }, w.state, call))
  assert.equal(fault.code, 'NoSuchLifecycleConfiguration')
})

test('PutBucketLifecycleConfiguration refuses what AWS refuses', async () => {
  const w = await world([enabled({ Expiration: { Days: 1 } })])
  const { Filter: _, ...unfiltered } = enabled({ Expiration: { Days: 1 } })
  const Expiration = { Days: 7 }
  const tag = { Key: 'a', Value: 'b' }
  const moves = (...Transitions: NonNullable<Rule['Transitions']>): Rules => [enabled({ Transitions })]
  const cases: readonly (readonly [Rules, string])[] = [
    [[], 'MalformedXML'],
    [[unfiltered], 'MalformedXML'],
    [[enabled({ Prefix: '', Expiration })], 'MalformedXML'],
    [[enabled({ Status: 'On', Expiration })], 'MalformedXML'],
    [[enabled({})], 'InvalidRequest'],
    [[enabled({ Expiration, NoncurrentVersionExpiration: {} })], 'MalformedXML'],
    [[enabled({ Expiration, Filter: { Prefix: '', ObjectSizeGreaterThan: 5 } })], 'MalformedXML'],
    [[enabled({ Expiration, Filter: { Prefix: '', And: { Prefix: 'a' } } })], 'MalformedXML'],
    [[enabled({ Expiration, Filter: { And: { Tags: [tag, tag] } } })], 'InvalidRequest'],
    [[enabled({ Expiration: { Days: 1, ExpiredObjectDeleteMarker: true } })], 'MalformedXML'],
    [[enabled({ Expiration: { Days: 0 } })], 'InvalidArgument'],
    [[enabled({ Expiration: { Date: later(day(3), 1_000) } })], 'InvalidArgument'],
    [[enabled({ ID: 'x'.repeat(256), Expiration })], 'InvalidArgument'],
    [[enabled({ Expiration }), enabled({ Expiration })], 'InvalidArgument'],
    [moves({ Days: 1, StorageClass: 'STANDARD' }), 'MalformedXML'],
    [moves({ StorageClass: 'GLACIER' }), 'MalformedXML'],
    [moves({ Days: 29, StorageClass: 'STANDARD_IA' }), 'InvalidArgument'],
    [moves({ Days: 1, StorageClass: 'GLACIER' }, { Days: 2, StorageClass: 'GLACIER' }), 'InvalidRequest'],
    [
      moves({ Days: 1, StorageClass: 'GLACIER' }, { Date: day(9), StorageClass: 'DEEP_ARCHIVE' }),
      'InvalidRequest',
    ],
    [[enabled({ Expiration, Transitions: [{ Days: 7, StorageClass: 'GLACIER' }] })], 'InvalidArgument'],
    [[enabled({ AbortIncompleteMultipartUpload: {} })], 'MalformedXML'],
    [
      [enabled({ Filter: { Tag: tag }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } })],
      'InvalidRequest',
    ],
    [
      [enabled({ NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 101 } })],
      'InvalidArgument',
    ],
  ]
  for (const [rules, code] of cases)
    assert.equal((await faultOf(configure(w, rules))).code, code, JSON.stringify(rules))
  const bad = { TransitionDefaultMinimumObjectSize: 'value' }
  assert.equal((await faultOf(configure(w, [enabled({ Expiration })], bad))).code, 'InvalidRequest')
})
