/**
 * The operations of a document: `paths` with their methods, parameters, responses and the
 * `x-amazon-apigateway-integration` extension. References (`$ref`) inside the document are followed one level deep,
 * as parameters and responses use them.
 */
import { isRecord, stringAt, valueAt } from '#base/json.ts'
import type {
  ApiOperation,
  IntegrationDescription,
  IntegrationResponseDescription,
  MethodResponseDescription,
} from '#engines/openapi/description.ts'
import { schemesOf } from '#engines/openapi/security.ts'
import {
  booleanAt,
  integerAt,
  recordAt,
  stringsAt,
  textAt,
  textMap,
  textsOf,
} from '#engines/openapi/values.ts'

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'options', 'head'] as const
const ANY = 'x-amazon-apigateway-any-method'

export function operationsOf(document: unknown): ApiOperation[] {
  const operations: ApiOperation[] = []
  for (const [path, item] of Object.entries(recordAt(document, 'paths') ?? {})) {
    if (path !== '$default' && !path.startsWith('/')) continue
    for (const name of [...METHODS, ANY]) {
      const operation = recordAt(item, name)
      if (operation === undefined) continue
      const method = name === ANY ? 'ANY' : name.toUpperCase()
      operations.push(operationOf({ document, path, item, operation, method }))
    }
  }
  return operations
}

interface Place {
  readonly document: unknown
  readonly path: string
  /** The path's own entry, whose parameters hold for each of its methods. */
  readonly item: unknown
  readonly operation: Readonly<Record<string, unknown>>
  readonly method: string
}

function operationOf(place: Place): ApiOperation {
  const { document, path, operation, method } = place
  return {
    path,
    method,
    operationId: stringAt(operation, 'operationId'),
    ...securityOf(document, operation),
    requestValidator:
      stringAt(operation, 'x-amazon-apigateway-request-validator') ??
      stringAt(document, 'x-amazon-apigateway-request-validator'),
    requestParameters: parametersOf(place),
    responses: methodResponsesOf(document, operation),
    integration: integrationOf(followed(document, valueAt(operation, 'x-amazon-apigateway-integration'))),
  }
}

/** A member of the document that `value` refers to, or `value` itself. */
function followed(document: unknown, value: unknown): unknown {
  const reference = stringAt(value, '$ref')
  if (reference === undefined || !reference.startsWith('#/')) return value
  let at: unknown = document
  for (const part of reference.slice(2).split('/')) {
    at = valueAt(at, part.replaceAll('~1', '/').replaceAll('~0', '~'))
  }
  return at
}

const LOCATIONS = new Map([
  ['query', 'querystring'],
  ['header', 'header'],
  ['path', 'path'],
])

function parametersOf(place: Place): Record<string, boolean> {
  const listed = [valueAt(place.item, 'parameters'), valueAt(place.operation, 'parameters')]
  const entries: [string, boolean][] = []
  for (const parameter of listed.flatMap((list): unknown[] => (Array.isArray(list) ? list : []))) {
    const found = followed(place.document, parameter)
    const location = LOCATIONS.get(stringAt(found, 'in') ?? '')
    const name = stringAt(found, 'name')
    if (location === undefined || name === undefined) continue
    entries.push([`method.request.${location}.${name}`, booleanAt(found, 'required') ?? false])
  }
  return Object.fromEntries(entries)
}

type Security = Pick<ApiOperation, 'authorization' | 'apiKeyRequired'>

/**
 * The first requirement decides. `sigv4` schemes and `x-amazon-apigateway-auth` of type AWS_IAM are IAM, schemes
 * with an authorizer extension are authorizers, `apiKey` schemes named `x-api-key` are API keys. Source: API Gateway
 * developer guide, x-amazon-apigateway-authtype property, x-amazon-apigateway-auth object.
 */
function securityOf(document: unknown, operation: unknown): Security {
  const listed = valueAt(operation, 'security') ?? valueAt(document, 'security')
  let authorization: ApiOperation['authorization'] = { kind: 'NONE' }
  let apiKeyRequired = false
  for (const requirement of Array.isArray(listed) ? listed : []) {
    for (const [name, scopes] of Object.entries(isRecord(requirement) ? requirement : {})) {
      const scheme = schemeOf(document, name)
      if (scheme === 'API_KEY') apiKeyRequired = true
      else if (scheme === 'AWS_IAM') authorization = { kind: 'AWS_IAM' }
      else if (scheme === 'AUTHORIZER' && authorization.kind === 'NONE')
        authorization = { kind: 'AUTHORIZER', name, scopes: textsOf(scopes) }
    }
  }
  const own = stringAt(recordAt(operation, 'x-amazon-apigateway-auth'), 'type')
  if (own?.toUpperCase() === 'AWS_IAM') authorization = { kind: 'AWS_IAM' }
  return { authorization, apiKeyRequired }
}

