import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { base64, text, utf8 } from '#base/bytes.ts'
import { instant, later } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import { bodyOf, bytesOf, fakeCall, type FakeS3, fakeS3, faultOf } from '#services/s3/fake-ports.ts'
import { s3, sweepS3 } from '#services/s3/index.ts'
import { INLINE_BYTES_MAX, WITHIN_BYTES_MAX } from '#services/s3/limits.ts'

const { CopyObject, CreateBucket, DeleteObject, DeleteObjects, GetObject, HeadObject, PutObject } =
  s3.operations
const { GetObjectTagging, PutObjectTagging, DeleteObjectTagging, GetObjectAttributes } = s3.operations
const call = fakeCall()
const bytes = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i * 7 + (i >> 8))
const md5 = (data: Uint8Array): string => createHash('md5').update(data).digest('hex')

async function bucket(): Promise<FakeS3> {
  const fake = fakeS3(memoryStores())
  await CreateBucket({ Bucket: 'bucket' }, fake.state, call)
  return fake
}

const at = (Key: string): { Bucket: string; Key: string } => ({ Bucket: 'bucket', Key })

test('GetObject gives back what PutObject took, below and above the limits of each place', async () => {
  const { state, blobs } = await bucket()
  for (const size of [
    0,
    1,
    WITHIN_BYTES_MAX,
    WITHIN_BYTES_MAX + 1,
    INLINE_BYTES_MAX,
    INLINE_BYTES_MAX + 1,
    200_000,
  ]) {
    const data = bytes(size)
    const put = await PutObject({ ...at(`k${size}`), Body: bodyOf(data, 1_000) }, state, call)
    assert.equal(put.ETag, `"${md5(data)}"`)
    assert.equal(put.VersionId, undefined)
    assert.equal(put.ServerSideEncryption, 'AES256')
    const got = await GetObject(at(`k${size}`), state, call)
    assert.deepEqual(await bytesOf(got.Body), data)
    assert.equal(got.ContentLength, size)
    assert.equal(got.ETag, put.ETag)
  }
  assert.equal(blobs.held.size, 2)
})

test('GetObject cuts ranges exactly as the bytes lie', async () => {
  const { state } = await bucket()
  const data = bytes(70_000)
  for (const Key of ['small', 'large'])
    await PutObject({ ...at(Key), Body: bodyOf(Key === 'small' ? data.subarray(0, 100) : data) }, state, call)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('small', 'large'), fc.nat(69_999), fc.nat(69_999), async (Key, a, b) => {
      const whole = Key === 'small' ? data.subarray(0, 100) : data
      const start = a % whole.length
      const end = start + (b % (whole.length - start))
      const got = await GetObject({ ...at(Key), Range: `bytes=${start}-${end}` }, state, call)
      assert.deepEqual(await bytesOf(got.Body), whole.subarray(start, end + 1))
      assert.deepEqual([got.StatusCode, got.ContentRange], [206, `bytes ${start}-${end}/${whole.length}`])
      assert.equal(got.ContentLength, end - start + 1)
    }),
  )
  const fault = await faultOf(GetObject({ ...at('small'), Range: 'bytes=100-' }, state, call))
  assert.deepEqual([fault.status, fault.code, fault.members['ActualObjectSize']], [416, 'InvalidRange', 100])
})

test('HeadObject tells headers, metadata, class, tags and checksum', async () => {
  const { state, clock } = await bucket()
  clock.at = instant(1_790_000_000_999)
  await PutObject(
    {
      ...at('k'),
      Body: bodyOf(utf8('hello')),
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      ContentEncoding: 'gzip,aws-chunked',
      Metadata: { A: '1' },
      StorageClass: 'STANDARD_IA',
      Tagging: 'x=1&y=2',
      ChecksumSHA256: createHash('sha256').update('hello').digest('base64'),
    },
    state,
    call,
  )
  const head = await HeadObject({ ...at('k'), ChecksumMode: 'ENABLED' }, state, call)
  assert.deepEqual(
    [head.ContentType, head.CacheControl, head.ContentEncoding, head.StorageClass, head.TagCount],
    ['text/plain', 'no-cache', 'gzip', 'STANDARD_IA', 2],
  )
  assert.deepEqual(head.Metadata, { a: '1' })
  assert.equal(head.ChecksumSHA256, createHash('sha256').update('hello').digest('base64'))
  assert.equal(head.ChecksumType, 'FULL_OBJECT')
  assert.equal(head.LastModified, 1_790_000_000_000)
  assert.equal((await HeadObject(at('k'), state, call)).ChecksumSHA256, undefined)
})

