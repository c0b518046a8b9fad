/** What a route, a stage or CORS may be: AWS's refusals. Integrations and authorizers are files of their own. */
import { parseArn } from '#base/arn.ts'
import { utf8 } from '#base/bytes.ts'
import type {
  AccessLogSettings,
  Cors,
  CreateRouteRequest,
  CreateStageRequest,
  Route,
  RouteSettings,
  UpdateStageRequest,
} from '#model/apigatewayv2.ts'
import { variableName, segmentsOf } from '#engines/proxy-events/routes.ts'
import { DEFAULT_ROUTE, DEFAULT_STAGE, type HttpApi, own, targetId } from '#services/apigatewayv2/document.ts'
import { badRequest, conflict, notYet } from '#services/apigatewayv2/faults.ts'
import { LOG_FORMAT_MAX_BYTES, SCOPES_MAX, STAGE_VARIABLES_MAX } from '#services/apigatewayv2/limits.ts'

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

/** Faults for members of a route that only WebSocket APIs have, and for targets and authorizers that are not there. */
export function checkRoute(wish: RouteWish, api: HttpApi): void {
  if (wish.RouteKey !== undefined) checkRouteKey(wish.RouteKey)
  if (wish.ApiKeyRequired === true)
    throw badRequest('ApiKeyRequired is not currently supported for HTTP APIs')
  for (const name of WEBSOCKET_ONLY) {
    if (wish[name] !== undefined) throw badRequest(`${name} is not currently supported for HTTP APIs`)
  }
  const integration = targetId(wish.Target)
  if (wish.Target === undefined) return
  if (integration === undefined || own(api.integrations, integration) === undefined) {
    throw badRequest(`Invalid integration identifier specified in target ${wish.Target}`)
  }
}

/** Source: AWS answers that users of AWS's SDKs have reported; those for IAM and none are inferred. */
export function checkAuthorization(route: Omit<Route, 'RouteKey'>, api: HttpApi): void {
  const type = route.AuthorizationType ?? 'NONE'
  const authorizer = own(api.authorizers ?? {}, route.AuthorizerId ?? '')?.AuthorizerType
  if (type === 'JWT' && authorizer !== 'JWT') {
    throw badRequest(
      'Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer.',
    )
  }
  if (type === 'CUSTOM' && authorizer !== 'REQUEST') {
    throw badRequest(
      'Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.',
    )
  }
  const scopes = route.AuthorizationScopes ?? []
  if (scopes.length > 0 && type !== 'JWT') {
    throw badRequest(
      'Invalid Route authorization type specified. Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization types',
    )
  }
  if (scopes.length > SCOPES_MAX) throw badRequest(`A route has at most ${SCOPES_MAX} authorization scopes`)
}

/** Fault ConflictException when another route has that key. */
export function checkFree(key: string, api: HttpApi, except?: string): void {
  const taken = Object.values(api.routes).some((route) => route.RouteKey === key && route.RouteId !== except)
  if (taken) throw conflict(`Route with key ${key} already exists for this API`)
}

/** Source: API Gateway V2 reference, StageName: letters, digits, hyphens and underscores up to 128, or `$default`. */
export function checkStageName(name: string): void {
  if (name === DEFAULT_STAGE || /^[A-Za-z0-9_-]{1,128}$/.test(name)) return
  throw badRequest(
    `Invalid stage name: ${name}. Only alphanumeric characters, hyphens and underscores are allowed.`,
  )
}

/** Faults for origins that are neither a star nor a scheme with a host, and for credentials beside a star, in AWS's words as users have reported them. */
export function checkCors(cors: Cors): void {
  for (const origin of cors.AllowOrigins ?? []) {
    if (origin === '*' || /^[A-Za-z][A-Za-z0-9+.-]*:\/\/\S+$/.test(origin)) continue
    throw badRequest(`Invalid format for origin ${origin}. Origins are a scheme and a host, or "*".`)
  }
  if (cors.AllowCredentials === true && (cors.AllowOrigins ?? []).includes('*')) {
    throw badRequest("allow-credentials is not supported if 'allow-origin' is *")
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
    AuthorizerId: wish.AuthorizerId,
    OperationName: wish.OperationName,
    Target: wish.Target,
  }
}

/** Throttling, logging and variables of a stage. Texts beside the format's line breaks are inferred. */
export function checkStageSettings(wish: CreateStageRequest | UpdateStageRequest): void {
  if (wish.ClientCertificateId !== undefined)
    throw badRequest('ClientCertificateId is supported only for WebSocket APIs.')
  const settings = [wish.DefaultRouteSettings ?? {}, ...Object.values(wish.RouteSettings ?? {})]
  for (const one of settings) checkRouteSettings(one)
  for (const key of Object.keys(wish.RouteSettings ?? {})) checkRouteKey(key)
  if (wish.AccessLogSettings !== undefined) checkAccessLog(wish.AccessLogSettings)
  const variables = Object.entries(wish.StageVariables ?? {})
  if (variables.length > STAGE_VARIABLES_MAX)
    throw badRequest(`A stage has at most ${STAGE_VARIABLES_MAX} variables`)
  for (const [name, value] of variables) {
    if (!/^\w{1,64}$/.test(name) || !/^[A-Za-z0-9\-._~:/?#&=,]{0,512}$/.test(value))
      throw badRequest(`Invalid stage variable: ${name}`)
  }
}

function checkRouteSettings({ ThrottlingRateLimit, ThrottlingBurstLimit, ...rest }: RouteSettings): void {
  if ((ThrottlingRateLimit ?? 0) < 0 || (ThrottlingBurstLimit ?? 0) < 0)
    throw badRequest('Throttling limits cannot be negative')
  if (rest.DataTraceEnabled === true || (rest.LoggingLevel ?? 'OFF') !== 'OFF')
    throw badRequest('Execution logs are not supported on protocol type HTTP')
}

/** A half of the two is kept and writes nothing. */
function checkAccessLog({ DestinationArn, Format }: AccessLogSettings): void {
  if (DestinationArn !== undefined) {
    const arn = parseArn(DestinationArn)
    if (arn?.service === 'firehose') throw notYet('Access logs to a delivery stream')
    if (arn?.service !== 'logs' || !arn.resource.startsWith('log-group:'))
      throw badRequest(`Invalid ARN specified in the request: ${DestinationArn}`)
  }
  if (Format === undefined) return
  if (/[\r\n]/.test(Format.trimEnd()))
    throw badRequest(
      'Access Log format must be single line, new line character is allowed only at end of the format',
    )
  if (utf8(Format).length > LOG_FORMAT_MAX_BYTES)
    throw badRequest('Access Log format must be at most 3 KB long')
}
