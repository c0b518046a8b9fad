/**
 * Condition operators. Each compares one value of the request with one of the policy; how several meet (any, none, set
 * operators, IfExists, absent keys) is decided in one place below. Pure.
 * Source: IAM user guide, JSON policy elements: Condition operators; Multivalued context keys.
 */
import { parseIso } from '#base/time.ts'
import { type Condition } from '#engines/iam-policy/document.ts'
import { type Context, expanded, matches, matchesArn } from '#engines/iam-policy/glob.ts'
import { inNetwork } from '#engines/iam-policy/networks.ts'

interface Operator {
  /** `wanted` is the policy's, expanded as `wild` says. */
  readonly compare: (found: string, wanted: string) => boolean
  readonly negated?: true
  readonly wild?: true
}

const ordered =
  (read: (text: string) => number | undefined, holds: (found: number, wanted: number) => boolean) =>
  (found: string, wanted: string): boolean => {
    const a = read(found)
    const b = read(wanted)
    return a !== undefined && b !== undefined && holds(a, b)
  }

const number = (text: string): number | undefined =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : undefined

const DATE = /^(\d{4})(-\d\d)?(-\d\d)?(?:T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/i

/** ISO 8601, shortened as the W3C allows, or seconds since 1970; in ms. Source: IAM user guide, Date condition operators. */
export function dateOf(text: string): number | undefined {
  if (/^-?\d{5,}(\.\d+)?$/.test(text)) return Number(text) * 1_000
  const [whole, year = '', month = '-01', day = '-01', time = '00:00', second = ':00', zone = 'Z'] =
    DATE.exec(text) ?? []
  return whole === undefined ? undefined : parseIso(`${year}${month}${day}T${time}${second}${zone}`)
}

const same = (found: string, wanted: string): boolean => found === wanted
const sameLetters = (found: string, wanted: string): boolean => found.toLowerCase() === wanted.toLowerCase()
const like = (found: string, wanted: string): boolean => matches(wanted, found)
const arnLike = (found: string, wanted: string): boolean => matchesArn(wanted, found)
const equal = (a: number, b: number): boolean => a === b
const less = (a: number, b: number): boolean => a < b
const lessOrEqual = (a: number, b: number): boolean => a <= b
const greater = (a: number, b: number): boolean => a > b
const greaterOrEqual = (a: number, b: number): boolean => a >= b

/** By their names in lower case. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  stringequals: { compare: same },
  stringnotequals: { compare: same, negated: true },
  stringequalsignorecase: { compare: sameLetters },
  stringnotequalsignorecase: { compare: sameLetters, negated: true },
  stringlike: { compare: like, wild: true },
  stringnotlike: { compare: like, wild: true, negated: true },
  numericequals: { compare: ordered(number, equal) },
  numericnotequals: { compare: ordered(number, equal), negated: true },
  numericlessthan: { compare: ordered(number, less) },
  numericlessthanequals: { compare: ordered(number, lessOrEqual) },
  numericgreaterthan: { compare: ordered(number, greater) },
  numericgreaterthanequals: { compare: ordered(number, greaterOrEqual) },
  dateequals: { compare: ordered(dateOf, equal) },
  datenotequals: { compare: ordered(dateOf, equal), negated: true },
  datelessthan: { compare: ordered(dateOf, less) },
  datelessthanequals: { compare: ordered(dateOf, lessOrEqual) },
  dategreaterthan: { compare: ordered(dateOf, greater) },
  dategreaterthanequals: { compare: ordered(dateOf, greaterOrEqual) },
  bool: { compare: sameLetters },
  binaryequals: { compare: same },
  ipaddress: { compare: inNetwork },
  notipaddress: { compare: inNetwork, negated: true },
  arnequals: { compare: arnLike, wild: true },
  arnlike: { compare: arnLike, wild: true },
  arnnotequals: { compare: arnLike, wild: true, negated: true },
  arnnotlike: { compare: arnLike, wild: true, negated: true },
}

interface Named {
  readonly set: 'all' | 'any' | undefined
  readonly name: string
  readonly ifExists: boolean
}

/** `ForAllValues:StringLikeIfExists` taken apart; undefined for what is no operator. Names are read without case. */
export function operatorOf(text: string): Named | undefined {
  const [, set, name = '', ifExists] =
    /^(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?$/.exec(text.toLowerCase()) ?? []
  if (name !== 'null' && !Object.hasOwn(OPERATORS, name)) return undefined
  if (name === 'null' && ifExists !== undefined) return undefined
  return {
    set: set === undefined ? undefined : set === 'forallvalues' ? 'all' : 'any',
    name,
    ifExists: ifExists !== undefined,
  }
}

/** Whether one line of a condition block holds. `variables` is undefined for policies of 2008-10-17. */
export function holds(condition: Condition, context: Context, variables: Context | undefined): boolean {
  const named = operatorOf(condition.operator)
  if (named === undefined) return false
  const found = context.get(condition.key.toLowerCase())
  if (named.name === 'null') return condition.values.some((one) => isAbsence(one) === (found === undefined))
  const operator = OPERATORS[named.name]
  if (operator === undefined) return false
  if (found === undefined) return named.set === 'all' || named.ifExists || absentHolds(named, operator)
  const wanted = condition.values.flatMap((one) => {
    const text = expanded(one, { variables, wild: operator.wild === true })
    return text === undefined ? [] : [text]
  })
  const isHit = (value: string): boolean => wanted.some((one) => operator.compare(value, one))
  const isNegated = operator.negated === true
  const isGood = (value: string): boolean => isHit(value) !== isNegated
  if (named.set === 'all') return found.every(isGood)
  if (named.set === 'any') return found.some(isGood)
  return isNegated ? found.every(isGood) : found.some(isGood)
}

const isAbsence = (text: string): boolean => text.toLowerCase() === 'true'

/** An absent key equals nothing: negated operators hold, but not under ForAnyValue. Source: the same pages. */
const absentHolds = (named: Named, operator: Operator): boolean =>
  operator.negated === true && named.set !== 'any'
