/**
 * What the transform can know before a stack exists: references to parameters, mappings, and references to what it
 * made itself (`Function.Alias`). Values are rewritten in place, as SAM does: a property that was read for a decision
 * stays resolved in the output.
 */
import { invalidDocument, shown } from '#engines/sam/sam-error.ts'
import { type Dict, isDict, memberOf, soleEntry, type Value } from '#engines/templates/value.ts'

type Rewrite = (value: Dict, name: string, argument: Value) => Value

function walk(value: Value, rewrite: Rewrite): Value {
  const entry = soleEntry(value)
  const next = isDict(value) && entry !== undefined ? rewrite(value, entry[0], entry[1]) : value
  if (Array.isArray(next)) {
    for (const [at, item] of next.entries()) next[at] = walk(item, rewrite)
  } else if (isDict(next)) {
    for (const [name, member] of Object.entries(next)) next[name] = walk(member, rewrite)
  }
  return next
}

const VARIABLE = /\$\{([A-Za-z0-9.]+|AWS::[A-Z][A-Za-z]*)\}/g

function rewriteSub(value: Dict, argument: Value, replace: (whole: string, name: string) => Value): Value {
  const text = (source: string): string =>
    source.replace(VARIABLE, (whole, name: string) => {
      const found = replace(whole, name)
      if (typeof found === 'string') return found
      return invalidDocument(
        `Invalid Fn::Sub variable value ${shown(found)}. Fn::Sub expects all variables to be strings.`,
      )
    })
  if (typeof argument === 'string') value['Fn::Sub'] = text(argument)
  else if (Array.isArray(argument) && typeof argument[0] === 'string') argument[0] = text(argument[0])
  return value
}

/** Ref and Fn::Sub of parameters replaced by their values. */
export function resolveParameters(
  value: Value | undefined,
  parameters: ReadonlyMap<string, Value>,
): Value | undefined {
  if (value === undefined) return undefined
  return walk(value, (holder, name, argument) => {
    if (name === 'Ref') return typeof argument === 'string' ? (parameters.get(argument) ?? holder) : holder
    if (name === 'Fn::Sub') {
      return rewriteSub(holder, argument, (whole, variable) => parameters.get(variable) ?? whole)
    }
    return holder
  })
}

/** Fn::FindInMap with plain keys replaced by the mapping's value; unknown keys stay. */
export function resolveMappings(value: Value | undefined, mappings: Dict): Value | undefined {
  if (value === undefined || Object.keys(mappings).length === 0) return value
  return walk(value, (holder, name, argument) => {
    if (name !== 'Fn::FindInMap') return holder
    if (!Array.isArray(argument) || argument.length !== 3) {
      return invalidDocument(
        `Invalid FindInMap value ${shown(argument)}. FindInMap expects an array with 3 values.`,
      )
    }
    const [map, top, second] = argument
    if (typeof map !== 'string' || typeof top !== 'string' || typeof second !== 'string') return holder
    const section = memberOf(mappings, map)
    const row = memberOf(section, top)
    if ((section !== undefined && !isDict(section)) || (row !== undefined && !isDict(row))) {
      return invalidDocument(`Cannot use Fn::FindInMap on Mapping '${map}' which is not a a two-level map.`)
    }
    return memberOf(row, second) ?? holder
  })
}

/** Logical ids that changed (layers get a digest), wherever Ref, Fn::GetAtt and Fn::Sub name them. */
export function renameIds(value: Value, renamed: ReadonlyMap<string, string>): Value {
  if (renamed.size === 0) return value
  return walk(value, (holder, name, argument) => {
    if (name === 'Ref' && typeof argument === 'string') {
      return { Ref: renamed.get(argument) ?? argument }
    }
    if (
      name === 'Fn::GetAtt' &&
      Array.isArray(argument) &&
      argument.every((part) => typeof part === 'string')
    ) {
      const [id = '', ...rest] = argument.join('.').split('.')
      const fresh = renamed.get(id)
      return fresh === undefined ? holder : { 'Fn::GetAtt': [fresh, ...rest] }
    }
    if (name === 'Fn::Sub') {
      return rewriteSub(holder, argument, (whole, variable) => {
        const id = variable.split('.')[0] ?? ''
        return whole.replace(id, renamed.get(id) ?? id)
      })
    }
    return holder
  })
}

export type References = ReadonlyMap<string, ReadonlyMap<string, string>>

/** `!Ref MyFunction.Alias` and its like, replaced by the logical id of what was made. */
export function resolveReferences(value: Value, references: References): Value {
  if (references.size === 0) return value
  return walk(value, (holder, name, argument) => {
    if (name === 'Ref' && typeof argument === 'string') {
      const dot = argument.indexOf('.')
      const found =
        dot === -1 ? undefined : references.get(argument.slice(0, dot))?.get(argument.slice(dot + 1))
      return found === undefined ? holder : { Ref: found }
    }
    if (
      name === 'Fn::GetAtt' &&
      Array.isArray(argument) &&
      argument.every((part) => typeof part === 'string')
    ) {
      const [id = '', property = '', ...rest] = argument.join('.').split('.')
      const found = references.get(id)?.get(property)
      return found === undefined ? holder : { 'Fn::GetAtt': [found, ...rest] }
    }
    if (name === 'Fn::Sub') {
      return rewriteSub(holder, argument, (whole, variable) => {
        const [id = '', property = ''] = variable.split('.')
        const found = references.get(id)?.get(property)
        return found === undefined ? whole : whole.replace(`${id}.${property}`, found)
      })
    }
    return holder
  })
}

/** DependsOn of every object in the tree follows renamed logical ids. */
export function renameDependsOn(value: Value, renamed: ReadonlyMap<string, string>): void {
  if (Array.isArray(value)) {
    for (const item of value) renameDependsOn(item, renamed)
    return
  }
  if (!isDict(value)) return
  const depends = memberOf(value, 'DependsOn')
  if (typeof depends === 'string') value['DependsOn'] = renamed.get(depends) ?? depends
  if (Array.isArray(depends)) {
    value['DependsOn'] = depends.map((id) => (typeof id === 'string' ? (renamed.get(id) ?? id) : id))
  }
  for (const member of Object.values(value)) renameDependsOn(member, renamed)
}
