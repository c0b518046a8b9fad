/**
 * A policy document as the evaluator reads it. What is no policy is undefined: which words AWS refuses it with is the
 * services' (their faults differ). Nothing here decides.
 * Source: IAM user guide, Grammar of the IAM JSON policy language.
 */
import { isRecord, parseJson, valueAt } from '#base/json.ts'

export type Effect = 'Allow' | 'Deny'

/** An element and its `Not` form. */
export interface Choice {
  readonly negated: boolean
  readonly values: readonly string[]
}

export interface PrincipalChoice {
  readonly negated: boolean
  /** By type: `AWS`, `Service`, `Federated`, `CanonicalUser`. A bare star is `AWS` and `*`. */
  readonly values: Readonly<Record<string, readonly string[]>>
  /** Written as `"*"`: anybody, the unsigned too. */
  readonly anybody: boolean
}

export interface Condition {
  readonly operator: string
  readonly key: string
  readonly values: readonly string[]
}

export interface Statement {
  readonly sid: string | undefined
  readonly effect: Effect
  readonly principal: PrincipalChoice | undefined
  readonly action: Choice
  /** Absent in trust policies: they are about the role they hang on. */
  readonly resource: Choice | undefined
  readonly conditions: readonly Condition[]
}

export interface Policy {
  /** Variables are replaced in policies of 2012-10-17 only. */
  readonly version: '2012-10-17' | '2008-10-17'
  readonly id: string | undefined
  readonly statements: readonly Statement[]
}

/** The policy, or undefined when the text is none. */
export function readPolicy(text: string): Policy | undefined {
  const parsed = parseJson(text)
  if (!isRecord(parsed)) return undefined
  const version = valueAt(parsed, 'Version') ?? '2008-10-17'
  if (version !== '2012-10-17' && version !== '2008-10-17') return undefined
  const id = valueAt(parsed, 'Id')
  const listed = valueAt(parsed, 'Statement')
  if (listed === undefined) return undefined
  const statements: Statement[] = []
  const all: readonly unknown[] = Array.isArray(listed) ? listed : [listed]
  for (const one of all) {
    const statement = statementOf(one)
    if (statement === undefined) return undefined
    statements.push(statement)
  }
  return { version, id: typeof id === 'string' ? id : undefined, statements }
}

function statementOf(value: unknown): Statement | undefined {
  if (!isRecord(value)) return undefined
  const effect = effectOf(valueAt(value, 'Effect'))
  const action = choiceOf(value, 'Action')
  const resource = choiceOf(value, 'Resource')
  const principal = principalOf(value)
  const conditions = conditionsOf(valueAt(value, 'Condition'))
  if (effect === undefined || action === undefined || action === 'bad' || resource === 'bad') return undefined
  if (principal === 'bad' || conditions === undefined) return undefined
  const sid = valueAt(value, 'Sid')
  return { sid: typeof sid === 'string' ? sid : undefined, effect, principal, action, resource, conditions }
}

const effectOf = (value: unknown): Effect | undefined =>
  value === 'Allow' || value === 'Deny' ? value : undefined

function choiceOf(value: unknown, name: string): Choice | 'bad' | undefined {
  const plain = valueAt(value, name)
  const not = valueAt(value, `Not${name}`)
  if (plain === undefined && not === undefined) return undefined
  const values = plain !== undefined && not !== undefined ? undefined : textsOf(plain ?? not)
  return values === undefined ? 'bad' : { negated: plain === undefined, values }
}

function principalOf(value: unknown): PrincipalChoice | 'bad' | undefined {
  const plain = valueAt(value, 'Principal')
  const named = plain ?? valueAt(value, 'NotPrincipal')
  if (named === undefined) return undefined
  const negated = plain === undefined
  if (named === '*') return { negated, values: { AWS: ['*'] }, anybody: true }
  if (!isRecord(named)) return 'bad'
  const values: Record<string, readonly string[]> = {}
  for (const [type, listed] of Object.entries(named)) {
    const texts = textsOf(listed)
    if (texts === undefined) return 'bad'
    values[type] = texts
  }
  return { negated, values, anybody: values['AWS']?.includes('*') === true }
}

function conditionsOf(value: unknown): readonly Condition[] | undefined {
  if (value === undefined) return []
  if (!isRecord(value)) return undefined
  const conditions: Condition[] = []
  for (const [operator, keys] of Object.entries(value)) {
    if (!isRecord(keys)) return undefined
    for (const [key, listed] of Object.entries(keys)) {
      const values = scalarsOf(listed)
      if (values === undefined) return undefined
      conditions.push({ operator, key, values })
    }
  }
  return conditions
}

/** Nulls in a list are passed over, as AWS does. */
function textsOf(value: unknown): readonly string[] | undefined {
  const listed: readonly unknown[] = Array.isArray(value) ? value : [value]
  const all = listed.filter((one) => one !== null)
  const texts = all.filter((one) => typeof one === 'string')
  return texts.length === all.length ? texts : undefined
}

/** Numbers and booleans in conditions are read as their text. */
function scalarsOf(value: unknown): readonly string[] | undefined {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts: string[] = []
  for (const one of all) {
    if (typeof one !== 'string' && typeof one !== 'number' && typeof one !== 'boolean') return undefined
    texts.push(String(one))
  }
  return texts
}
