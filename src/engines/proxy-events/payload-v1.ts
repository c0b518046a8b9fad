/**
 * Payload format 1.0: what a function gets from a REST API's AWS_PROXY integration and, with `version`, from an
 * HTTP API's integration of that format. Absent maps are null here; format 2.0 leaves them out.
 */
import { clfDate } from '#base/time.ts'
import type { Json, JsonObject } from '#base/json.ts'
import {
  type EventBody,
  type EventContext,
  type Incoming,
  gatewayHeaders,
  headerOf,
  isHopByHop,
  push,
  queryValues,
} from '#engines/proxy-events/request.ts'

export interface V1Context extends EventContext {
  /** `rest` keeps the spelling of header names, `http` writes them in lower case and adds `version`. */
  readonly kind: 'rest' | 'http'
  readonly extendedRequestId: string
  /** The resource's path with its variables, such as `/{proxy+}`. */
  readonly resourcePath: string
  /** Null for HTTP APIs. */
  readonly resourceId: string | null
  /** Absent for HTTP APIs. */
  readonly deploymentId: string | undefined
  /** The path without the stage, as the function sees it. */
  readonly path: string
  /** Members of `identity` that are known, such as those of a signed request; the others are null. */
  readonly identity?: JsonObject | undefined
}

/**
 * The event. Sources: API Gateway developer guide, Input format of a Lambda function for proxy integration;
 * Working with AWS Lambda proxy integrations for HTTP APIs; members and nulls from recorded AWS events.
 */
export function payloadV1(incoming: Incoming, body: EventBody, context: V1Context): JsonObject {
  const headers = headerValues(incoming, context.kind)
  const query = queryValues(incoming.query)
  return {
    ...(context.kind === 'http' ? { version: '1.0' } : {}),
    resource: context.resourcePath,
    path: context.path,
    httpMethod: incoming.method,
    headers: lastOf(headers),
    multiValueHeaders: Object.fromEntries(headers),
    queryStringParameters: query.size === 0 ? null : lastOf(query),
    multiValueQueryStringParameters: query.size === 0 ? null : Object.fromEntries(query),
    requestContext: requestContext(incoming, context),
    pathParameters: orNull(context.pathParameters),
    stageVariables: orNull(context.stageVariables),
    body: body.body,
    isBase64Encoded: body.isBase64Encoded,
  }
}

function requestContext(incoming: Incoming, context: V1Context): JsonObject {
  return {
    resourceId: context.resourceId,
    resourcePath: context.resourcePath,
    httpMethod: incoming.method,
    extendedRequestId: context.extendedRequestId,
    requestTime: clfDate(context.time),
    path: incoming.path,
    accountId: context.accountId,
    protocol: 'HTTP/1.1',
    stage: context.stage,
    domainPrefix: incoming.host.split('.', 1)[0] ?? '',
    requestTimeEpoch: Math.floor(context.time),
    requestId: context.requestId,
    identity: { ...identity(incoming), ...context.identity },
    ...(context.authorizer === undefined ? {} : { authorizer: context.authorizer }),
    domainName: incoming.host,
    ...(context.deploymentId === undefined ? {} : { deploymentId: context.deploymentId }),
    apiId: context.apiId,
  }
}

/** Without an authorizer every member but two is null. Source: recorded AWS events. */
function identity(incoming: Incoming): JsonObject {
  return {
    cognitoIdentityPoolId: null,
    accountId: null,
    cognitoIdentityId: null,
    caller: null,
    sourceIp: incoming.sourceIp,
    principalOrgId: null,
    accessKey: null,
    cognitoAuthenticationType: null,
    cognitoAuthenticationProvider: null,
    userArn: null,
    userAgent: headerOf(incoming, 'user-agent') ?? null,
    user: null,
  }
}

/** Names that REST APIs spell in their own way whatever the client sent. Source: recorded AWS events. */
const REST_SPELLINGS = new Map([
  ['authorization', 'Authorization'],
  ['host', 'Host'],
  ['user-agent', 'User-Agent'],
  ['x-amzn-trace-id', 'X-Amzn-Trace-Id'],
  ['x-forwarded-for', 'X-Forwarded-For'],
  ['x-forwarded-port', 'X-Forwarded-Port'],
  ['x-forwarded-proto', 'X-Forwarded-Proto'],
])

function headerValues(incoming: Incoming, kind: 'rest' | 'http'): Map<string, string[]> {
  const values = new Map<string, string[]>()
  const spellings = new Map<string, string>()
  const added = gatewayHeaders(incoming)
  const spell = (name: string, lower: string): string => {
    if (kind === 'http') return lower
    const known = spellings.get(lower) ?? REST_SPELLINGS.get(lower) ?? name
    spellings.set(lower, known)
    return known
  }
  for (const [name, value] of incoming.rawHeaders) {
    const lower = name.toLowerCase()
    if (isHopByHop(lower) || added.has(lower) || (kind === 'rest' && lower === 'content-length')) continue
    push(values, spell(name, lower), value)
  }
  for (const [lower, value] of added) push(values, spell(lower, lower), value)
  return values
}

/** The last value of each name. Source: recorded AWS events. */
function lastOf(values: Map<string, string[]>): JsonObject {
  const entries: [string, Json][] = []
  for (const [name, list] of values) entries.push([name, list.at(-1) ?? ''])
  return Object.fromEntries(entries)
}

const orNull = (map: Readonly<Record<string, string>>): JsonObject | null =>
  Object.keys(map).length === 0 ? null : map
