import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apigateway, createApiGateway } from '#services/apigateway/index.ts'
import { caller, fault, request, world } from './harness.ts'
import { definition, imported, lambda, preflight, sam } from './rest-apis.ts'

const { operations: op } = apigateway

test('PutRestApi overwrites or merges, and a refused one changes nothing', async () => {
  const { run, id, plane } = await imported(sam())
  const paths = async (): Promise<unknown> =>
    (await run(op.GetResources, { restApiId: id })).items?.map((one) => [
      one.path,
      Object.keys(one.resourceMethods ?? {}),
    ])
  const before = await paths()
  const http = definition({
    '/x': {
      get: {
        'x-amazon-apigateway-integration': { type: 'http', httpMethod: 'GET', uri: 'https://e.example' },
      },
    },
  })
  assert.match(
    await fault(() => run(op.PutRestApi, { restApiId: id, mode: 'overwrite', body: http })),
    /^NotImplemented: Errors found during import:\n\tUnable to put integration on 'GET' for resource at path '\/x': An integration of type HTTP/,
  )
  assert.deepEqual(await paths(), before)
  const one = definition({
    '/new': { post: { 'x-amazon-apigateway-integration': lambda }, options: preflight },
  })
  await run(op.PutRestApi, { restApiId: id, body: one })
  assert.deepEqual(await paths(), [
    ['/', []],
    ['/hello', ['GET', 'OPTIONS']],
    ['/new', ['POST', 'OPTIONS']],
    ['/users', []],
    ['/users/{id}', ['GET']],
    ['/{proxy+}', ['ANY']],
  ])
  await run(op.PutRestApi, { restApiId: id, mode: 'overwrite', body: one })
  assert.deepEqual(await paths(), [
    ['/', []],
    ['/new', ['POST', 'OPTIONS']],
  ])
  assert.equal((await request(plane, id, '/Prod/hello')).status, 200)
  await run(op.CreateDeployment, { restApiId: id, stageName: 'Prod' })
  assert.equal((await request(plane, id, '/Prod/hello')).status, 403)
})

test('ImportRestApi refuses what cannot be served, naming the place', async () => {
  const run = caller(createApiGateway(world().ports))
  const refusal = (body: Uint8Array): Promise<string> => fault(() => run(op.ImportRestApi, { body }))
  assert.equal(await refusal(new TextEncoder().encode('{')), 'BadRequestException: Invalid OpenAPI input.')
  const secured = definition(
    { '/a': { get: { security: [{ pool: [] }], 'x-amazon-apigateway-integration': lambda } } },
    { securityDefinitions: { pool: { 'x-amazon-apigateway-authorizer': { type: 'cognito_user_pools' } } } },
  )
  assert.match(
    await refusal(secured),
    /^NotImplemented: Errors found .*\n\tUnable to put method on 'GET' for resource at path '\/a': The authorizer pool/,
  )
  const validated = definition({
    '/a': {
      get: { 'x-amazon-apigateway-request-validator': 'basic', 'x-amazon-apigateway-integration': lambda },
    },
  })
  assert.match(await refusal(validated), /^NotImplemented: .*\n.*request validator basic/)
  const unquoted = structuredClone(preflight)
  unquoted['x-amazon-apigateway-integration'].responses.default.responseParameters[
    'method.response.header.Access-Control-Allow-Origin'
  ] = 'www.example.com'
  assert.match(
    await refusal(definition({ '/a': { options: unquoted } })),
    /Unable to put integration response on 'OPTIONS' .*Invalid mapping expression specified: www.example.com/,
  )
  assert.match(
    await refusal(definition({ '/{a+}/b': { get: {} } })),
    /Cannot create a child of a resource with a greedy path variable/,
  )
})

test('ImportRestApi uses the base path as asked', async () => {
  const run = caller(createApiGateway(world().ports))
  const body = definition(
    { '/test': { get: { 'x-amazon-apigateway-integration': lambda } } },
    { basePath: '/base/v1' },
  )
  const paths = async (basepath: string): Promise<unknown> => {
    const { id = '' } = await run(op.ImportRestApi, {
      body,
      parameters: { basepath, endpointConfigurationTypes: 'REGIONAL' },
    })
    assert.deepEqual((await run(op.GetRestApi, { restApiId: id })).endpointConfiguration?.types, ['REGIONAL'])
    return (await run(op.GetResources, { restApiId: id })).items?.map((one) => one.path)
  }
  assert.deepEqual(await paths('ignore'), ['/', '/test'])
  assert.deepEqual(await paths('prepend'), ['/', '/base', '/base/v1', '/base/v1/test'])
  assert.deepEqual(await paths('split'), ['/', '/v1', '/v1/test'])
})
