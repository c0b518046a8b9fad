/**
 * Further parts of HTTP APIs: AWS::ApiGatewayV2::Authorizer, DomainName, ApiMapping, Model, VpcLink. APIs, routes,
 * integrations are `http-api.ts`, stages `http-api-stages.ts`.
 */
import { type Dict, listAt, memberOf, textAt } from '#engines/templates/value.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import {
  changedTags,
  documentText,
  pick,
  request,
  tagMap,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'
import { firstOf, fitsAll, marked } from '#services/cloudformation/resources/search.ts'

const AUTHORIZER = [
  'AuthorizerCredentialsArn',
  'AuthorizerPayloadFormatVersion',
  'AuthorizerResultTtlInSeconds',
  'AuthorizerType',
  'AuthorizerUri',
  'EnableSimpleResponses',
  'IdentityValidationExpression',
  'JwtConfiguration',
  'Name',
]

/** An authorizer may have no identity source; the API wants the list. */
const authorizerMembers = (properties: Dict): Dict => ({
  ...pick(properties, AUTHORIZER),
  IdentitySource: listAt(properties, 'IdentitySource') ?? [],
})

export const httpAuthorizer: ResourceHandler = {
  async create(context, properties) {
    const authorizer = await context.call(
      'apigatewayv2',
      'CreateAuthorizer',
      request({ ApiId: text(properties, 'ApiId'), ...authorizerMembers(properties) }),
    )
    const id = authorizer.AuthorizerId ?? ''
    return { physicalId: id, attributes: { AuthorizerId: id } }
  },
  async update(context, id, properties) {
    await context.call(
      'apigatewayv2',
      'UpdateAuthorizer',
      request({ ApiId: text(properties, 'ApiId'), AuthorizerId: id, ...authorizerMembers(properties) }),
    )
    return { physicalId: id, attributes: { AuthorizerId: id } }
  },
  async delete(context, id, properties) {
    await unlessGone(() =>
      context.call('apigatewayv2', 'DeleteAuthorizer', {
        ApiId: text(properties, 'ApiId'),
        AuthorizerId: id,
      }),
    )
  },
  /** Names of authorizers are unique in their API. */
  async find(context, properties, { taken }) {
    const ApiId = text(properties, 'ApiId')
    const found = await firstOf(
      async (NextToken) => {
        const wish = request<{ ApiId: string }>({ ApiId, MaxResults: '100', NextToken })
        const page = await context.call('apigatewayv2', 'GetAuthorizers', wish)
        return { items: page.Items ?? [], next: page.NextToken }
      },
      ({ AuthorizerId: id, Name: name }) =>
        id !== undefined && !taken.has(id) && name === textAt(properties, 'Name'),
    )
    return found?.AuthorizerId
  },
}

const DOMAIN = ['DomainNameConfigurations', 'MutualTlsAuthentication', 'RoutingMode']

async function domainMade(context: ResourceContext, name: string): Promise<Made> {
  const domain = await context.call('apigatewayv2', 'GetDomainName', { DomainName: name })
  const [configuration] = domain.DomainNameConfigurations ?? []
  return {
    physicalId: name,
    attributes: {
      DomainNameArn: domain.DomainNameArn ?? '',
      RegionalDomainName: configuration?.ApiGatewayDomainName ?? '',
      RegionalHostedZoneId: configuration?.HostedZoneId ?? '',
    },
  }
}

export const httpDomainName: ResourceHandler = {
  async create(context, properties) {
    const DomainName = text(properties, 'DomainName')
    const Tags = { ...tagMap(properties), ...context.marks }
    await context.call(
      'apigatewayv2',
      'CreateDomainName',
      request({ DomainName, ...pick(properties, DOMAIN), Tags }),
    )
    return await domainMade(context, DomainName)
  },
  async update(context, name, properties, before) {
    await context.call(
      'apigatewayv2',
      'UpdateDomainName',
      request({ DomainName: name, ...pick(properties, DOMAIN) }),
    )
    const made = await domainMade(context, name)
    await retag(context, textAt(made.attributes, 'DomainNameArn') ?? '', properties, before)
    return made
  },
  async delete(context, name) {
    await unlessGone(() => context.call('apigatewayv2', 'DeleteDomainName', { DomainName: name }))
  },
  existing: (_, properties) => textAt(properties, 'DomainName'),
}

/** Tags of a domain or a VPC link, whose updates take none. */
async function retag(context: ResourceContext, arn: string, properties: Dict, before: Dict): Promise<void> {
  const { set, gone } = changedTags(properties, before)
  if (Object.keys(set).length > 0)
    await context.call('apigatewayv2', 'TagResource', { ResourceArn: arn, Tags: set })
  if (gone.length > 0)
    await context.call('apigatewayv2', 'UntagResource', { ResourceArn: arn, TagKeys: gone })
}

const MAPPING = ['ApiId', 'ApiMappingKey', 'Stage']

