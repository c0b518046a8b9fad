import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import { hours, type Instant, later } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import { bodyOf, bytesOf, fakeCall, type FakeS3, fakeS3, faultOf } from '#services/s3/fake-ports.ts'
import { s3 } from '#services/s3/index.ts'

const ops = s3.operations
const call = fakeCall()
const DAY_MS = hours(24)
const at = { Bucket: 'locked', Key: 'k' }

async function locked(): Promise<FakeS3> {
  const fake = fakeS3(memoryStores())
  await ops.CreateBucket({ Bucket: 'locked', ObjectLockEnabledForBucket: true }, fake.state, call)
  return fake
}

async function put({ state }: FakeS3, more: object = {}): Promise<string> {
  const { VersionId } = await ops.PutObject({ ...at, Body: bodyOf(utf8('hello')), ...more }, state, call)
  return VersionId ?? ''
}

const soon = ({ clock }: FakeS3, ms: number): Instant => later(clock.at, ms)

test('CreateBucket with Object Lock switches versioning on, for good', async () => {
  const { state } = await locked()
  const bucket = { Bucket: 'locked' }
  assert.deepEqual(await ops.GetBucketVersioning(bucket, state, call), { Status: 'Enabled' })
  assert.deepEqual(await ops.GetObjectLockConfiguration(bucket, state, call), {
    ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
  })
  const suspend = { ...bucket, VersioningConfiguration: { Status: 'Suspended' } }
  const fault = await faultOf(ops.PutBucketVersioning(suspend, state, call))
  assert.deepEqual([fault.status, fault.code], [409, 'InvalidBucketState'])
  await ops.PutBucketVersioning({ ...bucket, VersioningConfiguration: { Status: 'Enabled' } }, state, call)
})

test('a version under retention is not deleted, but a marker hides it and another one follows it', async () => {
  const fake = await locked()
  const { state, clock } = fake
  const until = soon(fake, DAY_MS)
  const VersionId = await put(fake, { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until })
  const head = await ops.HeadObject(at, state, call)
  assert.deepEqual([head.ObjectLockMode, head.ObjectLockRetainUntilDate], ['COMPLIANCE', until])
  for (const BypassGovernanceRetention of [undefined, false, true]) {
    const gone = ops.DeleteObject({ ...at, VersionId, BypassGovernanceRetention }, state, call)
    const fault = await faultOf(gone)
    assert.deepEqual([fault.status, fault.code], [403, 'AccessDenied'])
  }
  const several = await ops.DeleteObjects(
    { Bucket: 'locked', Delete: { Objects: [{ Key: 'k', VersionId }, { Key: 'other' }] } },
    state,
    call,
  )
  assert.deepEqual(
    several.Errors?.map(({ Key, Code }) => [Key, Code]),
    [['k', 'AccessDenied']],
  )
  assert.equal(several.Deleted?.length, 1)
  await put(fake)
  assert.equal((await ops.DeleteObject(at, state, call)).DeleteMarker, true)
  const kept = await ops.GetObject({ ...at, VersionId }, state, call)
  assert.equal(text(await bytesOf(kept.Body)), 'hello')
  clock.at = until
  assert.equal((await ops.DeleteObject({ ...at, VersionId }, state, call)).VersionId, VersionId)
  assert.equal((await faultOf(ops.GetObject({ ...at, VersionId }, state, call))).code, 'NoSuchVersion')
})

test('governance gives way to a bypass, compliance and legal hold do not', async () => {
  const fake = await locked()
  const { state } = fake
  const lock = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: soon(fake, DAY_MS) }
  const BypassGovernanceRetention = true
  const governed = await put(fake, lock)
  await ops.DeleteObject({ ...at, VersionId: governed, BypassGovernanceRetention }, state, call)
  const held = await put(fake, { ...lock, ObjectLockLegalHoldStatus: 'ON' })
  const gone = { ...at, VersionId: held, BypassGovernanceRetention }
  assert.equal((await faultOf(ops.DeleteObject(gone, state, call))).code, 'AccessDenied')
  await ops.PutObjectLegalHold({ ...at, VersionId: held, LegalHold: { Status: 'OFF' } }, state, call)
  assert.deepEqual(await ops.GetObjectLegalHold(at, state, call), { LegalHold: { Status: 'OFF' } })
  await ops.DeleteObject(gone, state, call)
})

test('PutObjectRetention lets periods grow; less needs a bypass of governance', async () => {
  const fake = await locked()
  const { state } = fake
  await put(fake)
  const retain = (Mode: string | undefined, days: number, bypass?: boolean): Promise<unknown> =>
    Promise.resolve(
      ops.PutObjectRetention(
        {
          ...at,
          Retention: Mode === undefined ? {} : { Mode, RetainUntilDate: soon(fake, days * DAY_MS) },
          BypassGovernanceRetention: bypass,
        },
        state,
        call,
      ),
    )
  assert.equal((await faultOf(ops.GetObjectRetention(at, state, call))).code, 'NoSuchObjectLockConfiguration')
  await retain('GOVERNANCE', 5)
  await retain('GOVERNANCE', 6)
  for (const [mode, days] of [
    ['GOVERNANCE', 4],
    [undefined, 0],
  ] as const) {
    assert.equal((await faultOf(retain(mode, days))).code, 'AccessDenied')
    await retain(mode, days, true)
    await retain('GOVERNANCE', 6)
  }
  await retain('COMPLIANCE', 6)
  for (const [mode, days] of [
    ['COMPLIANCE', 5],
    ['GOVERNANCE', 9],
    [undefined, 0],
  ] as const)
    assert.equal((await faultOf(retain(mode, days, true))).code, 'AccessDenied')
  await retain('COMPLIANCE', 7)
  const shown = await ops.GetObjectRetention(at, state, call)
  assert.deepEqual(shown.Retention, { Mode: 'COMPLIANCE', RetainUntilDate: soon(fake, 7 * DAY_MS) })
})

