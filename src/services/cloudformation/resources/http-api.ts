/**
 * HTTP APIs: AWS::ApiGatewayV2::Api, Route, Integration. Stages and deployments are `http-api-stages.ts`,
 * authorizers, domains and the rest `http-api-parts.ts`; WebSocket APIs are not here yet.
 */
import { printArn } from '#base/arn.ts'
import { text as decode } from '#base/bytes.ts'
import { parseJson, stringAt, valueAt } from '#base/json.ts'
import { type Dict, dictAt, isDict, listAt, memberOf, sameValue, textAt } from '#engines/templates/value.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import {
  changedTags,
  pick,
  request,
  tagMap,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'
import { firstOf, fitsAll, marked } from '#services/cloudformation/resources/search.ts'

const SETTINGS = [
  'ApiKeySelectionExpression',
  'CorsConfiguration',
  'CredentialsArn',
  'Description',
  'DisableExecuteApiEndpoint',
  'DisableSchemaValidation',
  'IpAddressType',
  'Name',
  'RouteKey',
  'RouteSelectionExpression',
  'Target',
  'Version',
]

async function documentOf(context: ResourceContext, properties: Dict): Promise<string | undefined> {
  const body = memberOf(properties, 'Body')
  if (body !== undefined) return typeof body === 'string' ? body : JSON.stringify(body)
  const place = dictAt(properties, 'BodyS3Location')
  const [bucket, key] = [textAt(place, 'Bucket'), textAt(place, 'Key')]
  if (bucket === undefined || key === undefined) return undefined
  return decode(await context.object(bucket, key, textAt(place, 'Version')))
}

