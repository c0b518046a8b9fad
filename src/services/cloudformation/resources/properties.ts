/**
 * Properties on their way into API requests. The resource table has given them the right types and the API's model
 * checks them again, so here is the one place where a request's type is asserted.
 */
import { Fault } from '#base/fault.ts'
import {
  type Dict,
  isDict,
  listAt,
  memberOf,
  sameValue,
  scalarText,
  textAt,
  type Value,
} from '#engines/templates/value.ts'
import { validationError } from '#services/cloudformation/faults.ts'

/** The members as a request of type T; undefined and null are left out. */
export function request<T>(members: Readonly<Record<string, unknown>>): T {
  const out: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined && value !== null) out[name] = value
  }
  // Checked against the resource table before, and against the operation's model by the API.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return out as T
}

/** These members of the properties, by the same names. */
export function pick(properties: Dict, names: readonly string[]): Dict {
  const out: Dict = {}
  for (const name of names) {
    const value = memberOf(properties, name)
    if (value !== undefined) out[name] = value
  }
  return out
}

/** Names of members with a small first letter, all the way down: the spelling of API Gateway's first API. */
export function lowered(value: Value): Value {
  if (Array.isArray(value)) return value.map(lowered)
  if (!isDict(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [lowerFirst(name), lowered(item)]))
}

export const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)

/** A required text; the table has seen to it. */
export function text(properties: Dict, name: string): string {
  const found = textAt(properties, name)
  if (found === undefined) throw validationError(`Property ${name} must be a string`)
  return found
}

/** A policy document as JSON text, whether it was given as text or as an object. */
export function documentText(value: Value | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Tags as a map, whether they were given as a map or as a list. The stack's own are among them. */
export function tagMap(properties: Dict): Record<string, string> {
  const out: Record<string, string> = {}
  const own = memberOf(properties, 'Tags')
  if (isDict(own)) for (const [key, value] of Object.entries(own)) out[key] = scalarText(value) ?? ''
  for (const tag of listAt(properties, 'Tags') ?? []) {
    const key = textAt(tag, 'Key')
    if (key !== undefined) out[key] = scalarText(memberOf(tag, 'Value')) ?? ''
  }
  return out
}

/** The same as a list of Key and Value; undefined when there are none. */
export function tagList(
  properties: Dict,
): readonly { readonly Key: string; readonly Value: string }[] | undefined {
  const all = Object.entries(tagMap(properties))
  return all.length === 0 ? undefined : all.map(([Key, Value]) => ({ Key, Value }))
}

/** A value as services take it that know only texts: scalars as they are, all else as JSON. */
export const attributeText = (value: Value | undefined): string | undefined =>
  value === undefined ? undefined : (scalarText(value) ?? JSON.stringify(value))

/** The properties of these names as attributes of the same names. */
export function attributesOf(properties: Dict, names: ReadonlyMap<string, string>): Record<string, string> {
  const out: Record<string, string> = {}
  for (const name of names.keys()) {
    const value = attributeText(memberOf(properties, name))
    if (value !== undefined) out[name] = value
  }
  return out
}

/** What changed between two sets of properties, as attributes; `names` gives the value that stands for "none". */
export function changedAttributes(
  properties: Dict,
  before: Dict,
  names: ReadonlyMap<string, string>,
): (readonly [name: string, value: string])[] {
  return [...names].flatMap(([name, none]) => {
    const [old, fresh] = [memberOf(before, name), memberOf(properties, name)]
    return sameValue(old, fresh) ? [] : [[name, attributeText(fresh) ?? none] as const]
  })
}

/** What changed between the tags of two sets of properties. */
export function changedTags(
  properties: Dict,
  before: Dict,
): { readonly set: Readonly<Record<string, string>>; readonly gone: readonly string[] } {
  const [old, fresh] = [tagMap(before), tagMap(properties)]
  const set = Object.fromEntries(Object.entries(fresh).filter(([key, value]) => old[key] !== value))
  return { set, gone: Object.keys(old).filter((key) => !Object.hasOwn(fresh, key)) }
}

/** Runs a deletion; what is gone already is fine. */
export async function unlessGone(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof Fault && isGone(error.code)) return
    throw error
  }
}

export const isGone = (code: string): boolean => /NotFound|NoSuch|DoesNotExist|NonExistent/.test(code)

export const exists = (code: string): boolean =>
  /AlreadyExists|ResourceConflict|BucketAlreadyOwnedByYou|ConflictException/.test(code)

/** Refuses properties that we would otherwise drop in silence. */
export function refuse(type: string, properties: Dict, names: readonly string[]): void {
  const found = names.filter((name) => memberOf(properties, name) !== undefined)
  if (found.length > 0) {
    throw validationError(`Windtunnel does not apply ${found.join(', ')} of ${type} yet.`)
  }
}
