/** What the transform writes into a REST API's OpenAPI document: integrations, CORS, models, parameters. */
import {
  ALL_METHODS,
  ANY_METHOD,
  hasIntegration,
  INTEGRATION,
  isOpenApi3,
  methodName,
  methodsAt,
  pathItems,
  writeMethod,
} from '#engines/sam/editor.ts'
import { conditional, given, ref } from '#engines/sam/intrinsics.ts'
import { invalidDocument, SamInvalid, structureText } from '#engines/sam/sam-error.ts'
import { type Dict, dictAt, isDict, listAt, memberOf, textAt, type Value } from '#engines/templates/value.ts'

export interface MethodPlace {
  readonly path: string
  readonly method: string
  readonly condition: string | undefined
}

export const swaggerSkeleton = (): Dict => ({
  swagger: '2.0',
  info: { version: '1.0', title: ref('AWS::StackName') },
  paths: {},
})

export function isSwagger(doc: Value | undefined): doc is Dict {
  if (!isDict(doc) || dictAt(doc, 'paths') === undefined) return false
  return (
    given(memberOf(doc, 'swagger')) ||
    (given(memberOf(doc, 'openapi')) && isOpenApi3(memberOf(doc, 'openapi')))
  )
}

export function requireSwagger(doc: Value | undefined): Dict {
  if (!isSwagger(doc)) {
    return invalidDocument(
      "Invalid Swagger document or the Swagger document is not explicitly defined in 'DefinitionBody'.",
    )
  }
  for (const path of Object.keys(dictAt(doc, 'paths') ?? {})) pathItems(doc, path)
  return doc
}

export interface LambdaIntegration {
  readonly uri: Value
  readonly credentials: Value | undefined
  readonly streams: boolean
}

export function addLambdaIntegration(doc: Dict, at: MethodPlace, by: LambdaIntegration): void {
  if (hasIntegration(doc, at.path, at.method)) {
    invalidDocument(`Lambda integration already exists on Path=${at.path}, Method=${methodName(at.method)}`)
  }
  writeMethod(doc, at, (method) => {
    method[INTEGRATION] = {
      type: 'aws_proxy',
      httpMethod: 'POST',
      uri: at.condition === undefined ? by.uri : conditional(at.condition, by.uri),
      ...(by.streams ? { responseTransferMode: 'STREAM' } : {}),
      ...(by.credentials === undefined ? {} : { credentials: by.credentials }),
    }
    method['responses'] ??= {}
  })
}

export function addStateMachineIntegration(
  doc: Dict,
  at: MethodPlace,
  by: { readonly credentials: Value; readonly requestTemplates: Value },
): void {
  if (hasIntegration(doc, at.path, at.method)) {
    invalidDocument(`Integration already exists on Path=${at.path}, Method=${methodName(at.method)}`)
  }
  const uri: Value = {
    'Fn::Sub': 'arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution',
  }
  writeMethod(doc, at, (method) => {
    method[INTEGRATION] = {
      type: 'aws',
      httpMethod: 'POST',
      uri: at.condition === undefined ? uri : conditional(at.condition, uri),
      responses: { '200': { statusCode: '200' }, '400': { statusCode: '400' } },
      credentials: by.credentials,
      requestTemplates: by.requestTemplates,
    }
    method['responses'] ??= { '200': { description: 'OK' }, '400': { description: 'Bad Request' } }
  })
}

export interface Cors {
  readonly origin: Value
  readonly headers: Value | undefined
  readonly methods: Value | undefined
  readonly maxAge: Value | undefined
  readonly credentials: boolean
}

/** An OPTIONS method that answers by itself, unless the path has one. Throws `SamInvalid` without an origin. */
export function addCors(doc: Dict, path: string, cors: Cors): void {
  for (const item of pathItems(doc, path)) {
    if (Object.hasOwn(item, 'options')) continue
    if (!given(cors.origin)) {
      throw new SamInvalid(structureText('Invalid input. Value for AllowedOrigins is required'))
    }
    const methods = given(cors.methods) ? cors.methods : `'${methodsAllowed(item)}'`
    item['options'] = preflight({ ...cors, methods })
  }
}

function methodsAllowed(item: Dict): string {
  const names = Object.keys(item)
  const all = names.includes(ANY_METHOD) ? [...ALL_METHODS] : [...names, 'options']
  return [...new Set(all.map((name) => name.toUpperCase()))].sort().join(',')
}

