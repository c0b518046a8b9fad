/**
 * What each service that filters by patterns allows: its operators and its limits. A new operator is a row here, a case
 * in `match-expression.ts` and one in `condition.ts`.
 */

export type Dialect = 'events' | 'sns-attributes' | 'sns-body' | 'lambda'

export type Operator =
  | 'prefix'
  | 'suffix'
  | 'equals-ignore-case'
  | 'anything-but'
  | 'numeric'
  | 'exists'
  | 'cidr'
  | 'wildcard'

/** What may stand inside `anything-but` as an object. */
export type Exception = 'prefix' | 'suffix' | 'equals-ignore-case' | 'wildcard'

export interface DialectRules {
  readonly operators: ReadonlySet<string>
  readonly exceptions: ReadonlySet<string>
  /** Greatest absolute value in numeric comparisons. */
  readonly numberMost: number
  /** Whether an exact number beyond `numberMost` is refused too. */
  readonly exactNumbersBounded: boolean
}

const ALL: readonly Operator[] = [
  'prefix',
  'suffix',
  'equals-ignore-case',
  'anything-but',
  'numeric',
  'exists',
  'cidr',
  'wildcard',
]
const EXCEPTIONS: readonly Exception[] = ['prefix', 'suffix', 'equals-ignore-case', 'wildcard']

/** Source: EventBridge user guide, Comparison operators: numbers between -5.0e9 and +5.0e9 inclusive. */
const EVENTS: DialectRules = {
  operators: new Set(ALL),
  exceptions: new Set(EXCEPTIONS),
  numberMost: 5e9,
  exactNumbersBounded: false,
}

/**
 * Source: SNS developer guide, Filter policy constraints: numbers from -10^9 to 10^9; String value matching: the forms of
 * anything-but. (AWS refused anything-but with suffix until 2024; the guide lists it since.)
 */
const SNS: DialectRules = {
  operators: new Set(ALL),
  exceptions: new Set(EXCEPTIONS),
  numberMost: 1e9,
  exactNumbersBounded: true,
}

/** Source: Lambda developer guide, Filter rule syntax: its table has no cidr, no wildcard, no nested anything-but. */
const LAMBDA: DialectRules = {
  operators: new Set(ALL.filter((name) => name !== 'cidr' && name !== 'wildcard')),
  exceptions: new Set(),
  numberMost: 5e9,
  exactNumbersBounded: false,
}

export const DIALECTS: Readonly<Record<Dialect, DialectRules>> = {
  events: EVENTS,
  'sns-attributes': SNS,
  'sns-body': SNS,
  lambda: LAMBDA,
}

/** Most combinations that the `$or`s of one pattern multiply to. Source: EventBridge user guide, Or matching. */
export const COMBINATIONS_MOST = 1_000

/** Most keys of a filter policy; of nested ones the leaves count. Source: SNS guide, Filter policy constraints. */
export const POLICY_KEYS_MOST = 5

/** Most combinations of a filter policy's values. Source: SNS guide, Filter policy constraints. */
export const POLICY_COMBINATIONS_MOST = 150

/** UTF-8 bytes of a filter policy. Source: SNS guide, Filter policy constraints. */
export const POLICY_BYTES_MOST = 256 * 1024

/** Wildcards in one string, and points of a policy's wildcards. Source: SNS guide, Filter policy constraints. */
export const POLICY_WILDCARDS_MOST = 3
export const POLICY_WILDCARD_POINTS_MOST = 100

/** Characters of one filter pattern. Source: Lambda API, Filter, Pattern. */
export const FILTER_CHARACTERS_MOST = 4_096

/** Filters of one event source mapping, ORed. Source: Lambda quotas; raised to 10 on request. */
export const FILTERS_MOST = 5

/**
 * How many parts of wildcards may be matched at once by the worst input, for one field. Beyond it EventBridge answers
 * `Rule is too complex`. Inferred: recorded answers refuse a field where 10 are, and take one where 7 are.
 */
export const WILDCARD_PARTS_MOST = 9

/** Field names that make AWS read `$or` as an ordinary name. Source: event-ruler, README, "The $or Primitive". */
export const RESERVED_IN_OR: ReadonlySet<string> = new Set([
  'exactly',
  ...ALL,
  '=',
  '<',
  '<=',
  '>',
  '>=',
  'regex',
  'not-wildcard',
  'not-equals-ignore-case',
  'date-after',
  'date-on-or-after',
  'date-before',
  'date-on-or-before',
  'in-date-range',
  'ip-address-in-range',
  'ip-address-not-in-range',
])
