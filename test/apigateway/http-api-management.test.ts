import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brand } from '#base/brand.ts'
import type { AccountId } from '#base/ids.ts'
import { apigatewayv2, createApiGatewayV2, httpDataPlane } from '#services/apigatewayv2/index.ts'
import { ARN, CALL, URI, caller, event, fault, request, world } from './harness.ts'
import { quick, routed } from './http-apis.ts'

const { operations: op } = apigatewayv2

const definition = (paths: object, more: object = {}): string =>
  JSON.stringify({ openapi: '3.0.1', info: { title: 'imported', version: '1.0' }, paths, ...more })
const integration = { type: 'aws_proxy', httpMethod: 'POST', uri: URI, payloadFormatVersion: '2.0' }

test('ImportApi and a $default stage serve what SAM writes for an HTTP API', async () => {
  const made = world()
  const state = createApiGatewayV2(made.ports)
  const run = caller(state)
  const Body = definition(
    {
      $default: {
        'x-amazon-apigateway-any-method': {
          isDefaultRoute: true,
          'x-amazon-apigateway-integration': integration,
        },
      },
      '/basic/{id}': { post: { 'x-amazon-apigateway-integration': integration } },
    },
    {
      tags: [{ name: 'httpapi:createdBy', 'x-amazon-apigateway-tag-value': 'SAM' }],
      'x-amazon-apigateway-cors': { allowOrigins: ['*'] },
    },
  )
  const api = await run(op.ImportApi, { Body, FailOnWarnings: true })
  const ApiId = api.ApiId ?? ''
  assert.equal(api.Name, 'imported')
  assert.deepEqual(api.Tags, { 'httpapi:createdBy': 'SAM' })
  await run(op.CreateStage, { ApiId, StageName: '$default', AutoDeploy: true })
  const plane = httpDataPlane(state)
  await request(plane, ApiId, '/basic/7', { method: 'POST' })
  assert.equal(event(made)['routeKey'], 'POST /basic/{id}')
  const other = await request(plane, ApiId, '/elsewhere', { headers: { origin: 'https://a.example' } })
  assert.equal(event(made)['routeKey'], '$default')
  assert.equal(other.headers['access-control-allow-origin'], '*')

  const again = definition({ '/new': { get: { 'x-amazon-apigateway-integration': integration } } })
  await run(op.ReimportApi, { ApiId, Body: again })
  assert.equal((await request(plane, ApiId, '/elsewhere')).status, 404)
  assert.equal((await request(plane, ApiId, '/new')).status, 200)
  assert.equal((await run(op.GetRoutes, { ApiId })).Items?.length, 1)
})

test('ImportApi refuses what is not OpenAPI 3 and what is not written yet', async () => {
  const run = caller(createApiGatewayV2(world().ports))
  const refusal = (Body: string): Promise<string> => fault(() => run(op.ImportApi, { Body }))
  assert.equal(await refusal('{'), 'BadRequestException: Invalid OpenAPI input.')
  assert.match(
    await refusal(JSON.stringify({ swagger: '2.0', info: { title: 't' } })),
    /^BadRequestException: Unsupported/,
  )
  const link = { type: 'http_proxy', uri: 'https://e.example', connectionType: 'VPC_LINK', connectionId: 'l' }
  assert.match(
    await refusal(definition({ '/a': { get: { 'x-amazon-apigateway-integration': link } } })),
    /^NotImplemented: An integration through a VPC link/,
  )
  const secured = definition(
    { '/a': { get: { security: [{ pool: [] }], 'x-amazon-apigateway-integration': integration } } },
    { components: { securitySchemes: { pool: { 'x-amazon-apigateway-authorizer': { type: 'jwt' } } } } },
  )
  assert.match(await refusal(secured), /^BadRequestException: Invalid issuer/)
  assert.match(
    await fault(() => run(op.ImportApi, { Body: definition({ '/a': { get: {} } }), FailOnWarnings: true })),
    /^BadRequestException: Warnings/,
  )
})

