/** Security of a REST API's methods: authorizers, API keys, and their definitions. */
import { methodsAt, methodsOf, pathsOf, securityOf } from '#engines/sam/editor.ts'
import { given } from '#engines/sam/intrinsics.ts'
import { invalidDocument } from '#engines/sam/sam-error.ts'
import { type Dict, dictAt, isDict, memberOf, sameValue, type Value } from '#engines/templates/value.ts'

const NO_METHODS = ['summary', 'description', 'parameters']
const API_KEY: Dict = { type: 'apiKey', name: 'x-api-key', in: 'header' }
const AWS_IAM: Dict = {
  'x-amazon-apigateway-authtype': 'awsSigv4',
  type: 'apiKey',
  name: 'Authorization',
  in: 'header',
}

/** The document's security definitions, made when missing. */
function definitionsOf(doc: Dict): Dict {
  const found = memberOf(doc, 'securityDefinitions')
  if (isDict(found)) return found
  if (found !== undefined && given(found)) return invalidDocument('securityDefinitions must be a dictionary.')
  const fresh: Dict = {}
  doc['securityDefinitions'] = fresh
  return fresh
}

export function addSecurityDefinitions(doc: Dict, definitions: Dict): void {
  Object.assign(definitionsOf(doc), definitions)
}

export function addApiKeyDefinition(doc: Dict): void {
  definitionsOf(doc)['api_key'] ??= { ...API_KEY }
}

function addIamWhereUsed(doc: Dict, security: readonly Dict[]): void {
  if (Object.hasOwn(security[0] ?? {}, 'AWS_IAM')) definitionsOf(doc)['AWS_IAM'] ??= { ...AWS_IAM }
}

const names = (security: Dict, any: readonly string[]): boolean =>
  Object.keys(security).some((key) => any.includes(key))

/** The default authorizer on every method that names none; `NONE` takes it off. */
export function setDefaultAuthorizer(
  doc: Dict,
  name: string,
  scopes: ReadonlyMap<string, Value>,
  preflight: boolean,
): void {
  const authorizers = ['AWS_IAM', ...scopes.keys()]
  for (const path of Object.keys(pathsOf(doc))) {
    for (const [method, definition] of methodsOf(doc, path, NO_METHODS)) {
      if (!preflight && method === 'options') continue
      const existing = securityOf(definition, path, method)
      const others = existing.filter((one) => !names(one, authorizers))
      const own = existing.filter((one) => names(one, authorizers))
      const none = others.findIndex((one) => Object.hasOwn(one, 'NONE'))
      let security: Dict[]
      if (none > -1) security = others.filter((_, at) => at !== none)
      else if (own.length > 0) security = [...others, ...own]
      else security = [...others, { [name]: scopes.get(name) ?? [] }]
      if (security.length === 0) continue
      definition['security'] = security
      addIamWhereUsed(doc, security)
    }
  }
}

/** An API key on every method that does not refuse it. */
export function setDefaultApiKey(doc: Dict, preflight: boolean): void {
  for (const path of Object.keys(pathsOf(doc))) {
    for (const [method, definition] of methodsOf(doc, path, NO_METHODS)) {
      const existing = securityOf(definition, path, method)
      const others = existing.filter((one) => !names(one, ['api_key', 'api_key_false']))
      const refused = existing.some((one) => Object.hasOwn(one, 'api_key_false'))
      const security = refused || (method === 'options' && !preflight) ? others : [...others, { api_key: [] }]
      if (!sameValue(security, existing)) definition['security'] = security
    }
  }
}

export interface MethodAuth {
  readonly path: string
  readonly method: string
  readonly auth: Dict
  /** Auth.Authorizers of the API. */
  readonly authorizers: Dict | undefined
}

/** What one event asks for: its authorizer with scopes, its API key. */
export function setMethodAuth(doc: Dict, at: MethodAuth): void {
  const name = memberOf(at.auth, 'Authorizer')
  if (typeof name === 'string' && name !== '') setAuthorizer(doc, at, name)
  const key = memberOf(at.auth, 'ApiKeyRequired')
  if (key === undefined || key === null) return
  for (const definition of methodsAt(doc, at.path, at.method)) {
    if (given(key)) addApiKeyDefinition(doc)
    const existing = securityOf(definition, at.path, at.method)
    definition['security'] = [...existing, given(key) ? { api_key: [] } : { api_key_false: [] }]
  }
}

function setAuthorizer(doc: Dict, at: MethodAuth, name: string): void {
  for (const definition of methodsAt(doc, at.path, at.method)) {
    const authorizer = memberOf(at.authorizers, name)
    let scopes: Value = []
    if (name !== 'NONE' && authorizer !== undefined) {
      if (!isDict(authorizer)) return invalidDocument(`Type of authorizer '${name}' must be a dictionary`)
      scopes = memberOf(at.auth, 'AuthorizationScopes') ?? memberOf(authorizer, 'AuthorizationScopes') ?? []
    }
    const security = [...securityOf(definition, at.path, at.method), { [name]: scopes }]
    definition['security'] = security
    addIamWhereUsed(doc, security)
  }
}

/** Gateway responses by type. */
export function addGatewayResponses(doc: Dict, responses: Dict): void {
  const name = 'x-amazon-apigateway-gateway-responses'
  doc[name] = { ...dictAt(doc, name), ...responses }
}
