import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '#base/bytes.ts'
import type { ApiDescription } from '#engines/openapi/description.ts'
import { readOpenApi } from '#engines/openapi/read.ts'

function read(document: unknown): ApiDescription {
  const found = readOpenApi(utf8(typeof document === 'string' ? document : JSON.stringify(document)))
  assert.ok(found.ok, 'the document is read')
  return found.value
}

const lambda =
  'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations'
const proxy = { httpMethod: 'POST', type: 'aws_proxy', uri: lambda }

// The shape that the SAM translator writes for the implicit ServerlessRestApi, with Cors.
test('readOpenApi() reads what SAM writes for a REST API', () => {
  const api = read({
    swagger: '2.0',
    info: { title: 'stack', version: '1.0' },
    paths: {
      '/hello': {
        get: { responses: {}, 'x-amazon-apigateway-integration': proxy },
        options: {
          consumes: ['application/json'],
          produces: ['application/json'],
          responses: {
            '200': {
              description: 'Default response for CORS method',
              headers: { 'Access-Control-Allow-Origin': { type: 'string' } },
            },
          },
          'x-amazon-apigateway-integration': {
            type: 'mock',
            requestTemplates: { 'application/json': '{\n  "statusCode" : 200\n}\n' },
            responses: {
              default: {
                statusCode: '200',
                responseParameters: { 'method.response.header.Access-Control-Allow-Origin': "'*'" },
                responseTemplates: { 'application/json': '{}\n' },
              },
            },
          },
        },
      },
      '/{proxy+}': {
        'x-amazon-apigateway-any-method': { responses: {}, 'x-amazon-apigateway-integration': proxy },
      },
    },
  })
  assert.equal(api.format, 'swagger2')
  assert.equal(api.title, 'stack')
  assert.deepEqual(
    api.operations.map((one) => `${one.method} ${one.path} ${one.integration?.type}`),
    ['GET /hello AWS_PROXY', 'OPTIONS /hello MOCK', 'ANY /{proxy+} AWS_PROXY'],
  )
  assert.deepEqual(api.operations[1]?.responses, [
    { statusCode: '200', headers: ['method.response.header.Access-Control-Allow-Origin'], mediaTypes: [] },
  ])
  assert.deepEqual(api.operations[1]?.integration?.responses, [
    {
      selectionPattern: undefined,
      statusCode: '200',
      responseParameters: { 'method.response.header.Access-Control-Allow-Origin': "'*'" },
      responseTemplates: { 'application/json': '{}\n' },
      contentHandling: undefined,
    },
  ])
})

// The shape that the SAM translator writes for the implicit ServerlessHttpApi, with CorsConfiguration.
test('readOpenApi() reads what SAM writes for an HTTP API', () => {
  const api = read({
    openapi: '3.0.1',
    info: { title: 'stack', version: '1.0' },
    paths: {
      $default: {
        'x-amazon-apigateway-any-method': {
          isDefaultRoute: true,
          responses: {},
          'x-amazon-apigateway-integration': { ...proxy, payloadFormatVersion: '2.0' },
        },
      },
      '/get/{something}': {
        post: {
          parameters: [{ in: 'path', name: 'something', required: true }],
          responses: {},
          'x-amazon-apigateway-integration': { ...proxy, payloadFormatVersion: 2.0 },
        },
      },
    },
    tags: [{ name: 'httpapi:createdBy', 'x-amazon-apigateway-tag-value': 'SAM' }, { name: 'plain' }],
    'x-amazon-apigateway-cors': { allowOrigins: ['https://foo.com'], allowMethods: ['GET'], maxAge: 300 },
  })
  assert.deepEqual(
    api.operations.map((one) => [one.method, one.path, one.integration?.payloadFormatVersion]),
    [
      ['ANY', '$default', '2.0'],
      ['POST', '/get/{something}', '2.0'],
    ],
  )
  assert.deepEqual(api.operations[1]?.requestParameters, { 'method.request.path.something': true })
  assert.deepEqual(api.tags, { 'httpapi:createdBy': 'SAM' })
  assert.deepEqual(api.cors, {
    allowOrigins: ['https://foo.com'],
    allowMethods: ['GET'],
    allowHeaders: undefined,
    exposeHeaders: undefined,
    maxAge: 300,
    allowCredentials: undefined,
  })
})

test('readOpenApi() tells authorizers, IAM, API keys and no security apart', () => {
  const api = read({
    openapi: '3.0.1',
    info: { title: 't' },
    security: [{ keys: [] }],
    components: {
      securitySchemes: {
        keys: { type: 'apiKey', name: 'x-api-key', in: 'header' },
        sigv4: {
          type: 'apiKey',
          name: 'Authorization',
          in: 'header',
          'x-amazon-apigateway-authtype': 'awsSigv4',
        },
        pool: { type: 'oauth2', 'x-amazon-apigateway-authorizer': { type: 'jwt' } },
      },
    },
    paths: {
      '/key': { get: {} },
      '/iam': { get: { security: [{ sigv4: [] }] } },
      '/pool': { get: { security: [{ pool: ['a'] }, { keys: [] }] } },
      '/open': { get: { security: [{ NONE: [] }] } },
      '/auth': { get: { security: [], 'x-amazon-apigateway-auth': { type: 'AWS_IAM' } } },
    },
  })
  assert.deepEqual(
    api.operations.map((one) => [one.path, one.authorization, one.apiKeyRequired]),
    [
      ['/key', { kind: 'NONE' }, true],
      ['/iam', { kind: 'AWS_IAM' }, false],
      ['/pool', { kind: 'AUTHORIZER', name: 'pool', scopes: ['a'] }, true],
      ['/open', { kind: 'NONE' }, false],
      ['/auth', { kind: 'AWS_IAM' }, false],
    ],
  )
})

