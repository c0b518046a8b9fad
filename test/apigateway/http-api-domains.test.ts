import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brand } from '#base/brand.ts'
import { text } from '#base/bytes.ts'
import type { AccountId } from '#base/ids.ts'
import { apigatewayv2, createApiGatewayV2, httpDataPlane } from '#services/apigatewayv2/index.ts'
import { CALL, caller, event, fault, request, type Run, URI, world } from './harness.ts'
import { type HttpFixture, routed } from './http-apis.ts'
import type { HttpState } from '#services/apigatewayv2/index.ts'

const { operations: op } = apigatewayv2
const DOMAIN = 'api.example.localhost'

/** An API on a custom domain with these mapping keys, each to the stage of the same place in the list. */
async function onDomain(...mappings: [key: string | undefined, stage: string][]): Promise<HttpFixture> {
  const api = await routed(['ANY /{proxy+}', 'GET /'], '2.0')
  const { run, id } = api
  await run(op.CreateStage, { ApiId: id, StageName: 'dev', AutoDeploy: true })
  await run(op.CreateDomainName, { DomainName: DOMAIN })
  for (const [ApiMappingKey, Stage] of mappings)
    await run(op.CreateApiMapping, { DomainName: DOMAIN, ApiId: id, Stage, ApiMappingKey })
  return api
}

test('a request goes to the mapping with the longest key, whole parts only', async () => {
  const { made, plane } = await onDomain([undefined, '$default'], ['v1', 'dev'], ['v1/orders', '$default'])
  const check = async (path: string, stage: string, rawPath: string): Promise<void> => {
    const answer = await request(plane, DOMAIN, path)
    assert.equal(answer.status, 200, path)
    const sent = event(made)
    assert.deepEqual(
      [(sent['requestContext'] as Record<string, unknown>)['stage'], sent['rawPath']],
      [stage, rawPath],
    )
  }
  await check('/x', '$default', '/x')
  await check('/v1', 'dev', '/')
  await check('/v1/', 'dev', '/')
  await check('/v1/pets', 'dev', '/pets')
  await check('/v1/orders/7', '$default', '/7')
  await check('/v1/ordersX', 'dev', '/ordersX')
  await check('/v10', '$default', '/v10')
  assert.equal((await plane.owner(DOMAIN))?.account, CALL.account)
})

test('a domain without a mapping for the path is 403, and so is one whose API is gone', async () => {
  const { plane, run, id } = await onDomain(['v1', 'dev'])
  const forbidden = await request(plane, DOMAIN, '/x')
  assert.deepEqual([forbidden.status, forbidden.body], [403, '{"message":"Forbidden"}'])
  await run(op.DeleteApi, { ApiId: id })
  assert.equal((await request(plane, DOMAIN, '/v1/a')).status, 403)
})

test('an API with its own address disabled answers on its domain only', async () => {
  const { plane, run, id } = await onDomain([undefined, '$default'])
  await run(op.UpdateApi, { ApiId: id, DisableExecuteApiEndpoint: true })
  assert.deepEqual((await request(plane, id, '/a')).status, 404)
  assert.equal((await request(plane, DOMAIN, '/a')).status, 200)
})

test('format 1.0 sees the mapping in its path', async () => {
  const { made, plane, run, id } = await onDomain(['v1', '$default'])
  const { IntegrationId = '' } = (await run(op.GetIntegrations, { ApiId: id })).Items?.[0] ?? {}
  await run(op.UpdateIntegration, { ApiId: id, IntegrationId, PayloadFormatVersion: '1.0' })
  await request(plane, DOMAIN, '/v1/pets')
  assert.equal(event(made)['path'], '/v1/pets')
})

test('hosts are known as domains at once, after a restart too, and forgotten with them', async () => {
  const { made, state, run } = await onDomain([undefined, '$default'])
  const plane = httpDataPlane(state)
  assert.equal(await plane.ofHost(DOMAIN), DOMAIN)
  for (const host of [
    'localhost',
    '127.0.0.1',
    'sqs.us-east-1.amazonaws.com',
    'abc.execute-api.localhost',
    '[::1]',
  ])
    assert.equal(await plane.ofHost(host), undefined, host)
  assert.equal(await plane.ofHost('second.localhost'), undefined)
  await run(op.CreateDomainName, { DomainName: 'Second.localhost' })
  assert.equal(await plane.ofHost('second.localhost'), 'second.localhost')
  const fresh = httpDataPlane(createApiGatewayV2(made.ports))
  assert.equal(await fresh.ofHost(DOMAIN), DOMAIN)
  assert.equal((await request(fresh, DOMAIN, '/a')).status, 200)
  await run(op.DeleteDomainName, { DomainName: DOMAIN })
  assert.equal(await plane.ofHost(DOMAIN), undefined)
})

