import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { concat, utf8 } from '#base/bytes.ts'
import { memoryStores } from '#host/store/memory.ts'
import { bodyOf, bytesOf, fakeCall, type FakeS3, fakeS3, faultOf } from '#services/s3/fake-ports.ts'
import { s3, sweepS3 } from '#services/s3/index.ts'
import { PART_BYTES_MIN } from '#services/s3/limits.ts'
import type { S3State } from '#services/s3/state.ts'

const { AbortMultipartUpload, CompleteMultipartUpload, CreateBucket, CreateMultipartUpload } = s3.operations
const { DeleteBucket, DeleteObject, GetObject, HeadObject, ListMultipartUploads, ListParts } = s3.operations
const { GetObjectAttributes, PutObject, UploadPart, UploadPartCopy } = s3.operations
const call = fakeCall()
const where = { Bucket: 'bucket', Key: 'k' }
const bytes = (size: number, seed = 0): Uint8Array => new Uint8Array(size).fill(seed + 1)
const digest = (name: string, data: Uint8Array): string => createHash(name).update(data).digest('base64')

async function bucket(): Promise<FakeS3> {
  const fake = fakeS3(memoryStores())
  await CreateBucket({ Bucket: 'bucket' }, fake.state, call)
  return fake
}

async function begin(state: S3State, more: object = {}): Promise<string> {
  return (await CreateMultipartUpload({ ...where, ...more }, state, call)).UploadId ?? ''
}

async function upload(
  state: S3State,
  UploadId: string,
  PartNumber: number,
  data: Uint8Array,
): Promise<string> {
  const part = await UploadPart({ ...where, UploadId, PartNumber, Body: bodyOf(data) }, state, call)
  return part.ETag ?? ''
}

interface NamedPart {
  readonly PartNumber: number
  readonly ETag: string
  readonly ChecksumSHA256?: string
}
const complete = (state: S3State, UploadId: string, Parts: readonly NamedPart[], more: object = {}) =>
  Promise.resolve(
    CompleteMultipartUpload({ ...where, UploadId, MultipartUpload: { Parts }, ...more }, state, call),
  )

test('CompleteMultipartUpload makes the concatenation of its parts, whatever their sizes and ranges', async () => {
  const size = fc.integer({ min: PART_BYTES_MIN, max: PART_BYTES_MIN + 100 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(size, { maxLength: 3 }),
      fc.constantFrom(1, 100, 40_000),
      fc.nat(),
      fc.nat(),
      async (sizes, last, a, b) => {
        const { state, blobs } = await bucket()
        const id = await begin(state)
        const parts = [...sizes, last].map((one, i) => bytes(one, i))
        const named: NamedPart[] = []
        for (const [i, data] of parts.entries())
          named.push({ PartNumber: i * 2 + 1, ETag: await upload(state, id, i * 2 + 1, data) })
        const done = await complete(state, id, named)
        const whole = concat(parts)
        const md5s = concat(parts.map((data) => createHash('md5').update(data).digest()))
        assert.equal(done.ETag, `"${createHash('md5').update(md5s).digest('hex')}-${parts.length}"`)
        assert.deepEqual(await bytesOf((await GetObject(where, state, call)).Body), whole)
        const start = a % whole.length
        const end = start + (b % (whole.length - start))
        const range = await GetObject({ ...where, Range: `bytes=${start}-${end}` }, state, call)
        assert.ok(Buffer.from(await bytesOf(range.Body)).equals(whole.subarray(start, end + 1)))
        assert.equal((await faultOf(ListParts({ ...where, UploadId: id }, state, call))).code, 'NoSuchUpload')
        await DeleteObject(where, state, call)
        assert.equal(blobs.held.size, 0)
      },
    ),
    { numRuns: 8 },
  )
})

test('CompleteMultipartUpload refuses parts that are missing, unordered, too small or none', async () => {
  const { state } = await bucket()
  const id = await begin(state)
  const first = { PartNumber: 1, ETag: await upload(state, id, 1, bytes(10)) }
  const second = { PartNumber: 2, ETag: await upload(state, id, 2, bytes(10)) }
  const cases: readonly (readonly [readonly NamedPart[], string])[] = [
    [[], 'MalformedXML'],
    [[second, first], 'InvalidPartOrder'],
    [[first, first], 'InvalidPartOrder'],
    [[{ PartNumber: 3, ETag: first.ETag }], 'InvalidPart'],
    [[{ PartNumber: 1, ETag: '"x"' }], 'InvalidPart'],
    [[first, second], 'EntityTooSmall'],
  ]
  for (const [parts, code] of cases) assert.equal((await faultOf(complete(state, id, parts))).code, code)
  assert.equal((await faultOf(complete(state, 'x', [first]))).code, 'NoSuchUpload')
  assert.equal((await faultOf(complete(state, id, [first], { MpuObjectSize: 11 }))).code, 'InvalidRequest')
  await complete(state, id, [first])
  assert.equal((await HeadObject(where, state, call)).ContentLength, 10)
})

