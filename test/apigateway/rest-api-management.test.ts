import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apigateway, createApiGateway } from '#services/apigateway/index.ts'
import { NOW, URI, caller, fault, world } from './harness.ts'
import { imported, sam } from './rest-apis.ts'

const { operations: op } = apigateway

async function created() {
  const made = world()
  const state = createApiGateway(made.ports)
  const run = caller(state)
  const { id = '', rootResourceId = '' } = await run(op.CreateRestApi, { name: 'api', description: 'd' })
  const resource = async (parentId: string, pathPart: string) =>
    (await run(op.CreateResource, { restApiId: id, parentId, pathPart })).id ?? ''
  return { made, state, run, id, rootResourceId, resource }
}

// Source: recorded AWS answers for members and defaults.
test('CreateRestApi shows the defaults of a new API', async () => {
  const run = caller(createApiGateway(world().ports))
  const api = await run(op.CreateRestApi, { name: 'only name' })
  const { id, rootResourceId, ...rest } = JSON.parse(JSON.stringify(api)) as Record<string, unknown>
  assert.match(String(id), /^[a-z0-9]{10}$/)
  assert.match(String(rootResourceId), /^[a-z0-9]{10}$/)
  assert.deepEqual(rest, {
    name: 'only name',
    createdDate: NOW,
    apiKeySource: 'HEADER',
    endpointConfiguration: { types: ['EDGE'], ipAddressType: 'ipv4' },
    disableExecuteApiEndpoint: false,
  })
  assert.equal(
    await fault(() => run(op.CreateRestApi, { name: 'a', description: '' })),
    'BadRequestException: Description cannot be an empty string',
  )
  assert.equal(
    await fault(() =>
      run(op.CreateRestApi, { name: 'a', endpointConfiguration: { types: ['EDGE', 'REGIONAL'] } }),
    ),
    'BadRequestException: Cannot create an api with multiple Endpoint Types.',
  )
})

