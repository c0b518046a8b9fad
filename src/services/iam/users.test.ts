import assert from 'node:assert/strict'
import { test } from 'node:test'
import { later } from '#base/time.ts'
import { accountOfKeyId } from '#engines/iam-policy/access-key.ts'
import { text } from '#base/bytes.ts'
import { allowing, call, ops, policyText, refusal, world, worldOf } from '#services/iam/fake-world.ts'
import type { IamState } from '#services/iam/index.ts'

const newUser = async (state: IamState, UserName: string, more: object = {}): Promise<void> =>
  void (await ops.CreateUser({ UserName, ...more }, state, call))

const document = policyText(allowing('s3:*'))

test('CreateUser makes a user that GetUser gives back, under its name in any case, once', async () => {
  const state = world()
  await newUser(state, 'Bob', { Path: '/team/', Tags: [{ Key: 'k', Value: 'v' }] })
  const { User } = await ops.GetUser({ UserName: 'bob' }, state, call)
  assert.equal(User.Arn, 'arn:aws:iam::000000000000:user/team/Bob')
  assert.match(User.UserId, /^AIDA[A-Z2-7]{17}$/)
  assert.deepEqual(User.Tags, [{ Key: 'k', Value: 'v' }])
  assert.equal(
    await refusal(ops.CreateUser({ UserName: 'BOB' }, state, call)),
    'EntityAlreadyExistsException: User with name BOB already exists.',
  )
  assert.equal(
    await refusal(ops.GetUser({ UserName: 'eve' }, state, call)),
    'NoSuchEntityException: The user with name eve cannot be found.',
  )
  const { Users } = await ops.ListUsers({ PathPrefix: '/team/' }, state, call)
  assert.deepEqual(
    Users.map((one) => [one.UserName, one.Tags]),
    [['Bob', undefined]],
  )
})

test('GetUser without a name is about the caller: the root, or the user whose key signed', async () => {
  const state = world()
  assert.equal((await ops.GetUser({}, state, call)).User.Arn, 'arn:aws:iam::000000000000:root')
  await newUser(state, 'bob')
  const { AccessKey } = await ops.CreateAccessKey({ UserName: 'bob' }, state, call)
  const own = { ...call, accessKeyId: AccessKey.AccessKeyId }
  assert.equal((await ops.GetUser({}, state, own)).User.UserName, 'bob')
  assert.match(await refusal(ops.GetUser({}, state, { ...call, accessKeyId: 'ASIAX' })), /^ValidationError/)
})

test('DeleteUser waits until nothing hangs on the user', async () => {
  const state = world()
  const UserName = 'bob'
  await newUser(state, UserName)
  await ops.CreateGroup({ GroupName: 'g' }, state, call)
  await ops.AddUserToGroup({ GroupName: 'g', UserName }, state, call)
  await ops.CreateLoginProfile({ UserName, Password: 'x' }, state, call)
  const { AccessKey } = await ops.CreateAccessKey({ UserName }, state, call)
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
  await ops.AttachUserPolicy({ UserName, PolicyArn }, state, call)
  await ops.PutUserPolicy({ UserName, PolicyName: 'p', PolicyDocument: document }, state, call)
  const remove = (): Promise<string> => refusal(ops.DeleteUser({ UserName }, state, call))
  const steps: readonly (readonly [RegExp, () => unknown])[] = [
    [
      /remove users from group first/,
      () => ops.RemoveUserFromGroup({ GroupName: 'g', UserName }, state, call),
    ],
    [/delete login profile first/, () => ops.DeleteLoginProfile({ UserName }, state, call)],
    [
      /delete access keys first/,
      () => ops.DeleteAccessKey({ UserName, AccessKeyId: AccessKey.AccessKeyId }, state, call),
    ],
    [/detach all policies first/, () => ops.DetachUserPolicy({ UserName, PolicyArn }, state, call)],
    [/delete policies first/, () => ops.DeleteUserPolicy({ UserName, PolicyName: 'p' }, state, call)],
  ]
  for (const [expected, undo] of steps) {
    assert.match(await remove(), expected)
    await undo()
  }
  assert.equal(await remove(), 'none')
  assert.match(await remove(), /^NoSuchEntity/)
})

