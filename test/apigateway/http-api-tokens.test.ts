import assert from 'node:assert/strict'
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { test } from 'node:test'
import { utf8 } from '#base/bytes.ts'
import type { OutboundOutcome } from '#ports/outbound.ts'
import { apigatewayv2 } from '#services/apigatewayv2/index.ts'
import { type Answer, event, fault, NOW, request } from './harness.ts'
import { type HttpFixture, routed } from './http-apis.ts'

const { operations: op } = apigatewayv2
const ISSUER = 'http://127.0.0.1:9000/pool'
const SECONDS = NOW / 1_000

const keys = new Map<string, KeyObject>()
const publicKeys: object[] = []
function issueKey(kid: string): object {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  keys.set(kid, pair.privateKey)
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }
  publicKeys.push(jwk)
  return jwk
}
const FIRST = issueKey('one')
issueKey('two')

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const CLAIMS = {
  iss: ISSUER,
  aud: 'app',
  sub: 'kim',
  exp: SECONDS + 3_600,
  iat: SECONDS,
  scope: 'pets:read mail',
}

function token(claims: object = {}, header: { kid?: string; alg?: string } = {}): string {
  const text = `${part({ alg: 'RS256', kid: 'one', ...header })}.${part({ ...CLAIMS, ...claims })}`
  const key = keys.get(header.kid ?? 'one') ?? keys.get('one')
  assert.ok(key !== undefined)
  return `${text}.${sign('RSA-SHA256', utf8(text), key).toString('base64url')}`
}

const json = (value: unknown): OutboundOutcome => ({
  kind: 'answered',
  status: 200,
  headers: {},
  body: utf8(JSON.stringify(value)),
})

/** An API with a protected route, and an issuer that has one key. */
async function guarded(format = '2.0'): Promise<HttpFixture & { keys: object[]; authorizerId: string }> {
  const fixture = await routed(['GET /open'], format)
  const { made, run, id } = fixture
  const served = { keys: [FIRST] }
  made.outside = ({ url }) =>
    url === `${ISSUER}/.well-known/openid-configuration`
      ? json({ issuer: ISSUER, jwks_uri: `${ISSUER}/keys` })
      : url === `${ISSUER}/keys`
        ? json(served)
        : { kind: 'unreachable', reason: 'ECONNREFUSED' }
  const { AuthorizerId = '' } = await run(op.CreateAuthorizer, {
    ApiId: id,
    AuthorizerType: 'JWT',
    IdentitySource: ['$request.header.Authorization'],
    JwtConfiguration: { Issuer: ISSUER, Audience: ['app', 'other'] },
    Name: 'pool',
  })
  const { IntegrationId } = (await run(op.GetIntegrations, { ApiId: id })).Items?.[0] ?? {}
  const route = { ApiId: id, AuthorizationType: 'JWT', AuthorizerId, Target: `integrations/${IntegrationId}` }
  await run(op.CreateRoute, { ...route, RouteKey: 'GET /pets' })
  await run(op.CreateRoute, {
    ...route,
    RouteKey: 'GET /scoped',
    AuthorizationScopes: ['pets:read', 'admin'],
  })
  return { ...fixture, keys: served.keys, authorizerId: AuthorizerId }
}

const ask = ({ plane, id }: HttpFixture, authorization?: string, path = '/pets'): Promise<Answer> =>
  request(plane, id, path, { headers: authorization === undefined ? {} : { Authorization: authorization } })

function assertRefused(answer: Answer, description: RegExp): void {
  assert.deepEqual([answer.status, answer.body], [401, '{"message":"Unauthorized"}'])
  assert.match(
    answer.headers['www-authenticate'] ?? '',
    /^Bearer scope="" error="invalid_token" error_description="[^"]+"$/,
  )
  assert.match(answer.headers['www-authenticate'] ?? '', description)
}

test('a good token passes with or without Bearer and the function gets its claims as texts', async () => {
  const fixture = await guarded()
  for (const authorization of [token(), `Bearer ${token()}`, `bearer ${token()}`]) {
    const answer = await ask(fixture, authorization)
    assert.equal(answer.status, 200, authorization)
  }
  assert.deepEqual((event(fixture.made)['requestContext'] as Record<string, unknown>)['authorizer'], {
    jwt: {
      claims: {
        iss: ISSUER,
        aud: 'app',
        sub: 'kim',
        exp: String(SECONDS + 3_600),
        iat: String(SECONDS),
        scope: 'pets:read mail',
      },
      scopes: null,
    },
  })
  assert.equal((await ask(fixture, undefined, '/open')).status, 200)
  assert.deepEqual(
    fixture.made.sent.map(({ url, timeoutMs }) => [url, timeoutMs]),
    [
      [`${ISSUER}/.well-known/openid-configuration`, 1_500],
      [`${ISSUER}/keys`, 1_500],
    ],
  )
})

