/** What is refused, with AWS's texts. Most of them, places included, are answers that AWS was recorded to give. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Dialect } from '#engines/patterns/dialect.ts'
import { compilePattern } from '#engines/patterns/pattern.ts'
import { type PatternProblem, eventPatternMessage, filterPolicyMessage } from '#engines/patterns/problem.ts'

function problemOf(pattern: unknown, dialect: Dialect): PatternProblem | undefined {
  const compiled = compilePattern(typeof pattern === 'string' ? pattern : JSON.stringify(pattern), dialect)
  return compiled.ok ? undefined : compiled.error
}

/** Texts as JSON writes them; the place is given as line and column. */
function check(text: string, reason: string, place?: string): void {
  const problem = problemOf(text, 'events')
  assert.ok(problem !== undefined, text)
  const at = place === undefined ? '' : `\n at [Source: (String)"${text}"; ${place}]`
  assert.equal(eventPatternMessage(problem), `Event pattern is not valid. Reason: ${reason}${at}`)
}

const column = (number: number): string => `line: 1, column: ${number}`

test('compilePattern() answers broken structure as EventBridge does', () => {
  check('["not", "a", "dict"]', 'Filter is not an object', column(2))
  check('', 'Filter is not an object', column(1))
  check('{"int": 42}', '"int" must be an object or an array', column(11))
  check('{"string": "my-value"}', '"string" must be an object or an array', column(13))
  check('{"resources": []}', 'Empty arrays are not allowed', column(17))
  check('{"source": ["aws.health"], "detail": {}}', 'Empty objects are not allowed', column(40))
  check(
    '{\n  "detail": {\n    "slug": "x"\n  }\n}',
    '"slug" must be an object or an array',
    'line: 3, column: 14',
  )
  check('{"a": [["b"]]}', 'Match value must be String, number, true, false, or null', column(9))
  check('{"my_key": [{"EXISTS": true}]}', 'Unrecognized match type EXISTS', column(28))
})

test('compilePattern() answers broken JSON as EventBridge does', () => {
  const values = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
  check('this is no JSON', `Unrecognized token 'this': was expecting ${values}`, column(5))
  check('{"not": closed mark"', `Unrecognized token 'closed': was expecting ${values}`, column(15))
  check(
    "{'bad': 'quotation'}",
    "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
    column(2),
  )
  const open = '{"a": ["b"]'
  const start = `[Source: (String)"${open}"; line: 1, column: 1]`
  check(
    open,
    `Unexpected end-of-input: expected close marker for Object (start marker at ${start})`,
    column(12),
  )
})

test('compilePattern() answers broken match expressions as EventBridge does', () => {
  check('{"time": [{"prefix": 123}]}', 'prefix match pattern must be a string', column(25))
  check('{"FileName": [{"suffix": [".png"]}]}', 'suffix match pattern must be a string', column(27))
  check('{"EventBusArn": [{"wildcard": 123}]}', 'wildcard match pattern must be a string', column(34))
  check('{"a": [{"cidr": ["bad-type"]}]}', 'prefix match pattern must be a string', column(18))
  check('{"a": [{"cidr": "10.0.0.0"}]}', "Malformed CIDR, one '/' required")
  check('{"a": [{"cidr": "xx.11.xx/8"}]}', 'Nonstandard IP address: xx.11.xx')
  check('{"a": [{"cidr": "10.0.0.0/xx"}]}', 'Malformed CIDR, mask bits must be an integer')
  check('{"a": [{"cidr": "10.0.0.0/32"}]}', 'IPv4 mask bits must be < 32')
  check('{"c": [{"numeric": [">", 0, ">", 0]}]}', 'Bad numeric range operator: >', column(32))
  check('{"c": [{"numeric": [">", 0, "<"]}]}', 'Value of < must be numeric', column(33))
  check('{"c": [{"numeric": 10}]}', 'Value of numeric must be an array.', column(22))
  check(
    '{"c": [{"numeric": [">", 6000000000]}]}',
    'Value must be between -5.0E9 and 5.0E9, inclusive',
    column(36),
  )
  check('{"a": [{"wildcard": "a**"}]}', 'Consecutive wildcard characters at pos 2', column(26))
  check('{"a": [{"wildcard": "é\\\\x"}]}', 'Invalid escape character at pos 3', column(27))
  check(
    '{"s": [{"anything-but": null}]}',
    'Value of anything-but must be an array or single string/number value.',
    column(29),
  )
  check('{"s": [{"anything-but": {"prefix": ""}}]}', 'Null prefix/suffix not allowed', column(38))
  check(
    '{"s": [{"anything-but": ["a", 1]}]}',
    'Inside anything but list, either all values are number or string, mixed type is not supported',
    column(33),
  )
})

