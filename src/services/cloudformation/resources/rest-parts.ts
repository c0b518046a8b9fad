/** Parts of REST APIs: resources, methods with their integrations, gateway responses, the account's settings. */
import {
  type Dict,
  dictAt,
  isDict,
  listAt,
  memberOf,
  sameValue,
  textAt,
  type Value,
} from '#engines/templates/value.ts'
import type { ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { lowerFirst, request, text, unlessGone } from '#services/cloudformation/resources/properties.ts'
import { firstOf } from '#services/cloudformation/resources/search.ts'

export const restResource: ResourceHandler = {
  async create(context, properties) {
    const resource = await context.call('apigateway', 'CreateResource', {
      restApiId: text(properties, 'RestApiId'),
      parentId: text(properties, 'ParentId'),
      pathPart: text(properties, 'PathPart'),
    })
    const id = resource.id ?? ''
    return { physicalId: id, attributes: { ResourceId: id } }
  },
  update: (_, physicalId) => Promise.resolve({ physicalId, attributes: { ResourceId: physicalId } }),
  async delete(context, id, properties) {
    await unlessGone(() =>
      context.call('apigateway', 'DeleteResource', {
        restApiId: text(properties, 'RestApiId'),
        resourceId: id,
      }),
    )
  },
  async find(context, properties, { taken }) {
    const found = await firstOf(
      async (position) => {
        const restApiId = text(properties, 'RestApiId')
        const page = await context.call(
          'apigateway',
          'GetResources',
          request({ restApiId, limit: 500, position }),
        )
        return { items: page.items ?? [], next: page.position }
      },
      ({ id, parentId, pathPart }) =>
        id !== undefined &&
        !taken.has(id) &&
        parentId === text(properties, 'ParentId') &&
        pathPart === text(properties, 'PathPart'),
    )
    return found?.id
  },
}

interface MethodKey {
  readonly restApiId: string
  readonly resourceId: string
  readonly httpMethod: string
}

const keyOf = (properties: Dict): MethodKey => ({
  restApiId: text(properties, 'RestApiId'),
  resourceId: text(properties, 'ResourceId'),
  httpMethod: text(properties, 'HttpMethod'),
})

/** Members with their names in the API's spelling; maps keep their keys. */
function spelled(properties: Dict, names: readonly string[]): Dict {
  const out: Dict = {}
  for (const name of names) {
    const value = memberOf(properties, name)
    if (value !== undefined) out[lowerFirst(name)] = value
  }
  return out
}

async function put(context: ResourceContext, properties: Dict): Promise<void> {
  const key = keyOf(properties)
  await context.call(
    'apigateway',
    'PutMethod',
    request({
      ...key,
      authorizationType: textAt(properties, 'AuthorizationType') ?? 'NONE',
      ...spelled(properties, [
        'ApiKeyRequired',
        'AuthorizationScopes',
        'AuthorizerId',
        'OperationName',
        'RequestModels',
        'RequestParameters',
        'RequestValidatorId',
      ]),
    }),
  )
  for (const response of listAt(properties, 'MethodResponses') ?? []) {
    const members = spelled(isDict(response) ? response : {}, [
      'StatusCode',
      'ResponseModels',
      'ResponseParameters',
    ])
    await context.call('apigateway', 'PutMethodResponse', request({ ...key, ...members }))
  }
  const integration = dictAt(properties, 'Integration')
  if (integration !== undefined) await putIntegration(context, key, integration)
}

async function putIntegration(context: ResourceContext, key: MethodKey, integration: Dict): Promise<void> {
  await context.call(
    'apigateway',
    'PutIntegration',
    request({
      ...key,
      type: textAt(integration, 'Type'),
      ...spelled(integration, [
        'IntegrationHttpMethod',
        'Uri',
        'ConnectionType',
        'ConnectionId',
        'Credentials',
        'RequestParameters',
        'RequestTemplates',
        'PassthroughBehavior',
        'CacheNamespace',
        'CacheKeyParameters',
        'ContentHandling',
        'TimeoutInMillis',
        'ResponseTransferMode',
        'IntegrationTarget',
      ]),
    }),
  )
  for (const response of listAt(integration, 'IntegrationResponses') ?? []) {
    const members: Dict = isDict(response) ? response : {}
    await context.call(
      'apigateway',
      'PutIntegrationResponse',
      request({
        ...key,
        ...spelled(members, [
          'StatusCode',
          'SelectionPattern',
          'ResponseParameters',
          'ResponseTemplates',
          'ContentHandling',
        ]),
      }),
    )
  }
}

const removeMethod = (context: ResourceContext, properties: Dict): Promise<void> =>
  unlessGone(() => context.call('apigateway', 'DeleteMethod', { ...keyOf(properties) }))

export const restMethod: ResourceHandler = {
  async create(context, properties) {
    await put(context, properties)
    const id = context.name(80)
    return { physicalId: id, attributes: {} }
  },
  async update(context, physicalId, properties) {
    await removeMethod(context, properties)
    await put(context, properties)
    return { physicalId, attributes: {} }
  },
  delete: (context, _, properties) => removeMethod(context, properties),
  existing: (context) => context.name(80),
}

export const restGatewayResponse: ResourceHandler = {
  async create(context, properties) {
    await context.call(
      'apigateway',
      'PutGatewayResponse',
      request({
        restApiId: text(properties, 'RestApiId'),
        responseType: text(properties, 'ResponseType'),
        ...spelled(properties, ['StatusCode', 'ResponseParameters', 'ResponseTemplates']),
      }),
    )
    const id = context.name(80)
    return { physicalId: id, attributes: { Id: id } }
  },
  async update(context, physicalId, properties) {
    await restGatewayResponse.create(context, properties)
    return { physicalId, attributes: { Id: physicalId } }
  },
  async delete(context, _, properties) {
    await unlessGone(() =>
      context.call(
        'apigateway',
        'DeleteGatewayResponse',
        request({
          restApiId: text(properties, 'RestApiId'),
          responseType: text(properties, 'ResponseType'),
        }),
      ),
    )
  },
}

/** AWS::ApiGateway::Account: one setting for all REST APIs of account and region; deletion leaves it, as AWS does. */
export const restAccount: ResourceHandler = {
  async create(context, properties) {
    await setRole(context, memberOf(properties, 'CloudWatchRoleArn'))
    const id = context.name(80)
    return { physicalId: id, attributes: { Id: id } }
  },
  async update(context, physicalId, properties, before) {
    const role = memberOf(properties, 'CloudWatchRoleArn')
    if (!sameValue(role, memberOf(before, 'CloudWatchRoleArn'))) await setRole(context, role)
    return { physicalId, attributes: { Id: physicalId } }
  },
  delete: () => Promise.resolve(),
}

async function setRole(context: ResourceContext, role: Value | undefined): Promise<void> {
  await context.call('apigateway', 'UpdateAccount', {
    patchOperations: [
      { op: 'replace', path: '/cloudwatchRoleArn', value: typeof role === 'string' ? role : '' },
    ],
  })
}
