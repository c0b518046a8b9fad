/** Authorizers of an HTTP API (JWT, Lambda, IAM) as security schemes. */
import { given } from '#engines/sam/intrinsics.ts'
import { authorizerUri } from '#engines/sam/rest-auth.ts'
import type { Source } from '#engines/sam/resource.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import { type Dict, dictAt, isDict, memberOf, type Value } from '#engines/templates/value.ts'

type Kind = 'iam' | 'jwt' | 'lambda'

export interface HttpAuthorizer {
  readonly name: string
  readonly kind: Kind
  readonly settings: Dict
}

/** Each setting, the kind it belongs to, and how SAM names that kind. */
const SETTINGS: readonly (readonly [name: string, kind: Kind, only: string])[] = [
  ['AuthorizationScopes', 'jwt', 'OAuth2 Authorizer'],
  ['JwtConfiguration', 'jwt', 'OAuth2 Authorizer'],
  ['IdentitySource', 'jwt', "OAuth2 Authorizer. For Lambda Authorizer, use the 'Identity' property instead"],
  ['FunctionArn', 'lambda', 'Lambda Authorizer'],
  ['FunctionInvokeRole', 'lambda', 'Lambda Authorizer'],
  ['Identity', 'lambda', 'Lambda Authorizer'],
  ['AuthorizerPayloadFormatVersion', 'lambda', 'Lambda Authorizer'],
  ['EnableSimpleResponses', 'lambda', 'Lambda Authorizer'],
  ['EnableFunctionDefaultPermissions', 'lambda', 'Lambda Authorizer'],
]

export function httpAuthorizers({ id, properties }: Source): Map<string, HttpAuthorizer> {
  const auth = dictAt(properties, 'Auth')
  const out = new Map<string, HttpAuthorizer>()
  if (memberOf(auth, 'EnableIamAuthorizer') === true) {
    out.set('AWS_IAM', { name: 'AWS_IAM', kind: 'iam', settings: {} })
  }
  const wanted = memberOf(auth, 'Authorizers')
  if (wanted === undefined || !given(wanted)) return out
  if (!isDict(wanted)) return invalidResource(id, "Property 'Auth.Authorizers' should be a map.")
  for (const [name, settings] of Object.entries(wanted)) {
    if (!isDict(settings)) return invalidResource(id, `Property 'Auth.Authorizers.${name}' should be a map.`)
    if (Object.hasOwn(settings, 'OpenIdConnectUrl')) {
      invalidResource(
        id,
        `'OpenIdConnectUrl' is no longer a supported property for authorizer '${name}'. Please refer to the AWS SAM documentation.`,
      )
    }
    const kind = given(memberOf(settings, 'JwtConfiguration')) ? 'jwt' : 'lambda'
    check(id, name, kind, settings)
    out.set(name, { name, kind, settings })
  }
  return out
}

function check(id: string, name: string, kind: Kind, settings: Dict): void {
  const jwt = memberOf(settings, 'JwtConfiguration')
  if (kind === 'jwt' && !isDict(jwt)) invalidResource(id, "Property 'JwtConfiguration' should be a map.")
  const scopes = memberOf(settings, 'AuthorizationScopes') ?? null
  if (scopes !== null && !Array.isArray(scopes)) invalidResource(id, 'AuthorizationScopes must be a list.')
  for (const [setting, owner, only] of SETTINGS) {
    if ((memberOf(settings, setting) ?? null) !== null && owner !== kind) {
      invalidResource(id, `${setting} is only supported for ${only}.`)
    }
  }
  if (kind === 'jwt' && !given(memberOf(settings, 'IdentitySource'))) {
    invalidResource(id, `${name} OAuth2 Authorizer must define 'IdentitySource'.`)
  }
  for (const needed of ['FunctionArn', 'AuthorizerPayloadFormatVersion']) {
    if (kind === 'lambda' && !given(memberOf(settings, needed))) {
      invalidResource(id, `${name} Lambda Authorizer must define '${needed}'.`)
    }
  }
  const permissions = memberOf(settings, 'EnableFunctionDefaultPermissions') ?? null
  if (permissions !== null && typeof permissions !== 'boolean') {
    invalidResource(
      id,
      `Property 'Authorizers.${name}.EnableFunctionDefaultPermissions' should be a boolean.`,
    )
  }
}

export function securityScheme(
  partition: string,
  id: string,
  { name, kind, settings }: HttpAuthorizer,
): Dict {
  if (kind === 'iam') {
    return {
      type: 'apiKey',
      name: 'Authorization',
      in: 'header',
      'x-amazon-apigateway-authtype': 'awsSigv4',
    }
  }
  if (kind === 'jwt') {
    const configuration = Object.entries(dictAt(settings, 'JwtConfiguration') ?? {})
    return {
      type: 'oauth2',
      'x-amazon-apigateway-authorizer': {
        jwtConfiguration: Object.fromEntries(configuration.map(([key, value]) => [key.toLowerCase(), value])),
        identitySource: settings['IdentitySource'] ?? null,
        type: 'jwt',
      },
    }
  }
  const role = memberOf(settings, 'FunctionInvokeRole')
  return {
    type: 'apiKey',
    name: 'Unused',
    in: 'header',
    'x-amazon-apigateway-authorizer': {
      type: 'request',
      authorizerUri: authorizerUri(partition, settings['FunctionArn'] ?? null),
      ...(role === undefined || !given(role) || role === 'NONE' ? {} : { authorizerCredentials: role }),
      ...identityOf(id, name, memberOf(settings, 'Identity')),
      authorizerPayloadFormatVersion: settings['AuthorizerPayloadFormatVersion'] ?? null,
      ...(given(settings['EnableSimpleResponses'])
        ? { enableSimpleResponses: settings['EnableSimpleResponses'] ?? null }
        : {}),
    },
  }
}

function identityOf(id: string, name: string, identity: Value | undefined): Dict {
  if (identity === undefined || !given(identity)) return {}
  if (!isDict(identity)) {
    return invalidResource(id, `Property 'Auth.Authorizers.${name}.Identity' should be a map.`)
  }
  const places: [string, string][] = [
    ['$request.header.', 'Headers'],
    ['$request.querystring.', 'QueryStrings'],
    ['$stageVariables.', 'StageVariables'],
    ['$context.', 'Context'],
  ]
  const source = places.flatMap(([prefix, key]) => {
    const values = memberOf(identity, key)
    if (values === undefined || !given(values)) return []
    const path = `Authorizers.${name}.Identity.${key}`
    if (!Array.isArray(values)) return invalidResource(id, `Property '${path}' should be a list.`)
    return values.map((value, at) =>
      typeof value === 'string'
        ? prefix + value
        : invalidResource(id, `Property '${path}[${at}]' should be a string.`),
    )
  })
  const every = memberOf(identity, 'ReauthorizeEvery') ?? null
  return { ...(every === null ? {} : { authorizerResultTtlInSeconds: every }), identitySource: source }
}
