/**
 * APIs that nobody wrote: events without an API of their own share `ServerlessRestApi` or `ServerlessHttpApi`. Also
 * here: the paths of all events are entered into their APIs' documents, and conditions of functions become
 * conditions of paths and of the implicit API.
 */
import { referredId } from '#engines/sam/api-event.ts'
import { combinedConditions } from '#engines/sam/conditions.ts'
import { addPath, ANY_METHOD, makePathConditional, pathsOf } from '#engines/sam/editor.ts'
import { conditional, given } from '#engines/sam/intrinsics.ts'
import { DEFAULT_PATH, isOpenApi, openApiSkeleton } from '#engines/sam/open-api.ts'
import { API, FUNCTION, HTTP_API, MANAGED, STATE_MACHINE } from '#engines/sam/rules.ts'
import { EventInvalid, invalidEvent, resourceText, SamRefused } from '#engines/sam/sam-error.ts'
import { isSwagger, swaggerSkeleton } from '#engines/sam/swagger.ts'
import { copyOf, type Dict, dictAt, isDict, memberOf, textAt, type Value } from '#engines/templates/value.ts'

interface Kind {
  readonly id: string
  readonly type: string
  readonly eventType: string
  readonly property: string
  skeleton(): Dict
  valid(doc: Value | undefined): boolean
}

const REST: Kind = {
  id: 'ServerlessRestApi',
  type: API,
  eventType: 'Api',
  property: 'RestApiId',
  skeleton: () => ({ StageName: 'Prod', DefinitionBody: swaggerSkeleton(), [MANAGED]: true }),
  valid: isSwagger,
}
const HTTP: Kind = {
  id: 'ServerlessHttpApi',
  type: HTTP_API,
  eventType: 'HttpApi',
  property: 'ApiId',
  skeleton: () => ({ DefinitionBody: openApiSkeleton(), [MANAGED]: true }),
  valid: isOpenApi,
}

/** Explicit APIs without a document get an empty one that the transform writes. */
export function defaultDefinitions(resources: Dict): void {
  for (const resource of Object.values(resources)) {
    const type = textAt(resource, 'Type')
    if (!isDict(resource) || (type !== API && type !== HTTP_API)) continue
    const properties = dictAt(resource, 'Properties') ?? {}
    if (given(properties['DefinitionBody']) || given(properties['DefinitionUri'])) continue
    properties['DefinitionBody'] = type === API ? swaggerSkeleton() : openApiSkeleton()
    properties[MANAGED] = true
    resource['Properties'] = properties
  }
}

/** What each API's methods say of the functions behind them. */
interface Seen {
  /** API, path, method: the condition of the function, if any. */
  readonly conditions: Map<string, Map<string, Map<string, string | undefined>>>
  readonly deletion: Map<string, (string | undefined)[]>
  readonly replacement: Map<string, (string | undefined)[]>
}

/** Source: SAM specification, Api and HttpApi events. Throws `SamRefused` with every wrong event. */
export function implicitApis(template: Dict): void {
  addImplicit(template, REST)
  addImplicit(template, HTTP)
}

function addImplicit(template: Dict, kind: Kind): void {
  const resources = dictAt(template, 'Resources') ?? {}
  const existing = memberOf(resources, kind.id)
  const before = existing === undefined ? undefined : copyOf(existing)
  resources[kind.id] = { Type: kind.type, Properties: kind.skeleton() }
  const seen: Seen = { conditions: new Map(), deletion: new Map(), replacement: new Map() }
  const wrong: string[] = []
  for (const [id, resource] of Object.entries(resources)) {
    const type = textAt(resource, 'Type')
    if (type !== FUNCTION && type !== STATE_MACHINE) continue
    if (!isDict(resource)) continue
    try {
      enterEvents(template, kind, resource, seen)
    } catch (error) {
      if (!(error instanceof EventInvalid)) throw error
      wrong.push(resourceText(id, error.message))
    }
  }
  markImplicit(template, kind, seen)
  conditionPaths(template, kind, seen)
  const implicit = dictAt(dictAt(resources, kind.id), 'Properties')
  const body = dictAt(implicit, 'DefinitionBody')
  if (body !== undefined && Object.keys(pathsOf(body)).length === 0) {
    if (before === undefined) delete resources[kind.id]
    else resources[kind.id] = before
  }
  if (wrong.length > 0) throw new SamRefused(wrong)
}

