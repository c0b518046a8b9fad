/**
 * Template values: JSON that may be rewritten in place, because transforms work that way. Every tree here came out of
 * `parseTemplate` or was copied with `copyOf`, so nobody else holds it. No meaning is given to any key here.
 */
export type Value = null | boolean | number | string | Value[] | Dict
export interface Dict {
  [key: string]: Value
}

export const isDict = (value: unknown): value is Dict =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The own member, or undefined: names such as `constructor` are never found by accident. */
export function memberOf(value: Value | undefined, name: string): Value | undefined {
  return isDict(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** The member when it is an object, else undefined. */
export function dictAt(value: Value | undefined, name: string): Dict | undefined {
  const found = memberOf(value, name)
  return isDict(found) ? found : undefined
}

/** The member when it is a string, else undefined. */
export function textAt(value: Value | undefined, name: string): string | undefined {
  const found = memberOf(value, name)
  return typeof found === 'string' ? found : undefined
}

/** The member when it is a list, else undefined. */
export function listAt(value: Value | undefined, name: string): Value[] | undefined {
  const found = memberOf(value, name)
  return Array.isArray(found) ? found : undefined
}

export function copyOf<T extends Value>(value: T): T {
  return structuredClone(value)
}

/** Equal as JSON, whatever the order of members. */
export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, at) => sameValue(item, b[at]))
  }
  if (!isDict(a) || !isDict(b)) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameValue(a[name], b[name]))
  )
}

/** The only member of an object that has exactly one: how intrinsic functions are written. */
export function soleEntry(value: Value | undefined): readonly [string, Value] | undefined {
  if (!isDict(value)) return undefined
  const entries = Object.entries(value)
  return entries.length === 1 ? entries[0] : undefined
}

/** A scalar as CloudFormation writes it into a string; undefined for lists and objects. */
export function scalarText(value: Value | undefined): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
