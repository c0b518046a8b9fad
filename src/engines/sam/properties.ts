/**
 * Property rules of SAM's own types and events, written as one line a type: `Name` or `Name!` (required), then a
 * kind. When you add a property to a type, this is the table; what it does is the type's own file.
 */
import { type Source, attributesOf } from '#engines/sam/resource.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import { type Dict, isDict, memberOf, type Value } from '#engines/templates/value.ts'

interface Rule {
  readonly name: string
  readonly required: boolean
  /** Any of these. */
  readonly kinds: readonly string[]
  /** An object with one member passes as an intrinsic function. */
  readonly intrinsics: boolean
}

export type Rules = readonly Rule[]

/**
 * Reads the short form: blank-separated `Name[!][:kind[|kind...]][^]`. Kinds: any (default), str, map, list, bool,
 * int, `list(str|map)`, `map(str)`; `^` refuses intrinsic functions.
 */
export function rules(text: string): Rules {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => {
      const [head = '', kinds = 'any'] = word.replace(/\^$/, '').split(':')
      return {
        name: head.replace(/!$/, ''),
        required: head.endsWith('!'),
        kinds: alternatives(kinds),
        intrinsics: !word.endsWith('^') && kinds !== 'any',
      }
    })
}

/** Splits at `|` outside parentheses. */
function alternatives(text: string): string[] {
  return text.match(/[a-z]+(\([^)]*\))?/g) ?? []
}

function fits(value: Value, kind: string): boolean {
  const inner = kind.match(/^(list|map)\((.*)\)$/)
  if (inner !== null) {
    const [, outer = '', items = ''] = inner
    if (!fits(value, outer)) return false
    const all = Array.isArray(value) ? value : Object.values(isDict(value) ? value : {})
    return all.every((item) => alternatives(items).some((one) => fits(item, one)))
  }
  switch (kind) {
    case 'any':
      return true
    case 'str':
      return typeof value === 'string'
    case 'map':
      return isDict(value)
    case 'list':
      return Array.isArray(value)
    case 'bool':
      return typeof value === 'boolean'
    case 'int':
      return typeof value === 'boolean' || (typeof value === 'number' && Number.isInteger(value))
    default:
      return false
  }
}

const EXPECTED = new Map<string, string>([
  ['map', 'map'],
  ['str', 'string'],
])

/** Checks a resource's (or an event's) properties and gives it as `Source`. Texts: SAM's. */
export function checked(id: string, resource: Dict, type: string, all: Rules): Source {
  const properties = memberOf(resource, 'Properties') ?? {}
  if (!isDict(properties)) return invalidResource(id, 'Properties of a resource must be an object.')
  if (!/^[A-Za-z0-9]+$/.test(id)) return invalidResource(id, 'Logical ids must be alphanumeric.')
  for (const name of Object.keys(properties)) {
    if (!all.some((rule) => rule.name === name)) {
      return invalidResource(id, `property ${name} not defined for resource of type ${type}`)
    }
  }
  for (const rule of all) {
    const value = memberOf(properties, rule.name)
    if (rule.intrinsics && isDict(value) && Object.keys(value).length === 1) continue
    if (value === undefined || value === null) {
      if (rule.required) return invalidResource(id, `Missing required property '${rule.name}'.`)
    } else if (!rule.kinds.some((kind) => fits(value, kind))) {
      return invalidResource(id, wrongType(rule))
    }
  }
  return {
    id,
    type,
    properties,
    dependsOn: memberOf(resource, 'DependsOn'),
    attributes: attributesOf(resource),
  }
}

function wrongType(rule: Rule): string {
  const expected = rule.kinds.length === 1 ? EXPECTED.get(rule.kinds[0] ?? '') : undefined
  return expected === undefined
    ? `Type of property '${rule.name}' is invalid.`
    : `Property '${rule.name}' should be a ${expected}.`
}
