/**
 * The Parameters section: declarations, and the values a stack gets from what a caller gave. AWS's own types
 * (`AWS::EC2::Image::Id`, ...) are taken as text: whether such a thing exists is not asked. What a parameter of an
 * `AWS::SSM::Parameter::...` type names is fetched by the caller.
 */
import { expressionOf } from '#engines/regular-expressions/expression.ts'
import { refuse } from '#engines/templates/template-error.ts'
import {
  dictAt,
  isDict,
  memberOf,
  scalarText,
  textAt,
  type Dict,
  type Value,
} from '#engines/templates/value.ts'

export interface ParameterDeclaration {
  readonly name: string
  readonly type: string
  /** As text, lists joined by commas; undefined when the caller must give a value. */
  readonly fallback: string | undefined
  readonly noEcho: boolean
  readonly description: string | undefined
  readonly allowedValues: readonly string[]
  readonly definition: Dict
}

const PLAIN = ['String', 'Number', 'CommaDelimitedList', 'List<Number>', 'List<String>']

/** What the template declares, in its order. Throws `TemplateError` for a type that does not exist. */
export function declaredParameters(body: Dict): ParameterDeclaration[] {
  const section = memberOf(body, 'Parameters')
  if (section === undefined || section === null) return []
  if (!isDict(section)) refuse('Template format error: Parameters must be an object.')
  return Object.entries(section).map(([name, definition]) => {
    if (!isDict(definition)) return refuse(`Template format error: Parameter ${name} must be an object.`)
    const type = textAt(definition, 'Type')
    if (type === undefined)
      return refuse(`Template format error: Every Parameters object must contain a Type member.`)
    if (!known(type)) return refuse(`Template format error: Unrecognized parameter type: ${type}`)
    return {
      name,
      type,
      fallback: asText(memberOf(definition, 'Default')),
      noEcho: /^true$/i.test(scalarText(memberOf(definition, 'NoEcho')) ?? 'false'),
      description: textAt(definition, 'Description'),
      allowedValues: allowedIn(definition),
      definition,
    }
  })
}

const known = (type: string): boolean =>
  PLAIN.includes(type) || /^(List<)?AWS::[A-Za-z0-9]+::[A-Za-z0-9:]+(<.+>)?>?$/.test(type)

function asText(value: Value | undefined): string | undefined {
  if (value === null) return ''
  if (Array.isArray(value)) return value.map((item) => scalarText(item) ?? '').join(',')
  return scalarText(value)
}

const allowedIn = (definition: Dict): string[] => {
  const list = memberOf(definition, 'AllowedValues')
  return Array.isArray(list) ? list.map((item) => scalarText(item) ?? '') : []
}

/**
 * The values as texts, defaults filled in and constraints checked. Throws `TemplateError` in AWS's words.
 * Source: CloudFormation template reference, Parameters.
 */
export function parameterTexts(
  declarations: readonly ParameterDeclaration[],
  given: ReadonlyMap<string, string>,
): Map<string, string> {
  const names = new Set(declarations.map(({ name }) => name))
  const strangers = [...given.keys()].filter((name) => !names.has(name))
  if (strangers.length > 0) refuse(`Parameters: [${strangers.join(', ')}] do not exist in the template`)
  const texts = new Map<string, string>()
  const missing: string[] = []
  for (const declaration of declarations) {
    const value = given.get(declaration.name) ?? declaration.fallback
    if (value === undefined) missing.push(declaration.name)
    else texts.set(declaration.name, value)
  }
  if (missing.length > 0) refuse(`Parameters: [${missing.join(', ')}] must have values`)
  for (const declaration of declarations) check(declaration, texts.get(declaration.name) ?? '')
  return texts
}

