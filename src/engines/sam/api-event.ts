/** Api events: a permission for API Gateway, and the method in the REST API's OpenAPI document. */
import { hasIntegration, INTEGRATION, methodName, methodsAt, pathsOf, wildPath } from '#engines/sam/editor.ts'
import { type EventCall, permission, type Target } from '#engines/sam/event-call.ts'
import { given, isIntrinsic, shorthand, sub } from '#engines/sam/intrinsics.ts'
import { resolveParameters } from '#engines/sam/resolver.ts'
import { addCustomStatements, addResourcePolicy } from '#engines/sam/resource-policy.ts'
import type { Made } from '#engines/sam/resource.ts'
import { MANAGED } from '#engines/sam/rules.ts'
import { invalidEvent, invalidResource, shown } from '#engines/sam/sam-error.ts'
import {
  addLambdaIntegration,
  addRequestModel,
  addRequestParameters,
  addRequestValidator,
  isSwagger,
  requireSwagger,
  type RequestParameter,
  setTimeoutOf,
  swaggerSkeleton,
} from '#engines/sam/swagger.ts'
import { setMethodAuth } from '#engines/sam/swagger-security.ts'
import type { World } from '#engines/sam/world.ts'
import { copyOf, type Dict, dictAt, isDict, memberOf, type Value } from '#engines/templates/value.ts'

/** The REST API that an event names. */
export interface LinkedApi {
  readonly id: string
  readonly properties: Dict
  /** The stage's name when it is plain text, else `Stage`. */
  readonly suffix: string
}

/** A Ref's logical id, or the value itself. */
export const referredId = (value: Value | undefined): Value | undefined =>
  isDict(value) && Object.hasOwn(value, 'Ref') ? value['Ref'] : value

export function linkedApi(resources: Dict, eventName: string, named: Value | undefined): LinkedApi {
  const id = referredId(named)
  const resource = typeof id === 'string' ? memberOf(resources, id) : undefined
  if (typeof id !== 'string' || !isDict(resource)) {
    return invalidEvent(
      eventName,
      'RestApiId property of Api event must reference a valid resource in the same template.',
    )
  }
  const properties = memberOf(resource, 'Properties') ?? {}
  if (!isDict(properties)) return invalidResource(id, "Attribute 'Properties' should be a map.")
  const stage = memberOf(properties, 'StageName')
  if (stage === '') invalidResource(id, 'StageName cannot be empty.')
  return { id, properties, suffix: typeof stage === 'string' ? stage : 'Stage' }
}

export function apiEvent(call: EventCall): Made[] {
  const { world, properties } = call
  const api = linkedApi(world.resources, call.name, properties['RestApiId'])
  const path = text(properties['Path'])
  const method = text(properties['Method']).toLowerCase()
  const place: Place = { call, api, path, method }
  const allowed = permission(call, {
    principal: 'apigateway.amazonaws.com',
    sourceArn: sub(
      `arn:${world.options.partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${__ApiId__}/\${__Stage__}/${
        method === 'any' ? '*' : method.toUpperCase()
      }${wildPath(path.replace(/^(.+)\/$/, '$1'))}`,
      { __ApiId__: properties['RestApiId'] ?? null, __Stage__: '*' },
    ),
    suffix: api.suffix,
  })
  if (given(api.properties[MANAGED]) || given(api.properties['MergeDefinitions'])) integrateOrUndo(place)
  const auth = dictAt(properties, 'Auth')
  const body = memberOf(api.properties, 'DefinitionBody')
  if (given(body) && auth !== undefined && given(auth['OverrideApiAuth'])) {
    if (!given(auth['Authorizer']) && !given(auth['ApiKeyRequired']) && !given(auth['ResourcePolicy'])) {
      invalidEvent(
        call.name,
        'Must define one of: Authorizer, ApiKeyRequired or ResourcePolicy when using the OverrideApiAuth property.',
      )
    }
    addEventAuth(world, { ...place, name: call.name, auth, doc: requireSwagger(body) })
  }
  return [allowed]
}

interface Place {
  readonly call: EventCall
  readonly api: LinkedApi
  readonly path: string
  readonly method: string
}

const text = (value: Value | undefined): string => (typeof value === 'string' ? value : '')

/** How API Gateway calls a function. */
export function integrationUri(target: Target, partition: string, streams: boolean): Dict {
  const [version, path] = streams
    ? ['2021-11-15', 'response-streaming-invocations']
    : ['2015-03-31', 'invocations']
  return sub(
    `arn:${partition}:apigateway:\${AWS::Region}:lambda:path/${version}/functions/${shorthand(target.arn)}/${path}`,
  )
}

/** A wrong event leaves no method behind: the next one of the same path shall hear its own fault. */
function integrateOrUndo(place: Place): void {
  const body = memberOf(place.api.properties, 'DefinitionBody')
  const taken = isSwagger(body) && hasIntegration(body, place.path, place.method)
  try {
    integrate(place)
  } catch (error) {
    if (!taken && isSwagger(body)) {
      for (const method of methodsAt(body, place.path, place.method)) delete method[INTEGRATION]
    }
    throw error
  }
}