test('PutObject refuses a body that is not what was announced, and nothing of it stays', async () => {
  const { state, blobs } = await bucket()
  const data = bytes(50_000)
  const sha = 'a'.repeat(64)
  const cases: readonly (readonly [object, Record<string, string>, string])[] = [
    [{ ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }, {}, 'BadDigest'],
    [{ ContentMD5: 'no digest' }, {}, 'InvalidDigest'],
    [{ ChecksumCRC32: 'AAAAAA==' }, {}, 'BadDigest'],
    [{ ChecksumCRC32: 'AAAA' }, {}, 'InvalidRequest'],
    [{}, { 'x-amz-trailer': 'x-amz-checksum-crc32c', 'x-amz-checksum-crc32c': 'AAAAAA==' }, 'BadDigest'],
    [{}, { 'x-amz-content-sha256': sha }, 'XAmzContentSHA256Mismatch'],
    [{}, { 'x-amz-decoded-content-length': '4' }, 'IncompleteBody'],
  ]
  for (const [members, headers, code] of cases) {
    const put = PutObject({ ...at('k'), Body: bodyOf(data), ...members }, state, fakeCall({ headers }))
    assert.equal((await faultOf(put)).code, code)
    assert.equal(blobs.held.size, 0, code)
    assert.equal((await faultOf(HeadObject(at('k'), state, call))).code, 'NoSuchKey')
  }
  const presigned = fakeCall({ headers: { 'x-amz-content-sha256': sha }, presigned: true })
  await PutObject({ ...at('k'), Body: bodyOf(data) }, state, presigned)
})

test('PutObject leaves nothing when its source fails or its bucket is missing', async () => {
  const { state, blobs } = await bucket()
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield bytes(40_000)
    throw new Error('the caller has gone')
  }
  await assert.rejects(
    async () => PutObject({ ...at('k'), Body: broken() }, state, call),
    /the caller has gone/,
  )
  const put = PutObject({ Bucket: 'other', Key: 'k', Body: bodyOf(bytes(40_000)) }, state, call)
  const fault = await faultOf(put)
  assert.deepEqual([fault.code, fault.members['BucketName']], ['NoSuchBucket', 'other'])
  assert.equal(blobs.held.size, 0)
})

test('PutObject keeps its conditions', async () => {
  const { state, blobs } = await bucket()
  const put = (more: object): Promise<unknown> =>
    Promise.resolve(PutObject({ ...at('k'), Body: bodyOf(bytes(40_000)), ...more }, state, call))
  assert.equal((await faultOf(put({ IfMatch: '"x"' }))).code, 'NoSuchKey')
  await put({ IfNoneMatch: '*' })
  const again = await faultOf(put({ IfNoneMatch: '*' }))
  assert.deepEqual([again.status, again.members['Condition']], [412, 'If-None-Match'])
  assert.equal((await faultOf(put({ IfMatch: '"x"' }))).members['Condition'], 'If-Match')
  assert.equal((await faultOf(put({ IfNoneMatch: '"x"' }))).code, 'NotImplemented')
  await put({ IfMatch: `"${md5(bytes(40_000))}"` })
  assert.equal(blobs.held.size, 1)
})

