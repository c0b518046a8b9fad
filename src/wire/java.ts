/**
 * Values and patterns as AWS's Java services see them: how a value prints inside a validation text, and a Java regular
 * expression as JavaScript's. Patterns are compiled once, on first use; all of the models' are tried at generation.
 */
import { isRecord } from '#base/json.ts'
import { type Instant, instant, utcParts } from '#base/time.ts'
import type { Model } from '#wire/model.ts'
import { plainText } from '#wire/scalars.ts'
import type { Member } from '#wire/table.ts'

/** Longest value that a message repeats; ours, so that an answer is never larger than a few requests. */
const PRINTED_MAX = 8_192

/** `[a, b]`, `{k=v}`, `Type(a=1, b=null)`, `2.0`. Source: recorded AWS answers. */
export function printJava(value: unknown, member: Member, model: Model): string {
  const printed = print(value, member, model, PRINTED_MAX)
  return printed.length > PRINTED_MAX ? printed.slice(0, PRINTED_MAX) : printed
}

function print(value: unknown, member: Member, model: Model, budget: number): string {
  const shape = model.shape(member.s)
  if (value === null || value === undefined || budget <= 0) return 'null'
  if (shape.sens === 1) return '***Sensitive Data Redacted***'
  if (value instanceof Uint8Array)
    return `java.nio.HeapByteBuffer[pos=0 lim=${value.length} cap=${value.length}]`
  if (typeof value === 'number') return printNumber(value, shape.t)
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    const element = shape.e
    return element === undefined
      ? '[]'
      : `[${joined(items, (item, left) => print(item, element, model, left), budget)}]`
  }
  if (!isRecord(value)) return plainText(value)
  if (shape.t === 'map') {
    const held = shape.v
    if (held === undefined) return '{}'
    return `{${joined(Object.entries(value), ([key, item], left) => `${key}=${print(item, held, model, left)}`, budget)}}`
  }
  const parts = joined(
    Object.entries(shape.m ?? {}),
    ([name, inner], left) => `${lowerFirst(name)}=${print(value[name], inner, model, left)}`,
    budget,
  )
  return `${member.s}(${parts})`
}

function joined<T>(items: readonly T[], one: (item: T, left: number) => string, budget: number): string {
  const out: string[] = []
  let left = budget
  for (const item of items) {
    if (left <= 0) break
    const text = one(item, left)
    left -= text.length + 2
    out.push(text)
  }
  return out.join(', ')
}

function printNumber(value: number, kind: string): string {
  if (kind === 'timestamp') return printDate(instant(value))
  if ((kind === 'double' || kind === 'float') && Number.isInteger(value) && Math.abs(value) < 1e7)
    return `${value}.0`
  return String(value)
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const
const two = (n: number): string => String(n).padStart(2, '0')

/** `Wed Nov 25 03:04:05 UTC 2026`, as java.util.Date prints. */
function printDate(at: Instant): string {
  const p = utcParts(at)
  return `${DAYS[p.weekday]} ${MONTHS[p.month - 1]} ${two(p.day)} ${two(p.hour)}:${two(p.minute)}:${two(p.second)} UTC ${p.year}`
}

/** Members in messages begin in lower case. */
export const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)

const compiled = new Map<string, RegExp | null>()

/** A Java pattern over the whole text, or null when JavaScript has no such pattern. */
export function javaPattern(pattern: string): RegExp | null {
  const hit = compiled.get(pattern)
  if (hit !== undefined) return hit
  const { source, flags } = rewritten(pattern)
  const made = compile(source, `${flags}us`) ?? compile(source, `${flags}s`)
  compiled.set(pattern, made)
  return made
}

function compile(source: string, flags: string): RegExp | null {
  try {
    return new RegExp(`^(?:${source})$`, flags)
  } catch {
    return null
  }
}

/** `(x+)+` and its kin: the same language as `x+`, but exponential for a backtracking matcher. */
const REPEATED_TWICE = /\((?:\?:)?((?:\[(?:[^\]\\]|\\.)*\]|\\.|[^()[\]\\]))([+*])\)([+*])/g

/** What Java spells in a way of its own: inline flags and the POSIX classes that models use. */
function rewritten(pattern: string): { readonly source: string; readonly flags: string } {
  const isLoose = pattern.startsWith('(?i)')
  const source = (isLoose ? pattern.slice(4) : pattern)
    .replaceAll(/\[\\p\{Print\}\]|\\p\{Print\}/g, String.raw`[\x20-\x7e]`)
    .replaceAll(/\\p\{(?:Alnum|IsAlphanumeric)\}/g, 'a-zA-Z0-9')
    .replaceAll(/\\p\{ASCII\}/g, String.raw`\x00-\x7f`)
    .replaceAll(/\[\\p\{Graph\}\]/g, String.raw`[\x21-\x7e]`)
    .replaceAll(String.raw`\uD800\uDC00-\uDBFF\uDFFF`, String.raw`\u{10000}-\u{10ffff}`)
    .replaceAll(REPEATED_TWICE, (_, atom: string, inner: string, outer: string) =>
      inner === '+' && outer === '+' ? `(?:${atom}+)` : `(?:${atom}*)`,
    )
  return { source, flags: isLoose ? 'i' : '' }
}