test('Basepath prepends or splits what the definition names', async () => {
  const run = caller(createApiGatewayV2(world().ports))
  const Body = definition({ '/': { get: {} }, '/a': { get: {} } }, { servers: [{ url: '/base/v1' }] })
  const keysOf = async (Basepath: string): Promise<unknown> => {
    const { ApiId = '' } = await run(op.ImportApi, { Body, Basepath })
    return (await run(op.GetRoutes, { ApiId })).Items?.map((one) => one.RouteKey).sort()
  }
  assert.deepEqual(await keysOf('ignore'), ['GET /', 'GET /a'])
  assert.deepEqual(await keysOf('prepend'), ['GET /base/v1', 'GET /base/v1/a'])
  assert.deepEqual(await keysOf('split'), ['GET /v1', 'GET /v1/a'])
})

test('the management API refuses as AWS does', async () => {
  const { run, id } = await routed(['GET /a'])
  assert.equal(
    await fault(() => run(op.GetApi, { ApiId: 'nope' })),
    'NotFoundException: Invalid API identifier specified nope',
  )
  assert.match(
    await fault(() => run(op.CreateRoute, { ApiId: id, RouteKey: 'GET /a' })),
    /^ConflictException: Route with key GET \/a already exists/,
  )
  assert.match(
    await fault(() => run(op.CreateRoute, { ApiId: id, RouteKey: 'FETCH /a' })),
    /^BadRequestException: The provided route key/,
  )
  assert.match(
    await fault(() => run(op.CreateRoute, { ApiId: id, RouteKey: 'GET /{a+}/b' })),
    /^BadRequestException/,
  )
  assert.match(
    await fault(() => run(op.CreateRoute, { ApiId: id, RouteKey: 'GET /b', Target: 'integrations/x' })),
    /^BadRequestException/,
  )
  assert.match(
    await fault(() => run(op.CreateRoute, { ApiId: id, RouteKey: 'GET /b', AuthorizationType: 'JWT' })),
    /^BadRequestException: Invalid authorizer ID specified. Setting the authorization type to JWT/,
  )
  assert.match(
    await fault(() =>
      run(op.CreateIntegration, {
        ApiId: id,
        IntegrationType: 'HTTP_PROXY',
        IntegrationUri: 'e.example',
      }),
    ),
    /^BadRequestException: Invalid HTTP endpoint/,
  )
  assert.match(
    await fault(() => run(op.CreateApi, { Name: 'w', ProtocolType: 'WEBSOCKET' })),
    /^NotImplemented/,
  )
  assert.match(
    await fault(() => run(op.CreateStage, { ApiId: id, StageName: '$default' })),
    /^ConflictException/,
  )
  assert.match(
    await fault(() =>
      run(op.CreateApi, {
        Name: 'c',
        ProtocolType: 'HTTP',
        CorsConfiguration: { AllowOrigins: ['*'], AllowCredentials: true },
      }),
    ),
    /^BadRequestException/,
  )
  const empty = await run(op.CreateApi, { Name: 'empty', ProtocolType: 'HTTP' })
  assert.equal(
    await fault(() => run(op.CreateDeployment, { ApiId: empty.ApiId ?? '' })),
    'BadRequestException: At least one route is required before deploying the Api.',
  )
  const routeId = (await run(op.GetRoutes, { ApiId: id })).Items?.[0]
  const { IntegrationId = '' } = (await run(op.GetIntegrations, { ApiId: id })).Items?.[0] ?? {}
  assert.match(
    await fault(() => run(op.DeleteIntegration, { ApiId: id, IntegrationId })),
    /^ConflictException: Cannot delete/,
  )
  await run(op.DeleteRoute, { ApiId: id, RouteId: routeId?.RouteId ?? '' })
  await run(op.DeleteIntegration, { ApiId: id, IntegrationId })
})

