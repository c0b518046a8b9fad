/**
 * The answers that a REST API makes itself: their types, statuses and texts, the API's own changes to them, and how
 * one is written. Sources: developer guide, Gateway response types; recorded AWS answers for texts and headers.
 */
import { type Bytes, utf8 } from '#base/bytes.ts'
import { type RestDocument, type StoredGatewayResponse, own } from '#services/apigateway/document.ts'
import { badRequest } from '#services/apigateway/faults.ts'
import { type MappingSource, checkGatewayMapping, mapped, withContext } from '#services/apigateway/mapping.ts'

/** Status by type; the two defaults have none of their own. */
export const GATEWAY_STATUSES: Readonly<Record<string, string | undefined>> = {
  ACCESS_DENIED: '403',
  API_CONFIGURATION_ERROR: '500',
  AUTHORIZER_CONFIGURATION_ERROR: '500',
  AUTHORIZER_FAILURE: '500',
  BAD_REQUEST_BODY: '400',
  BAD_REQUEST_PARAMETERS: '400',
  DEFAULT_4XX: undefined,
  DEFAULT_5XX: undefined,
  EXPIRED_TOKEN: '403',
  INTEGRATION_FAILURE: '504',
  INTEGRATION_TIMEOUT: '504',
  INVALID_API_KEY: '403',
  INVALID_SIGNATURE: '403',
  MISSING_AUTHENTICATION_TOKEN: '403',
  QUOTA_EXCEEDED: '429',
  REQUEST_TOO_LARGE: '413',
  RESOURCE_NOT_FOUND: '404',
  THROTTLED: '429',
  UNAUTHORIZED: '401',
  UNSUPPORTED_MEDIA_TYPE: '415',
  WAF_FILTERED: '403',
}

const TEMPLATE = '{"message":$context.error.messageString}'

/** What GetGatewayResponse shows when the API has not changed that type. */
export function defaultGatewayResponse(responseType: string): StoredGatewayResponse {
  const statusCode = GATEWAY_STATUSES[responseType]
  return {
    responseType,
    ...(statusCode === undefined ? {} : { statusCode }),
    responseParameters: {},
    responseTemplates: { 'application/json': TEMPLATE },
    defaultResponse: true,
  }
}

export function gatewayResponseOf(api: RestDocument, responseType: string): StoredGatewayResponse {
  return own(api.gatewayResponses, responseType) ?? defaultGatewayResponse(responseType)
}

interface GatewayResponseWish {
  readonly responseType: string
  readonly statusCode?: string | undefined
  readonly responseParameters?: Readonly<Record<string, string | null>> | undefined
  readonly responseTemplates?: Readonly<Record<string, string | null>> | undefined
}

/** The response with its defaults; Faults for types that there are not and expressions that AWS refuses. */
export function gatewayResponseFrom(wish: GatewayResponseWish): StoredGatewayResponse {
  if (!Object.hasOwn(GATEWAY_STATUSES, wish.responseType)) {
    throw badRequest(`Invalid gateway response type specified: ${wish.responseType}`)
  }
  for (const [name, expression] of Object.entries(wish.responseParameters ?? {})) {
    if (!/^gatewayresponse\.header\.\S+$/.test(name))
      throw badRequest(`Invalid parameter name specified: ${name}`)
    if (expression !== null) checkGatewayMapping(expression)
  }
  const defaults = defaultGatewayResponse(wish.responseType)
  const statusCode = wish.statusCode ?? defaults.statusCode
  return {
    responseType: wish.responseType,
    ...(statusCode === undefined ? {} : { statusCode }),
    responseParameters: wish.responseParameters ?? {},
    responseTemplates:
      wish.responseTemplates === undefined || Object.keys(wish.responseTemplates).length === 0
        ? (defaults.responseTemplates ?? {})
        : wish.responseTemplates,
    defaultResponse: false,
  }
}

