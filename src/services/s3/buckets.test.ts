import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId, regionOf } from '#base/ids.ts'
import { present } from '#base/assert.ts'
import { memoryStores } from '#host/store/memory.ts'
import { fakeCall, fakeS3, faultOf } from '#services/s3/fake-ports.ts'
import { corsAnswer, s3 } from '#services/s3/index.ts'
import type { S3State } from '#services/s3/state.ts'

const ops = s3.operations
const call = fakeCall()
const other = fakeCall({ account: present(accountId('111111111111'), 'twelve digits') })
const ireland = fakeCall({ region: present(regionOf('eu-west-1'), 'a region') })
const create = (state: S3State, Bucket: string, more: object = {}, as = call): Promise<unknown> =>
  Promise.resolve(ops.CreateBucket({ Bucket, ...more }, state, as))
const Bucket = 'bucket'

test('CreateBucket is repeatable in us-east-1 only, and names are everybody’s', async () => {
  const { state } = fakeS3(memoryStores())
  assert.deepEqual(await create(state, Bucket), { Location: '/bucket' })
  await create(state, Bucket)
  assert.equal((await faultOf(create(state, Bucket, {}, other))).code, 'BucketAlreadyExists')
  const eu = { CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }
  await create(state, 'eu-bucket', eu, ireland)
  const again = await faultOf(create(state, 'eu-bucket', eu, ireland))
  assert.deepEqual([again.status, again.code], [409, 'BucketAlreadyOwnedByYou'])
  assert.equal((await faultOf(create(state, 'No'))).code, 'InvalidBucketName')
})

test('CreateBucket wants the location of its endpoint', async () => {
  const { state } = fakeS3(memoryStores())
  const located = (LocationConstraint: string): object => ({
    CreateBucketConfiguration: { LocationConstraint },
  })
  assert.equal((await faultOf(create(state, Bucket, {}, ireland))).code, 'IllegalLocationConstraintException')
  const elsewhere = await faultOf(create(state, Bucket, located('us-west-2'), ireland))
  assert.equal(elsewhere.code, 'IllegalLocationConstraintException')
  for (const wrong of ['us-east-1', 'nowhere'])
    assert.equal((await faultOf(create(state, Bucket, located(wrong)))).code, 'InvalidLocationConstraint')
  await create(state, Bucket, located('EU'))
  assert.deepEqual(await ops.GetBucketLocation({ Bucket }, state, call), { LocationConstraint: 'EU' })
  assert.equal((await ops.HeadBucket({ Bucket }, state, call)).BucketRegion, 'eu-west-1')
})

test('ListBuckets shows the caller’s, by prefix and in pages', async () => {
  const { state } = fakeS3(memoryStores())
  for (const name of ['aaa', 'abb', 'bbb']) await create(state, name)
  await create(state, 'aother', {}, other)
  const names = (page: { Buckets?: readonly { Name?: string | undefined }[] | undefined }): unknown =>
    page.Buckets?.map((one) => one.Name)
  assert.deepEqual(names(await ops.ListBuckets({}, state, call)), ['aaa', 'abb', 'bbb'])
  const first = await ops.ListBuckets({ Prefix: 'a', MaxBuckets: 1 }, state, call)
  assert.deepEqual(names(first), ['aaa'])
  const token = { ContinuationToken: first.ContinuationToken }
  const rest = await ops.ListBuckets({ Prefix: 'a', MaxBuckets: 1, ...token }, state, call)
  assert.deepEqual([names(rest), rest.ContinuationToken], [['abb'], undefined])
})