/** The title that names an API made from a document, JSON or YAML. */
function titleIn(body: string): string | undefined {
  const parsed = parseJson(body)
  if (parsed !== undefined) return stringAt(valueAt(parsed, 'info'), 'title')
  return body.match(/^\s+["']?title["']?\s*:\s*["']?([^"'\n]+)/m)?.[1]?.trim()
}

function check(properties: Dict): void {
  if (textAt(properties, 'ProtocolType') === 'WEBSOCKET') {
    throw validationError('Windtunnel does not deploy WebSocket APIs yet.')
  }
}

async function described(context: ResourceContext, id: string): Promise<Made> {
  const api = await context.call('apigatewayv2', 'GetApi', { ApiId: id })
  return { physicalId: id, attributes: { ApiId: id, ApiEndpoint: api.ApiEndpoint ?? '' } }
}

async function imported(context: ResourceContext, id: string, properties: Dict, body: string): Promise<void> {
  await context.call(
    'apigatewayv2',
    'ReimportApi',
    request({
      ApiId: id,
      Body: body,
      Basepath: memberOf(properties, 'BasePath'),
      FailOnWarnings: memberOf(properties, 'FailOnWarnings'),
    }),
  )
}

export const httpApi: ResourceHandler = {
  async create(context, properties) {
    check(properties)
    const body = await documentOf(context, properties)
    // A document is imported into an API that bears the marks already: ImportApi takes none.
    const api = await context.call(
      'apigatewayv2',
      'CreateApi',
      request({
        ...(body === undefined ? {} : { Name: titleIn(body), ProtocolType: 'HTTP' }),
        ...pick(properties, body === undefined ? [...SETTINGS, 'ProtocolType'] : ['Name']),
        Tags: { ...tagMap(properties), ...context.marks },
      }),
    )
    const id = api.ApiId ?? ''
    try {
      if (body !== undefined) await imported(context, id, properties, body)
      if (body !== undefined) await settle(context, id, properties, {})
    } catch (error) {
      await httpApi.delete(context, id, properties)
      throw error
    }
    return await described(context, id)
  },

  async update(context, id, properties, before) {
    check(properties)
    const changed = ['Body', 'BodyS3Location', 'BasePath'].some(
      (name) => !sameValue(memberOf(properties, name), memberOf(before, name)),
    )
    const body = changed ? await documentOf(context, properties) : undefined
    if (body !== undefined) await imported(context, id, properties, body)
    await settle(context, id, properties, before)
    await retag(context, id, properties, before)
    return await described(context, id)
  },

  async delete(context, id) {
    await unlessGone(() => context.call('apigatewayv2', 'DeleteApi', { ApiId: id }))
  },

  async find(context, _, { taken }) {
    const found = await firstOf(
      async (NextToken) => {
        const page = await context.call('apigatewayv2', 'GetApis', request({ MaxResults: '100', NextToken }))
        return { items: page.Items ?? [], next: page.NextToken }
      },
      ({ ApiId: id, Tags: tags }) => id !== undefined && !taken.has(id) && marked(tags, context.marks),
    )
    return found?.ApiId
  },
}

async function retag(context: ResourceContext, id: string, properties: Dict, before: Dict): Promise<void> {
  const { partition, region } = context.stack
  const ResourceArn = printArn({
    partition,
    service: 'apigateway',
    region,
    account: '',
    resource: `/apis/${id}`,
  })
  const { set, gone } = changedTags(properties, before)
  if (Object.keys(set).length > 0)
    await context.call('apigatewayv2', 'TagResource', { ResourceArn, Tags: set })
  if (gone.length > 0) await context.call('apigatewayv2', 'UntagResource', { ResourceArn, TagKeys: gone })
}

/** Settings beside the document that are given or have changed. */
async function settle(context: ResourceContext, id: string, properties: Dict, before: Dict): Promise<void> {
  const changed = SETTINGS.filter(
    (name) =>
      memberOf(properties, name) !== undefined &&
      !sameValue(memberOf(properties, name), memberOf(before, name)),
  )
  if (changed.length > 0) {
    await context.call('apigatewayv2', 'UpdateApi', request({ ApiId: id, ...pick(properties, changed) }))
  }
  if (
    memberOf(before, 'CorsConfiguration') !== undefined &&
    memberOf(properties, 'CorsConfiguration') === undefined
  ) {
    await context.call('apigatewayv2', 'DeleteCorsConfiguration', { ApiId: id })
  }
}

const ROUTE = [
  'ApiKeyRequired',
  'AuthorizationScopes',
  'AuthorizationType',
  'AuthorizerId',
  'ModelSelectionExpression',
  'OperationName',
  'RequestModels',
  'RequestParameters',
  'RouteKey',
  'RouteResponseSelectionExpression',
  'Target',
]

/** A route that lost its authorizer in the template is open again. */
const routeMembers = (properties: Dict): Dict => ({ AuthorizationType: 'NONE', ...pick(properties, ROUTE) })

export const httpRoute: ResourceHandler = {
  async create(context, properties) {
    const route = await context.call(
      'apigatewayv2',
      'CreateRoute',
      request({ ApiId: text(properties, 'ApiId'), ...routeMembers(properties) }),
    )
    const id = route.RouteId ?? ''
    return { physicalId: id, attributes: { RouteId: id } }
  },
  async update(context, id, properties) {
    await context.call(
      'apigatewayv2',
      'UpdateRoute',
      request({
        ApiId: text(properties, 'ApiId'),
        RouteId: id,
        ...routeMembers(properties),
      }),
    )
    return { physicalId: id, attributes: { RouteId: id } }
  },
  async delete(context, id, properties) {
    await unlessGone(() =>
      context.call('apigatewayv2', 'DeleteRoute', { ApiId: text(properties, 'ApiId'), RouteId: id }),
    )
  },
  async find(context, properties, { taken }) {
    const found = await firstOf(
      async (NextToken) => {
        const ApiId = text(properties, 'ApiId')
        const page = await context.call(
          'apigatewayv2',
          'GetRoutes',
          request({ ApiId, MaxResults: '100', NextToken }),
        )
        return { items: page.Items ?? [], next: page.NextToken }
      },
      ({ RouteId: id, RouteKey: key }) =>
        id !== undefined && !taken.has(id) && key === text(properties, 'RouteKey'),
    )
    return found?.RouteId
  },
}

const INTEGRATION = [
  'ConnectionId',
  'ConnectionType',
  'ContentHandlingStrategy',
  'CredentialsArn',
  'Description',
  'IntegrationMethod',
  'IntegrationSubtype',
  'IntegrationType',
  'IntegrationUri',
  'PassthroughBehavior',
  'PayloadFormatVersion',
  'RequestParameters',
  'RequestTemplates',
  'TemplateSelectionExpression',
  'TimeoutInMillis',
  'TlsConfig',
]

/** `{"404":{"ResponseParameters":[{"Source":s,"Destination":d}]}}` as the API spells it: `{"404":{d:s}}`. */
function answerChanges(properties: Dict): Dict | undefined {
  const wanted = dictAt(properties, 'ResponseParameters')
  if (wanted === undefined) return undefined
  const changes = Object.entries(wanted).map(([status, value]): [string, Dict] => {
    const listed = listAt(value, 'ResponseParameters') ?? []
    const pairs = listed.map(
      (one) => [textAt(one, 'Destination') ?? '', textAt(one, 'Source') ?? ''] as const,
    )
    return [status, listed.length === 0 && isDict(value) ? value : Object.fromEntries(pairs)]
  })
  return Object.fromEntries(changes)
}

const integrationMembers = (properties: Dict): Dict => {
  const ResponseParameters = answerChanges(properties)
  return {
    ...pick(properties, INTEGRATION),
    ...(ResponseParameters === undefined ? {} : { ResponseParameters }),
  }
}

export const httpIntegration: ResourceHandler = {
  async create(context, properties) {
    const integration = await context.call(
      'apigatewayv2',
      'CreateIntegration',
      request({ ApiId: text(properties, 'ApiId'), ...integrationMembers(properties) }),
    )
    const id = integration.IntegrationId ?? ''
    return { physicalId: id, attributes: { IntegrationId: id } }
  },
  async update(context, id, properties) {
    await context.call(
      'apigatewayv2',
      'UpdateIntegration',
      request({ ApiId: text(properties, 'ApiId'), IntegrationId: id, ...integrationMembers(properties) }),
    )
    return { physicalId: id, attributes: { IntegrationId: id } }
  },
  async delete(context, id, properties) {
    await unlessGone(() =>
      context.call('apigatewayv2', 'DeleteIntegration', {
        ApiId: text(properties, 'ApiId'),
        IntegrationId: id,
      }),
    )
  },
  /** Integrations carry no mark: one of the same properties that belongs to no stack does the same. */
  async find(context, properties, { taken }) {
    const found = await firstOf(
      async (NextToken) => {
        const ApiId = text(properties, 'ApiId')
        const page = await context.call(
          'apigatewayv2',
          'GetIntegrations',
          request({ ApiId, MaxResults: '100', NextToken }),
        )
        return { items: page.Items ?? [], next: page.NextToken }
      },
      (item) =>
        item.IntegrationId !== undefined &&
        !taken.has(item.IntegrationId) &&
        fitsAll(properties, INTEGRATION, item),
    )
    return found?.IntegrationId
  },
}