/** An error of the gateway before an API's own changes to it. */
export interface GatewayError {
  readonly responseType: string
  readonly status: number
  readonly message: string
  /** As `x-amzn-ErrorType` shows it. */
  readonly errorType: string
  /** AWS writes a blank after the colon in errors of integrations: a recorded answer is 36 bytes long. */
  readonly blank: boolean
}

const error = (responseType: string, status: number, message: string, errorType: string): GatewayError => ({
  responseType,
  status,
  message,
  errorType,
  blank: status >= 500,
})
const INTERNAL = 'InternalServerErrorException'

export const MISSING_TOKEN = error(
  'MISSING_AUTHENTICATION_TOKEN',
  403,
  'Missing Authentication Token',
  'MissingAuthenticationTokenException',
)
/** An unknown stage, and a default endpoint that is switched off. */
export const FORBIDDEN = error('ACCESS_DENIED', 403, 'Forbidden', 'ForbiddenException')
export const INVALID_API_KEY = error('INVALID_API_KEY', 403, 'Forbidden', 'ForbiddenException')
/** The text is inferred. */
export const TOO_LARGE = error('REQUEST_TOO_LARGE', 413, 'Request Too Long', 'RequestTooLargeException')
export const UNSUPPORTED_MEDIA_TYPE = error(
  'UNSUPPORTED_MEDIA_TYPE',
  415,
  'Unsupported Media Type',
  'BadRequestException',
)
/** Wrong settings, and a function that Lambda refused or throttled. Source: Lambda developer guide, Errors with an API Gateway API. */
export const MISCONFIGURED = error('API_CONFIGURATION_ERROR', 500, 'Internal server error', INTERNAL)
export const REFUSED = error('DEFAULT_5XX', 500, 'Internal server error', INTERNAL)
/** A function that failed or answered in another form. */
export const MALFORMED = error('DEFAULT_5XX', 502, 'Internal server error', INTERNAL)
export const TIMED_OUT = error('INTEGRATION_TIMEOUT', 504, 'Endpoint request timed out', INTERNAL)

export interface WrittenResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Bytes
}

/** The answer: the API's own response of that type, else its DEFAULT_4XX or DEFAULT_5XX, else AWS's. */
export function writeGatewayError(
  fault: GatewayError,
  responses: ReadonlyMap<string, StoredGatewayResponse>,
  source: MappingSource,
): WrittenResponse {
  const general = fault.status >= 500 ? 'DEFAULT_5XX' : 'DEFAULT_4XX'
  const changed = responses.get(fault.responseType) ?? responses.get(general)
  const errorType = ['x-amzn-ErrorType', fault.errorType] as const
  const quoted = JSON.stringify(fault.message)
  if (changed === undefined) {
    const body = utf8(`{"message":${fault.blank ? ' ' : ''}${quoted}}`)
    return { status: fault.status, headers: [['Content-Type', 'application/json'], errorType], body }
  }
  const context = {
    ...source.context,
    'error.message': fault.message,
    'error.messageString': quoted,
    'error.responseType': fault.responseType,
  }
  const full = { ...source, context }
  const headers: (readonly [string, string])[] = [errorType]
  for (const [name, expression] of Object.entries(changed.responseParameters ?? {})) {
    const value = expression === null ? undefined : mapped(expression, full)
    if (value !== undefined) headers.push([name.replace(/^gatewayresponse\.header\./, ''), value])
  }
  const templates = Object.entries(changed.responseTemplates ?? {})
  const [type, template] = templates.find(([name]) => name === 'application/json') ??
    templates[0] ?? ['', null]
  if (type !== '') headers.unshift(['Content-Type', type])
  const text = template === null ? `{"message":${quoted}}` : withContext(template, full)
  if (type === '') headers.unshift(['Content-Type', 'application/json'])
  return { status: Number(changed.statusCode ?? fault.status), headers, body: utf8(text) }
}
