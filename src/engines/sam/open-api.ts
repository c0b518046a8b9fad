/** What the transform writes into an HTTP API's OpenAPI document. */
import {
  ANY_METHOD,
  branches,
  hasIntegration,
  INTEGRATION,
  isOpenApi3,
  methodName,
  methodsAt,
  pathItems,
  pathsOf,
  securityOf,
  writeMethod,
} from '#engines/sam/editor.ts'
import { conditional, given, isIntrinsic, ref } from '#engines/sam/intrinsics.ts'
import { invalidDocument, structureText } from '#engines/sam/sam-error.ts'
import type { MethodPlace } from '#engines/sam/swagger.ts'
import {
  type Dict,
  dictAt,
  isDict,
  listAt,
  memberOf,
  sameValue,
  textAt,
  type Value,
} from '#engines/templates/value.ts'

export const DEFAULT_PATH = '$default'
export const DEFAULT_TITLE: Dict = ref('AWS::StackName')
export const INVALID_OPEN_API = structureText(
  "Invalid OpenApi document. Invalid values or missing keys for 'openapi' or 'paths' in 'DefinitionBody'.",
)

export const openApiSkeleton = (): Dict => ({
  openapi: '3.0.1',
  info: { version: '1.0', title: ref('AWS::StackName') },
  paths: {},
})

export function isOpenApi(doc: Value | undefined): doc is Dict {
  return isDict(doc) && dictAt(doc, 'paths') !== undefined && isOpenApi3(memberOf(doc, 'openapi'))
}

export function requireOpenApi(doc: Value | undefined): Dict {
  if (!isOpenApi(doc)) {
    return invalidDocument(
      "Invalid OpenApi document. Invalid values or missing keys for 'openapi' or 'paths' in 'DefinitionBody'.",
    )
  }
  return doc
}

/** True when the method's integrations all call that function. */
export function integratesFunction(doc: Dict, path: string, method: string, functionId: string): boolean {
  if (!hasIntegration(doc, path, method)) return false
  return pathItems(doc, path)
    .flatMap((item) => branches(memberOf(item, methodName(method))))
    .every((one) => {
      const uri = memberOf(memberOf(one, INTEGRATION), 'uri')
      if (!isDict(uri)) return false
      return branches(uri).every((content) => {
        const found = (textAt(content, 'Fn::Sub') ?? '').match(/([A-Za-z0-9]+)\.Arn/)
        return found?.[1] === functionId
      })
    })
}

export function addHttpIntegration(doc: Dict, at: MethodPlace, uri: Value): void {
  if (hasIntegration(doc, at.path, at.method)) return
  writeMethod(doc, at, (method) => {
    method[INTEGRATION] = {
      type: 'aws_proxy',
      httpMethod: 'POST',
      payloadFormatVersion: '2.0',
      uri: at.condition === undefined ? uri : conditional(at.condition, uri),
    }
    if (at.path === DEFAULT_PATH && methodName(at.method) === ANY_METHOD) method['isDefaultRoute'] = true
    method['responses'] ??= {}
  })
}

/** Sets a member of every integration of that method. */
export function setIntegration(doc: Dict, path: string, method: string, members: Dict): void {
  for (const one of methodsAt(doc, path, method)) Object.assign(dictAt(one, INTEGRATION) ?? {}, members)
}

export function addPathParameters(doc: Dict, path: string, method: string): void {
  const names = [...path.matchAll(/\{(.*?)\}/g)].map(([, name = '']) => name)
  if (names.length === 0) return
  for (const one of methodsAt(doc, path, method)) {
    const parameters = listAt(one, 'parameters') ?? []
    one['parameters'] = parameters
    for (const name of names) {
      const known = parameters.find((parameter) => textAt(parameter, 'name') === name)
      if (isDict(known)) Object.assign(known, { in: 'path', required: true })
      else parameters.push({ name, in: 'path', required: true })
    }
  }
}

export function addSecuritySchemes(doc: Dict, schemes: Dict): void {
  if (Object.keys(schemes).length === 0) return
  const components = dictAt(doc, 'components') ?? {}
  components['securitySchemes'] = { ...dictAt(components, 'securitySchemes'), ...schemes }
  doc['components'] = components
}

