/** Stack policies: which resources an update may modify, replace or delete. Pure. */
import { parseJson } from '#base/json.ts'
import { isDict, listAt, memberOf, textAt, type Value } from '#engines/templates/value.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import { STACK_POLICY_CHARACTERS_MAX } from '#services/cloudformation/limits.ts'

export type StackPolicy = readonly Statement[]

interface Statement {
  readonly allows: boolean
  readonly actions: Matcher
  readonly resources: Matcher
  /** Types that its condition names; undefined when it has none. */
  readonly types: readonly string[] | undefined
}

interface Matcher {
  readonly patterns: readonly string[]
  /** True for NotAction and NotResource. */
  readonly negated: boolean
}

export interface PolicedChange {
  readonly action: 'Update:Modify' | 'Update:Replace' | 'Update:Delete'
  readonly logicalId: string
  readonly type: string
}

/** Fault ValidationError. Source: CloudFormation user guide, Prevent updates to stack resources; texts inferred. */
export function checkedPolicy(text: string): string {
  if (text.length > STACK_POLICY_CHARACTERS_MAX)
    throw validationError(
      `1 validation error detected: Value at 'stackPolicyBody' failed to satisfy constraint: Member must have length less than or equal to ${STACK_POLICY_CHARACTERS_MAX}`,
    )
  readPolicy(text)
  return text
}

/** Fault ValidationError for what is no stack policy. */
export function readPolicy(text: string): StackPolicy {
  const document = parseJson(text)
  // What JSON gives is a value; the reader looks at named members only.
  const body = document as Value | undefined // oxlint-disable-line typescript/no-unsafe-type-assertion
  const statements = listAt(body, 'Statement')
  if (statements === undefined) throw validationError('Error validating stack policy: Invalid stack policy')
  return statements.map(statementOf)
}

function statementOf(statement: Value): Statement {
  const effect = textAt(statement, 'Effect')
  if (effect !== 'Allow' && effect !== 'Deny')
    throw validationError('Error validating stack policy: Effect must be Allow or Deny')
  if (memberOf(statement, 'Principal') !== '*')
    throw validationError('Error validating stack policy: Principal must be *')
  return {
    allows: effect === 'Allow',
    actions: matcher(statement, 'Action'),
    resources: matcher(statement, 'Resource'),
    types: typesOf(memberOf(statement, 'Condition')),
  }
}

const texts = (value: Value | undefined): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string')

function matcher(statement: Value, name: string): Matcher {
  const [plain, negated] = [texts(memberOf(statement, name)), texts(memberOf(statement, `Not${name}`))]
  if (plain.length === 0 && negated.length === 0)
    throw validationError(`Error validating stack policy: Missing ${name}`)
  return plain.length > 0 ? { patterns: plain, negated: false } : { patterns: negated, negated: true }
}

function typesOf(condition: Value | undefined): string[] | undefined {
  if (!isDict(condition)) return undefined
  return Object.values(condition).flatMap((test) => texts(memberOf(test, 'ResourceType')))
}

/** `*` stands for any characters, `?` for one. Linear: at most one star is tried again. */
function like(pattern: string, text: string): boolean {
  let [at, from, star, resume] = [0, 0, -1, 0]
  while (from < text.length) {
    if (pattern[at] === '*') {
      star = at++
      resume = from
    } else if (pattern[at] === '?' || pattern[at] === text[from]) {
      at++
      from++
    } else if (star !== -1) {
      at = star + 1
      from = ++resume
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}

const fits = ({ patterns, negated }: Matcher, text: string): boolean =>
  patterns.some((pattern) => like(pattern, text)) !== negated

const covers = (statement: Statement, { action, logicalId, type }: PolicedChange): boolean =>
  fits(statement.actions, action) &&
  fits(statement.resources, `LogicalResourceId/${logicalId}`) &&
  (statement.types === undefined || statement.types.some((pattern) => like(pattern, type)))

/** Why a change may not be; undefined when it may. A denial wins; what nothing allows is denied. Text inferred. */
export function denial(policy: StackPolicy, change: PolicedChange): string | undefined {
  const denies = policy.findIndex((statement) => !statement.allows && covers(statement, change))
  if (denies !== -1)
    return `Action denied by stack policy: Statement [#${denies + 1}] does not allow [${change.action}] for resource [${change.logicalId}]; `
  if (policy.some((statement) => statement.allows && covers(statement, change))) return undefined
  return `Action not allowed by stack policy: no statement allows [${change.action}] for resource [${change.logicalId}]; `
}
