/**
 * Constraints of the model with AWS's texts: `N validation errors detected: Value 'v' at 'path' failed to satisfy
 * constraint: ...`. One closure per shape, only for shapes that carry a constraint somewhere below. The limits that
 * services check by rules of their own are theirs; so are all texts of services marked `requiredOnly`.
 */
import { Fault } from '#base/fault.ts'
import { isRecord } from '#base/json.ts'
import { javaPattern, lowerFirst, printJava } from '#wire/java.ts'
import type { Model } from '#wire/model.ts'
import { RequiredMembers } from '#wire/required.ts'
import type { Member, Shape } from '#wire/table.ts'

type Check = (value: unknown, path: string, out: string[]) => void

/** What one bound or pattern of a shape says when it is broken. */
interface Rule {
  readonly holds: (value: unknown) => boolean
  readonly text: string
}

/** More clauses than these are not collected; ours. */
const CLAUSES_MAX = 50

/** Longest text that is held against a pattern; ours: some patterns backtrack, and no name is that long. */
const MATCHED_MAX = 8_192

/** Code points, entries or bytes, by kind; undefined where nothing is counted. */
function sizeOf(value: unknown): number | undefined {
  if (typeof value === 'string') return codePoints(value)
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length
  return isRecord(value) ? Object.keys(value).length : undefined
}

function codePoints(value: string): number {
  let count = value.length
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i)
    if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < value.length) {
      const next = value.charCodeAt(i + 1)
      if (next >= 0xdc00 && next < 0xe000) {
        count--
        i++
      }
    }
  }
  return count
}

/** Length or value in bounds, pattern, enum; upper bound first, as AWS lists them. */
function rulesOf(shape: Shape): readonly Rule[] {
  const { min, max, pat, safe, enum: values } = shape
  const isNumber = typeof min === 'number' || typeof max === 'number' ? isNumeric(shape) : false
  const word = isNumber ? 'value' : 'length'
  const amount = isNumber ? (value: unknown) => Number(value) : sizeOf
  const rules: Rule[] = []
  if (max !== undefined)
    rules.push({
      holds: (value) => (amount(value) ?? 0) <= max,
      text: `Member must have ${word} less than or equal to ${bound(shape, max)}`,
    })
  if (min !== undefined)
    rules.push({
      holds: (value) => (amount(value) ?? min) >= min,
      text: `Member must have ${word} greater than or equal to ${bound(shape, min)}`,
    })
  if (pat !== undefined)
    rules.push({
      holds: (value) =>
        typeof value !== 'string' ||
        value.length > MATCHED_MAX ||
        (javaPattern(safe ?? pat)?.test(value) ?? true),
      text: `Member must satisfy regular expression pattern: ${pat}`,
    })
  if (values !== undefined && shape.warn !== 1) {
    const known = new Set<unknown>(values)
    rules.push({
      holds: (value) => known.has(value),
      text: `Member must satisfy enum value set: [${values.join(', ')}]`,
    })
  }
  return rules
}

const isNumeric = (shape: Shape): boolean =>
  shape.t === 'byte' ||
  shape.t === 'short' ||
  shape.t === 'integer' ||
  shape.t === 'long' ||
  shape.t === 'float' ||
  shape.t === 'double'

const bound = (shape: Shape, value: number): string =>
  (shape.t === 'double' || shape.t === 'float') && Number.isInteger(value) ? `${value}.0` : String(value)

const isNested = (shape: Shape): boolean =>
  shape.t === 'structure' || shape.t === 'union' || shape.t === 'list' || shape.t === 'map'

export class Validator {
  readonly #made = new Map<string, Check | null>()
  readonly #inputs = new Map<string, Check>()
  readonly #required: RequiredMembers
  readonly model: Model

  constructor(model: Model) {
    this.model = model
    this.#required = new RequiredMembers(model)
  }

  /** The Fault that AWS answers, or undefined when the input holds every constraint. */
  validate(operation: string, input: unknown): Fault | undefined {
    const name = this.model.operation(operation)?.in
    if (name === undefined) return undefined
    const { requiredOnly, validation } = this.model.table
    if (requiredOnly !== undefined) return this.#required.check(name, input, requiredOnly)
    const out: string[] = []
    this.#input(name)(input, '', out)
    if (out.length === 0) return undefined
    const detected = `${out.length} validation error${out.length > 1 ? 's' : ''} detected`
    return new Fault(validation, `${detected}: ${out.join('; ')}`, { status: 400 })
  }

