/** What one element of a pattern's array demands of a value, and its plain test. The index of many is elsewhere. */
import { type AddressRange, parseAddress, rangeHolds } from '#engines/patterns/address.ts'
import { holdsFolded } from '#engines/patterns/letter-case.ts'
import { type Wildcard, wildcardHolds } from '#engines/patterns/wildcard.ts'

export interface NumberRange {
  readonly low: number
  readonly high: number
  readonly lowIsOpen: boolean
  readonly highIsOpen: boolean
}

/** Conditions that hold for listed or described values. */
export type Described =
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'word'; readonly value: true | false | null }
  | { readonly kind: 'prefix' | 'suffix'; readonly text: string }
  /** `text` is folded. */
  | { readonly kind: 'folded-prefix' | 'folded-suffix' | 'folded'; readonly text: string }
  | { readonly kind: 'wildcard'; readonly wildcard: Wildcard }
  | { readonly kind: 'range'; readonly range: NumberRange }
  | { readonly kind: 'address'; readonly range: AddressRange }

export type Condition =
  | Described
  /** Any value; there is one. */
  | { readonly kind: 'exists' }
  /** There is no value: `exists: false`. */
  | { readonly kind: 'absent' }
  /** Any value for which none of these hold. */
  | { readonly kind: 'anything-but'; readonly excepted: readonly Described[] }

/** Whether the condition holds for a leaf of an event. `absent` never does: it speaks of leaves that are not there. */
export function holds(condition: Condition, value: unknown): boolean {
  switch (condition.kind) {
    case 'exists':
      return true
    case 'absent':
      return false
    case 'anything-but':
      return !condition.excepted.some((described) => holds(described, value))
    case 'word':
    case 'number':
      return value === condition.value
    case 'range':
      return typeof value === 'number' && inRange(condition.range, value)
    case 'string':
    case 'prefix':
    case 'suffix':
    case 'folded':
    case 'folded-prefix':
    case 'folded-suffix':
    case 'wildcard':
    case 'address':
      return typeof value === 'string' && holdsForText(condition, value)
    default:
      return condition satisfies never
  }
}

export function inRange({ low, high, lowIsOpen, highIsOpen }: NumberRange, value: number): boolean {
  return (lowIsOpen ? value > low : value >= low) && (highIsOpen ? value < high : value <= high)
}

type OfText = Exclude<Described, { kind: 'number' | 'word' | 'range' }>

function holdsForText(condition: OfText, value: string): boolean {
  switch (condition.kind) {
    case 'string':
      return value === condition.text
    case 'prefix':
      return value.startsWith(condition.text)
    case 'suffix':
      return value.endsWith(condition.text)
    case 'folded':
      return value.length === condition.text.length && holdsFolded(value, condition.text, 0)
    case 'folded-prefix':
      return holdsFolded(value, condition.text, 0)
    case 'folded-suffix':
      return holdsFolded(value, condition.text, value.length - condition.text.length)
    case 'wildcard':
      return wildcardHolds(condition.wildcard, value)
    case 'address': {
      const address = parseAddress(value)
      return address !== undefined && rangeHolds(condition.range, address)
    }
    default:
      return condition satisfies never
  }
}
