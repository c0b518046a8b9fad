/** Auth of a REST API: authorizers as security definitions, defaults on methods, permissions of authorizer functions. */
import { pathsOf } from '#engines/sam/editor.ts'
import { given, sub } from '#engines/sam/intrinsics.ts'
import { addCustomStatements, addResourcePolicy } from '#engines/sam/resource-policy.ts'
import { type Made, made, passedOn, type Source } from '#engines/sam/resource.ts'
import { normaliseOpenApi } from '#engines/sam/rest-openapi.ts'
import { invalidDocument, invalidResource, shown } from '#engines/sam/sam-error.ts'
import { isSwagger } from '#engines/sam/swagger.ts'
import {
  addApiKeyDefinition,
  addSecurityDefinitions,
  setDefaultApiKey,
  setDefaultAuthorizer,
} from '#engines/sam/swagger-security.ts'
import type { World } from '#engines/sam/world.ts'
import { type Dict, dictAt, isDict, memberOf, type Value } from '#engines/templates/value.ts'
import { words } from '#engines/sam/words.ts'

const MEMBERS = words(`Authorizers DefaultAuthorizer InvokeRole AddDefaultAuthorizerToCorsPreflight
    AddApiKeyRequiredToCorsPreflight ApiKeyRequired ResourcePolicy UsagePlan`)

export function addRestAuth(world: World, source: Source): void {
  const { id, properties } = source
  const auth = dictAt(properties, 'Auth')
  if (auth === undefined || !given(auth)) return
  const doc = memberOf(properties, 'DefinitionBody')
  if (!given(doc)) {
    invalidResource(id, "Auth works only with inline Swagger specified in 'DefinitionBody' property.")
  }
  if (!Object.keys(auth).every((name) => MEMBERS.includes(name))) {
    invalidResource(id, "Invalid value for 'Auth' property")
  }
  if (!isSwagger(doc)) {
    return invalidResource(
      id,
      "Unable to add Auth configuration because 'DefinitionBody' does not contain a valid Swagger definition.",
    )
  }
  const authorizers = authorizersOf(source, auth['DefaultAuthorizer'])
  if (authorizers.size > 0) {
    const definitions = [...authorizers].map(([name, one]) => [name, securityDefinition(world, one)] as const)
    addSecurityDefinitions(doc, Object.fromEntries(definitions))
    setDefault(id, doc, auth, authorizers)
  }
  if (given(auth['ApiKeyRequired'])) {
    addApiKeyDefinition(doc)
    setDefaultApiKey(doc, (memberOf(auth, 'AddApiKeyRequiredToCorsPreflight') ?? true) !== false)
  }
  writePolicy(doc, auth, properties['StageName'] ?? null)
  normaliseOpenApi(source)
}

function writePolicy(doc: Dict, auth: Dict, stage: Value): void {
  const policy = memberOf(auth, 'ResourcePolicy')
  if (policy === undefined || !given(policy)) return
  if (!isDict(policy)) return invalidDocument('ResourcePolicy must be a map (ResourcePolicyStatement).')
  for (const path of Object.keys(pathsOf(doc))) addResourcePolicy(doc, policy, path, stage)
  const custom = memberOf(policy, 'CustomStatements')
  if (custom !== undefined && given(custom)) addCustomStatements(doc, custom)
}

function setDefault(id: string, doc: Dict, auth: Dict, authorizers: ReadonlyMap<string, Authorizer>): void {
  const name = memberOf(auth, 'DefaultAuthorizer')
  if (name === undefined || !given(name)) return
  if (typeof name !== 'string') return invalidResource(id, 'DefaultAuthorizer is not a string.')
  if (!authorizers.has(name) && name !== 'AWS_IAM') {
    invalidResource(id, `Unable to set DefaultAuthorizer because '${name}' was not defined in 'Authorizers'.`)
  }
  const scopes = new Map([...authorizers].map(([key, one]) => [key, one.scopes]))
  const preflight = (memberOf(auth, 'AddDefaultAuthorizerToCorsPreflight') ?? true) !== false
  setDefaultAuthorizer(doc, name, scopes, preflight)
}

