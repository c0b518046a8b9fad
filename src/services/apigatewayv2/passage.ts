/**
 * One request on its way through an HTTP API: what is known from its address, what the steps note for the access log,
 * and what `$context` variables say of it. The steps themselves are `data-plane.ts`.
 */
import { printArn } from '#base/arn.ts'
import { type Bytes, utf8 } from '#base/bytes.ts'
import type { JsonObject } from '#base/json.ts'
import { type Instant, clfDate } from '#base/time.ts'
import type { DataPlaneCall } from '#ports/data-plane.ts'
import type { MappingSource } from '#engines/proxy-events/parameter-mapping.ts'
import { type Incoming, percentDecode, queryValues } from '#engines/proxy-events/request.ts'
import type { Target } from '#services/apigatewayv2/deployed.ts'
import type { HttpApi, StoredStage } from '#services/apigatewayv2/document.ts'
import type { ApiOwner } from '#services/apigatewayv2/state.ts'

export type Pair = readonly [name: string, value: string]
export interface Answer {
  readonly status: number
  readonly headers: readonly Pair[]
  readonly body: Bytes
}

/** What an authorizer let through, as events and variables show it. */
export interface Authorized {
  /** `requestContext.authorizer` of format 2.0. */
  readonly v2: JsonObject
  /** The same of format 1.0; undefined where that format has none. */
  readonly v1: JsonObject | undefined
  /** Members of format 1.0's `identity`. */
  readonly identity?: JsonObject | undefined
  /** `$context` variables by their names. */
  readonly variables: Readonly<Record<string, string>>
}

/** Filled on the way, for the access log. */
export interface Notes {
  target?: Target
  parameters?: Readonly<Record<string, string>>
  authorized?: Authorized
  authorizerError?: string
  integrationStatus?: number
  integrationMs?: number
  integrationError?: string
  /** Set when the gateway itself refused: its message. */
  errorMessage?: string
  /** Requests without a route, authorisation failures and throttled requests cost nothing. */
  isFree?: boolean
}

export interface Passage {
  readonly call: DataPlaneCall
  readonly owner: ApiOwner
  readonly api: HttpApi
  readonly stage: StoredStage
  /** Below stage and mapping. */
  readonly path: string
  /** As functions see it: with the stage, without the mapping of a custom domain. */
  readonly shownPath: string
  /** Key of the custom domain's mapping that was chosen, empty for its root; undefined at the API's own address. */
  readonly mappingKey: string | undefined
  /** As `apigw-requestid` and the events show it. */
  readonly requestId: string
  readonly at: Instant
  readonly notes: Notes
}

/** A gateway's own answer. Noted, so that the access log can tell it from a backend's. */
export function refusal(passage: Passage | undefined, status: number, message: string): Answer {
  if (passage !== undefined) passage.notes.errorMessage = message
  return {
    status,
    headers: [['content-type', 'application/json']],
    body: utf8(JSON.stringify({ message })),
  }
}

export function incomingOf(passage: Passage, body: Bytes): Incoming {
  const { request, span } = passage.call
  return {
    method: request.method,
    path: passage.shownPath === '' ? '/' : passage.shownPath,
    query: request.query,
    rawHeaders: request.rawHeaders,
    body,
    sourceIp: request.remote.address.replace(/^::ffff:/, ''),
    host: request.host,
    port: /:(\d+)$/.exec(request.hostPort)?.[1] ?? '80',
    traceId: `Root=${span.traceId}`,
  }
}

/** Path variables of the route, decoded. */
export const decodedParameters = (parameters: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, percentDecode(value)]))

/**
 * `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}{path}`, as policies and authorizers name a request,
 * whichever route it takes. Source: developer guide, Lambda authorizers, `routeArn` of a `$default` route.
 */
export function routeArn({ api, owner, stage, call, path }: Passage): string {
  const place = `${call.request.method}${path === '' ? '/' : path}`
  return executeArn(owner, `${api.id}/${stage.StageName}/${place}`)
}

/** The ARN that function permissions are compared with: the route's path with its variables, or `$default`. */
export function sourceArnOf({ api, owner, stage, call }: Passage, target: Target): string {
  const place = target.routeKey === '$default' ? '$default' : `${call.request.method}${target.resourcePath}`
  return executeArn(owner, `${api.id}/${stage.StageName}/${place}`)
}

export const executeArn = ({ account, region }: ApiOwner, resource: string): string =>
  printArn({ service: 'execute-api', region, account, resource })

/** Where parameter mappings and identity sources find their values. */
export function mappingSource(passage: Passage, incoming: Incoming): MappingSource {
  const own = (map: Readonly<Record<string, string>>, name: string): string | undefined =>
    Object.hasOwn(map, name) ? map[name] : undefined
  const parameters = passage.notes.parameters ?? {}
  return {
    header: (name) => {
      const values = incoming.rawHeaders.filter(([given]) => given.toLowerCase() === name)
      return values.length === 0 ? undefined : values.map(([, value]) => value).join(',')
    },
    query: (name) => queryValues(incoming.query).get(name)?.join(','),
    path: (name) => {
      if (name === undefined) return passage.path
      const value = own(parameters, name)
      return value === undefined ? undefined : percentDecode(value)
    },
    context: (name) => own(contextOf(passage), name),
    stageVariable: (name) => own(passage.stage.StageVariables ?? {}, name),
    body: incoming.body,
  }
}

/** Source: API Gateway developer guide, Logging variables of HTTP APIs; those that are known before the answer. */
export function contextOf({
  call,
  owner,
  api,
  stage,
  requestId,
  at,
  notes,
  mappingKey,
}: Passage): Record<string, string> {
  const { request } = call
  return {
    ...notes.authorized?.variables,
    accountId: owner.account,
    apiId: api.id,
    ...(mappingKey === undefined || mappingKey === '' ? {} : { 'customDomain.basePathMatched': mappingKey }),
    domainName: request.host,
    domainPrefix: request.host.split('.', 1)[0] ?? '',
    extendedRequestId: requestId,
    httpMethod: request.method,
    'identity.sourceIp': request.remote.address.replace(/^::ffff:/, ''),
    'identity.userAgent': request.headers['user-agent'] ?? '',
    path: call.path === '' ? '/' : call.path,
    protocol: 'HTTP/1.1',
    requestId,
    requestTime: clfDate(at),
    requestTimeEpoch: String(Math.floor(at)),
    ...(notes.target === undefined ? {} : { routeKey: notes.target.routeKey }),
    stage: stage.StageName,
  }
}
