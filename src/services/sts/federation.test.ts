import assert from 'node:assert/strict'
import { type KeyObject, generateKeyPairSync, sign } from 'node:crypto'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { utf8 } from '#base/bytes.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, requestId } from '#base/ids.ts'
import { seeded } from '#base/random.ts'
import { instant } from '#base/time.ts'
import { isSignedBy, keySetAddress, readKeySet } from '#engines/jwt/keys.ts'
import { parseToken } from '#engines/jwt/token.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { Api } from '#ports/api.ts'
import type { OutboundOutcome } from '#ports/outbound.ts'
import type { Call } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'
import { createSts, issuerDocument, sts, type StsState } from '#services/sts/index.ts'
import { readAssertion } from '#services/sts/saml.ts'
import { sessionOf } from '#services/sts/sessions.ts'

const {
  AssumeRole,
  AssumeRoleWithSAML,
  AssumeRoleWithWebIdentity,
  DecodeAuthorizationMessage,
  GetCallerIdentity,
} = sts.operations
const start = instant(1_790_000_000_000)
const ISSUER = 'https://issuer.example'

const callOf = (accessKeyId: string): Call => ({
  account: DEFAULT_ACCOUNT,
  region: DEFAULT_REGION,
  requestId: requestId(seeded(1)),
  at: start,
  span: { traceId: '' } as SpanScope,
  accessKeyId,
  endpoint: '',
  host: '',
  headers: {},
  presigned: false,
  signal: new AbortController().signal,
  header: () => undefined,
})
const call = callOf('test')

const answers: Readonly<Record<string, (input: Record<string, string>) => unknown>> = {
  GetRole: ({ RoleName }) => {
    if (RoleName !== 'known') throw new Fault('NoSuchEntityException', 'none')
    return { Role: { RoleId: 'AROAKNOWN', MaxSessionDuration: 3_600 } }
  },
  GetOpenIDConnectProvider: ({ OpenIDConnectProviderArn }) => {
    if (OpenIDConnectProviderArn?.endsWith('issuer.example') !== true)
      throw new Fault('NoSuchEntityException', 'none')
    return { ClientIDList: ['app'] }
  },
  GetAccessKeyLastUsed: () => ({ UserName: 'bob' }),
  GetUser: () => ({
    User: { UserName: 'bob', UserId: 'AIDABOB', Arn: 'arn:aws:iam::000000000000:user/bob' },
  }),
}

interface Setting {
  readonly issues?: boolean
  readonly enforceIam?: boolean
  readonly keys?: KeyObject
}

function world({ enforceIam = false, issues = false, keys }: Setting = {}): StsState {
  const api = {
    call: async (_service: string, operation: string, input: Record<string, string>) => {
      if (operation !== 'GetOutboundWebIdentityFederationInfo') return answers[operation]?.(input)
      if (!issues) throw new Fault('FeatureDisabledException', 'off')
      return { IssuerIdentifier: 'http://issuer/_aws/sts/000000000000', JwtVendingEnabled: true }
    },
  } as unknown as Api
  const alarm = { cancel: () => undefined }
  const clock = {
    now: () => start,
    elapsed: () => 0,
    wall: () => start,
    wakeAt: () => alarm,
    after: () => alarm,
  }
  const documents: Readonly<Record<string, object>> = {
    [`${ISSUER}/.well-known/openid-configuration`]: { jwks_uri: `${ISSUER}/keys` },
    [`${ISSUER}/keys`]: { keys: keys === undefined ? [] : [{ ...keys.export({ format: 'jwk' }), kid: 'k' }] },
  }
  const outbound = {
    request: async ({ url }: { url: string }): Promise<OutboundOutcome> => {
      const found = documents[url]
      if (found === undefined) return { kind: 'unreachable', reason: 'ENOTFOUND' }
      return { kind: 'answered', status: 200, headers: {}, body: utf8(JSON.stringify(found)) }
    },
  }
  const ports = { clock, random: seeded(3), stores: memoryStores(), api, outbound }
  return createSts({ ...ports, settings: { enforceIam } })
}

