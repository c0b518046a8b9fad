import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apigatewayv2 } from '#services/apigatewayv2/index.ts'
import { ARN, NOW, type World, answering, event, fault, request, world } from './harness.ts'
import { quick, routed } from './http-apis.ts'

const { operations: op } = apigatewayv2

test('CreateApi with Target makes a managed route, integration and stage that answer at once', async () => {
  const { made, run, id, api, plane } = await quick()
  assert.equal(api.ApiEndpoint, `http://${id}.execute-api.localhost:4566`)
  assert.match(id, /^[a-z0-9]{10}$/)
  const answer = await request(plane, id, '/any/path', { query: 'a=1' })
  assert.equal(answer.status, 200)
  assert.equal(answer.body, 'hi')
  assert.equal(answer.headers['content-type'], 'text/plain;charset=UTF-8')
  assert.match(answer.headers['apigw-requestid'] ?? '', /^[A-Za-z0-9+/]{15}=$/)
  const sent = event(made)
  assert.equal(sent['routeKey'], '$default')
  assert.equal(sent['rawPath'], '/any/path')
  assert.equal(made.deliveries[0]?.arn, ARN)
  assert.equal(made.deliveries[0]?.timeoutMs, 30_000)
  assert.deepEqual(answer.span, {
    apiId: id,
    stage: '$default',
    route: '$default',
    integrationMs: 7,
    status: 200,
  })
  const deployments = await run(op.GetDeployments, { ApiId: id })
  assert.equal(deployments.Items?.length, 1)
  assert.equal(deployments.Items[0]?.AutoDeployed, true)
})

test('the event carries ids, addresses and times of the request', async () => {
  const { made, id, plane } = await quick()
  const answer = await request(plane, id, '/a', {
    method: 'POST',
    body: '{"x":1}',
    headers: { 'Content-Type': 'application/json' },
  })
  const sent = event(made)
  assert.deepEqual(sent['requestContext'], {
    accountId: '000000000000',
    apiId: id,
    domainName: `${id}.execute-api.localhost`,
    domainPrefix: id,
    http: { method: 'POST', path: '/a', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: '' },
    requestId: answer.headers['apigw-requestid'],
    routeKey: '$default',
    stage: '$default',
    time: '25/Nov/2026:03:00:00 +0000',
    timeEpoch: NOW,
  })
  assert.equal(sent['body'], '{"x":1}')
  assert.equal((sent['headers'] as Record<string, string>)['x-forwarded-port'], '4566')
})

test('routes are chosen by their keys, and an unknown one is 404', async () => {
  const { made, id, plane } = await routed(['GET /pets/{id}', 'ANY /pets/{proxy+}', 'GET /'])
  const routeOf = async (method: string, path: string): Promise<unknown> => {
    await request(plane, id, path, { method })
    return event(made)['routeKey']
  }
  assert.equal(await routeOf('GET', '/pets/1'), 'GET /pets/{id}')
  assert.equal(await routeOf('POST', '/pets/1'), 'ANY /pets/{proxy+}')
  assert.equal(await routeOf('GET', '/'), 'GET /')
  const before = made.deliveries.length
  const answer = await request(plane, id, '/dogs')
  assert.deepEqual([answer.status, answer.body], [404, '{"message":"Not Found"}'])
  assert.equal(made.deliveries.length, before)
  assert.deepEqual(
    made.usage.slice(-2).map(({ dimension }) => dimension),
    ['internetOut', 'internetOut'],
  )
})

test('path parameters are decoded, the raw path is not', async () => {
  const { made, id, plane } = await routed(['GET /pets/{id}'])
  await request(plane, id, '/pets/a%20b')
  assert.deepEqual(event(made)['pathParameters'], { id: 'a b' })
  assert.equal(event(made)['rawPath'], '/pets/a%20b')
})

test('a named stage is the first part of the path and stays in rawPath', async () => {
  const { made, run, id, plane } = await routed(['GET /pets'])
  await run(op.CreateStage, {
    ApiId: id,
    StageName: 'dev',
    AutoDeploy: true,
    StageVariables: { color: 'red' },
  })
  const answer = await request(plane, id, '/dev/pets')
  assert.equal(answer.status, 200)
  assert.equal(event(made)['rawPath'], '/dev/pets')
  assert.deepEqual(event(made)['stageVariables'], { color: 'red' })
  assert.equal(answer.span['stage'], 'dev')
})

test('a stage without automatic deployment serves its deployment, not later changes', async () => {
  const { run, id, plane } = await routed(['GET /old'])
  const { DeploymentId } = await run(op.CreateDeployment, { ApiId: id })
  await run(op.CreateStage, { ApiId: id, StageName: 'prod', DeploymentId })
  const { IntegrationId } = (await run(op.GetIntegrations, { ApiId: id })).Items?.[0] ?? {}
  await run(op.CreateRoute, { ApiId: id, RouteKey: 'GET /new', Target: `integrations/${IntegrationId}` })
  assert.equal((await request(plane, id, '/prod/new')).status, 404)
  assert.equal((await request(plane, id, '/new')).status, 200)
  await run(op.CreateDeployment, { ApiId: id, StageName: 'prod' })
  assert.equal((await request(plane, id, '/prod/new')).status, 200)
  assert.match(
    await fault(() =>
      run(op.DeleteDeployment, { ApiId: id, DeploymentId: DeploymentId ?? '' }).then(() =>
        run(op.DeleteDeployment, { ApiId: id, DeploymentId: DeploymentId ?? '' }),
      ),
    ),
    /^NotFoundException/,
  )
})

