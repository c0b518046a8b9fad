/**
 * An OpenAPI description as routes, integrations and authorizers of an HTTP API. Pure but for ids. What AWS only warns
 * about is a warning here too; what is not written yet is refused, because an API without its backend would lie.
 */
import { utf8 } from '#base/bytes.ts'
import type { Cors } from '#model/apigatewayv2.ts'
import type {
  ApiDescription,
  ApiOperation,
  AuthorizerDescription,
  CorsDescription,
} from '#engines/openapi/description.ts'
import { readOpenApi } from '#engines/openapi/read.ts'
import { authorizerFrom } from '#services/apigatewayv2/authorizer-checks.ts'
import { checkAuthorization, checkCors, checkFree, checkRouteKey } from '#services/apigatewayv2/checks.ts'
import {
  DEFAULT_ROUTE,
  type HttpApi,
  type StoredAuthorizer,
  type StoredRoute,
} from '#services/apigatewayv2/document.ts'
import { badRequest } from '#services/apigatewayv2/faults.ts'
import { integrationFrom } from '#services/apigatewayv2/integration-checks.ts'
import { AUTHORIZERS_MAX, DEFINITION_MAX_BYTES, ROUTES_MAX } from '#services/apigatewayv2/limits.ts'

/** Faults BadRequestException: only OpenAPI 3 is taken. Source: developer guide, Import an HTTP API. */
export function descriptionOf(body: string): ApiDescription {
  const bytes = utf8(body)
  if (bytes.length > DEFINITION_MAX_BYTES) throw badRequest('The definition is larger than 6 MB.')
  const read = readOpenApi(bytes)
  if (!read.ok) throw badRequest(read.error)
  if (read.value.format === 'swagger2') {
    throw badRequest('Unsupported specification version: HTTP APIs are imported from OpenAPI 3.0 only.')
  }
  return read.value
}

export interface Imported {
  readonly warnings: readonly string[]
}

/** Puts routes, integrations, CORS and tags of a description into a document that has no routes. */
export function importInto(
  api: HttpApi,
  description: ApiDescription,
  options: { readonly basePath: string | undefined; readonly newId: () => string },
): Imported {
  const warnings: string[] = []
  const prefix = prefixOf(description.basePath, options.basePath)
  const authorizers = new Map<string, StoredAuthorizer>()
  for (const wish of description.authorizers) {
    const AuthorizerId = options.newId()
    const made = authorizerFrom(authorizerWish(wish))
    authorizers.set(wish.name, { ...made, AuthorizerId })
  }
  if (authorizers.size > AUTHORIZERS_MAX)
    throw badRequest(`An API has at most ${AUTHORIZERS_MAX} authorizers`)
  api.authorizers = Object.fromEntries([...authorizers.values()].map((one) => [one.AuthorizerId, one]))
  for (const operation of description.operations) {
    const RouteKey = routeKeyOf(operation, prefix)
    checkRouteKey(RouteKey)
    checkFree(RouteKey, api)
    const RouteId = options.newId()
    const target = integrate(api, operation, options.newId)
    if (target === undefined) warnings.push(`No integration is defined for route ${RouteKey}`)
    const route: StoredRoute = {
      RouteId,
      RouteKey,
      ApiKeyRequired: false,
      ...authorizationOf(operation, authorizers),
      OperationName: operation.operationId,
      Target: target,
    }
    checkAuthorization(route, api)
    api.routes[RouteId] = route
  }
  if (Object.keys(api.routes).length > ROUTES_MAX) throw badRequest(`An API has at most ${ROUTES_MAX} routes`)
  const cors = corsFrom(description.cors)
  if (cors !== undefined) checkCors(cors)
  api.settings = {
    ...api.settings,
    Name: description.title === '' ? api.settings.Name : description.title,
    Description: description.description ?? api.settings.Description,
    Version: description.version ?? api.settings.Version,
    CorsConfiguration: cors ?? api.settings.CorsConfiguration,
    DisableExecuteApiEndpoint:
      description.disableExecuteApiEndpoint ?? api.settings.DisableExecuteApiEndpoint,
    Tags: { ...api.settings.Tags, ...description.tags },
  }
  return { warnings }
}

