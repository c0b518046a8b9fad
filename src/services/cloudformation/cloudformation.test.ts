import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { defects, fakeCall, fakePlatform, settled } from '#services/cloudformation/fake-ports.ts'
import { cloudformation, resumeCloudFormation } from '#services/cloudformation/index.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'

const { operations: op } = cloudformation
const call = fakeCall()

const ROLE = {
  Type: 'AWS::IAM::Role',
  Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] } },
}
const functionOf = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
    Code: { ZipFile: 'exports.handler = async () => 1' },
    ...more,
  },
})
const template = (resources: Record<string, unknown>, more: Record<string, unknown> = {}): string =>
  JSON.stringify({ Resources: resources, ...more })

const IAM = ['CAPABILITY_IAM']

async function status(state: CloudFormationState, name = 'app'): Promise<string> {
  const { Stacks: stacks } = await op.DescribeStacks({ StackName: name }, state, call)
  return stacks?.[0]?.StackStatus ?? 'none'
}

async function eventsOf(state: CloudFormationState, name = 'app'): Promise<string[]> {
  const { StackEvents: events = [] } = await op.DescribeStackEvents({ StackName: name }, state, call)
  return events
    .toReversed()
    .map(({ LogicalResourceId: id, ResourceStatus: status, ResourceStatusReason: reason }) =>
      [id, status, ...(reason === undefined ? [] : [reason])].join(' '),
    )
}

const fault = (code: string, message: string | RegExp) => (error: unknown) => {
  assert.ok(error instanceof Fault)
  assert.equal(error.code, code)
  if (typeof message === 'string') assert.equal(error.message, message)
  else assert.match(error.message, message)
  return true
}

const deploy = async (state: CloudFormationState, body: string, name = 'app'): Promise<void> => {
  await op.CreateStack({ StackName: name, TemplateBody: body, Capabilities: IAM }, state, call)
  await settled(state)
}

test('CreateStack() makes resources in dependency order and tells it in AWS words', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  await deploy(
    state,
    template(
      { Function: functionOf(), Role: ROLE },
      {
        Outputs: { Arn: { Value: { 'Fn::GetAtt': ['Function', 'Arn'] }, Export: { Name: 'function-arn' } } },
      },
    ),
  )
  assert.equal(await status(state), 'CREATE_COMPLETE')
  assert.deepEqual(await eventsOf(state), [
    'app CREATE_IN_PROGRESS User Initiated',
    'Role CREATE_IN_PROGRESS',
    'Role CREATE_IN_PROGRESS Resource creation Initiated',
    'Role CREATE_COMPLETE',
    'Function CREATE_IN_PROGRESS',
    'Function CREATE_IN_PROGRESS Resource creation Initiated',
    'Function CREATE_COMPLETE',
    'app CREATE_COMPLETE',
  ])
  const created = cloud.calls.find(({ operation }) => operation === 'lambda:CreateFunction')?.input
  assert.match(String(created?.['FunctionName']), /^app-Function-[A-Z2-7]{12}$/)
  assert.match(String(created?.['Role']), /^arn:aws:iam::000000000000:role\/app-Role-[A-Z2-7]{12}$/)
  const { Exports: exported } = await op.ListExports({}, state, call)
  assert.deepEqual(
    exported?.map(({ Name }) => Name),
    ['function-arn'],
  )
  assert.deepEqual(defects, [])
})

test('CreateStack() takes everything back when a resource fails', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  cloud.failures.set('lambda:CreateFunction', new Fault('InvalidParameterValueException', 'no such runtime'))
  await deploy(state, template({ Function: functionOf(), Role: ROLE }))
  assert.equal(await status(state), 'ROLLBACK_COMPLETE')
  const told = await eventsOf(state)
  assert.ok(
    told.some((line) =>
      line.startsWith('Function CREATE_FAILED Resource handler returned message: "no such runtime'),
    ),
  )
  assert.ok(
    told.includes(
      'app ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Function]. Rollback requested by user.',
    ),
  )
  assert.deepEqual(told.slice(-3), [
    'Role DELETE_IN_PROGRESS',
    'Role DELETE_COMPLETE',
    'app ROLLBACK_COMPLETE',
  ])
  assert.equal(cloud.made.size, 0)
})

