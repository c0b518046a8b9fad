/** Reading and extending the `paths` of an OpenAPI document in place, `Fn::If` around paths and methods included. */
import { conditional, isNoValue } from '#engines/sam/intrinsics.ts'
import { invalidDocument, shown } from '#engines/sam/sam-error.ts'
import { type Dict, dictAt, isDict, memberOf, scalarText, type Value } from '#engines/templates/value.ts'

export const INTEGRATION = 'x-amazon-apigateway-integration'
export const ANY_METHOD = 'x-amazon-apigateway-any-method'
export const ALL_METHODS = ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'] as const

export const isOpenApi3 = (version: Value | undefined): boolean =>
  /^3(\.\d)(\.\d)?$/.test(scalarText(version) ?? '')

/** `any` is API Gateway's extension; other methods are lower case. */
export const methodName = (method: string): string =>
  method.toLowerCase() === 'any' ? ANY_METHOD : method.toLowerCase()

/** The value, or both branches of an Fn::If around it without `AWS::NoValue`. */
export function branches(item: Value | undefined): Value[] {
  const found = item ?? null
  if (!isDict(found) || !Object.hasOwn(found, 'Fn::If')) return [found]
  const parts = found['Fn::If']
  if (!Array.isArray(parts)) return invalidDocument('Value of Fn::If must be a list.')
  return parts.slice(1).filter((part) => !isNoValue(part))
}

export function pathsOf(doc: Dict): Dict {
  return dictAt(doc, 'paths') ?? {}
}

/** The path items of a path (more than one under Fn::If). */
export function pathItems(doc: Dict, path: string): Dict[] {
  return branches(memberOf(pathsOf(doc), path)).map((item) =>
    isDict(item)
      ? item
      : invalidDocument(`Value of '${path}' path must be a dictionary according to Swagger spec.`),
  )
}

function definition(value: Value, path: string, method: string): Dict {
  return isDict(value)
    ? value
    : invalidDocument(`Definition of method '${method}' for path '${path}' should be a map.`)
}

const integrated = (method: Dict): boolean => {
  const found = memberOf(method, INTEGRATION)
  return found !== undefined && found !== null && !(isDict(found) && Object.keys(found).length === 0)
}

export function hasIntegration(doc: Dict, path: string, method: string): boolean {
  if (!Object.hasOwn(pathsOf(doc), path)) return false
  const name = methodName(method)
  const items = branches(memberOf(pathsOf(doc), path))
  return items.every((item) => {
    const found = memberOf(item, name)
    return isDict(found) && branches(found).some((one) => integrated(definition(one, path, name)))
  })
}

/** Makes the path and the method when they are missing. */
export function addPath(doc: Dict, path: string, method: string): void {
  const paths = pathsOf(doc)
  paths[path] ??= {}
  if (!isDict(paths[path])) {
    invalidDocument(`Value of '${path}' path must be a dictionary according to Swagger spec.`)
  }
  for (const item of branches(paths[path])) {
    const name = methodName(method)
    if (isDict(item) && !Object.hasOwn(item, name)) item[name] = {}
  }
}

/** Definitions of one method that have an integration. */
export function methodsAt(doc: Dict, path: string, method: string): Dict[] {
  const name = methodName(method)
  return pathItems(doc, path)
    .flatMap((item) => branches(memberOf(item, name)))
    .map((one) => definition(one, path, name))
    .filter(integrated)
}

/** All methods of a path that have an integration; `without` names members that are no methods. */
export function methodsOf(doc: Dict, path: string, without: readonly string[]): [string, Dict][] {
  return pathItems(doc, path).flatMap((item) =>
    Object.entries(item)
      .filter(([name]) => !without.includes(name))
      .flatMap(([name, method]) =>
        branches(method)
          .map((one) => definition(one, path, name))
          .filter(integrated)
          .map((one): [string, Dict] => [methodName(name), one]),
      ),
  )
}

export function makePathConditional(doc: Dict, path: string, condition: string): void {
  const paths = pathsOf(doc)
  paths[path] = conditional(condition, paths[path] ?? {})
}

/** Puts what `write` gives into the method, under the function's condition when it has one. */
export function writeMethod(
  doc: Dict,
  at: { readonly path: string; readonly method: string; readonly condition: string | undefined },
  write: (method: Dict) => void,
): void {
  const name = methodName(at.method)
  addPath(doc, at.path, name)
  for (const item of pathItems(doc, at.path)) {
    const found = item[name]
    const method = isDict(found) ? found : {}
    item[name] = method
    write(method)
    if (at.condition !== undefined) item[name] = conditional(at.condition, method)
  }
}

/** The list under a key, made when missing; `what` names it in the error. */
export function securityOf(method: Dict, path: string, name: string): Dict[] {
  const found = Object.hasOwn(method, 'security') ? method['security'] : []
  if (!Array.isArray(found)) {
    return invalidDocument(`Type of security for path ${path} method ${name} must be a list`)
  }
  return found.map((one) =>
    isDict(one)
      ? one
      : invalidDocument(
          `${shown(one)} in Security for path ${path} method ${name} is not a valid dictionary.`,
        ),
  )
}

/** Path parameters become `*`, as in the ARNs of permissions. */
export const wildPath = (path: string): string => path.replace(/\{[a-zA-Z0-9._-]+\+?\}/g, '*')
