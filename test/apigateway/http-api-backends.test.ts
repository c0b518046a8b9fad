import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import type { OutboundOutcome } from '#ports/outbound.ts'
import { apigatewayv2, createApiGatewayV2, httpDataPlane } from '#services/apigatewayv2/index.ts'
import { answering, caller, event, fault, request, URI, world } from './harness.ts'
import type { HttpFixture } from './http-apis.ts'

const { operations: op } = apigatewayv2

/** An API with one route to one integration. */
async function through(RouteKey: string, integration: object, variables?: object): Promise<HttpFixture> {
  const made = world()
  const state = createApiGatewayV2(made.ports)
  const run = caller(state)
  const api = await run(op.CreateApi, { Name: 'backend', ProtocolType: 'HTTP' })
  const { ApiId = '' } = api
  const { IntegrationId } = await run(op.CreateIntegration, {
    ApiId,
    IntegrationType: 'HTTP_PROXY',
    PayloadFormatVersion: '1.0',
    ...integration,
  })
  await run(op.CreateRoute, { ApiId, RouteKey, Target: `integrations/${IntegrationId}` })
  await run(op.CreateStage, {
    ApiId,
    StageName: '$default',
    AutoDeploy: true,
    StageVariables: (variables ?? {}) as Record<string, string>,
  })
  made.outside = () => answer(200, 'ok', { 'content-type': 'text/plain' })
  return { made, state, run, id: ApiId, api, plane: httpDataPlane(state) }
}

const answer = (status: number, body: string, headers: Record<string, string> = {}): OutboundOutcome => ({
  kind: 'answered',
  status,
  headers,
  body: utf8(body),
})

test('HTTP_PROXY sends method, query, headers and body on and gives the answer back', async () => {
  const { made, plane, id } = await through('ANY /pets', {
    IntegrationUri: 'http://backend.example/v1?own=1',
    IntegrationMethod: 'ANY',
    TimeoutInMillis: 4_000,
  })
  made.outside = () =>
    answer(201, '{"id":1}', { 'content-type': 'application/json', 'x-own': 'y', connection: 'close' })
  const got = await request(plane, id, '/pets', {
    method: 'POST',
    query: 'a=1&a=2',
    body: 'hi',
    headers: { 'X-In': 'b', 'Content-Type': 'text/plain', Connection: 'keep-alive' },
  })
  assert.deepEqual(
    [got.status, got.body, got.headers['x-own'], got.headers['connection']],
    [201, '{"id":1}', 'y', undefined],
  )
  const [sent] = made.sent
  assert.deepEqual(
    [sent?.method, sent?.url, sent?.timeoutMs, text(sent?.body ?? new Uint8Array())],
    ['POST', 'http://backend.example/v1?own=1&a=1&a=2', 4_000, 'hi'],
  )
  const headers = sent?.headers ?? {}
  assert.deepEqual(
    [
      headers['x-in'],
      headers['content-type'],
      headers['host'],
      headers['connection'],
      headers['content-length'],
    ],
    ['b', 'text/plain', undefined, undefined, '2'],
  )
  assert.match(headers['forwarded'] ?? '', /^for=192\.0\.2\.1;host=.*:4566;proto=http$/)
  assert.match(headers['x-amzn-trace-id'] ?? '', /^Root=1-/)
})

test('path variables and stage variables stand in the address, raw', async () => {
  const { made, plane, id } = await through(
    'GET /v/{proxy+}',
    { IntegrationUri: 'http://${stageVariables.host}/base/{proxy}', IntegrationMethod: 'GET' },
    { host: 'backend.example:81' },
  )
  await request(plane, id, '/v/a%2Fb/c', { query: 'q=1' })
  assert.equal(made.sent[0]?.url, 'http://backend.example:81/base/a%2Fb/c?q=1')
})

test('a fixed method replaces the client\u2019s, and overwrite:path the address\u2019s path', async () => {
  const { made, plane, id } = await through('ANY /a', {
    IntegrationUri: 'http://backend.example/base',
    IntegrationMethod: 'PUT',
    RequestParameters: {
      'overwrite:path': '/new${request.path}',
      'append:header.x-request': '$context.requestId',
      'overwrite:querystring.q': '$request.header.x-in',
      'remove:header.x-in': "''",
    },
  })
  const got = await request(plane, id, '/a', { query: 'q=old&r=1', headers: { 'x-in': 'fresh' } })
  const [sent] = made.sent
  assert.deepEqual([sent?.method, sent?.url], ['PUT', 'http://backend.example/new/a?r=1&q=fresh'])
  assert.equal(sent?.headers['x-in'], undefined)
  assert.equal(sent?.headers['x-request'], got.headers['apigw-requestid'])
})

test('answers are changed by their status', async () => {
  const { made, plane, id } = await through('GET /a', {
    IntegrationUri: 'http://backend.example',
    ResponseParameters: {
      '500': {
        'overwrite:statuscode': '403',
        'append:header.x-why': '$response.body.error',
        'remove:header.x-secret': "''",
      },
      '404': { 'overwrite:header.x-stage': '$context.stage' },
      '503': { 'overwrite:statuscode': '200' },
    },
  })
  made.outside = () => answer(500, '{"error":"no"}', { 'x-secret': 's' })
  const changed = await request(plane, id, '/a')
  assert.deepEqual(
    [changed.status, changed.headers['x-why'], changed.headers['x-secret'], changed.body],
    [403, 'no', undefined, '{"error":"no"}'],
  )
  made.outside = () => ({ kind: 'timed-out' })
  assert.equal((await request(plane, id, '/a')).status, 503)
  made.outside = () => answer(404, '')
  assert.equal((await request(plane, id, '/a')).headers['x-stage'], '$default')
  made.outside = () => answer(200, '', { 'x-secret': 's' })
  assert.equal((await request(plane, id, '/a')).headers['x-secret'], 's')
})

