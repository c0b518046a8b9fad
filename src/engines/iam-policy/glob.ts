/**
 * Texts of policies as patterns: `*`, `?` and policy variables. A variable's value is taken letter by letter, so that a
 * star in a user's name matches a star. Pure. What the variables mean is the context's.
 * Source: IAM user guide, IAM policy elements: Variables and tags; JSON policy elements: Resource.
 */

import { arnParts } from '#base/arn.ts'

/** Values by key, keys in lower case: the request context. Source: IAM user guide, The request context object. */
export type Context = ReadonlyMap<string, readonly string[]>

/** Keys are compared without case. */
export const contextOf = (entries: Iterable<readonly [string, readonly string[]]>): Context =>
  new Map([...entries].map(([key, values]) => [key.toLowerCase(), values]))

/** A pattern ready for `matches`: any and one are signs that no policy's text holds. */
const ANY = '\u0000'
const ONE = '\u0001'

export interface Expansion {
  /** Undefined for a policy of 2008-10-17, where `${` is plain text. */
  readonly variables: Context | undefined
  /** Whether `*` and `?` stand for others. */
  readonly wild: boolean
}

/** The text with its variables replaced; undefined when one has no single value and no default. */
export function expanded(text: string, how: Expansion): string | undefined {
  if (how.variables === undefined || !text.includes('${')) return how.wild ? wild(text) : text
  let out = ''
  let at = 0
  for (const hit of text.matchAll(/\$\{([^}]*)\}/g)) {
    const before = text.slice(at, hit.index)
    const value = valueOf(hit[1] ?? '', how.variables)
    if (value === undefined) return undefined
    out += (how.wild ? wild(before) : before) + value
    at = hit.index + hit[0].length
  }
  const rest = text.slice(at)
  return out + (how.wild ? wild(rest) : rest)
}

const wild = (text: string): string => text.replaceAll('*', ANY).replaceAll('?', ONE)

/** `${*}`, `${?}` and `${$}` are the signs themselves; `${key, 'default'}` has a default. */
function valueOf(inside: string, context: Context): string | undefined {
  if (inside === '*' || inside === '?' || inside === '$') return inside
  const [, key = inside.trim(), fallback] = /^\s*([^,]*?)\s*,\s*'([^']*)'\s*$/.exec(inside) ?? []
  const values = context.get(key.toLowerCase())
  return values?.length === 1 ? values[0] : fallback
}

/** Whether a text fits an expanded pattern. Linear but for backtracking to the last star. */
export function matches(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let mark = 0
  while (t < text.length) {
    const sign = pattern[p]
    if (sign === ANY) {
      star = p++
      mark = t
    } else if (p < pattern.length && (sign === ONE || sign === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++mark
    } else return false
  }
  while (pattern[p] === ANY) p++
  return p === pattern.length
}

/** The pattern alone, without variables, case kept. */
export const fits = (pattern: string, text: string): boolean => matches(wild(pattern), text)

/**
 * ARNs are compared part by part; parts that a pattern leaves out are stars.
 * Source: IAM user guide, JSON policy elements: Resource (incomplete ARNs), and ArnLike.
 */
export function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === ANY) return true
  const wanted = arnParts(pattern)
  const found = arnParts(arn)
  if (found.length < 6) return matches(pattern, arn)
  return found.every((part, i) => matches(wanted[i] ?? ANY, part))
}