function schemeOf(document: unknown, name: string): 'API_KEY' | 'AWS_IAM' | 'AUTHORIZER' | 'NONE' {
  const scheme = recordAt(schemesOf(document), name)
  if (scheme === undefined) return 'NONE'
  const extension = recordAt(scheme, 'x-amazon-apigateway-authorizer')
  if (extension !== undefined) return 'AUTHORIZER'
  const kind = stringAt(scheme, 'x-amazon-apigateway-authtype')?.toLowerCase()
  if (kind === 'awssigv4' || name === 'sigv4') return 'AWS_IAM'
  const isKey =
    stringAt(scheme, 'type') === 'apiKey' && stringAt(scheme, 'name')?.toLowerCase() === 'x-api-key'
  return isKey ? 'API_KEY' : 'NONE'
}

function methodResponsesOf(document: unknown, operation: unknown): MethodResponseDescription[] {
  const responses: MethodResponseDescription[] = []
  for (const [statusCode, value] of Object.entries(recordAt(operation, 'responses') ?? {})) {
    if (!/^[1-5]\d\d$/.test(statusCode)) continue
    const response = followed(document, value)
    const headers = Object.keys(recordAt(response, 'headers') ?? {})
    responses.push({
      statusCode,
      headers: headers.map((name) => `method.response.header.${name}`),
      mediaTypes: Object.keys(recordAt(response, 'content') ?? {}),
    })
  }
  return responses
}

/** Source: API Gateway developer guide, x-amazon-apigateway-integration object. */
function integrationOf(value: unknown): IntegrationDescription | undefined {
  if (!isRecord(value)) return undefined
  return {
    type: (textAt(value, 'type') ?? '').toUpperCase(),
    httpMethod: textAt(value, 'httpMethod')?.toUpperCase(),
    uri: textAt(value, 'uri'),
    credentials: textAt(value, 'credentials'),
    payloadFormatVersion: payloadFormatOf(textAt(value, 'payloadFormatVersion')),
    subtype: textAt(value, 'integrationSubtype'),
    timeoutInMillis: integerAt(value, 'timeoutInMillis'),
    passthroughBehavior: textAt(value, 'passthroughBehavior')?.toUpperCase(),
    contentHandling: textAt(value, 'contentHandling')?.toUpperCase(),
    connectionType: textAt(value, 'connectionType')?.toUpperCase(),
    connectionId: textAt(value, 'connectionId'),
    cacheNamespace: textAt(value, 'cacheNamespace'),
    cacheKeyParameters: stringsAt(value, 'cacheKeyParameters') ?? [],
    responseTransferMode: textAt(value, 'responseTransferMode')?.toUpperCase(),
    requestParameters: textMap(valueAt(value, 'requestParameters')),
    requestTemplates: textMap(valueAt(value, 'requestTemplates')),
    responses: integrationResponsesOf(recordAt(value, 'responses') ?? {}),
    responseParameters: Object.fromEntries(
      Object.entries(recordAt(value, 'responseParameters') ?? {}).map(([status, changes]) => [
        status,
        textMap(changes),
      ]),
    ),
    serverNameToVerify: textAt(recordAt(value, 'tlsConfig'), 'serverNameToVerify'),
  }
}

/** YAML and JSON readers make a number of an unquoted 2.0. */
const payloadFormatOf = (version: string | undefined): string | undefined =>
  version === '1' || version === '2' ? `${version}.0` : version

function integrationResponsesOf(
  responses: Readonly<Record<string, unknown>>,
): IntegrationResponseDescription[] {
  return Object.entries(responses).map(([pattern, value]) => ({
    selectionPattern: pattern === 'default' ? undefined : pattern,
    statusCode: textAt(value, 'statusCode') ?? '200',
    responseParameters: textMap(valueAt(value, 'responseParameters')),
    responseTemplates: textMap(valueAt(value, 'responseTemplates')),
    contentHandling: textAt(value, 'contentHandling')?.toUpperCase(),
  }))
}