test('PutObject refuses settings that S3 refuses', async () => {
  const { state } = await bucket()
  const cases: readonly (readonly [object, string])[] = [
    [{ Key: 'a'.repeat(1_025) }, 'KeyTooLongError'],
    [{ StorageClass: 'WARM' }, 'InvalidStorageClass'],
    [{ Metadata: { a: 'b'.repeat(2_048) } }, 'MetadataTooLarge'],
    [{ ACL: 'public-read' }, 'AccessControlListNotSupported'],
    [{ ObjectLockMode: 'GOVERNANCE' }, 'InvalidRequest'],
    [{ ServerSideEncryption: 'rot13' }, 'InvalidArgument'],
    [{ SSECustomerAlgorithm: 'AES256' }, 'InvalidArgument'],
    [{ SSECustomerAlgorithm: 'DES' }, 'InvalidEncryptionAlgorithmError'],
    [{ WebsiteRedirectLocation: 'nowhere' }, 'InvalidArgument'],
    [{ Tagging: 'aws:a=b' }, 'InvalidTag'],
    [{ ExpectedBucketOwner: '111111111111' }, 'AccessDenied'],
  ]
  for (const [members, code] of cases)
    assert.equal((await faultOf(PutObject({ ...at('k'), ...members }, state, call))).code, code)
})

test('GetObject answers 304 and 412 as its conditions say', async () => {
  const { state, clock } = await bucket()
  const { ETag } = await PutObject(at('k'), state, call)
  const not = await faultOf(GetObject({ ...at('k'), IfNoneMatch: ETag }, state, call))
  assert.deepEqual([not.status, not.headers['ETag']], [304, ETag])
  const since = await faultOf(
    HeadObject({ ...at('k'), IfModifiedSince: later(clock.at, 5_000) }, state, call),
  )
  assert.equal(since.status, 304)
  assert.equal((await faultOf(GetObject({ ...at('k'), IfMatch: '"x"' }, state, call))).status, 412)
})

test('GetObject overrides headers of signed requests only, and keeps archived objects shut', async () => {
  const { state } = await bucket()
  await PutObject({ ...at('k'), StorageClass: 'GLACIER' }, state, call)
  assert.equal((await faultOf(GetObject(at('k'), state, call))).code, 'InvalidObjectState')
  await PutObject(at('k'), state, call)
  const asked = { ...at('k'), ResponseContentType: 'text/x', ResponseExpires: instant(0) }
  const got = await GetObject(asked, state, call)
  assert.deepEqual([got.ContentType, got.Expires], ['text/x', 'Thu, 01 Jan 1970 00:00:00 GMT'])
  const anonymous = await faultOf(GetObject(asked, state, fakeCall({ accessKeyId: undefined })))
  assert.equal(anonymous.code, 'InvalidRequest')
})

test('GetObject finishes the body it began when the object is replaced meanwhile', async () => {
  const { state, blobs } = await bucket()
  const [first, second] = [bytes(300_000), bytes(299_999)]
  await PutObject({ ...at('k'), Body: bodyOf(first) }, state, call)
  const got = await GetObject(at('k'), state, call)
  await PutObject({ ...at('k'), Body: bodyOf(second) }, state, call)
  assert.equal(blobs.held.size, 2)
  assert.deepEqual(await bytesOf(got.Body), first)
  assert.equal(blobs.held.size, 1)
  assert.deepEqual(await bytesOf((await GetObject(at('k'), state, call)).Body), second)
})

test('DeleteObject deletes the body, and succeeds when there is nothing', async () => {
  const { state, blobs } = await bucket()
  await PutObject({ ...at('k'), Body: bodyOf(bytes(40_000)) }, state, call)
  assert.deepEqual(await DeleteObject(at('k'), state, call), {
    DeleteMarker: undefined,
    VersionId: undefined,
  })
  await DeleteObject(at('k'), state, call)
  assert.equal(blobs.held.size, 0)
  const fault = await faultOf(GetObject(at('k'), state, call))
  assert.deepEqual([fault.status, fault.code, fault.members['Key']], [404, 'NoSuchKey', 'k'])
})

test('DeleteObject keeps If-Match for an object and succeeds without one', async () => {
  const { state } = await bucket()
  await DeleteObject({ ...at('k'), IfMatch: '"x"' }, state, call)
  const { ETag } = await PutObject(at('k'), state, call)
  assert.equal(
    (await faultOf(DeleteObject({ ...at('k'), IfMatch: '"x"' }, state, call))).code,
    'PreconditionFailed',
  )
  await DeleteObject({ ...at('k'), IfMatch: ETag }, state, call)
  assert.equal((await faultOf(HeadObject(at('k'), state, call))).code, 'NoSuchKey')
})

