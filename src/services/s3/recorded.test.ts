/** Rare requests whose answers are recorded from AWS: tags of markers, conflicts of uploads, refusals word by word. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '#base/bytes.ts'
import { memoryStores } from '#host/store/memory.ts'
import { bodyOf, fakeCall, type FakeS3, fakeS3, faultOf } from '#services/s3/fake-ports.ts'
import { s3 } from '#services/s3/index.ts'

const ops = s3.operations
const call = fakeCall()
const at = { Bucket: 'bkt', Key: 'k' }

async function bucket(Status?: string): Promise<FakeS3> {
  const fake = fakeS3(memoryStores())
  await ops.CreateBucket({ Bucket: 'bkt', ObjectOwnership: 'ObjectWriter' }, fake.state, call)
  if (Status !== undefined)
    await ops.PutBucketVersioning({ Bucket: 'bkt', VersioningConfiguration: { Status } }, fake.state, call)
  return fake
}

const put = async ({ state }: FakeS3, body: string, more: object = {}): Promise<string> =>
  (await ops.PutObject({ ...at, Body: bodyOf(utf8(body)), ...more }, state, call)).ETag ?? ''

test('tags and lists of a delete marker are refused by the method, whether it is named or the newest', async () => {
  const fake = await bucket('Enabled')
  const { state } = fake
  await put(fake, 'x')
  const { VersionId } = await ops.DeleteObject(at, state, call)
  const Tagging = { TagSet: [{ Key: 'a', Value: 'b' }] }
  for (const where of [at, { ...at, VersionId }]) {
    const runs: readonly (readonly [string, () => unknown])[] = [
      ['PUT', () => ops.PutObjectTagging({ ...where, Tagging }, state, call)],
      ['GET', () => ops.GetObjectTagging(where, state, call)],
      ['DELETE', () => ops.DeleteObjectTagging(where, state, call)],
      ['PUT', () => ops.PutObjectAcl({ ...where, ACL: 'private' }, state, call)],
    ]
    for (const [method, run] of runs) {
      const fault = await faultOf(Promise.resolve().then(run))
      assert.deepEqual([fault.status, fault.code, fault.members['Method']], [405, 'MethodNotAllowed', method])
    }
  }
  assert.equal((await faultOf(ops.GetObjectAcl(at, state, call))).code, 'NoSuchKey')
})

test('CompleteMultipartUpload with a condition is in conflict with what was written since it began', async () => {
  for (const versioning of [undefined, 'Enabled']) {
    const fake = await bucket(versioning)
    const { state } = fake
    const begin = async (): Promise<(conditions: object) => Promise<unknown>> => {
      const { UploadId = '' } = await ops.CreateMultipartUpload(at, state, call)
      const part = { ...at, UploadId, PartNumber: 1, Body: bodyOf(utf8('part')) }
      const { ETag } = await ops.UploadPart(part, state, call)
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
      return (conditions) =>
        Promise.resolve(
          ops.CompleteMultipartUpload({ ...at, UploadId, MultipartUpload, ...conditions }, state, call),
        )
    }
    const first = await put(fake, 'first')
    const early = await begin()
    const second = await put(fake, 'second')
    assert.equal((await faultOf(early({ IfMatch: first }))).code, 'PreconditionFailed')
    const conflict = await faultOf(early({ IfMatch: second }))
    assert.deepEqual(
      [conflict.status, conflict.code, conflict.members['Condition']],
      [409, 'ConditionalRequestConflict', 'If-Match'],
    )
    const late = await begin()
    await late({ IfMatch: second })
    if (versioning === undefined) continue
    const hidden = await begin()
    await ops.DeleteObject(at, state, call)
    assert.equal((await faultOf(hidden({ IfNoneMatch: '*' }))).code, 'ConditionalRequestConflict')
    const fresh = await begin()
    await fresh({ IfNoneMatch: '*' })
  }
})

test('CreateBucket with tags is not repeatable, and two of one key are an error of AWS itself', async () => {
  const { state } = await bucket()
  const create = (...Tags: { Key: string; Value: string }[]): unknown =>
    ops.CreateBucket({ Bucket: 'tagged', CreateBucketConfiguration: { Tags } }, state, call)
  const twice = await faultOf(create({ Key: 'a', Value: '1' }, { Key: 'a', Value: '2' }))
  assert.deepEqual([twice.status, twice.code], [500, 'InternalError'])
  await create({ Key: 'a', Value: '1' })
  assert.equal((await faultOf(create({ Key: 'a', Value: '1' }))).code, 'BucketAlreadyOwnedByYou')
  await create()
  const fault = await faultOf(create({ Key: 'a', Value: '1,2' }))
  assert.deepEqual(
    [fault.code, fault.members['TagKey'], fault.members['TagValue']],
    ['InvalidTag', 'a', '1,2'],
  )
})

test('refusals name the header they are about', async () => {
  const { state } = await bucket()
  const { UploadId: upload = '' } = await ops.CreateMultipartUpload(at, state, call)
  const acl = (more: object): unknown => ops.PutBucketAcl({ Bucket: 'bkt', ...more }, state, call)
  const owner = { Owner: { ID: 'a'.repeat(64) } }
  const cases: readonly (readonly [() => unknown, string, string, unknown])[] = [
    [() => acl({}), 'MissingSecurityHeader', 'MissingHeaderName', 'x-amz-acl'],
    [
      () => acl({ ACL: 'private', AccessControlPolicy: owner }),
      'UnexpectedContent',
      'ArgumentName',
      undefined,
    ],
    [() => acl({ GrantWrite: 'fakekey="1234"' }), 'InvalidArgument', 'ArgumentName', 'x-amz-grant-write'],
    [() => acl({ GrantReadACP: 'x' }), 'InvalidArgument', 'ArgumentName', 'x-amz-grant-read-acp'],
    [() => acl({ GrantWrite: 'id="wrong-id"' }), 'InvalidArgument', 'ArgumentName', 'id'],
    [
      () => ops.ListParts({ ...at, UploadId: upload, PartNumberMarker: -42 }, state, call),
      'InvalidArgument',
      'ArgumentName',
      'part-number-marker',
    ],
    [() => ops.PutObject({ ...at, IfMatch: '*' }, state, call), 'NotImplemented', 'Header', 'If-Match'],
    [
      () => ops.DeleteObject({ ...at, IfMatchLastModifiedTime: call.at, IfMatchSize: 1 }, state, call),
      'NotImplemented',
      'Header',
      'x-amz-if-match-last-modified-time',
    ],
  ]
  for (const [run, code, member, value] of cases) {
    const fault = await faultOf(Promise.resolve().then(run))
    assert.deepEqual([fault.code, fault.members[member]], [code, value])
  }
})
