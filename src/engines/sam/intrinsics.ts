/** Intrinsic functions as values: recognising them and writing them. Evaluation is `engines/templates`. */
import { type Dict, isDict, soleEntry, type Value } from '#engines/templates/value.ts'

export const ref = (name: string): Dict => ({ Ref: name })
export const getAtt = (logicalId: string, attribute: string): Dict => ({
  'Fn::GetAtt': [logicalId, attribute],
})

export function sub(source: string, variables?: Dict): Dict {
  return { 'Fn::Sub': variables === undefined ? source : [source, variables] }
}

export const NO_VALUE: Dict = { Ref: 'AWS::NoValue' }

export const conditional = (
  condition: Value,
  then: Value,
  otherwise: Value = { Ref: 'AWS::NoValue' },
): Dict => ({
  'Fn::If': [condition, then, otherwise],
})

export const not = (condition: string): Dict => ({ 'Fn::Not': [{ Condition: condition }] })

export function isIntrinsic(value: Value | undefined): boolean {
  const name = soleEntry(value)?.[0]
  return name !== undefined && (name === 'Ref' || name === 'Condition' || name.startsWith('Fn::'))
}

export const isIf = (value: Value | undefined): boolean => soleEntry(value)?.[0] === 'Fn::If'

export const isNoValue = (value: Value | undefined): boolean => {
  const entry = soleEntry(value)
  return entry?.[0] === 'Ref' && entry[1] === 'AWS::NoValue'
}

/** The three parts of Fn::If, or undefined when it is malformed. */
export function ifParts(value: Value | undefined): readonly [Value, Value, Value] | undefined {
  const parts = isDict(value) && isIf(value) ? value['Fn::If'] : undefined
  if (!Array.isArray(parts) || parts.length !== 3) return undefined
  return [parts[0] ?? null, parts[1] ?? null, parts[2] ?? null]
}

/** What SAM says of a malformed Fn::If. */
export const IF_ARGUMENTS = 'Fn::If requires 3 arguments'

/** The resource that a Ref or a plain Fn::GetAtt names. */
export function logicalIdIn(value: Value | undefined): string | undefined {
  const [name, argument] = soleEntry(value) ?? []
  if (name === 'Ref' && typeof argument === 'string') return argument
  if (name !== 'Fn::GetAtt') return undefined
  const parts = typeof argument === 'string' ? argument.split('.') : argument
  return Array.isArray(parts) && parts.length === 2 && typeof parts[0] === 'string' ? parts[0] : undefined
}

/** A Ref or Fn::GetAtt as it stands inside Fn::Sub. */
export function shorthand(value: Dict): string {
  const [name, argument] = soleEntry(value) ?? []
  if (name === 'Fn::GetAtt' && Array.isArray(argument)) {
    return `\${${argument.map((part) => (typeof part === 'string' ? part : '')).join('.')}}`
  }
  return `\${${typeof argument === 'string' ? argument : ''}}`
}

/** Empty in Python's sense, which is how SAM decides whether a property was given. */
export function given(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return false
  if (Array.isArray(value)) return value.length > 0
  return !isDict(value) || Object.keys(value).length > 0
}
