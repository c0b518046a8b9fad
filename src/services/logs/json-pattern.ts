/**
 * JSON selectors of filter patterns: `{ ($.level = "ERROR") && ($.ms > 10) }`. A recursive-descent parser into
 * predicates over the parsed message; messages that are no JSON match nothing.
 * Source: CloudWatch Logs user guide, Filter pattern syntax, JSON.
 */
import { isRecord, parseJson } from '#base/json.ts'
import { badPattern } from '#services/logs/faults.ts'
import { safeRegex } from '#services/logs/pattern-regex.ts'

type Test = (value: unknown) => boolean

interface Reader {
  readonly tokens: readonly string[]
  at: number
}

const TOKENS =
  /\s*(\{|\}|\(|\)|&&|\|\||!=|<=|>=|=|<|>|"(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)*%|\$(?:\.[\w@#-]+|\.\*|\[(?:\d+|\*|"[^"]*"|'[^']*')\])*|[^\s(){}&|=!<>]+)/y
/** Nesting of parentheses. Beyond: the pattern is malformed. */
const DEPTH_MAX = 50

export function compileJsonPattern(pattern: string): (message: string) => boolean {
  const reader: Reader = { tokens: tokensOf(pattern), at: 0 }
  take(reader, '{')
  const test = either(reader, 0)
  take(reader, '}')
  if (reader.at !== reader.tokens.length) throw badPattern()
  return (message) => {
    const value = parseJson(message)
    return value !== undefined && test(value)
  }
}

function tokensOf(pattern: string): string[] {
  const tokens: string[] = []
  const end = pattern.trimEnd().length
  let at = 0
  while (at < end) {
    TOKENS.lastIndex = at
    const found = TOKENS.exec(pattern)
    if (found?.[1] === undefined) throw badPattern()
    tokens.push(found[1])
    at += found[0].length
  }
  return tokens
}

const peek = (reader: Reader): string | undefined => reader.tokens[reader.at]

function next(reader: Reader): string {
  const token = reader.tokens[reader.at++]
  if (token === undefined) throw badPattern()
  return token
}

function take(reader: Reader, token: string): void {
  if (next(reader) !== token) throw badPattern()
}

function either(reader: Reader, depth: number): Test {
  const tests = [both(reader, depth)]
  while (peek(reader) === '||') {
    reader.at++
    tests.push(both(reader, depth))
  }
  return (value) => tests.some((test) => test(value))
}

function both(reader: Reader, depth: number): Test {
  const tests = [one(reader, depth)]
  while (peek(reader) === '&&') {
    reader.at++
    tests.push(one(reader, depth))
  }
  return (value) => tests.every((test) => test(value))
}

function one(reader: Reader, depth: number): Test {
  if (depth > DEPTH_MAX) throw badPattern()
  if (peek(reader) === '(') {
    reader.at++
    const test = either(reader, depth + 1)
    take(reader, ')')
    return test
  }
  const select = selector(next(reader))
  const operator = next(reader)
  const upper = operator.toUpperCase()
  if (upper === 'IS') return isWord(select, next(reader).toUpperCase())
  if (upper === 'EXISTS') return (value) => select(value).length > 0
  if (upper === 'NOT') {
    if (next(reader).toUpperCase() !== 'EXISTS') throw badPattern()
    return (value) => select(value).length === 0
  }
  const compares = comparison(operator, next(reader))
  return (value) => select(value).some(compares)
}

function isWord(select: (value: unknown) => unknown[], word: string): Test {
  const wanted = word === 'NULL' ? null : word === 'TRUE' ? true : word === 'FALSE' ? false : undefined
  if (wanted === undefined) throw badPattern()
  return (value) => select(value).some((found) => found === wanted)
}

function comparison(operator: string, operand: string): Test {
  const number = Number(operand)
  const numeric = !operand.startsWith('"') && operand.trim() !== '' && Number.isFinite(number)
  switch (operator) {
    case '=':
      return equality(operand, numeric ? number : undefined)
    case '!=': {
      const equals = equality(operand, numeric ? number : undefined)
      return (value) => !equals(value)
    }
    case '<':
    case '<=':
    case '>':
    case '>=':
      if (!numeric) throw badPattern()
      return (value) => typeof value === 'number' && ordered(operator, value, number)
    default:
      throw badPattern()
  }
}

function ordered(operator: '<' | '<=' | '>' | '>=', a: number, b: number): boolean {
  switch (operator) {
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
    default:
      return operator satisfies never
  }
}

function equality(operand: string, number: number | undefined): Test {
  if (operand.startsWith('%')) {
    const expression = safeRegex(operand.slice(1, -1))
    return (value) => typeof value === 'string' && expression.test(value)
  }
  const wanted = operand.startsWith('"') ? operand.slice(1, -1).replace(/\\(.)/g, '$1') : operand
  if (wanted.includes('*')) {
    const parts = wanted.split('*')
    return (value) => typeof value === 'string' && matchesParts(value, parts)
  }
  return (value) => (number !== undefined && typeof value === 'number' ? value === number : value === wanted)
}

/** Wildcards without a regular expression: each part in its turn, the first and the last at the ends. */
function matchesParts(value: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts
  const last = rest.pop() ?? ''
  if (!value.startsWith(first) || value.length < first.length + last.length || !value.endsWith(last))
    return false
  const end = value.length - last.length
  let at = first.length
  for (const part of rest) {
    const found = value.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

const STEP = /\.\*|\.([\w@#-]+)|\[(\d+)\]|\[\*\]|\["([^"]*)"\]|\['([^']*)'\]/g

/** All values that a selector such as `$.a.b[0]` finds. */
function selector(token: string): (value: unknown) => unknown[] {
  if (!token.startsWith('$')) throw badPattern()
  const steps = [...token.slice(1).matchAll(STEP)].map(
    (found) => found[1] ?? found[3] ?? found[4] ?? (found[2] === undefined ? undefined : Number(found[2])),
  )
  return (value) =>
    steps.reduce<unknown[]>((values, step) => values.flatMap((each) => below(each, step)), [value])
}

function below(value: unknown, step: string | number | undefined): unknown[] {
  if (Array.isArray(value)) {
    if (step === undefined) return value
    return typeof step === 'number' && step < value.length ? [value[step]] : []
  }
  if (!isRecord(value)) return []
  if (step === undefined) return Object.values(value)
  return typeof step === 'string' && Object.hasOwn(value, step) ? [value[step]] : []
}
