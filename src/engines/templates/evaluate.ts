/**
 * Intrinsic functions. `evaluate` walks a value and replaces every function by its result; what only the running
 * stack knows comes from `Scope.ref` and `Scope.attribute`. When you add a function, also add it to `graph.ts` if it
 * can name a resource.
 */
import { base64, utf8 } from '#base/bytes.ts'
import { cidrBlocks } from '#engines/templates/cidr.ts'
import { substitute } from '#engines/templates/sub.ts'
import { refuse } from '#engines/templates/template-error.ts'
import { type Dict, isDict, memberOf, scalarText, soleEntry, type Value } from '#engines/templates/value.ts'

export interface Scope {
  /** Values of parameters; lists of list types are already split. */
  readonly parameters: ReadonlyMap<string, Value>
  /** `AWS::Region` and its like. */
  readonly pseudo: ReadonlyMap<string, Value>
  readonly mappings: Dict
  /** Outcomes of the Conditions section. */
  readonly conditions: ReadonlyMap<string, boolean>
  /** The AWS::LanguageExtensions transform is on: DefaultValue, Length, ToJsonString. */
  readonly languageExtensions: boolean
  /** What `Ref` gives for a resource; undefined when no such resource exists. */
  ref(logicalId: string): Value | undefined
  /** What `Fn::GetAtt` gives; undefined when there is no such resource or attribute. */
  attribute(logicalId: string, name: string): Value | undefined
  /** The value of an export of this account and region. */
  exported(name: string): Value | undefined
  zones(region: string): string[]
}

/** What `AWS::NoValue` leaves: the member or item that holds it goes away. */
const NOTHING = Symbol('AWS::NoValue')
type Found = Value | typeof NOTHING

/** The value with all functions replaced; throws `TemplateError`. `AWS::NoValue` at the top gives undefined. */
export function evaluate(value: Value, scope: Scope): Value | undefined {
  const found = walk(value, scope)
  return found === NOTHING ? undefined : found
}

function walk(value: Value, scope: Scope): Found {
  if (Array.isArray(value)) {
    const out: Value[] = []
    for (const item of value) {
      const found = walk(item, scope)
      if (found !== NOTHING) out.push(found)
    }
    return out
  }
  if (!isDict(value)) return value
  const call = soleEntry(value)
  if (call !== undefined) {
    const [name, argument] = call
    if (name === 'Ref' && typeof argument === 'string') return reference(argument, scope)
    const run = FUNCTIONS.get(name)
    if (run !== undefined) return run(argument, scope)
    if (name.startsWith('Fn::')) refuse(unsupported(name))
  }
  const out: Dict = {}
  for (const [name, member] of Object.entries(value)) {
    const found = walk(member, scope)
    if (found !== NOTHING) out[name] = found
  }
  return out
}

function unsupported(name: string): string {
  if (name === 'Fn::Transform') {
    return 'Template error: Fn::Transform can only be expanded before the stack is made; Windtunnel expands AWS::Serverless and no other macro'
  }
  return `Template error: Unsupported function: ${name}`
}

function reference(name: string, scope: Scope): Found {
  if (name === 'AWS::NoValue') return NOTHING
  const found = scope.parameters.get(name) ?? scope.pseudo.get(name) ?? scope.ref(name)
  return (
    found ?? refuse(`Template format error: Unresolved dependencies [${name}]. Cannot reference resources`)
  )
}

type Run = (argument: Value, scope: Scope) => Found

/** The argument evaluated, `AWS::NoValue` as null. */
function plain(argument: Value | undefined, scope: Scope): Value {
  const found = walk(argument ?? null, scope)
  return found === NOTHING ? null : found
}

function pair(argument: Value, what: string): readonly [Value, Value] {
  if (Array.isArray(argument) && argument.length === 2) return [argument[0] ?? null, argument[1] ?? null]
  return refuse(what)
}

const JOIN =
  'Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.'
const SELECT =
  'Template error: Fn::Select requires a list argument with two elements: an integer index and a list'
const SPLIT =
  'Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.'
const FIND =
  'Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value'

const join: Run = (argument, scope) => {
  const [delimiter, list] = pair(argument, JOIN)
  const by = plain(delimiter, scope)
  const items = plain(list, scope)
  if (typeof by !== 'string' || !Array.isArray(items)) return refuse(JOIN)
  return items.map((item) => scalarText(item) ?? refuse(JOIN)).join(by)
}

const select: Run = (argument, scope) => {
  const [index, list] = pair(argument, SELECT)
  const at = Number(scalarText(plain(index, scope)) ?? Number.NaN)
  const items = plain(list, scope)
  if (!Number.isInteger(at) || !Array.isArray(items)) return refuse(SELECT)
  const found = items[at]
  if (found === undefined || at < 0) {
    return refuse(`Template error: Fn::Select cannot select nonexistent value at index ${at}`)
  }
  if (found === null) {
    return refuse(
      'Template error: Fn::Select requires all values in the list to be non-null; the selected value is null.',
    )
  }
  return found
}

