import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { brand } from '#base/brand.ts'
import { Fault } from '#base/fault.ts'
import { type AccountId, DEFAULT_ACCOUNT, DEFAULT_REGION, requestId } from '#base/ids.ts'
import { seeded } from '#base/random.ts'
import { type Instant, instant, later } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { Api } from '#ports/api.ts'
import type { Call } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'
import { TEMPORARY, accountOfKeyId, keyIdOf } from '#engines/iam-policy/access-key.ts'
import { createSts, identityOf, sts, type StsState } from '#services/sts/index.ts'
import { roleOfArn } from '#services/sts/roles.ts'

const { AssumeRole, GetAccessKeyInfo, GetCallerIdentity, GetFederationToken, GetSessionToken } =
  sts.operations
const start = instant(1_790_000_000_000)
const span = { traceId: '' } as SpanScope

const callOf = (accessKeyId: string | undefined, account: AccountId = DEFAULT_ACCOUNT): Call => ({
  account,
  region: DEFAULT_REGION,
  requestId: requestId(seeded(1)),
  at: start,
  span,
  accessKeyId,
  endpoint: '',
  host: '',
  headers: {},
  presigned: false,
  signal: new AbortController().signal,
  header: () => undefined,
})

interface World {
  readonly state: StsState
  readonly clock: { at: Instant }
}

/** IAM knows one role, `known`, whose sessions last two hours at most. */
function world(): World {
  const clock = { at: start }
  const api = {
    call: async (_service: string, _operation: string, input: { RoleName: string }) => {
      if (input.RoleName !== 'known') throw new Fault('NoSuchEntityException', 'none')
      return { Role: { RoleId: 'AROAKNOWN', MaxSessionDuration: 7_200 } }
    },
  } as unknown as Api
  const ports = { random: seeded(3), stores: memoryStores(), api }
  const alarm = { cancel: () => undefined }
  const time = {
    now: () => clock.at,
    elapsed: () => 0,
    wall: () => clock.at,
    wakeAt: () => alarm,
    after: () => alarm,
  }
  return { state: createSts({ ...ports, clock: time }), clock }
}

async function refusal(answer: unknown): Promise<string> {
  try {
    await answer
  } catch (error) {
    if (error instanceof Fault) return error.code
    throw error
  }
  return 'none'
}

const known = { RoleArn: 'arn:aws:iam::000000000000:role/service-role/known', RoleSessionName: 'me' }

test('GetCallerIdentity names the root of the account for a plain key', async () => {
  const { state } = world()
  assert.deepEqual(await GetCallerIdentity({}, state, callOf('000000000000')), {
    UserId: '000000000000',
    Account: '000000000000',
    Arn: 'arn:aws:iam::000000000000:root',
  })
})

test('AssumeRole gives credentials whose holder is the assumed role, until they expire', async () => {
  const { state, clock } = world()
  const answer = await AssumeRole(known, state, callOf('test'))
  const arn = 'arn:aws:sts::000000000000:assumed-role/known/me'
  assert.deepEqual(answer.AssumedRoleUser, { AssumedRoleId: 'AROAKNOWN:me', Arn: arn })
  const keyId = answer.Credentials?.AccessKeyId ?? ''
  assert.match(keyId, /^ASIA[A-Z2-7]{16}$/)
  assert.equal(answer.Credentials?.SecretAccessKey.length, 40)
  assert.equal(answer.Credentials?.Expiration, later(start, 3_600_000))
  const holder = callOf(keyId)
  assert.equal((await GetCallerIdentity({}, state, holder)).Arn, arn)
  clock.at = later(start, 3_600_000)
  assert.equal(await refusal(GetCallerIdentity({}, state, holder)), 'ExpiredToken')
})

test('AssumeRole keeps the role’s and the chain’s longest session, and takes roles IAM does not know', async () => {
  const { state } = world()
  assert.equal(
    await refusal(AssumeRole({ ...known, DurationSeconds: 7_201 }, state, callOf('test'))),
    'ValidationError',
  )
  const unknown = { ...known, RoleArn: 'arn:aws:iam::111111111111:role/other' }
  const answer = await AssumeRole({ ...unknown, DurationSeconds: 43_200 }, state, callOf('test'))
  assert.match(answer.AssumedRoleUser?.AssumedRoleId ?? '', /^AROA[A-Z2-7]{17}:me$/)
  const keyId = answer.Credentials?.AccessKeyId ?? ''
  const holder = callOf(keyId, brand<AccountId>('111111111111'))
  assert.equal(accountOfKeyId(keyId), '111111111111')
  assert.equal(
    await refusal(AssumeRole({ ...known, DurationSeconds: 3_601 }, state, holder)),
    'ValidationError',
  )
})

