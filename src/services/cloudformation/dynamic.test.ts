import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#base/fault.ts'
import {
  defects,
  type FakeCloud,
  fakeCall,
  fakePlatform,
  settled,
} from '#services/cloudformation/fake-ports.ts'
import { cloudformation } from '#services/cloudformation/index.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'

const { operations: op } = cloudformation
const call = fakeCall()

const group = (name: unknown): Record<string, unknown> => ({
  Type: 'AWS::Logs::LogGroup',
  Properties: { LogGroupName: name },
})
const template = (resources: Record<string, unknown>, more: Record<string, unknown> = {}): string =>
  JSON.stringify({ Resources: resources, ...more })

interface Kept {
  Type: string
  Value: string
}

/** Systems Manager with these parameters. */
function withParameters(cloud: FakeCloud, kept: Record<string, Kept>): void {
  const found = (name: unknown) => {
    const one = kept[String(name)]
    return one === undefined ? undefined : { Name: name, ARN: `arn:${String(name)}`, ...one }
  }
  cloud.answers.set('ssm:GetParameters', ({ Names }) => {
    const names = Names as string[]
    return {
      Parameters: names.flatMap((name) => found(name) ?? []),
      InvalidParameters: names.filter((name) => found(name) === undefined),
    }
  })
  cloud.answers.set('ssm:GetParameter', ({ Name }) => {
    const one = found(Name)
    if (one === undefined) throw new Fault('ParameterNotFound', 'none')
    return { Parameter: one }
  })
}

async function reasons(state: CloudFormationState): Promise<string[]> {
  const { StackEvents = [] } = await op.DescribeStackEvents({ StackName: 'app' }, state, call)
  return StackEvents.flatMap(({ ResourceStatusReason }) => ResourceStatusReason ?? [])
}

const stackOf = async (state: CloudFormationState) =>
  (await op.DescribeStacks({ StackName: 'app' }, state, call)).Stacks?.[0]

const refusal = (message: string) => ({ code: 'ValidationError', message })

test('A parameter of an SSM type has the value that Systems Manager has, and tells both', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  const kept = {
    '/name': { Type: 'String', Value: 'group-a' },
    '/list': { Type: 'StringList', Value: 'x,y' },
  }
  withParameters(cloud, kept)
  const body = template(
    { Group: group({ Ref: 'Name' }) },
    {
      Parameters: {
        Name: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/name' },
        List: { Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: '/list' },
        Key: { Type: 'AWS::SSM::Parameter::Name', Default: '/name' },
      },
      Outputs: {
        List: { Value: { 'Fn::Select': [1, { Ref: 'List' }] } },
        Key: { Value: { Ref: 'Key' } },
      },
    },
  )
  await op.CreateStack({ StackName: 'app', TemplateBody: body }, state, call)
  await settled(state)
  const stack = await stackOf(state)
  assert.equal(stack?.StackStatus, 'CREATE_COMPLETE')
  assert.deepEqual(stack.Parameters, [
    { ParameterKey: 'Name', ParameterValue: '/name', ResolvedValue: 'group-a' },
    { ParameterKey: 'List', ParameterValue: '/list', ResolvedValue: 'x,y' },
    { ParameterKey: 'Key', ParameterValue: '/name' },
  ])
  assert.deepEqual(
    stack.Outputs?.map(({ OutputValue }) => OutputValue),
    ['y', '/name'],
  )
  assert.deepEqual(
    cloud.all('log group').map(([name]) => name),
    ['group-a'],
  )
  const again = { StackName: 'app', UsePreviousTemplate: true }
  await assert.rejects(
    async () => op.UpdateStack(again, state, call),
    refusal('No updates are to be performed.'),
  )
  kept['/name'].Value = 'group-b'
  await op.UpdateStack(again, state, call)
  await settled(state)
  assert.deepEqual(
    cloud.all('log group').map(([name]) => name),
    ['group-b'],
  )
  assert.deepEqual(defects, [])
})

