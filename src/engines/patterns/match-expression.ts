/**
 * Reads one match expression, `{"prefix": "x"}`, into a condition. The order of the checks, and where the reader stands at
 * each, decide which text and column a broken pattern is answered with. Source: recorded AWS answers of TestEventPattern
 * and Subscribe; event-ruler's documentation for what was not recorded.
 */
import { parseCidr } from '#engines/patterns/address.ts'
import type { Condition, Described } from '#engines/patterns/condition.ts'
import type { DialectRules } from '#engines/patterns/dialect.ts'
import type { JsonTokens, Token } from '#engines/patterns/json-tokens.ts'
import { foldText } from '#engines/patterns/letter-case.ts'
import { PatternRefused } from '#engines/patterns/problem.ts'
import { parseWildcard } from '#engines/patterns/wildcard.ts'

const ONE_KEY = 'Only one key allowed in match expression'

/** The tokens stand on the opening brace, and on the closing one after. */
export function readMatchExpression(tokens: JsonTokens, rules: DialectRules): Condition {
  if (tokens.next() !== 'name') tokens.refuse('Match expression name not found')
  const operator = tokens.text()
  if (!rules.operators.has(operator)) tokens.refuse(`Unrecognized match type ${operator}`)
  switch (operator) {
    case 'prefix':
    case 'suffix':
      return readEnd(tokens, operator)
    case 'equals-ignore-case':
      return closed(tokens, { kind: 'folded', text: foldText(readString(tokens, operator)) })
    case 'wildcard':
      return closed(tokens, readWildcard(tokens))
    case 'cidr':
      return closed(tokens, readCidr(tokens))
    case 'exists':
      return closed(tokens, readExists(tokens))
    case 'numeric':
      return readNumeric(tokens, rules)
    case 'anything-but':
      return readAnythingBut(tokens, rules)
    default:
      return tokens.refuse(`Unrecognized match type ${operator}`)
  }
}

function closed<C>(tokens: JsonTokens, condition: C): C {
  if (tokens.next() !== '}') tokens.refuse(ONE_KEY)
  return condition
}

function readString(tokens: JsonTokens, operator: string): string {
  if (tokens.next() !== 'string') tokens.refuse(`${operator} match pattern must be a string`)
  return tokens.text()
}

function readEnd(tokens: JsonTokens, operator: 'prefix' | 'suffix'): Described {
  const token = tokens.next()
  if (token !== '{') {
    if (token !== 'string') tokens.refuse(`${operator} match pattern must be a string`)
    return closed(tokens, { kind: operator, text: tokens.text() })
  }
  if (tokens.next() !== 'name') {
    tokens.refuse(`${operator === 'prefix' ? 'Prefix' : 'Suffix'} expression name not found`)
  }
  const inner = tokens.text()
  if (inner !== 'equals-ignore-case') tokens.refuse(`Unsupported ${operator} pattern: ${inner}`)
  const text = foldText(readString(tokens, inner))
  return closed(tokens, closed(tokens, { kind: `folded-${operator}`, text }))
}

function wildcardOf(tokens: JsonTokens, text: string): Described {
  const parsed = parseWildcard(text)
  if (!parsed.ok) return tokens.refuse(parsed.reason)
  const { wildcard } = parsed
  return wildcard.stars === 0 ? { kind: 'string', text: wildcard.first } : { kind: 'wildcard', wildcard }
}

function readWildcard(tokens: JsonTokens): Described {
  return wildcardOf(tokens, readString(tokens, 'wildcard'))
}

function readCidr(tokens: JsonTokens): Described {
  const parsed = parseCidr(readString(tokens, 'prefix'))
  if (parsed.ok) return { kind: 'address', range: parsed.range }
  throw new PatternRefused({ kind: 'syntax', reason: parsed.reason, at: '' })
}

function readExists(tokens: JsonTokens): Condition {
  const token = tokens.next()
  if (token === 'true') return { kind: 'exists' }
  if (token === 'false') return { kind: 'absent' }
  return tokens.refuse('exists match pattern must be either true or false.')
}

/** A number within the bound of the service's comparisons. */
function boundedNumber(tokens: JsonTokens, rules: DialectRules): number {
  const value = Number(tokens.text())
  if (Math.abs(value) <= rules.numberMost) return value
  const bound = `${rules.numberMost / 1e9}.0E9`
  return tokens.refuse(`Value must be between -${bound} and ${bound}, inclusive`)
}

function readNumeric(tokens: JsonTokens, rules: DialectRules): Condition {
  if (tokens.next() !== '[') tokens.refuse('Value of numeric must be an array.')
  if (tokens.next() !== 'string') tokens.refuse(`Invalid member in numeric match: ${tokens.text()}`)
  const operator = tokens.text()
  const token = tokens.next()
  if (!['=', '<', '<=', '>', '>='].includes(operator)) {
    tokens.refuse(`Unrecognized numeric range operator: ${operator}`)
  }
  const called = operator === '=' ? 'equals' : operator
  if (token !== 'number') tokens.refuse(`Value of ${called} must be numeric`)
  const value = boundedNumber(tokens, rules)
  const after = tokens.next()
  const condition = operator.startsWith('>')
    ? upwards(tokens, rules, { after, value, isOpen: operator === '>' })
    : downwards(tokens, rules, { after, value, operator })
  if (tokens.next() !== '}') tokens.refuse('Too many elements in numeric expression')
  return condition
}

