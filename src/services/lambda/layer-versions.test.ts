/** Layers through the service: numbers, lists, sharing, and what functions have of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId } from '#base/ids.ts'
import { utf8 } from '#base/bytes.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { PublishLayerVersionRequest, PublishLayerVersionResponse } from '#model/lambda.ts'
import { create, refusal, withFunction } from '#services/lambda/fake-invoke.ts'
import { type FakeLambda, fakeCall, fakeLambda, turns } from '#services/lambda/fake-platform.ts'
import { lambda, sweepLambda } from '#services/lambda/index.ts'

const { operations } = lambda
const LAYER = 'arn:aws:lambda:us-east-1:000000000000:layer:l'

const publish = async (
  fake: FakeLambda,
  content: string,
  more: Partial<PublishLayerVersionRequest> = {},
): Promise<PublishLayerVersionResponse> =>
  await operations.PublishLayerVersion(
    { LayerName: 'l', Content: { ZipFile: utf8(content) }, ...more },
    fake.state,
    fakeCall(),
  )

const other = (): ReturnType<typeof fakeCall> =>
  fakeCall({ account: accountId('111122223333') ?? fakeCall().account })

test('PublishLayerVersion counts up, also past versions that were deleted', async () => {
  const fake = fakeLambda(memoryStores())
  const first = await publish(fake, 'one', { Description: 'd', CompatibleRuntimes: ['nodejs22.x'] })
  assert.deepEqual(
    [first.Version, first.LayerArn, first.LayerVersionArn, first.Content?.CodeSize, first.CompatibleRuntimes],
    [1, LAYER, `${LAYER}:1`, 3, ['nodejs22.x']],
  )
  await publish(fake, 'two')
  await operations.DeleteLayerVersion({ LayerName: 'l', VersionNumber: 2 }, fake.state, fakeCall())
  await operations.DeleteLayerVersion({ LayerName: 'none', VersionNumber: 9 }, fake.state, fakeCall())
  assert.equal((await publish(fake, 'three', { LayerName: LAYER })).Version, 3)
  const shown = await operations.GetLayerVersion({ LayerName: 'l', VersionNumber: 3 }, fake.state, fakeCall())
  assert.equal(shown.LayerVersionArn, `${LAYER}:3`)
  assert.match(
    await refusal(operations.GetLayerVersionByArn({ Arn: `${LAYER}:2` }, fake.state, fakeCall())),
    /^404 ResourceNotFoundException: The resource you requested does not exist\.$/,
  )
})

test('ListLayers and ListLayerVersions show what fits, the newest first', async () => {
  const fake = fakeLambda(memoryStores())
  await publish(fake, 'one', { CompatibleRuntimes: ['nodejs22.x'] })
  await publish(fake, 'two', { CompatibleRuntimes: ['python3.12'] })
  await publish(fake, 'a', { LayerName: 'a' })
  const call = fakeCall()
  const { Layers: all } = await operations.ListLayers({}, fake.state, call)
  assert.deepEqual(
    all?.map((each) => [each.LayerName, each.LatestMatchingVersion?.Version]),
    [
      ['a', 1],
      ['l', 2],
    ],
  )
  const node = await operations.ListLayers({ CompatibleRuntime: 'nodejs22.x' }, fake.state, call)
  assert.deepEqual(
    node.Layers?.map((each) => each.LatestMatchingVersion?.Version),
    [1],
  )
  const first = await operations.ListLayerVersions({ LayerName: 'l', MaxItems: 1 }, fake.state, call)
  assert.deepEqual(
    first.LayerVersions?.map((each) => each.Version),
    [2],
  )
  const next = { LayerName: 'l', Marker: first.NextMarker }
  const rest = await operations.ListLayerVersions(next, fake.state, call)
  assert.deepEqual([rest.LayerVersions?.map((each) => each.Version), rest.NextMarker], [[1], undefined])
})

test('a function has its layers in their order, also after they were deleted', async () => {
  const fake = fakeLambda(memoryStores())
  const ids = (
    await Promise.all([publish(fake, 'one', { LayerName: 'a' }), publish(fake, 'two', { LayerName: 'b' })])
  ).map((each) => each.LayerVersionArn ?? '')
  await create(fake, { Layers: ids })
  await turns()
  const shown = await operations.GetFunctionConfiguration({ FunctionName: 'f' }, fake.state, fakeCall())
  assert.deepEqual(
    shown.Layers,
    ids.map((Arn) => ({ Arn, CodeSize: 3 })),
  )
  for (const LayerName of ['a', 'b'])
    await operations.DeleteLayerVersion({ LayerName, VersionNumber: 1 }, fake.state, fakeCall())
  assert.equal(await sweepLambda(fake.state), 0, 'the function still has both')
  const answer = operations.Invoke({ FunctionName: 'f' }, fake.state, fakeCall())
  await turns()
  fake.sandboxes.last().boot()
  fake.sandboxes.last().work()
  await answer
  assert.deepEqual(
    fake.sandboxes.last().spec.layers.map((each) => each.packageBytes),
    [3, 3],
  )
  assert.match(
    await refusal(create(fake, { FunctionName: 'g', Layers: ids })),
    /^400 InvalidParameterValueException: Layer version .*:layer:a:1 does not exist\.$/,
  )
  await operations.UpdateFunctionConfiguration({ FunctionName: 'f', Layers: [] }, fake.state, fakeCall())
  assert.equal(await sweepLambda(fake.state), 2)
})

test('CreateFunction refuses two versions of a layer, and code that is too large with its layers', async () => {
  const fake = fakeLambda(memoryStores())
  await publish(fake, 'one')
  await publish(fake, 'two')
  assert.match(
    await refusal(create(fake, { Layers: [`${LAYER}:1`, `${LAYER}:2`] })),
    /^400 .*Two different versions of the same layer .*layer:l:2 and .*layer:l:1 are versions of the same layer\.$/,
  )
  const staged = fake.sandboxes.stagings
  fake.sandboxes.stagings = (zip) => {
    const staging = staged(zip)
    return staging.kind === 'staged'
      ? { kind: 'staged', code: { ...staging.code, unzippedBytes: 200_000_000 } }
      : staging
  }
  await publish(fake, 'three')
  assert.match(
    await refusal(create(fake, { Layers: [`${LAYER}:3`] })),
    /^400 .*combined with layers exceeds the maximum allowed size of 262144000 bytes\. The actual size is 400000000 bytes\.$/,
  )
  assert.equal(fake.blobs.held.size, 3, 'the refused package is gone')
})

test('another account uses a layer when a statement of its policy lets it', async () => {
  const fake = fakeLambda(memoryStores())
  await publish(fake, 'one')
  const wish = { LayerName: LAYER, VersionNumber: 1 }
  const get = (): unknown => operations.GetLayerVersion(wish, fake.state, other())
  assert.match(await refusal(get()), /^403 AccessDeniedException: .*:111122223333:root is not authorized/)
  const permission = {
    LayerName: 'l',
    VersionNumber: 1,
    StatementId: 's',
    Action: 'lambda:GetLayerVersion',
    Principal: '111122223333',
  }
  const added = await operations.AddLayerVersionPermission(permission, fake.state, fakeCall())
  assert.deepEqual(JSON.parse(added.Statement ?? ''), {
    Sid: 's',
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::111122223333:root' },
    Action: 'lambda:GetLayerVersion',
    Resource: `${LAYER}:1`,
  })
  assert.match(
    await refusal(operations.AddLayerVersionPermission(permission, fake.state, fakeCall())),
    /^409 /,
  )
  await get()
  const policy = await operations.GetLayerVersionPolicy(permission, fake.state, fakeCall())
  assert.equal(policy.RevisionId, added.RevisionId)
  const remove = (RevisionId?: string): unknown =>
    operations.RemoveLayerVersionPermission({ ...permission, RevisionId }, fake.state, fakeCall())
  assert.match(await refusal(remove('x')), /^412 .*Call the GetLayerPolicy API/)
  await remove(added.RevisionId)
  assert.match(await refusal(get()), /^403 /)
  assert.match(
    await refusal(operations.GetLayerVersionPolicy(permission, fake.state, fakeCall())),
    /No policy is associated with the given resource\.$/,
  )
})

test('GetAccountSettings counts the packages of functions, versions and layers', async () => {
  const fake = await withFunction()
  await publish(fake, 'layer')
  await operations.PublishVersion({ FunctionName: 'f' }, fake.state, fakeCall())
  const { AccountUsage: used } = await operations.GetAccountSettings({}, fake.state, fakeCall())
  assert.deepEqual(used, { FunctionCount: 1, TotalCodeSize: 3 + 3 + 5 })
})