function enterEvents(template: Dict, kind: Kind, resource: Dict, seen: Seen): void {
  const events = dictAt(dictAt(resource, 'Properties'), 'Events') ?? {}
  for (const [name, event] of Object.entries(events)) {
    if (!isDict(event) || textAt(event, 'Type') !== kind.eventType) continue
    const found = memberOf(event, 'Properties') ?? {}
    if (kind === REST && !given(found)) continue
    if (!isDict(found)) return invalidEvent(name, 'Properties should be a map.')
    event['Properties'] = found
    enterEvent(template, kind, { name, properties: found, resource }, seen)
  }
}

interface Entry {
  readonly name: string
  readonly properties: Dict
  readonly resource: Dict
}

function enterEvent(template: Dict, kind: Kind, entry: Entry, seen: Seen): void {
  const { name, properties, resource } = entry
  shareTags(template, kind, entry)
  properties[kind.property] ??= { Ref: kind.id }
  if (kind === HTTP && !given(properties['Path']) && !given(properties['Method'])) {
    properties['Path'] = DEFAULT_PATH
    properties['Method'] = ANY_METHOD
  }
  const [api, path, method] = [
    needed(name, kind.property, referredId(properties[kind.property])),
    needed(name, 'Path', memberOf(properties, 'Path')),
    needed(name, 'Method', memberOf(properties, 'Method')),
  ]
  const [apiId, pathText, methodText] = [
    asText(name, kind.property, api),
    asText(name, 'Path', path),
    asText(name, 'Method', method),
  ]
  const paths = getOrAdd(seen.conditions, apiId, () => new Map<string, Map<string, string | undefined>>())
  getOrAdd(paths, pathText, () => new Map<string, string | undefined>()).set(
    methodText,
    textAt(resource, 'Condition'),
  )
  getOrAdd(seen.deletion, apiId, () => []).push(textAt(resource, 'DeletionPolicy'))
  getOrAdd(seen.replacement, apiId, () => []).push(textAt(resource, 'UpdateReplacePolicy'))
  enterPath(template, kind, name, { apiId, path: pathText, method: methodText })
  if (kind === HTTP && Object.hasOwn(properties, 'RouteSettings')) routeSettings(template, entry, apiId)
}

function needed(event: string, name: string, value: Value | undefined): Value {
  if (value === undefined || value === null) {
    return name === 'RestApiId' || name === 'ApiId'
      ? invalidEvent(event, `Property '${name}' should be a string.`)
      : invalidEvent(event, `Property '${name}' is required.`)
  }
  return value
}

const asText = (event: string, name: string, value: Value): string =>
  typeof value === 'string' ? value : invalidEvent(event, `Property '${name}' should be a string.`)

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const fresh = make()
  map.set(key, fresh)
  return fresh
}

/** PropagateTags of a function reaches the implicit API too. */
function shareTags(template: Dict, kind: Kind, { properties, resource }: Entry): void {
  if (Object.hasOwn(properties, kind.property)) return
  const type = (textAt(resource, 'Type') ?? '').replace('AWS::Serverless::', '')
  const globals = dictAt(dictAt(template, 'Globals'), type) ?? {}
  const own = dictAt(resource, 'Properties') ?? {}
  const pick = (name: string): Value | undefined => (given(own[name]) ? own[name] : memberOf(globals, name))
  const implicit = dictAt(dictAt(dictAt(template, 'Resources'), kind.id), 'Properties')
  const tags = pick('Tags')
  if (implicit === undefined || !isDict(tags) || !given(tags) || !given(pick('PropagateTags'))) return
  implicit['Tags'] = { ...dictAt(implicit, 'Tags'), ...tags }
  implicit['PropagateTags'] = true
}