async function refusal(answer: unknown): Promise<string> {
  try {
    await (typeof answer === 'function' ? answer() : answer)
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`
    throw error
  }
  return 'none'
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })

function tokenOf(claims: object, key: KeyObject = pair.privateKey): string {
  const head = part({ alg: 'RS256', typ: 'JWT', kid: 'k' })
  const all = { iss: ISSUER, sub: 'me', aud: 'app', exp: start / 1_000 + 60, ...claims }
  const signed = `${head}.${part(all)}`
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`
}

const role = { RoleArn: 'arn:aws:iam::000000000000:role/known', RoleSessionName: 'web' }

test('AssumeRoleWithWebIdentity takes a token’s word for who it is, and not after its end', async () => {
  const state = world()
  const answer = await AssumeRoleWithWebIdentity({ ...role, WebIdentityToken: tokenOf({}) }, state, call)
  assert.equal(answer.AssumedRoleUser?.Arn, 'arn:aws:sts::000000000000:assumed-role/known/web')
  assert.deepEqual(
    [answer.SubjectFromWebIdentityToken, answer.Audience, answer.Provider],
    ['me', 'app', 'arn:aws:iam::000000000000:oidc-provider/issuer.example'],
  )
  const of = (WebIdentityToken: string): Promise<string> =>
    refusal(AssumeRoleWithWebIdentity({ ...role, WebIdentityToken }, state, call))
  assert.match(await of(tokenOf({ exp: start / 1_000 - 1 })), /^ExpiredTokenException: Token expired/)
  assert.match(await of('no token'), /^InvalidIdentityTokenException: .*not a valid JWT/)
  assert.match(await of(tokenOf({ sub: undefined })), /^InvalidIdentityTokenException/)
})

test('AssumeRoleWithWebIdentity verifies issuer, audience and signature while IAM is enforced', async () => {
  const state = world({ enforceIam: true, keys: pair.publicKey })
  const of = (WebIdentityToken: string, by = state): Promise<string> =>
    refusal(AssumeRoleWithWebIdentity({ ...role, WebIdentityToken }, by, call))
  assert.equal(await of(tokenOf({})), 'none')
  assert.match(await of(tokenOf({ iss: 'https://other.example' })), /No OpenIDConnect provider found/)
  assert.match(await of(tokenOf({ aud: 'another' })), /Incorrect token audience/)
  const other = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  assert.match(await of(tokenOf({}, other.privateKey)), /verify the signature/)
  const [, claims = ''] = tokenOf({}).split('.')
  const none = `${part({ alg: 'none', kid: 'k' })}.${claims}.`
  assert.match(await of(none), /^IDPRejectedClaimException|^InvalidIdentityTokenException/)
  assert.match(await of(tokenOf({}), world({ enforceIam: true })), /verify the signature/)
})

test('AssumeRole denies roles that are not there while IAM is enforced', async () => {
  const RoleArn = 'arn:aws:iam::000000000000:role/none'
  const input = { RoleArn, RoleSessionName: 'web' }
  assert.equal(await refusal(AssumeRole(input, world(), call)), 'none')
  assert.match(await refusal(AssumeRole(input, world({ enforceIam: true }), call)), /^AccessDenied/)
})

test('AssumeRole passes transitive tags and the source identity on, and lets neither be changed', async () => {
  const state = world()
  const Tags = [
    { Key: 'team', Value: 'a' },
    { Key: 'once', Value: 'b' },
  ]
  const first = await AssumeRole(
    { ...role, Tags, TransitiveTagKeys: ['team'], SourceIdentity: 'bob' },
    state,
    call,
  )
  const holder = callOf(first.Credentials?.AccessKeyId ?? '')
  const second = await AssumeRole(role, state, holder)
  const session = await sessionOf(state, second.Credentials?.AccessKeyId ?? '', DEFAULT_ACCOUNT)
  assert.deepEqual([session?.tags, session?.sourceIdentity], [{ team: 'a' }, 'bob'])
  const again = AssumeRole({ ...role, Tags: [{ Key: 'Team', Value: 'c' }] }, state, holder)
  assert.match(await refusal(again), /^ValidationError: The tag key team is transitive/)
  assert.match(await refusal(AssumeRole({ ...role, SourceIdentity: 'eve' }, state, holder)), /^AccessDenied/)
  const twice = [
    { Key: 'a', Value: '1' },
    { Key: 'A', Value: '2' },
  ]
  assert.match(await refusal(AssumeRole({ ...role, Tags: twice }, state, call)), /Duplicate tag keys/)
})

test('GetCallerIdentity names the user whose access key signed', async () => {
  const holder = callOf('AKIAQAAAAAAAMW63N4YQ')
  assert.deepEqual(await GetCallerIdentity({}, world(), holder), {
    UserId: 'AIDABOB',
    Account: '000000000000',
    Arn: 'arn:aws:iam::000000000000:user/bob',
  })
})

const attribute = (name: string, value: string): string =>
  `<Attribute Name="https://aws.amazon.com/SAML/Attributes/${name}"><AttributeValue>${value}</AttributeValue></Attribute>`
const assertion = (roles: string): string =>
  Buffer.from(
    `<samlp:Response><Issuer>https://idp.example/saml</Issuer><saml:Assertion><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">a&amp;b</saml:NameID><saml:SubjectConfirmationData Recipient="https://signin.aws.amazon.com/saml"/></saml:Subject>${attribute('RoleSessionName', 'ann')}${attribute('Role', roles)}${attribute('SessionDuration', '1800')}</saml:Assertion></samlp:Response>`,
  ).toString('base64')

const PrincipalArn = 'arn:aws:iam::000000000000:saml-provider/idp'

test('AssumeRoleWithSAML takes what an assertion says, for the roles it names', async () => {
  const state = world()
  const SAMLAssertion = assertion(`${PrincipalArn},${role.RoleArn}`)
  const answer = await AssumeRoleWithSAML({ RoleArn: role.RoleArn, PrincipalArn, SAMLAssertion }, state, call)
  assert.equal(answer.AssumedRoleUser?.Arn, 'arn:aws:sts::000000000000:assumed-role/known/ann')
  assert.deepEqual(
    [answer.Subject, answer.SubjectType, answer.Issuer, answer.Audience],
    ['a&b', 'persistent', 'https://idp.example/saml', 'https://signin.aws.amazon.com/saml'],
  )
  assert.equal(answer.Credentials?.Expiration, start + 1_800_000)
  const other = { RoleArn: 'arn:aws:iam::000000000000:role/other', PrincipalArn, SAMLAssertion }
  assert.match(await refusal(AssumeRoleWithSAML(other, state, call)), /^IDPRejectedClaim/)
  const broken = { RoleArn: role.RoleArn, PrincipalArn, SAMLAssertion: 'AAAA' }
  assert.match(await refusal(AssumeRoleWithSAML(broken, state, call)), /^InvalidIdentityToken/)
  const enforced = AssumeRoleWithSAML(
    { RoleArn: role.RoleArn, PrincipalArn, SAMLAssertion },
    world({ enforceIam: true }),
    call,
  )
  assert.match(await refusal(enforced), /^NotImplemented/)
})

test('GetWebIdentityToken is off until IAM enables it, then gives tokens that its published keys verify', async () => {
  const { GetWebIdentityToken } = sts.operations
  const input = { Audience: ['https://api.example'], SigningAlgorithm: 'RS256' }
  assert.match(
    await refusal(GetWebIdentityToken(input, world(), call)),
    /^OutboundWebIdentityFederationDisabledException/,
  )
  const state = world({ issues: true })
  const { Credentials } = await AssumeRole(role, state, call)
  const holder = callOf(Credentials?.AccessKeyId ?? '')
  const path = '/_aws/sts/000000000000/.well-known'
  const discovery = (await issuerDocument(state, `${path}/openid-configuration`)) ?? ''
  assert.equal(keySetAddress(utf8(discovery)), `http://issuer/_aws/sts/000000000000/.well-known/jwks.json`)
  const { WebIdentityToken = '' } = await GetWebIdentityToken(input, state, holder)
  const token = parseToken(WebIdentityToken)
  assert.ok(token.ok)
  const keys = readKeySet(utf8((await issuerDocument(state, `${path}/jwks.json`)) ?? ''))
  const key = keys?.get(token.value.kid ?? '')
  assert.ok(key !== undefined && isSignedBy(token.value, key))
  const { iss, sub, aud, exp, iat } = token.value.claims
  assert.deepEqual(
    [iss, sub, aud, Number(exp) - Number(iat)],
    ['http://issuer/_aws/sts/000000000000', role.RoleArn, 'https://api.example', 300],
  )
  const elliptic = { Audience: ['a', 'b'], SigningAlgorithm: 'ES384' }
  const other = parseToken((await GetWebIdentityToken(elliptic, state, holder)).WebIdentityToken ?? '')
  assert.ok(other.ok)
  assert.deepEqual(other.value.claims['aud'], ['a', 'b'])
  assert.equal(other.value.signature.length, 96)
  const long = GetWebIdentityToken({ ...input, DurationSeconds: 3_601 }, state, holder)
  assert.match(await refusal(long), /^SessionDurationEscalation/)
  const bad = GetWebIdentityToken({ ...input, SigningAlgorithm: 'HS256' }, state, holder)
  assert.match(await refusal(bad), /^ValidationError/)
  assert.equal(await issuerDocument(state, `${path}/other`), undefined)
})

test('readAssertion() finds nothing in what is no assertion', () => {
  for (const text of ['', 'x', Buffer.from('<a/>').toString('base64')])
    assert.equal(readAssertion(text), undefined, text)
})

test('DecodeAuthorizationMessage knows no message', async () => {
  const answer = (): unknown => DecodeAuthorizationMessage({ EncodedMessage: 'x' }, world(), call)
  assert.match(await refusal(answer), /^InvalidAuthorizationMessageException: Message is not valid/)
})
