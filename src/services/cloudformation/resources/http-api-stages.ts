/** Stages and deployments of HTTP APIs: AWS::ApiGatewayV2::Stage and Deployment. */
import { printArn } from '#base/arn.ts'
import {
  type Dict,
  dictAt,
  isDict,
  memberOf,
  scalarText,
  textAt,
  type Value,
} from '#engines/templates/value.ts'
import type { ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import {
  changedTags,
  pick,
  request,
  tagMap,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'
import { firstOf, madeSince } from '#services/cloudformation/resources/search.ts'

const STAGE = [
  'AccessLogSettings',
  'AutoDeploy',
  'ClientCertificateId',
  'DefaultRouteSettings',
  'DeploymentId',
  'Description',
]

/** RouteSettings and StageVariables are free JSON to the resource table: their types are the API's. */
function stageMembers(properties: Dict, before: Dict = {}): Dict {
  const routes = Object.entries(dictAt(properties, 'RouteSettings') ?? {})
  // The API takes a variable away when it becomes empty.
  const gone = Object.keys(dictAt(before, 'StageVariables') ?? {}).map((name): [string, Value] => [name, ''])
  const variables = [...gone, ...Object.entries(dictAt(properties, 'StageVariables') ?? {})]
  return {
    ...pick(properties, STAGE),
    ...unthrottled(properties, before),
    RouteSettings: Object.fromEntries(routes.map(([key, settings]) => [key, typedSettings(settings)])),
    StageVariables: Object.fromEntries(variables.map(([name, value]) => [name, scalarText(value) ?? ''])),
  }
}

/** Limits that are gone from the template become the account's, which the API shows for a stage without any (inferred). */
const ACCOUNT_LIMITS: Dict = { ThrottlingBurstLimit: 5_000, ThrottlingRateLimit: 10_000 }

function unthrottled(properties: Dict, before: Dict): Dict {
  const [old, fresh] = [dictAt(before, 'DefaultRouteSettings'), dictAt(properties, 'DefaultRouteSettings')]
  const gone = Object.keys(ACCOUNT_LIMITS).filter(
    (name) => memberOf(old, name) !== undefined && memberOf(fresh, name) === undefined,
  )
  if (gone.length === 0) return {}
  return { DefaultRouteSettings: { ...pick(ACCOUNT_LIMITS, gone), ...fresh } }
}

function typedSettings(settings: Value): Dict {
  const entries = Object.entries(isDict(settings) ? settings : {}).map(([name, value]): [string, Value] => {
    if (name === 'LoggingLevel' || typeof value !== 'string') return [name, value]
    return [name, value === 'true' || value === 'false' ? value === 'true' : Number(value)]
  })
  return Object.fromEntries(entries)
}

/** What a stage had and has no more, which updates leave as it is; and its tags. */
async function dropped(
  context: ResourceContext,
  StageName: string,
  properties: Dict,
  before: Dict,
): Promise<void> {
  const ApiId = text(properties, 'ApiId')
  const was = (name: string): boolean =>
    memberOf(before, name) !== undefined && memberOf(properties, name) === undefined
  if (was('AccessLogSettings'))
    await context.call('apigatewayv2', 'DeleteAccessLogSettings', { ApiId, StageName })
  const routes = dictAt(properties, 'RouteSettings') ?? {}
  for (const RouteKey of Object.keys(dictAt(before, 'RouteSettings') ?? {})) {
    if (Object.hasOwn(routes, RouteKey)) continue
    await unlessGone(() =>
      context.call('apigatewayv2', 'DeleteRouteSettings', { ApiId, RouteKey, StageName }),
    )
  }
  const { set, gone } = changedTags(properties, before)
  const { partition, region } = context.stack
  const resource = `/apis/${ApiId}/stages/${StageName}`
  const ResourceArn = printArn({ partition, service: 'apigateway', region, account: '', resource })
  if (Object.keys(set).length > 0)
    await context.call('apigatewayv2', 'TagResource', { ResourceArn, Tags: set })
  if (gone.length > 0) await context.call('apigatewayv2', 'UntagResource', { ResourceArn, TagKeys: gone })
}

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
        ...stageMembers(properties),
        Tags: Object.keys(tags).length === 0 ? undefined : tags,
      }),
    )
    return { physicalId: name, attributes: {} }
  },
  async update(context, name, properties, before) {
    const ApiId = text(properties, 'ApiId')
    await context.call(
      'apigatewayv2',
      'UpdateStage',
      request({ ApiId, StageName: name, ...stageMembers(properties, before) }),
    )
    await dropped(context, name, properties, before)
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
