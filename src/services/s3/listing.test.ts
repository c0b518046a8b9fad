import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes, utf8 } from '#base/bytes.ts'
import { memoryStores } from '#host/store/memory.ts'
import { bodyOf, fakeCall, fakeS3, faultOf } from '#services/s3/fake-ports.ts'
import { s3 } from '#services/s3/index.ts'
import { encoderOf, groupOf } from '#services/s3/listing.ts'
import type { S3State } from '#services/s3/state.ts'

const { CreateBucket, DeleteObject, ListObjects, ListObjectsV2, PutBucketVersioning, PutObject } =
  s3.operations
const call = fakeCall()

async function bucketWith(keys: readonly string[], versioned = false): Promise<S3State> {
  const { state } = fakeS3(memoryStores())
  await CreateBucket({ Bucket: 'bucket' }, state, call)
  if (versioned)
    await PutBucketVersioning(
      { Bucket: 'bucket', VersioningConfiguration: { Status: 'Enabled' } },
      state,
      call,
    )
  for (const Key of keys) await PutObject({ Bucket: 'bucket', Key, Body: bodyOf(utf8(Key)) }, state, call)
  return state
}

interface Expected {
  readonly keys: readonly string[]
  readonly prefixes: readonly string[]
}

/** What a listing must hold, by filtering everything. */
function naive(keys: readonly string[], prefix: string, delimiter: string): Expected {
  const sorted = [...new Set(keys)].sort((a, b) => compareBytes(utf8(a), utf8(b)))
  const under = sorted.filter((key) => key.startsWith(prefix))
  return {
    keys: under.filter((key) => groupOf(key, prefix, delimiter) === undefined),
    prefixes: [...new Set(under.flatMap((key) => groupOf(key, prefix, delimiter) ?? []))],
  }
}

async function listed(
  state: S3State,
  prefix: string,
  delimiter: string,
  pageSize: number,
): Promise<Expected> {
  const keys: string[] = []
  const prefixes: string[] = []
  let token: string | undefined
  do {
    const page = await ListObjectsV2(
      { Bucket: 'bucket', Prefix: prefix, Delimiter: delimiter, MaxKeys: pageSize, ContinuationToken: token },
      state,
      call,
    )
    const size = (page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0)
    assert.equal(page.KeyCount, size)
    assert.ok(size <= pageSize)
    assert.equal(page.IsTruncated, page.NextContinuationToken !== undefined)
    keys.push(...(page.Contents ?? []).map((one) => one.Key ?? ''))
    prefixes.push(...(page.CommonPrefixes ?? []).map((one) => one.Prefix ?? ''))
    token = page.NextContinuationToken
  } while (token !== undefined)
  return { keys, prefixes }
}

const key = fc.string({
  unit: fc.constantFrom('a', 'b', '/', 'é', '\u0000', '\u{1f600}'),
  minLength: 1,
  maxLength: 6,
})
const scenario = fc.record({
  keys: fc.array(key, { maxLength: 12 }),
  prefix: fc.oneof(fc.constant(''), fc.constantFrom('a', 'a/', 'b', '/')),
  delimiter: fc.constantFrom('', '/', 'b', '//'),
  pageSize: fc.integer({ min: 1, max: 5 }),
  versioned: fc.boolean(),
})

test('ListObjectsV2 in pages equals a naive filter, with prefix and delimiter, versioned or not', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ keys, prefix, delimiter, pageSize, versioned }) => {
      const state = await bucketWith(keys, versioned)
      const gone = keys.filter((_, i) => i % 4 === 3)
      for (const Key of gone) await DeleteObject({ Bucket: 'bucket', Key }, state, call)
      const left = keys.filter((one) => !gone.includes(one))
      assert.deepEqual(await listed(state, prefix, delimiter, pageSize), naive(left, prefix, delimiter))
    }),
    { numRuns: 150 },
  )
})