test('format 1.0 has claims and scopes in requestContext.authorizer itself', async () => {
  const fixture = await guarded('1.0')
  assert.equal((await ask(fixture, token(), '/scoped')).status, 200)
  const { authorizer } = event(fixture.made)['requestContext'] as { authorizer: Record<string, unknown> }
  assert.deepEqual(authorizer['scopes'], ['pets:read'])
  assert.equal((authorizer['claims'] as Record<string, string>)['sub'], 'kim')
})

test('a request without a token is 401 with a bare challenge, and nothing is invoked', async () => {
  const fixture = await guarded()
  const answer = await ask(fixture)
  assert.deepEqual([answer.status, answer.body], [401, '{"message":"Unauthorized"}'])
  assert.equal(answer.headers['www-authenticate'], 'Bearer')
  assert.equal(fixture.made.deliveries.length, 0)
})

test('a token with a wrong signature is refused', async () => {
  const fixture = await guarded()
  const [header, , tail] = token().split('.')
  assertRefused(
    await ask(fixture, `${header}.${part({ ...CLAIMS, sub: 'eve' })}.${tail}`),
    /verification error/,
  )
  assertRefused(await ask(fixture, `${token().slice(0, -8)}AAAAAAAA`), /verification error/)
  assert.equal(fixture.made.deliveries.length, 0)
})

test('an expired token is refused, by the platform\u2019s clock', async () => {
  const fixture = await guarded()
  const short = token({ exp: SECONDS + 60 })
  assert.equal((await ask(fixture, short)).status, 200)
  fixture.made.advance(61_000)
  assertRefused(await ask(fixture, short), /the token has expired/)
  assertRefused(await ask(fixture, token({ nbf: SECONDS + 600 })), /not valid yet/)
})

test('a token with the algorithm none is refused without asking the issuer', async () => {
  const fixture = await guarded()
  const bare = `${part({ alg: 'none', kid: 'one' })}.${part(CLAIMS)}.`
  assertRefused(await ask(fixture, bare), /signing method none is invalid/)
  assert.equal(fixture.made.sent.length, 0)
})