// Source: recorded AWS answers for texts.
test('resources form a tree with AWS’s refusals', async () => {
  const { run, id, rootResourceId, resource } = await created()
  const pets = await resource(rootResourceId, 'pets')
  const child = await resource(pets, '{proxy+}')
  const refusal = (parentId: string, pathPart: string): Promise<string> =>
    fault(() => run(op.CreateResource, { restApiId: id, parentId, pathPart }))
  assert.equal(
    await refusal(rootResourceId, 'pets'),
    'ConflictException: Another resource with the same parent already has this name: pets',
  )
  assert.equal(
    await refusal(pets, '{id}'),
    'BadRequestException: A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed',
  )
  assert.equal(
    await refusal(child, 'x'),
    'BadRequestException: Cannot create a child of a resource with a greedy path variable: {proxy+}',
  )
  assert.equal(await refusal('none', 'x'), 'NotFoundException: Invalid Resource identifier specified')
  assert.match(await refusal(rootResourceId, 'a/b'), /^BadRequestException: Resource's path part/)

  const patch = (resourceId: string, path: string, value: string, o = 'replace'): Promise<unknown> =>
    run(op.UpdateResource, { restApiId: id, resourceId, patchOperations: [{ op: o, path, value }] })
  await patch(pets, '/pathPart', 'dogs')
  const { items = [] } = await run(op.GetResources, { restApiId: id })
  assert.deepEqual(
    items.map((one) => one.path),
    ['/', '/dogs', '/dogs/{proxy+}'],
  )
  assert.equal(
    await fault(() => patch(pets, '/parentId', child)),
    'BadRequestException: Resources cannot be cyclical.',
  )
  assert.equal(
    await fault(() => patch(pets, '/invalid', 'x')),
    "BadRequestException: Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]",
  )
  assert.equal(
    await fault(() => patch(pets, '/pathPart', 'x', 'remove')),
    "BadRequestException: Invalid patch path  '/pathPart' specified for op 'remove'. Please choose supported operations",
  )
  assert.equal(
    await fault(() => patch(rootResourceId, '/pathPart', 'x')),
    'BadRequestException: Root resource cannot update its pathPart.',
  )
  await run(op.DeleteResource, { restApiId: id, resourceId: pets })
  assert.deepEqual(
    (await run(op.GetResources, { restApiId: id })).items?.map((one) => one.path),
    ['/'],
  )
})

// Source: recorded AWS answers for shapes and texts.
test('methods, integrations and their responses are put, read, patched and deleted', async () => {
  const { run, id, rootResourceId } = await created()
  const at = { restApiId: id, resourceId: rootResourceId, httpMethod: 'GET' }
  assert.equal(
    await fault(() => run(op.PutMethod, { ...at, httpMethod: 'FOO', authorizationType: 'NONE' })),
    'BadRequestException: Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY',
  )
  assert.match(
    await fault(() => run(op.PutMethod, { ...at, authorizationType: 'CUSTOM' })),
    /requires a valid authorizer/,
  )
  const method = await run(op.PutMethod, { ...at, authorizationType: 'NONE' })
  assert.deepEqual(JSON.parse(JSON.stringify(method)), {
    httpMethod: 'GET',
    authorizationType: 'NONE',
    apiKeyRequired: false,
  })
  await run(op.PutMethodResponse, {
    ...at,
    statusCode: '200',
    responseParameters: { 'method.response.header.X': true },
  })
  const integration = await run(op.PutIntegration, {
    ...at,
    type: 'MOCK',
    requestTemplates: { 'application/json': '{"statusCode": 200}' },
  })
  assert.deepEqual(JSON.parse(JSON.stringify(integration)), {
    type: 'MOCK',
    requestTemplates: { 'application/json': '{"statusCode": 200}' },
    passthroughBehavior: 'WHEN_NO_MATCH',
    timeoutInMillis: 29_000,
    cacheNamespace: rootResourceId,
    cacheKeyParameters: [],
  })
  const put = (responseParameters: Record<string, string>, template = 'text'): Promise<unknown> =>
    run(op.PutIntegrationResponse, {
      ...at,
      statusCode: '200',
      selectionPattern: '',
      responseParameters,
      responseTemplates: { 'text/plain': template },
    })
  await put({ 'method.response.header.X': "'v'" })
  assert.match(
    await fault(() => put({ 'method.response.header.Y': "'v'" })),
    /Invalid mapping expression parameter specified: method.response.header.Y/,
  )
  assert.match(
    await fault(() => put({ 'method.response.header.X': 'v' })),
    /errors : \[Invalid mapping expression specified: v\]/,
  )
  assert.match(await fault(() => put({}, "$input.params('a')")), /^NotImplemented: A response template/)
  await run(op.UpdateIntegrationResponse, {
    ...at,
    statusCode: '200',
    patchOperations: [{ op: 'replace', path: '/selectionPattern', value: '2..' }],
  })
  assert.equal((await run(op.GetIntegrationResponse, { ...at, statusCode: '200' })).selectionPattern, '2..')
  const whole = await run(op.GetMethod, at)
  assert.equal(whole.methodIntegration?.integrationResponses?.['200']?.selectionPattern, '2..')
  await run(op.DeleteIntegrationResponse, { ...at, statusCode: '200' })
  assert.equal(
    await fault(() => run(op.GetIntegrationResponse, { ...at, statusCode: '200' })),
    'NotFoundException: Invalid Response status code specified',
  )
  await run(op.DeleteIntegration, at)
  assert.equal(
    await fault(() => run(op.GetIntegration, at)),
    'NotFoundException: Invalid Integration identifier specified',
  )
  await run(op.DeleteMethod, at)
  assert.equal(
    await fault(() => run(op.GetMethod, at)),
    'NotFoundException: Invalid Method identifier specified',
  )
})

// Source: recorded AWS answers for texts.
test('PutIntegration refuses what AWS refuses and what is not written yet', async () => {
  const { run, id, rootResourceId } = await created()
  const at = { restApiId: id, resourceId: rootResourceId, httpMethod: 'GET' }
  await run(op.PutMethod, { ...at, authorizationType: 'NONE' })
  const refusal = (
    uri: string | undefined,
    integrationHttpMethod: string | undefined = 'POST',
  ): Promise<string> =>
    fault(() => run(op.PutIntegration, { ...at, type: 'AWS_PROXY', uri, integrationHttpMethod }))
  assert.equal(
    await fault(() => run(op.PutIntegration, { ...at, type: 'AWS_PROXY', uri: URI })),
    'BadRequestException: Enumeration value for HttpMethod must be non-empty',
  )
  assert.equal(
    await refusal('http://example.com'),
    'BadRequestException: Invalid ARN specified in the request',
  )
  assert.equal(
    await refusal('arn:aws:lambda:us-east-1:111111111111:function:f'),
    'BadRequestException: AWS ARN for integration must contain path or action',
  )
  assert.equal(
    await refusal('arn:aws:apigateway:us-east-1:s3:path/b/k'),
    "BadRequestException: Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
  )
  for (const type of ['AWS', 'HTTP', 'HTTP_PROXY']) {
    assert.match(
      await fault(() =>
        run(op.PutIntegration, { ...at, type, uri: 'http://e.example', integrationHttpMethod: 'GET' }),
      ),
      /^NotImplemented/,
    )
  }
  assert.match(
    await fault(() =>
      run(op.PutIntegration, { ...at, type: 'MOCK', requestTemplates: { a: '#set($x = 1)' } }),
    ),
    /^NotImplemented/,
  )
})

test('deployments need methods with integrations, and stay while a stage shows them', async () => {
  const { run, id, rootResourceId } = await created()
  const at = { restApiId: id, resourceId: rootResourceId, httpMethod: 'GET' }
  const deploy = (): Promise<unknown> => run(op.CreateDeployment, { restApiId: id })
  assert.equal(await fault(deploy), "BadRequestException: The REST API doesn't contain any methods")
  await run(op.PutMethod, { ...at, authorizationType: 'NONE' })
  assert.equal(await fault(deploy), 'BadRequestException: No integration defined for method')
  await run(op.PutIntegration, { ...at, type: 'MOCK' })
  const first = await run(op.CreateDeployment, {
    restApiId: id,
    stageName: 's1',
    description: 'one',
    variables: { a: '1' },
  })
  const second = await run(op.CreateDeployment, { restApiId: id, stageName: 's1' })
  const stage = await run(op.GetStage, { restApiId: id, stageName: 's1' })
  assert.equal(stage.deploymentId, second.id)
  assert.deepEqual(stage.variables, { a: '1' })
  assert.equal(
    await fault(() => run(op.DeleteDeployment, { restApiId: id, deploymentId: second.id ?? '' })),
    'BadRequestException: Active stages pointing to this deployment must be moved or deleted',
  )
  await run(op.DeleteDeployment, { restApiId: id, deploymentId: first.id ?? '' })
  const summary = await run(op.GetDeployment, {
    restApiId: id,
    deploymentId: second.id ?? '',
    embed: ['apisummary'],
  })
  assert.deepEqual(summary.apiSummary, { '/': { GET: { authorizationType: 'NONE', apiKeyRequired: false } } })
  await run(op.DeleteStage, { restApiId: id, stageName: 's1' })
  assert.equal(
    await fault(() => run(op.GetStage, { restApiId: id, stageName: 's1' })),
    'NotFoundException: Invalid stage identifier specified',
  )
})

// Source: recorded AWS answers for defaults, keys and texts.
test('UpdateStage patches settings and names AWS’s paths for the rest', async () => {
  const { run, id } = await imported(sam())
  const patch = (...patchOperations: { op: string; path: string; value?: string }[]) =>
    run(op.UpdateStage, { restApiId: id, stageName: 'Prod', patchOperations })
  const stage = await patch(
    { op: 'replace', path: '/description', value: 'new' },
    { op: 'replace', path: '/variables/var1', value: 'test' },
    { op: 'replace', path: '/*/*/throttling/burstLimit', value: '123' },
    { op: 'replace', path: '/~1test/GET/throttling/burstLimit', value: '124' },
    { op: 'replace', path: '/accessLogSettings/format', value: 'x' },
  )
  assert.equal(stage.description, 'new')
  assert.deepEqual(stage.variables, { var1: 'test' })
  assert.equal(stage.accessLogSettings?.format, 'x')
  assert.deepEqual(Object.keys(stage.methodSettings ?? {}), ['*/*', 'test/GET'])
  assert.equal(stage.methodSettings?.['*/*']?.throttlingRateLimit, 10_000)
  assert.match(
    await fault(() => patch({ op: 'replace', path: '/tags/a', value: 'b' })),
    /^BadRequestException: Invalid method setting path: \/tags\/a. Must be one of: \[\/deploymentId/,
  )
  assert.match(
    await fault(() => patch({ op: 'replace', path: '/cacheClusterEnabled', value: 'true' })),
    /^NotImplemented/,
  )
  await patch({ op: 'remove', path: '/*/*' })
  assert.equal(
    await fault(() => patch({ op: 'remove', path: '/*/*' })),
    'BadRequestException: Cannot remove method setting */* because there is no method setting for this method ',
  )
})

// Source: recorded AWS answers: a replaced media type goes to the end.
test('UpdateRestApi patches settings and media types', async () => {
  const { run, id } = await created()
  const patch = (...patchOperations: { op: string; path: string; value?: string }[]) =>
    run(op.UpdateRestApi, { restApiId: id, patchOperations })
  await patch(
    { op: 'add', path: '/binaryMediaTypes/image~1png' },
    { op: 'add', path: '/binaryMediaTypes/image~1jpeg' },
  )
  const replaced = await patch({ op: 'replace', path: '/binaryMediaTypes/image~1png', value: 'image/gif' })
  assert.deepEqual(replaced.binaryMediaTypes, ['image/jpeg', 'image/gif'])
  const removed = await patch(
    { op: 'remove', path: '/binaryMediaTypes/image~1gif' },
    { op: 'remove', path: '/description' },
  )
  assert.deepEqual(removed.binaryMediaTypes, ['image/jpeg'])
  assert.equal(removed.description, undefined)
  assert.equal(
    await fault(() => patch({ op: 'add', path: '/binaryMediaTypes' })),
    'BadRequestException: Invalid patch path /binaryMediaTypes',
  )
  assert.equal(
    await fault(() => patch({ op: 'add', path: '/minimumCompressionSize', value: '1' })),
    'BadRequestException: Invalid patch operation specified. Must be one of: [replace]',
  )
})

// Source: recorded AWS answers.
test('gateway responses show defaults until they are put, and again once deleted', async () => {
  const { run, id } = await created()
  const at = { restApiId: id, responseType: 'MISSING_AUTHENTICATION_TOKEN' }
  const initial = {
    responseType: 'MISSING_AUTHENTICATION_TOKEN',
    statusCode: '403',
    responseParameters: {},
    responseTemplates: { 'application/json': '{"message":$context.error.messageString}' },
    defaultResponse: true,
  }
  assert.deepEqual(await run(op.GetGatewayResponse, at), initial)
  assert.equal((await run(op.GetGatewayResponses, { restApiId: id })).items?.length, 21)
  await run(op.PutGatewayResponse, { ...at, statusCode: '404' })
  await run(op.UpdateGatewayResponse, {
    ...at,
    patchOperations: [{ op: 'add', path: '/responseParameters/gatewayresponse.header.X', value: "'1'" }],
  })
  const changed = await run(op.GetGatewayResponse, at)
  assert.deepEqual(
    [changed.statusCode, changed.defaultResponse, changed.responseParameters],
    ['404', false, { 'gatewayresponse.header.X': "'1'" }],
  )
  await run(op.DeleteGatewayResponse, at)
  assert.deepEqual(await run(op.GetGatewayResponse, at), initial)
  assert.equal(
    await fault(() => run(op.DeleteGatewayResponse, at)),
    'NotFoundException: Gateway response type not defined on api',
  )
})

test('the account keeps its role, tags come and go', async () => {
  const { run, id } = await created()
  assert.deepEqual((await run(op.GetAccount, {})).features, ['UsagePlans'])
  const role = 'arn:aws:iam::000000000000:role/logs'
  await run(op.UpdateAccount, {
    patchOperations: [{ op: 'replace', path: '/cloudwatchRoleArn', value: role }],
  })
  assert.equal((await run(op.GetAccount, {})).cloudwatchRoleArn, role)
  const resourceArn = `arn:aws:apigateway:us-east-1::/restapis/${id}`
  await run(op.TagResource, { resourceArn, tags: { a: '1', b: '2' } })
  await run(op.UntagResource, { resourceArn, tagKeys: ['a'] })
  assert.deepEqual((await run(op.GetTags, { resourceArn })).tags, { b: '2' })
  assert.equal(
    await fault(() => run(op.GetRestApi, { restApiId: 'api_id' })),
    'NotFoundException: Invalid API identifier specified 000000000000:api_id',
  )
  await run(op.DeleteRestApi, { restApiId: id })
  assert.match(await fault(() => run(op.GetRestApi, { restApiId: id })), /^NotFoundException/)
})

test('operations and notYet name every operation of the model once', () => {
  const names = [...Object.keys(apigateway.operations), ...apigateway.notYet]
  assert.equal(new Set(names).size, names.length)
  assert.equal(names.length, 124)
})