test('DeleteObjects answers for each key, or only for errors when quiet', async () => {
  const { state } = await bucket()
  for (const Key of ['a', 'b']) await PutObject(at(Key), state, call)
  const Objects = [{ Key: 'a' }, { Key: 'none' }, { Key: 'b', VersionId: 'bad' }]
  const answer = await DeleteObjects({ Bucket: 'bucket', Delete: { Objects } }, state, call)
  assert.deepEqual(
    answer.Deleted?.map((one) => one.Key),
    ['a', 'none'],
  )
  assert.deepEqual(
    answer.Errors?.map((one) => [one.Key, one.Code]),
    [['b', 'NoSuchVersion']],
  )
  const quiet = await DeleteObjects(
    { Bucket: 'bucket', Delete: { Objects: [{ Key: 'b' }], Quiet: true } },
    state,
    call,
  )
  assert.deepEqual(quiet, { Deleted: [], Errors: [] })
  assert.equal((await faultOf(HeadObject(at('b'), state, call))).code, 'NoSuchKey')
  const none = await faultOf(DeleteObjects({ Bucket: 'bucket', Delete: { Objects: [] } }, state, call))
  assert.equal(none.code, 'MalformedXML')
})

test('CopyObject copies bytes, and metadata and tags unless told otherwise', async () => {
  const { state, blobs } = await bucket()
  const data = bytes(40_000)
  const source = {
    ...at('a b'),
    Body: bodyOf(data),
    Metadata: { m: '1' },
    ContentType: 'text/a',
    Tagging: 't=1',
  }
  await PutObject(source, state, call)
  const copy = await CopyObject({ ...at('copy'), CopySource: 'bucket/a%20b' }, state, call)
  assert.equal(copy.CopyObjectResult?.ETag, `"${md5(data)}"`)
  const head = await HeadObject(at('copy'), state, call)
  assert.deepEqual([head.ContentType, head.Metadata, head.TagCount], ['text/a', { m: '1' }, 1])
  const replace = { MetadataDirective: 'REPLACE', TaggingDirective: 'REPLACE', ContentType: 'text/b' }
  await CopyObject({ ...at('copy'), CopySource: 'bucket/a%20b', ...replace }, state, call)
  const replaced = await HeadObject(at('copy'), state, call)
  assert.deepEqual([replaced.ContentType, replaced.Metadata, replaced.TagCount], ['text/b', {}, undefined])
  assert.deepEqual(await bytesOf((await GetObject(at('copy'), state, call)).Body), data)
  assert.equal(blobs.held.size, 2)
})

test('CopyObject refuses itself, failed conditions, missing sources, and holds no body then', async () => {
  const { state, blobs } = await bucket()
  await PutObject({ ...at('k'), Body: bodyOf(bytes(40_000)) }, state, call)
  const copy = (more: object): Promise<unknown> =>
    Promise.resolve(CopyObject({ ...at('k'), CopySource: 'bucket/k', ...more }, state, call))
  assert.match((await faultOf(copy({}))).message, /trying to copy an object to itself/)
  assert.equal((await faultOf(copy({ CopySourceIfMatch: 'x' }))).code, 'PreconditionFailed')
  assert.equal((await faultOf(copy({ CopySource: 'bucket/none' }))).code, 'NoSuchKey')
  assert.equal((await faultOf(copy({ CopySource: 'none/k' }))).code, 'NoSuchBucket')
  await copy({ MetadataDirective: 'REPLACE' })
  await copy({ StorageClass: 'STANDARD' })
  await DeleteObject(at('k'), state, call)
  assert.equal(blobs.held.size, 0)
})

test('Object tags are put, read and deleted', async () => {
  const { state } = await bucket()
  await PutObject(at('k'), state, call)
  const TagSet = [{ Key: 'a', Value: 'b' }]
  await PutObjectTagging({ ...at('k'), Tagging: { TagSet } }, state, call)
  assert.deepEqual((await GetObjectTagging(at('k'), state, call)).TagSet, TagSet)
  await DeleteObjectTagging(at('k'), state, call)
  assert.deepEqual((await GetObjectTagging(at('k'), state, call)).TagSet, [])
  assert.equal(
    (await faultOf(PutObjectTagging({ ...at('x'), Tagging: { TagSet } }, state, call))).code,
    'NoSuchKey',
  )
})

