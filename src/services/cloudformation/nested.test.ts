import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { utf8 } from '#base/bytes.ts'
import {
  defects,
  type FakeCloud,
  fakeCall,
  fakePlatform,
  Life,
  settled,
  until,
} from '#services/cloudformation/fake-ports.ts'
import { nth, put, success, TOKEN } from '#services/cloudformation/fake-provider.ts'
import { cloudformation, resumeCloudFormation, stopCloudFormation } from '#services/cloudformation/index.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'

const { operations: op } = cloudformation
const call = fakeCall()

const group = (name: unknown): Record<string, unknown> => ({
  Type: 'AWS::Logs::LogGroup',
  Properties: { LogGroupName: name },
})

const CHILD = {
  Parameters: { Name: { Type: 'String' } },
  Resources: { Group: group({ Ref: 'Name' }) },
  Outputs: { Group: { Value: { Ref: 'Group' } } },
}

const parent = (child: string, more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    Resources: {
      Nested: {
        Type: 'AWS::CloudFormation::Stack',
        Properties: {
          TemplateURL: `https://s3.amazonaws.com/templates/${child}`,
          Parameters: { Name: `group-${child}` },
        },
      },
      ...more,
    },
    Outputs: { Group: { Value: { 'Fn::GetAtt': ['Nested', 'Outputs.Group'] } } },
  })

function templates(cloud: FakeCloud, all: Record<string, unknown>): void {
  cloud.answers.set('s3:GetObject', ({ Key }) => {
    const found = all[String(Key)]
    if (found === undefined) throw new Fault('NoSuchKey', 'The specified key does not exist.')
    return { Body: utf8(JSON.stringify(found)) }
  })
}

async function stackOf(state: CloudFormationState, name: string) {
  const { Stacks } = await op.DescribeStacks({ StackName: name }, state, call)
  return Stacks?.[0]
}

async function nestedOf(state: CloudFormationState): Promise<string> {
  const { StackResources } = await op.DescribeStackResources({ StackName: 'app' }, state, call)
  return StackResources?.find((one) => one.LogicalResourceId === 'Nested')?.PhysicalResourceId ?? ''
}

async function reasons(state: CloudFormationState, name: string): Promise<string[]> {
  const { StackEvents = [] } = await op.DescribeStackEvents({ StackName: name }, state, call)
  return StackEvents.flatMap(({ ResourceStatusReason }) => ResourceStatusReason ?? [])
}

const groups = (cloud: FakeCloud): string[] => cloud.all('log group').map(([name]) => name)

test('A nested stack is made with its parameters, gives its outputs, and goes with its parent', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  templates(cloud, { one: CHILD })
  await op.CreateStack({ StackName: 'app', TemplateBody: parent('one') }, state, call)
  await settled(state)
  const outer = await stackOf(state, 'app')
  assert.equal(outer?.StackStatus, 'CREATE_COMPLETE')
  assert.equal(outer.Outputs?.[0]?.OutputValue, 'group-one')
  const inner = await stackOf(state, await nestedOf(state))
  assert.match(inner?.StackName ?? '', /^app-Nested-[A-Z2-7]{12}$/)
  assert.deepEqual([inner?.ParentId, inner?.RootId], [outer.StackId, outer.StackId])
  assert.deepEqual(groups(cloud), ['group-one'])
  await op.DeleteStack({ StackName: 'app' }, state, call)
  await settled(state)
  assert.deepEqual(groups(cloud), [])
  assert.equal((await stackOf(state, inner?.StackId ?? ''))?.StackStatus, 'DELETE_COMPLETE')
  assert.deepEqual(defects, [])
})

test('A nested stack is updated with its parent, and back when the parent fails', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  templates(cloud, { one: CHILD, two: CHILD })
  await op.CreateStack({ StackName: 'app', TemplateBody: parent('one') }, state, call)
  await settled(state)
  const id = await nestedOf(state)
  await op.UpdateStack({ StackName: 'app', TemplateBody: parent('two') }, state, call)
  await settled(state)
  assert.equal((await stackOf(state, 'app'))?.StackStatus, 'UPDATE_COMPLETE')
  assert.equal(await nestedOf(state), id)
  assert.deepEqual(groups(cloud), ['group-two'])
  cloud.make('log group', 'taken', {})
  const failing = parent('one', { Taken: { ...group('taken'), DependsOn: 'Nested' } })
  await op.UpdateStack({ StackName: 'app', TemplateBody: failing }, state, call)
  await settled(state)
  assert.equal((await stackOf(state, 'app'))?.StackStatus, 'UPDATE_ROLLBACK_COMPLETE')
  assert.equal((await stackOf(state, id))?.StackStatus, 'UPDATE_COMPLETE')
  assert.deepEqual(groups(cloud), ['taken', 'group-two'])
})

