/**
 * What an authorizer of an HTTP API may be. The first text is recorded, the others are inferred.
 * Source: API Gateway V2 reference, CreateAuthorizer; quotas for HTTP APIs.
 */
import type { Authorizer, CreateAuthorizerRequest } from '#model/apigatewayv2.ts'
import { functionArnOf } from '#engines/proxy-events/lambda-uri.ts'
import { compileMapping } from '#engines/proxy-events/parameter-mapping.ts'
import { badRequest } from '#services/apigatewayv2/faults.ts'
import { AUDIENCES_MAX, AUTHORIZER_TTL_MAX_SECONDS } from '#services/apigatewayv2/limits.ts'

export type AuthorizerWish = Omit<CreateAuthorizerRequest, 'ApiId'>

/** Identity sources may be anything but the body. */
const SOURCE = /^\$(request\.(header|querystring)|stageVariables|context)\.\S+$/

export function authorizerFrom(wish: AuthorizerWish): Omit<Authorizer, 'AuthorizerId'> {
  if (wish.Name === '') throw badRequest('Authorizer name should not be empty')
  const sources = wish.IdentitySource.filter((source) => source !== '')
  for (const source of sources) {
    if (!SOURCE.test(source) || compileMapping(source) === undefined)
      throw badRequest(`Invalid identity source specified: ${source}`)
  }
  switch (wish.AuthorizerType) {
    case 'JWT':
      return jwtFrom(wish, sources)
    case 'REQUEST':
      return requestFrom(wish, sources)
    default:
      throw badRequest(`Invalid authorizer type specified: ${wish.AuthorizerType}`)
  }
}

/** AWS also looks whether the issuer answers; here it may start later. */
function jwtFrom(wish: AuthorizerWish, sources: readonly string[]): Omit<Authorizer, 'AuthorizerId'> {
  const { Issuer = '', Audience = [] } = wish.JwtConfiguration ?? {}
  if (!/^https?:\/\/\S+$/.test(Issuer))
    throw badRequest(`Invalid issuer: ${Issuer}. Issuer must have a valid URL`)
  if (Audience.length === 0) throw badRequest('JwtConfiguration needs at least one audience')
  if (Audience.length > AUDIENCES_MAX)
    throw badRequest(`An authorizer has at most ${AUDIENCES_MAX} audiences`)
  if (sources.length !== 1) throw badRequest('A JWT authorizer has exactly one identity source')
  if (wish.AuthorizerUri !== undefined) throw badRequest('AuthorizerUri is only for REQUEST authorizers')
  return {
    AuthorizerType: 'JWT',
    IdentitySource: sources,
    JwtConfiguration: { Audience, Issuer },
    Name: wish.Name,
  }
}

/** Without a time to live nothing is kept, as lists of authorizers that users have shown suggest (inferred). */
function requestFrom(wish: AuthorizerWish, sources: readonly string[]): Omit<Authorizer, 'AuthorizerId'> {
  const version = wish.AuthorizerPayloadFormatVersion
  if (version === undefined)
    throw badRequest('AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer')
  if (version !== '1.0' && version !== '2.0')
    throw badRequest(`Invalid AuthorizerPayloadFormatVersion specified: ${version}`)
  if (functionArnOf(wish.AuthorizerUri ?? '') === undefined)
    throw badRequest(
      `Invalid Authorizer URI: ${wish.AuthorizerUri ?? ''}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.`,
    )
  const ttl = wish.AuthorizerResultTtlInSeconds ?? 0
  if (ttl < 0 || ttl > AUTHORIZER_TTL_MAX_SECONDS)
    throw badRequest(`AuthorizerResultTtlInSeconds should be between 0 and ${AUTHORIZER_TTL_MAX_SECONDS}`)
  if (ttl > 0 && sources.length === 0)
    throw badRequest('Caching the results of an authorizer needs at least one identity source')
  if (wish.EnableSimpleResponses === true && version !== '2.0')
    throw badRequest('EnableSimpleResponses is only supported with AuthorizerPayloadFormatVersion 2.0')
  if (wish.JwtConfiguration !== undefined) throw badRequest('JwtConfiguration is only for JWT authorizers')
  return {
    AuthorizerCredentialsArn: wish.AuthorizerCredentialsArn,
    AuthorizerPayloadFormatVersion: version,
    AuthorizerResultTtlInSeconds: wish.AuthorizerResultTtlInSeconds,
    AuthorizerType: 'REQUEST',
    AuthorizerUri: wish.AuthorizerUri,
    EnableSimpleResponses: wish.EnableSimpleResponses ?? false,
    IdentitySource: sources,
    IdentityValidationExpression: wish.IdentityValidationExpression,
    Name: wish.Name,
  }
}
