/**
 * The generated resource tables: which types AWS knows, what properties the deployed ones take, and what a change of
 * them costs. Pure. The data is written by `tools/make-resources.ts`; which types have a handler is `resources/all.ts`.
 */
import { assert } from '#base/assert.ts'
import { isRecord, valueAt } from '#base/json.ts'
import { type Dict, isDict, memberOf, sameValue, scalarText, type Value } from '#engines/templates/value.ts'

export interface PropertyRule {
  /** See `tools/make-resources.ts` for the letters. */
  readonly type: string
  readonly required: boolean
  /** `yes`: a change replaces the resource; `maybe`: it depends, and is done in place here. */
  readonly replaces: 'yes' | 'maybe' | 'no'
}

type Rules = ReadonlyMap<string, PropertyRule>

export interface ResourceTable {
  readonly properties: Rules
  readonly definitions: ReadonlyMap<string, Rules>
  readonly attributes: ReadonlySet<string>
}

export interface ResourceTables {
  /** Every type that AWS knows. */
  readonly known: ReadonlySet<string>
  readonly tables: ReadonlyMap<string, ResourceTable>
}

/** Reads the parsed `src/model/resources/cloudformation.json`. */
export function readTables(data: unknown): ResourceTables {
  const types = valueAt(data, 'types')
  const tables = valueAt(data, 'tables')
  assert(Array.isArray(types) && isRecord(tables), 'the generated resource tables are whole')
  return {
    known: new Set(types.map(String)),
    tables: new Map(Object.entries(tables).map(([type, table]) => [type, tableOf(table)])),
  }
}

function tableOf(table: unknown): ResourceTable {
  const definitions = valueAt(table, 'definitions')
  const attributes = valueAt(table, 'attributes')
  return {
    properties: rulesOf(valueAt(table, 'properties')),
    definitions: new Map(
      Object.entries(isRecord(definitions) ? definitions : {}).map(([name, one]) => [name, rulesOf(one)]),
    ),
    attributes: new Set(Array.isArray(attributes) ? attributes.map(String) : []),
  }
}

function rulesOf(properties: unknown): Rules {
  const rule = (entry: unknown): PropertyRule => {
    const [type, flags] = Array.isArray(entry) ? entry.map(String) : []
    return {
      type: type ?? 'j',
      required: flags?.includes('r') === true,
      replaces: flags?.includes('c') === true ? 'yes' : flags?.includes('m') === true ? 'maybe' : 'no',
    }
  }
  return new Map(
    Object.entries(isRecord(properties) ? properties : {}).map(([name, entry]) => [name, rule(entry)]),
  )
}

/** The outcome of `conform`: properties in the types that they are meant to have, or what is wrong with them. */
export type Conformed =
  | { readonly ok: true; readonly properties: Dict }
  | { readonly ok: false; readonly wrong: readonly string[] }

/**
 * Checks names and required members, and turns scalars into the types of the table ("128" into 128), as
 * CloudFormation does. `inferred`: the wording of single complaints follows its validation messages.
 */
export function conform(table: ResourceTable, properties: Dict): Conformed {
  const wrong: string[] = []
  const value = members(table, table.properties, properties, { path: '#', wrong })
  return wrong.length === 0 ? { ok: true, properties: value } : { ok: false, wrong }
}

interface Place {
  readonly path: string
  readonly wrong: string[]
}

function members(table: ResourceTable, rules: Rules, value: Dict, at: Place): Dict {
  const out: Dict = {}
  for (const [name, rule] of rules) {
    if (rule.required && memberOf(value, name) === undefined) {
      at.wrong.push(`${at.path}: required key [${name}] not found`)
    }
  }
  for (const [name, member] of Object.entries(value)) {
    const rule = rules.get(name)
    if (rule === undefined) at.wrong.push(`${at.path}: extraneous key [${name}] is not permitted`)
    else out[name] = typed(table, rule.type, member, { ...at, path: `${at.path}/${name}` })
  }
  return out
}

function typed(table: ResourceTable, type: string, value: Value, at: Place): Value {
  if (type.includes('|')) return either(table, type.split('|'), value, at)
  const inner = type.slice(1)
  switch (type.charAt(0)) {
    case 's':
      return scalarText(value) ?? complain(at, 'String', value)
    case 'b':
      return truth(value) ?? complain(at, 'Boolean', value)
    case 'i':
    case 'n':
      return numeric(value, type === 'i') ?? complain(at, type === 'i' ? 'Integer' : 'Number', value)
    case '[':
      if (!Array.isArray(value)) return complain(at, 'JSONArray', value)
      return value.map((item, index) => typed(table, inner, item, { ...at, path: `${at.path}/${index}` }))
    case '{':
      if (!isDict(value)) return complain(at, 'JSONObject', value)
      return Object.fromEntries(
        Object.entries(value).map(([name, item]) => [
          name,
          typed(table, inner, item, { ...at, path: `${at.path}/${name}` }),
        ]),
      )
    case '@': {
      const rules = table.definitions.get(inner)
      if (rules === undefined) return value
      return isDict(value) ? members(table, rules, value, at) : complain(at, 'JSONObject', value)
    }
    case 't':
      return tag(value) ?? complain(at, 'JSONObject', value)
    default:
      return value
  }
}

