import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, requestId } from '#base/ids.ts'
import { seeded } from '#base/random.ts'
import { instant } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { Call } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'
import { createEcr, ecr, type EcrState } from '#services/ecr/index.ts'

const { operations: op } = ecr
const START = instant(1_790_000_000_000)
const span = { traceId: '' } as SpanScope
const call: Call = {
  account: DEFAULT_ACCOUNT,
  region: DEFAULT_REGION,
  requestId: requestId(seeded(1)),
  at: START,
  span,
  accessKeyId: 'test',
  endpoint: '',
  host: '',
  headers: {},
  presigned: false,
  signal: new AbortController().signal,
}

function world(): EcrState {
  const alarm = { cancel: () => undefined }
  const clock = {
    now: () => START,
    elapsed: () => 0,
    wall: () => START,
    wakeAt: () => alarm,
    after: () => alarm,
  }
  return createEcr({ clock, stores: memoryStores() })
}

const refused = (code: string) => (error: unknown) => error instanceof Fault && error.code === code

test('CreateRepository makes what DescribeRepositories shows, with AWS’s defaults', async () => {
  const state = world()
  const { repository } = await op.CreateRepository({ repositoryName: 'team/app' }, state, call)
  assert.deepEqual(repository, {
    repositoryArn: 'arn:aws:ecr:us-east-1:000000000000:repository/team/app',
    registryId: '000000000000',
    repositoryName: 'team/app',
    repositoryUri: '000000000000.dkr.ecr.us-east-1.amazonaws.com/team/app',
    createdAt: START,
    imageTagMutability: 'MUTABLE',
    imageScanningConfiguration: { scanOnPush: false },
    encryptionConfiguration: { encryptionType: 'AES256' },
  })
  await assert.rejects(
    async () => op.CreateRepository({ repositoryName: 'team/app' }, state, call),
    refused('RepositoryAlreadyExistsException'),
  )
  await op.CreateRepository({ repositoryName: 'other' }, state, call)
  const first = await op.DescribeRepositories({ maxResults: 1 }, state, call)
  assert.deepEqual(
    first.repositories?.map(({ repositoryName }) => repositoryName),
    ['other'],
  )
  const second = await op.DescribeRepositories({ maxResults: 1, nextToken: first.nextToken }, state, call)
  assert.deepEqual(second.repositories, [repository])
  assert.equal(second.nextToken, undefined)
  for (const more of [
    { repositoryNames: ['none'] },
    { repositoryNames: ['other'], registryId: '111111111111' },
  ])
    await assert.rejects(
      async () => op.DescribeRepositories(more, state, call),
      refused('RepositoryNotFoundException'),
    )
})

test('Settings, policies and tags of a repository are kept until it is deleted', async () => {
  const state = world()
  const of = { repositoryName: 'app' }
  const { repository } = await op.CreateRepository({ ...of, tags: [{ Key: 'a', Value: '1' }] }, state, call)
  await op.PutImageTagMutability({ ...of, imageTagMutability: 'IMMUTABLE' }, state, call)
  await op.PutImageScanningConfiguration(
    { ...of, imageScanningConfiguration: { scanOnPush: true } },
    state,
    call,
  )
  const { repositories } = await op.DescribeRepositories({ repositoryNames: ['app'] }, state, call)
  assert.equal(repositories?.[0]?.imageTagMutability, 'IMMUTABLE')
  assert.equal(repositories[0].imageScanningConfiguration?.scanOnPush, true)
  const policy = '{"Version":"2012-10-17","Statement":[]}'
  const none = async (work: () => unknown, code: string) =>
    assert.rejects(async () => await work(), refused(code))
  await none(() => op.GetRepositoryPolicy(of, state, call), 'RepositoryPolicyNotFoundException')
  await none(
    () => op.SetRepositoryPolicy({ ...of, policyText: 'no' }, state, call),
    'InvalidParameterException',
  )
  await op.SetRepositoryPolicy({ ...of, policyText: policy }, state, call)
  assert.equal((await op.GetRepositoryPolicy(of, state, call)).policyText, policy)
  assert.equal((await op.DeleteRepositoryPolicy(of, state, call)).policyText, policy)
  await none(() => op.DeleteRepositoryPolicy(of, state, call), 'RepositoryPolicyNotFoundException')
  const cycle = '{"rules":[]}'
  await none(() => op.GetLifecyclePolicy(of, state, call), 'LifecyclePolicyNotFoundException')
  await none(
    () => op.PutLifecyclePolicy({ ...of, lifecyclePolicyText: '{}' }, state, call),
    'InvalidParameterException',
  )
  await op.PutLifecyclePolicy({ ...of, lifecyclePolicyText: cycle }, state, call)
  assert.equal((await op.GetLifecyclePolicy(of, state, call)).lifecyclePolicyText, cycle)
  await op.DeleteLifecyclePolicy(of, state, call)
  const resourceArn = repository?.repositoryArn ?? ''
  await op.TagResource({ resourceArn, tags: [{ Key: 'b', Value: '2' }] }, state, call)
  await op.UntagResource({ resourceArn, tagKeys: ['a'] }, state, call)
  assert.deepEqual(await op.ListTagsForResource({ resourceArn }, state, call), {
    tags: [{ Key: 'b', Value: '2' }],
  })
  await none(
    () => op.ListTagsForResource({ resourceArn: 'arn:aws:ecr:x' }, state, call),
    'InvalidParameterException',
  )
  await op.DeleteRepository(of, state, call)
  await none(() => op.DeleteRepository(of, state, call), 'RepositoryNotFoundException')
})
