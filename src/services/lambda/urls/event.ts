/**
 * What a function gets from its URL: HTTP APIs' payload format 2.0 with ids of its own. Pure. Source: Lambda developer
 * guide, Invoking function URLs, Request payload format.
 */
import type { Bytes } from '#base/bytes.ts'
import { type JsonObject, isRecord } from '#base/json.ts'
import type { Instant } from '#base/time.ts'
import { payloadV2 } from '#engines/proxy-events/payload-v2.ts'
import { type Incoming, eventBody, headerOf, isBinaryContent } from '#engines/proxy-events/request.ts'
import type { DataPlaneCall } from '#ports/data-plane.ts'
import type { Owner } from '#services/lambda/names.ts'
import type { Caller } from '#services/lambda/urls/access.ts'
import { urlHost } from '#services/lambda/urls/record.ts'

export interface UrlEventSource {
  readonly owner: Owner
  readonly body: Bytes
  /** Who signed. */
  readonly caller: Caller | undefined
  readonly now: Instant
}

const DEFAULT = '$default'

export function urlEvent(call: DataPlaneCall, of: UrlEventSource): JsonObject {
  const incoming = incomingOf(call, of)
  const body = eventBody(of.body, isBinaryContent(headerOf(incoming, 'content-type'), of.body))
  const event = payloadV2(incoming, body, {
    // Source: events of unsigned requests to real function URLs.
    accountId: of.caller === undefined ? 'anonymous' : of.owner.account,
    apiId: call.id,
    stage: DEFAULT,
    routeKey: DEFAULT,
    requestId: call.requestId,
    time: of.now,
    stageVariables: {},
    pathParameters: {},
  })
  const context = isRecord(event['requestContext']) ? event['requestContext'] : {}
  const authorizer = of.caller === undefined ? {} : { authorizer: { iam: iamOf(of.caller) } }
  return {
    ...event,
    requestContext: { ...context, authentication: null, ...authorizer },
    pathParameters: null,
    stageVariables: null,
  }
}

const iamOf = (caller: Caller): JsonObject => ({
  accessKey: caller.accessKey,
  accountId: caller.account,
  callerId: caller.userId,
  cognitoIdentity: null,
  principalOrgId: null,
  userArn: caller.arn,
  userId: caller.userId,
})

function incomingOf(call: DataPlaneCall, { owner, body }: UrlEventSource): Incoming {
  const { request } = call
  const isNamed = request.host.startsWith(`${call.id}.`)
  return {
    method: request.method,
    path: call.path === '' ? '/' : call.path,
    query: request.query,
    rawHeaders: request.rawHeaders,
    body,
    sourceIp: request.remote.address.replace(/^::ffff:/, ''),
    // with the path form the host is the platform's own
    host: isNamed ? request.host : urlHost(call.id, owner.region, 'localhost'),
    port: /:(\d+)$/.exec(request.hostPort)?.[1] ?? '80',
    traceId: `Root=${call.span.traceId}`,
  }
}
