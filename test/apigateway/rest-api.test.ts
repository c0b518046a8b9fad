import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apigateway, createApiGateway, restDataPlane } from '#services/apigateway/index.ts'
import { ARN, NOW, URI, type World, answering, caller, event, request, world } from './harness.ts'
import { definition, imported, lambda, sam } from './rest-apis.ts'

const { operations: op } = apigateway

test('what SAM writes for a REST API answers on its stage', async () => {
  const { made, id, plane } = await imported(sam())
  const answer = await request(plane, id, '/Prod/hello/', { headers: { 'User-Agent': 'curl' } })
  assert.deepEqual([answer.status, answer.body], [200, 'hi'])
  assert.equal(answer.headers['content-type'], 'application/json')
  assert.equal(answer.headers['x-amzn-requestid'], 'deef4878-7910-11e6-8f14-25afc3e9ae33')
  assert.match(answer.headers['x-amz-apigw-id'] ?? '', /^[A-Za-z0-9+/]{15}=$/)
  assert.equal(answer.headers['x-amzn-trace-id'], 'Root=1-6756a3b0-000102030405060708090a0b')
  assert.equal(made.deliveries[0]?.arn, ARN)
  assert.equal(made.deliveries[0]?.timeoutMs, 29_000)
  assert.deepEqual(answer.span, {
    apiId: id,
    stage: 'Prod',
    route: 'GET /hello',
    integrationMs: 7,
    status: 200,
  })
  const sent = event(made)
  assert.equal(sent['resource'], '/hello')
  assert.equal(sent['path'], '/hello/')
  const context = sent['requestContext'] as Record<string, unknown>
  assert.equal(context['path'], '/Prod/hello/')
  assert.equal(context['extendedRequestId'], answer.headers['x-amz-apigw-id'])
  assert.equal(context['requestTimeEpoch'], NOW)
  assert.equal(context['stage'], 'Prod')
})

// Source: recorded AWS events, 2024-08-02.
test('slashes count once before the stage and the path, and stay inside a proxy variable', async () => {
  const { made, id, plane } = await imported(sam())
  const check = async (asked: string, path: string, contextPath: string, proxy: string): Promise<void> => {
    await request(plane, id, asked)
    const sent = event(made)
    assert.deepEqual(
      [sent['path'], (sent['requestContext'] as Record<string, unknown>)['path'], sent['pathParameters']],
      [path, contextPath, { proxy }],
    )
  }
  await check('/Prod/value', '/value', '/Prod/value', 'value')
  await check('/Prod/value/', '/value/', '/Prod/value/', 'value')
  await check('/Prod/value//double', '/value//double', '/Prod/value//double', 'value//double')
  await check('//Prod/value', '/value', '/Prod/value', 'value')
  await check('/Prod//value', '/value', '/Prod//value', 'value')
  await check('/Prod/a/test%2B@x.y', '/a/test%2B@x.y', '/Prod/a/test%2B@x.y', 'a/test%2B@x.y')
})

test('path variables and methods choose among resources', async () => {
  const { made, id, plane } = await imported(sam())
  await request(plane, id, '/Prod/users/a%20b')
  assert.deepEqual(event(made)['pathParameters'], { id: 'a%20b' })
  await request(plane, id, '/Prod/hello', { method: 'POST' })
  assert.equal(event(made)['resource'], '/{proxy+}')
})

// Source: recorded AWS answers: status, body and x-amzn-ErrorType.
test('an unknown path, a method that is not there and an unknown stage are 403', async () => {
  const { made, id, plane } = await imported(
    definition({ '/a': { get: { 'x-amazon-apigateway-integration': lambda } } }),
  )
  const check = async (method: string, path: string, message: string, errorType: string): Promise<void> => {
    const answer = await request(plane, id, path, { method })
    assert.deepEqual([answer.status, answer.body], [403, JSON.stringify({ message })])
    assert.equal(answer.headers['x-amzn-errortype'], errorType)
    assert.equal(answer.headers['content-type'], 'application/json')
  }
  await check('GET', '/Prod/none', 'Missing Authentication Token', 'MissingAuthenticationTokenException')
  await check('POST', '/Prod/a', 'Missing Authentication Token', 'MissingAuthenticationTokenException')
  await check('GET', '/Prod', 'Missing Authentication Token', 'MissingAuthenticationTokenException')
  await check('GET', '/Other/a', 'Forbidden', 'ForbiddenException')
  await check('GET', '/', 'Forbidden', 'ForbiddenException')
  assert.deepEqual(made.usage, [])
})

