/**
 * Payload format 2.0: what a function gets from an HTTP API (and, with other ids, from a function URL). Names in
 * lower case, repeated values joined by a comma, cookies apart, absent members left out.
 */
import { clfDate } from '#base/time.ts'
import type { JsonObject } from '#base/json.ts'
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

export interface V2Context extends EventContext {
  /** Such as `GET /pets` or `$default`. */
  readonly routeKey: string
}

/** The event. Source: API Gateway developer guide, Working with AWS Lambda proxy integrations for HTTP APIs, 2.0. */
export function payloadV2(incoming: Incoming, body: EventBody, context: V2Context): JsonObject {
  const { headers, cookies } = lowerHeaders(incoming)
  const query = queryValues(incoming.query)
  return {
    version: '2.0',
    routeKey: context.routeKey,
    rawPath: incoming.path,
    rawQueryString: incoming.query,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers,
    ...(query.size === 0 ? {} : { queryStringParameters: joined(query) }),
    requestContext: {
      accountId: context.accountId,
      apiId: context.apiId,
      ...(context.authorizer === undefined ? {} : { authorizer: context.authorizer }),
      domainName: incoming.host,
      domainPrefix: incoming.host.split('.', 1)[0] ?? '',
      http: {
        method: incoming.method,
        path: incoming.path,
        protocol: 'HTTP/1.1',
        sourceIp: incoming.sourceIp,
        userAgent: headerOf(incoming, 'user-agent') ?? '',
      },
      requestId: context.requestId,
      routeKey: context.routeKey,
      stage: context.stage,
      time: clfDate(context.time),
      timeEpoch: Math.floor(context.time),
    },
    ...(Object.keys(context.pathParameters).length === 0 ? {} : { pathParameters: context.pathParameters }),
    ...(body.body === null ? {} : { body: body.body }),
    isBase64Encoded: body.isBase64Encoded,
    ...(Object.keys(context.stageVariables).length === 0 ? {} : { stageVariables: context.stageVariables }),
  }
}

function lowerHeaders(incoming: Incoming): { headers: JsonObject; cookies: string[] } {
  const values = new Map<string, string[]>()
  const cookies: string[] = []
  const added = gatewayHeaders(incoming)
  for (const [name, value] of incoming.rawHeaders) {
    const lower = name.toLowerCase()
    if (lower === 'cookie') cookies.push(...cookiesOf(value))
    else if (!isHopByHop(lower) && !added.has(lower)) push(values, lower, value)
  }
  for (const [name, value] of added) values.set(name, [value])
  return { headers: joined(values), cookies }
}

const cookiesOf = (value: string): string[] =>
  value
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '')

function joined(values: Map<string, string[]>): JsonObject {
  const entries: [string, string][] = []
  for (const [name, list] of values) entries.push([name, list.join(',')])
  return Object.fromEntries(entries)
}