function enterPath(
  template: Dict,
  kind: Kind,
  event: string,
  at: { readonly apiId: string; readonly path: string; readonly method: string },
): void {
  const api = dictAt(dictAt(template, 'Resources'), at.apiId)
  const type = textAt(api, 'Type')
  if (api === undefined || (type === HTTP_API && kind.type !== HTTP_API)) {
    return invalidEvent(
      event,
      `${kind.property} must be a valid reference to an '${kind.type}' resource in same template.`,
    )
  }
  const properties = dictAt(api, 'Properties')
  const body = dictAt(properties, 'DefinitionBody')
  if (properties === undefined || body === undefined || !kind.valid(body) || !given(properties[MANAGED]))
    return
  addPath(body, at.path, at.method)
}

function routeSettings(template: Dict, { name, properties, resource }: Entry, apiId: string): void {
  const api = dictAt(dictAt(dictAt(template, 'Resources'), apiId), 'Properties')
  if (api === undefined) return
  const [path, method] = [textAt(properties, 'Path') ?? '', textAt(properties, 'Method') ?? '']
  const route = method === ANY_METHOD ? path : `${method.toUpperCase()} ${path}`
  const all = memberOf(api, 'RouteSettings') ?? {}
  if (!isDict(all)) {
    throw new SamRefused([resourceText(apiId, "Property 'RouteSettings' should be a map.")])
  }
  const condition = textAt(resource, 'Condition')
  const own = memberOf(properties, 'RouteSettings') ?? {}
  const settings = condition === undefined ? own : conditional(condition, own)
  if (!isDict(settings)) return invalidEvent(name, "Property 'RouteSettings' should be a map.")
  all[route] = { ...dictAt(all, route), ...settings }
  api['RouteSettings'] = all
}

/** Condition and policies of the implicit API, when all of its methods have them. */
function markImplicit(template: Dict, kind: Kind, seen: Seen): void {
  const implicit = dictAt(dictAt(template, 'Resources'), kind.id)
  if (implicit === undefined) return
  const all = [...(seen.conditions.get(kind.id)?.values() ?? [])].flatMap((methods) => [...methods.values()])
  const condition = joined(template, new Set(all), `${kind.id}Condition`)
  if (condition !== undefined) implicit['Condition'] = condition
  const strongest = (
    found: (string | undefined)[] | undefined,
    order: readonly string[],
  ): string | undefined => order.find((policy) => found?.includes(policy) === true)
  const deletion = strongest(seen.deletion.get(kind.id), ['Retain', 'Delete'])
  const replacement = strongest(seen.replacement.get(kind.id), ['Retain', 'Snapshot', 'Delete'])
  if (deletion !== undefined) implicit['DeletionPolicy'] = deletion
  if (replacement !== undefined) implicit['UpdateReplacePolicy'] = replacement
}

/** The one condition of all, or a new one that joins them; undefined when something has none. */
function joined(template: Dict, all: ReadonlySet<string | undefined>, name: string): string | undefined {
  const names = [...all].filter((one) => one !== undefined)
  if (names.length === 0 || all.has(undefined)) return undefined
  if (names.length === 1) return names[0]
  const section = dictAt(template, 'Conditions') ?? {}
  template['Conditions'] = Object.assign(section, combinedConditions(names.sort(), name))
  return name
}

function conditionPaths(template: Dict, kind: Kind, seen: Seen): void {
  for (const [id, resource] of Object.entries(dictAt(template, 'Resources') ?? {})) {
    const properties = textAt(resource, 'Type') === kind.type ? dictAt(resource, 'Properties') : undefined
    const body = dictAt(properties, 'DefinitionBody')
    if (properties === undefined || body === undefined || !given(properties[MANAGED])) continue
    for (const path of Object.keys(pathsOf(body))) {
      const methods = seen.conditions.get(id)?.get(path)
      if (methods === undefined) continue
      const slug = path.replaceAll('/', 'SLASH').replaceAll('{', 'OB').replaceAll('}', 'CB')
      const condition = joined(template, new Set(methods.values()), `${id}${slug}PathCondition`)
      if (condition !== undefined) makePathConditional(body, path, condition)
    }
  }
}
