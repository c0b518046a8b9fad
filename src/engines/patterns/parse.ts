/**
 * A pattern's text as branches: `$or` is multiplied out, so a branch is an AND of paths, and a path an OR of conditions.
 * Paths are names joined by dots, as AWS compares them: `{"a": {"b": ..}}` and `{"a.b": ..}` are the same.
 */
import { parseAddress, rangeOf } from '#engines/patterns/address.ts'
import type { Condition } from '#engines/patterns/condition.ts'
import { COMBINATIONS_MOST, type DialectRules, RESERVED_IN_OR } from '#engines/patterns/dialect.ts'
import { JsonTokens, type Token } from '#engines/patterns/json-tokens.ts'
import { readMatchExpression } from '#engines/patterns/match-expression.ts'
import { PatternRefused } from '#engines/patterns/problem.ts'

export interface Field {
  readonly path: string
  /** How many names the path was written with. */
  readonly depth: number
  /** Elements of the array, as limits count them. */
  readonly values: number
  readonly conditions: readonly Condition[]
}

export type Branch = ReadonlyMap<string, Field>

/** Refused `$or`s are read again with `$or` as an ordinary name. Source: event-ruler, README, "backward compatibility". */
export function parseBranches(text: string, rules: DialectRules): readonly Branch[] {
  const reader = new Reader(text, rules, true)
  try {
    return reader.branches()
  } catch (error) {
    if (!(error instanceof PatternRefused) || !reader.metOr) throw error
    try {
      return new Reader(text, rules, false).branches()
    } catch (second) {
      throw second instanceof PatternRefused ? error : second
    }
  }
}

class Reader {
  readonly #tokens: JsonTokens
  readonly #rules: DialectRules
  readonly #orIsSpecial: boolean
  metOr = false

  constructor(text: string, rules: DialectRules, orIsSpecial: boolean) {
    this.#tokens = new JsonTokens(text)
    this.#rules = rules
    this.#orIsSpecial = orIsSpecial
  }

  branches(): readonly Branch[] {
    if (this.#tokens.next() !== '{') this.#tokens.refuse('Filter is not an object')
    return this.#object([new Map()], [], false)
  }

  /** The branches so far, each with what this object adds. */
  #object(
    before: readonly Map<string, Field>[],
    names: readonly string[],
    insideOr: boolean,
  ): readonly Map<string, Field>[] {
    const tokens = this.#tokens
    let branches = before
    let entries = 0
    while (tokens.next() !== '}') {
      entries++
      const name = tokens.text()
      if (name === '$or' && this.#orIsSpecial) {
        this.metOr = true
        branches = this.#or(branches, names)
        continue
      }
      if (insideOr && RESERVED_IN_OR.has(name)) {
        tokens.refuse(`${name} is Ruler reserved fieldName which cannot be used inside $or.`)
      }
      const inner = [...names, name]
      const token = tokens.next()
      if (token === '{') branches = this.#object(branches, inner, insideOr)
      else if (token === '[') {
        const field = this.#field(inner)
        for (const branch of branches) branch.set(field.path, field) // the last of equal names wins
      } else tokens.refuse(`"${name}" must be an object or an array`)
    }
    if (entries === 0) tokens.refuse('Empty objects are not allowed')
    return branches
  }

  #or(before: readonly Map<string, Field>[], names: readonly string[]): Map<string, Field>[] {
    const tokens = this.#tokens
    if (tokens.next() !== '[') tokens.refuse('It must be an Array followed with $or.')
    const branches: Map<string, Field>[] = []
    let alternatives = 0
    for (let token = tokens.next(); token !== ']'; token = tokens.next()) {
      alternatives++
      if (token !== '{') tokens.refuse('Only JSON object is allowed in array of $or relationship.')
      if (branches.length + before.length > COMBINATIONS_MOST) tooComplex()
      const copies = before.map((branch) => new Map(branch))
      branches.push(...this.#object(copies, names, true))
      if (branches.length > COMBINATIONS_MOST) tooComplex()
    }
    if (alternatives < 2) tokens.refuse('There must have at least 2 Objects in $or relationship.')
    return branches
  }

  #field(names: readonly string[]): Field {
    const tokens = this.#tokens
    const conditions: Condition[] = []
    let values = 0
    for (let token = tokens.next(); token !== ']'; token = tokens.next()) {
      values++
      this.#element(token, conditions)
    }
    if (values === 0) tokens.refuse('Empty arrays are not allowed')
    return { path: names.join('.'), depth: names.length, values, conditions }
  }

  #element(token: Token, conditions: Condition[]): void {
    const tokens = this.#tokens
    switch (token) {
      case '{':
        conditions.push(readMatchExpression(tokens, this.#rules))
        return
      case 'string':
        conditions.push(...ofText(tokens.text()))
        return
      case 'number':
        conditions.push(this.#exactNumber())
        return
      case 'true':
      case 'false':
        conditions.push({ kind: 'word', value: token === 'true' })
        return
      case 'null':
        conditions.push({ kind: 'word', value: null })
        return
      case '}':
      case '[':
      case ']':
      case 'name':
      case 'end':
        tokens.refuse('Match value must be String, number, true, false, or null')
        break
      default:
        token satisfies never
    }
  }

  /** Numbers beyond the bound of comparisons are compared all the same, account numbers for one; SNS refuses them. */
  #exactNumber(): Condition {
    const value = Number(this.#tokens.text())
    if (this.#rules.exactNumbersBounded && Math.abs(value) > this.#rules.numberMost) {
      throw new PatternRefused({ kind: 'internal', reason: 'Unknown', at: '' })
    }
    return { kind: 'number', value }
  }
}

/** An address matches however it is spelt. Source: event-ruler, documentation of exact matches of IP addresses. */
function ofText(text: string): Condition[] {
  const exact: Condition = { kind: 'string', text }
  const address = parseAddress(text)
  return address === undefined ? [exact] : [exact, { kind: 'address', range: rangeOf(address) }]
}

/** Source: recorded AWS answers, for wildcards; that too many combinations are answered alike is inferred. */
export function tooComplex(): never {
  throw new PatternRefused({
    kind: 'limit',
    reason:
      'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character',
    at: '',
  })
}