interface Authorizer {
  readonly api: string
  readonly name: string
  readonly kind: 'iam' | 'cognito' | 'lambda'
  /** TOKEN or REQUEST. */
  readonly payload: string
  readonly settings: Dict
  readonly scopes: Value
}

function authorizersOf({ id, properties }: Source, fallback: Value | undefined): Map<string, Authorizer> {
  const out = new Map<string, Authorizer>()
  if (fallback === 'AWS_IAM') {
    out.set('AWS_IAM', { api: id, name: 'AWS_IAM', kind: 'iam', payload: 'TOKEN', settings: {}, scopes: [] })
  }
  const wanted = memberOf(dictAt(properties, 'Auth'), 'Authorizers')
  if (wanted === undefined || !given(wanted)) return out
  if (!isDict(wanted)) return invalidResource(id, "Property 'Auth.Authorizers' should be a map.")
  for (const [name, settings] of Object.entries(wanted)) {
    if (!isDict(settings)) return invalidResource(id, `Property 'Auth.Authorizers.${name}' should be a map.`)
    out.set(name, authorizerOf(id, name, settings))
  }
  return out
}

function authorizerOf(id: string, name: string, settings: Dict): Authorizer {
  const payload = memberOf(settings, 'FunctionPayloadType') ?? null
  if (payload !== null && payload !== 'TOKEN' && payload !== 'REQUEST') {
    invalidResource(id, `${name} Authorizer has invalid 'FunctionPayloadType': ${shown(payload)}.`)
  }
  if (payload === 'REQUEST' && lacksSource(id, name, memberOf(settings, 'Identity'))) {
    invalidResource(
      id,
      `${name} Authorizer must specify Identity with at least one of Headers, QueryStrings, StageVariables, or Context.`,
    )
  }
  const scopes = memberOf(settings, 'AuthorizationScopes') ?? []
  if (!Array.isArray(scopes)) {
    return invalidResource(id, `Property 'Authorizers.${name}.AuthorizationScopes' should be a list.`)
  }
  const disabled = memberOf(settings, 'DisableFunctionDefaultPermissions') ?? null
  if (disabled !== null && typeof disabled !== 'boolean') {
    invalidResource(
      id,
      `Property 'Authorizers.${name}.DisableFunctionDefaultPermissions' should be a boolean.`,
    )
  }
  return {
    api: id,
    name,
    kind: given(memberOf(settings, 'UserPoolArn')) ? 'cognito' : 'lambda',
    payload: payload === 'REQUEST' ? 'REQUEST' : 'TOKEN',
    settings,
    scopes,
  }
}

function lacksSource(id: string, name: string, identity: Value | undefined): boolean {
  if (identity === undefined || !given(identity)) return true
  if (!isDict(identity)) return invalidResource(id, `Property 'Authorizer.${name}.Identity' should be a map.`)
  const none = ['Headers', 'QueryStrings', 'StageVariables', 'Context'].every((key) => !given(identity[key]))
  const every = Number(memberOf(identity, 'ReauthorizeEvery') ?? Number.NaN)
  return Number.isNaN(every) ? none : every > 0 && none
}