test("the bucket's default retention counts from when the version was made, whatever made it", async () => {
  const fake = await locked()
  const { state, clock } = fake
  const rule = (more: object): object => ({
    ObjectLockEnabled: 'Enabled',
    Rule: { DefaultRetention: { Mode: 'GOVERNANCE', ...more } },
  })
  const configure = (more: object): Promise<unknown> =>
    Promise.resolve(
      ops.PutObjectLockConfiguration({ Bucket: 'locked', ObjectLockConfiguration: rule(more) }, state, call),
    )
  await configure({ Days: 3 })
  await put(fake)
  const until = later(clock.at, 3 * DAY_MS)
  assert.deepEqual((await ops.GetObjectRetention(at, state, call)).Retention?.RetainUntilDate, until)
  await configure({ Years: 1 })
  await ops.CopyObject({ ...at, Key: 'copy', CopySource: 'locked/k' }, state, call)
  const copied = await ops.HeadObject({ ...at, Key: 'copy' }, state, call)
  assert.equal(copied.ObjectLockRetainUntilDate, later(clock.at, 365 * DAY_MS))
  await put(fake, { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: soon(fake, 1_000) })
  assert.equal((await ops.HeadObject(at, state, call)).ObjectLockMode, 'COMPLIANCE')
})

test('Object Lock refuses what AWS refuses', async () => {
  const fake = await locked()
  const { state } = fake
  await ops.CreateBucket({ Bucket: 'plain' }, state, call)
  const inPlain = { Bucket: 'plain', Key: 'k' }
  await ops.PutObject({ ...inPlain, Body: bodyOf(utf8('x')) }, state, call)
  await put(fake)
  const day = soon(fake, DAY_MS)
  const configuration = (value: object): unknown =>
    ops.PutObjectLockConfiguration({ Bucket: 'locked', ObjectLockConfiguration: value }, state, call)
  const defaults = (more: object): unknown =>
    configuration({ ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: more } })
  const retain = (Retention: object): unknown => ops.PutObjectRetention({ ...at, Retention }, state, call)
  const cases: readonly (readonly [() => unknown, string])[] = [
    [() => configuration({}), 'MalformedXML'],
    [() => configuration({ ObjectLockEnabled: 'Enabled', Rule: {} }), 'MalformedXML'],
    [() => defaults({ Mode: 'GOVERNANCE' }), 'MalformedXML'],
    [() => defaults({ Mode: 'GOVERNANCE', Days: 1, Years: 1 }), 'MalformedXML'],
    [() => defaults({ Mode: 'SOFT', Days: 1 }), 'MalformedXML'],
    [() => defaults({ Mode: 'GOVERNANCE', Days: 0 }), 'InvalidArgument'],
    [() => defaults({ Mode: 'GOVERNANCE', Years: 101 }), 'InvalidArgument'],
    [() => defaults({ Mode: 'GOVERNANCE', Days: 1, DefaultEventHold: { Days: 1 } }), 'NotImplemented'],
    [() => put(fake, { ObjectLockMode: 'GOVERNANCE' }), 'InvalidArgument'],
    [() => put(fake, { ObjectLockRetainUntilDate: day }), 'InvalidArgument'],
    [() => put(fake, { ObjectLockMode: 'SOFT', ObjectLockRetainUntilDate: day }), 'InvalidArgument'],
    [
      () => put(fake, { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: soon(fake, -1) }),
      'InvalidArgument',
    ],
    [() => put(fake, { ObjectLockLegalHoldStatus: 'MAYBE' }), 'InvalidArgument'],
    [() => put(fake, { Bucket: 'plain', ObjectLockLegalHoldStatus: 'ON' }), 'InvalidRequest'],
    [() => retain({ Mode: 'GOVERNANCE' }), 'MalformedXML'],
    [() => retain({ Mode: 'SOFT', RetainUntilDate: day }), 'MalformedXML'],
    [() => retain({ Mode: 'COMPLIANCE', RetainUntilDate: soon(fake, -1) }), 'InvalidArgument'],
    [() => retain({ EventHold: 'ON' }), 'NotImplemented'],
    [() => ops.PutObjectLegalHold({ ...at }, state, call), 'MalformedXML'],
    [() => ops.GetObjectLegalHold(at, state, call), 'NoSuchObjectLockConfiguration'],
    [() => ops.GetObjectLegalHold(inPlain, state, call), 'InvalidRequest'],
    [() => ops.PutObjectRetention({ ...inPlain, Retention: {} }, state, call), 'InvalidRequest'],
    [
      () => ops.DeleteObject({ ...inPlain, BypassGovernanceRetention: false }, state, call),
      'InvalidArgument',
    ],
    [
      () =>
        ops.PutObjectLockConfiguration(
          { Bucket: 'plain', ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } },
          state,
          call,
        ),
      'InvalidBucketState',
    ],
  ]
  for (const [run, code] of cases) assert.equal((await faultOf(Promise.resolve().then(run))).code, code)
})