test('compilePattern() gives the place twice for what is refused inside a list, as EventBridge does', () => {
  const text = '{"detail": {"state": [{"anything-but": ["stopped", null]}]}}'
  const at = `\n at [Source: (String)"${text}"; line: 1, column: 56]`
  const problem = problemOf(text, 'events')
  assert.deepEqual(problem, {
    kind: 'syntax',
    reason: 'Inside anything but list, start|null|boolean is not supported.',
    at: at + at,
  })
})

test('compilePattern() refuses nesting deeper than AWS reads, and takes what is just as deep', () => {
  const nested = (depth: number): string => `${'{"a":'.repeat(depth)}[1]${'}'.repeat(depth)}`
  assert.equal(problemOf(nested(999), 'sns-body')?.reason, 'Filter policy is too complex')
  assert.equal(problemOf(nested(999), 'events'), undefined)
  assert.match(problemOf(nested(1_000), 'events')?.reason ?? '', /^Document nesting depth \(1001\)/)
  assert.match(problemOf('{"a":'.repeat(100_000), 'events')?.reason ?? '', /^Document nesting depth/)
})

test('compilePattern() quotes no more than 500 characters of a pattern', () => {
  const text = `{"a": ["${'x'.repeat(600)}"], "b": 1}`
  const at = problemOf(text, 'events')?.at ?? ''
  assert.ok(at.includes(`${'x'.repeat(492)}"[truncated ${text.length - 500} chars]; line: 1`), at)
})

const COMPLEX =
  'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character'

test('compilePattern() refuses wildcards and $or combinations that are too complex', () => {
  check('{"EventBusArn": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}', COMPLEX)
  assert.equal(problemOf({ a: [{ wildcard: 'a*b*c*d' }, { wildcard: 'x*y' }] }, 'events'), undefined)
  const or = (size: number, name: string): unknown =>
    Array.from({ length: size }, (_, at) => ({ [name]: [at] }))
  const product = (...sizes: number[]): unknown =>
    Object.fromEntries(sizes.map((size, at) => [`n${at}`, { $or: or(size, 'v') }]))
  assert.equal(problemOf(product(10, 10, 10), 'events'), undefined)
  assert.equal(problemOf(product(10, 10, 11), 'events')?.kind, 'limit')
})

test('compilePattern() refuses names in $or that are operators, when $or cannot be a name either', () => {
  check(
    '{"$or": [{"a": [1]}, {"prefix": ["x"]}]}',
    'prefix is Ruler reserved fieldName which cannot be used inside $or.',
    column(34),
  )
  check('{"$or": [{"a": [1]}]}', 'There must have at least 2 Objects in $or relationship.', column(21))
})

function checkPolicy(pattern: unknown, message: string, dialect: Dialect = 'sns-attributes'): void {
  const problem = problemOf(pattern, dialect)
  assert.ok(problem !== undefined)
  assert.equal(filterPolicyMessage(problem, 'SetSubscriptionAttributes'), message)
}

test('compilePattern() holds the limits of SNS', () => {
  const keys = (count: number): unknown =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, ['v']]))
  const values = (count: number): number[] => Array.from({ length: count }, (_, at) => at)
  const complex = 'Invalid parameter: FilterPolicy: Filter policy is too complex'
  assert.equal(problemOf(keys(5), 'sns-attributes'), undefined)
  checkPolicy(keys(6), 'Invalid parameter: FilterPolicy: Filter policy can not have more than 5 keys')
  checkPolicy({ k: values(151) }, complex)
  checkPolicy({ a: values(100), b: values(2) }, complex)
  assert.equal(problemOf({ a: values(75), b: values(2) }, 'sns-attributes'), undefined)
  checkPolicy(
    { a: { b: ['c'] } },
    'Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy',
  )
  // 3 x 4 values three deep, 2 x 3 two deep, 1 x 3: 216 combinations
  checkPolicy({ a: { b: { c: values(4) } }, d: { e: values(3) }, f: values(3) }, complex, 'sns-body')
  // 4 x 3 three deep, 3 x 2 two deep: 72
  assert.equal(problemOf({ a: { b: { c: values(4) } }, d: { e: values(3) } }, 'sns-body'), undefined)
  assert.equal(problemOf(`{"k": ["${'x'.repeat(256 * 1024)}"]}`, 'sns-body')?.kind, 'limit')
})

