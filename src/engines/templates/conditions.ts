/** The Conditions section: each condition's outcome, from parameters, pseudo parameters, mappings and each other. */
import { evaluate, type Scope } from '#engines/templates/evaluate.ts'
import { refuse } from '#engines/templates/template-error.ts'
import { type Dict, sameValue, scalarText, soleEntry, type Value } from '#engines/templates/value.ts'

/** All outcomes. Throws `TemplateError` for unknown or circular names. Source: CloudFormation template reference, Condition functions. */
export function conditionOutcomes(
  section: Dict,
  scope: Omit<Scope, 'conditions' | 'ref' | 'attribute' | 'exported'>,
): Map<string, boolean> {
  const outcomes = new Map<string, boolean>()
  const open: string[] = []
  const inner: Scope = {
    ...scope,
    conditions: outcomes,
    ref: () => undefined,
    attribute: () => refuse('Template error: Cannot use Fn::GetAtt in Conditions.'),
    exported: () => refuse('Template error: Cannot use Fn::ImportValue in Conditions.'),
  }
  const outcomeOf = (name: string): boolean => {
    const known = outcomes.get(name)
    if (known !== undefined) return known
    if (open.includes(name)) {
      return refuse(`Template error: Found circular condition dependency between ${name} and ${open.at(-1)}`)
    }
    const definition = Object.hasOwn(section, name) ? section[name] : undefined
    if (definition === undefined) {
      return refuse(
        `Template format error: Unresolved condition dependency ${name} in the Conditions block of the template`,
      )
    }
    open.push(name)
    const outcome = holds(definition, inner, outcomeOf)
    open.pop()
    outcomes.set(name, outcome)
    return outcome
  }
  for (const name of Object.keys(section)) outcomeOf(name)
  return outcomes
}

function holds(definition: Value, scope: Scope, outcomeOf: (name: string) => boolean): boolean {
  const [name, argument] = soleEntry(definition) ?? ['', null]
  const operands = Array.isArray(argument) ? argument : []
  const every = (of: Value[]): boolean[] => of.map((operand) => holds(operand, scope, outcomeOf))
  switch (name) {
    case 'Condition':
      return outcomeOf(scalarText(argument) ?? '')
    case 'Fn::Not':
      if (operands.length !== 1) refuse('Template error: Fn::Not requires a list argument with one element')
      return !every(operands)[0]
    case 'Fn::And':
    case 'Fn::Or': {
      if (operands.length < 2 || operands.length > 10) {
        refuse(
          `Template error: every ${name} object requires a list of at least 2 and at most 10 boolean parameters.`,
        )
      }
      const outcomes = every(operands)
      return name === 'Fn::And' ? outcomes.every(Boolean) : outcomes.some(Boolean)
    }
    case 'Fn::Equals': {
      const [left = null, right = null] = operands
      if (operands.length !== 2)
        refuse('Template error: every Fn::Equals object requires a list of 2 string parameters.')
      return equal(evaluate(left, scope), evaluate(right, scope))
    }
    default:
      if (typeof definition === 'boolean') return definition
      return refuse(
        'Template format error: Conditions can only be boolean operations on parameters and other conditions',
      )
  }
}

/** Texts and numbers compare by their spelling: `Fn::Equals: [1, "1"]` holds. */
function equal(left: Value | undefined, right: Value | undefined): boolean {
  const [a, b] = [scalarText(left), scalarText(right)]
  return a !== undefined && b !== undefined ? a === b : sameValue(left, right)
}