test('a token signed with the public key as a shared secret is refused', async () => {
  const fixture = await guarded()
  const key = keys.get('one')
  assert.ok(key !== undefined)
  const pem = createPublicKey(key).export({
    type: 'spki',
    format: 'pem',
  })
  const text = `${part({ alg: 'HS256', kid: 'one' })}.${part(CLAIMS)}`
  for (const secret of [pem, JSON.stringify(FIRST)]) {
    const forged = `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
    assertRefused(await ask(fixture, forged), /signing method HS256 is invalid/)
  }
})

test('wrong audience, foreign issuer and text that is no token are refused', async () => {
  const fixture = await guarded()
  assertRefused(
    await ask(fixture, token({ aud: 'x' })),
    /error_description="the token does not have a valid audience"/,
  )
  assert.equal((await ask(fixture, token({ aud: undefined, client_id: 'other' }))).status, 200)
  assertRefused(await ask(fixture, token({ iss: 'http://127.0.0.1:9000/else' })), /issuer/)
  assertRefused(await ask(fixture, 'Basic a:b'), /invalid number of segments/)
  assertRefused(await ask(fixture, 'a"\u00e9.b.c'), /decoded/)
  assert.equal((await ask(fixture, token())).status, 200)
})

test('a route with scopes wants one of them and says which', async () => {
  const fixture = await guarded()
  assert.equal((await ask(fixture, token({ scope: undefined, scp: ['admin'] }), '/scoped')).status, 200)
  const answer = await ask(fixture, token({ scope: 'mail' }), '/scoped')
  assert.deepEqual([answer.status, answer.body], [403, '{"message":"Forbidden"}'])
  assert.match(
    answer.headers['www-authenticate'] ?? '',
    /^Bearer scope="pets:read admin" error="insufficient_scope"/,
  )
})

test('keys are kept for two hours, and an unknown key id makes them be fetched once a minute', async () => {
  const fixture = await guarded()
  const { made } = fixture
  const fetches = (): number => made.sent.length / 2
  assert.equal((await ask(fixture, token())).status, 200)
  assertRefused(await ask(fixture, token({}, { kid: 'two' })), /kid/)
  assert.equal(fetches(), 1)
  fixture.keys.push(publicKeys[1] ?? {})
  made.advance(60_000)
  assert.equal((await ask(fixture, token({}, { kid: 'two' }))).status, 200)
  assert.equal(fetches(), 2)
  made.advance(3_000_000)
  await ask(fixture, token({ exp: SECONDS + 100_000 }))
  assert.equal(fetches(), 2)
  made.advance(5_000_000)
  assert.equal((await ask(fixture, token({ exp: SECONDS + 100_000 }))).status, 200)
  assert.equal(fetches(), 3)
})

test('an issuer that cannot be reached or sends rubbish is a 401, and the next request asks again', async () => {
  const fixture = await guarded()
  const { made } = fixture
  const good = made.outside
  const wrong: OutboundOutcome[] = [
    { kind: 'unreachable', reason: 'ECONNREFUSED' },
    { kind: 'timed-out' },
    { kind: 'answered', status: 500, headers: {}, body: utf8('{"jwks_uri":"http://x"}') },
    { kind: 'answered', status: 200, headers: {}, body: utf8('<html>') },
    { kind: 'answered', status: 200, headers: {}, body: new Uint8Array(150_001) },
  ]
  for (const outcome of wrong) {
    made.outside = () => outcome
    assertRefused(await ask(fixture, token()), /OIDC discovery endpoint communication error/)
  }
  made.outside = (sent) => (sent.url.endsWith('/keys') ? { kind: 'timed-out' } : good(sent))
  assertRefused(await ask(fixture, token()), /JWKS communication error/)
  made.outside = good
  assert.equal((await ask(fixture, token())).status, 200)
})

test('an issuer that hangs is asked once for all requests that wait for it', async () => {
  const fixture = await guarded()
  const { made } = fixture
  const ends: ((outcome: OutboundOutcome) => void)[] = []
  made.outside = () => new Promise((resolve) => void ends.push(resolve))
  const waiting = Array.from({ length: 20 }, () => ask(fixture, token()))
  assert.equal((await ask(fixture, undefined, '/open')).status, 200)
  assert.equal(ends.length, 1)
  ends[0]?.({ kind: 'timed-out' })
  for (const answer of await Promise.all(waiting)) assertRefused(answer, /OIDC discovery/)
})

test('refused tokens cost no request, and their time is a span', async () => {
  const fixture = await guarded()
  const { made } = fixture
  const refused = await ask(fixture, 'a.b.c')
  assert.deepEqual(
    made.usage.map((one) => one.dimension),
    ['internetOut'],
  )
  assert.deepEqual(refused.children, [
    { service: 'apigateway', operation: 'authorizer', resource: 'pool', outcome: 'error', status: 401 },
  ])
  const passed = await ask(fixture, token())
  assert.deepEqual(made.usage.map((one) => one.dimension).slice(1), ['requests', 'internetOut'])
  assert.equal(passed.children[0]?.['outcome'], 'ok')
  assert.equal(typeof passed.span['authorizerMs'], 'number')
})

test('JWT authorizers are created, changed, listed and refused as AWS does', async () => {
  const { run, id, authorizerId } = await guarded()
  const wish = { ApiId: id, AuthorizerType: 'JWT', IdentitySource: ['$request.header.a'], Name: 'b' }
  const refusal = (more: object): Promise<string> =>
    fault(() => run(op.CreateAuthorizer, { ...wish, ...more }))
  const JwtConfiguration = { Issuer: ISSUER, Audience: ['app'] }
  assert.match(await refusal({}), /^BadRequestException: Invalid issuer/)
  assert.match(await refusal({ JwtConfiguration: { Issuer: ISSUER } }), /audience/)
  assert.match(await refusal({ JwtConfiguration, IdentitySource: ['$request.body.a'] }), /identity source/)
  assert.match(await refusal({ JwtConfiguration, IdentitySource: [] }), /identity source/)
  assert.match(await refusal({ JwtConfiguration, Name: 'pool' }), /unique/)
  assert.match(await refusal({ JwtConfiguration, AuthorizerType: 'TOKEN' }), /authorizer type/)
  const changed = await run(op.UpdateAuthorizer, { ApiId: id, AuthorizerId: authorizerId, Name: 'renamed' })
  assert.deepEqual(changed.JwtConfiguration, { Issuer: ISSUER, Audience: ['app', 'other'] })
  assert.equal((await run(op.GetAuthorizers, { ApiId: id })).Items?.[0]?.Name, 'renamed')
  assert.match(
    await fault(() => run(op.DeleteAuthorizer, { ApiId: id, AuthorizerId: authorizerId })),
    /^ConflictException/,
  )
  const routes = (await run(op.GetRoutes, { ApiId: id })).Items ?? []
  for (const { RouteId = '' } of routes) await run(op.DeleteRoute, { ApiId: id, RouteId })
  await run(op.DeleteAuthorizer, { ApiId: id, AuthorizerId: authorizerId })
  assert.match(
    await fault(() => run(op.GetAuthorizer, { ApiId: id, AuthorizerId: authorizerId })),
    /^NotFoundException: Invalid Authorizer identifier specified/,
  )
})
