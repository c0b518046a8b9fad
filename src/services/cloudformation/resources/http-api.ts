/** HTTP APIs and their parts: AWS::ApiGatewayV2::Api, Route, Integration, Stage, Deployment. WebSocket APIs are not here yet. */
import { text as decode } from '#base/bytes.ts'
import { parseJson, stringAt, valueAt } from '#base/json.ts'
import { type Dict, dictAt, memberOf, sameValue, textAt } from '#engines/templates/value.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import {
  pick,
  refuse,
  request,
  tagMap,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'
import { firstOf, fitsAll, madeSince, marked } from '#services/cloudformation/resources/search.ts'

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

export const httpRoute: ResourceHandler = {
  async create(context, properties) {
    const route = await context.call(
      'apigatewayv2',
      'CreateRoute',
      request({ ApiId: text(properties, 'ApiId'), ...pick(properties, ROUTE) }),
    )
    const id = route.RouteId ?? ''
    return { physicalId: id, attributes: { RouteId: id } }
  },
  async update(context, id, properties) {
    await context.call(
      'apigatewayv2',
      'UpdateRoute',
      request({ ApiId: text(properties, 'ApiId'), RouteId: id, ...pick(properties, ROUTE) }),
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

export const httpIntegration: ResourceHandler = {
  async create(context, properties) {
    refuse('AWS::ApiGatewayV2::Integration', properties, ['ResponseParameters'])
    const integration = await context.call(
      'apigatewayv2',
      'CreateIntegration',
      request({ ApiId: text(properties, 'ApiId'), ...pick(properties, INTEGRATION) }),
    )
    const id = integration.IntegrationId ?? ''
    return { physicalId: id, attributes: { IntegrationId: id } }
  },
  async update(context, id, properties) {
    refuse('AWS::ApiGatewayV2::Integration', properties, ['ResponseParameters'])
    await context.call(
      'apigatewayv2',
      'UpdateIntegration',
      request({ ApiId: text(properties, 'ApiId'), IntegrationId: id, ...pick(properties, INTEGRATION) }),
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

const STAGE = [
  'AccessLogSettings',
  'AutoDeploy',
  'ClientCertificateId',
  'DefaultRouteSettings',
  'DeploymentId',
  'Description',
  'RouteSettings',
  'StageVariables',
]

export const httpStage: ResourceHandler = {
  async create(context, properties) {
    const name = text(properties, 'StageName')
    const tags = tagMap(properties)
    await context.call(
      'apigatewayv2',
      'CreateStage',
      request({
        ApiId: text(properties, 'ApiId'),
        StageName: name,
        ...pick(properties, STAGE),
        Tags: Object.keys(tags).length === 0 ? undefined : tags,
      }),
    )
    return { physicalId: name, attributes: {} }
  },
  async update(context, name, properties) {
    await context.call(
      'apigatewayv2',
      'UpdateStage',
      request({ ApiId: text(properties, 'ApiId'), StageName: name, ...pick(properties, STAGE) }),
    )
    return { physicalId: name, attributes: {} }
  },
  async delete(context, name, properties) {
    await unlessGone(() =>
      context.call('apigatewayv2', 'DeleteStage', { ApiId: text(properties, 'ApiId'), StageName: name }),
    )
  },
  existing: (_, properties) => textAt(properties, 'StageName'),
}

export const httpDeployment: ResourceHandler = {
  async create(context, properties) {
    const deployment = await context.call(
      'apigatewayv2',
      'CreateDeployment',
      request({ ApiId: text(properties, 'ApiId'), ...pick(properties, ['Description', 'StageName']) }),
    )
    const id = deployment.DeploymentId ?? ''
    return { physicalId: id, attributes: { DeploymentId: id } }
  },
  async update(context, id, properties) {
    await context.call(
      'apigatewayv2',
      'UpdateDeployment',
      request({ ApiId: text(properties, 'ApiId'), DeploymentId: id, ...pick(properties, ['Description']) }),
    )
    return { physicalId: id, attributes: { DeploymentId: id } }
  },
  async delete(context, id, properties) {
    await unlessGone(() =>
      context.call('apigatewayv2', 'DeleteDeployment', {
        ApiId: text(properties, 'ApiId'),
        DeploymentId: id,
      }),
    )
  },
  async find(context, properties, { taken, since }) {
    const found = await firstOf(
      async (NextToken) => {
        const ApiId = text(properties, 'ApiId')
        const page = await context.call(
          'apigatewayv2',
          'GetDeployments',
          request({ ApiId, MaxResults: '100', NextToken }),
        )
        return { items: page.Items ?? [], next: page.NextToken }
      },
      (item) =>
        item.DeploymentId !== undefined &&
        item.AutoDeployed !== true &&
        !taken.has(item.DeploymentId) &&
        item.Description === textAt(properties, 'Description') &&
        madeSince(item.CreatedDate, since),
    )
    return found?.DeploymentId
  },
}
