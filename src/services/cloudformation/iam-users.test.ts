import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#base/fault.ts'
import {
  defects,
  type FakeCloud,
  type FakePlatform,
  fakeCall,
  fakePlatform,
  Life,
  settled,
} from '#services/cloudformation/fake-ports.ts'
import { cloudformation, resumeCloudFormation } from '#services/cloudformation/index.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'

const { operations: op } = cloudformation
const call = fakeCall()

type Resources = Record<string, { readonly Type: string; readonly Properties?: Record<string, unknown> }>

const DOCUMENT = { Version: '2012-10-17', Statement: [] }
const EDGE = 'arn:aws:iam::aws:policy/ReadOnlyAccess'

/** IAM as far as CloudFormation looks at it: keys are kept, all else is in the calls. */
function iam(cloud: FakeCloud): void {
  const arn = (kind: string, name: unknown): string => `arn:aws:iam::000000000000:${kind}/${String(name)}`
  const taken = (key: string): never => {
    throw new Fault('EntityAlreadyExists', `${key} already exists.`, { status: 409 })
  }
  cloud.answers.set('iam:CreateUser', (input) => {
    const key = `user ${String(input['UserName'])}`
    if (cloud.made.has(key)) taken(key)
    return cloud.make('user', String(input['UserName']), input)
  })
  cloud.answers.set('iam:GetUser', ({ UserName }) => ({ User: { Arn: arn('user', UserName) } }))
  cloud.answers.set('iam:GetGroup', ({ GroupName }) => ({ Group: { Arn: arn('group', GroupName) } }))
  cloud.answers.set('iam:CreatePolicy', () => ({ Policy: { Arn: arn('policy', 'p'), PolicyId: 'ANPA' } }))
  cloud.answers.set('iam:CreateAccessKey', (input) => {
    const id = `AKIA${cloud.next()}`
    cloud.make('key', id, { ...input, AccessKeyId: id, CreateDate: 1_790_000_000_000 + 3_600_000 })
    return { AccessKey: { AccessKeyId: id, SecretAccessKey: `secret of ${id}` } }
  })
  cloud.answers.set('iam:ListAccessKeys', () => ({
    AccessKeyMetadata: cloud.all('key').map(([, key]) => key),
  }))
  cloud.answers.set('iam:DeleteAccessKey', ({ AccessKeyId }) => cloud.drop('key', String(AccessKeyId)))
}

async function begin(state: CloudFormationState, first: boolean, resources: Resources): Promise<void> {
  const Outputs = {
    ...('Key' in resources ? { Secret: { Value: { 'Fn::GetAtt': ['Key', 'SecretAccessKey'] } } } : {}),
    None: { Value: 'x' },
  }
  const TemplateBody = JSON.stringify({ Resources: resources, Outputs })
  const input = { StackName: 'app', TemplateBody, Capabilities: ['CAPABILITY_NAMED_IAM'] as const }
  await (first ? op.CreateStack(input, state, call) : op.UpdateStack(input, state, call))
}

interface Run extends FakePlatform {
  readonly state: CloudFormationState
  /** Updates the stack; answers what IAM was asked meanwhile, but for what only reads. */
  readonly change: (resources: Resources) => Promise<string[]>
}

const asked = (cloud: FakeCloud, from: number): string[] =>
  cloud.calls
    .slice(from)
    .filter(({ operation }) => !/:(Get|List)/.test(operation))
    .map(({ operation, input }) => {
      const words = Object.values(input).map((value) =>
        typeof value === 'string' ? value : JSON.stringify(value),
      )
      return [operation.replace('iam:', ''), ...words].join(' ')
    })

async function statusOf(state: CloudFormationState): Promise<string> {
  const stack = (await op.DescribeStacks({ StackName: 'app' }, state, call)).Stacks?.[0]
  return [stack?.StackStatus, stack?.StackStatusReason].filter((one) => one !== undefined).join(' ')
}

async function secretOf(state: CloudFormationState): Promise<string | undefined> {
  const { Stacks: stacks } = await op.DescribeStacks({ StackName: 'app' }, state, call)
  return stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'Secret')?.OutputValue
}

async function created(resources: Resources): Promise<Run> {
  const platform = fakePlatform()
  const { cloud } = platform
  iam(cloud)
  const state = platform.start()
  await begin(state, true, resources)
  await settled(state)
  assert.equal(await statusOf(state), 'CREATE_COMPLETE')
  const change = async (after: Resources): Promise<string[]> => {
    const from = cloud.calls.length
    await begin(state, false, after)
    await settled(state)
    assert.equal(await statusOf(state), 'UPDATE_COMPLETE')
    return asked(cloud, from)
  }
  return { ...platform, state, change }
}

const userOf = (Properties: Record<string, unknown> = {}): Resources => ({
  User: { Type: 'AWS::IAM::User', Properties: { UserName: 'ann', ...Properties } },
})