test('DeleteBucket refuses a bucket with objects, and forgets its configuration', async () => {
  const { state } = fakeS3(memoryStores())
  await create(state, Bucket)
  await ops.PutBucketTagging({ Bucket, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }, state, call)
  await ops.PutObject({ Bucket, Key: 'k' }, state, call)
  const full = await faultOf(ops.DeleteBucket({ Bucket }, state, call))
  assert.deepEqual([full.status, full.code], [409, 'BucketNotEmpty'])
  await ops.DeleteObject({ Bucket, Key: 'k' }, state, call)
  await ops.DeleteBucket({ Bucket }, state, call)
  assert.equal((await faultOf(ops.HeadBucket({ Bucket }, state, call))).code, 'NoSuchBucket')
  await create(state, Bucket)
  assert.equal((await faultOf(ops.GetBucketTagging({ Bucket }, state, call))).code, 'NoSuchTagSet')
})

test('A new bucket has the settings that AWS gives since 2023', async () => {
  const { state } = fakeS3(memoryStores())
  await create(state, Bucket)
  const block = await ops.GetPublicAccessBlock({ Bucket }, state, call)
  assert.equal(block.PublicAccessBlockConfiguration?.BlockPublicPolicy, true)
  const ownership = await ops.GetBucketOwnershipControls({ Bucket }, state, call)
  assert.deepEqual(ownership.OwnershipControls?.Rules, [{ ObjectOwnership: 'BucketOwnerEnforced' }])
  const encryption = await ops.GetBucketEncryption({ Bucket }, state, call)
  const [rule] = encryption.ServerSideEncryptionConfiguration?.Rules ?? []
  assert.equal(rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm, 'AES256')
  assert.deepEqual(await ops.GetBucketNotificationConfiguration({ Bucket }, state, call), {})
})

test('Configuration that was never put answers its own error', async () => {
  const { state } = fakeS3(memoryStores())
  await create(state, Bucket)
  const cases: readonly (readonly [Promise<unknown>, string])[] = [
    [Promise.resolve(ops.GetBucketCors({ Bucket }, state, call)), 'NoSuchCORSConfiguration'],
    [Promise.resolve(ops.GetBucketPolicy({ Bucket }, state, call)), 'NoSuchBucketPolicy'],
    [Promise.resolve(ops.GetBucketTagging({ Bucket }, state, call)), 'NoSuchTagSet'],
    [Promise.resolve(ops.GetBucketWebsite({ Bucket }, state, call)), 'NoSuchWebsiteConfiguration'],
    [
      Promise.resolve(ops.GetBucketLifecycleConfiguration({ Bucket }, state, call)),
      'NoSuchLifecycleConfiguration',
    ],
    [
      Promise.resolve(ops.GetBucketReplication({ Bucket }, state, call)),
      'ReplicationConfigurationNotFoundError',
    ],
    [
      Promise.resolve(ops.GetObjectLockConfiguration({ Bucket }, state, call)),
      'ObjectLockConfigurationNotFoundError',
    ],
  ]
  const codes = await Promise.all(cases.map(([run]) => faultOf(run)))
  assert.deepEqual(
    codes.map((fault) => [fault.status, fault.code]),
    cases.map(([, code]) => [404, code]),
  )
})

