/**
 * The AWS::LanguageExtensions transform: `Fn::ForEach` loops are written out, intrinsic functions get where the plain
 * language does not take them (names of resources in Ref, Fn::GetAtt and DependsOn; DeletionPolicy, UpdateReplacePolicy).
 * Fn::Length, Fn::ToJsonString and DefaultValue of Fn::FindInMap are evaluated with the rest, in `evaluate.ts`.
 * Source: CloudFormation template reference, AWS::LanguageExtensions transform.
 */
import { evaluate, type Scope } from '#engines/templates/evaluate.ts'
import { refuse, TemplateError } from '#engines/templates/template-error.ts'
import { type Dict, isDict, memberOf, scalarText, soleEntry, type Value } from '#engines/templates/value.ts'

/** What a loop's collection and a policy may look at. */
export type KnownScope = Omit<Scope, 'conditions' | 'ref' | 'attribute' | 'exported'>

const LOOP = 'Fn::ForEach::'
/** Members that all loops of a template may write out. Ours: AWS's bound is the size of the processed template. */
const WRITTEN_OUT_MAX = 100_000
/** Loops within loops. Source: Fn::ForEach, Considerations (five). */
const DEPTH_MAX = 5
const POLICIES = ['DeletionPolicy', 'UpdateReplacePolicy']

interface Run {
  readonly scope: Scope
  written: number
}

/** A new template with everything written out. Throws `TemplateError`. */
export function extended(body: Dict, known: KnownScope): Dict {
  const run: Run = {
    scope: {
      ...known,
      conditions: new Map(),
      ref: () => undefined,
      attribute: (name) =>
        refuse(
          `Template error: Fn::GetAtt of ${name} cannot be used where a value is needed before the stack is made`,
        ),
      exported: () =>
        refuse(
          'Template error: Fn::ImportValue cannot be used where a value is needed before the stack is made',
        ),
    },
    written: 0,
  }
  const looped = written(body, run, 0)
  if (!isDict(looped)) return body
  const resources = memberOf(looped, 'Resources')
  if (isDict(resources)) {
    for (const [id, resource] of Object.entries(resources)) resources[id] = named(resource, run.scope)
  }
  const outputs = memberOf(looped, 'Outputs')
  return outputs === undefined ? looped : { ...looped, Outputs: references(outputs, run.scope) }
}

function written(value: Value, run: Run, depth: number): Value {
  if (Array.isArray(value)) return value.map((item) => written(item, run, depth))
  if (!isDict(value)) return value
  const out: Dict = {}
  for (const [name, member] of Object.entries(value)) {
    const members: [string, Value][] = name.startsWith(LOOP)
      ? loop(name, member, run, depth + 1)
      : [[name, written(member, run, depth)]]
    for (const [key, one] of members) {
      if (Object.hasOwn(out, key) && name.startsWith(LOOP)) refuse(`${failed(name)}: duplicate key ${key}`)
      out[key] = one
    }
  }
  return out
}

const failed = (name: string): string => `Template error: ${name} could not be resolved`

function loop(name: string, value: Value, run: Run, depth: number): [string, Value][] {
  if (depth > DEPTH_MAX) return refuse(`${failed(name)}: loops are nested more than ${DEPTH_MAX} deep`)
  const [identifier, collection, body, ...more] = Array.isArray(value) ? value : []
  if (typeof identifier !== 'string' || collection === undefined || !isDict(body) || more.length > 0)
    return refuse(`${failed(name)}: Fn::ForEach layout is incorrect`)
  return itemsOf(name, collection, run).flatMap((item): [string, Value][] => {
    run.written++
    if (run.written > WRITTEN_OUT_MAX)
      refuse(`${failed(name)}: it writes out more than ${WRITTEN_OUT_MAX} members`)
    const filled = substituted(body, identifier, item)
    const members = written(filled, run, depth)
    return isDict(members) ? Object.entries(members) : []
  })
}

function itemsOf(name: string, collection: Value, run: Run): string[] {
  const plain = Array.isArray(collection) ? collection : [collection]
  return plain.flatMap((item) => {
    const found = evaluate(item, run.scope)
    const list = Array.isArray(found) ? found : [found]
    return list.map(
      (one) => scalarText(one) ?? refuse(`${failed(name)}: its collection must be a list of strings`),
    )
  })
}

/** `${X}` and `&{X}` in keys and texts, and Ref of the identifier; `&{X}` leaves only letters and digits. */
function substituted(value: Value, identifier: string, item: string): Value {
  const filled = (text: string): string =>
    text
      .replaceAll(`\${${identifier}}`, () => item)
      .replaceAll(`&{${identifier}}`, () => item.replace(/[^a-zA-Z0-9]/g, ''))
  if (typeof value === 'string') return filled(value)
  if (Array.isArray(value)) return value.map((one) => substituted(one, identifier, item))
  if (!isDict(value)) return value
  const [only, argument] = soleEntry(value) ?? []
  if (only === 'Ref' && argument === identifier) return item
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [filled(key), substituted(member, identifier, item)]),
  )
}

/** A resource whose policies and references are plain names. */
function named(resource: Value, scope: Scope): Value {
  if (!isDict(resource)) return resource
  const out: Dict = { ...resource }
  for (const policy of POLICIES) {
    const given = memberOf(resource, policy)
    if (!isDict(given)) continue
    out[policy] = evaluate(given, scope) ?? 'Delete'
  }
  const needs = memberOf(resource, 'DependsOn')
  if (needs !== undefined) out['DependsOn'] = resolved(needs, scope)
  const properties = memberOf(resource, 'Properties')
  if (properties !== undefined) out['Properties'] = references(properties, scope)
  return out
}

function references(value: Value, scope: Scope): Value {
  if (Array.isArray(value)) return value.map((item) => references(item, scope))
  if (!isDict(value)) return value
  const [only, argument] = soleEntry(value) ?? []
  if (only === 'Ref' && isDict(argument)) return { Ref: resolved(argument, scope) }
  if (only === 'Fn::GetAtt' && Array.isArray(argument))
    return { 'Fn::GetAtt': argument.map((part) => resolved(part, scope)) }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, references(member, scope)]))
}

/** The value where it can be known; else as it stands, for the deployment to evaluate. */
function resolved(value: Value, scope: Scope): Value {
  if (!isDict(value) && !Array.isArray(value)) return value
  try {
    return evaluate(value, scope) ?? value
  } catch (error) {
    if (error instanceof TemplateError) return value
    throw error
  }
}