const FULL = {
  Path: '/staff/',
  Groups: ['readers', 'writers'],
  ManagedPolicyArns: [EDGE],
  Policies: [{ PolicyName: 'own', PolicyDocument: DOCUMENT }],
  LoginProfile: { Password: 'one', PasswordResetRequired: 'true' },
  PermissionsBoundary: EDGE,
  Tags: [{ Key: 'team', Value: 'wind' }],
}

test('AWS::IAM::User is made with all that hangs on it, and deleted after it', async () => {
  const { cloud, state } = await created(userOf(FULL))
  const all = asked(cloud, 0)
  assert.match(all[0] ?? '', /^CreateUser ann \/staff\/ .*ReadOnlyAccess .*"Key":"team","Value":"wind"/)
  assert.deepEqual(all.slice(1), [
    `AttachUserPolicy ann ${EDGE}`,
    `PutUserPolicy ann own ${JSON.stringify(DOCUMENT)}`,
    'AddUserToGroup readers ann',
    'AddUserToGroup writers ann',
    'CreateLoginProfile ann one true',
  ])
  const from = cloud.calls.length
  await op.DeleteStack({ StackName: 'app' }, state, call)
  await settled(state)
  assert.deepEqual(asked(cloud, from), [
    `DetachUserPolicy ann ${EDGE}`,
    'DeleteUserPolicy ann own',
    'RemoveUserFromGroup readers ann',
    'RemoveUserFromGroup writers ann',
    'DeleteLoginProfile ann',
    'DeleteUser ann',
  ])
})

test('AWS::IAM::User is changed in place, member by member', async () => {
  const { change } = await created(userOf(FULL))
  const other = 'arn:aws:iam::aws:policy/AWSLambda_FullAccess'
  const after = {
    Groups: ['writers', 'admins'],
    ManagedPolicyArns: [other],
    Policies: [{ PolicyName: 'new', PolicyDocument: DOCUMENT }],
    LoginProfile: { Password: 'two' },
    PermissionsBoundary: other,
    Tags: [{ Key: 'team', Value: 'tide' }],
  }
  assert.deepEqual(await change(userOf(after)), [
    'UpdateUser ann /',
    `PutUserPermissionsBoundary ann ${other}`,
    `AttachUserPolicy ann ${other}`,
    `DetachUserPolicy ann ${EDGE}`,
    `PutUserPolicy ann new ${JSON.stringify(DOCUMENT)}`,
    'DeleteUserPolicy ann own',
    'AddUserToGroup admins ann',
    'RemoveUserFromGroup readers ann',
    'UpdateLoginProfile ann two false',
    'TagUser ann [{"Key":"team","Value":"tide"}]',
  ])
  const { LoginProfile: _, PermissionsBoundary: __, Tags: ___, ...rest } = after
  assert.deepEqual(await change(userOf(rest)), [
    'DeleteUserPermissionsBoundary ann',
    'DeleteLoginProfile ann',
    'UntagUser ann ["team"]',
  ])
})

test('AWS::IAM::Group and UserToGroupAddition hold policies and members', async () => {
  const groupOf = (Path: string, group: string, ...Users: string[]): Resources => ({
    Group: {
      Type: 'AWS::IAM::Group',
      Properties: { GroupName: 'ops', Path, ManagedPolicyArns: [EDGE] },
    },
    Members: { Type: 'AWS::IAM::UserToGroupAddition', Properties: { GroupName: group, Users } },
  })
  const { cloud, state, change } = await created(groupOf('/', 'ops', 'ann', 'bob'))
  assert.deepEqual(asked(cloud, 0).toSorted(), [
    'AddUserToGroup ops ann',
    'AddUserToGroup ops bob',
    `AttachGroupPolicy ops ${EDGE}`,
    'CreateGroup ops /',
  ])
  const { StackResources: made = [] } = await op.DescribeStackResources({ StackName: 'app' }, state, call)
  assert.deepEqual(
    made.map((one) => one.PhysicalResourceId?.replace(/-[A-Z2-7]{12}$/, '')),
    ['ops', 'app-Members'],
  )
  assert.deepEqual((await change(groupOf('/a/', 'ops', 'bob', 'eve'))).toSorted(), [
    'AddUserToGroup ops eve',
    'RemoveUserFromGroup ops ann',
    'UpdateGroup ops /a/',
  ])
  assert.deepEqual(await change(groupOf('/a/', 'devs', 'bob')), [
    'AddUserToGroup devs bob',
    'RemoveUserFromGroup ops bob',
    'RemoveUserFromGroup ops eve',
  ])
})

test('AWS::IAM::AccessKey keeps its secret when its status changes, and another Serial makes another key', async () => {
  const keyOf = (more: Record<string, unknown> = {}): Resources => ({
    Key: { Type: 'AWS::IAM::AccessKey', Properties: { UserName: 'ann', ...more } },
  })
  const { cloud, state, change } = await created(keyOf())
  assert.equal(await secretOf(state), 'secret of AKIA1')
  assert.deepEqual(await change(keyOf({ Status: 'Inactive' })), ['UpdateAccessKey ann AKIA1 Inactive'])
  assert.equal(await secretOf(state), 'secret of AKIA1')
  assert.deepEqual(await change(keyOf({ Serial: 2 })), ['CreateAccessKey ann', 'DeleteAccessKey ann AKIA1'])
  assert.equal(await secretOf(state), 'secret of AKIA2')
  assert.deepEqual(
    cloud.all('key').map(([id]) => id),
    ['AKIA2'],
  )
})