test('Policy, tags, encryption, public access and ownership come back as they were put, and go', async () => {
  const { state } = fakeS3(memoryStores())
  await create(state, Bucket)
  const Policy = JSON.stringify({
    Statement: { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::bucket/*' },
  })
  await ops.PutBucketPolicy({ Bucket, Policy }, state, call)
  assert.deepEqual(await ops.GetBucketPolicy({ Bucket }, state, call), { Policy })
  assert.deepEqual(await ops.GetBucketPolicyStatus({ Bucket }, state, call), {
    PolicyStatus: { IsPublic: true },
  })
  await ops.DeleteBucketPolicy({ Bucket }, state, call)
  assert.equal((await faultOf(ops.GetBucketPolicy({ Bucket }, state, call))).code, 'NoSuchBucketPolicy')
  const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'key' } }]
  await ops.PutBucketEncryption({ Bucket, ServerSideEncryptionConfiguration: { Rules } }, state, call)
  const put = await ops.PutObject({ Bucket, Key: 'k' }, state, call)
  assert.deepEqual([put.ServerSideEncryption, put.SSEKMSKeyId], ['aws:kms', 'key'])
  const keyAlone = { Rules: [{ BucketKeyEnabled: true }] }
  await ops.PutBucketEncryption({ Bucket, ServerSideEncryptionConfiguration: keyAlone }, state, call)
  const read = await ops.GetBucketEncryption({ Bucket }, state, call)
  assert.deepEqual(read.ServerSideEncryptionConfiguration?.Rules, [
    {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256', KMSMasterKeyID: undefined },
      BucketKeyEnabled: true,
    },
  ])
  await ops.DeleteBucketEncryption({ Bucket }, state, call)
  assert.equal((await ops.PutObject({ Bucket, Key: 'k' }, state, call)).ServerSideEncryption, 'AES256')
  await ops.DeletePublicAccessBlock({ Bucket }, state, call)
  const none = await faultOf(ops.GetPublicAccessBlock({ Bucket }, state, call))
  assert.equal(none.code, 'NoSuchPublicAccessBlockConfiguration')
  await ops.DeleteBucketOwnershipControls({ Bucket }, state, call)
  const unowned = await faultOf(ops.GetBucketOwnershipControls({ Bucket }, state, call))
  assert.equal(unowned.code, 'OwnershipControlsNotFoundError')
})

test('Access control lists are refused while they are off, and kept when on', async () => {
  const { state } = fakeS3(memoryStores())
  await create(state, Bucket)
  const refused = await faultOf(ops.PutBucketAcl({ Bucket, ACL: 'public-read' }, state, call))
  assert.equal(refused.code, 'AccessControlListNotSupported')
  const atOnce = await faultOf(create(state, 'open', { ACL: 'public-read' }))
  assert.equal(atOnce.code, 'InvalidBucketAclWithObjectOwnership')
  const controls = { OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] } }
  await ops.PutBucketOwnershipControls({ Bucket, ...controls }, state, call)
  await ops.PutBucketAcl({ Bucket, ACL: 'public-read' }, state, call)
  const { Grants, Owner } = await ops.GetBucketAcl({ Bucket }, state, call)
  assert.deepEqual(
    Grants?.map((grant) => grant.Permission),
    ['FULL_CONTROL', 'READ'],
  )
  assert.equal(Grants?.[0]?.Grantee?.ID, Owner?.ID)
  await ops.PutObject({ Bucket, Key: 'k', GrantRead: `id="${Owner?.ID}"` }, state, call)
  const object = await ops.GetObjectAcl({ Bucket, Key: 'k' }, state, call)
  assert.deepEqual(
    object.Grants?.map((grant) => grant.Permission),
    ['READ'],
  )
  await ops.PutObjectAcl({ Bucket, Key: 'k', ACL: 'private' }, state, call)
  const back = await ops.GetObjectAcl({ Bucket, Key: 'k' }, state, call)
  assert.deepEqual(
    back.Grants?.map((grant) => grant.Permission),
    ['FULL_CONTROL'],
  )
})

test('corsAnswer() answers by the bucket’s rules', async () => {
  const { state } = fakeS3(memoryStores())
  await create(state, Bucket)
  const asked = { method: 'GET', headers: { origin: 'https://page' } }
  assert.equal((await corsAnswer(state, Bucket, asked)).kind, 'refused')
  const CORSRules = [{ AllowedMethods: ['GET'], AllowedOrigins: ['https://page'] }]
  await ops.PutBucketCors({ Bucket, CORSConfiguration: { CORSRules } }, state, call)
  assert.equal((await corsAnswer(state, Bucket, asked)).kind, 'allowed')
  assert.equal((await corsAnswer(state, Bucket, { method: 'GET', headers: {} })).kind, 'none')
  await ops.DeleteBucketCors({ Bucket }, state, call)
  assert.equal((await corsAnswer(state, 'missing', asked)).kind, 'refused')
})