  #input(name: string): Check {
    const hit = this.#inputs.get(name)
    if (hit !== undefined) return hit
    const prefix = this.model.table.inputPrefix === 1 ? lowerFirst(name) : ''
    const made = this.#structure(this.model.shape(name), prefix)
    this.#inputs.set(name, made)
    return made
  }

  /** The check of a member's shape, or null when nothing below it is constrained. */
  #check(member: Member): Check | null {
    const hit = this.#made.get(member.s)
    if (hit !== undefined) return hit
    if (!this.#isConstrained(member.s, new Set())) {
      this.#made.set(member.s, null)
      return null
    }
    let check: Check | undefined
    this.#made.set(member.s, (value, path, out) => check?.(value, path, out))
    check = this.#make(this.model.shape(member.s), member)
    this.#made.set(member.s, check)
    return check
  }

  #isConstrained(name: string, seen: Set<string>): boolean {
    if (seen.has(name)) return false
    seen.add(name)
    const shape = this.model.shape(name)
    if (rulesOf(shape).length > 0) return true
    if (
      Object.values(shape.m ?? {}).some((member) => member.req === 1 || this.#isConstrained(member.s, seen))
    )
      return true
    return [shape.e, shape.k, shape.v].some(
      (member) => member !== undefined && this.#isConstrained(member.s, seen),
    )
  }

  #make(shape: Shape, member: Member): Check {
    const own = this.#own(rulesOf(shape), shape, member)
    switch (shape.t) {
      case 'structure':
      case 'union':
        return this.#structure(shape, '')
      case 'list':
        return this.#list(shape, member, own)
      case 'map':
        return this.#map(shape, member, own)
      case 'string':
      case 'boolean':
      case 'byte':
      case 'short':
      case 'integer':
      case 'long':
      case 'float':
      case 'double':
      case 'blob':
      case 'timestamp':
      case 'document':
        return own
      default:
        return shape.t satisfies never
    }
  }

  #own(rules: readonly Rule[], shape: Shape, member: Member): Check {
    return (value, path, out) => {
      for (const rule of rules)
        if (!rule.holds(value)) this.#say(out, { value, path, member, shape, text: rule.text })
    }
  }

  #say(
    out: string[],
    clause: { value: unknown; path: string; member: Member; shape: Shape; text: string },
  ): void {
    if (out.length >= CLAUSES_MAX) return
    const { value, path, member, shape, text } = clause
    const shown = shape.sens === 1 ? 'Value' : `Value '${printJava(value, member, this.model)}'`
    out.push(`${shown} at '${path}' failed to satisfy constraint: ${text}`)
  }

  #structure(shape: Shape, prefix: string): Check {
    const members = Object.entries(shape.m ?? {})
      .map(([name, member]) => ({
        name,
        path: lowerFirst(name),
        isBound: member.at !== undefined && member.at !== 'payload',
        isRequired: member.req === 1,
        check: member.stream === 1 ? null : this.#check(member),
      }))
      .filter(({ isRequired, check }) => isRequired || check !== null)
    return (value, path, out) => {
      if (!isRecord(value)) return
      for (const { name, path: last, isBound, isRequired, check } of members) {
        const above = path === '' && prefix !== '' && !isBound ? prefix : path
        const item = value[name]
        if (item === undefined || item === null) {
          if (isRequired && out.length < CLAUSES_MAX)
            out.push(
              `Value null at '${above === '' ? last : `${above}.${last}`}' failed to satisfy constraint: Member must not be null`,
            )
        } else if (check !== null) check(item, above === '' ? last : `${above}.${last}`, out)
      }
    }
  }

  /** Lists of plain values fail as a whole, lists of structures element by element. */
  #list(shape: Shape, member: Member, own: Check): Check {
    const element = shape.e
    if (element === undefined) return own
    const inner = this.model.shape(element.s)
    if (isNested(inner)) {
      const check = this.#check(element)
      return (value, path, out) => {
        own(value, path, out)
        if (!Array.isArray(value) || check === null) return
        for (const [i, item] of value.entries())
          if (item !== null) check(item, `${path}.${i + 1}.member`, out)
      }
    }
    const rules = rulesOf(inner)
    const text = `Member must satisfy constraint: [${rules.map((rule) => rule.text).join(', ')}]`
    return (value, path, out) => {
      own(value, path, out)
      if (!Array.isArray(value)) return
      const items: readonly unknown[] = value
      if (items.some((item) => item !== null && rules.some((rule) => !rule.holds(item))))
        this.#say(out, { value, path, member, shape: inner.sens === 1 ? inner : shape, text })
    }
  }

  #map(shape: Shape, member: Member, own: Check): Check {
    const { k: key, v: held } = shape
    if (key === undefined || held === undefined) return own
    const inner = this.model.shape(held.s)
    const keyRules = rulesOf(this.model.shape(key.s))
    const valueRules = isNested(inner) ? [] : rulesOf(inner)
    const check = isNested(inner) ? this.#check(held) : null
    const text = (whose: string, rules: readonly Rule[]): string =>
      `${whose} must satisfy constraint: [${rules.map((rule) => rule.text).join(', ')}]`
    const fails = (rules: readonly Rule[], items: readonly unknown[]): boolean =>
      rules.length > 0 && items.some((item) => item !== null && rules.some((rule) => !rule.holds(item)))
    return (value, path, out) => {
      own(value, path, out)
      if (!isRecord(value)) return
      if (fails(keyRules, Object.keys(value)))
        this.#say(out, { value, path, member, shape, text: text('Map keys', keyRules) })
      if (fails(valueRules, Object.values(value)))
        this.#say(out, {
          value,
          path,
          member,
          shape: inner.sens === 1 ? inner : shape,
          text: text('Map value', valueRules),
        })
      if (check === null) return
      for (const [name, item] of Object.entries(value))
        if (item !== null) check(item, `${path}.${name}.member`, out)
    }
  }
}
