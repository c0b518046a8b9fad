import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brand } from '#base/brand.ts'
import { type AccountId, DEFAULT_ACCOUNT, DEFAULT_REGION } from '#base/ids.ts'
import type { Api } from '#ports/api.ts'
import { type Caller, authorize, holderOfKey, noteUse } from '#services/iam/authorize.ts'
import { allowing, call, ops, policyText, worldOf } from '#services/iam/fake-world.ts'
import type { IamState } from '#services/iam/index.ts'

const QUEUE = `arn:aws:sqs:us-east-1:${DEFAULT_ACCOUNT}:q`
const SEND = [{ action: 'sqs:SendMessage', resource: QUEUE }]

/** A queue whose policy is that text; no other resource has any. */
const apiWith = (policy?: string): Api =>
  ({
    call: async () => ({ Attributes: policy === undefined ? {} : { Policy: policy } }),
    has: () => true,
  }) as unknown as Api

const state = (policy?: string): IamState => worldOf(apiWith(policy)).state

const ask = (iam: IamState, caller: Caller, needed = SEND): Promise<string | undefined> =>
  authorize(iam, { caller, needed, place: { account: DEFAULT_ACCOUNT, region: DEFAULT_REGION }, keys: [] })

const user = (name: string, account = DEFAULT_ACCOUNT): Caller => ({ kind: 'user', account, user: name })

const sqsPolicy = policyText(allowing('sqs:*'))

test('authorize() knows the policies of a user’s groups', async () => {
  const iam = state()
  await ops.CreateUser({ UserName: 'bob' }, iam, call)
  await ops.CreateGroup({ GroupName: 'g' }, iam, call)
  await ops.PutGroupPolicy({ GroupName: 'g', PolicyName: 'p', PolicyDocument: sqsPolicy }, iam, call)
  assert.match(
    (await ask(iam, user('bob'))) ?? '',
    /no identity-based policy allows the sqs:SendMessage action$/,
  )
  await ops.AddUserToGroup({ GroupName: 'g', UserName: 'bob' }, iam, call)
  assert.equal(await ask(iam, user('bob')), undefined)
  assert.equal(await ask(iam, { kind: 'root', account: DEFAULT_ACCOUNT }), undefined)
  assert.match((await ask(iam, user('nobody'))) ?? '', /user\/nobody is not authorized/)
})

test('authorize() names the first of several actions that is denied', async () => {
  const iam = state()
  await ops.CreateUser({ UserName: 'bob' }, iam, call)
  await ops.PutUserPolicy({ UserName: 'bob', PolicyName: 'p', PolicyDocument: sqsPolicy }, iam, call)
  const role = { action: 'iam:PassRole', resource: `arn:aws:iam::${DEFAULT_ACCOUNT}:role/r` }
  assert.match(
    (await ask(iam, user('bob'), [...SEND, role])) ?? '',
    /not authorized to perform: iam:PassRole/,
  )
})

test('authorize() gives a federated user what both its beginner and its session policies give', async () => {
  const iam = state()
  await ops.CreateUser({ UserName: 'bob' }, iam, call)
  await ops.PutUserPolicy({ UserName: 'bob', PolicyName: 'p', PolicyDocument: sqsPolicy }, iam, call)
  const federated = (policies: readonly string[], name: string | undefined): Caller => ({
    kind: 'federated-user',
    account: DEFAULT_ACCOUNT,
    sessionArn: `arn:aws:sts::${DEFAULT_ACCOUNT}:federated-user/f`,
    userId: `${DEFAULT_ACCOUNT}:f`,
    user: name,
    session: { policies },
  })
  const all = policyText(allowing('*'))
  assert.equal(await ask(iam, federated([all], 'bob')), undefined)
  assert.equal(await ask(iam, federated([all], undefined)), undefined)
  assert.match((await ask(iam, federated([], 'bob'))) ?? '', /no session policy allows/)
  const s3 = [{ action: 's3:GetObject', resource: '*' }]
  assert.match((await ask(iam, federated([all], 'bob'), s3)) ?? '', /no identity-based policy allows/)
})

