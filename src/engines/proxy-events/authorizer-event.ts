/**
 * What a Lambda authorizer of an HTTP API gets, in both formats. Made of the same parts as the events of integrations.
 * Source: API Gateway developer guide, Control access to HTTP APIs with Lambda authorizers.
 */
import type { JsonObject } from '#base/json.ts'
import { payloadV1 } from '#engines/proxy-events/payload-v1.ts'
import { payloadV2 } from '#engines/proxy-events/payload-v2.ts'
import type { EventContext, Incoming } from '#engines/proxy-events/request.ts'

export interface AuthorizerContext extends EventContext {
  /** ARN of the route that was asked for, with the request's method and path. */
  readonly routeArn: string
  readonly routeKey: string
  /** Of the route key, such as `/pets/{id}`. */
  readonly resourcePath: string
  /** Values of the identity sources, in their order; undefined when the authorizer has none. */
  readonly identitySource: readonly string[] | undefined
}

const NO_BODY = { body: null, isBase64Encoded: false }

export function authorizerEventV2(incoming: Incoming, context: AuthorizerContext): JsonObject {
  const { version: _, body: _b, isBase64Encoded: _e, ...event } = payloadV2(incoming, NO_BODY, context)
  return {
    version: '2.0',
    type: 'REQUEST',
    routeArn: context.routeArn,
    identitySource: context.identitySource ?? null,
    ...event,
  }
}

/** `authorizationToken` repeats the identity sources, as AWS's example has it. */
export function authorizerEventV1(incoming: Incoming, context: AuthorizerContext): JsonObject {
  const { resourcePath, stageVariables, pathParameters } = context
  const event = payloadV1(incoming, NO_BODY, {
    ...context,
    kind: 'http',
    extendedRequestId: context.requestId,
    resourcePath,
    resourceId: null,
    deploymentId: undefined,
    path: incoming.path,
  })
  const { body: _, isBase64Encoded: _e, version: _v, multiValueHeaders: _h, ...rest } = event
  const { multiValueQueryStringParameters: _q, ...shown } = rest
  const identity = context.identitySource?.join(',') ?? null
  return {
    version: '1.0',
    type: 'REQUEST',
    methodArn: context.routeArn,
    identitySource: identity,
    authorizationToken: identity,
    ...shown,
    queryStringParameters: shown['queryStringParameters'] ?? {},
    pathParameters,
    stageVariables,
  }
}