test('CreateStack() leaves what it made when OnFailure is DO_NOTHING', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  cloud.failures.set('lambda:CreateFunction', new Fault('InvalidParameterValueException', 'no'))
  await op.CreateStack(
    {
      StackName: 'app',
      TemplateBody: template({ Function: functionOf(), Role: ROLE }),
      Capabilities: IAM,
      OnFailure: 'DO_NOTHING',
    },
    state,
    call,
  )
  await settled(state)
  assert.equal(await status(state), 'CREATE_FAILED')
  assert.equal(cloud.made.size, 1)
})

test('CreateStack() asks for capabilities, known types and values in AWS words', async () => {
  const state = fakePlatform().start()
  const create = (body: string) => op.CreateStack({ StackName: 'app', TemplateBody: body }, state, call)
  await assert.rejects(
    async () => await create(template({ Role: ROLE })),
    fault('InsufficientCapabilitiesException', 'Requires capabilities : [CAPABILITY_IAM]'),
  )
  await assert.rejects(
    async () => await create(template({ X: { Type: 'AWS::Nothing::Here' } })),
    fault('ValidationError', 'Template format error: Unrecognized resource types: [AWS::Nothing::Here]'),
  )
  await assert.rejects(
    async () => await create(template({ Q: { Type: 'AWS::DynamoDB::Table' } })),
    fault('ValidationError', 'Windtunnel does not deploy AWS::DynamoDB::Table yet (resource Q)'),
  )
  await assert.rejects(
    async () =>
      await create(
        template({ L: { Type: 'AWS::Logs::LogGroup' } }, { Parameters: { P: { Type: 'String' } } }),
      ),
    fault('ValidationError', 'Parameters: [P] must have values'),
  )
  await assert.rejects(
    async () =>
      await create(
        template({
          A: { Type: 'AWS::Logs::LogGroup', DependsOn: 'B' },
          B: { Type: 'AWS::Logs::LogGroup', DependsOn: 'A' },
        }),
      ),
    fault('ValidationError', 'Circular dependency between resources: [A, B]'),
  )
  await assert.rejects(
    async () =>
      await create(
        template({ A: { Type: 'AWS::Logs::LogGroup', Properties: { KmsKeyId: { Ref: 'Nobody' } } } }),
      ),
    fault(
      'ValidationError',
      'Template format error: Unresolved resource dependencies [Nobody] in the Resources block of the template',
    ),
  )
  await assert.rejects(
    async () => await create('{"Resources": {'),
    fault('ValidationError', /^Template format error: JSON not well-formed\. \(line 1, column \d+\)$/),
  )
})

test('CreateStack() fails a resource whose properties do not fit its type', async () => {
  const state = fakePlatform().start()
  await deploy(state, template({ L: { Type: 'AWS::Logs::LogGroup', Properties: { Nonsense: 1 } } }))
  const told = await eventsOf(state)
  assert.ok(
    told.includes(
      'L CREATE_FAILED Properties validation failed for resource L with message:\n[#: extraneous key [Nonsense] is not permitted]',
    ),
  )
})