function integrate(place: Place): void {
  const { call, api, path, method } = place
  const { properties, world, target, name } = call
  const own = memberOf(api.properties, 'DefinitionBody')
  if (own === undefined || own === null) return
  const merges = given(api.properties['MergeDefinitions'])
  const doc = merges ? swaggerSkeleton() : requireSwagger(own)
  if (hasIntegration(doc, path, method)) {
    invalidEvent(name, `API method "${method}" defined multiple times for path "${path}".`)
  }
  const auth = memberOf(properties, 'Auth') ?? {}
  if (!isDict(auth)) return invalidEvent(name, "Property 'Auth' should be a map.")
  const apiAuth = memberOf(api.properties, 'Auth') ?? {}
  if (!isDict(apiAuth)) return invalidResource(api.id, "Property 'Auth' should be a map.")
  const streams = properties['ResponseTransferMode'] === 'RESPONSE_STREAM'
  addLambdaIntegration(
    doc,
    { path, method, condition: target.condition },
    {
      uri: integrationUri(target, world.options.partition, streams),
      credentials: credentialsOf(auth, apiAuth, world.options.partition),
      streams,
    },
  )
  if (given(properties['Auth'])) addEventAuth(world, { ...place, name, auth, doc })
  const timeout = properties['TimeoutInMillis']
  if (timeout !== undefined && given(timeout)) setTimeoutOf(doc, path, method, timeout)
  if (given(properties['RequestModel'])) writeModel(place, doc)
  if (given(properties['RequestParameters'])) writeParameters(place, doc)
  if (merges) merge(place, isDict(own) ? own : {}, doc)
}

/** The role that API Gateway takes for methods that IAM authorizes. */
function credentialsOf(auth: Dict, apiAuth: Dict, partition: string): Value | undefined {
  const usesIam =
    auth['Authorizer'] === 'AWS_IAM' || (apiAuth['DefaultAuthorizer'] === 'AWS_IAM' && !given(auth))
  if (!usesIam) return undefined
  const roleOf = (holder: Dict): Value | undefined =>
    given(holder['InvokeRole'])
      ? holder['InvokeRole']
      : Object.hasOwn(holder, 'InvokeRole')
        ? 'NONE'
        : undefined
  const role = roleOf(auth) ?? roleOf(apiAuth)
  if (role === 'NONE') return undefined
  return role === undefined || role === 'CALLER_CREDENTIALS' ? `arn:${partition}:iam::*:user/*` : role
}

function writeModel({ call: { name, properties }, api, path, method }: Place, doc: Dict): void {
  const wanted = memberOf(properties, 'RequestModel')
  if (!isDict(wanted)) return invalidEvent(name, "Property 'RequestModel' should be a map.")
  const model = memberOf(wanted, 'Model')
  if (!given(model)) return
  const models = memberOf(api.properties, 'Models')
  const refuse = (why: string): never =>
    invalidEvent(
      name,
      `Unable to set RequestModel [${shown(model)}] on API method [${method}] for path [${path}] ${why}`,
    )
  if (!given(models)) refuse('because the related API does not define any Models.')
  if (!isIntrinsic(models) && !isDict(models)) {
    refuse('because the related API Models defined is of invalid type.')
  }
  if (typeof model !== 'string') return refuse('because the related API does not contain valid Models.')
  if (!given(memberOf(models, model))) refuse("because it wasn't defined in the API's Models.")
  addRequestModel(doc, path, method, wanted)
  const [body, parameters] = [
    memberOf(wanted, 'ValidateBody') ?? null,
    memberOf(wanted, 'ValidateParameters') ?? null,
  ]
  if (body === null && parameters === null) return
  const [first, second] = [body ?? false, parameters ?? false]
  if (typeof first !== 'boolean' || typeof second !== 'boolean') {
    return invalidEvent(
      name,
      `Unable to set Validator to RequestModel [${model}] on API method [${method}] for path [${path}] ValidateBody and ValidateParameters must be a boolean type, strings or intrinsics are not supported.`,
    )
  }
  addRequestValidator(doc, { path, method }, first, second)
}

const PARAMETER = /^method\.request\.(querystring|path|header)\./