test('UpdateUser takes keys and groups along to the new name', async () => {
  const state = world()
  await newUser(state, 'bob')
  await newUser(state, 'eve')
  await ops.CreateGroup({ GroupName: 'g' }, state, call)
  await ops.AddUserToGroup({ GroupName: 'g', UserName: 'bob' }, state, call)
  await ops.CreateAccessKey({ UserName: 'bob' }, state, call)
  const taken = ops.UpdateUser({ UserName: 'bob', NewUserName: 'Eve' }, state, call)
  assert.match(await refusal(taken), /^EntityAlreadyExists/)
  await ops.UpdateUser({ UserName: 'bob', NewUserName: 'ben', NewPath: '/x/' }, state, call)
  assert.match(await refusal(ops.GetUser({ UserName: 'bob' }, state, call)), /^NoSuchEntity/)
  const { User } = await ops.GetUser({ UserName: 'ben' }, state, call)
  assert.equal(User.Arn, 'arn:aws:iam::000000000000:user/x/ben')
  assert.equal((await ops.ListAccessKeys({ UserName: 'ben' }, state, call)).AccessKeyMetadata.length, 1)
  const { Users } = await ops.GetGroup({ GroupName: 'g' }, state, call)
  assert.deepEqual(
    Users.map((one) => one.UserName),
    ['ben'],
  )
})

test('A user has two access keys and not one more; they carry the account', async () => {
  const state = world()
  await newUser(state, 'bob')
  const { AccessKey } = await ops.CreateAccessKey({ UserName: 'bob' }, state, call)
  assert.match(AccessKey.AccessKeyId, /^AKIA[A-Z2-7]{16}$/)
  assert.equal(accountOfKeyId(AccessKey.AccessKeyId), '000000000000')
  assert.equal(AccessKey.SecretAccessKey.length, 40)
  await ops.CreateAccessKey({ UserName: 'bob' }, state, call)
  assert.equal(
    await refusal(ops.CreateAccessKey({ UserName: 'bob' }, state, call)),
    'LimitExceededException: Cannot exceed quota for AccessKeysPerUser: 2',
  )
  const key = { UserName: 'bob', AccessKeyId: AccessKey.AccessKeyId }
  await ops.UpdateAccessKey({ ...key, Status: 'Inactive' }, state, call)
  const { AccessKeyMetadata } = await ops.ListAccessKeys({ UserName: 'bob' }, state, call)
  assert.deepEqual(new Set(AccessKeyMetadata.map((one) => one.Status)), new Set(['Active', 'Inactive']))
  const used = await ops.GetAccessKeyLastUsed({ AccessKeyId: AccessKey.AccessKeyId }, state, call)
  assert.deepEqual([used.UserName, used.AccessKeyLastUsed?.ServiceName], ['bob', 'N/A'])
  const others = ops.DeleteAccessKey({ AccessKeyId: AccessKey.AccessKeyId }, state, call)
  assert.match(await refusal(others), /The Access Key with id AKIA\w+ cannot be found/)
})

test('Groups keep their members and policies, and are deleted empty', async () => {
  const state = world()
  const GroupName = 'devs'
  await ops.CreateGroup({ GroupName, Path: '/a/' }, state, call)
  assert.match(await refusal(ops.CreateGroup({ GroupName: 'DEVS' }, state, call)), /^EntityAlreadyExists/)
  await newUser(state, 'bob')
  await ops.AddUserToGroup({ GroupName, UserName: 'bob' }, state, call)
  await ops.AddUserToGroup({ GroupName, UserName: 'bob' }, state, call)
  await ops.UpdateGroup({ GroupName, NewGroupName: 'ops' }, state, call)
  const { Groups } = await ops.ListGroupsForUser({ UserName: 'bob' }, state, call)
  assert.deepEqual(
    Groups.map((one) => one.Arn),
    ['arn:aws:iam::000000000000:group/a/ops'],
  )
  await ops.PutGroupPolicy({ GroupName: 'ops', PolicyName: 'p', PolicyDocument: document }, state, call)
  const got = await ops.GetGroupPolicy({ GroupName: 'ops', PolicyName: 'p' }, state, call)
  assert.deepEqual([got.GroupName, decodeURIComponent(got.PolicyDocument)], ['ops', document])
  const remove = (): Promise<string> => refusal(ops.DeleteGroup({ GroupName: 'ops' }, state, call))
  assert.match(await remove(), /must remove users from group first/)
  await ops.RemoveUserFromGroup({ GroupName: 'ops', UserName: 'bob' }, state, call)
  const again = ops.RemoveUserFromGroup({ GroupName: 'ops', UserName: 'bob' }, state, call)
  assert.match(await refusal(again), /^NoSuchEntity/)
  assert.match(await remove(), /must delete policies first/)
  await ops.DeleteGroupPolicy({ GroupName: 'ops', PolicyName: 'p' }, state, call)
  assert.equal(await remove(), 'none')
})