test('A part that is uploaded again replaces the first, and parts not named go', async () => {
  const { state, blobs } = await bucket()
  const id = await begin(state)
  await upload(state, id, 1, bytes(50_000))
  const again = await upload(state, id, 1, bytes(60_000, 1))
  await upload(state, id, 2, bytes(50_000, 2))
  assert.equal(blobs.held.size, 2)
  await complete(state, id, [{ PartNumber: 1, ETag: again }])
  assert.equal(blobs.held.size, 1)
  assert.equal((await HeadObject(where, state, call)).ContentLength, 60_000)
  assert.equal(await sweepS3(state, blobs.ids()), 0)
})

test('CompleteMultipartUpload answers a retry like the first, until the object is replaced', async () => {
  const { state } = await bucket()
  const id = await begin(state)
  const named = [{ PartNumber: 1, ETag: await upload(state, id, 1, bytes(10)) }]
  assert.deepEqual(await complete(state, id, named), await complete(state, id, named))
  await PutObject({ ...where }, state, call)
  assert.equal((await faultOf(complete(state, id, named))).code, 'NoSuchUpload')
})

test('AbortMultipartUpload and DeleteBucket leave no parts behind', async () => {
  const { state, blobs } = await bucket()
  const id = await begin(state)
  await upload(state, id, 1, bytes(50_000))
  await AbortMultipartUpload({ ...where, UploadId: id }, state, call)
  assert.equal(blobs.held.size, 0)
  const gone = await faultOf(AbortMultipartUpload({ ...where, UploadId: id }, state, call))
  assert.deepEqual([gone.status, gone.code, gone.members['UploadId']], [404, 'NoSuchUpload', id])
  await upload(state, await begin(state), 1, bytes(50_000))
  assert.equal(await sweepS3(state, blobs.ids()), 0)
  await DeleteBucket({ Bucket: 'bucket' }, state, call)
  assert.equal(blobs.held.size, 0)
})

test('UploadPart refuses part numbers outside 1 to 10,000 and uploads of another key', async () => {
  const { state } = await bucket()
  const UploadId = await begin(state)
  for (const PartNumber of [0, 10_001])
    assert.equal(
      (await faultOf(UploadPart({ ...where, UploadId, PartNumber }, state, call))).code,
      'InvalidArgument',
    )
  const other = UploadPart({ ...where, Key: 'other', UploadId, PartNumber: 1 }, state, call)
  assert.equal((await faultOf(other)).code, 'NoSuchUpload')
})

test('Composite checksums want each part and are verified', async () => {
  const { state } = await bucket()
  const created = await CreateMultipartUpload({ ...where, ChecksumAlgorithm: 'SHA256' }, state, call)
  const UploadId = created.UploadId ?? ''
  assert.deepEqual([created.ChecksumAlgorithm, created.ChecksumType], ['SHA256', 'COMPOSITE'])
  const data = utf8('part')
  const part = { ...where, UploadId, PartNumber: 1 }
  const without = await faultOf(UploadPart({ ...part, Body: bodyOf(data) }, state, call))
  assert.match(without.message, /expected checksum Type: sha256, actual checksum Type: null/)
  const ChecksumSHA256 = digest('sha256', data)
  const sent = await UploadPart({ ...part, Body: bodyOf(data), ChecksumSHA256 }, state, call)
  assert.equal(sent.ChecksumSHA256, ChecksumSHA256)
  const named = { PartNumber: 1, ETag: sent.ETag ?? '' }
  assert.match((await faultOf(complete(state, UploadId, [named]))).message, /It was missing for part 1/)
  const whole = `${digest('sha256', Buffer.from(ChecksumSHA256, 'base64'))}-1`
  const done = await complete(state, UploadId, [{ ...named, ChecksumSHA256 }])
  assert.equal(done.ChecksumSHA256, whole)
  const attributes = await GetObjectAttributes(
    { ...where, ObjectAttributes: ['Checksum', 'ObjectParts'] },
    state,
    call,
  )
  assert.equal(attributes.Checksum?.ChecksumSHA256, whole.slice(0, -2))
  assert.deepEqual(attributes.ObjectParts?.Parts, [{ PartNumber: 1, Size: 4, ChecksumSHA256 }])
})