test('UpdateStack() changes in place, replaces before it deletes, and removes last', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  await deploy(
    state,
    template({
      Function: functionOf(),
      Role: ROLE,
      Group: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: 'one' } },
      Old: { Type: 'AWS::Logs::LogGroup' },
    }),
  )
  const before = (await eventsOf(state)).length
  await op.UpdateStack(
    {
      StackName: 'app',
      TemplateBody: template({
        Function: functionOf({ MemorySize: '512' }),
        Role: ROLE,
        Group: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: 'two' } },
      }),
      Capabilities: IAM,
    },
    state,
    call,
  )
  await settled(state)
  assert.equal(await status(state), 'UPDATE_COMPLETE')
  const told = (await eventsOf(state)).slice(before)
  assert.ok(
    told.includes(
      'Group UPDATE_IN_PROGRESS Requested update requires the creation of a new physical resource; hence creating one.',
    ),
  )
  const at = (line: string): number => told.indexOf(line)
  assert.ok(at('Function UPDATE_COMPLETE') < at('app UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'))
  assert.ok(at('app UPDATE_COMPLETE_CLEANUP_IN_PROGRESS') < at('Group DELETE_COMPLETE'))
  assert.ok(at('Old DELETE_COMPLETE') < at('app UPDATE_COMPLETE'))
  const memory = cloud.calls.find(
    ({ operation }) => operation === 'lambda:UpdateFunctionConfiguration',
  )?.input
  assert.equal(memory?.['MemorySize'], 512)
  assert.ok(cloud.made.has('log group two') && !cloud.made.has('log group one'))
  assert.deepEqual(
    new Set([...cloud.made.keys()].map((key) => key.split(' ')[0])),
    new Set(['function', 'log', 'role']),
  )
})

test('UpdateStack() goes back to the values before when a resource fails', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  const group = (days: number) => ({
    Type: 'AWS::Logs::LogGroup',
    Properties: { LogGroupName: 'g', RetentionInDays: days },
  })
  await deploy(state, template({ Group: group(1) }))
  cloud.failures.set('s3:CreateBucket', new Fault('BucketAlreadyExists', 'taken', { status: 409 }))
  await op.UpdateStack(
    {
      StackName: 'app',
      TemplateBody: template({ Group: group(7), Bucket: { Type: 'AWS::S3::Bucket', DependsOn: 'Group' } }),
    },
    state,
    call,
  )
  await settled(state)
  assert.equal(await status(state), 'UPDATE_ROLLBACK_COMPLETE')
  const days = cloud.calls
    .filter(({ operation }) => operation === 'logs:PutRetentionPolicy')
    .map(({ input }) => input['retentionInDays'])
  assert.deepEqual(days, [1, 7, 1])
  assert.equal(cloud.made.size, 1)
  await assert.rejects(
    async () =>
      await op.UpdateStack({ StackName: 'app', TemplateBody: template({ Group: group(1) }) }, state, call),
    fault('ValidationError', 'No updates are to be performed.'),
  )
})

test('DeleteStack() keeps what DeletionPolicy retains', async () => {
  const { cloud, start } = fakePlatform()
  const state = start()
  await deploy(
    state,
    template({
      Keep: { Type: 'AWS::Logs::LogGroup', DeletionPolicy: 'Retain', Properties: { LogGroupName: 'kept' } },
      Role: ROLE,
      Function: functionOf(),
    }),
  )
  const { Stacks: stacks } = await op.DescribeStacks({ StackName: 'app' }, state, call)
  const id = stacks?.[0]?.StackId ?? ''
  await op.DeleteStack({ StackName: 'app' }, state, call)
  await settled(state)
  assert.deepEqual([...cloud.made.keys()], ['log group kept'])
  const told = await eventsOf(state, id)
  assert.ok(told.includes('Keep DELETE_SKIPPED'))
  assert.ok(told.indexOf('Function DELETE_COMPLETE') < told.indexOf('Role DELETE_IN_PROGRESS'))
  assert.equal(await status(state, id), 'DELETE_COMPLETE')
  await assert.rejects(
    async () => await status(state),
    fault('ValidationError', 'Stack with id app does not exist'),
  )
})

