import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { text, utf8 } from '#base/bytes.ts'
import { memoryStores } from '#host/store/memory.ts'
import { bodyOf, bytesOf, fakeCall, fakeS3, type FakeS3, faultOf } from '#services/s3/fake-ports.ts'
import { s3 } from '#services/s3/index.ts'
import type { S3State } from '#services/s3/state.ts'

const { CopyObject, CreateBucket, DeleteBucket, DeleteObject, GetBucketVersioning, GetObject } = s3.operations
const { HeadObject, ListObjectsV2, ListObjectVersions, PutBucketVersioning, PutObject } = s3.operations
const call = fakeCall()

type Status = 'Enabled' | 'Suspended'
const setVersioning = async (state: S3State, status: Status): Promise<void> =>
  void (await PutBucketVersioning(
    { Bucket: 'bucket', VersioningConfiguration: { Status: status } },
    state,
    call,
  ))

async function versionedBucket(): Promise<FakeS3> {
  const fake = fakeS3(memoryStores())
  await CreateBucket({ Bucket: 'bucket' }, fake.state, call)
  await setVersioning(fake.state, 'Enabled')
  return fake
}

const at = (
  Key: string,
  VersionId?: string,
): { Bucket: string; Key: string; VersionId: string | undefined } => ({
  Bucket: 'bucket',
  Key,
  VersionId,
})
const put = async (state: S3State, key: string, body: string): Promise<string | undefined> =>
  (await PutObject({ Bucket: 'bucket', Key: key, Body: bodyOf(utf8(body)) }, state, call)).VersionId
const read = async (state: S3State, key: string, versionId?: string): Promise<string> =>
  text(await bytesOf((await GetObject(at(key, versionId), state, call)).Body))

test('GetBucketVersioning is empty until versioning was put', async () => {
  const { state } = fakeS3(memoryStores())
  await CreateBucket({ Bucket: 'bucket' }, state, call)
  assert.deepEqual(await GetBucketVersioning({ Bucket: 'bucket' }, state, call), { Status: undefined })
  await setVersioning(state, 'Suspended')
  assert.deepEqual(await GetBucketVersioning({ Bucket: 'bucket' }, state, call), { Status: 'Suspended' })
  const wrong = PutBucketVersioning({ Bucket: 'bucket', VersioningConfiguration: {} }, state, call)
  assert.equal((await faultOf(wrong)).code, 'MalformedXML')
})

test('PutObject keeps older versions readable by their ids, the one before versioning as null', async () => {
  const { state } = fakeS3(memoryStores())
  await CreateBucket({ Bucket: 'bucket' }, state, call)
  assert.equal(await put(state, 'k', 'zero'), undefined)
  await setVersioning(state, 'Enabled')
  const one = await put(state, 'k', 'one')
  const two = await put(state, 'k', 'two')
  assert.equal(await read(state, 'k'), 'two')
  assert.equal(await read(state, 'k', one), 'one')
  assert.equal(await read(state, 'k', two), 'two')
  assert.equal(await read(state, 'k', 'null'), 'zero')
  const unknown = `${two?.slice(0, 31)}${two?.endsWith('A') === true ? 'B' : 'A'}`
  assert.equal((await faultOf(GetObject(at('k', unknown), state, call))).code, 'NoSuchVersion')
  assert.equal((await faultOf(GetObject(at('k', 'x'), state, call))).code, 'InvalidArgument')
})

test('DeleteObject lays a marker, and removing the marker brings the object back', async () => {
  const { state } = await versionedBucket()
  const one = await put(state, 'k', 'one')
  const deleted = await DeleteObject(at('k'), state, call)
  assert.equal(deleted.DeleteMarker, true)
  const fault = await faultOf(GetObject(at('k'), state, call))
  assert.deepEqual(
    [fault.status, fault.headers['x-amz-delete-marker'], fault.headers['x-amz-version-id']],
    [404, 'true', deleted.VersionId],
  )
  const marker = await faultOf(HeadObject(at('k', deleted.VersionId), state, call))
  assert.deepEqual([marker.status, marker.code, marker.headers['Allow']], [405, 'MethodNotAllowed', 'DELETE'])
  assert.equal((await ListObjectsV2({ Bucket: 'bucket' }, state, call)).KeyCount, 0)
  const undone = await DeleteObject(at('k', deleted.VersionId), state, call)
  assert.deepEqual([undone.DeleteMarker, undone.VersionId], [true, deleted.VersionId])
  assert.equal(await read(state, 'k'), 'one')
  assert.deepEqual(await DeleteObject(at('k', one), state, call), { DeleteMarker: undefined, VersionId: one })
  assert.equal((await faultOf(GetObject(at('k'), state, call))).code, 'NoSuchKey')
})