test('ListObjects in pages by NextMarker sees each key and common prefix once', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ keys, prefix, delimiter, pageSize }) => {
      const state = await bucketWith(keys)
      const found: { keys: string[]; prefixes: string[] } = { keys: [], prefixes: [] }
      let marker: string | undefined
      for (;;) {
        const input = {
          Bucket: 'bucket',
          Prefix: prefix,
          Delimiter: delimiter,
          MaxKeys: pageSize,
          Marker: marker,
        }
        const page = await ListObjects(input, state, call)
        found.keys.push(...(page.Contents ?? []).map((one) => one.Key ?? ''))
        found.prefixes.push(...(page.CommonPrefixes ?? []).map((one) => one.Prefix ?? ''))
        if (page.IsTruncated !== true) break
        marker = page.NextMarker ?? page.Contents?.at(-1)?.Key
      }
      assert.deepEqual(found, naive(keys, prefix, delimiter))
    }),
    { numRuns: 100 },
  )
})

test('ListObjectsV2 reads past many older versions and long common prefixes', async () => {
  const state = await bucketWith(Array.from({ length: 600 }, (_, i) => `a/${i}`).concat(['b', 'c']), true)
  for (let i = 0; i < 600; i++) await PutObject({ Bucket: 'bucket', Key: 'b' }, state, call)
  assert.deepEqual(await listed(state, '', '/', 2), { keys: ['b', 'c'], prefixes: ['a/'] })
  assert.deepEqual((await listed(state, '', '', 1_000)).keys.length, 602)
})

test('ListObjectsV2 begins behind StartAfter, answers nothing for MaxKeys 0 and at most 1,000 keys', async () => {
  const state = await bucketWith(['a', 'b', 'c'])
  const after = await ListObjectsV2({ Bucket: 'bucket', StartAfter: 'a' }, state, call)
  assert.deepEqual(
    after.Contents?.map((one) => one.Key),
    ['b', 'c'],
  )
  const none = await ListObjectsV2({ Bucket: 'bucket', MaxKeys: 0 }, state, call)
  assert.deepEqual([none.KeyCount, none.IsTruncated, none.MaxKeys], [0, false, 0])
  assert.equal((await ListObjectsV2({ Bucket: 'bucket', MaxKeys: 5_000 }, state, call)).MaxKeys, 1_000)
})

test('ListObjectsV2 refuses negative sizes, tokens that are none, and other encodings', async () => {
  const state = await bucketWith([])
  for (const wrong of [
    { MaxKeys: -1 },
    { ContinuationToken: '?' },
    { ContinuationToken: '' },
    { EncodingType: 'utf' },
  ])
    assert.equal(
      (await faultOf(ListObjectsV2({ Bucket: 'bucket', ...wrong }, state, call))).code,
      'InvalidArgument',
    )
  assert.equal((await faultOf(ListObjectsV2({ Bucket: 'other' }, state, call))).code, 'NoSuchBucket')
})

test('ListObjects shows owners, ListObjectsV2 only when asked', async () => {
  const state = await bucketWith(['a'])
  const owner = (await ListObjects({ Bucket: 'bucket' }, state, call)).Contents?.[0]?.Owner?.ID
  assert.match(owner ?? '', /^[0-9a-f]{64}$/)
  const asked = await ListObjectsV2({ Bucket: 'bucket', FetchOwner: true }, state, call)
  assert.equal(asked.Contents?.[0]?.Owner?.ID, owner)
  assert.equal((await ListObjectsV2({ Bucket: 'bucket' }, state, call)).Contents?.[0]?.Owner, undefined)
})

test('encoderOf() percent-encodes and keeps slashes', () => {
  assert.equal(encoderOf('url')("a b/ü+~'(*)"), 'a%20b/%C3%BC%2B%7E%27%28*%29')
  assert.equal(encoderOf(undefined)('a b'), 'a b')
})
