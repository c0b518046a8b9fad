/** Fn::Sub, both forms: finding the variables (also for `graph.ts`) and putting values in their places. */
import { refuse } from '#engines/templates/template-error.ts'
import { type Dict, isDict, scalarText, type Value } from '#engines/templates/value.ts'

const VARIABLE = /\$\{(!?)([^{}]*)\}/g
const USAGE =
  "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string"
const NAMES =
  'Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons'

/** The two parts of the argument; the second form's mapping is empty in the first form. */
export function subParts(argument: Value): { readonly source: string; readonly variables: Dict } {
  if (typeof argument === 'string') return { source: argument, variables: {} }
  if (Array.isArray(argument) && argument.length <= 2) {
    const [source, variables = {}] = argument
    if (typeof source === 'string' && isDict(variables)) return { source, variables }
  }
  return refuse(USAGE)
}

/** Names in `${...}`, without those written literally as `${!...}`. */
export function subNames(source: string): string[] {
  return [...source.matchAll(VARIABLE)].flatMap(([, literal, name = '']) =>
    literal === '!' ? [] : [name.trim()],
  )
}

export interface Substitution {
  /** A value of the second form's mapping, evaluated. */
  named(value: Value): Value
  reference(name: string): Value
  attribute(logicalId: string, name: string): Value
}

/** Source: CloudFormation template reference, Fn::Sub. */
export function substitute(argument: Value, by: Substitution): string {
  const { source, variables } = subParts(argument)
  return source.replace(VARIABLE, (_, literal: string, spelled: string) => {
    const name = spelled.trim()
    if (literal === '!') return `\${${spelled}}`
    if (!/^[A-Za-z0-9_.:]+$/.test(name)) return refuse(NAMES)
    const found = lookUp(name, variables, by)
    const written = Array.isArray(found) ? undefined : scalarText(found)
    return (
      written ??
      refuse(`Template error: Fn::Sub: the value of \${${name}} is not a string. Use Fn::Join for lists`)
    )
  })
}

function lookUp(name: string, variables: Dict, by: Substitution): Value {
  const own = Object.hasOwn(variables, name) ? variables[name] : undefined
  if (own !== undefined) return by.named(own)
  const dot = name.indexOf('.')
  return dot === -1 ? by.reference(name) : by.attribute(name.slice(0, dot), name.slice(dot + 1))
}
