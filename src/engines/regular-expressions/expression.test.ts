import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { expressionOf } from '#engines/regular-expressions/expression.ts'

const matches = (source: string, text: string): boolean | undefined => expressionOf(source)?.matches(text)

const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '1', '-', '\\.', '\\b', '^', '$')
const source = fc.letrec<{ whole: string; part: string }>((tie) => ({
  part: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    atom,
    tie('whole').map((inner) => `(?:${inner})`),
    fc.tuple(fc.constantFrom('(?=', '(?!'), tie('whole')).map(([open, inner]) => `${open}${inner})`),
    fc
      .tuple(tie('whole'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{0,}', '*?', '+?'))
      .map(([inner, count]) => `(${inner})${count}`),
  ),
  whole: fc
    .array(fc.array(tie('part'), { maxLength: 3 }), { minLength: 1, maxLength: 2 })
    .map((choices) => choices.map((parts) => parts.join('')).join('|')),
})).whole

test('matches() says what JavaScript’s own expressions say', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-', '.', ' '), maxLength: 7 })
  fc.assert(
    fc.property(source, text, (expression, content) => {
      const own = new RegExp(`^(?:${expression})$`)
      assert.equal(matches(expression, content), own.test(content), `/${expression}/ on ${content}`)
    }),
    { numRuns: 1_500 },
  )
})

test('matches() takes the patterns of templates and of AWS’s own', () => {
  const cases: readonly (readonly [source: string, yes: string, no: string])[] = [
    ['^[a-zA-Z][-a-zA-Z0-9]*$', 'stack-1', '1stack'],
    ['\\d{1,3}(\\.\\d{1,3}){3}', '10.0.0.1', '10.0.0'],
    ['(?=.*[A-Z])(?=.*\\d).{8,}', 'Password1', 'password1'],
    ['(?!xn--)[a-z0-9-]+', 'bucket', 'xn--bucket'],
    ['(?<year>\\d{4})-\\p{L}+', '2026-März', '26-März'],
    ['arn:(aws|aws-cn):s3:::.+', 'arn:aws:s3:::b', 'arn:aws:s3:::'],
    ['[\\w+=,.@-]{1,64}', 'me@home', 'me home'],
    ['\\u0041\\x42', 'AB', 'ab'],
    ['', '', 'a'],
  ]
  for (const [expression, yes, no] of cases) {
    assert.equal(matches(expression, yes), true, expression)
    assert.equal(matches(expression, no), false, expression)
  }
})

test('expressionOf() has no answer for what is none, is another dialect’s, or is too large', () => {
  for (const expression of [
    '(',
    ')',
    '[',
    '[]',
    'a**',
    '*',
    'a{2',
    'a{3,1}',
    '(a)\\1',
    '(?<=a)b',
    '(?i)a',
    'a++',
    '\\',
  ])
    assert.equal(expressionOf(expression), undefined, expression)
  assert.equal(expressionOf('(((a{100}){100}){100})'), undefined)
  assert.equal(expressionOf('('.repeat(200) + ')'.repeat(200)), undefined)
})

test('matches() is quick where others try for ever', () => {
  const long = 'a'.repeat(4_000)
  for (const expression of ['(a+)+', '(a|aa)+', '(a*)*b', '(.*.*.*x)?', '(?=(a+)+b).*', '(a?){50}a{50}'])
    assert.equal(matches(expression, `${long}!`), false, expression)
})