// Source of the 36 bytes: a recorded AWS answer's Content-Length.
test('failures of the function become the answers of a REST API', async () => {
  const { made, id, plane } = await imported(sam())
  const check = async (outcome: World['outcome'], status: number, body: string): Promise<void> => {
    made.outcome = outcome
    const answer = await request(plane, id, '/Prod/hello')
    assert.deepEqual([answer.status, answer.body], [status, body])
    assert.equal(answer.headers['x-amzn-errortype'], 'InternalServerErrorException')
  }
  const internal = '{"message": "Internal server error"}'
  assert.equal(internal.length, 36)
  await check(answering({ errorMessage: 'x' }, 'Unhandled'), 502, internal)
  await check(answering({ hello: 'world' }), 502, internal)
  await check(answering({ statusCode: 200, isBase64Encoded: 'yes' }), 502, internal)
  await check({ kind: 'refused', code: 'ResourceNotFoundException', message: 'no' }, 500, internal)
  await check({ kind: 'throttled', message: 'Rate Exceeded.' }, 500, internal)
  await check({ kind: 'timed-out' }, 504, '{"message": "Endpoint request timed out"}')
  assert.deepEqual(made.warnings, ['apigateway.integration.refused'])
  const large = await request(plane, id, '/Prod/hello', { body: 'too-large' })
  assert.equal(large.status, 413)
})

test('a Lambda proxy that is not called with POST is 500', async () => {
  const { id, plane } = await imported(
    definition({ '/a': { get: { 'x-amazon-apigateway-integration': { ...lambda, httpMethod: 'GET' } } } }),
  )
  const answer = await request(plane, id, '/Prod/a')
  assert.deepEqual([answer.status, answer.body], [500, '{"message": "Internal server error"}'])
})

test('a mock answers the preflight that SAM writes, without a function and without a trace header', async () => {
  const { made, id, plane } = await imported(sam())
  const answer = await request(plane, id, '/Prod/hello', {
    method: 'OPTIONS',
    headers: { origin: 'https://a.example' },
  })
  assert.deepEqual([answer.status, answer.body], [200, '{}\n'])
  assert.equal(answer.headers['access-control-allow-origin'], '*')
  assert.equal(answer.headers['access-control-allow-methods'], 'GET,OPTIONS')
  assert.equal(answer.headers['content-type'], 'application/json')
  assert.equal(answer.headers['x-amzn-trace-id'], undefined)
  assert.equal(made.deliveries.length, 0)
  assert.deepEqual(
    made.usage.map((one) => one.dimension),
    ['requests', 'internetOut'],
  )
})

const mock = (template: string, more: object = {}): object => ({
  '/m': {
    get: {
      responses: { '200': {}, '404': {} },
      'x-amazon-apigateway-integration': {
        type: 'mock',
        requestTemplates: { 'application/json': template },
        responses: { default: { statusCode: '200' }, '4\\d{2}': { statusCode: '404' } },
        ...more,
      },
    },
  },
})

test('a mock selects by the status of its request template', async () => {
  const check = async (
    template: string,
    status: number,
    headers: Record<string, string> = {},
  ): Promise<void> => {
    const { id, plane } = await imported(definition(mock(template)))
    assert.equal((await request(plane, id, '/Prod/m', { headers })).status, status, template)
  }
  await check('{"statusCode": 200}', 200)
  await check('{statusCode: 404}', 404)
  await check("{'statusCode':'400'}", 404)
  await check('{"other": 1}', 500)
  await check('', 500)
  await check('{"statusCode": 200}', 500, { 'content-type': 'text/plain' })
  const { id, plane } = await imported(
    definition(mock('{"statusCode": 200}', { passthroughBehavior: 'never' })),
  )
  const refused = await request(plane, id, '/Prod/m', { headers: { 'content-type': 'text/plain' } })
  assert.deepEqual([refused.status, refused.body], [415, '{"message":"Unsupported Media Type"}'])
})

test('binary media types decide what is base64 on the way in and undone on the way out', async () => {
  const { made, id, plane } = await imported(sam({ 'x-amazon-apigateway-binary-media-types': ['image/png'] }))
  made.outcome = answering({ statusCode: 200, body: '/w==', isBase64Encoded: true })
  const png = await request(plane, id, '/Prod/up', {
    method: 'POST',
    body: Uint8Array.of(0xff, 0x00),
    headers: { 'content-type': 'image/png', accept: 'image/png,*/*' },
  })
  assert.deepEqual([event(made)['body'], event(made)['isBase64Encoded']], ['/wA=', true])
  assert.deepEqual(png.bytes, Uint8Array.of(0xff))
  const other = await request(plane, id, '/Prod/up', {
    method: 'POST',
    body: 'text',
    headers: { accept: '*/*' },
  })
  assert.deepEqual([event(made)['body'], event(made)['isBase64Encoded']], ['text', false])
  assert.equal(other.body, '/w==')
})

test('reserved headers of the function are renamed', async () => {
  const { made, id, plane } = await imported(sam())
  made.outcome = answering({
    statusCode: 200,
    headers: { Server: 'mine', 'Content-Length': '99', 'x-own': '1' },
  })
  const answer = await request(plane, id, '/Prod/hello')
  assert.equal(answer.headers['x-amzn-remapped-server'], 'mine')
  assert.equal(answer.headers['x-amzn-remapped-content-length'], '99')
  assert.equal(answer.headers['server'], undefined)
  assert.equal(answer.headers['x-own'], '1')
})

