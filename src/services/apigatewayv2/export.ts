/**
 * An HTTP API as an OpenAPI 3 document, such that importing it makes the same routes, integrations and authorizers.
 * Pure. Source: API Gateway developer guide, Export an HTTP API, and the extensions' pages; the order of members and
 * the version of an API that has none are inferred.
 */
import type { Json, JsonObject } from '#base/json.ts'
import { isoSeconds } from '#base/time.ts'
import type { Cors } from '#model/apigatewayv2.ts'
import type {
  HttpApi,
  Snapshot,
  StoredAuthorizer,
  StoredIntegration,
  StoredRoute,
} from '#services/apigatewayv2/document.ts'
import { DEFAULT_STAGE, targetId } from '#services/apigatewayv2/document.ts'

export interface ExportWish {
  readonly snapshot: Snapshot
  readonly endpoint: string
  readonly stage: string | undefined
  readonly withExtensions: boolean
}

export function exported(api: HttpApi, wish: ExportWish): JsonObject {
  const { snapshot, withExtensions } = wish
  const { settings } = api
  const schemes = schemesOf(snapshot, withExtensions)
  return {
    openapi: '3.0.1',
    info: {
      title: settings.Name,
      ...member('description', settings.Description),
      version:
        settings.Version ??
        (settings.CreatedDate === undefined
          ? '1.0'
          : isoSeconds(settings.CreatedDate).replace('T', ' ').replace('Z', 'UTC')),
    },
    servers: [serverOf(wish)],
    ...(withExtensions ? tagsOf(settings.Tags ?? {}) : {}),
    paths: pathsOf(snapshot, withExtensions),
    ...(Object.keys(schemes).length === 0 ? {} : { components: { securitySchemes: schemes } }),
    ...(withExtensions && settings.CorsConfiguration !== undefined
      ? { 'x-amazon-apigateway-cors': corsOf(settings.CorsConfiguration) }
      : {}),
    ...(withExtensions ? { 'x-amazon-apigateway-importexport-version': '1.0' } : {}),
  }
}

function serverOf({ endpoint, stage }: ExportWish): JsonObject {
  if (stage === undefined || stage === DEFAULT_STAGE) return { url: endpoint }
  return { url: `${endpoint}/{basePath}`, variables: { basePath: { default: stage } } }
}

function tagsOf(tags: Readonly<Record<string, string>>): JsonObject {
  const list = Object.entries(tags).map(([name, value]) => ({ name, 'x-amazon-apigateway-tag-value': value }))
  return list.length === 0 ? {} : { tags: list }
}