test('Without an algorithm the whole has a CRC64NVME of all bytes', async () => {
  const { state } = await bucket()
  const id = await begin(state)
  const [a, b] = [bytes(PART_BYTES_MIN), bytes(7, 1)]
  const named = [
    { PartNumber: 1, ETag: await upload(state, id, 1, a) },
    { PartNumber: 2, ETag: await upload(state, id, 2, b) },
  ]
  const done = await complete(state, id, named)
  const plain = await PutObject({ Bucket: 'bucket', Key: 'plain', Body: bodyOf(concat([a, b])) }, state, call)
  assert.equal(done.ChecksumCRC64NVME, plain.ChecksumCRC64NVME)
  assert.equal(done.ChecksumType, 'FULL_OBJECT')
})

test('GetObject and HeadObject answer one part by its number', async () => {
  const { state } = await bucket()
  const id = await begin(state)
  const [a, b] = [bytes(PART_BYTES_MIN), bytes(7, 1)]
  await complete(state, id, [
    { PartNumber: 1, ETag: await upload(state, id, 1, a) },
    { PartNumber: 2, ETag: await upload(state, id, 2, b) },
  ])
  const got = await GetObject({ ...where, PartNumber: 2 }, state, call)
  assert.deepEqual(await bytesOf(got.Body), b)
  const total = PART_BYTES_MIN + 7
  assert.deepEqual([got.PartsCount, got.ContentRange], [2, `bytes ${PART_BYTES_MIN}-${total - 1}/${total}`])
  const beyond = await faultOf(HeadObject({ ...where, PartNumber: 3 }, state, call))
  assert.deepEqual([beyond.status, beyond.code], [416, 'InvalidPartNumber'])
})

test('UploadPartCopy takes a range of another object', async () => {
  const { state } = await bucket()
  const data = Uint8Array.from({ length: 50_000 }, (_, i) => i)
  await PutObject({ Bucket: 'bucket', Key: 'source', Body: bodyOf(data) }, state, call)
  const UploadId = await begin(state)
  const part = { ...where, UploadId, PartNumber: 1, CopySource: 'bucket/source' }
  const copied = await UploadPartCopy({ ...part, CopySourceRange: 'bytes=10-40009' }, state, call)
  for (const CopySourceRange of ['bytes=0-50000', 'bytes=5-'])
    assert.equal(
      (await faultOf(UploadPartCopy({ ...part, CopySourceRange }, state, call))).code,
      'InvalidArgument',
    )
  await complete(state, UploadId, [{ PartNumber: 1, ETag: copied.CopyPartResult?.ETag ?? '' }])
  assert.deepEqual(await bytesOf((await GetObject(where, state, call)).Body), data.subarray(10, 40_010))
})

test('ListParts and ListMultipartUploads give pages in order', async () => {
  const { state } = await bucket()
  const id = await begin(state)
  for (const number of [3, 1, 2]) await upload(state, id, number, bytes(number))
  const first = await ListParts({ ...where, UploadId: id, MaxParts: 2 }, state, call)
  assert.deepEqual([first.Parts?.map((part) => part.PartNumber), first.IsTruncated], [[1, 2], true])
  const rest = await ListParts(
    { ...where, UploadId: id, PartNumberMarker: first.NextPartNumberMarker },
    state,
    call,
  )
  assert.deepEqual([rest.Parts?.map((part) => part.Size), rest.IsTruncated], [[3], false])

  const second = await begin(state)
  await CreateMultipartUpload({ Bucket: 'bucket', Key: 'a/b' }, state, call)
  const page = await ListMultipartUploads({ Bucket: 'bucket', MaxUploads: 2, Delimiter: '/' }, state, call)
  assert.deepEqual(page.CommonPrefixes, [{ Prefix: 'a/' }])
  assert.deepEqual(
    page.Uploads?.map((one) => one.UploadId),
    [id],
  )
  const more = await ListMultipartUploads(
    { Bucket: 'bucket', KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker },
    state,
    call,
  )
  assert.deepEqual([more.Uploads?.map((one) => one.UploadId), more.IsTruncated], [[second], false])
})

test('A multipart object can be read to its end while it is replaced', async () => {
  const { state, blobs } = await bucket()
  const id = await begin(state)
  const [a, b] = [bytes(PART_BYTES_MIN), bytes(100, 1)]
  await complete(state, id, [
    { PartNumber: 1, ETag: await upload(state, id, 1, a) },
    { PartNumber: 2, ETag: await upload(state, id, 2, b) },
  ])
  const got = await GetObject(where, state, call)
  await DeleteObject(where, state, call)
  assert.equal((await bytesOf(got.Body)).length, PART_BYTES_MIN + 100)
  assert.equal(blobs.held.size, 0)
})