test('gateway responses of the API change status, headers and text', async () => {
  const { id, plane } = await imported(
    definition(
      { '/a': { get: { 'x-amazon-apigateway-integration': lambda } } },
      {
        'x-amazon-apigateway-gateway-responses': {
          MISSING_AUTHENTICATION_TOKEN: {
            statusCode: 404,
            responseParameters: {
              'gatewayresponse.header.Access-Control-Allow-Origin': "'*'",
              'gatewayresponse.header.x-path': 'method.request.querystring.q',
            },
            responseTemplates: {
              'application/json':
                '{"m":$context.error.messageString,"t":"$context.error.responseType","s":"$context.stage","n":"$context.none"}',
            },
          },
          DEFAULT_5XX: { responseParameters: { 'gatewayresponse.header.x-five': "'yes'" } },
        },
      },
    ),
  )
  const missing = await request(plane, id, '/Prod/none', { query: 'q=7' })
  assert.equal(missing.status, 404)
  assert.equal(missing.headers['access-control-allow-origin'], '*')
  assert.equal(missing.headers['x-path'], '7')
  assert.equal(
    missing.body,
    '{"m":"Missing Authentication Token","t":"MISSING_AUTHENTICATION_TOKEN","s":"Prod","n":""}',
  )
})

test('stage variables fill the function of an integration and reach the event', async () => {
  const uri = URI.replace(ARN, 'arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.fn}')
  const { made, run, id, plane } = await imported(
    definition({ '/a': { get: { 'x-amazon-apigateway-integration': { ...lambda, uri } } } }),
  )
  await run(op.UpdateStage, {
    restApiId: id,
    stageName: 'Prod',
    patchOperations: [{ op: 'replace', path: '/variables/fn', value: 'other' }],
  })
  await request(plane, id, '/Prod/a')
  assert.equal(made.deliveries.at(-1)?.arn, 'arn:aws:lambda:us-east-1:000000000000:function:other')
  assert.deepEqual(event(made)['stageVariables'], { fn: 'other' })
})

test('a method that needs an API key refuses everyone, because no key exists', async () => {
  const { made, run, id, plane } = await imported(sam())
  const { items = [] } = await run(op.GetResources, { restApiId: id })
  const resourceId = items.find((one) => one.path === '/hello')?.id ?? ''
  await run(op.UpdateMethod, {
    restApiId: id,
    resourceId,
    httpMethod: 'GET',
    patchOperations: [{ op: 'replace', path: '/apiKeyRequired', value: 'true' }],
  })
  assert.equal((await request(plane, id, '/Prod/hello')).status, 200)
  await run(op.CreateDeployment, { restApiId: id, stageName: 'Prod' })
  const answer = await request(plane, id, '/Prod/hello', { headers: { 'x-api-key': 'guess' } })
  assert.deepEqual([answer.status, answer.body], [403, '{"message":"Forbidden"}'])
  assert.equal(made.deliveries.length, 1)
})

test('usage counts one request whatever its size', async () => {
  const { made, id, plane } = await imported(sam())
  await request(plane, id, '/Prod/hello', { body: new Uint8Array(2 ** 20) })
  assert.deepEqual(made.usage.map((one) => [one.service, one.dimension, one.quantity]).slice(0, 1), [
    ['apiGatewayRest', 'requests', 1],
  ])
})

test('a disabled default endpoint is 403', async () => {
  const { id, plane } = await imported(
    sam({ 'x-amazon-apigateway-endpoint-configuration': { disableExecuteApiEndpoint: true } }),
  )
  assert.equal((await request(plane, id, '/Prod/hello')).status, 403)
})

test('an API made step by step serves what its deployment froze, also from a new state', async () => {
  const made = world()
  const run = caller(createApiGateway(made.ports))
  const { id = '', rootResourceId = '' } = await run(op.CreateRestApi, { name: 'steps' })
  const resource = await run(op.CreateResource, { restApiId: id, parentId: rootResourceId, pathPart: 'a' })
  const at = { restApiId: id, resourceId: resource.id ?? '', httpMethod: 'GET' }
  await run(op.PutMethod, { ...at, authorizationType: 'NONE' })
  await run(op.PutIntegration, { ...at, type: 'AWS_PROXY', integrationHttpMethod: 'POST', uri: URI })
  const first = await run(op.CreateDeployment, { restApiId: id })
  await run(op.CreateStage, { restApiId: id, stageName: 'dev', deploymentId: first.id ?? '' })
  await run(op.DeleteMethod, at)
  const plane = restDataPlane(createApiGateway(made.ports))
  assert.deepEqual(await plane.owner(id), { account: '000000000000', region: 'us-east-1' })
  assert.equal((await request(plane, id, '/dev/a')).status, 200)
})