test('readOpenApi() follows references of parameters and responses and the base path of servers', () => {
  const api = read({
    openapi: '3.0.1',
    info: { title: 't' },
    servers: [{ url: 'https://x.example.com/{basePath}', variables: { basePath: { default: '/base/v1/' } } }],
    components: {
      parameters: { id: { in: 'header', name: 'X-Id', required: true } },
      responses: { ok: { headers: { Link: {} }, content: { 'application/json': {} } } },
    },
    paths: {
      '/a': {
        parameters: [{ $ref: '#/components/parameters/id' }],
        get: { responses: { '200': { $ref: '#/components/responses/ok' }, default: {} } },
      },
    },
  })
  assert.equal(api.basePath, '/base/v1')
  assert.deepEqual(api.operations[0]?.requestParameters, { 'method.request.header.X-Id': true })
  assert.deepEqual(api.operations[0]?.responses, [
    { statusCode: '200', headers: ['method.response.header.Link'], mediaTypes: ['application/json'] },
  ])
})

test('readOpenApi() takes YAML and refuses what is no such document', () => {
  const api = read(`
openapi: 3.0.1
info: {title: yaml, version: 1.0}
paths:
  /a:
    get:
      responses: {}
x-amazon-apigateway-binary-media-types: ['image/png']
`)
  assert.equal(api.title, 'yaml')
  assert.equal(api.version, '1.0')
  assert.deepEqual(api.binaryMediaTypes, ['image/png'])
  for (const bad of ['', 'a: [', '[]', '"text"', '{"openapi":"2.0"}', '{"info":{}}']) {
    assert.deepEqual(readOpenApi(utf8(bad)), { ok: false, error: 'Invalid OpenAPI input.' }, bad)
  }
})

test('readOpenApi() does not follow an explosion of YAML aliases', () => {
  const levels = Array.from(
    { length: 12 },
    (_, i) =>
      `l${i}: &l${i} [${Array(12)
        .fill(`*l${i - 1}`)
        .join(',')}]`,
  )
  const bomb = ['l: &l-1 x', ...levels, 'openapi: 3.0.1'].join('\n')
  assert.deepEqual(readOpenApi(utf8(bomb)), { ok: false, error: 'Invalid OpenAPI input.' })
})

test('readOpenApi() never throws, whatever the JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (paths, integration) => {
      const document = {
        openapi: '3.0.1',
        paths: {
          '/a': {
            get: { 'x-amazon-apigateway-integration': integration, responses: paths, security: paths },
          },
          '/b': paths,
        },
      }
      assert.ok(readOpenApi(utf8(JSON.stringify(document))).ok)
    }),
  )
})

test('readOpenApi() reads authorizers, answers to change and shared integrations', () => {
  const api = read({
    openapi: '3.0.1',
    info: { title: 't' },
    components: {
      securitySchemes: {
        pool: {
          type: 'oauth2',
          'x-amazon-apigateway-authorizer': {
            type: 'JWT',
            identitySource: '$request.header.Authorization',
            jwtConfiguration: { issuer: 'https://i.example', audience: ['a'] },
          },
        },
        own: {
          type: 'apiKey',
          name: 'Unused',
          in: 'header',
          'x-amazon-apigateway-authorizer': {
            type: 'request',
            authorizerUri: 'arn:x',
            authorizerPayloadFormatVersion: 2,
            authorizerResultTtlInSeconds: 60,
            enableSimpleResponses: true,
            identitySource: ['$request.header.a', '$request.querystring.b'],
          },
        },
      },
      'x-amazon-apigateway-integrations': {
        shared: {
          type: 'http_proxy',
          uri: 'https://backend.example',
          responseParameters: { '404': { 'overwrite:statuscode': '200' } },
          tlsConfig: { serverNameToVerify: 'b.example' },
        },
      },
    },
    paths: {
      '/a': {
        get: {
          'x-amazon-apigateway-integration': { $ref: '#/components/x-amazon-apigateway-integrations/shared' },
        },
      },
    },
  })
  const none = {
    audience: [],
    credentials: undefined,
    enableSimpleResponses: undefined,
    identityValidationExpression: undefined,
    issuer: undefined,
    payloadFormatVersion: undefined,
    resultTtlInSeconds: undefined,
    uri: undefined,
  }
  assert.deepEqual(api.authorizers, [
    {
      ...none,
      name: 'pool',
      type: 'jwt',
      identitySource: ['$request.header.Authorization'],
      issuer: 'https://i.example',
      audience: ['a'],
    },
    {
      ...none,
      name: 'own',
      type: 'request',
      identitySource: ['$request.header.a', '$request.querystring.b'],
      uri: 'arn:x',
      payloadFormatVersion: '2.0',
      resultTtlInSeconds: 60,
      enableSimpleResponses: true,
    },
  ])
  const [operation] = api.operations
  assert.equal(operation?.integration?.type, 'HTTP_PROXY')
  assert.deepEqual(operation.integration.responseParameters, { '404': { 'overwrite:statuscode': '200' } })
  assert.equal(operation.integration.serverNameToVerify, 'b.example')
})

test('readOpenApi() keeps a version of YAML as it is written', () => {
  const version = (text: string): string | undefined => {
    const found = readOpenApi(utf8(`openapi: 3.0.1\ninfo:\n  title: t\n  version: ${text}\n`))
    return found.ok ? found.value.version : found.error
  }
  assert.deepEqual(['2.0', '1.10', "'3'", 'a'].map(version), ['2.0', '1.10', '3', 'a'])
})