function either(table: ResourceTable, types: readonly string[], value: Value, at: Place): Value {
  for (const type of types) {
    const wrong: string[] = []
    const found = typed(table, type, value, { ...at, wrong })
    const fits = wrong.length === 0 && (typeof found === typeof value || type === 's')
    if (fits) return found
  }
  return complain(at, types.join(' or '), value)
}

const truth = (value: Value): boolean | undefined => {
  if (typeof value === 'boolean') return value
  if (value === 'true' || value === 'True') return true
  return value === 'false' || value === 'False' ? false : undefined
}

function numeric(value: Value, whole: boolean): number | undefined {
  const number = typeof value === 'number' ? value : typeof value === 'string' ? asNumber(value) : undefined
  return number === undefined || (whole && !Number.isInteger(number)) ? undefined : number
}

const asNumber = (text: string): number | undefined =>
  /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined

function tag(value: Value): Dict | undefined {
  const key = scalarText(memberOf(value, 'Key'))
  const content = scalarText(memberOf(value, 'Value'))
  return key === undefined || content === undefined || !isDict(value)
    ? undefined
    : { ...value, Key: key, Value: content }
}

function complain(at: Place, expected: string, value: Value): Value {
  const found = Array.isArray(value)
    ? 'JSONArray'
    : isDict(value)
      ? 'JSONObject'
      : value === null
        ? 'Null'
        : 'String'
  at.wrong.push(`${at.path}: expected type: ${expected}, found: ${found}`)
  return value
}

/** Tags of the stack go on every resource that takes tags; its own win. Source: CloudFormation user guide, Resource tags. */
export function withStackTags(
  table: ResourceTable,
  properties: Dict,
  tags: readonly { readonly Key: string; readonly Value: string }[],
): Dict {
  const type = table.properties.get('Tags')?.type
  if (type === undefined || tags.length === 0) return properties
  const own = memberOf(properties, 'Tags')
  if (type === '[t') {
    const list = Array.isArray(own) ? own : []
    const keys = new Set(list.map((one) => memberOf(one, 'Key')))
    return {
      ...properties,
      Tags: [...list, ...tags.filter(({ Key }) => !keys.has(Key)).map((tag) => ({ ...tag }))],
    }
  }
  const map = Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]))
  return { ...properties, Tags: { ...map, ...(isDict(own) ? own : {}) } }
}

/** What a resource is made from: typed, checked, with the stack's tags. Types without a table are taken as they are. */
export function deployable(
  tables: ResourceTables,
  type: string,
  properties: Dict,
  tags: readonly { readonly Key: string; readonly Value: string }[],
): Conformed {
  const table = tables.tables.get(type)
  return table === undefined
    ? { ok: true, properties }
    : conform(table, withStackTags(table, properties, tags))
}

export interface PropertyChange {
  readonly name: string
  readonly replaces: 'yes' | 'maybe' | 'no'
}

/** Top-level properties that differ, each with what its change costs; a nested create-only member counts for its parent. */
export function changesBetween(table: ResourceTable, before: Dict, after: Dict): PropertyChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name): PropertyChange[] => {
    const [old, fresh] = [memberOf(before, name), memberOf(after, name)]
    if (sameValue(old, fresh)) return []
    const rule = table.properties.get(name)
    return [{ name, replaces: rule === undefined ? 'no' : costOf(table, rule, old, fresh) }]
  })
}

function costOf(
  table: ResourceTable,
  rule: PropertyRule,
  before: Value | undefined,
  after: Value | undefined,
): PropertyChange['replaces'] {
  if (rule.replaces !== 'no' || !rule.type.startsWith('@')) return rule.replaces
  const rules = table.definitions.get(rule.type.slice(1))
  if (rules === undefined || !isDict(before) || !isDict(after)) return rule.replaces
  const costs = [...rules].flatMap(([name, inner]) => {
    const [old, fresh] = [memberOf(before, name), memberOf(after, name)]
    return sameValue(old, fresh) ? [] : [costOf(table, inner, old, fresh)]
  })
  return costs.includes('yes') ? 'yes' : costs.includes('maybe') ? 'maybe' : 'no'
}

/** Whether Fn::GetAtt may ask for it: the attribute itself, or a part of one. */
export function hasAttribute(table: ResourceTable, name: string): boolean {
  if (table.attributes.has(name)) return true
  return [...table.attributes].some((known) => name.startsWith(`${known}.`))
}