test('GetObjectAttributes answers what was asked for', async () => {
  const { state } = await bucket()
  await PutObject({ ...at('k'), Body: bodyOf(utf8('abc')) }, state, call)
  const ObjectAttributes = ['ETag', 'ObjectSize', 'Checksum', 'StorageClass', 'ObjectParts'] as const
  const all = await GetObjectAttributes({ ...at('k'), ObjectAttributes }, state, call)
  assert.deepEqual(
    [all.ETag, all.ObjectSize, all.StorageClass, all.ObjectParts],
    [md5(utf8('abc')), 3, 'STANDARD', undefined],
  )
  assert.ok(all.Checksum?.ChecksumCRC64NVME)
  const one = await GetObjectAttributes({ ...at('k'), ObjectAttributes: ['ETag'] }, state, call)
  assert.equal(one.ObjectSize, undefined)
})

test('Requests are metered by class; deletes and requests without a bucket are free', async () => {
  const { state, usage } = await bucket()
  await PutObject(at('k'), state, call)
  await GetObject(at('k'), state, call)
  await faultOf(GetObject(at('none'), state, call))
  await faultOf(GetObject({ Bucket: 'none', Key: 'k' }, state, call))
  await DeleteObject(at('k'), state, call)
  assert.deepEqual(
    usage.map((one) => [one.service, one.dimension, one.quantity, one.resource]),
    [
      ['s3', 'putCopyPostList', 1, 'bucket'],
      ['s3', 'putCopyPostList', 1, 'bucket'],
      ['s3', 'getAndOther', 1, 'bucket'],
      ['s3', 'getAndOther', 1, 'bucket'],
    ],
  )
})

test('sweepS3() deletes blobs without a name and no other', async () => {
  const { state, blobs } = await bucket()
  await PutObject({ ...at('k'), Body: bodyOf(bytes(40_000)) }, state, call)
  await blobs.write(bodyOf(utf8('left by a crash')))
  assert.equal(await sweepS3(state, blobs.ids()), 1)
  assert.equal(text((await bytesOf((await GetObject(at('k'), state, call)).Body)).subarray(0, 0)), '')
  assert.equal(blobs.held.size, 1)
})

test('objects under a key of the customer are read with that key alone', async () => {
  const { state } = await bucket()
  const keyOf = (
    letter: string,
  ): { SSECustomerAlgorithm: string; SSECustomerKey: string; SSECustomerKeyMD5: string } => {
    const raw = utf8(letter.repeat(32))
    const md5OfKey = Buffer.from(md5(raw), 'hex').toString('base64')
    return { SSECustomerAlgorithm: 'AES256', SSECustomerKey: base64(raw), SSECustomerKeyMD5: md5OfKey }
  }
  const [mine, other] = [keyOf('a'), keyOf('b')]
  const put = await PutObject({ ...at('k'), ...mine }, state, call)
  assert.deepEqual([put.SSECustomerKeyMD5, put.ServerSideEncryption], [mine.SSECustomerKeyMD5, undefined])
  assert.equal((await GetObject({ ...at('k'), ...mine }, state, call)).SSECustomerAlgorithm, 'AES256')
  assert.equal((await faultOf(GetObject(at('k'), state, call))).code, 'InvalidRequest')
  assert.equal((await faultOf(HeadObject({ ...at('k'), ...other }, state, call))).code, 'AccessDenied')
  await PutObject(at('plain'), state, call)
  assert.equal((await faultOf(GetObject({ ...at('plain'), ...mine }, state, call))).code, 'InvalidRequest')
  const wrong = { ...mine, SSECustomerKeyMD5: other.SSECustomerKeyMD5 }
  assert.equal((await faultOf(PutObject({ ...at('k'), ...wrong }, state, call))).code, 'InvalidArgument')
  const both = { ...mine, ServerSideEncryption: 'aws:kms' as const }
  assert.equal((await faultOf(PutObject({ ...at('k'), ...both }, state, call))).code, 'InvalidArgument')
})