function securityDefinition(world: World, one: Authorizer): Dict {
  const identity = memberOf(one.settings, 'Identity')
  if (identity !== undefined && given(identity) && !isDict(identity)) {
    invalidResource(
      one.api,
      'Auth.Authorizers.<Authorizer>.Identity must be a dict (LambdaTokenAuthorizationIdentity, LambdaRequestAuthorizationIdentity or CognitoAuthorizationIdentity).',
    )
  }
  const header = memberOf(identity, 'Header')
  const request = one.kind === 'lambda' && one.payload === 'REQUEST'
  const out: Dict = {
    type: 'apiKey',
    name: request ? 'Unused' : header !== undefined && given(header) ? header : 'Authorization',
    in: 'header',
    'x-amazon-apigateway-authtype': { iam: 'awsSigv4', cognito: 'cognito_user_pools', lambda: 'custom' }[
      one.kind
    ],
  }
  if (one.kind === 'iam') return out
  const authorizer: Dict =
    one.kind === 'cognito' ? cognito(one) : lambda(world, one, isDict(identity) ? identity : {})
  const expression = memberOf(identity, 'ValidationExpression')
  if (!request && expression !== undefined && given(expression)) {
    authorizer['identityValidationExpression'] = expression
  }
  out['x-amazon-apigateway-authorizer'] = authorizer
  return out
}

function cognito({ settings }: Authorizer): Dict {
  const pools = settings['UserPoolArn'] ?? null
  return { type: 'cognito_user_pools', providerARNs: Array.isArray(pools) ? pools : [pools] }
}

function lambda(world: World, one: Authorizer, identity: Dict): Dict {
  const arn = memberOf(one.settings, 'FunctionArn') ?? null
  const role = memberOf(one.settings, 'FunctionInvokeRole')
  const every = memberOf(identity, 'ReauthorizeEvery')
  const source = one.payload === 'REQUEST' ? identitySource(one, identity) : ''
  return {
    type: one.payload.toLowerCase(),
    authorizerUri: authorizerUri(world.options.partition, arn),
    ...(every === undefined || every === null ? {} : { authorizerResultTtlInSeconds: every }),
    ...(role === undefined || !given(role) || role === 'NONE' ? {} : { authorizerCredentials: role }),
    ...(source === '' ? {} : { identitySource: source }),
  }
}

/** How API Gateway calls an authorizer function. */
export const authorizerUri = (partition: string, functionArn: Value): Dict =>
  sub(
    `arn:${partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${__FunctionArn__}/invocations`,
    { __FunctionArn__: functionArn },
  )

function identitySource({ api, name }: Authorizer, identity: Dict): string {
  const places: [string, string][] = [
    ['Headers', 'method.request.header.'],
    ['QueryStrings', 'method.request.querystring.'],
    ['StageVariables', 'stageVariables.'],
    ['Context', 'context.'],
  ]
  return places
    .flatMap(([key, prefix]) => {
      const values = memberOf(identity, key)
      if (values === undefined || !given(values)) return []
      const path = `Auth.Authorizers.${name}.Identity.${key}`
      if (!Array.isArray(values)) return invalidResource(api, `Property '${path}' should be a list.`)
      return values.map((value, at) =>
        typeof value === 'string'
          ? prefix + value
          : invalidResource(api, `Property '${path}[${at}]' should be a string.`),
      )
    })
    .join(', ')
}

/** Lets API Gateway call the authorizer functions. */
export function authorizerPermissions(world: World, source: Source): Made[] {
  if (!given(source.properties['Auth'])) return []
  return [...authorizersOf(source, undefined).values()].flatMap(({ name, settings }) => {
    const arn = memberOf(settings, 'FunctionArn')
    if (arn === undefined || !given(arn) || settings['DisableFunctionDefaultPermissions'] === true) return []
    return [
      authorizerPermission(source, `${source.id}${name}AuthorizerPermission`, arn, world.options.partition),
    ]
  })
}

export function authorizerPermission(
  source: Source,
  id: string,
  functionArn: Value,
  partition: string,
): Made {
  return made(
    id,
    'AWS::Lambda::Permission',
    {
      Action: 'lambda:InvokeFunction',
      FunctionName: functionArn,
      Principal: 'apigateway.amazonaws.com',
      SourceArn: sub(
        `arn:${partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${__ApiId__}/authorizers/*`,
        { __ApiId__: { Ref: source.id } },
      ),
    },
    { attributes: passedOn(source) },
  )
}
