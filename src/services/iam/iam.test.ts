import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, ops, refusal, world } from '#services/iam/fake-world.ts'
import type { IamState } from '#services/iam/index.ts'

const trust = JSON.stringify({
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
})
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
})
const basic = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'

const newRole = async (state: IamState, RoleName: string, more: object = {}): Promise<void> =>
  void (await ops.CreateRole({ RoleName, AssumeRolePolicyDocument: trust, ...more }, state, call))

test('CreateRole makes a role that GetRole gives back, under its name in any case', async () => {
  const state = world()
  await newRole(state, 'Role', { Path: '/a/', Description: 'd', Tags: [{ Key: 'k', Value: 'v' }] })
  const { Role } = await ops.GetRole({ RoleName: 'Role' }, state, call)
  assert.equal(Role.Arn, 'arn:aws:iam::000000000000:role/a/Role')
  assert.match(Role.RoleId, /^AROA[A-Z2-7]{17}$/)
  assert.equal(Role.CreateDate, 1_790_000_000_000)
  assert.equal(decodeURIComponent(Role.AssumeRolePolicyDocument ?? ''), trust)
  assert.deepEqual(
    [Role.MaxSessionDuration, Role.Description, Role.Tags],
    [3_600, 'd', [{ Key: 'k', Value: 'v' }]],
  )
  const again = ops.CreateRole({ RoleName: 'role', AssumeRolePolicyDocument: trust }, state, call)
  assert.equal(await refusal(again), 'EntityAlreadyExistsException: Role with name role already exists.')
  const none = ops.GetRole({ RoleName: 'none' }, state, call)
  assert.equal(await refusal(none), 'NoSuchEntityException: The role with name none cannot be found.')
})

test('CreateRole refuses a trust policy that is none, and keeps nothing', async () => {
  const state = world()
  const bad = ops.CreateRole({ RoleName: 'r', AssumeRolePolicyDocument: policy }, state, call)
  assert.match(await refusal(bad), /^MalformedPolicyDocumentException: Has prohibited field Resource/)
  assert.match(await refusal(ops.GetRole({ RoleName: 'r' }, state, call)), /^NoSuchEntity/)
  const path = ops.CreateRole({ RoleName: 'r', AssumeRolePolicyDocument: trust, Path: 'a' }, state, call)
  assert.match(await refusal(path), /^ValidationError/)
})

test('UpdateRole and UpdateAssumeRolePolicy change what they name', async () => {
  const state = world()
  await newRole(state, 'r', { Description: 'old' })
  await ops.UpdateRole({ RoleName: 'r', MaxSessionDuration: 7_200 }, state, call)
  const other = trust.replace('lambda', 'states')
  await ops.UpdateAssumeRolePolicy({ RoleName: 'r', PolicyDocument: other }, state, call)
  const { Role } = await ops.GetRole({ RoleName: 'r' }, state, call)
  assert.deepEqual([Role.Description, Role.MaxSessionDuration], ['old', 7_200])
  assert.equal(decodeURIComponent(Role.AssumeRolePolicyDocument ?? ''), other)
})

test('DeleteRole waits until nothing hangs on the role', async () => {
  const state = world()
  const RoleName = 'r'
  const remove = (): Promise<string> => refusal(ops.DeleteRole({ RoleName }, state, call))
  await newRole(state, RoleName)
  await ops.PutRolePolicy({ RoleName, PolicyName: 'p', PolicyDocument: policy }, state, call)
  await ops.AttachRolePolicy({ RoleName, PolicyArn: basic }, state, call)
  await ops.CreateInstanceProfile({ InstanceProfileName: 'i' }, state, call)
  await ops.AddRoleToInstanceProfile({ InstanceProfileName: 'i', RoleName }, state, call)
  assert.match(
    await remove(),
    /^DeleteConflictException: .* must remove roles from instance profile first\.$/,
  )
  await ops.RemoveRoleFromInstanceProfile({ InstanceProfileName: 'i', RoleName }, state, call)
  assert.match(await remove(), /^DeleteConflictException: .* must detach all policies first\.$/)
  await ops.DetachRolePolicy({ RoleName, PolicyArn: basic }, state, call)
  assert.match(await remove(), /^DeleteConflictException: .* must delete policies first\.$/)
  await ops.DeleteRolePolicy({ RoleName, PolicyName: 'p' }, state, call)
  assert.equal(await remove(), 'none')
  assert.match(await remove(), /^NoSuchEntity/)
})

