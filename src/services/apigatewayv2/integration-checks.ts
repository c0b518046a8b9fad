/** What an integration may be: AWS's refusals, and ours for what is not written yet. */
import type { CreateIntegrationRequest, Integration } from '#model/apigatewayv2.ts'
import { functionArnOf } from '#engines/proxy-events/lambda-uri.ts'
import { compileMessageMapping } from '#engines/proxy-events/message-mapping.ts'
import { badRequest, notYet } from '#services/apigatewayv2/faults.ts'
import { INTEGRATION_TIMEOUT_MAX, INTEGRATION_TIMEOUT_MIN } from '#services/apigatewayv2/limits.ts'
import { checkServiceIntegration } from '#services/apigatewayv2/service-integrations.ts'

type IntegrationWish = {
  readonly [K in keyof Omit<CreateIntegrationRequest, 'ApiId'>]?: CreateIntegrationRequest[K] | undefined
}

const WEBSOCKET_ONLY = [
  'ContentHandlingStrategy',
  'PassthroughBehavior',
  'RequestTemplates',
  'TemplateSelectionExpression',
] as const
const METHODS = ['ANY', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']

/**
 * The integration with its defaults. The default payload format of an API call, 1.0, and the default method of an HTTP
 * backend, ANY, are inferred.
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
    IntegrationType: wish.IntegrationType === 'HTTP_PROXY' ? 'HTTP_PROXY' : 'AWS_PROXY',
    TimeoutInMillis: timeout,
  } as const
  return { ...common, ...kindOf(wish) }
}

function kindOf(wish: IntegrationWish): Partial<Integration> {
  if (wish.IntegrationType === 'HTTP_PROXY') return { ...httpProxy(wish), ...mapped(wish) }
  if (wish.IntegrationSubtype === undefined) return { ...lambdaProxy(wish), ...mapped(wish) }
  return serviceIntegration(wish, wish.IntegrationSubtype)
}

function lambdaProxy(wish: IntegrationWish): Partial<Integration> {
  const uri = wish.IntegrationUri
  if (uri === undefined || functionArnOf(uri) === undefined) {
    throw badRequest(
      `Invalid integration URI specified: a Lambda function's ARN is needed, got ${uri ?? 'none'}`,
    )
  }
  const version = wish.PayloadFormatVersion ?? '1.0'
  if (version !== '1.0' && version !== '2.0') throw wrongVersion(version)
  return {
    IntegrationMethod: wish.IntegrationMethod ?? 'POST',
    IntegrationUri: uri,
    PayloadFormatVersion: version,
  }
}

/** Source: API Gateway V2 reference, PayloadFormatVersion: 1.0 only for everything but functions. */
function httpProxy(wish: IntegrationWish): Partial<Integration> {
  const uri = wish.IntegrationUri ?? ''
  if (!/^(https?:\/\/|\$\{stageVariables\.)\S+$/i.test(uri))
    throw badRequest(`Invalid HTTP endpoint specified for URI: ${uri}`)
  const method = wish.IntegrationMethod ?? 'ANY'
  if (!METHODS.includes(method)) throw badRequest(`Invalid HTTP method specified: ${method}`)
  const version = wish.PayloadFormatVersion ?? '1.0'
  if (version !== '1.0') throw wrongVersion(version)
  return { IntegrationMethod: method, IntegrationUri: uri, PayloadFormatVersion: version }
}

/** Parameter mappings of functions and HTTP backends. An entry that is empty is none, which takes it away in updates. */
function mapped(wish: IntegrationWish): Partial<Integration> {
  const request = Object.entries(wish.RequestParameters ?? {}).filter(([, value]) => value !== '')
  const RequestParameters = Object.fromEntries(request)
  const errors = errorsOf(RequestParameters, 'request')
  for (const [status, changes] of Object.entries(wish.ResponseParameters ?? {})) {
    if (!/^[2-5]\d\d$/.test(status)) errors.push(`Invalid status code: ${status}`)
    errors.push(...errorsOf(changes, 'answer'))
  }
  if (errors.length > 0) {
    throw badRequest(
      `Invalid mapping expression specified: Validation Result: warnings : [], errors : [${errors.join(', ')}]`,
    )
  }
  return {
    ...(wish.RequestParameters === undefined ? {} : { RequestParameters }),
    ...(wish.ResponseParameters === undefined ? {} : { ResponseParameters: wish.ResponseParameters }),
  }
}

function errorsOf(parameters: Readonly<Record<string, string>>, of: 'request' | 'answer'): string[] {
  const rules = compileMessageMapping(parameters, of)
  return rules.ok ? [] : [...rules.error]
}

function serviceIntegration(wish: IntegrationWish, subtype: string): Partial<Integration> {
  const version = wish.PayloadFormatVersion ?? '1.0'
  if (version !== '1.0') throw wrongVersion(version)
  const parameters = wish.RequestParameters ?? {}
  checkServiceIntegration(subtype, parameters)
  if (Object.keys(wish.ResponseParameters ?? {}).length > 0)
    throw notYet('Response parameter mapping of a service integration')
  return { IntegrationSubtype: subtype, RequestParameters: parameters, PayloadFormatVersion: version }
}

const wrongVersion = (version: string): ReturnType<typeof badRequest> =>
  badRequest(`Invalid PayloadFormatVersion specified: ${version}`)

function refuseOthers(wish: IntegrationWish): void {
  const type = wish.IntegrationType
  if (type === 'AWS' || type === 'HTTP' || type === 'MOCK') {
    throw badRequest(`HTTP APIs only support AWS_PROXY and HTTP_PROXY integrations, not ${type}`)
  }
  for (const name of WEBSOCKET_ONLY) {
    if (wish[name] !== undefined) throw badRequest(`${name} is not currently supported for HTTP APIs`)
  }
  if (wish.ConnectionType === 'VPC_LINK' || wish.ConnectionId !== undefined)
    throw notYet('An integration through a VPC link')
  if (wish.TlsConfig?.ServerNameToVerify !== undefined)
    throw notYet('TlsConfig, which only private integrations have,')
}