test('compilePattern() adds up the combinations of $or in a filter policy', () => {
  const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `n${at}`)
  const policy = (source: number, metric: number, space: number): unknown => ({
    source: names(source),
    $or: [
      { metricName: names(metric) },
      { metricType: names(4), $or: [{ metricId: names(4) }, { spaceId: names(space) }] },
    ],
  })
  assert.equal(problemOf(policy(3, 6, 7), 'sns-attributes'), undefined) // 18 + 48 + 84 = 150
  assert.equal(problemOf(policy(4, 6, 4), 'sns-attributes')?.reason, 'Filter policy is too complex') // 24 + 64 + 64
})

test('compilePattern() holds the wildcard limits of SNS', () => {
  const wildcards = (count: number, text: string): unknown => ({
    k: Array.from({ length: count }, (_, at) => ({ wildcard: `${at}${text}` })),
  })
  assert.equal(problemOf(wildcards(10, 'a*'), 'sns-body'), undefined) // 10 points x 10 patterns
  assert.equal(problemOf(wildcards(11, 'a*'), 'sns-body')?.kind, 'limit')
  assert.equal(problemOf(wildcards(5, 'a*b*'), 'sns-body'), undefined) // 15 x 5
  assert.equal(problemOf(wildcards(6, 'a*b*'), 'sns-body')?.kind, 'limit')
  assert.equal(problemOf(wildcards(1, '*b*c*d*'), 'sns-body')?.kind, 'limit')
})

test('compilePattern() bounds the numbers of SNS, and words its answers for either operation', () => {
  assert.equal(problemOf({ store: [1_000_000_001] }, 'sns-attributes')?.kind, 'internal')
  assert.equal(problemOf({ store: [1_000_000_000, -1e9] }, 'sns-attributes'), undefined)
  const problem = problemOf('{"key":[{"suffix":100}]}', 'sns-attributes')
  assert.ok(problem !== undefined)
  assert.equal(
    filterPolicyMessage(problem, 'Subscribe'),
    'Invalid parameter: Attributes Reason: FilterPolicy: suffix match pattern must be a string\n at [Source: (String)"{"key":[{"suffix":100}]}"; line: 1, column: 22]',
  )
})

test('compilePattern() has the operators of Lambda only, and its length', () => {
  const refused = [
    'null',
    'simple string',
    { eventSource: 'aws:sqs' },
    { eventSource: [] },
    '[{"eventName": ["INSERT"=123}]',
  ]
  const operators = [{ cidr: '10.0.0.0/8' }, { wildcard: 'a*' }, { 'anything-but': { prefix: 'a' } }]
  for (const pattern of [...refused, ...operators.map((operator) => ({ a: [operator] }))]) {
    assert.ok(problemOf(pattern, 'lambda') !== undefined, JSON.stringify(pattern))
  }
  const ofLength = (length: number): string => `{"a":["${'x'.repeat(length - 10)}"]}`
  assert.equal(problemOf(ofLength(4_096), 'lambda'), undefined)
  assert.equal(problemOf(ofLength(4_097), 'lambda')?.kind, 'limit')
})

test('compilePattern() answers any text with a pattern or a problem', () => {
  const fragments = [
    '{',
    '}',
    '[',
    ']',
    '"a"',
    '"$or"',
    ':',
    ',',
    '1',
    'null',
    '"prefix"',
    '"anything-but"',
    '"numeric"',
    '">"',
    '\\',
    '"',
    ' ',
  ]
  const texts = fc.array(fc.constantFrom(...fragments), { maxLength: 20 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(
      fc.oneof(texts, fc.string()),
      fc.constantFrom<Dialect>('events', 'sns-body', 'lambda'),
      (text, dialect) => {
        const result = compilePattern(text, dialect)
        if (!result.ok) assert.ok(result.error.reason.length > 0)
      },
    ),
    { numRuns: 2_000 },
  )
})