test('Inline policies are put, read, listed and deleted', async () => {
  const state = world()
  const RoleName = 'r'
  await newRole(state, RoleName)
  for (const PolicyName of ['b', 'a'])
    await ops.PutRolePolicy({ RoleName, PolicyName, PolicyDocument: policy }, state, call)
  const got = await ops.GetRolePolicy({ RoleName, PolicyName: 'a' }, state, call)
  assert.equal(decodeURIComponent(got.PolicyDocument), policy)
  const first = await ops.ListRolePolicies({ RoleName, MaxItems: 1 }, state, call)
  assert.deepEqual([first.PolicyNames, first.IsTruncated], [['a'], true])
  const rest = await ops.ListRolePolicies({ RoleName, Marker: first.Marker }, state, call)
  assert.deepEqual([rest.PolicyNames, rest.IsTruncated], [['b'], false])
  await ops.DeleteRolePolicy({ RoleName, PolicyName: 'a' }, state, call)
  const gone = ops.GetRolePolicy({ RoleName, PolicyName: 'a' }, state, call)
  assert.equal(await refusal(gone), 'NoSuchEntityException: The role policy with name a cannot be found.')
})

test('Attachments take policies of AWS by their ARN and those of the account that exist', async () => {
  const state = world()
  const RoleName = 'r'
  await newRole(state, RoleName)
  const { Policy } = await ops.CreatePolicy({ PolicyName: 'Mine', PolicyDocument: policy }, state, call)
  const PolicyArn = Policy?.Arn ?? ''
  for (const arn of [basic, basic, PolicyArn])
    await ops.AttachRolePolicy({ RoleName, PolicyArn: arn }, state, call)
  const { AttachedPolicies } = await ops.ListAttachedRolePolicies({ RoleName }, state, call)
  assert.deepEqual(AttachedPolicies?.map((one) => one.PolicyName).sort(), [
    'AWSLambdaBasicExecutionRole',
    'Mine',
  ])
  assert.equal((await ops.GetPolicy({ PolicyArn }, state, call)).Policy?.AttachmentCount, 1)
  const entities = await ops.ListEntitiesForPolicy({ PolicyArn }, state, call)
  assert.deepEqual(
    entities.PolicyRoles?.map((one) => one.RoleName),
    ['r'],
  )
  assert.equal(
    await refusal(ops.DeletePolicy({ PolicyArn }, state, call)),
    'DeleteConflictException: Cannot delete a policy attached to entities.',
  )
  const missing = 'arn:aws:iam::000000000000:policy/None'
  assert.equal(
    await refusal(ops.AttachRolePolicy({ RoleName, PolicyArn: missing }, state, call)),
    `NoSuchEntityException: Policy ${missing} does not exist or is not attachable.`,
  )
  await ops.DetachRolePolicy({ RoleName, PolicyArn }, state, call)
  assert.match(await refusal(ops.DetachRolePolicy({ RoleName, PolicyArn }, state, call)), /^NoSuchEntity/)
  await ops.DeletePolicy({ PolicyArn }, state, call)
  assert.equal(
    await refusal(ops.GetPolicy({ PolicyArn }, state, call)),
    `NoSuchEntityException: Policy ${PolicyArn} was not found.`,
  )
  assert.equal((await ops.GetPolicy({ PolicyArn: basic }, state, call)).Policy?.AttachmentCount, 1)
  const unread = 'arn:aws:iam::aws:policy/AmazonElasticMapReduceFullAccess'
  assert.match(await refusal(ops.GetPolicy({ PolicyArn: unread }, state, call)), /^NotImplemented/)
  const misspelled = 'arn:aws:iam::aws:policy/AdminstratorAccess'
  assert.match(await refusal(ops.GetPolicy({ PolicyArn: misspelled }, state, call)), /^NoSuchEntity/)
  const elsewhere = 'arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole'
  assert.match(
    await refusal(ops.AttachRolePolicy({ RoleName, PolicyArn: elsewhere }, state, call)),
    /^NoSuchEntity/,
  )
})

test('A role takes ten attached policies and not one more', async () => {
  const state = world()
  await newRole(state, 'r')
  const attach = (i: number): unknown =>
    ops.AttachRolePolicy({ RoleName: 'r', PolicyArn: `arn:aws:iam::aws:policy/P${i}` }, state, call)
  for (let i = 0; i < 10; i++) await attach(i)
  assert.equal(
    await refusal(attach(10)),
    'LimitExceededException: Cannot exceed quota for PoliciesPerRole: 10',
  )
})

test('Policy versions are made, set as default and deleted', async () => {
  const state = world()
  const { Policy } = await ops.CreatePolicy({ PolicyName: 'p', PolicyDocument: policy }, state, call)
  const PolicyArn = Policy?.Arn ?? ''
  const other = policy.replace('s3', 'sqs')
  const made = await ops.CreatePolicyVersion({ PolicyArn, PolicyDocument: other }, state, call)
  assert.deepEqual([made.PolicyVersion?.VersionId, made.PolicyVersion?.IsDefaultVersion], ['v2', false])
  await ops.SetDefaultPolicyVersion({ PolicyArn, VersionId: 'v2' }, state, call)
  const got = await ops.GetPolicyVersion({ PolicyArn, VersionId: 'v2' }, state, call)
  assert.equal(decodeURIComponent(got.PolicyVersion?.Document ?? ''), other)
  assert.match(
    await refusal(ops.DeletePolicyVersion({ PolicyArn, VersionId: 'v2' }, state, call)),
    /^DeleteConflict/,
  )
  assert.match(
    await refusal(ops.DeletePolicy({ PolicyArn }, state, call)),
    /^DeleteConflictException: This policy has more than one version/,
  )
  await ops.DeletePolicyVersion({ PolicyArn, VersionId: 'v1' }, state, call)
  const { Versions } = await ops.ListPolicyVersions({ PolicyArn }, state, call)
  assert.deepEqual(
    Versions?.map((one) => one.VersionId),
    ['v2'],
  )
  for (let i = 0; i < 4; i++) await ops.CreatePolicyVersion({ PolicyArn, PolicyDocument: other }, state, call)
  assert.match(
    await refusal(ops.CreatePolicyVersion({ PolicyArn, PolicyDocument: other }, state, call)),
    /^LimitExceeded/,
  )
})