test('A suspended bucket replaces the null version only', async () => {
  const { state, blobs } = await versionedBucket()
  const one = await put(state, 'k', 'one')
  await setVersioning(state, 'Suspended')
  const large = 'x'.repeat(40_000)
  assert.equal(await put(state, 'k', large), undefined)
  assert.equal(await put(state, 'k', 'null two'), undefined)
  assert.equal(blobs.held.size, 0)
  assert.equal(await read(state, 'k', one), 'one')
  assert.equal(await read(state, 'k', 'null'), 'null two')
  const deleted = await DeleteObject(at('k'), state, call)
  assert.deepEqual([deleted.DeleteMarker, deleted.VersionId], [true, 'null'])
  const { Versions, DeleteMarkers } = await ListObjectVersions({ Bucket: 'bucket' }, state, call)
  assert.deepEqual(
    Versions?.map((v) => [v.VersionId, v.IsLatest]),
    [[one, false]],
  )
  assert.deepEqual(
    DeleteMarkers?.map((v) => [v.VersionId, v.IsLatest]),
    [['null', true]],
  )
})

test('CopyObject of an older version brings it back', async () => {
  const { state } = await versionedBucket()
  const one = await put(state, 'k', 'one')
  await put(state, 'k', 'two')
  const copy = await CopyObject({ ...at('k'), CopySource: `bucket/k?versionId=${one}` }, state, call)
  assert.equal(copy.CopySourceVersionId, one)
  assert.equal(await read(state, 'k'), 'one')
})

test('DeleteBucket refuses a bucket that holds only a delete marker', async () => {
  const { state } = await versionedBucket()
  const { VersionId } = await DeleteObject(at('k'), state, call)
  const fault = await faultOf(DeleteBucket({ Bucket: 'bucket' }, state, call))
  assert.equal(fault.code, 'BucketNotEmpty')
  await DeleteObject(at('k', VersionId), state, call)
  await DeleteBucket({ Bucket: 'bucket' }, state, call)
})

/** A model of one bucket: for each key its versions, the newest first. */
interface ModelVersion {
  readonly id: string
  readonly body: string | undefined
}

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('put' as const), key: fc.constantFrom('a', 'b', 'c/d') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), key: fc.constantFrom('a', 'b', 'c/d') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('remove' as const),
      key: fc.constantFrom('a', 'b'),
      pick: fc.nat(9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('Enabled' as const, 'Suspended' as const) }) },
)

test('Puts, deletes and switches of versioning agree with a model, and listings show it in pages', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.integer({ min: 1, max: 4 }),
      async (steps, pageSize) => {
        const { state } = fakeS3(memoryStores())
        await CreateBucket({ Bucket: 'bucket' }, state, call)
        const model = new Map<string, ModelVersion[]>()
        let status: Status | undefined
        let count = 0
        const lay = (key: string, id: string, body: string | undefined): void => {
          const rest = (model.get(key) ?? []).filter((one) => one.id !== 'null' || id !== 'null')
          model.set(key, [{ id, body }, ...rest])
        }
        for (const one of steps) {
          if (one.kind === 'put') {
            const body = `${count++}`
            lay(one.key, (await put(state, one.key, body)) ?? 'null', body)
          } else if (one.kind === 'delete') {
            const deleted = await DeleteObject(at(one.key), state, call)
            if (status === undefined) model.delete(one.key)
            else lay(one.key, deleted.VersionId ?? '', undefined)
          } else if (one.kind === 'remove') {
            const versions = model.get(one.key) ?? []
            const picked = versions[one.pick % Math.max(versions.length, 1)]
            if (picked === undefined) continue
            await DeleteObject(at(one.key, picked.id), state, call)
            model.set(
              one.key,
              versions.filter((version) => version !== picked),
            )
          } else {
            status = one.kind
            await setVersioning(state, status)
          }
        }
        for (const [key, versions] of model) {
          if (versions[0]?.body !== undefined) assert.equal(await read(state, key), versions[0].body)
          else assert.equal((await faultOf(GetObject(at(key), state, call))).code, 'NoSuchKey')
          for (const version of versions)
            if (version.body !== undefined) assert.equal(await read(state, key, version.id), version.body)
        }
        const expected = [...model.entries()]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .flatMap(([key, versions]) =>
            versions.map((v, i) => [key, v.id, i === 0, v.body === undefined].join()),
          )
        assert.deepEqual((await allVersions(state, pageSize)).sort(), expected.sort())
      },
    ),
    { numRuns: 150 },
  )
})

async function allVersions(state: S3State, pageSize: number): Promise<string[]> {
  const found: string[] = []
  let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {}
  for (;;) {
    const page = await ListObjectVersions({ Bucket: 'bucket', MaxKeys: pageSize, ...markers }, state, call)
    for (const one of page.Versions ?? []) found.push([one.Key, one.VersionId, one.IsLatest, false].join())
    for (const one of page.DeleteMarkers ?? [])
      found.push([one.Key, one.VersionId, one.IsLatest, true].join())
    if (page.IsTruncated !== true) return found
    markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
  }
}

test('ListObjectVersions goes on behind a version that was deleted since', async () => {
  const { state } = await versionedBucket()
  for (let i = 0; i < 5; i++) await put(state, 'k', `${i}`)
  const first = await ListObjectVersions({ Bucket: 'bucket', MaxKeys: 2 }, state, call)
  for (const one of first.Versions ?? []) await DeleteObject(at('k', one.VersionId), state, call)
  const rest = await ListObjectVersions(
    { Bucket: 'bucket', KeyMarker: first.NextKeyMarker, VersionIdMarker: first.NextVersionIdMarker },
    state,
    call,
  )
  assert.equal(rest.Versions?.length, 3)
})