test('An SSM parameter that is missing or secure refuses the stack', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  withParameters(cloud, { '/secret': { Type: 'SecureString', Value: 'sealed' } })
  const create = (name: string) => async (): Promise<unknown> =>
    op.CreateStack(
      {
        StackName: 'app',
        TemplateBody: template(
          { Group: group('g') },
          { Parameters: { P: { Type: 'AWS::SSM::Parameter::Value<String>', Default: name } } },
        ),
      },
      state,
      call,
    )
  await assert.rejects(
    create('/none'),
    refusal('Unable to fetch parameters [/none] from parameter store for this account.'),
  )
  await assert.rejects(
    create('/secret'),
    refusal('Parameters [/secret] referenced by template have types not supported by CloudFormation.'),
  )
})

test('Rules hold a caller to what the parameters may be, as the CDK checks its bootstrap', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  const body = template(
    { Group: group('g') },
    {
      Parameters: {
        Version: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/hnb659fds/version' },
      },
      Rules: {
        Check: {
          Assertions: [
            {
              Assert: { 'Fn::Not': [{ 'Fn::Contains': [['1', '2', '3', '4', '5'], { Ref: 'Version' }] }] },
              AssertDescription: 'version 6 required',
            },
          ],
        },
      },
    },
  )
  const create = async (): Promise<unknown> =>
    op.CreateStack({ StackName: 'app', TemplateBody: body }, state, call)
  withParameters(cloud, { '/cdk-bootstrap/hnb659fds/version': { Type: 'String', Value: '5' } })
  await assert.rejects(create, refusal('Template error: Rule Check failed: version 6 required'))
  withParameters(cloud, { '/cdk-bootstrap/hnb659fds/version': { Type: 'String', Value: '28' } })
  await create()
  await settled(state)
  assert.equal((await stackOf(state))?.StackStatus, 'CREATE_COMPLETE')
})

test('Dynamic references are resolved for the service, and kept as they stand', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  const kept = { '/days:2': { Type: 'String', Value: '7' }, '/n': { Type: 'String', Value: 'real' } }
  withParameters(cloud, kept)
  const body = template({
    Group: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: 'g-{{resolve:ssm:/n}}-x', RetentionInDays: '{{resolve:ssm:/days:2}}' },
    },
  })
  await op.CreateStack({ StackName: 'app', TemplateBody: body }, state, call)
  await settled(state)
  assert.equal((await stackOf(state))?.StackStatus, 'CREATE_COMPLETE')
  assert.deepEqual(
    cloud.all('log group').map(([name]) => name),
    ['g-real-x'],
  )
  const retention = cloud.calls.find(({ operation }) => operation === 'logs:PutRetentionPolicy')
  assert.equal(retention?.input['retentionInDays'], 7)
  const { StackEvents } = await op.DescribeStackEvents({ StackName: 'app' }, state, call)
  const shown = StackEvents?.find(
    ({ ResourceStatus: status, ResourceType: type }) =>
      status === 'CREATE_COMPLETE' && type === 'AWS::Logs::LogGroup',
  )?.ResourceProperties
  assert.match(shown ?? '', /"\{\{resolve:ssm:\/days:2\}\}"/)
  await op.DeleteStack({ StackName: 'app' }, state, call)
  await settled(state)
  assert.deepEqual(cloud.all('log group'), [])
  assert.deepEqual(defects, [])
})

test('Dynamic references that AWS refuses fail their resource', async () => {
  const cases = [
    ['{{resolve:ssm:/none:1}}', 'Parameters: [ssm:/none:1] cannot be found.'],
    [
      '{{resolve:ssm-secure:/n}}',
      'SSM Secure reference is not supported in: [AWS::Logs::LogGroup/Properties/LogGroupName]',
    ],
    ['{{resolve:ssm:/secret}}', 'Non-secure reference is used for a secure SSM parameter: [/secret]'],
    [
      '{{resolve:secretsmanager:key}}',
      'Windtunnel has no Secrets Manager yet: {{resolve:secretsmanager:key}} cannot be resolved.',
    ],
    ['{{resolve:other:key}}', 'Invalid dynamic reference: {{resolve:other:key}}'],
  ] as const
  for (const [reference, reason] of cases) {
    const { cloud, start } = fakePlatform()
    const state = start()
    withParameters(cloud, { '/secret': { Type: 'SecureString', Value: 'sealed' } })
    await op.CreateStack(
      { StackName: 'app', TemplateBody: template({ Group: group(reference) }) },
      state,
      call,
    )
    await settled(state)
    assert.equal((await stackOf(state))?.StackStatus, 'ROLLBACK_COMPLETE')
    assert.ok((await reasons(state)).includes(reason))
  }
})