test('a refused change leaves the API as it was', async () => {
  const { run, id } = await routed(['GET /a'])
  const before = await run(op.GetRoutes, { ApiId: id })
  const Body = definition({
    '/x': { get: { 'x-amazon-apigateway-integration': { type: 'http_proxy', uri: 'e.example' } } },
  })
  await fault(() => run(op.ReimportApi, { ApiId: id, Body }))
  assert.deepEqual(await run(op.GetRoutes, { ApiId: id }), before)
})

test('UpdateApi, tags and deletion of CORS change one API and survive a new state', async () => {
  const { made, run, id } = await quick(world(), { AllowOrigins: ['*'] })
  await run(op.UpdateApi, { ApiId: id, Name: 'renamed', Target: `${ARN}:live` })
  const arn = `arn:aws:apigateway:us-east-1::/apis/${id}`
  await run(op.TagResource, { ResourceArn: arn, Tags: { a: '1', b: '2' } })
  await run(op.UntagResource, { ResourceArn: arn, TagKeys: ['a'] })
  await run(op.DeleteCorsConfiguration, { ApiId: id })
  const fresh = createApiGatewayV2(made.ports)
  const api = await caller(fresh)(op.GetApi, { ApiId: id })
  assert.equal(api.Name, 'renamed')
  assert.deepEqual(api.Tags, { b: '2' })
  assert.equal(api.CorsConfiguration, undefined)
  await request(httpDataPlane(fresh), id, '/')
  assert.equal(made.deliveries.at(-1)?.arn, `${ARN}:live`)
})

test('only changes of routes and integrations deploy automatically', async () => {
  const { run, id } = await routed(['GET /a'])
  const count = async (): Promise<number> => (await run(op.GetDeployments, { ApiId: id })).Items?.length ?? 0
  const before = await count()
  await run(op.UpdateApi, { ApiId: id, Description: 'new' })
  await run(op.UpdateStage, { ApiId: id, StageName: '$default', StageVariables: { a: '1' } })
  assert.equal(await count(), before)
  await run(op.CreateRoute, { ApiId: id, RouteKey: 'GET /b' })
  assert.equal(await count(), before + 1)
})

test('APIs of another account are not found by the management API, and none by the data plane once deleted', async () => {
  const { state, run, id, plane } = await quick()
  const other = caller(state, { ...CALL, account: brand<AccountId>('111111111111') })
  assert.match(await fault(() => other(op.GetApi, { ApiId: id })), /^NotFoundException/)
  assert.match(await fault(() => other(op.DeleteApi, { ApiId: id })), /^NotFoundException/)
  assert.deepEqual((await other(op.GetApis, {})).Items, [])
  assert.deepEqual(await plane.owner(id), { account: '000000000000', region: 'us-east-1' })
  await run(op.DeleteApi, { ApiId: id })
  assert.equal(await plane.owner(id), undefined)
  assert.equal((await request(plane, id, '/')).status, 404)
})

test('GetApis pages through all APIs once', async () => {
  const run = caller(createApiGatewayV2(world().ports))
  const made = new Set<string>()
  for (let i = 0; i < 5; i++)
    made.add((await run(op.CreateApi, { Name: `a${i}`, ProtocolType: 'HTTP' })).ApiId ?? '')
  const seen: string[] = []
  let NextToken: string | undefined
  do {
    const page = await run(op.GetApis, { MaxResults: '2', NextToken })
    assert.ok((page.Items ?? []).length <= 2)
    seen.push(...(page.Items ?? []).map((one) => one.ApiId ?? ''))
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  assert.deepEqual(new Set(seen), made)
  assert.equal(seen.length, 5)
})

test('operations and notYet name every operation of the model once', () => {
  const names = [...Object.keys(apigatewayv2.operations), ...apigatewayv2.notYet]
  assert.equal(new Set(names).size, names.length)
  assert.equal(names.length, 103)
})