test('A nested stack that fails fails its parent in AWS words', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  templates(cloud, { one: CHILD, bad: { Resources: { Group: group('taken') } } })
  cloud.make('log group', 'taken', {})
  await op.CreateStack({ StackName: 'app', TemplateBody: parent('one') }, state, call)
  await settled(state)
  const bad = parent('bad').replace('"Parameters":{"Name":"group-bad"}', '"Parameters":{}')
  const body = bad.replace(/,"Outputs":.*$/, '}')
  await op.UpdateStack({ StackName: 'app', TemplateBody: body }, state, call)
  await settled(state)
  assert.equal((await stackOf(state, 'app'))?.StackStatus, 'UPDATE_ROLLBACK_COMPLETE')
  const id = await nestedOf(state)
  assert.ok(
    (await reasons(state, 'app')).some((reason) =>
      reason.startsWith(
        `Embedded stack ${id} was not successfully updated. Currently in UPDATE_ROLLBACK_COMPLETE with reason: The following resource(s) failed to`,
      ),
    ),
  )
  assert.equal((await stackOf(state, id))?.StackStatus, 'UPDATE_ROLLBACK_COMPLETE')
  await op.CreateStack({ StackName: 'new', TemplateBody: body }, state, call)
  await settled(state)
  assert.equal((await stackOf(state, 'new'))?.StackStatus, 'ROLLBACK_COMPLETE')
  assert.ok(
    (await reasons(state, 'new')).some((reason) =>
      /^Embedded stack arn:\S+ was not successfully created: The following resource\(s\) failed to create: \[Group\]\.$/.test(
        reason,
      ),
    ),
  )
})

test('A nested template that is not there, holds itself or needs what nobody acknowledged is refused', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  const own = JSON.parse(parent('own').replace('"Name":"group-own"', '')) as { Outputs?: unknown }
  delete own.Outputs
  const role = {
    Type: 'AWS::IAM::Role',
    Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] } },
  }
  templates(cloud, { own, role: { ...CHILD, Resources: { Role: role, Group: group('g') } } })
  const cases = [
    ['missing', /^Resource handler returned message: "S3 error: The specified key does not exist\./],
    ['role', /^Requires capabilities : \[CAPABILITY_IAM\]$/],
    ['own', /^Embedded stack .* was not successfully created/],
  ] as const
  for (const [name, reason] of cases) {
    const body = name === 'own' ? JSON.stringify(own) : parent(name)
    await op.CreateStack({ StackName: name, TemplateBody: body }, state, call)
    await settled(state)
    assert.equal((await stackOf(state, name))?.StackStatus, 'ROLLBACK_COMPLETE')
    const said = await reasons(state, name)
    assert.ok(
      said.some((one) => reason.test(one)),
      said.join('\n'),
    )
  }
  assert.deepEqual(cloud.all('log group'), [])
})

test('A platform that dies while stacks are nested goes on to the same end', async () => {
  for (let effects = 1; effects < 60; effects++) {
    const made = fakePlatform()
    templates(made.cloud, { one: CHILD })
    const life = new Life(effects)
    const state = made.start(life)
    void Promise.resolve(
      op.CreateStack({ StackName: 'app', TemplateBody: parent('one') }, state, call),
    ).catch(() => undefined)
    await Promise.race([life.end(), finished(state)])
    const next = made.start()
    await resumeCloudFormation(next)
    await settled(next)
    const { StackSummaries = [] } = await op.ListStacks({}, next, call)
    if (StackSummaries.length === 0) continue
    assert.equal((await stackOf(next, 'app'))?.StackStatus, 'CREATE_COMPLETE', `after ${effects} effects`)
    assert.equal(StackSummaries.length, 2)
    assert.deepEqual(groups(made.cloud), ['group-one'])
    if (life.left > 0) return
  }
  assert.fail('the last run is undisturbed')
})

test('A platform that ends while a nested stack waits for a provider goes on waiting for it', async () => {
  const made = fakePlatform()
  const before = made.start()
  const thing = { Type: 'Custom::Thing', Properties: { ServiceToken: TOKEN } }
  templates(made.cloud, { one: { ...CHILD, Resources: { ...CHILD.Resources, Thing: thing } } })
  await op.CreateStack({ StackName: 'app', TemplateBody: parent('one') }, before, call)
  const request = await nth(made.cloud, before, 1)
  await stopCloudFormation(before)
  const after = made.start()
  await resumeCloudFormation(after)
  await until(() => after.waiting.size > 0)
  assert.equal(await put(after, request.ResponseURL, success(request, 'thing')), 200)
  await settled(after)
  assert.equal((await stackOf(after, 'app'))?.StackStatus, 'CREATE_COMPLETE')
  assert.equal((await op.ListStacks({}, after, call)).StackSummaries?.length, 2)
  assert.equal(made.cloud.calls.filter(({ operation }) => operation === 'lambda:Invoke').length, 1)
  assert.deepEqual(defects, [])
})

/** Resolves when the operation has begun and ended. */
async function finished(state: CloudFormationState): Promise<void> {
  for (let turn = 0; turn < 1_000 && state.running.size === 0; turn++) await Promise.resolve()
  await settled(state)
}
