/** Archived objects: asked for, readable for some days, archived again; and who is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import { fromUtc, hours, type Instant, later, minutes } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { Delivery, DeliveryOutcome } from '#ports/targets.ts'
import { bodyOf, bytesOf, fakeCall, type FakeS3, fakeS3, faultOf } from '#services/s3/fake-ports.ts'
import { readyS3, s3 } from '#services/s3/index.ts'

const ops = s3.operations
const call = fakeCall()
/** 10:30 UTC. */
const BEGIN = fromUtc({ year: 2_026, month: 11, day: 2, hour: 10, minute: 30 })
const at = { Bucket: 'bkt', Key: 'k' }

interface World extends FakeS3 {
  readonly delivered: Delivery[]
}

async function archived(StorageClass: string): Promise<World> {
  const delivered: Delivery[] = []
  const targets = {
    deliver: (delivery: Delivery): Promise<DeliveryOutcome> => {
      delivered.push(delivery)
      return Promise.resolve({ kind: 'accepted' })
    },
  }
  const fake = fakeS3(memoryStores(), { targets })
  fake.clock.at = BEGIN
  readyS3(fake.state)
  await ops.CreateBucket({ Bucket: 'bkt' }, fake.state, call)
  await ops.PutObject({ ...at, Body: bodyOf(utf8('hello')), StorageClass }, fake.state, call)
  return { ...fake, delivered }
}

const restore = ({ state }: FakeS3, RestoreRequest?: object): Promise<{ StatusCode?: number | undefined }> =>
  Promise.resolve(ops.RestoreObject({ ...at, ...(RestoreRequest && { RestoreRequest }) }, state, call))

const shown = async ({ state }: FakeS3): Promise<string | undefined> =>
  (await ops.HeadObject(at, state, call)).Restore

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('an archived object is readable after the hours of its tier, until its days are over', async () => {
  const tiers = [
    ['GLACIER', undefined, hours(5)],
    ['GLACIER', 'Expedited', minutes(5)],
    ['GLACIER', 'Bulk', hours(12)],
    ['DEEP_ARCHIVE', undefined, hours(12)],
    ['DEEP_ARCHIVE', 'Bulk', hours(48)],
  ] as const
  for (const [storageClass, Tier, takesMs] of tiers) {
    const w = await archived(storageClass)
    const { state, clock } = w
    const read = async (): Promise<string> => text(await bytesOf((await ops.GetObject(at, state, call)).Body))
    assert.equal((await faultOf(ops.GetObject(at, state, call))).code, 'InvalidObjectState')
    assert.equal(await shown(w), undefined)
    const asked = { Days: 2, ...(Tier && { GlacierJobParameters: { Tier } }) }
    assert.deepEqual(await restore(w, asked), { StatusCode: 202 })
    assert.equal(await shown(w), 'ongoing-request="true"')
    assert.equal((await faultOf(restore(w, asked))).code, 'RestoreAlreadyInProgress')
    clock.at = later(BEGIN, takesMs - 1)
    assert.equal((await faultOf(ops.GetObject(at, state, call))).code, 'InvalidObjectState')
    const copy = { Bucket: 'bkt', Key: 'copy', CopySource: 'bkt/k' }
    assert.equal((await faultOf(ops.CopyObject(copy, state, call))).code, 'ObjectNotInActiveTierError')
    clock.at = later(BEGIN, takesMs)
    assert.equal(await read(), 'hello')
    await ops.CopyObject(copy, state, call)
    assert.equal((await ops.HeadObject({ ...at, Key: 'copy' }, state, call)).StorageClass, undefined)
    const over = /expiry-date="([^"]+)"/.exec((await shown(w)) ?? '')?.[1] ?? ''
    assert.match(over, / 00:00:00 GMT$/)
    assert.ok(Date.parse(over) - clock.at > hours(48) && Date.parse(over) - clock.at <= hours(72))
    assert.deepEqual(await restore(w, { Days: 9 }), { StatusCode: 200 }, 'a copy that is there stays longer')
    clock.at = later(BEGIN, takesMs + hours(24 * 9))
    assert.equal(await read(), 'hello')
    clock.at = later(BEGIN, takesMs + hours(24 * 10))
    assert.equal((await faultOf(ops.GetObject(at, state, call))).code, 'InvalidObjectState')
    assert.equal(await shown(w), undefined)
    assert.deepEqual(await restore(w, asked), { StatusCode: 202 })
  }
})

test('who listens is told when a restore begins, and when it is done', async () => {
  const w = await archived('GLACIER')
  const QueueArn = 'arn:aws:sqs:us-east-1:000000000000:q'
  const rule = { QueueArn, Events: ['s3:ObjectRestore:*'] }
  const NotificationConfiguration = { QueueConfigurations: [rule], EventBridgeConfiguration: {} }
  await ops.PutBucketNotificationConfiguration({ Bucket: 'bkt', NotificationConfiguration }, w.state, call)
  w.delivered.length = 0
  await restore(w, { Days: 1 })
  const told = async (when: Instant): Promise<ReturnType<typeof JSON.parse>[]> => {
    await w.clock.moveTo(when, turn)
    await turn()
    return w.delivered.splice(0).map(({ payload }) => JSON.parse(text(payload)))
  }
  const [begun, initiated, ...none] = await told(later(BEGIN, hours(4)))
  assert.deepEqual(none, [])
  assert.equal(begun.Records[0].eventName, 'ObjectRestore:Post')
  assert.equal(begun.Records[0].eventVersion, '2.1')
  assert.equal(initiated.DetailType, 'Object Restore Initiated')
  assert.equal(JSON.parse(initiated.Detail)['source-storage-class'], 'GLACIER')
  const [done, completed] = await told(later(BEGIN, hours(5)))
  const [record] = done.Records
  assert.equal(record.eventName, 'ObjectRestore:Completed')
  assert.equal(record.eventTime, '2026-11-02T15:30:00.000Z')
  assert.match(record.userIdentity.principalId, /^AmazonCustomer:/)
  assert.deepEqual(record.glacierEventData, {
    restoreEventData: {
      lifecycleRestorationExpiryTime: '2026-11-04T00:00:00.000Z',
      lifecycleRestoreStorageClass: 'GLACIER',
    },
  })
  const detail = JSON.parse(completed.Detail)
  assert.equal(completed.DetailType, 'Object Restore Completed')
  assert.deepEqual(
    [detail['restore-expiry-time'], detail['source-ip-address'], detail.object.sequencer],
    ['2026-11-04T00:00:00Z', undefined, undefined],
  )
})

test('RestoreObject refuses what AWS refuses', async () => {
  const w = await archived('DEEP_ARCHIVE')
  const plain = await archived('STANDARD')
  const cases: readonly (readonly [Promise<unknown>, string])[] = [
    [restore(w), 'MalformedXML'],
    [restore(w, {}), 'MalformedXML'],
    [restore(w, { Days: 0 }), 'InvalidArgument'],
    [restore(w, { Days: 1, Tier: 'Expedited' }), 'InvalidArgument'],
    [restore(w, { Days: 1, Type: 'SELECT' }), 'NotImplemented'],
    [restore(plain, { Days: 1 }), 'InvalidObjectState'],
  ]
  for (const [run, code] of cases) assert.equal((await faultOf(run)).code, code)
})