const split: Run = (argument, scope) => {
  const [delimiter, source] = pair(argument, SPLIT)
  const by = plain(delimiter, scope)
  const whole = plain(source, scope)
  if (typeof by !== 'string' || typeof whole !== 'string') return refuse(SPLIT)
  return whole.split(by)
}

const findInMap: Run = (argument, scope) => {
  if (!Array.isArray(argument) || argument.length < 3) return refuse(FIND)
  const keys = argument.slice(0, 3).map((key) => scalarText(plain(key, scope)) ?? refuse(FIND))
  const [map = '', top = '', second = ''] = keys
  const found = memberOf(memberOf(memberOf(scope.mappings, map), top), second)
  if (found !== undefined) return found
  const fallback = memberOf(argument[3], 'DefaultValue')
  if (fallback !== undefined) {
    if (!scope.languageExtensions) {
      return refuse(
        'Template error: Fn::FindInMap with DefaultValue requires the AWS::LanguageExtensions transform',
      )
    }
    return walk(fallback, scope)
  }
  return refuse(`Template error: Unable to get mapping for ${map}::${top}::${second}`)
}

const getAtt: Run = (argument, scope) => {
  const [name, attribute] = attributeParts(argument, scope)
  const found = scope.attribute(name, attribute)
  if (found === undefined) {
    return refuse(
      `Template error: resource ${name} does not support attribute type ${attribute} in Fn::GetAtt`,
    )
  }
  return found
}

function attributeParts(argument: Value, scope: Scope): readonly [string, string] {
  const parts = typeof argument === 'string' ? argument.split('.') : argument
  if (Array.isArray(parts) && parts.length >= 2 && typeof parts[0] === 'string') {
    const rest = parts.slice(1).map((part) => scalarText(plain(part, scope)) ?? '')
    return [parts[0], rest.join('.')]
  }
  return refuse(
    'Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute',
  )
}

const choose: Run = (argument, scope) => {
  if (!Array.isArray(argument) || argument.length !== 3 || typeof argument[0] !== 'string') {
    return refuse('Template error: Fn::If requires a list argument with three elements')
  }
  const [name, then = null, otherwise = null] = argument
  const outcome = scope.conditions.get(name)
  if (outcome === undefined) {
    return refuse(`Template format error: Unresolved condition dependency ${name} in Fn::If`)
  }
  return walk(outcome ? then : otherwise, scope)
}

const sub: Run = (argument, scope) =>
  substitute(argument, {
    named: (value) => plain(value, scope),
    reference: (name) => {
      const found = reference(name, scope)
      return found === NOTHING ? '' : found
    },
    attribute: (name, attribute) => {
      const found = getAtt([name, attribute], scope)
      return found === NOTHING ? '' : found
    },
  })

const cidr: Run = (argument, scope) => {
  const [block, count, bits] = Array.isArray(argument) ? argument.map((part) => plain(part, scope)) : []
  if (typeof block !== 'string')
    return refuse('Template error: Fn::Cidr requires an address block and a count')
  return cidrBlocks(block, Number(scalarText(count)), Number(scalarText(bits) ?? 8))
}

const getAZs: Run = (argument, scope) => {
  const region = plain(argument, scope)
  const here = scope.pseudo.get('AWS::Region')
  if (typeof region !== 'string') return refuse('Template error: Fn::GetAZs requires a region')
  return scope.zones(region === '' && typeof here === 'string' ? here : region)
}

const importValue: Run = (argument, scope) => {
  const name = plain(argument, scope)
  if (typeof name !== 'string')
    return refuse('Template error: the attribute in Fn::ImportValue must be a string')
  return scope.exported(name) ?? refuse(`No export named ${name} found.`)
}

const encode: Run = (argument, scope) => {
  const source = scalarText(plain(argument, scope))
  return source === undefined
    ? refuse('Template error: every Fn::Base64 object must have a String-typed value.')
    : base64(utf8(source))
}

const extended = (name: string, scope: Scope): void => {
  if (!scope.languageExtensions) {
    refuse(`Template error: ${name} requires the AWS::LanguageExtensions transform`)
  }
}

const length: Run = (argument, scope) => {
  extended('Fn::Length', scope)
  const list = plain(argument, scope)
  return Array.isArray(list) ? list.length : refuse('Template error: Fn::Length requires a list')
}

const toJson: Run = (argument, scope) => {
  extended('Fn::ToJsonString', scope)
  const value = plain(argument, scope)
  return isDict(value) || Array.isArray(value)
    ? JSON.stringify(value)
    : refuse('Template error: Fn::ToJsonString requires an object or a list')
}

/** Source: CloudFormation template reference, Intrinsic function reference. */
const FUNCTIONS = new Map<string, Run>([
  ['Fn::Base64', encode],
  ['Fn::Cidr', cidr],
  ['Fn::FindInMap', findInMap],
  ['Fn::GetAtt', getAtt],
  ['Fn::GetAZs', getAZs],
  ['Fn::If', choose],
  ['Fn::ImportValue', importValue],
  ['Fn::Join', join],
  ['Fn::Length', length],
  ['Fn::Select', select],
  ['Fn::Split', split],
  ['Fn::Sub', sub],
  ['Fn::ToJsonString', toJson],
])