function downwards(
  tokens: JsonTokens,
  rules: DialectRules,
  { after, value, operator }: { after: Token; value: number; operator: string },
): Condition {
  if (after !== ']') tokens.refuse('Too many elements in numeric expression')
  if (operator === '=') return { kind: 'number', value }
  const low = -rules.numberMost
  return {
    kind: 'range',
    range: { low, high: value, lowIsOpen: false, highIsOpen: operator === '<' },
  }
}

function upwards(
  tokens: JsonTokens,
  rules: DialectRules,
  { after, value, isOpen }: { after: Token; value: number; isOpen: boolean },
): Condition {
  const range = { low: value, high: rules.numberMost, lowIsOpen: isOpen, highIsOpen: false }
  if (after === ']') return { kind: 'range', range }
  if (after !== 'string') tokens.refuse(`Bad value in numeric range: ${tokens.text()}`)
  const operator = tokens.text()
  if (operator !== '<' && operator !== '<=') tokens.refuse(`Bad numeric range operator: ${operator}`)
  if (tokens.next() !== 'number') tokens.refuse(`Value of ${operator} must be numeric`)
  const high = boundedNumber(tokens, rules)
  if (tokens.next() !== ']') tokens.refuse('Too many terms in numeric range expression')
  if (high <= value) tokens.refuse('Bottom must be less than top')
  return { kind: 'range', range: { ...range, high, highIsOpen: operator === '<' } }
}

const MIXED = 'Inside anything but list, either all values are number or string, mixed type is not supported'

function readAnythingBut(tokens: JsonTokens, rules: DialectRules): Condition {
  let token = tokens.next()
  let inner: string | undefined
  if (token === '{') {
    if (tokens.next() !== 'name') tokens.refuse('Anything-But expression name not found')
    inner = tokens.text()
    if (!rules.exceptions.has(inner)) tokens.refuse(`Unsupported anything-but pattern: ${inner}`)
    token = tokens.next()
  }
  if (token !== '[' && token !== 'string' && token !== 'number') {
    tokens.refuse('Value of anything-but must be an array or single string/number value.')
  }
  const read = (): Described =>
    inner === undefined ? readExcepted(tokens, rules) : readException(tokens, inner)
  const listed = token === '[' ? readList(tokens, read) : [read()]
  // AWS looks at the wildcards when it has the whole list.
  const excepted =
    inner === 'wildcard'
      ? listed.map((one) => (one.kind === 'string' ? wildcardOf(tokens, one.text) : one))
      : listed
  const kinds = new Set(excepted.map(({ kind }) => kind))
  if (inner === undefined && kinds.size !== 1) tokens.refuse(MIXED)
  const tooMany = 'Too many elements in numeric expression' // AWS's words here too
  if (tokens.next() !== '}') tokens.refuse(tooMany)
  if (inner !== undefined && tokens.next() !== '}') tokens.refuse(tooMany)
  return { kind: 'anything-but', excepted }
}

/** What is refused inside a list is answered with its place given twice. Source: recorded AWS answers. */
function readList(tokens: JsonTokens, read: () => Described): Described[] {
  const found: Described[] = []
  try {
    while (tokens.next() !== ']') found.push(read())
  } catch (error) {
    if (!(error instanceof PatternRefused)) throw error
    const { problem } = error
    throw new PatternRefused({ ...problem, at: problem.at + tokens.location() })
  }
  return found
}

function readExcepted(tokens: JsonTokens, rules: DialectRules): Described {
  if (tokens.token === 'string') return { kind: 'string', text: tokens.text() }
  if (tokens.token === 'number') return { kind: 'number', value: boundedNumber(tokens, rules) }
  return tokens.refuse('Inside anything but list, start|null|boolean is not supported.')
}

function readException(tokens: JsonTokens, inner: string): Described {
  const isText = tokens.token === 'string'
  if (inner === 'equals-ignore-case') {
    if (isText) return { kind: 'folded', text: foldText(tokens.text()) }
    return tokens.refuse(
      'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.',
    )
  }
  if (inner === 'wildcard') {
    if (!isText) tokens.refuse('wildcard match pattern must be a string')
    return { kind: 'string', text: tokens.text() }
  }
  if (!isText) tokens.refuse('prefix/suffix match pattern must be a string')
  const text = tokens.text()
  if (text === '') tokens.refuse('Null prefix/suffix not allowed')
  return { kind: inner === 'prefix' ? 'prefix' : 'suffix', text }
}
