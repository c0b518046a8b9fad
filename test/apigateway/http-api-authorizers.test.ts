import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { DEFAULT_ACCOUNT } from '#base/ids.ts'
import type { DeliveryOutcome } from '#ports/targets.ts'
import { apigatewayv2 } from '#services/apigatewayv2/index.ts'
import { type Answer, ARN, answering, event, fault, type Request, request, type World } from './harness.ts'
import { type HttpFixture, routed } from './http-apis.ts'

const { operations: op } = apigatewayv2
const AUTHORIZER = 'arn:aws:lambda:us-east-1:000000000000:function:auth'
const URI = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${AUTHORIZER}/invocations`

interface Guarded extends HttpFixture {
  readonly authorizerId: string
  /** What the authorizer answers, and how often it was asked. */
  says(answer: unknown, functionError?: string): void
  does(outcome: DeliveryOutcome): void
  asked(): Record<string, unknown>[]
  ask(path?: string, headers?: Record<string, string>, query?: string): Promise<Answer>
}

async function guarded(authorizer: object = {}, format = '2.0'): Promise<Guarded> {
  const fixture = await routed([], format)
  const { made, run, id, plane } = fixture
  const { AuthorizerId = '' } = await run(op.CreateAuthorizer, {
    ApiId: id,
    AuthorizerType: 'REQUEST',
    AuthorizerUri: URI,
    AuthorizerPayloadFormatVersion: '2.0',
    EnableSimpleResponses: true,
    IdentitySource: ['$request.header.Authorization'],
    Name: 'own',
    ...authorizer,
  })
  const { IntegrationId } = (await run(op.GetIntegrations, { ApiId: id })).Items?.[0] ?? {}
  for (const RouteKey of ['GET /pets/{id}', 'POST /pets', '$default']) {
    await run(op.CreateRoute, {
      ApiId: id,
      RouteKey,
      AuthorizationType: 'CUSTOM',
      AuthorizerId,
      Target: `integrations/${IntegrationId}`,
    })
  }
  const does = (outcome: DeliveryOutcome): void => void made.functions.set(AUTHORIZER, () => outcome)
  return {
    ...fixture,
    authorizerId: AuthorizerId,
    does,
    says: (answer, functionError) => does(answering(answer, functionError)),
    asked: () =>
      made.deliveries
        .filter(({ arn }) => arn === AUTHORIZER)
        .map(({ payload }) => JSON.parse(text(payload)) as Record<string, unknown>),
    ask: (path = '/pets/7', headers = { Authorization: 'me' }, query = '') =>
      request(plane, id, path, { headers, query }),
  }
}

const authorizerOf = (made: World): unknown =>
  (event(made)['requestContext'] as Record<string, unknown>)['authorizer']
const policy = (Effect: string, Resource: string | string[]): object => ({
  principalId: 'kim',
  policyDocument: { Version: '2012-10-17', Statement: [{ Effect, Action: 'execute-api:Invoke', Resource }] },
  context: { tier: 'gold', level: 3 },
})
const of = ({ status, body }: Answer): [number, string] => [status, body]
const UNAUTHORIZED = [401, '{"message":"Unauthorized"}']
const FORBIDDEN = [403, '{"message":"Forbidden"}']
const FAILED = [500, '{"message":"Internal Server Error"}']

test('a simple answer lets pass or refuses, and its context reaches the function', async () => {
  const api = await guarded()
  api.says({ isAuthorized: true, context: { user: 'kim', list: [1, 2] } })
  assert.equal((await api.ask()).status, 200)
  assert.deepEqual(authorizerOf(api.made), { lambda: { user: 'kim', list: [1, 2] } })
  api.says({ isAuthorized: true })
  assert.equal((await api.ask()).status, 200)
  assert.deepEqual(authorizerOf(api.made), { lambda: {} })
  api.says({ isAuthorized: false })
  assert.deepEqual(of(await api.ask()), FORBIDDEN)
})

test('format 2.0 asks with the route, the identity sources and no body', async () => {
  const api = await guarded({ IdentitySource: ['$request.header.Authorization', '$request.querystring.q'] })
  api.says({ isAuthorized: true })
  await api.ask('/pets/a%20b', { Authorization: 'me', cookie: 'a=1; b=2' }, 'q=x&q=y')
  const [asked] = api.asked()
  assert.deepEqual(
    [asked?.['version'], asked?.['type'], asked?.['routeKey'], asked?.['identitySource']],
    ['2.0', 'REQUEST', 'GET /pets/{id}', ['me', 'x,y']],
  )
  assert.equal(
    asked?.['routeArn'],
    `arn:aws:execute-api:us-east-1:000000000000:${api.id}/$default/GET/pets/a%20b`,
  )
  assert.deepEqual(asked['pathParameters'], { id: 'a b' })
  assert.deepEqual(asked['cookies'], ['a=1', 'b=2'])
  assert.equal(Object.hasOwn(asked, 'body'), false)
  const [delivery] = api.made.deliveries
  assert.equal(delivery?.timeoutMs, 10_000)
  assert.equal(
    delivery.sourceArn,
    `arn:aws:execute-api:us-east-1:000000000000:${api.id}/authorizers/${api.authorizerId}`,
  )
})

test('format 1.0 asks as REST APIs do and takes a policy', async () => {
  const api = await guarded({ AuthorizerPayloadFormatVersion: '1.0', EnableSimpleResponses: false }, '1.0')
  api.says(policy('Allow', '*'))
  assert.equal((await api.ask()).status, 200)
  const [asked] = api.asked()
  const { methodArn, identitySource, authorizationToken, resource, path, httpMethod, pathParameters } =
    asked ?? {}
  assert.deepEqual(
    { identitySource, authorizationToken, resource, path, httpMethod, pathParameters },
    {
      identitySource: 'me',
      authorizationToken: 'me',
      resource: '/pets/{id}',
      path: '/pets/7',
      httpMethod: 'GET',
      pathParameters: { id: '7' },
    },
  )
  assert.match(String(methodArn), /\/\$default\/GET\/pets\/7$/)
  assert.deepEqual(authorizerOf(api.made), { tier: 'gold', level: 3, principalId: 'kim' })
  assert.equal(event(api.made)['version'], '1.0')
})

test('a policy is held against the route that was asked for', async () => {
  const api = await guarded({ EnableSimpleResponses: false })
  const arn = (tail: string): string => `arn:aws:execute-api:us-east-1:000000000000:${api.id}/${tail}`
  const check = async (answer: unknown, path: string, expected: number): Promise<void> => {
    api.says(answer)
    assert.equal((await api.ask(path)).status, expected, JSON.stringify(answer))
  }
  await check(policy('Allow', arn('$default/GET/pets/7')), '/pets/7', 200)
  await check(policy('Allow', arn('*/*/pets/*')), '/pets/8', 200)
  await check(policy('Allow', arn('$default/GET/pets/7')), '/pets/8', 403)
  await check(policy('Deny', '*'), '/pets/7', 403)
  await check(policy('Allow', arn('*/GET/else*')), '/elsewhere', 200)
  await check(policy('Allow', []), '/pets/7', 403)
})

test('a missing identity source is 401 without asking anybody', async () => {
  const api = await guarded({ IdentitySource: ['$request.header.Authorization', '$request.querystring.q'] })
  api.says({ isAuthorized: true })
  assert.deepEqual(of(await api.ask('/pets/7', {}, 'q=1')), UNAUTHORIZED)
  assert.deepEqual(of(await api.ask('/pets/7', { Authorization: 'me' })), UNAUTHORIZED)
  assert.deepEqual(of(await api.ask('/pets/7', { Authorization: '' }, 'q=1')), UNAUTHORIZED)
  assert.equal(api.asked().length, 0)
  assert.equal(
    api.made.usage.some((one) => one.dimension === 'requests'),
    false,
  )
})

test('failures of the authorizer are 500, are billed, and the word Unauthorized is 401', async () => {
  const api = await guarded()
  api.says({ errorMessage: 'boom' }, 'Unhandled')
  assert.deepEqual(of(await api.ask()), FAILED)
  const outcomes: DeliveryOutcome[] = [
    { kind: 'timed-out' },
    { kind: 'throttled', message: 'Rate Exceeded.' },
    { kind: 'refused', code: 'ResourceNotFoundException', message: 'no' },
    { kind: 'delivered', payload: utf8('no json'), functionError: undefined },
    answering('yes'),
    answering(null),
    answering({ isAuthorized: 'true' }),
    answering(policy('Allow', '*')),
  ]
  for (const outcome of outcomes) {
    api.does(outcome)
    assert.deepEqual(of(await api.ask()), FAILED, JSON.stringify(outcome))
  }
  assert.equal(api.made.usage.filter((one) => one.dimension === 'requests').length, 9)
  assert.ok(api.made.warnings.every((one) => one === 'apigatewayv2.authorizer.failed'))
  api.says({ errorMessage: 'Unauthorized' }, 'Unhandled')
  assert.deepEqual(of(await api.ask()), UNAUTHORIZED)
  assert.equal(
    api.made.deliveries.some(({ arn }) => arn === ARN),
    false,
  )
})

test('answers are kept for their time by identity, and forgotten on demand', async () => {
  const api = await guarded({ AuthorizerResultTtlInSeconds: 60 })
  api.says({ isAuthorized: true, context: { n: 1 } })
  await api.ask('/pets/7')
  await api.ask('/elsewhere')
  assert.equal(api.asked().length, 1)
  assert.deepEqual(authorizerOf(api.made), { lambda: { n: 1 } })
  await api.ask('/pets/7', { Authorization: 'you' })
  assert.equal(api.asked().length, 2)
  api.made.advance(61_000)
  api.says({ isAuthorized: false })
  assert.deepEqual(of(await api.ask()), FORBIDDEN)
  assert.deepEqual(of(await api.ask()), FORBIDDEN)
  assert.equal(api.asked().length, 3)
  await api.run(op.ResetAuthorizersCache, { ApiId: api.id, StageName: '$default' })
  api.says({ isAuthorized: true })
  assert.equal((await api.ask()).status, 200)
  assert.equal(api.asked().length, 4)
})

test('a failure is not kept, and a kept policy is still held against each route', async () => {
  const api = await guarded({ EnableSimpleResponses: false, AuthorizerResultTtlInSeconds: 300 })
  api.says({ errorMessage: 'boom' }, 'Unhandled')
  assert.equal((await api.ask()).status, 500)
  api.says(policy('Allow', `arn:aws:execute-api:us-east-1:000000000000:${api.id}/*/GET/pets/7`))
  assert.equal((await api.ask('/pets/7')).status, 200)
  assert.equal((await api.ask('/pets/8')).status, 403)
  assert.equal(api.asked().length, 2)
})

test('REQUEST authorizers are refused as AWS does', async () => {
  const api = await guarded()
  const wish = {
    ApiId: api.id,
    AuthorizerType: 'REQUEST',
    AuthorizerUri: URI,
    AuthorizerPayloadFormatVersion: '2.0',
    IdentitySource: [],
    Name: 'b',
  }
  const refusal = (more: object): Promise<string> =>
    fault(() => api.run(op.CreateAuthorizer, { ...wish, ...more }))
  assert.equal(
    await refusal({ AuthorizerPayloadFormatVersion: undefined }),
    'BadRequestException: AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer',
  )
  assert.match(await refusal({ AuthorizerUri: 'auth_uri' }), /Invalid Authorizer URI/)
  assert.match(await refusal({ AuthorizerResultTtlInSeconds: 3_601 }), /between 0 and 3600/)
  assert.match(await refusal({ AuthorizerResultTtlInSeconds: 1 }), /identity source/)
  assert.match(await refusal({ AuthorizerPayloadFormatVersion: '1.0', EnableSimpleResponses: true }), /2\.0/)
  assert.match(
    await fault(() =>
      api.run(op.CreateRoute, {
        ApiId: api.id,
        RouteKey: 'GET /x',
        AuthorizationType: 'CUSTOM',
        AuthorizerId: api.authorizerId,
        AuthorizationScopes: ['a'],
      }),
    ),
    /Authorization Scopes are only valid for/,
  )
})

const SIGNED =
  'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261125/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=abc'

async function signed(format: string): Promise<HttpFixture> {
  const fixture = await routed(['GET /a'], format)
  const { run, id } = fixture
  const { RouteId = '' } = (await run(op.GetRoutes, { ApiId: id })).Items?.[0] ?? {}
  await run(op.UpdateRoute, { ApiId: id, RouteId, AuthorizationType: 'AWS_IAM' })
  return fixture
}

const identityOf: NonNullable<Request['identityOf']> = (accessKey) => {
  if (accessKey !== 'AKIAIOSFODNN7EXAMPLE') throw new Fault('ExpiredToken', 'The security token is expired')
  const arn = 'arn:aws:iam::000000000000:user/kim'
  return Promise.resolve({ account: DEFAULT_ACCOUNT, arn, userId: 'AIDAKIM' })
}

test('AWS_IAM routes refuse what is not signed for them', async () => {
  const { id, plane, made } = await signed('2.0')
  const get = (headers: Record<string, string>): Promise<Answer> =>
    request(plane, id, '/a', { headers, identityOf })
  assert.deepEqual(of(await get({})), FORBIDDEN)
  assert.deepEqual(of(await get({ Authorization: 'Bearer x' })), FORBIDDEN)
  assert.deepEqual(of(await get({ Authorization: SIGNED.replace('execute-api', 's3') })), FORBIDDEN)
  assert.deepEqual(of(await get({ Authorization: SIGNED.replace('us-east-1', 'eu-west-1') })), FORBIDDEN)
  assert.deepEqual(
    of(await get({ Authorization: SIGNED.replace('AKIAIOSFODNN7EXAMPLE', 'ASIAOLD') })),
    FORBIDDEN,
  )
  assert.equal(made.deliveries.length, 0)
  assert.equal((await get({ Authorization: SIGNED })).status, 200)
  const query = 'X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261125%2Fus-east-1%2Fexecute-api%2Faws4_request'
  assert.equal((await request(plane, id, '/a', { query, identityOf })).status, 200)
})

test('the function learns whose key signed, in both formats', async () => {
  const two = await signed('2.0')
  await request(two.plane, two.id, '/a', { headers: { Authorization: SIGNED }, identityOf })
  assert.deepEqual(authorizerOf(two.made), {
    iam: {
      accessKey: 'AKIAIOSFODNN7EXAMPLE',
      accountId: '000000000000',
      callerId: 'AIDAKIM',
      cognitoIdentity: null,
      principalOrgId: null,
      userArn: 'arn:aws:iam::000000000000:user/kim',
      userId: 'AIDAKIM',
    },
  })
  const one = await signed('1.0')
  await request(one.plane, one.id, '/a', { headers: { Authorization: SIGNED }, identityOf })
  const { identity } = event(one.made)['requestContext'] as { identity: Record<string, unknown> }
  assert.equal(identity['userArn'], 'arn:aws:iam::000000000000:user/kim')
  assert.equal(identity['accessKey'], 'AKIAIOSFODNN7EXAMPLE')
  assert.equal(authorizerOf(one.made), undefined)
})