test('A stack policy keeps what it denies from updates, unless the update brings another', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  const policy = JSON.stringify({
    Statement: [
      { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' },
      {
        Effect: 'Deny',
        Action: ['Update:Replace', 'Update:Delete'],
        Principal: '*',
        Resource: 'LogicalResourceId/Kept',
      },
    ],
  })
  const both = (kept: string, other: string): string => template({ Kept: group(kept), Other: group(other) })
  const create = { StackName: 'app', TemplateBody: both('a', 'b'), StackPolicyBody: policy }
  await op.CreateStack(create, state, call)
  await settled(state)
  assert.deepEqual(await op.GetStackPolicy({ StackName: 'app' }, state, call), { StackPolicyBody: policy })
  const names = (): string[] =>
    cloud
      .all('log group')
      .map(([name]) => name)
      .sort()
  const update = async (TemplateBody: string, more: Record<string, string> = {}): Promise<string> => {
    await op.UpdateStack({ StackName: 'app', TemplateBody, ...more }, state, call)
    await settled(state)
    return (await stackOf(state))?.StackStatus ?? ''
  }
  assert.equal(await update(both('c', 'b')), 'UPDATE_ROLLBACK_COMPLETE')
  assert.ok(
    (await reasons(state)).some((one) => one.startsWith('Action denied by stack policy: Statement [#2]')),
  )
  assert.equal(await update(template({ Other: group('b') })), 'UPDATE_ROLLBACK_COMPLETE')
  assert.deepEqual(names(), ['a', 'b'])
  assert.equal(await update(both('a', 'd')), 'UPDATE_COMPLETE')
  const open = JSON.stringify({
    Statement: [{ Effect: 'Allow', Action: '*', Principal: '*', Resource: '*' }],
  })
  assert.equal(await update(both('c', 'd'), { StackPolicyDuringUpdateBody: open }), 'UPDATE_COMPLETE')
  assert.deepEqual(names(), ['c', 'd'])
  await assert.rejects(
    async () => op.SetStackPolicy({ StackName: 'app', StackPolicyBody: '{}' }, state, call),
    refusal('Error validating stack policy: Invalid stack policy'),
  )
  await op.SetStackPolicy({ StackName: 'app', StackPolicyBody: open }, state, call)
  assert.equal(await update(both('e', 'd')), 'UPDATE_COMPLETE')
})

test('Loops are written out before the stack is made, and Snapshot is refused', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  const body = template(
    { 'Fn::ForEach::Groups': ['X', { Ref: 'Names' }, { 'Group${X}': group({ 'Fn::Sub': 'g-${X}' }) }] },
    {
      Transform: 'AWS::LanguageExtensions',
      Parameters: { Names: { Type: 'CommaDelimitedList', Default: 'a,b' } },
      Outputs: {
        'Fn::ForEach::Out': ['X', { Ref: 'Names' }, { 'Out${X}': { Value: { Ref: 'Group${X}' } } }],
      },
    },
  )
  const Capabilities = ['CAPABILITY_AUTO_EXPAND']
  await op.CreateStack({ StackName: 'app', TemplateBody: body, Capabilities }, state, call)
  await settled(state)
  const stack = await stackOf(state)
  assert.equal(stack?.StackStatus, 'CREATE_COMPLETE')
  assert.deepEqual(
    stack.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
    [
      ['Outa', 'g-a'],
      ['Outb', 'g-b'],
    ],
  )
  assert.deepEqual(
    cloud.all('log group').map(([name]) => name),
    ['g-a', 'g-b'],
  )
  await assert.rejects(
    async () =>
      op.CreateStack(
        { StackName: 'other', TemplateBody: template({ G: { ...group('s'), DeletionPolicy: 'Snapshot' } }) },
        state,
        call,
      ),
    refusal('Template error: resource type AWS::Logs::LogGroup does not support deletion policy Snapshot'),
  )
})