test('Passwords conform to the policy of the account and are changed by who knows them', async () => {
  const state = world()
  assert.match(
    await refusal(ops.GetAccountPasswordPolicy({}, state, call)),
    /The Password Policy with domain name 000000000000 cannot be found/,
  )
  await ops.UpdateAccountPasswordPolicy({ MinimumPasswordLength: 8, RequireNumbers: true }, state, call)
  await newUser(state, 'bob')
  const make = (Password: string): Promise<string> =>
    refusal(ops.CreateLoginProfile({ UserName: 'bob', Password }, state, call))
  assert.match(await make('short1'), /^PasswordPolicyViolationException: .*minimum length of 8/)
  assert.match(await make('longenough'), /at least one number/)
  assert.equal(await make('longenough1'), 'none')
  assert.match(await make('longenough1'), /Login Profile for user bob already exists/)
  const { AccessKey } = await ops.CreateAccessKey({ UserName: 'bob' }, state, call)
  const own = { ...call, accessKeyId: AccessKey.AccessKeyId }
  const change = (OldPassword: string): Promise<string> =>
    refusal(ops.ChangePassword({ OldPassword, NewPassword: 'another123' }, state, own))
  assert.match(await change('wrong'), /^AccessDenied/)
  assert.equal(await change('longenough1'), 'none')
  assert.match(await change('longenough1'), /^AccessDenied/)
  assert.match(
    await refusal(ops.ChangePassword({ OldPassword: 'a', NewPassword: 'b' }, state, call)),
    /^Valid/,
  )
})