function pathsOf({ routes, integrations, authorizers }: Snapshot, withExtensions: boolean): JsonObject {
  const integrationOf = new Map(integrations.map((one) => [one.IntegrationId, one]))
  const authorizerOf = new Map((authorizers ?? []).map((one) => [one.AuthorizerId, one]))
  const paths = new Map<string, Record<string, Json>>()
  for (const route of routes) {
    const isDefault = route.RouteKey === '$default'
    const [method = '', path = ''] = isDefault ? ['ANY', '/$default'] : route.RouteKey.split(' ', 2)
    const name = method === 'ANY' ? 'x-amazon-apigateway-any-method' : method.toLowerCase()
    const integration = integrationOf.get(targetId(route.Target) ?? '')
    const item = paths.get(path) ?? {}
    item[name] = {
      ...member('operationId', route.OperationName),
      responses: { default: { description: `Default response for ${route.RouteKey}` } },
      ...parametersOf(path),
      ...securityOf(route, authorizerOf.get(route.AuthorizerId ?? '')),
      ...(isDefault && withExtensions ? { isDefaultRoute: true } : {}),
      ...(integration === undefined || !withExtensions
        ? {}
        : { 'x-amazon-apigateway-integration': integrationIn(integration) }),
    }
    paths.set(path, item)
  }
  return Object.fromEntries([...paths].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function parametersOf(path: string): JsonObject {
  const names = [...path.matchAll(/\{([^}+]+)\+?\}/g)].map(([, name = '']) => name)
  if (names.length === 0) return {}
  return {
    parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
  }
}

const SIGNED = 'sigv4'

function securityOf(route: StoredRoute, authorizer: StoredAuthorizer | undefined): JsonObject {
  if (route.AuthorizationType === 'AWS_IAM') return { security: [{ [SIGNED]: [] }] }
  if (authorizer === undefined) return {}
  return { security: [{ [authorizer.Name]: [...(route.AuthorizationScopes ?? [])] }] }
}

function schemesOf({ routes, authorizers }: Snapshot, withExtensions: boolean): JsonObject {
  const schemes = (authorizers ?? []).map((one): [string, JsonObject] => [
    one.Name,
    schemeOf(one, withExtensions),
  ])
  if (routes.some((route) => route.AuthorizationType === 'AWS_IAM')) {
    schemes.push([
      SIGNED,
      { type: 'apiKey', name: 'Authorization', in: 'header', 'x-amazon-apigateway-authtype': 'awsSigv4' },
    ])
  }
  return Object.fromEntries(schemes)
}

function schemeOf(one: StoredAuthorizer, withExtensions: boolean): JsonObject {
  const identitySource = (one.IdentitySource ?? []).join(',')
  if (one.AuthorizerType === 'JWT') {
    const { Issuer, Audience } = one.JwtConfiguration ?? {}
    const jwtConfiguration = { ...member('issuer', Issuer), audience: [...(Audience ?? [])] }
    const extension = { type: 'jwt', identitySource, jwtConfiguration }
    return {
      type: 'oauth2',
      flows: {},
      ...(withExtensions ? { 'x-amazon-apigateway-authorizer': extension } : {}),
    }
  }
  const [, header] = /^\$request\.header\.([^,]+)/.exec(identitySource) ?? []
  const scheme = { type: 'apiKey', name: header ?? 'Unused', in: 'header' }
  if (!withExtensions) return scheme
  return {
    ...scheme,
    'x-amazon-apigateway-authorizer': {
      type: 'request',
      ...(identitySource === '' ? {} : { identitySource }),
      ...member('authorizerUri', one.AuthorizerUri),
      ...member('authorizerCredentials', one.AuthorizerCredentialsArn),
      ...member('authorizerPayloadFormatVersion', one.AuthorizerPayloadFormatVersion),
      ...member('authorizerResultTtlInSeconds', one.AuthorizerResultTtlInSeconds),
      ...member('enableSimpleResponses', one.EnableSimpleResponses),
    },
  }
}

/** Source: developer guide, x-amazon-apigateway-integration object. */
function integrationIn(one: StoredIntegration): JsonObject {
  return {
    ...member('payloadFormatVersion', one.PayloadFormatVersion),
    type: (one.IntegrationType ?? 'AWS_PROXY').toLowerCase(),
    ...member('integrationSubtype', one.IntegrationSubtype),
    ...member('httpMethod', one.IntegrationMethod),
    ...member('uri', one.IntegrationUri),
    ...member('connectionType', one.ConnectionType),
    ...member('credentials', one.CredentialsArn),
    ...member('requestParameters', one.RequestParameters),
    ...member('responseParameters', one.ResponseParameters),
    ...member('timeoutInMillis', one.TimeoutInMillis),
  }
}

function corsOf(cors: Cors): JsonObject {
  const list = (texts: readonly string[] | undefined): Json | undefined =>
    texts === undefined ? undefined : [...texts]
  return {
    ...member('allowOrigins', list(cors.AllowOrigins)),
    ...member('allowMethods', list(cors.AllowMethods)),
    ...member('allowHeaders', list(cors.AllowHeaders)),
    ...member('exposeHeaders', list(cors.ExposeHeaders)),
    ...member('maxAge', cors.MaxAge),
    ...member('allowCredentials', cors.AllowCredentials),
  }
}

/** A member that is left out when it has no value. */
const member = (name: string, value: Json | undefined): JsonObject =>
  value === undefined ? {} : { [name]: value }