function writeParameters({ call: { name, properties }, path, method }: Place, doc: Dict): void {
  const wanted = memberOf(properties, 'RequestParameters')
  const refuse = (why: string): never =>
    invalidEvent(name, `Invalid value for 'RequestParameters' property. ${why}`)
  const keys =
    "Keys must be in the format 'method.request.[querystring|path|header].{value}', e.g 'method.request.header.Authorization'."
  const parameters = (Array.isArray(wanted) ? wanted : []).map((parameter): RequestParameter => {
    if (typeof parameter === 'string') {
      if (!PARAMETER.test(parameter)) refuse(keys)
      return { name: parameter, required: false, caching: false }
    }
    if (!isDict(parameter)) return refuse('Property must be either a string or an object')
    const [parameterName = '', settings = null] = Object.entries(parameter)[0] ?? []
    if (!PARAMETER.test(parameterName)) refuse(keys)
    if (!isDict(settings) || !Object.keys(settings).every((key) => key === 'Required' || key === 'Caching')) {
      return refuse('Values must be an object, e.g { Required: true, Caching: false }')
    }
    return {
      name: parameterName,
      required: settings['Required'] ?? false,
      caching: settings['Caching'] ?? false,
    }
  })
  addRequestParameters(doc, { path, method }, parameters)
}

/** MergeDefinitions: what the event made goes over the same method of the user's document. */
function merge({ api, path, method }: Place, own: Dict, made: Dict): void {
  const paths = memberOf(own, 'paths') ?? {}
  if (!isDict(paths)) {
    return invalidResource(api.id, "Property 'DefinitionBody' is invalid: It should be a map")
  }
  own['paths'] = paths
  const item = memberOf(paths, path) ?? {}
  if (!isDict(item)) {
    return invalidResource(
      api.id,
      `Property 'DefinitionBody' is invalid: The value of '${path}' should be a map`,
    )
  }
  const before = memberOf(item, method) ?? {}
  if (!isDict(before)) {
    return invalidResource(api.id, `Property 'DefinitionBody.paths.${path}.${method}' should be a map.`)
  }
  const fresh = dictAt(dictAt(pathsOf(made), path), methodName(method)) ?? {}
  item[method] = { ...before, ...fresh }
  paths[path] = item
}

export interface EventAuth {
  readonly api: LinkedApi
  readonly path: string
  readonly method: string
  readonly name: string
  readonly auth: Dict
  readonly doc: Dict
}

/** What an event's Auth asks of its method; SAM's texts for what the API does not define. */
export function addEventAuth(world: World, place: EventAuth): void {
  const { api, path, method, name, auth, doc } = place
  const apiAuth =
    resolveParameters(copyOf(memberOf(api.properties, 'Auth') ?? null), world.parameters) ?? null
  const authorizer = memberOf(auth, 'Authorizer')
  if (given(authorizer)) checkAuthorizer(place, apiAuth, authorizer ?? null)
  const scopes = memberOf(auth, 'AuthorizationScopes')
  if (given(scopes)) {
    if (!Array.isArray(scopes)) invalidEvent(name, "Property 'Auth.AuthorizationScopes' should be a list.")
    if (!given(authorizer)) invalidEvent(name, 'AuthorizationScopes works only when Authorizer is set')
  }
  const key = memberOf(auth, 'ApiKeyRequired') ?? null
  if (key !== null && !given(key) && !given(memberOf(apiAuth, 'ApiKeyRequired'))) {
    invalidEvent(
      name,
      `Unable to set ApiKeyRequired [False] on API method [${method}] for path [${path}] because the related API does not specify any ApiKeyRequired.`,
    )
  }
  if (given(authorizer) || key !== null) {
    const authorizers = dictAt(dictAt(api.properties, 'Auth'), 'Authorizers')
    setMethodAuth(doc, { path, method, auth, authorizers })
  }
  const policy = memberOf(auth, 'ResourcePolicy')
  if (policy === undefined || !given(policy)) return
  if (!isDict(policy)) return invalidResource(name, "Property 'Auth.ResourcePolicy' should be a map.")
  addResourcePolicy(doc, policy, path, api.suffix)
  const custom = memberOf(policy, 'CustomStatements')
  if (custom !== undefined && given(custom)) addCustomStatements(doc, custom)
}

function checkAuthorizer({ api, path, method, name }: EventAuth, apiAuth: Value, authorizer: Value): void {
  const all = memberOf(apiAuth, 'Authorizers')
  if (given(all) && !isDict(all)) invalidResource(api.id, "Property 'Auth.Authorizers' should be a map.")
  if (authorizer === 'AWS_IAM') return
  const refuse = (why: string): never =>
    invalidEvent(
      name,
      `Unable to set Authorizer [${shown(authorizer)}] on API method [${method}] for path [${path}]${why}`,
    )
  if (authorizer === 'NONE') {
    if (given(memberOf(apiAuth, 'DefaultAuthorizer'))) return
    invalidEvent(
      name,
      `Unable to set Authorizer on API method [${method}] for path [${path}] because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.`,
    )
  }
  if (!given(all)) refuse(' because the related API does not define any Authorizers.')
  if (typeof authorizer !== 'string') {
    return refuse(
      '. The method authorizer must be a string with a corresponding dict entry in the api authorizer.',
    )
  }
  if (!given(memberOf(all, authorizer))) refuse(" because it wasn't defined in the API's Authorizers.")
}