test('change sets carry a SAM application from review to completion', async () => {
  const { start } = fakePlatform()
  const state = start()
  const body = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Runtime: nodejs22.x
      InlineCode: exports.handler = async () => 1
      Events:
        Get: { Type: Api, Properties: { Path: /hello, Method: get } }
Outputs:
  Url: { Value: !Sub 'https://\${ServerlessRestApi}.execute-api.\${AWS::Region}.amazonaws.com/Prod/hello' }
`
  const wish = { StackName: 'app', ChangeSetName: 'one', TemplateBody: body, ChangeSetType: 'CREATE' }
  await op.CreateChangeSet(wish, state, call)
  const refused = await op.DescribeChangeSet({ StackName: 'app', ChangeSetName: 'one' }, state, call)
  assert.equal(refused.Status, 'FAILED')
  assert.equal(refused.StatusReason, 'Requires capabilities : [CAPABILITY_IAM]')
  await op.CreateChangeSet({ ...wish, ChangeSetName: 'two', Capabilities: IAM }, state, call)
  assert.equal(await status(state), 'REVIEW_IN_PROGRESS')
  const set = await op.DescribeChangeSet({ StackName: 'app', ChangeSetName: 'two' }, state, call)
  assert.equal(set.Status, 'CREATE_COMPLETE')
  assert.equal(set.ExecutionStatus, 'AVAILABLE')
  assert.deepEqual(
    new Set(set.Changes?.map(({ ResourceChange: change }) => `${change?.Action} ${change?.ResourceType}`)),
    new Set([
      'Add AWS::Lambda::Function',
      'Add AWS::IAM::Role',
      'Add AWS::Lambda::Permission',
      'Add AWS::ApiGateway::RestApi',
      'Add AWS::ApiGateway::Deployment',
      'Add AWS::ApiGateway::Stage',
    ]),
  )
  await op.ExecuteChangeSet({ StackName: 'app', ChangeSetName: 'two' }, state, call)
  await settled(state)
  assert.equal(await status(state), 'CREATE_COMPLETE')
  const { Stacks: stacks } = await op.DescribeStacks({ StackName: 'app' }, state, call)
  assert.match(stacks?.[0]?.Outputs?.[0]?.OutputValue ?? '', /^https:\/\/restapi\d+\.execute-api\.us-east-1/)
  await op.CreateChangeSet(
    { ...wish, ChangeSetName: 'three', ChangeSetType: 'UPDATE', Capabilities: IAM },
    state,
    call,
  )
  const nothing = await op.DescribeChangeSet({ StackName: 'app', ChangeSetName: 'three' }, state, call)
  assert.equal(nothing.Status, 'FAILED')
  assert.equal(
    nothing.StatusReason,
    "The submitted information didn't contain changes. Submit different information to create a change set.",
  )
  assert.deepEqual(defects, [])
})

test('a deployment that the end of the platform interrupted goes on at the next start', async () => {
  const { cloud, start } = fakePlatform()
  const first = start()
  cloud.hanging.add('lambda:CreateFunction')
  await op.CreateStack(
    { StackName: 'app', TemplateBody: template({ Function: functionOf(), Role: ROLE }), Capabilities: IAM },
    first,
    call,
  )
  while (!cloud.calls.some(({ operation }) => operation === 'lambda:CreateFunction')) await Promise.resolve()
  const named = [...cloud.made.keys()]
  cloud.hanging.clear()
  const second = start()
  assert.equal(await status(second), 'CREATE_IN_PROGRESS')
  await resumeCloudFormation(second)
  await settled(second)
  assert.equal(await status(second), 'CREATE_COMPLETE')
  for (const key of named) assert.ok(cloud.made.has(key), `${key} was taken over`)
  assert.equal(cloud.made.size, 2)
})

test('exports hold their stack while another imports them', async () => {
  const state = fakePlatform().start()
  const group = { Type: 'AWS::Logs::LogGroup' }
  await deploy(
    state,
    template({ G: group }, { Outputs: { O: { Value: { Ref: 'G' }, Export: { Name: 'g' } } } }),
  )
  const importer = template({ H: { ...group, Properties: { KmsKeyId: { 'Fn::ImportValue': 'g' } } } })
  await deploy(state, importer, 'other')
  assert.equal(await status(state, 'other'), 'CREATE_COMPLETE')
  await op.DeleteStack({ StackName: 'app' }, state, call)
  await settled(state)
  const { Stacks: stacks } = await op.DescribeStacks({ StackName: 'app' }, state, call)
  assert.equal(stacks?.[0]?.StackStatus, 'DELETE_FAILED')
  assert.equal(stacks?.[0]?.StackStatusReason, 'Export g cannot be deleted as it is in use by other')
})
