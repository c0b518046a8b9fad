/**
 * The schemas that `@aws-sdk/client-*` carries, for the facts botocore has dropped: query names, root elements, query
 * codes and statuses, unions, namespaces. The schema file is evaluated alone; what it imports is left empty.
 */
import { runInNewContext } from 'node:vm'

/** Traits of a member or shape, by the names the schemas use. */
export type Traits = Readonly<Record<string, unknown>>
export interface SdkShape {
  readonly kind: 'structure' | 'union' | 'list' | 'map' | 'simple'
  readonly traits: Traits
  readonly members: Readonly<Record<string, SdkMember>>
}
export interface SdkMember {
  readonly traits: Traits
  /** Name of the target where it has one, else the simple type's number. */
  readonly target: string | number
}
export interface SdkModel {
  readonly namespace: string
  readonly xmlns: string | undefined
  readonly shapes: ReadonlyMap<string, SdkShape>
  readonly operations: ReadonlyMap<string, Traits>
}

const BITS = [
  'httpLabel',
  'idempotent',
  'idempotencyToken',
  'sensitive',
  'httpPayload',
  'httpResponseCode',
  'httpQueryParams',
] as const

function traitsOf(value: unknown): Traits {
  if (typeof value === 'number')
    return Object.fromEntries(BITS.filter((_, bit) => (value & (1 << bit)) !== 0).map((name) => [name, 1]))
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

const isSchema = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) &&
  typeof value[0] === 'number' &&
  typeof value[1] === 'string' &&
  typeof value[2] === 'string'

function memberOf(reference: unknown): SdkMember {
  const isPair = Array.isArray(reference) && !isSchema(reference)
  let target: unknown = isPair ? reference[0] : reference
  if (typeof target === 'function') target = target()
  return {
    traits: traitsOf(isPair ? reference[1] : undefined),
    target: isSchema(target) ? String(target[2]) : Number(target),
  }
}

function shapeOf(schema: readonly unknown[]): SdkShape {
  const [id, , , traits, first, second] = schema
  if (id === 1) return { kind: 'list', traits: traitsOf(traits), members: { member: memberOf(first) } }
  if (id === 2)
    return {
      kind: 'map',
      traits: traitsOf(traits),
      members: { key: memberOf(first), value: memberOf(second) },
    }
  if (id === 3 || id === -3 || id === 4) {
    const names = first as readonly string[]
    const references = second as readonly unknown[]
    return {
      kind: id === 4 ? 'union' : 'structure',
      traits: traitsOf(traits),
      members: Object.fromEntries(names.map((name, i) => [name, memberOf(references[i])])),
    }
  }
  return { kind: 'simple', traits: traitsOf(traits), members: {} }
}

/** Reads one client's schema file, and its default XML namespace from its settings. */
export function fromSdk(source: string, settings: string): SdkModel {
  const script = source
    .replace(/^import \{([^}]*)\} from .*$/gm, (_, names: string) =>
      names.includes('TypeRegistry')
        ? 'class TypeRegistry { static for() { return new TypeRegistry() } registerError() {} }'
        : `var ${names.replace(/[\s,]+$/, '')}`,
    )
    .replace(/^export (?:var|const) /gm, 'var ')
    .replace(/^const /gm, 'var ')
    .replace(/^export \{.*$/gm, '')
  const scope: Record<string, unknown> = {}
  runInNewContext(script, scope)
  const shapes = new Map<string, SdkShape>()
  const operations = new Map<string, Traits>()
  const namespace = String(scope['n0'])
  for (const value of Object.values(scope)) {
    if (!Array.isArray(value) || typeof value[0] !== 'number' || typeof value[1] !== 'string') continue
    if (value[1] !== namespace) continue
    if (value[0] === 9) operations.set(String(value[2]), traitsOf(value[3]))
    else shapes.set(String(value[2]), shapeOf(value))
  }
  return { namespace, xmlns: /xmlNamespace: "([^"]+)"/.exec(settings)?.[1], shapes, operations }
}