test('authorize() bounds a role’s session by managed policies, and tells conditions its tags', async () => {
  const iam = state()
  const trust = policyText({ Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' })
  await ops.CreateRole(
    { RoleName: 'r', AssumeRolePolicyDocument: trust, Tags: [{ Key: 'team', Value: 'a' }] },
    iam,
    call,
  )
  const Condition = { StringEquals: { 'aws:PrincipalTag/team': 'b' } }
  const PolicyDocument = policyText(allowing('sqs:*', '*', { Condition }))
  await ops.PutRolePolicy({ RoleName: 'r', PolicyName: 'p', PolicyDocument }, iam, call)
  const role = (session: object): Caller => ({
    kind: 'role',
    account: DEFAULT_ACCOUNT,
    sessionArn: `arn:aws:sts::${DEFAULT_ACCOUNT}:assumed-role/r/s`,
    userId: 'AROA:s',
    session,
  })
  assert.match((await ask(iam, role({}))) ?? '', /assumed-role\/r\/s is not authorized/)
  assert.equal(await ask(iam, role({ tags: { team: 'b' } })), undefined)
  const policyArns = ['arn:aws:iam::aws:policy/AmazonS3FullAccess']
  assert.match((await ask(iam, role({ tags: { team: 'b' }, policyArns }))) ?? '', /no session policy allows/)
})

test('authorize() asks both accounts of a queue that is another’s', async () => {
  const other = brand<AccountId>('111111111111')
  const theirs = { ...call, account: other }
  const principal = { AWS: `arn:aws:iam::${other}:user/ann` }
  const open = state(policyText({ ...allowing('sqs:SendMessage', QUEUE), Principal: principal }))
  const closed = state()
  for (const iam of [open, closed]) await ops.CreateUser({ UserName: 'ann' }, iam, theirs)
  const of = (iam: IamState): Promise<string | undefined> =>
    authorize(iam, {
      caller: user('ann', other),
      needed: SEND,
      place: { account: other, region: DEFAULT_REGION },
      keys: [],
    })
  assert.match((await of(open)) ?? '', /no identity-based policy allows/)
  for (const iam of [open, closed])
    await ops.PutUserPolicy({ UserName: 'ann', PolicyName: 'p', PolicyDocument: sqsPolicy }, iam, theirs)
  assert.equal(await of(open), undefined)
  assert.match((await of(closed)) ?? '', /no resource-based policy allows/)
})

test('authorize() finds users and roles under the path they have', async () => {
  const iam = state()
  await ops.CreateUser({ UserName: 'bob', Path: '/team/' }, iam, call)
  const own = policyText(allowing('iam:*', 'arn:aws:iam::*:user/team/${aws:username}'))
  await ops.PutUserPolicy({ UserName: 'bob', PolicyName: 'p', PolicyDocument: own }, iam, call)
  const about = (name: string): Promise<string | undefined> =>
    ask(iam, user('bob'), [
      { action: 'iam:GetUser', resource: `arn:aws:iam::${DEFAULT_ACCOUNT}:user/${name}` },
    ])
  assert.equal(await about('bob'), undefined)
  assert.match((await about('eve')) ?? '', /iam:GetUser on resource: .*user\/eve because/)
})

test('holderOfKey() and noteUse() know a key, its state and where it was used', async () => {
  const iam = state()
  await ops.CreateUser({ UserName: 'bob' }, iam, call)
  const { AccessKey } = await ops.CreateAccessKey({ UserName: 'bob' }, iam, call)
  const { AccessKeyId, SecretAccessKey } = AccessKey
  assert.deepEqual(await holderOfKey(iam, DEFAULT_ACCOUNT, AccessKeyId), {
    secret: SecretAccessKey,
    isActive: true,
    user: 'bob',
  })
  assert.equal(await holderOfKey(iam, DEFAULT_ACCOUNT, 'AKIAOTHER'), undefined)
  await noteUse(iam, DEFAULT_ACCOUNT, AccessKeyId, { service: 'sqs', region: 'eu-west-1' })
  const { AccessKeyLastUsed } = await ops.GetAccessKeyLastUsed({ AccessKeyId }, iam, call)
  assert.deepEqual([AccessKeyLastUsed?.ServiceName, AccessKeyLastUsed?.Region], ['sqs', 'eu-west-1'])
})
