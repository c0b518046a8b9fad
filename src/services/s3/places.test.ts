/** Where bodies are kept: in the row of the record, beside it, or in a blob; and over a store that is far away. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { utf8, WholeBody } from '#base/bytes.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION } from '#base/ids.ts'
import { keysBelow } from '#base/key.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { Read, Store } from '#ports/store.ts'
import { bodyOf, bytesOf, fakeCall, type FakeS3, fakeS3, faultOf } from '#services/s3/fake-ports.ts'
import { s3 } from '#services/s3/index.ts'
import { WITHIN_BYTES_MAX } from '#services/s3/limits.ts'
import { versions } from '#services/s3/records.ts'

const {
  CopyObject,
  CreateBucket,
  DeleteObject,
  GetObject,
  PutBucketVersioning,
  PutObject,
  PutObjectTagging,
} = s3.operations
const call = fakeCall()
const bytes = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i * 7 + (i >> 8))
const md5 = (data: Uint8Array): string => createHash('md5').update(data).digest('hex')

async function bucket(): Promise<FakeS3> {
  const fake = fakeS3(memoryStores())
  await CreateBucket({ Bucket: 'bucket' }, fake.state, call)
  return fake
}

const at = (Key: string): { Bucket: string; Key: string } => ({ Bucket: 'bucket', Key })

test('a body in the row of its record is kept through tags, versions, copies and a body that came whole', async () => {
  const { state } = await bucket()
  const data = Uint8Array.from([0, 0, 123, 34, 0, 255])
  const Metadata = { name: 'gr\u00fc\u00df \u0000 dich' }
  await PutObject({ ...at('k'), Body: new WholeBody(data), Metadata }, state, call)
  await PutObjectTagging({ ...at('k'), Tagging: { TagSet: [{ Key: 'a', Value: '1' }] } }, state, call)
  await CopyObject({ ...at('copy'), CopySource: 'bucket/k' }, state, call)
  for (const Key of ['k', 'copy']) {
    const got = await GetObject(at(Key), state, call)
    assert.deepEqual(await bytesOf(got.Body), data)
    assert.deepEqual([got.Metadata, got.TagCount, got.ETag], [Metadata, 1, `"${md5(data)}"`])
  }
  await PutBucketVersioning({ Bucket: 'bucket', VersioningConfiguration: { Status: 'Enabled' } }, state, call)
  const next = await PutObject({ ...at('k'), Body: new WholeBody(utf8('next')) }, state, call)
  const read = async (VersionId: string | undefined): Promise<Uint8Array> =>
    bytesOf((await GetObject({ ...at('k'), VersionId }, state, call)).Body)
  assert.deepEqual(await read('null'), data)
  assert.deepEqual(await read(next.VersionId), utf8('next'))
})

test('a row without a body behind its record is read as before, and one that was put overwrites it', async () => {
  const { state } = await bucket()
  await PutObject({ ...at('k'), Body: bodyOf(bytes(WITHIN_BYTES_MAX + 1)) }, state, call)
  const name = [DEFAULT_ACCOUNT, DEFAULT_REGION] as const
  const before = await versions.get(state.store.read, name, 'bucket', 'k', 0)
  assert.equal(before?.kind === 'object' && before.content.kind, 'inline')
  await PutObject({ ...at('k'), Body: bodyOf(bytes(10)) }, state, call)
  const after = await versions.get(state.store.read, name, 'bucket', 'k', 0)
  assert.equal(after?.kind === 'object' && after.content.kind, 'within')
  const left = await state.store.read.range({ ...keysBelow(...name, 'body'), limit: 1 })
  assert.equal(left.length, 0)
})

test('a store that answers promises gives the same objects', async () => {
  const stores = memoryStores()
  const afterwards = <T>(value: T | Promise<T>): Promise<T> => Promise.resolve(value)
  const slow = (read: Read): Read => ({
    get: (key) => afterwards(read.get(key)),
    range: (range) => afterwards(read.range(range)),
  })
  const fake = fakeS3({
    ...stores,
    open: (file) => {
      const store = stores.open(file)
      const tx: Store['tx'] = (run) =>
        store.tx((inside) =>
          run({
            ...slow(inside),
            put: (key, value) => inside.put(key, value),
            delete: (key) => inside.delete(key),
          }),
        )
      return { read: slow(store.read), tx }
    },
  })
  await CreateBucket({ Bucket: 'bucket' }, fake.state, call)
  for (const size of [10, 10_000, 100_000]) {
    await PutObject({ ...at('k'), Body: bodyOf(bytes(size)) }, fake.state, call)
    assert.deepEqual(await bytesOf((await GetObject(at('k'), fake.state, call)).Body), bytes(size))
  }
  const refused = PutObject({ ...at('k'), Body: bodyOf(bytes(1)), IfNoneMatch: '*' }, fake.state, call)
  assert.equal((await faultOf(refused)).code, 'PreconditionFailed')
  await DeleteObject(at('k'), fake.state, call)
  assert.equal((await faultOf(GetObject(at('k'), fake.state, call))).code, 'NoSuchKey')
})

test('a body that nobody begins to read holds nothing once it is given up', async () => {
  const { state, blobs } = await bucket()
  await PutObject({ ...at('k'), Body: bodyOf(bytes(100_000)) }, state, call)
  const { Body } = await GetObject(at('k'), state, call)
  assert.ok(Body !== undefined && !(Body instanceof Uint8Array))
  await PutObject({ ...at('k'), Body: bodyOf(bytes(200_000)) }, state, call)
  assert.equal(blobs.held.size, 2)
  await Body[Symbol.asyncIterator]().return?.()
  assert.equal(blobs.held.size, 1)
})
