/** Methods, their responses and integrations: AWS's refusals, ours for what is not written, and defaults. Pure. */
import type {
  Integration,
  IntegrationResponse,
  Method,
  PutIntegrationRequest,
  PutMethodRequest,
} from '#model/apigateway.ts'
import { parseArn } from '#base/arn.ts'
import { functionArnOf } from '#engines/proxy-events/lambda-uri.ts'
import { type StoredResource, own } from '#services/apigateway/document.ts'
import { badRequest, noMethod, notYet, unknownMappingParameter } from '#services/apigateway/faults.ts'
import { INTEGRATION_TIMEOUT_MAX, INTEGRATION_TIMEOUT_MIN } from '#services/apigateway/limits.ts'
import { checkResponseMapping, isTemplate } from '#services/apigateway/mapping.ts'

const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'ANY']
/** Every new API has these two. Source: developer guide, Data models for REST APIs. */
const MODELS = ['Empty', 'Error']

export function methodAt(resource: StoredResource, httpMethod: string): Method {
  const method = own(resource.methods, httpMethod)
  if (method === undefined) throw noMethod()
  return method
}

type MethodWish = Omit<PutMethodRequest, 'restApiId' | 'resourceId'>

/** The method with its defaults. Authorizers, validators and further models are not written, so no id of one is valid. */
export function methodFrom(wish: MethodWish): Method {
  if (!METHODS.includes(wish.httpMethod)) {
    throw badRequest(`Invalid HttpMethod specified. Valid options are ${METHODS.join(',')}`)
  }
  checkAuthorization(wish.authorizationType)
  if (wish.requestValidatorId !== undefined)
    throw badRequest('Invalid Request Validator identifier specified')
  checkModels(wish.requestModels)
  checkRequestParameters(wish.requestParameters)
  return {
    httpMethod: wish.httpMethod,
    authorizationType: wish.authorizationType,
    apiKeyRequired: wish.apiKeyRequired ?? false,
    operationName: wish.operationName,
    requestParameters: wish.requestParameters,
    requestModels: wish.requestModels,
    authorizationScopes: wish.authorizationScopes,
  }
}

export function checkAuthorization(type: string): void {
  if (type === 'NONE' || type === 'AWS_IAM') return
  if (type === 'CUSTOM' || type === 'COGNITO_USER_POOLS') {
    throw badRequest(
      'Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.',
    )
  }
  throw badRequest(
    'Invalid authorizer type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS',
  )
}

export function checkModels(models: Readonly<Record<string, string | null>> | undefined): void {
  for (const name of Object.values(models ?? {})) {
    if (name !== null && !MODELS.includes(name))
      throw badRequest(`Invalid model identifier specified: ${name}`)
  }
}

function checkRequestParameters(parameters: Readonly<Record<string, boolean | null>> | undefined): void {
  const seen = new Set<string>()
  for (const name of Object.keys(parameters ?? {})) {
    const match = /^method\.request\.(multivalue)?(querystring|header|path)\.(.+)$/.exec(name)
    if (match?.[3] === undefined) {
      throw badRequest(
        `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: ${name}]`,
      )
    }
    if (seen.has(match[3])) {
      throw badRequest('Parameter names must be unique across querystring, header and path')
    }
    seen.add(match[3])
  }
}

type IntegrationWish = Omit<PutIntegrationRequest, 'restApiId' | 'resourceId' | 'httpMethod'>

/**
 * The integration with its defaults. Source: recorded AWS answers for defaults and texts. AWS_PROXY to Lambda and
 * MOCK are written.
 */
export function integrationFrom(wish: IntegrationWish, resourceId: string): Integration {
  const timeout = wish.timeoutInMillis ?? INTEGRATION_TIMEOUT_MAX
  if (timeout < INTEGRATION_TIMEOUT_MIN || timeout > INTEGRATION_TIMEOUT_MAX) {
    throw badRequest(
      `Timeout should be between ${INTEGRATION_TIMEOUT_MIN} ms and ${INTEGRATION_TIMEOUT_MAX} ms`,
    )
  }
  checkPassthrough(wish.passthroughBehavior)
  if (wish.type === 'AWS_PROXY') checkLambdaProxy(wish)
  else if (wish.type === 'MOCK') checkMock(wish)
  else throw notYet(`An integration of type ${wish.type} of a REST API`)
  if (wish.responseTransferMode === 'STREAM') throw notYet('Response streaming of a REST API')
  return {
    type: wish.type,
    httpMethod: wish.integrationHttpMethod,
    uri: wish.uri,
    connectionType: wish.connectionType,
    credentials: wish.credentials,
    requestParameters: wish.requestParameters,
    requestTemplates: wish.requestTemplates,
    passthroughBehavior: wish.passthroughBehavior ?? 'WHEN_NO_MATCH',
    contentHandling: wish.contentHandling,
    timeoutInMillis: timeout,
    cacheNamespace: wish.cacheNamespace ?? resourceId,
    cacheKeyParameters: wish.cacheKeyParameters ?? [],
  }
}

function checkPassthrough(behavior: string | undefined): void {
  if (behavior === undefined) return
  if (behavior === 'WHEN_NO_MATCH' || behavior === 'WHEN_NO_TEMPLATES' || behavior === 'NEVER') return
  throw badRequest('Invalid passthroughBehavior. Valid options are WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER')
}

function checkLambdaProxy(wish: IntegrationWish): void {
  if (wish.integrationHttpMethod === undefined || wish.integrationHttpMethod === '') {
    throw badRequest('Enumeration value for HttpMethod must be non-empty')
  }
  if (wish.connectionType === 'VPC_LINK' || wish.connectionId !== undefined) throw notYet('A VPC link')
  const arn = parseArn(wish.uri ?? '')
  if (arn === undefined) throw badRequest('Invalid ARN specified in the request')
  if (arn.service !== 'apigateway' || !/^(path|action)\//.test(arn.resource)) {
    throw badRequest('AWS ARN for integration must contain path or action')
  }
  if (functionArnOf(wish.uri ?? '') === undefined) {
    throw badRequest(
      "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
    )
  }
}

function checkMock(wish: IntegrationWish): void {
  for (const template of Object.values(wish.requestTemplates ?? {})) {
    if (template !== null && isTemplate(template)) throw notYet('A request template with Velocity directives')
  }
}

/** Faults for headers that the method's response does not have, and for templates that need the language. */
export function checkIntegrationResponse(response: IntegrationResponse, method: Method): void {
  const declared = own(method.methodResponses, response.statusCode ?? '')
  for (const [name, expression] of Object.entries(response.responseParameters ?? {})) {
    if (expression === null) continue
    checkResponseMapping(expression)
    if (!name.startsWith('method.response.header.')) throw unknownMappingParameter(name)
    if (own(declared?.responseParameters, name) === undefined) throw unknownMappingParameter(name)
  }
  if (method.methodIntegration?.type !== 'MOCK') return
  for (const template of Object.values(response.responseTemplates ?? {})) {
    if (template !== null && isTemplate(template))
      throw notYet('A response template with Velocity directives')
  }
}
