/** Which resource needs which: references in functions plus DependsOn, cycles, and names that lead nowhere. */
import { subNames, subParts } from '#engines/templates/sub.ts'
import { refuse } from '#engines/templates/template-error.ts'
import { isDict, memberOf, soleEntry, type Dict, type Value } from '#engines/templates/value.ts'

export interface Reference {
  readonly name: string
  /** Of Fn::GetAtt; undefined for Ref. */
  readonly attribute: string | undefined
}

/**
 * Every name that Ref, Fn::GetAtt or Fn::Sub mentions. With condition outcomes only the branch of Fn::If that
 * counts is looked at.
 */
export function referencesIn(
  value: Value | undefined,
  outcomes: ReadonlyMap<string, boolean> | undefined,
): Reference[] {
  const found: Reference[] = []
  collect(value, outcomes, found)
  return found
}

function collect(
  value: Value | undefined,
  outcomes: ReadonlyMap<string, boolean> | undefined,
  found: Reference[],
): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, outcomes, found)
    return
  }
  if (!isDict(value)) return
  const [name, argument] = soleEntry(value) ?? [undefined, null]
  if (name === 'Ref' && typeof argument === 'string') {
    found.push({ name: argument, attribute: undefined })
    return
  }
  if (name === 'Fn::GetAtt' && attribute(argument, found)) return
  if (name === 'Fn::Sub') {
    substitution(argument, outcomes, found)
    return
  }
  if (name === 'Fn::If' && outcomes !== undefined && Array.isArray(argument) && argument.length === 3) {
    const outcome = typeof argument[0] === 'string' ? outcomes.get(argument[0]) : undefined
    if (outcome !== undefined) {
      collect(outcome ? argument[1] : argument[2], outcomes, found)
      return
    }
  }
  for (const member of Object.values(value)) collect(member, outcomes, found)
}

function attribute(argument: Value, found: Reference[]): boolean {
  const parts = typeof argument === 'string' ? argument.split('.') : argument
  if (!Array.isArray(parts) || typeof parts[0] !== 'string') return false
  const rest = parts.slice(1)
  found.push({
    name: parts[0],
    attribute: rest.every((part) => typeof part === 'string') ? rest.join('.') : undefined,
  })
  return true
}

function substitution(
  argument: Value,
  outcomes: ReadonlyMap<string, boolean> | undefined,
  found: Reference[],
): void {
  const { source, variables } = subParts(argument)
  for (const name of subNames(source)) {
    if (Object.hasOwn(variables, name)) continue
    const dot = name.indexOf('.')
    if (dot === -1) found.push({ name, attribute: undefined })
    else found.push({ name: name.slice(0, dot), attribute: name.slice(dot + 1) })
  }
  collect(variables, outcomes, found)
}

/** Logical ids in DependsOn, one or many. */
export function dependsOn(resource: Value | undefined): string[] {
  const named = memberOf(resource, 'DependsOn')
  if (typeof named === 'string') return [named]
  return Array.isArray(named) ? named.filter((item) => typeof item === 'string') : []
}

export type Graph = ReadonlyMap<string, ReadonlySet<string>>

/**
 * Edges from each resource to those it needs. `resources` are those whose condition holds; a DependsOn on one whose
 * condition does not hold is dropped, a reference to one is an error. Throws `TemplateError`.
 */
export function dependencyGraph(
  resources: Dict,
  all: Dict,
  isOtherName: (name: string) => boolean,
  outcomes: ReadonlyMap<string, boolean>,
): Graph {
  const graph = new Map<string, ReadonlySet<string>>()
  const missing = new Set<string>()
  for (const [id, resource] of Object.entries(resources)) {
    const needs = new Set<string>()
    for (const name of dependsOn(resource)) {
      if (Object.hasOwn(resources, name)) needs.add(name)
      else if (!Object.hasOwn(all, name)) missing.add(name)
    }
    const holders = ['Properties', 'UpdatePolicy'].map((name) => memberOf(resource, name) ?? null)
    for (const { name, attribute } of referencesIn(holders, outcomes)) {
      if (Object.hasOwn(resources, name)) needs.add(name)
      else if (attribute !== undefined && !Object.hasOwn(all, name)) {
        refuse(`Template error: instance of Fn::GetAtt references undefined resource ${name}`)
      } else if (attribute !== undefined || !isOtherName(name)) missing.add(name)
    }
    if (needs.has(id)) refuse(`Circular dependency between resources: [${id}]`)
    graph.set(id, needs)
  }
  if (missing.size > 0) {
    refuse(
      `Template format error: Unresolved resource dependencies [${[...missing].join(', ')}] in the Resources block of the template`,
    )
  }
  const cycle = cycleIn(graph)
  if (cycle !== undefined) refuse(`Circular dependency between resources: [${cycle.join(', ')}]`)
  return graph
}

/** The resources of all cycles, in the template's order, or undefined. */
export function cycleIn(graph: Graph): string[] | undefined {
  const waiting = new Map([...graph].map(([id, needs]) => [id, new Set(needs)]))
  let before = -1
  while (waiting.size !== before) {
    before = waiting.size
    for (const [id, needs] of waiting) {
      for (const need of needs) if (!waiting.has(need)) needs.delete(need)
      if (needs.size === 0) waiting.delete(id)
    }
  }
  if (waiting.size === 0) return undefined
  // What remains is on a cycle or needs one; those that nothing of the remainder needs are not on it.
  let shrinking = true
  while (shrinking) {
    const needed = new Set([...waiting.values()].flatMap((needs) => [...needs]))
    shrinking = false
    for (const id of waiting.keys()) {
      if (needed.has(id)) continue
      waiting.delete(id)
      shrinking = true
    }
  }
  return [...waiting.keys()]
}

/** Edges turned round: for deletion, which waits for those that need a resource. */
export function reversed(graph: Graph): Graph {
  const out = new Map<string, Set<string>>([...graph.keys()].map((id) => [id, new Set<string>()]))
  for (const [id, needs] of graph) for (const need of needs) out.get(need)?.add(id)
  return out
}