test('MFA devices are free, then a user’s, and are not deleted while they are', async () => {
  const state = world()
  await newUser(state, 'bob')
  const { VirtualMFADevice } = await ops.CreateVirtualMFADevice({ VirtualMFADeviceName: 'd' }, state, call)
  const { SerialNumber, Base32StringSeed } = VirtualMFADevice
  assert.equal(SerialNumber, 'arn:aws:iam::000000000000:mfa/d')
  assert.match(text(Base32StringSeed ?? new Uint8Array()), /^[A-Z2-7]{64}$/)
  const again = ops.CreateVirtualMFADevice({ VirtualMFADeviceName: 'd' }, state, call)
  assert.match(await refusal(again), /MFADevice entity at the same path and name already exists/)
  const codes = { AuthenticationCode1: '123456', AuthenticationCode2: '654321' }
  await ops.EnableMFADevice({ UserName: 'bob', SerialNumber, ...codes }, state, call)
  await ops.EnableMFADevice({ UserName: 'bob', SerialNumber: 'hardware-1', ...codes }, state, call)
  const { MFADevices } = await ops.ListMFADevices({ UserName: 'bob' }, state, call)
  assert.deepEqual(
    MFADevices.map((one) => one.SerialNumber),
    [SerialNumber, 'hardware-1'],
  )
  const listed = await ops.ListVirtualMFADevices({ AssignmentStatus: 'Unassigned' }, state, call)
  assert.equal(listed.VirtualMFADevices.length, 0)
  assert.match(await refusal(ops.DeleteVirtualMFADevice({ SerialNumber }, state, call)), /^DeleteConflict/)
  await ops.DeactivateMFADevice({ UserName: 'bob', SerialNumber }, state, call)
  await ops.DeleteVirtualMFADevice({ SerialNumber }, state, call)
  assert.match(await refusal(ops.DeleteVirtualMFADevice({ SerialNumber }, state, call)), /doesn't exist/)
})

test('The credential report is begun, found done, and is old after four hours', async () => {
  const { state, clock } = worldOf()
  await newUser(state, 'bob')
  await ops.CreateAccessKey({ UserName: 'bob' }, state, call)
  assert.match(await refusal(ops.GetCredentialReport({}, state, call)), /^CredentialReportNotPresent/)
  assert.equal((await ops.GenerateCredentialReport({}, state, call)).State, 'STARTED')
  assert.equal((await ops.GenerateCredentialReport({}, state, call)).State, 'COMPLETE')
  const { Content } = await ops.GetCredentialReport({}, state, call)
  const [head = '', root = '', bob = ''] = text(Content ?? new Uint8Array()).split('\n')
  assert.equal(root.split(',').length, head.split(',').length)
  const row = Object.fromEntries(head.split(',').map((name, i) => [name, bob.split(',')[i]]))
  assert.deepEqual(
    [row['user'], row['password_enabled'], row['access_key_1_active'], row['access_key_2_active']],
    ['bob', 'false', 'true', 'false'],
  )
  clock.now = later(clock.now, 4 * 3_600_000)
  assert.match(await refusal(ops.GetCredentialReport({}, state, call)), /^CredentialReportExpired/)
  assert.equal((await ops.GenerateCredentialReport({}, state, call)).State, 'STARTED')
})

test('GetAccountAuthorizationDetails tells everything once, by kind and in pages', async () => {
  const state = world()
  await newUser(state, 'bob')
  await ops.CreateGroup({ GroupName: 'g' }, state, call)
  await ops.AddUserToGroup({ GroupName: 'g', UserName: 'bob' }, state, call)
  const PolicyArn = 'arn:aws:iam::aws:policy/AmazonSQSFullAccess'
  await ops.AttachGroupPolicy({ GroupName: 'g', PolicyArn }, state, call)
  await ops.CreatePolicy({ PolicyName: 'mine', PolicyDocument: document }, state, call)
  const all = await ops.GetAccountAuthorizationDetails({}, state, call)
  assert.deepEqual(all.UserDetailList?.[0]?.GroupList, ['g'])
  assert.deepEqual(all.GroupDetailList?.[0]?.AttachedManagedPolicies?.[0]?.PolicyArn, PolicyArn)
  assert.deepEqual(all.Policies?.map((one) => [one.PolicyName, one.AttachmentCount]).toSorted(), [
    ['AmazonSQSFullAccess', 1],
    ['mine', 0],
  ])
  const users = await ops.GetAccountAuthorizationDetails({ Filter: ['User'] }, state, call)
  assert.deepEqual([users.UserDetailList?.length, users.Policies?.length], [1, 0])
  const first = await ops.GetAccountAuthorizationDetails({ MaxItems: 1 }, state, call)
  assert.equal(first.IsTruncated, true)
  const rest = await ops.GetAccountAuthorizationDetails({ Marker: first.Marker }, state, call)
  assert.equal((rest.UserDetailList?.length ?? 0) + (rest.Policies?.length ?? 0), 3)
})

test('An account has one alias, and its summary counts', async () => {
  const state = world()
  await ops.CreateAccountAlias({ AccountAlias: 'first' }, state, call)
  await ops.CreateAccountAlias({ AccountAlias: 'second' }, state, call)
  assert.deepEqual((await ops.ListAccountAliases({}, state, call)).AccountAliases, ['second'])
  assert.match(await refusal(ops.DeleteAccountAlias({ AccountAlias: 'first' }, state, call)), /^NoSuchEntity/)
  await newUser(state, 'bob')
  const { SummaryMap } = await ops.GetAccountSummary({}, state, call)
  assert.deepEqual([SummaryMap?.['Users'], SummaryMap?.['Roles'], SummaryMap?.['UsersQuota']], [1, 0, 5_000])
})

test('Outbound web identity federation is off, on under an address of the platform, and off again', async () => {
  const state = world()
  const here = { ...call, endpoint: 'http://localhost:4566' }
  const info = (): Promise<string> => refusal(ops.GetOutboundWebIdentityFederationInfo({}, state, here))
  assert.match(await info(), /^FeatureDisabled/)
  const on = await ops.EnableOutboundWebIdentityFederation({}, state, here)
  assert.equal(on.IssuerIdentifier, 'http://localhost:4566/_aws/sts/000000000000')
  assert.match(await refusal(ops.EnableOutboundWebIdentityFederation({}, state, here)), /^FeatureEnabled/)
  await ops.DisableOutboundWebIdentityFederation({}, state, here)
  assert.match(await refusal(ops.DisableOutboundWebIdentityFederation({}, state, here)), /^FeatureDisabled/)
  const told = await ops.GetOutboundWebIdentityFederationInfo({}, state, here)
  assert.equal(told.JwtVendingEnabled, false)
})