test('AWS::IAM::AccessKey goes back to the status and secret it had when an update fails', async () => {
  const { cloud, state } = await created({
    Key: { Type: 'AWS::IAM::AccessKey', Properties: { UserName: 'ann' } },
  })
  cloud.failures.set('iam:CreateGroup', new Fault('LimitExceeded', 'No more groups.', { status: 409 }))
  await begin(state, false, {
    Key: { Type: 'AWS::IAM::AccessKey', Properties: { UserName: 'ann', Status: 'Inactive' } },
    Group: { Type: 'AWS::IAM::Group', Properties: { GroupName: { Ref: 'Key' } } },
  })
  await settled(state)
  assert.match(await statusOf(state), /^UPDATE_ROLLBACK_COMPLETE/)
  assert.deepEqual(
    asked(cloud, 0).filter((one) => one.startsWith('Update')),
    ['UpdateAccessKey ann AKIA1 Inactive', 'UpdateAccessKey ann AKIA1 Active'],
  )
  assert.equal(await secretOf(state), 'secret of AKIA1')
})

test('A user and its key are one each, wherever the platform dies', async () => {
  const resources: Resources = {
    ...userOf({ Groups: ['readers'], LoginProfile: { Password: 'one' } }),
    Key: { Type: 'AWS::IAM::AccessKey', Properties: { UserName: { Ref: 'User' } } },
  }
  let deaths = 0
  for (let effects = 1; ; effects++) {
    const platform = fakePlatform()
    iam(platform.cloud)
    const life = new Life(effects)
    const state = platform.start(life)
    const finished = begin(state, true, resources).then(async () => {
      await settled(state)
      return false
    })
    if (!(await Promise.race([life.end().then(() => true), finished]))) break
    deaths++
    const next = platform.start()
    await resumeCloudFormation(next)
    await settled(next)
    assert.equal(await statusOf(next), 'CREATE_COMPLETE', `died after ${effects} effects`)
    const keys = platform.cloud.all('key').map(([id]) => `secret of ${id}`)
    assert.deepEqual(keys, [await secretOf(next)], `died after ${effects} effects`)
  }
  assert.ok(deaths > 5, `${deaths} deaths`)
  assert.deepEqual(defects, [])
})

test('AWS::IAM::Policy and ManagedPolicy go to roles, users and groups alike', async () => {
  const policiesOf = (holders: Record<string, string[]>): Resources => ({
    Inline: {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyName: 'in', PolicyDocument: DOCUMENT, ...holders },
    },
    Managed: {
      Type: 'AWS::IAM::ManagedPolicy',
      DependsOn: 'Inline',
      Properties: { ManagedPolicyName: 'p', PolicyDocument: DOCUMENT, ...holders },
    } as Resources[string],
  })
  const { cloud, change } = await created(policiesOf({ Users: ['ann'], Groups: ['ops'], Roles: ['r'] }))
  const document = JSON.stringify(DOCUMENT)
  const arn = 'arn:aws:iam::000000000000:policy/p'
  assert.deepEqual(asked(cloud, 0), [
    `PutRolePolicy r in ${document}`,
    `PutUserPolicy ann in ${document}`,
    `PutGroupPolicy ops in ${document}`,
    `CreatePolicy p ${document}`,
    `AttachRolePolicy r ${arn}`,
    `AttachUserPolicy ann ${arn}`,
    `AttachGroupPolicy ops ${arn}`,
  ])
  assert.deepEqual(await change(policiesOf({ Users: ['bob'] })), [
    `PutUserPolicy bob in ${document}`,
    'DeleteRolePolicy r in',
    'DeleteUserPolicy ann in',
    'DeleteGroupPolicy ops in',
    `DetachRolePolicy r ${arn}`,
    `AttachUserPolicy bob ${arn}`,
    `DetachUserPolicy ann ${arn}`,
    `DetachGroupPolicy ops ${arn}`,
  ])
})

test('AWS::IAM::Policy that nobody holds is refused in AWS words', async () => {
  const platform = fakePlatform()
  const state = platform.start()
  const Properties = { PolicyName: 'in', PolicyDocument: DOCUMENT }
  await begin(state, true, { Inline: { Type: 'AWS::IAM::Policy', Properties } })
  await settled(state)
  const { StackEvents: events = [] } = await op.DescribeStackEvents({ StackName: 'app' }, state, call)
  const failed = events.find((one) => one.ResourceStatus === 'CREATE_FAILED')
  assert.match(failed?.ResourceStatusReason ?? '', /At least one of \[Groups,Roles,Users\] must be non-empty/)
})