export const httpApiMapping: ResourceHandler = {
  async create(context, properties) {
    const mapping = await context.call(
      'apigatewayv2',
      'CreateApiMapping',
      request({ DomainName: text(properties, 'DomainName'), ...pick(properties, MAPPING) }),
    )
    const id = mapping.ApiMappingId ?? ''
    return { physicalId: id, attributes: { ApiMappingId: id } }
  },
  async update(context, id, properties) {
    const DomainName = text(properties, 'DomainName')
    const members = { ...pick(properties, MAPPING), ApiMappingKey: textAt(properties, 'ApiMappingKey') ?? '' }
    await context.call(
      'apigatewayv2',
      'UpdateApiMapping',
      request({ DomainName, ApiMappingId: id, ...members }),
    )
    return { physicalId: id, attributes: { ApiMappingId: id } }
  },
  async delete(context, id, properties) {
    await unlessGone(() =>
      context.call('apigatewayv2', 'DeleteApiMapping', {
        ApiMappingId: id,
        DomainName: text(properties, 'DomainName'),
      }),
    )
  },
  /** One mapping for each key. */
  async find(context, properties, { taken }) {
    const DomainName = text(properties, 'DomainName')
    const key = textAt(properties, 'ApiMappingKey') ?? ''
    const found = await firstOf(
      async (NextToken) => {
        const wish = request<{ DomainName: string }>({ DomainName, MaxResults: '100', NextToken })
        const page = await context.call('apigatewayv2', 'GetApiMappings', wish)
        return { items: page.Items ?? [], next: page.NextToken }
      },
      ({ ApiMappingId: id, ApiMappingKey = '' }) =>
        id !== undefined && !taken.has(id) && ApiMappingKey === key,
    )
    return found?.ApiMappingId
  },
}

const MODEL = ['ContentType', 'Description', 'Name']

const modelMembers = (properties: Dict): Dict => ({
  ...pick(properties, MODEL),
  Schema: documentText(memberOf(properties, 'Schema')) ?? '',
})

export const httpModel: ResourceHandler = {
  async create(context, properties) {
    const model = await context.call(
      'apigatewayv2',
      'CreateModel',
      request({ ApiId: text(properties, 'ApiId'), ...modelMembers(properties) }),
    )
    const id = model.ModelId ?? ''
    return { physicalId: id, attributes: { ModelId: id } }
  },
  async update(context, id, properties) {
    await context.call(
      'apigatewayv2',
      'UpdateModel',
      request({ ApiId: text(properties, 'ApiId'), ModelId: id, ...modelMembers(properties) }),
    )
    return { physicalId: id, attributes: { ModelId: id } }
  },
  async delete(context, id, properties) {
    await unlessGone(() =>
      context.call('apigatewayv2', 'DeleteModel', { ApiId: text(properties, 'ApiId'), ModelId: id }),
    )
  },
  async find(context, properties, { taken }) {
    const ApiId = text(properties, 'ApiId')
    const found = await firstOf(
      async (NextToken) => {
        const wish = request<{ ApiId: string }>({ ApiId, MaxResults: '100', NextToken })
        const page = await context.call('apigatewayv2', 'GetModels', wish)
        return { items: page.Items ?? [], next: page.NextToken }
      },
      ({ ModelId: id, Name: name }) =>
        id !== undefined && !taken.has(id) && name === textAt(properties, 'Name'),
    )
    return found?.ModelId
  },
}

export const httpVpcLink: ResourceHandler = {
  async create(context, properties) {
    const link = await context.call(
      'apigatewayv2',
      'CreateVpcLink',
      request({
        ...pick(properties, ['Name', 'SecurityGroupIds', 'SubnetIds']),
        Tags: { ...tagMap(properties), ...context.marks },
      }),
    )
    const id = link.VpcLinkId ?? ''
    return { physicalId: id, attributes: { VpcLinkId: id } }
  },
  async update(context, id, properties) {
    await context.call(
      'apigatewayv2',
      'UpdateVpcLink',
      request({ VpcLinkId: id, ...pick(properties, ['Name']) }),
    )
    return { physicalId: id, attributes: { VpcLinkId: id } }
  },
  async delete(context, id) {
    await unlessGone(() => context.call('apigatewayv2', 'DeleteVpcLink', { VpcLinkId: id }))
  },
  async find(context, properties, { taken }) {
    const found = await firstOf(
      async (NextToken) => {
        const wish = request<object>({ MaxResults: '100', NextToken })
        const page = await context.call('apigatewayv2', 'GetVpcLinks', wish)
        return { items: page.Items ?? [], next: page.NextToken }
      },
      (item) =>
        item.VpcLinkId !== undefined &&
        !taken.has(item.VpcLinkId) &&
        marked(item.Tags, context.marks) &&
        fitsAll(properties, ['Name'], item),
    )
    return found?.VpcLinkId
  },
}
