/** HttpApi events: a permission for API Gateway, and the route in the HTTP API's OpenAPI document. */
import { integrationUri, referredId } from '#engines/sam/api-event.ts'
import { ANY_METHOD, hasIntegration, wildPath } from '#engines/sam/editor.ts'
import { type EventCall, permission } from '#engines/sam/event-call.ts'
import { given, sub } from '#engines/sam/intrinsics.ts'
import {
  addHttpIntegration,
  addPathParameters,
  DEFAULT_PATH,
  integratesFunction,
  INVALID_OPEN_API,
  isOpenApi,
  requireOpenApi,
  setHttpMethodAuth,
  setIntegration,
} from '#engines/sam/open-api.ts'
import type { Made } from '#engines/sam/resource.ts'
import { MANAGED } from '#engines/sam/rules.ts'
import { invalidDocument, invalidEvent, invalidResource, shown } from '#engines/sam/sam-error.ts'
import { type Dict, dictAt, isDict, memberOf, type Value } from '#engines/templates/value.ts'

interface Route {
  readonly call: EventCall
  readonly apiId: string
  /** Of the API; the document is written into them. */
  readonly api: Dict
  readonly path: string
  readonly method: string
}

export function httpApiEvent(call: EventCall): Made[] {
  const { world, properties } = call
  const apiId = referredId(properties['ApiId'])
  const resource = typeof apiId === 'string' ? dictAt(world.resources, apiId) : undefined
  if (typeof apiId !== 'string' || resource === undefined) {
    return invalidEvent(
      call.name,
      "ApiId must be a valid reference to an 'AWS::Serverless::HttpApi' resource in same template.",
    )
  }
  const [path, method] = [memberOf(properties, 'Path'), memberOf(properties, 'Method')]
  const route: Route = {
    call,
    apiId,
    api: dictAt(resource, 'Properties') ?? {},
    path: typeof path === 'string' ? path : '',
    method: (typeof method === 'string' ? method : '').toLowerCase(),
  }
  const allowed = routePermission(route)
  integrate(route)
  return allowed
}

/** None for a route whose function already answers everything through `$default`. */
function routePermission({ call, apiId, api, path, method }: Route): Made[] {
  const body = memberOf(api, 'DefinitionBody')
  if (given(body) && !isOpenApi(body)) invalidResource(apiId, INVALID_OPEN_API)
  let plain = path.replace(/^(.+)\/$/, '$1')
  if (plain === DEFAULT_PATH) plain = ''
  else if (isOpenApi(body) && integratesFunction(body, DEFAULT_PATH, ANY_METHOD, call.target.id)) return []
  const wild = wildPath(plain)
  const verb = method === 'any' || method === ANY_METHOD ? '*' : method.toUpperCase()
  const tail = method === 'any' && wild === `/${DEFAULT_PATH}` ? wild : `/${verb}${wild}`
  const sourceArn = sub(
    `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${__ApiId__}/\${__Stage__}${tail}`,
    { __ApiId__: call.properties['ApiId'] ?? null, __Stage__: '*' },
  )
  return [permission(call, { principal: 'apigateway.amazonaws.com', sourceArn })]
}

function integrate(route: Route): void {
  const { call, api, path, method } = route
  const { properties, target } = call
  const body = memberOf(api, 'DefinitionBody')
  if (body === undefined || body === null) return
  const doc = requireOpenApi(body)
  if (given(api[MANAGED]) && hasIntegration(doc, path, method)) {
    invalidEvent(call.name, `API method '${method}' defined multiple times for path '${path}'.`)
  }
  addHttpIntegration(
    doc,
    { path, method, condition: target.condition },
    integrationUri(target, '${AWS::Partition}', false),
  )
  const auth = dictAt(properties, 'Auth')
  if (auth !== undefined && given(auth)) writeAuth(route, doc, auth)
  const timeout = properties['TimeoutInMillis']
  if (timeout !== undefined && given(timeout)) setIntegration(doc, path, method, { timeoutInMillis: timeout })
  addPathParameters(doc, path, method)
  const payload = properties['PayloadFormatVersion']
  if (payload !== undefined && given(payload)) {
    setIntegration(doc, path, method, { payloadFormatVersion: payload })
  }
}

function writeAuth({ call: { name }, apiId, api, path, method }: Route, doc: Dict, auth: Dict): void {
  const apiAuth = memberOf(api, 'Auth') ?? {}
  if (!isDict(apiAuth)) return invalidResource(apiId, "Property 'Auth' should be a map.")
  const own = memberOf(auth, 'Authorizer')
  const authorizer: Value | undefined = given(own) ? own : apiAuth['DefaultAuthorizer']
  if (authorizer === undefined || !given(authorizer)) {
    return invalidEvent(
      name,
      "'Auth' section requires either an explicit 'Authorizer' set or a 'DefaultAuthorizer' configured on the HttpApi.",
    )
  }
  auth['Authorizer'] = authorizer
  const all = given(apiAuth) ? memberOf(apiAuth, 'Authorizers') : {}
  const iam = apiAuth['EnableIamAuthorizer'] === true
  const named = shown(authorizer)
  const refuse = (why: string): never =>
    invalidEvent(
      name,
      `Unable to set Authorizer [${named}] on API method [${method}] for path [${path}]${why}`,
    )
  const plain = authorizer === 'NONE' || (authorizer === 'AWS_IAM' && iam)
  if (!plain && (typeof authorizer !== 'string' || !isDict(all))) {
    refuse('. The method authorizer must be a string with a corresponding dict entry in the api authorizer.')
  }
  if (authorizer === 'NONE' && !given(apiAuth['DefaultAuthorizer'])) {
    invalidEvent(
      name,
      `Unable to set Authorizer on API method [${method}] for path [${path}] because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.`,
    )
  }
  if (!plain) {
    if (!given(all)) refuse(' because the related API does not define any Authorizers.')
    if (!given(memberOf(all, named))) refuse(" because it wasn't defined in the API's Authorizers.")
  }
  const wanted = memberOf(auth, 'AuthorizationScopes')
  if (wanted !== undefined && given(wanted) && !Array.isArray(wanted)) {
    invalidEvent(
      name,
      `Unable to set Authorizer on API method [${method}] for path [${path}] because 'AuthorizationScopes' must be a list of strings.`,
    )
  }
  setHttpMethodAuth(doc, { path, method }, named, scopesOf(named, memberOf(all, named), wanted))
}

function scopesOf(name: string, authorizer: Value | undefined, wanted: Value | undefined): Value {
  if (name === 'NONE' || name === 'AWS_IAM') return []
  if (!isDict(authorizer)) return invalidDocument(`Type of authorizer '${name}' must be a dictionary`)
  const own = memberOf(authorizer, 'AuthorizationScopes')
  const scopes = wanted !== undefined && given(wanted) ? wanted : own
  return scopes !== undefined && given(scopes) ? scopes : []
}