function preflight(cors: Cors): Dict {
  const rows: [name: string, value: Value | undefined, type: string][] = [
    ['Origin', cors.origin, 'string'],
    ['Headers', given(cors.headers) ? cors.headers : undefined, 'string'],
    ['Methods', given(cors.methods) ? cors.methods : undefined, 'string'],
    ['Credentials', cors.credentials ? "'true'" : undefined, 'string'],
  ]
  const parameters: Dict = {}
  const headers: Dict = {}
  const add = (header: string, value: Value | undefined, type: string): void => {
    if (value === undefined || value === null) return
    parameters[`method.response.header.${header}`] = value
    headers[header] = { type }
  }
  for (const [name, value, type] of rows) add(`Access-Control-Allow-${name}`, value, type)
  add('Access-Control-Max-Age', cors.maxAge, 'integer')
  return {
    summary: 'CORS support',
    consumes: ['application/json'],
    produces: ['application/json'],
    [INTEGRATION]: {
      type: 'mock',
      requestTemplates: { 'application/json': '{\n  "statusCode" : 200\n}\n' },
      responses: {
        default: {
          statusCode: '200',
          responseParameters: parameters,
          responseTemplates: { 'application/json': '{}\n' },
        },
      },
    },
    responses: { '200': { description: 'Default response for CORS method', headers } },
  }
}

export function setTimeoutOf(doc: Dict, path: string, method: string, timeout: Value): void {
  for (const one of methodsAt(doc, path, method)) {
    const integration = dictAt(one, INTEGRATION)
    if (integration !== undefined) integration['timeoutInMillis'] = timeout
  }
}

export function addModels(doc: Dict, models: Dict): void {
  const definitions = dictAt(doc, 'definitions') ?? {}
  for (const [name, schema] of Object.entries(models)) {
    if (!given(memberOf(schema, 'type'))) invalidDocument("'Models' schema is missing 'type'.")
    definitions[name.toLowerCase()] = schema
  }
  if (Object.keys(definitions).length > 0) doc['definitions'] = definitions
}

export function addRequestModel(doc: Dict, path: string, method: string, model: Dict): void {
  const name = (textAt(model, 'Model') ?? '').toLowerCase()
  const required = memberOf(model, 'Required') ?? null
  const mark: Dict = required === null ? {} : { required }
  for (const one of methodsAt(doc, path, method)) {
    if (memberOf(doc, 'swagger') !== undefined && doc['swagger'] !== null) {
      const parameter: Dict = { in: 'body', name, schema: { $ref: `#/definitions/${name}` }, ...mark }
      one['parameters'] = [...(listAt(one, 'parameters') ?? []), parameter]
    } else if (isOpenApi3(memberOf(doc, 'openapi'))) {
      one['requestBody'] = {
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
        ...mark,
      }
    }
  }
}

export function addRequestValidator(
  doc: Dict,
  at: { readonly path: string; readonly method: string },
  body: boolean,
  parameters: boolean,
): void {
  const name = body
    ? parameters
      ? 'body-and-params'
      : 'body-only'
    : parameters
      ? 'params-only'
      : 'no-validation'
  const validators = dictAt(doc, 'x-amazon-apigateway-request-validators') ?? {}
  validators[name] ??= { validateRequestBody: body, validateRequestParameters: parameters }
  doc['x-amazon-apigateway-request-validators'] = validators
  for (const one of methodsAt(doc, at.path, at.method)) one['x-amazon-apigateway-request-validator'] = name
}

export interface RequestParameter {
  /** Such as `method.request.header.Authorization`. */
  readonly name: string
  readonly required: Value
  readonly caching: Value
}

export function addRequestParameters(
  doc: Dict,
  at: { readonly path: string; readonly method: string },
  parameters: readonly RequestParameter[],
): void {
  for (const one of methodsAt(doc, at.path, at.method)) {
    const all = [...(listAt(one, 'parameters') ?? [])]
    for (const { name, required, caching } of parameters) {
      const [place = '', ...rest] = name.replace('method.request.', '').split('.')
      all.push({
        in: place === 'querystring' ? 'query' : place,
        name: rest.join('.'),
        required,
        type: 'string',
      })
      const integration = dictAt(one, INTEGRATION)
      if (given(caching) && integration !== undefined) {
        integration['cacheKeyParameters'] = [...(listAt(integration, 'cacheKeyParameters') ?? []), name]
      }
    }
    one['parameters'] = all
  }
}

/** `~1` in media types stands for a slash. */
export function addBinaryMediaTypes(doc: Dict, types: Value): void {
  doc['x-amazon-apigateway-binary-media-types'] = unescaped(types)
}

function unescaped(value: Value): Value {
  if (typeof value === 'string') return value.replaceAll('~1', '/')
  if (Array.isArray(value)) return value.map(unescaped)
  if (!isDict(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.replaceAll('~1', '/'), unescaped(item)]),
  )
}