function authorizerWish(wish: AuthorizerDescription): Parameters<typeof authorizerFrom>[0] {
  const { issuer: Issuer, audience: Audience } = wish
  return {
    AuthorizerCredentialsArn: wish.credentials,
    AuthorizerPayloadFormatVersion: wish.payloadFormatVersion,
    AuthorizerResultTtlInSeconds: wish.resultTtlInSeconds,
    AuthorizerType: wish.type.toUpperCase(),
    AuthorizerUri: wish.uri,
    EnableSimpleResponses: wish.enableSimpleResponses,
    IdentitySource: wish.identitySource,
    IdentityValidationExpression: wish.identityValidationExpression,
    ...(wish.type === 'jwt' ? { JwtConfiguration: { Audience, Issuer } } : {}),
    Name: wish.name,
  }
}

function authorizationOf(
  { authorization }: ApiOperation,
  authorizers: ReadonlyMap<string, StoredAuthorizer>,
): Pick<StoredRoute, 'AuthorizationType' | 'AuthorizerId' | 'AuthorizationScopes'> {
  if (authorization.kind !== 'AUTHORIZER') return { AuthorizationType: authorization.kind }
  const authorizer = authorizers.get(authorization.name)
  const AuthorizerId = authorizer?.AuthorizerId
  if (authorizer?.AuthorizerType !== 'JWT') return { AuthorizationType: 'CUSTOM', AuthorizerId }
  const { scopes } = authorization
  return {
    AuthorizationType: 'JWT',
    AuthorizerId,
    ...(scopes.length === 0 ? {} : { AuthorizationScopes: scopes }),
  }
}

function integrate(api: HttpApi, operation: ApiOperation, newId: () => string): string | undefined {
  const wish = operation.integration
  if (wish === undefined) return undefined
  const integration = integrationFrom({
    IntegrationType: wish.type,
    IntegrationSubtype: wish.subtype,
    IntegrationUri: wish.uri,
    IntegrationMethod: wish.httpMethod,
    PayloadFormatVersion: wish.payloadFormatVersion,
    TimeoutInMillis: wish.timeoutInMillis,
    CredentialsArn: wish.credentials,
    ConnectionType: wish.connectionType === 'VPC_LINK' ? 'VPC_LINK' : undefined,
    ConnectionId: wish.connectionId,
    ...(Object.keys(wish.requestParameters).length === 0
      ? {}
      : { RequestParameters: wish.requestParameters }),
    ...(Object.keys(wish.responseParameters).length === 0
      ? {}
      : { ResponseParameters: wish.responseParameters }),
    TlsConfig:
      wish.serverNameToVerify === undefined ? undefined : { ServerNameToVerify: wish.serverNameToVerify },
  })
  const IntegrationId = newId()
  api.integrations[IntegrationId] = { ...integration, IntegrationId }
  return `integrations/${IntegrationId}`
}

function routeKeyOf(operation: ApiOperation, prefix: string): string {
  if (operation.path === '$default' || operation.path === '/$default') return DEFAULT_ROUTE
  const path = operation.path === '/' && prefix !== '' ? prefix : `${prefix}${operation.path}`
  return `${operation.method} ${path}`
}

/** Source: API Gateway developer guide, Set the OpenAPI basePath property: ignore, prepend, or split. */
export function prefixOf(basePath: string, mode: string | undefined): string {
  switch (mode?.toLowerCase()) {
    case undefined:
    case 'ignore':
      return ''
    case 'prepend':
      return basePath
    case 'split': {
      const second = basePath.indexOf('/', 1)
      return second === -1 ? '' : basePath.slice(second)
    }
    default:
      throw badRequest(`Invalid value for basepath: ${mode}. Valid values are ignore, prepend and split.`)
  }
}

function corsFrom(cors: CorsDescription | undefined): Cors | undefined {
  if (cors === undefined) return undefined
  return {
    AllowCredentials: cors.allowCredentials,
    AllowHeaders: cors.allowHeaders,
    AllowMethods: cors.allowMethods,
    AllowOrigins: cors.allowOrigins,
    ExposeHeaders: cors.exposeHeaders,
    MaxAge: cors.maxAge,
  }
}
