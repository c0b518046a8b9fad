/** What a route, an integration, a stage or CORS may be: AWS's refusals, and ours for what is not written yet. */
import type {
  Cors,
  CreateIntegrationRequest,
  CreateRouteRequest,
  Integration,
  Route,
} from '#model/apigatewayv2.ts'
import { variableName, segmentsOf } from '#engines/proxy-events/routes.ts'
import { functionArnOf } from '#engines/proxy-events/lambda-uri.ts'
import { DEFAULT_ROUTE, DEFAULT_STAGE, type HttpApi, own, targetId } from '#services/apigatewayv2/document.ts'
import { badRequest, conflict, notYet } from '#services/apigatewayv2/faults.ts'
import { INTEGRATION_TIMEOUT_MAX, INTEGRATION_TIMEOUT_MIN } from '#services/apigatewayv2/limits.ts'
import { checkServiceIntegration } from '#services/apigatewayv2/service-integrations.ts'

const METHODS = ['ANY', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']

/** Faults BadRequestException for a key that is neither `$default` nor a method and a path. */
export function checkRouteKey(key: string): void {
  if (key === DEFAULT_ROUTE) return
  const [method = '', path = '', ...more] = key.split(' ')
  if (more.length > 0 || !METHODS.includes(method) || !path.startsWith('/')) {
    throw badRequest(
      `The provided route key is not formatted properly for HTTP protocol. Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "${DEFAULT_ROUTE}"`,
    )
  }
  const segments = segmentsOf(path)
  segments.forEach((segment, index) => {
    const variable = variableName(segment)
    if (variable === undefined && !/[{}]/.test(segment)) return
    const isName = variable !== undefined && /^[A-Za-z0-9_.-]+$/.test(variable.name)
    if (!isName || (variable.greedy && index < segments.length - 1)) {
      throw badRequest(`Resource path part ${segment} of route key ${key} is not valid.`)
    }
  })
}

type RouteWish = {
  readonly [K in keyof Omit<CreateRouteRequest, 'ApiId'>]?: CreateRouteRequest[K] | undefined
}

const WEBSOCKET_ONLY = [
  'ModelSelectionExpression',
  'RequestModels',
  'RequestParameters',
  'RouteResponseSelectionExpression',
] as const

/** Faults for members of a route that only WebSocket APIs have, and for authorizers, which are not written. */
export function checkRoute(wish: RouteWish, api: HttpApi): void {
  if (wish.RouteKey !== undefined) checkRouteKey(wish.RouteKey)
  if (wish.ApiKeyRequired === true)
    throw badRequest('ApiKeyRequired is not currently supported for HTTP APIs')
  for (const name of WEBSOCKET_ONLY) {
    if (wish[name] !== undefined) throw badRequest(`${name} is not currently supported for HTTP APIs`)
  }
  if (
    wish.AuthorizationType === 'JWT' ||
    wish.AuthorizationType === 'CUSTOM' ||
    wish.AuthorizerId !== undefined
  ) {
    throw notYet('An authorizer of an HTTP API')
  }
  const integration = targetId(wish.Target)
  if (wish.Target === undefined) return
  if (integration === undefined || own(api.integrations, integration) === undefined) {
    throw badRequest(`Invalid integration identifier specified in target ${wish.Target}`)
  }
}

/** Fault ConflictException when another route has that key. */
export function checkFree(key: string, api: HttpApi, except?: string): void {
  const taken = Object.values(api.routes).some((route) => route.RouteKey === key && route.RouteId !== except)
  if (taken) throw conflict(`Route with key ${key} already exists for this API`)
}

type IntegrationWish = {
  readonly [K in keyof Omit<CreateIntegrationRequest, 'ApiId'>]?: CreateIntegrationRequest[K] | undefined
}

/**
 * The integration with its defaults. Lambda proxies and first-class service integrations are written; the rest of what
 * AWS has is answered NotImplemented. The default payload format of an API call, 1.0, is inferred.
 */
export function integrationFrom(wish: IntegrationWish): Omit<Integration, 'IntegrationId'> {
  refuseOthers(wish)
  const timeout = wish.TimeoutInMillis ?? INTEGRATION_TIMEOUT_MAX
  if (timeout < INTEGRATION_TIMEOUT_MIN || timeout > INTEGRATION_TIMEOUT_MAX) {
    throw badRequest(
      `Timeout should be between ${INTEGRATION_TIMEOUT_MIN} ms and ${INTEGRATION_TIMEOUT_MAX} ms`,
    )
  }
  const common = {
    ConnectionType: 'INTERNET',
    CredentialsArn: wish.CredentialsArn,
    Description: wish.Description,
    IntegrationType: 'AWS_PROXY',
    TimeoutInMillis: timeout,
  } as const
  const kind =
    wish.IntegrationSubtype === undefined
      ? lambdaProxy(wish)
      : serviceIntegration(wish, wish.IntegrationSubtype)
  return { ...common, ...kind }
}

function lambdaProxy(wish: IntegrationWish): Partial<Integration> {
  const uri = wish.IntegrationUri
  if (uri === undefined || functionArnOf(uri) === undefined) {
    throw badRequest(
      `Invalid integration URI specified: a Lambda function's ARN is needed, got ${uri ?? 'none'}`,
    )
  }
  if (wish.RequestParameters !== undefined && Object.keys(wish.RequestParameters).length > 0) {
    throw notYet('Parameter mapping of a Lambda proxy of an HTTP API')
  }
  const version = wish.PayloadFormatVersion ?? '1.0'
  if (version !== '1.0' && version !== '2.0')
    throw badRequest(`Invalid PayloadFormatVersion specified: ${version}`)
  return {
    IntegrationMethod: wish.IntegrationMethod ?? 'POST',
    IntegrationUri: uri,
    PayloadFormatVersion: version,
  }
}

function serviceIntegration(wish: IntegrationWish, subtype: string): Partial<Integration> {
  const version = wish.PayloadFormatVersion ?? '1.0'
  if (version !== '1.0') throw badRequest(`Invalid PayloadFormatVersion specified: ${version}`)
  const parameters = wish.RequestParameters ?? {}
  checkServiceIntegration(subtype, parameters)
  return { IntegrationSubtype: subtype, RequestParameters: parameters, PayloadFormatVersion: version }
}

function refuseOthers(wish: IntegrationWish): void {
  const type = wish.IntegrationType
  if (type === 'AWS' || type === 'HTTP' || type === 'MOCK') {
    throw badRequest(`HTTP APIs only support AWS_PROXY and HTTP_PROXY integrations, not ${type}`)
  }
  if (type === 'HTTP_PROXY') throw notYet('An HTTP_PROXY integration of an HTTP API')
  if (wish.ConnectionType === 'VPC_LINK' || wish.ConnectionId !== undefined) throw notYet('A VPC link')
  if (wish.ResponseParameters !== undefined && Object.keys(wish.ResponseParameters).length > 0) {
    throw notYet('Response parameter mapping of an HTTP API')
  }
  if (wish.TlsConfig !== undefined) throw notYet('TlsConfig of an integration')
}

/** Source: API Gateway V2 reference, StageName: letters, digits, hyphens and underscores up to 128, or `$default`. */
export function checkStageName(name: string): void {
  if (name === DEFAULT_STAGE || /^[A-Za-z0-9_-]{1,128}$/.test(name)) return
  throw badRequest(
    `Invalid stage name: ${name}. Only alphanumeric characters, hyphens and underscores are allowed.`,
  )
}

/** Faults for origins that are neither a star nor a scheme with a host, and for credentials beside a star. */
export function checkCors(cors: Cors): void {
  for (const origin of cors.AllowOrigins ?? []) {
    if (origin === '*' || /^[A-Za-z][A-Za-z0-9+.-]*:\/\/\S+$/.test(origin)) continue
    throw badRequest(`Invalid format for origin ${origin}. Origins are a scheme and a host, or "*".`)
  }
  if (cors.AllowCredentials === true && (cors.AllowOrigins ?? []).includes('*')) {
    throw badRequest('AllowCredentials cannot be used together with the origin "*".')
  }
  const age = cors.MaxAge ?? 0
  if (age < -1 || age > 86_400) throw badRequest(`MaxAge should be between -1 and 86400, not ${age}`)
}

/** Members of a route that are kept; the others are refused before. */
export function routeFrom(wish: RouteWish): Omit<Route, 'RouteKey' | 'RouteId'> {
  return {
    ApiKeyRequired: false,
    AuthorizationType: wish.AuthorizationType ?? 'NONE',
    AuthorizationScopes: wish.AuthorizationScopes,
    OperationName: wish.OperationName,
    Target: wish.Target,
  }
}