/** The default authorizer on every method without security of its own, but OPTIONS. */
export function setDefaultHttpAuthorizer(doc: Dict, name: string, scopes: Value): void {
  for (const path of Object.keys(pathsOf(doc))) {
    for (const item of pathItems(doc, path)) {
      for (const [method, definition] of Object.entries(item)) {
        if (method === 'parameters' || method.toLowerCase() === 'options') continue
        if (!Object.hasOwn(item, methodName(method))) {
          return invalidDocument(`Could not find ${methodName(method)} in ${path} within DefinitionBody.`)
        }
        for (const one of branches(definition)) {
          if (!isDict(one)) {
            return invalidDocument(`Definition of method '${method}' for path '${path}' should be a map.`)
          }
          if (!given(memberOf(one, INTEGRATION)) || given(memberOf(one, 'security'))) continue
          one['security'] = [{ [name]: scopes }]
        }
      }
    }
  }
}

export function setHttpMethodAuth(
  doc: Dict,
  at: { readonly path: string; readonly method: string },
  name: string,
  scopes: Value,
): void {
  for (const one of methodsAt(doc, at.path, at.method)) {
    one['security'] = [...securityOf(one, at.path, at.method), { [name]: scopes }]
  }
}

export function addTags(doc: Dict, tags: Dict): void {
  const all = memberOf(doc, 'tags') ?? []
  if (!Array.isArray(all)) {
    return invalidDocument(
      `Tags in OpenApi DefinitionBody needs to be a list. ${JSON.stringify(all)} is not a list.`,
    )
  }
  for (const [name, value] of Object.entries(tags)) {
    const known = all.find((tag) => textAt(tag, 'name') === name)
    if (isDict(known)) known['x-amazon-apigateway-tag-value'] = value
    else all.push({ name, 'x-amazon-apigateway-tag-value': value })
  }
  doc['tags'] = all
}

export function disableEndpoint(doc: Dict, disabled: Value): void {
  const servers = listAt(doc, 'servers') ?? [{}]
  for (const server of servers) {
    if (!isDict(server)) {
      return invalidDocument("Value of 'servers' item must be a dictionary according to Swagger spec.")
    }
    const name = 'x-amazon-apigateway-endpoint-configuration'
    server[name] = { ...dictAt(server, name), disableExecuteApiEndpoint: disabled }
  }
  doc['servers'] = servers
}

const CORS_MEMBERS = ['AllowOrigins', 'AllowHeaders', 'AllowMethods', 'ExposeHeaders', 'MaxAge'] as const

/** `CorsConfiguration` as API Gateway's extension. */
export function addHttpCors(doc: Dict, cors: Dict): void {
  const name = 'x-amazon-apigateway-cors'
  const found = memberOf(doc, name) ?? {}
  if (!isDict(found)) {
    return invalidDocument(`Value of '${name}' must be a dictionary according to Swagger spec.`)
  }
  const origins = memberOf(cors, 'AllowOrigins')
  if (origins !== undefined && isIntrinsic(origins)) Object.assign(found, lowered(origins))
  else {
    for (const member of CORS_MEMBERS) {
      const value = memberOf(cors, member)
      const is = member === 'MaxAge' ? value !== undefined && value !== null : given(value)
      if (is) found[lowerFirst(member)] = value ?? null
    }
    if (memberOf(cors, 'AllowCredentials') === true) found['allowCredentials'] = true
  }
  doc[name] = found
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)

/** Names of CORS settings inside a function, in API Gateway's spelling. */
function lowered(value: Value): Value {
  if (Array.isArray(value)) return value.map(lowered)
  if (!isDict(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const known = key === 'AllowCredentials' || CORS_MEMBERS.some((member) => member === key)
      return [known ? lowerFirst(key) : key, lowered(item)]
    }),
  )
}

export function setInfo(doc: Dict, name: 'title' | 'description', value: Value): void {
  const info = dictAt(doc, 'info') ?? {}
  doc['info'] = info
  if (name === 'title' ? sameValue(info['title'], DEFAULT_TITLE) : !given(info['description']))
    info[name] = value
}