test('Tags are set by key in any case, listed and taken away', async () => {
  const state = world()
  const RoleName = 'r'
  await newRole(state, RoleName)
  await ops.TagRole(
    {
      RoleName,
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    },
    state,
    call,
  )
  await ops.TagRole({ RoleName, Tags: [{ Key: 'A', Value: '3' }] }, state, call)
  assert.deepEqual((await ops.ListRoleTags({ RoleName }, state, call)).Tags, [
    { Key: 'A', Value: '3' },
    { Key: 'b', Value: '2' },
  ])
  await ops.UntagRole({ RoleName, TagKeys: ['B'] }, state, call)
  assert.deepEqual((await ops.ListRoleTags({ RoleName }, state, call)).Tags, [{ Key: 'A', Value: '3' }])
  const twice = {
    RoleName,
    Tags: [
      { Key: 'x', Value: '1' },
      { Key: 'X', Value: '2' },
    ],
  }
  assert.match(await refusal(ops.TagRole(twice, state, call)), /^InvalidInputException/)
})

test('A permissions boundary counts as a use of its policy', async () => {
  const state = world()
  const { Policy } = await ops.CreatePolicy({ PolicyName: 'p', PolicyDocument: policy }, state, call)
  const PermissionsBoundary = Policy?.Arn ?? ''
  await newRole(state, 'r', { PermissionsBoundary })
  const { Role } = await ops.GetRole({ RoleName: 'r' }, state, call)
  assert.equal(Role.PermissionsBoundary?.PermissionsBoundaryArn, PermissionsBoundary)
  assert.match(
    await refusal(ops.DeletePolicy({ PolicyArn: PermissionsBoundary }, state, call)),
    /^DeleteConflict/,
  )
  await ops.DeleteRolePermissionsBoundary({ RoleName: 'r' }, state, call)
  await ops.DeletePolicy({ PolicyArn: PermissionsBoundary }, state, call)
})

test('ListRoles, ListPolicies and ListInstanceProfiles filter by path and page', async () => {
  const state = world()
  for (const name of ['c', 'a', 'b']) await newRole(state, name, { Path: name === 'b' ? '/x/' : '/' })
  const all = await ops.ListRoles({ MaxItems: 2 }, state, call)
  assert.deepEqual(
    all.Roles.map((role) => role.RoleName),
    ['a', 'b'],
  )
  const rest = await ops.ListRoles({ Marker: all.Marker }, state, call)
  assert.deepEqual([rest.Roles.map((role) => role.RoleName), rest.IsTruncated], [['c'], false])
  assert.deepEqual((await ops.ListRoles({ PathPrefix: '/x/' }, state, call)).Roles.length, 1)
  assert.match(await refusal(ops.ListRoles({ Marker: '%' }, state, call)), /^ValidationError: Invalid Marker/)
  await ops.CreatePolicy({ PolicyName: 'p', PolicyDocument: policy }, state, call)
  const twice = ops.CreatePolicy({ PolicyName: 'P', Path: '/x/', PolicyDocument: policy }, state, call)
  assert.match(await refusal(twice), /^EntityAlreadyExists/)
  assert.equal((await ops.ListPolicies({ Scope: 'Local' }, state, call)).Policies?.length, 1)
  assert.equal((await ops.ListPolicies({ OnlyAttached: true }, state, call)).Policies?.length, 0)
  await ops.CreateInstanceProfile({ InstanceProfileName: 'i' }, state, call)
  await ops.AddRoleToInstanceProfile({ InstanceProfileName: 'i', RoleName: 'a' }, state, call)
  const second = ops.AddRoleToInstanceProfile({ InstanceProfileName: 'i', RoleName: 'b' }, state, call)
  assert.match(await refusal(second), /^LimitExceededException: .*InstanceSessionsPerInstanceProfile: 1/)
  const { InstanceProfiles } = await ops.ListInstanceProfilesForRole({ RoleName: 'a' }, state, call)
  assert.deepEqual(
    InstanceProfiles.map((one) => one.Roles[0]?.RoleName),
    ['a'],
  )
})