test('a backend that does not answer is 503', async () => {
  const { made, plane, id } = await through('GET /a', { IntegrationUri: 'http://backend.example' })
  const outcomes: OutboundOutcome[] = [
    { kind: 'timed-out' },
    { kind: 'unreachable', reason: 'ECONNREFUSED' },
    answer(200, 'x'.repeat(10 * 1_024 * 1_024 + 1)),
  ]
  for (const outcome of outcomes) {
    made.outside = () => outcome
    const got = await request(plane, id, '/a')
    assert.deepEqual([got.status, got.body], [503, '{"message":"Service Unavailable"}'])
  }
})

test('mapping changes the event of a function and its answer', async () => {
  const { made, plane, id } = await through(
    'GET /a/{b}',
    {
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: URI,
      PayloadFormatVersion: '2.0',
      RequestParameters: {
        'overwrite:path': '/mapped/${request.path.b}',
        'append:header.x-color': '$stageVariables.color',
        'append:querystring.added': 'yes',
      },
      ResponseParameters: { '200': { 'overwrite:statuscode': '202' } },
    },
    { color: 'red' },
  )
  made.outcome = answering({ statusCode: 200, body: 'x' })
  const got = await request(plane, id, '/a/1', { query: 'q=1' })
  assert.equal(got.status, 202)
  const sent = event(made)
  assert.equal(sent['rawPath'], '/mapped/1')
  assert.equal(sent['rawQueryString'], 'q=1&added=yes')
  assert.equal((sent['headers'] as Record<string, string>)['x-color'], 'red')
  assert.deepEqual(sent['pathParameters'], { b: '1' })
})

test('quick create with an address makes an HTTP proxy for all requests', async () => {
  const made = world()
  const state = createApiGatewayV2(made.ports)
  const run = caller(state)
  const { ApiId = '' } = await run(op.CreateApi, {
    Name: 'q',
    ProtocolType: 'HTTP',
    Target: 'https://e.example/x',
  })
  made.outside = () => answer(200, 'there')
  const got = await request(httpDataPlane(state), ApiId, '/any/where', { method: 'DELETE' })
  assert.deepEqual(
    [got.body, made.sent[0]?.method, made.sent[0]?.url],
    ['there', 'DELETE', 'https://e.example/x'],
  )
  await run(op.UpdateApi, { ApiId, Target: URI })
  const { PayloadFormatVersion, IntegrationType } =
    (await run(op.GetIntegrations, { ApiId })).Items?.[0] ?? {}
  assert.deepEqual([IntegrationType, PayloadFormatVersion], ['AWS_PROXY', '2.0'])
})

test('integrations refuse what AWS refuses and what has no network here', async () => {
  const { run, id } = await through('GET /a', { IntegrationUri: 'http://backend.example' })
  const wish = { ApiId: id, IntegrationType: 'HTTP_PROXY', IntegrationUri: 'http://backend.example' }
  const refusal = (more: object): Promise<string> =>
    fault(() => run(op.CreateIntegration, { ...wish, ...more }))
  assert.match(await refusal({ IntegrationType: 'HTTP' }), /^BadRequestException: HTTP APIs only support/)
  assert.match(await refusal({ PayloadFormatVersion: '2.0' }), /PayloadFormatVersion/)
  assert.match(await refusal({ IntegrationMethod: 'FETCH' }), /HTTP method/)
  assert.match(await refusal({ RequestParameters: { r: 'p' } }), /Invalid destination: r/)
  assert.match(await refusal({ ResponseParameters: { '100': {} } }), /Invalid status code: 100/)
  assert.match(await refusal({ ConnectionType: 'VPC_LINK', ConnectionId: 'l' }), /^NotImplemented/)
  assert.match(await refusal({ TlsConfig: { ServerNameToVerify: 's' } }), /^NotImplemented/)
  assert.match(await refusal({ RequestTemplates: { a: 'b' } }), /not currently supported for HTTP APIs/)
  assert.match(await refusal({ TimeoutInMillis: 30_001 }), /Timeout should be between/)
})

test('UpdateIntegration keeps mappings that were not given and drops empty ones', async () => {
  const { run, id } = await through('GET /a', {
    IntegrationUri: 'http://backend.example',
    RequestParameters: { 'append:header.a': 'x', 'remove:querystring.q': "''" },
    ResponseParameters: { '404': { 'overwrite:statuscode': '200' } },
  })
  const { IntegrationId = '' } = (await run(op.GetIntegrations, { ApiId: id })).Items?.[0] ?? {}
  const at = { ApiId: id, IntegrationId }
  const renamed = await run(op.UpdateIntegration, { ...at, Description: 'd' })
  assert.deepEqual(renamed.RequestParameters, { 'append:header.a': 'x', 'remove:querystring.q': "''" })
  const changed = await run(op.UpdateIntegration, {
    ...at,
    RequestParameters: { 'append:header.b': 'y', 'append:header.a': '' },
    ResponseParameters: {},
  })
  assert.deepEqual(changed.RequestParameters, { 'append:header.b': 'y' })
  assert.deepEqual(changed.ResponseParameters, {})
})
