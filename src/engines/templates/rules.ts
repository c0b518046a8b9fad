/**
 * The Rules section: assertions about a caller's parameters, checked before anything is made. Its own functions look at
 * parameters alone; `Fn::RefAll`, `Fn::ValueOf` and `Fn::ValueOfAll` look at the account's resources and are refused.
 */
import { evaluate, type Scope } from '#engines/templates/evaluate.ts'
import { refuse } from '#engines/templates/template-error.ts'
import {
  type Dict,
  isDict,
  listAt,
  memberOf,
  sameValue,
  scalarText,
  soleEntry,
  textAt,
  type Value,
} from '#engines/templates/value.ts'

type Base = Omit<Scope, 'conditions' | 'ref' | 'attribute' | 'exported'>

/** Throws `TemplateError` for an assertion that does not hold. Source: CloudFormation template reference, Rules; the text is inferred. */
export function checkRules(section: Dict, base: Base): void {
  const scope: Scope = {
    ...base,
    conditions: new Map(),
    ref: () => undefined,
    attribute: () => refuse('Template error: Cannot use Fn::GetAtt in Rules.'),
    exported: () => refuse('Template error: Cannot use Fn::ImportValue in Rules.'),
  }
  for (const [name, rule] of Object.entries(section)) {
    const condition = memberOf(rule, 'RuleCondition')
    if (condition !== undefined && !holds(condition, scope)) continue
    for (const assertion of listAt(rule, 'Assertions') ?? []) {
      if (holds(memberOf(assertion, 'Assert') ?? true, scope)) continue
      const said = textAt(assertion, 'AssertDescription') ?? 'its assertion does not hold'
      refuse(`Template error: Rule ${name} failed: ${said}`)
    }
  }
}

function holds(value: Value, scope: Scope): boolean {
  const [name, argument = null] = soleEntry(value) ?? ['']
  const operands = Array.isArray(argument) ? argument : []
  switch (name) {
    case 'Fn::Not':
      return !holds(operands[0] ?? false, scope)
    case 'Fn::And':
      return operands.every((one) => holds(one, scope))
    case 'Fn::Or':
      return operands.some((one) => holds(one, scope))
    case 'Fn::Equals':
      return same(plain(operands[0], scope), plain(operands[1], scope))
    case 'Fn::Contains':
      return listed(operands[0], scope).some((one) => same(one, plain(operands[1], scope)))
    case 'Fn::EachMemberEquals':
      return listed(operands[0], scope).every((one) => same(one, plain(operands[1], scope)))
    case 'Fn::EachMemberIn': {
      const allowed = listed(operands[1], scope)
      return listed(operands[0], scope).every((one) => allowed.some((other) => same(one, other)))
    }
    default:
      if (typeof value === 'boolean') return value
      if (value === 'true' || value === 'false') return value === 'true'
      return refuse(
        isDict(value)
          ? `Template error: Windtunnel does not evaluate ${name} in Rules yet`
          : 'Template error: every assertion of a rule must be a rule-specific intrinsic function',
      )
  }
}

const plain = (value: Value | undefined, scope: Scope): Value => evaluate(value ?? null, scope) ?? null

function listed(value: Value | undefined, scope: Scope): Value[] {
  const found = plain(value, scope)
  return Array.isArray(found) ? found : [found]
}

function same(left: Value, right: Value): boolean {
  const [a, b] = [scalarText(left), scalarText(right)]
  return a !== undefined && b !== undefined ? a === b : sameValue(left, right)
}