test('AssumeRole gives a service twelve hours of a role, whatever the role allows others', async () => {
  const { state, clock } = world()
  const { header: _, ...inside } = callOf(DEFAULT_ACCOUNT)
  const role = { ...known, RoleSessionName: 'resize', DurationSeconds: 43_200 }
  const answer = await AssumeRole(role, state, inside)
  const holder = callOf(answer.Credentials?.AccessKeyId)
  const arn = 'arn:aws:sts::000000000000:assumed-role/known/resize'
  clock.at = later(start, 43_199_000)
  assert.deepEqual(await GetCallerIdentity({}, state, holder), {
    UserId: 'AROAKNOWN:resize',
    Account: '000000000000',
    Arn: arn,
  })
  clock.at = later(start, 43_200_000)
  assert.equal(await refusal(GetCallerIdentity({}, state, holder)), 'ExpiredToken')
})

test('identityOf() looks up temporary keys only', async () => {
  const { state } = world()
  const unread: StsState = {
    ...state,
    store: {
      ...state.store,
      read: {
        get: () => assert.fail('read'),
        range: () => assert.fail('read'),
      },
    },
  }
  for (const accessKeyId of [undefined, 'test', '000000000000', 'AKIAIOSFODNN7EXAMPLE'])
    assert.equal((await identityOf(unread, { accessKeyId, account: DEFAULT_ACCOUNT })).kind, 'root')
})

test('AssumeRole refuses policies that are none or too large', async () => {
  const { state } = world()
  const policy = (Policy: string): Promise<string> =>
    refusal(AssumeRole({ ...known, Policy }, state, callOf('test')))
  assert.equal(await policy('no json'), 'MalformedPolicyDocumentException')
  assert.equal(await policy(JSON.stringify({ a: 'b'.repeat(2_048) })), 'PackedPolicyTooLargeException')
  assert.equal(await policy('{}'), 'MalformedPolicyDocumentException')
  const one = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 's3:*', Resource: '*' } }
  assert.equal(await policy(JSON.stringify(one)), 'none')
})

test('GetSessionToken and GetFederationToken are not for sessions', async () => {
  const { state } = world()
  const token = await GetSessionToken({}, state, callOf('test'))
  const own = callOf(token.Credentials?.AccessKeyId)
  assert.equal((await GetCallerIdentity({}, state, own)).Arn, 'arn:aws:iam::000000000000:root')
  const federated = await GetFederationToken({ Name: 'bob' }, state, callOf('test'))
  assert.equal(federated.FederatedUser?.Arn, 'arn:aws:sts::000000000000:federated-user/bob')
  const holder = callOf(federated.Credentials?.AccessKeyId)
  assert.equal(await refusal(GetSessionToken({}, state, holder)), 'AccessDenied')
  assert.equal(await refusal(GetFederationToken({ Name: 'eve' }, state, holder)), 'AccessDenied')
})

test('Expired sessions are told so for a day, then cleared away by new ones', async () => {
  const { state, clock } = world()
  const first = await AssumeRole(known, state, callOf('test'))
  const holder = callOf(first.Credentials?.AccessKeyId)
  clock.at = later(start, 3_700_000)
  await AssumeRole(known, state, callOf('test'))
  assert.equal(await refusal(GetCallerIdentity({}, state, holder)), 'ExpiredToken')
  clock.at = later(start, 3_600_000 + 86_401_000)
  await AssumeRole(known, state, callOf('test'))
  assert.equal((await GetCallerIdentity({}, state, holder)).Arn, 'arn:aws:iam::000000000000:root')
})

test('accountOfKeyId() reads what keyIdOf() wrote, and twelve digits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), fc.integer(), (number, seed) => {
      const account = brand<AccountId>(`${number}`.padStart(12, '0'))
      const keyId = keyIdOf(TEMPORARY, account, seeded(seed))
      assert.match(keyId, /^ASIA[A-Z2-7]{16}$/)
      assert.equal(accountOfKeyId(keyId), account)
      assert.equal(accountOfKeyId(account), account)
    }),
  )
  for (const other of ['test', '', 'ASIA123', 'AKIA!!!!!!!!!!!!!!!!'])
    assert.equal(accountOfKeyId(other), undefined)
})

test('GetAccessKeyInfo answers the account in the key, else the default one', async () => {
  const { state } = world()
  assert.deepEqual(await GetAccessKeyInfo({ AccessKeyId: '123456789012' }, state, callOf('test')), {
    Account: '123456789012',
  })
  assert.deepEqual(await GetAccessKeyInfo({ AccessKeyId: 'a-key-like-others' }, state, callOf('test')), {
    Account: '000000000000',
  })
})

test('roleOfArn() takes roles with and without a path and refuses all else', async () => {
  assert.deepEqual(roleOfArn('arn:aws:iam::123456789012:role/a/b:c/name'), {
    account: '123456789012',
    name: 'name',
  })
  for (const arn of [
    'not-an-arn',
    'arn:aws:iam::123456789012:user/name',
    'arn:aws:iam:us-east-1:123456789012:role/name',
    'arn:aws:iam::12:role/name',
    'arn:aws:iam::123456789012:role/',
    'arn:aws:iam::123456789012:role/name:bad',
  ])
    assert.throws(() => roleOfArn(arn), { code: 'ValidationError', message: `${arn} is invalid` })
})
