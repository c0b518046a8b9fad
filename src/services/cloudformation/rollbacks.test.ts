import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeCall, fakePlatform, settled, until } from '#services/cloudformation/fake-ports.ts'
import { asked, nth, put, success, templateOf, TOKEN, world } from '#services/cloudformation/fake-provider.ts'
import { cloudformation } from '#services/cloudformation/index.ts'

const { operations: op } = cloudformation
const call = fakeCall()

test('CancelUpdateStack ends a wait for a provider and takes the update back', async () => {
  const { cloud, state, create, status } = world()
  await create({ Name: 'a' })
  const first = await nth(cloud, state, 1)
  await put(state, first.ResponseURL, success(first, 'a'))
  await settled(state)
  await assert.rejects(async () => op.CancelUpdateStack({ StackName: 'app' }, state, call), {
    message: 'CancelUpdateStack cannot be called from current stack status',
  })
  await op.UpdateStack({ StackName: 'app', TemplateBody: templateOf({ Name: 'b' }) }, state, call)
  await nth(cloud, state, 2)
  await op.CancelUpdateStack({ StackName: 'app' }, state, call)
  const back = await nth(cloud, state, 3)
  await put(state, back.ResponseURL, success(back, 'a'))
  await settled(state)
  assert.equal(await status(), 'UPDATE_ROLLBACK_COMPLETE')
})

test('ContinueUpdateRollback goes on with a rollback that failed, and leaves what it is told to', async () => {
  for (const skip of [[], ['Thing']]) {
    const { cloud, state, create, status } = world()
    await create({ Name: 'a' })
    const first = await nth(cloud, state, 1)
    await put(state, first.ResponseURL, success(first, 'a'))
    await settled(state)
    await op.UpdateStack({ StackName: 'app', TemplateBody: templateOf({ Name: 'b' }) }, state, call)
    for (const n of [2, 3]) {
      const request = await nth(cloud, state, n)
      await put(state, request.ResponseURL, { Status: 'FAILED', PhysicalResourceId: 'a' })
    }
    await settled(state)
    assert.equal(await status(), 'UPDATE_ROLLBACK_FAILED')
    await op.ContinueUpdateRollback({ StackName: 'app', ResourcesToSkip: skip }, state, call)
    if (skip.length === 0) {
      const again = await nth(cloud, state, 4)
      assert.deepEqual(again['ResourceProperties'], { ServiceToken: TOKEN, Name: 'a' })
      await put(state, again.ResponseURL, success(again, 'a'))
    }
    await settled(state)
    assert.equal(await status(), 'UPDATE_ROLLBACK_COMPLETE')
    assert.equal(asked(cloud).length, skip.length === 0 ? 4 : 3)
  }
})

test('A wait condition waits for its signals, tells their data, and fails by signal or by time', async () => {
  const template = JSON.stringify({
    Resources: {
      Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
      Wait: {
        Type: 'AWS::CloudFormation::WaitCondition',
        DependsOn: 'Handle',
        Properties: { Handle: { Ref: 'Handle' }, Timeout: '300', Count: 2 },
      },
    },
    Outputs: { Data: { Value: { 'Fn::GetAtt': ['Wait', 'Data'] } }, Url: { Value: { Ref: 'Handle' } } },
  })
  const signals: readonly (readonly [texts: readonly string[], status: string])[] = [
    [['SUCCESS', 'SUCCESS'], 'CREATE_COMPLETE'],
    [['SUCCESS', 'FAILURE'], 'ROLLBACK_COMPLETE'],
    [['SUCCESS'], 'ROLLBACK_COMPLETE'],
  ]
  for (const [texts, wanted] of signals) {
    const made = fakePlatform()
    const { state, status } = world(made)
    await op.CreateStack({ StackName: 'app', TemplateBody: template }, state, call)
    await until(() => state.waiting.size > 0)
    const { StackResources } = await op.DescribeStackResources({ StackName: 'app' }, state, call)
    const handle = StackResources?.find((one) => one.LogicalResourceId === 'Handle')?.PhysicalResourceId ?? ''
    for (const [n, Status] of texts.entries())
      assert.equal(await put(state, handle, { Status, UniqueId: `${n}`, Data: `d${n}`, Reason: 'r' }), 200)
    made.clock.advance(301_000)
    await settled(state)
    assert.equal(await status(), wanted)
    const { Stacks } = await op.DescribeStacks({ StackName: 'app' }, state, call)
    if (wanted === 'CREATE_COMPLETE')
      assert.equal(Stacks?.[0]?.Outputs?.[0]?.OutputValue, '{"0":"d0","1":"d1"}')
  }
})

const group = (name: string): Record<string, unknown> => ({
  Type: 'AWS::Logs::LogGroup',
  Properties: { LogGroupName: name },
})

test('RollbackStack takes back what a failed operation left, and only that', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  cloud.make('log group', 'taken', {})
  const groups = (): string[] =>
    cloud
      .all('log group')
      .map(([name]) => name)
      .sort()
  const status = async (): Promise<string> =>
    (await op.DescribeStacks({ StackName: 'app' }, state, call)).Stacks?.[0]?.StackStatus ?? ''
  const body = (a: string, b: string): string =>
    JSON.stringify({ Resources: { A: group(a), B: { ...group(b), DependsOn: 'A' } } })
  const create = { StackName: 'app', TemplateBody: body('a', 'taken'), DisableRollback: true }
  await op.CreateStack(create, state, call)
  await settled(state)
  assert.deepEqual([await status(), groups()], ['CREATE_FAILED', ['a', 'taken']])
  await op.RollbackStack({ StackName: 'app' }, state, call)
  await settled(state)
  assert.deepEqual([await status(), groups()], ['ROLLBACK_COMPLETE', ['taken']])
  await assert.rejects(async () => op.RollbackStack({ StackName: 'app' }, state, call), {
    code: 'ValidationError',
  })
  await op.DeleteStack({ StackName: 'app' }, state, call)
  await settled(state)
  await op.CreateStack({ StackName: 'app', TemplateBody: body('a', 'b') }, state, call)
  await settled(state)
  const update = { StackName: 'app', TemplateBody: body('c', 'taken'), DisableRollback: true }
  await op.UpdateStack(update, state, call)
  await settled(state)
  assert.deepEqual([await status(), groups()], ['UPDATE_FAILED', ['a', 'b', 'c', 'taken']])
  await op.RollbackStack({ StackName: 'app' }, state, call)
  await settled(state)
  assert.deepEqual([await status(), groups()], ['UPDATE_ROLLBACK_COMPLETE', ['a', 'b', 'taken']])
})

test('An update after one that failed and was left removes what that one replaced', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  cloud.make('log group', 'taken', {})
  const body = (a: string, b: string): string =>
    JSON.stringify({ Resources: { A: group(a), B: { ...group(b), DependsOn: 'A' } } })
  await op.CreateStack({ StackName: 'app', TemplateBody: body('a', 'b') }, state, call)
  await settled(state)
  const left = { StackName: 'app', TemplateBody: body('c', 'taken'), DisableRollback: true }
  await op.UpdateStack(left, state, call)
  await settled(state)
  await op.UpdateStack({ StackName: 'app', TemplateBody: body('c', 'd') }, state, call)
  await settled(state)
  const { Stacks } = await op.DescribeStacks({ StackName: 'app' }, state, call)
  assert.equal(Stacks?.[0]?.StackStatus, 'UPDATE_COMPLETE')
  assert.deepEqual(
    cloud
      .all('log group')
      .map(([name]) => name)
      .sort(),
    ['c', 'd', 'taken'],
  )
})