test('domain names are made, changed, listed and refused as AWS does', async () => {
  const { run, state } = await routed([])
  const made = await run(op.CreateDomainName, {
    DomainName: 'dev.example.com',
    DomainNameConfigurations: [
      { CertificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/x', EndpointType: 'REGIONAL' },
    ],
    Tags: { a: '1' },
  })
  assert.equal(made.DomainNameArn, 'arn:aws:apigateway:us-east-1::/domainnames/dev.example.com')
  assert.equal(made.ApiMappingSelectionExpression, '$request.basepath')
  const [configuration] = made.DomainNameConfigurations ?? []
  assert.match(
    configuration?.ApiGatewayDomainName ?? '',
    /^d-[a-z0-9]{10}\.execute-api\.us-east-1\.amazonaws\.com$/,
  )
  assert.deepEqual([configuration?.SecurityPolicy, configuration?.DomainNameStatus], ['TLS_1_2', 'AVAILABLE'])
  assert.equal(
    await fault(() => run(op.CreateDomainName, { DomainName: 'dev.example.com' })),
    'ConflictException: The domain name resource already exists.',
  )
  const other = caller(state, { ...CALL, account: brand<AccountId>('111111111111') })
  assert.match(await fault(() => other(op.CreateDomainName, { DomainName: 'DEV.example.com' })), /^Conflict/)
  assert.match(
    await fault(() => other(op.GetDomainName, { DomainName: 'dev.example.com' })),
    /^NotFoundException: The domain name resource specified in the request was not found\.$/,
  )
  const changed = await run(op.UpdateDomainName, {
    DomainName: 'dev.example.com',
    DomainNameConfigurations: [{ CertificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/y' }],
  })
  assert.equal(
    changed.DomainNameConfigurations?.[0]?.ApiGatewayDomainName,
    configuration?.ApiGatewayDomainName,
  )
  const arn = made.DomainNameArn ?? ''
  await run(op.TagResource, { ResourceArn: arn, Tags: { b: '2' } })
  await run(op.UntagResource, { ResourceArn: arn, TagKeys: ['a'] })
  assert.deepEqual((await run(op.GetTags, { ResourceArn: arn })).Tags, { b: '2' })
  assert.equal((await run(op.GetDomainNames, {})).Items?.length, 1)
  for (const DomainName of ['*.example.com', 'x.example.com'])
    assert.match(
      await fault(() =>
        run(op.CreateDomainName, { DomainName, MutualTlsAuthentication: { TruststoreUri: 's3://a/b' } }),
      ),
      /^NotImplemented/,
    )
})

test('mappings are checked: keys, stage, API, and one for each key', async () => {
  const { run, id } = await onDomain(['v1', 'dev'])
  const refusal = (more: object): Promise<string> =>
    fault(() => run(op.CreateApiMapping, { DomainName: DOMAIN, ApiId: id, Stage: 'dev', ...more }))
  assert.match(await refusal({ ApiMappingKey: '/a' }), /should not start with a '\/' or have consecutive/)
  assert.match(await refusal({ ApiMappingKey: 'a//b' }), /consecutive/)
  assert.match(await refusal({ ApiMappingKey: 'a/' }), /should not end with a '\/'/)
  assert.match(await refusal({ ApiMappingKey: 'v1' }), /^ConflictException/)
  assert.match(await refusal({ Stage: 'nope' }), /^BadRequestException: Invalid stage/)
  assert.match(await refusal({ ApiId: 'nope' }), /^NotFoundException: Invalid API identifier specified/)
  assert.match(await refusal({ DomainName: 'no.example' }), /^NotFoundException: The domain name resource/)
  const [mapping] = (await run(op.GetApiMappings, { DomainName: DOMAIN })).Items ?? []
  const at = { DomainName: DOMAIN, ApiMappingId: mapping?.ApiMappingId ?? '' }
  const changed = await run(op.UpdateApiMapping, { ...at, ApiId: id, ApiMappingKey: 'v2', Stage: '$default' })
  assert.deepEqual([changed.ApiMappingKey, changed.Stage], ['v2', '$default'])
  assert.deepEqual(await run(op.GetApiMapping, at), changed)
  await run(op.DeleteApiMapping, at)
  assert.equal(
    await fault(() => run(op.DeleteApiMapping, at)),
    'NotFoundException: The api mapping resource specified in the request was not found.',
  )
})

test('models and VPC links are kept as they are described', async () => {
  const { run, id } = await routed([])
  const model = await run(op.CreateModel, { ApiId: id, Name: 'Pet', Schema: '{}' })
  assert.equal(model.ContentType, 'application/json')
  const at = { ApiId: id, ModelId: model.ModelId ?? '' }
  assert.match(await fault(() => run(op.CreateModel, { ApiId: id, Name: 'Pet', Schema: '{}' })), /^Conflict/)
  await run(op.UpdateModel, { ...at, Schema: '{"type":"object"}' })
  assert.equal((await run(op.GetModel, at)).Schema, '{"type":"object"}')
  await run(op.DeleteModel, at)
  assert.match(await fault(() => run(op.GetModel, at)), /^NotFoundException/)

  const link = await run(op.CreateVpcLink, { Name: 'l', SubnetIds: ['s'], Tags: { a: '1' } })
  const VpcLinkId = link.VpcLinkId ?? ''
  assert.deepEqual([link.VpcLinkStatus, link.VpcLinkVersion], ['AVAILABLE', 'V2'])
  assert.equal((await run(op.UpdateVpcLink, { VpcLinkId, Name: 'm' })).Name, 'm')
  const ResourceArn = `arn:aws:apigateway:us-east-1::/vpclinks/${VpcLinkId}`
  await run(op.UntagResource, { ResourceArn, TagKeys: ['a'] })
  assert.deepEqual((await run(op.GetTags, { ResourceArn })).Tags, {})
  assert.equal((await run(op.GetVpcLinks, {})).Items?.length, 1)
  await run(op.DeleteVpcLink, { VpcLinkId })
  assert.equal(
    await fault(() => run(op.GetVpcLink, { VpcLinkId })),
    `NotFoundException: Invalid VpcLink identifier specified ${VpcLinkId}`,
  )
})

/** An API with one of each: authorizers, a signed route, an HTTP backend, CORS. */
async function rich(run: Run<HttpState>): Promise<string> {
  const { ApiId = '' } = await run(op.CreateApi, {
    Name: 'rich',
    ProtocolType: 'HTTP',
    Version: '1.2',
    Description: 'all of it',
    CorsConfiguration: { AllowOrigins: ['https://a.example'], AllowMethods: ['GET'], MaxAge: 5 },
    Tags: { team: 'x' },
  })
  const jwt = await run(op.CreateAuthorizer, {
    ApiId,
    AuthorizerType: 'JWT',
    IdentitySource: ['$request.header.Authorization'],
    JwtConfiguration: { Issuer: 'http://localhost:9000', Audience: ['app'] },
    Name: 'pool',
  })
  const own = await run(op.CreateAuthorizer, {
    ApiId,
    AuthorizerType: 'REQUEST',
    AuthorizerUri: URI,
    AuthorizerPayloadFormatVersion: '2.0',
    AuthorizerResultTtlInSeconds: 60,
    EnableSimpleResponses: true,
    IdentitySource: ['$request.header.a', '$request.querystring.b'],
    Name: 'own',
  })
  const fn = await run(op.CreateIntegration, {
    ApiId,
    IntegrationType: 'AWS_PROXY',
    IntegrationUri: URI,
    PayloadFormatVersion: '2.0',
    RequestParameters: { 'append:header.h': '$context.requestId' },
  })
  const http = await run(op.CreateIntegration, {
    ApiId,
    IntegrationType: 'HTTP_PROXY',
    IntegrationUri: 'http://backend.example/{proxy}',
    IntegrationMethod: 'ANY',
    ResponseParameters: { '404': { 'overwrite:statuscode': '200' } },
  })
  const route = async (RouteKey: string, more: object, integration = fn): Promise<void> => {
    const Target = `integrations/${integration.IntegrationId}`
    await run(op.CreateRoute, { ApiId, RouteKey, Target, ...more })
  }
  const tokens = { AuthorizationType: 'JWT', AuthorizerId: jwt.AuthorizerId, AuthorizationScopes: ['s'] }
  await route('GET /pets/{id}', tokens)
  await route('POST /pets', {
    AuthorizationType: 'CUSTOM',
    AuthorizerId: own.AuthorizerId,
    OperationName: 'add',
  })
  await route('GET /iam', { AuthorizationType: 'AWS_IAM' })
  await route('ANY /{proxy+}', {}, http)
  await route('$default', {})
  return ApiId
}

/** Routes with what they point to written out, so that APIs with other ids can be compared. */
async function shapeOf(run: Run<HttpState>, ApiId: string): Promise<unknown> {
  const integrations = (await run(op.GetIntegrations, { ApiId })).Items ?? []
  const authorizers = (await run(op.GetAuthorizers, { ApiId })).Items ?? []
  const routes = (await run(op.GetRoutes, { ApiId })).Items ?? []
  const { Name, Version, Description, CorsConfiguration, Tags } = await run(op.GetApi, { ApiId })
  return {
    settings: { Name, Version, Description, CorsConfiguration, Tags },
    routes: routes
      .map(({ Target, AuthorizerId, ...rest }) => ({
        ...rest,
        RouteId: undefined,
        integration: {
          ...integrations.find((one) => Target === `integrations/${one.IntegrationId}`),
          IntegrationId: undefined,
        },
        authorizer: {
          ...authorizers.find((one) => one.AuthorizerId === AuthorizerId),
          AuthorizerId: undefined,
        },
      }))
      .sort((a, b) => (a.RouteKey < b.RouteKey ? -1 : 1)),
  }
}

test('what ExportApi writes, ImportApi makes again, in JSON and YAML', async () => {
  const run = caller(createApiGatewayV2(world().ports))
  const ApiId = await rich(run)
  const plainJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
  for (const OutputType of ['JSON', 'YAML']) {
    const { body } = await run(op.ExportApi, { ApiId, Specification: 'OAS30', OutputType })
    const again = await run(op.ImportApi, { Body: text(body ?? new Uint8Array()), FailOnWarnings: true })
    assert.deepEqual(
      plainJson(await shapeOf(run, again.ApiId ?? '')),
      plainJson(await shapeOf(run, ApiId)),
      OutputType,
    )
  }
})

test('ExportApi leaves extensions out on demand, exports a stage as it was deployed, and refuses the rest', async () => {
  const run = caller(createApiGatewayV2(world().ports))
  const ApiId = await rich(run)
  const wish = { ApiId, Specification: 'OAS30', OutputType: 'JSON' }
  const exported = async (more: object): Promise<Record<string, unknown>> => {
    const { body } = await run(op.ExportApi, { ...wish, ...more })
    return JSON.parse(text(body ?? new Uint8Array())) as Record<string, unknown>
  }
  const plain = JSON.stringify(await exported({ IncludeExtensions: false }))
  assert.equal(/x-amazon-apigateway-(integration|authorizer|cors)"/.test(plain), false)
  const { DeploymentId } = await run(op.CreateDeployment, { ApiId })
  await run(op.CreateStage, { ApiId, StageName: 'prod', DeploymentId })
  await run(op.CreateRoute, { ApiId, RouteKey: 'GET /later' })
  assert.equal(Object.hasOwn((await exported({}))['paths'] as object, '/later'), true)
  const frozen = await exported({ StageName: 'prod' })
  assert.equal(Object.hasOwn(frozen['paths'] as object, '/later'), false)
  assert.match(JSON.stringify(frozen['servers']), /"default":"prod"/)
  for (const more of [{ Specification: 'OAS20' }, { OutputType: 'XML' }, { ExportVersion: '2' }])
    assert.match(await fault(() => run(op.ExportApi, { ...wish, ...more })), /^BadRequestException/)
  assert.match(await fault(() => run(op.ExportApi, { ...wish, StageName: 'no' })), /^NotFoundException/)
})