function check(declaration: ParameterDeclaration, value: string): void {
  const { name, type, definition, allowedValues } = declaration
  const said = textAt(definition, 'ConstraintDescription')
  const fail = (constraint: string): never =>
    refuse(
      said === undefined
        ? `Parameter '${name}' ${constraint}`
        : `Parameter ${name} failed to satisfy constraint: ${said}`,
    )
  const items = isListType(type) ? itemsOf(value) : [value]
  if (namesSsmParameter(type) && value === '') fail('must name a parameter')
  if (type.endsWith('Number') || type === 'List<Number>') checkNumbers(items, definition, fail)
  if (allowedValues.length > 0 && items.some((item) => !allowedValues.includes(item))) {
    fail(`must be one of AllowedValues`)
  }
  if (type === 'String' || type.startsWith('AWS::')) checkText(value, definition, fail)
}

function checkNumbers(items: readonly string[], definition: Dict, fail: (constraint: string) => never): void {
  const least = bound(definition, 'MinValue')
  const most = bound(definition, 'MaxValue')
  for (const item of items) {
    const number = Number(item)
    if (item.trim() === '' || !Number.isFinite(number)) fail('must be a number')
    if (least !== undefined && number < least) fail(`must be a number not less than ${least}`)
    if (most !== undefined && number > most) fail(`must be a number not greater than ${most}`)
  }
}

function checkText(value: string, definition: Dict, fail: (constraint: string) => never): void {
  const least = bound(definition, 'MinLength')
  const most = bound(definition, 'MaxLength')
  if (least !== undefined && value.length < least) fail(`must contain at least ${least} characters`)
  if (most !== undefined && value.length > most) fail(`must contain at most ${most} characters`)
  const pattern = textAt(definition, 'AllowedPattern')
  const expression = pattern === undefined ? undefined : expressionOf(pattern)
  // The whole value must match. A pattern in a dialect that we do not read (Java's possessive forms) is not checked.
  if (expression !== undefined && !expression.matches(value)) fail(`must match pattern ${pattern}`)
}

function bound(definition: Dict, name: string): number | undefined {
  const text = scalarText(memberOf(definition, name))
  return text === undefined ? undefined : Number(text)
}

export const isListType = (type: string): boolean => type === 'CommaDelimitedList' || type.startsWith('List<')

/** What a parameter of `AWS::SSM::Parameter::Value<T>` holds: T; undefined for other types. */
const heldType = (type: string): string | undefined => /^AWS::SSM::Parameter::Value<(.+)>$/.exec(type)?.[1]

const namesSsmParameter = (type: string): boolean => type.startsWith('AWS::SSM::Parameter::')

/** One parameter of a template that names a parameter of Systems Manager. */
export interface SsmReference {
  readonly parameter: string
  /** The name of the parameter there. */
  readonly name: string
  /** Its value is wanted, and not only its existence. */
  readonly value: boolean
}

/** What must be fetched before the template can be resolved. Source: CloudFormation template reference, SSM parameter types. */
export const ssmReferences = (
  declarations: readonly ParameterDeclaration[],
  texts: ReadonlyMap<string, string>,
): SsmReference[] =>
  declarations.flatMap(({ name, type }) => {
    const text = texts.get(name)
    if (!namesSsmParameter(type) || text === undefined) return []
    return [{ parameter: name, name: text, value: heldType(type) !== undefined }]
  })

const itemsOf = (value: string): string[] => (value === '' ? [] : value.split(',').map((item) => item.trim()))

/** What `Ref` gives: a list for list types, else the text; for Systems Manager's what was fetched. */
export function parameterValues(
  declarations: readonly ParameterDeclaration[],
  texts: ReadonlyMap<string, string>,
  fetched: ReadonlyMap<string, string> = new Map(),
): Map<string, Value> {
  return new Map(
    declarations.flatMap(({ name, type }): [string, Value][] => {
      const held = heldType(type)
      const text = held === undefined ? texts.get(name) : fetched.get(name)
      return text === undefined ? [] : [[name, isListType(held ?? type) ? itemsOf(text) : text]]
    }),
  )
}

/** Names that stand in the Parameters section, whatever it holds. */
export const parameterNames = (body: Dict): string[] => Object.keys(dictAt(body, 'Parameters') ?? {})