test('failures of the function become the answers of an HTTP API', async () => {
  const { made, id, plane } = await quick()
  const check = async (outcome: World['outcome'], status: number, message: string): Promise<void> => {
    made.outcome = outcome
    const answer = await request(plane, id, '/')
    assert.deepEqual([answer.status, answer.body], [status, JSON.stringify({ message })])
    assert.equal(answer.headers['content-type'], 'application/json')
  }
  await check(answering({ errorMessage: 'x' }, 'Unhandled'), 500, 'Internal Server Error')
  await check(answering({ statusCode: 'x' }), 500, 'Internal Server Error')
  await check(
    { kind: 'refused', code: 'ResourceNotFoundException', message: 'no' },
    500,
    'Internal Server Error',
  )
  await check({ kind: 'throttled', message: 'Rate Exceeded.' }, 503, 'Service Unavailable')
  await check({ kind: 'timed-out' }, 503, 'Service Unavailable')
  assert.deepEqual(made.warnings, ['apigatewayv2.integration.refused'])
  const large = await request(plane, id, '/', { method: 'POST', body: 'too-large' })
  assert.deepEqual([large.status, large.body], [413, '{"message":"Request Entity Too Large"}'])
})

test('format 1.0 gets its event and a strict reading of the answer', async () => {
  const { made, id, plane } = await routed(['GET /a/{b}'], '1.0')
  assert.equal((await request(plane, id, '/a/1', { query: 'q=1&q=2' })).status, 200)
  const sent = event(made)
  assert.equal(sent['version'], '1.0')
  assert.equal(sent['resource'], '/a/{b}')
  assert.deepEqual(sent['multiValueQueryStringParameters'], { q: ['1', '2'] })
  made.outcome = answering({ hello: 'world' })
  assert.equal((await request(plane, id, '/a/1')).status, 500)
})

test('CORS answers preflights without a route and replaces the headers of the function', async () => {
  const { made, id, plane } = await quick(world(), {
    AllowOrigins: ['https://example.com', 'http://*'],
    AllowMethods: ['GET', 'POST'],
    AllowHeaders: ['authorization'],
    ExposeHeaders: ['x-api-id'],
    AllowCredentials: true,
    MaxAge: 300,
  })
  const preflight = { origin: 'https://example.com', 'access-control-request-method': 'POST' }
  const allowed = await request(plane, id, '/x', { method: 'OPTIONS', headers: preflight })
  assert.equal(allowed.status, 204)
  assert.equal(made.deliveries.length, 0)
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://example.com')
  assert.equal(allowed.headers['access-control-allow-methods'], 'GET,POST')
  assert.equal(allowed.headers['access-control-allow-headers'], 'authorization')
  assert.equal(allowed.headers['access-control-allow-credentials'], 'true')
  assert.equal(allowed.headers['access-control-max-age'], '300')
  const foreign = await request(plane, id, '/x', {
    method: 'OPTIONS',
    headers: { ...preflight, origin: 'https://evil.example' },
  })
  assert.equal(foreign.headers['access-control-allow-origin'], undefined)
  made.outcome = answering({ statusCode: 200, headers: { 'Access-Control-Allow-Origin': '*' } })
  const simple = await request(plane, id, '/x', { headers: { origin: 'http://localhost:3000' } })
  assert.equal(simple.headers['access-control-allow-origin'], 'http://localhost:3000')
  assert.equal(simple.headers['access-control-expose-headers'], 'x-api-id')
  const plain = await request(plane, id, '/x', { method: 'OPTIONS', headers: { origin: 'http://localhost' } })
  assert.equal(plain.status, 200)
  const none = await request(plane, id, '/x')
  assert.equal(none.headers['access-control-allow-origin'], undefined)
})

test('usage counts a request per started 512 KB and the bytes that go out', async () => {
  const { made, id, plane } = await quick()
  await request(plane, id, '/', { method: 'POST', body: new Uint8Array(512 * 1_024 + 1) })
  const records = made.usage.map((one) => [one.service, one.dimension, one.quantity, one.unit, one.resource])
  assert.deepEqual(records[0], ['apiGatewayHttp', 'requests', 2, 'count', id])
  const out = 'hi'.length + 'Content-Type: text/plain;charset=UTF-8\r\n'.length
  assert.deepEqual(records[1], ['dataTransfer', 'internetOut', out, 'bytes', id])
})

test('functions are told which route calls them, and by a role nobody', async () => {
  const { made, run, id, plane } = await routed(['ANY /pets/{id}', '$default'])
  const sourceOf = async (path: string): Promise<string | undefined> => {
    await request(plane, id, path, { method: 'PUT' })
    return made.deliveries.at(-1)?.sourceArn
  }
  const api = `arn:aws:execute-api:us-east-1:000000000000:${id}`
  assert.equal(await sourceOf('/pets/7'), `${api}/$default/PUT/pets/{id}`)
  assert.equal(await sourceOf('/else'), `${api}/$default/$default`)
  const { IntegrationId = '' } = (await run(op.GetIntegrations, { ApiId: id })).Items?.[0] ?? {}
  const CredentialsArn = 'arn:aws:iam::000000000000:role/gateway'
  await run(op.UpdateIntegration, { ApiId: id, IntegrationId, CredentialsArn })
  assert.equal(await sourceOf('/pets/7'), undefined)
})
