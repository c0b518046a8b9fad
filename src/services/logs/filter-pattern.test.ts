/** Filter patterns against messages, with the examples of AWS's user guide. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '#base/fault.ts'
import { compilePattern } from '#services/logs/filter-pattern.ts'

const MESSAGES = [
  '[ERROR 400] BAD REQUEST',
  '[ERROR 401] UNAUTHORIZED REQUEST',
  '[INFO] OK',
  '[WARN] it\'s "quoted"',
]

const matching = (pattern: string, messages: readonly string[] = MESSAGES): number[] => {
  const matches = compilePattern(pattern)
  return messages.flatMap((message, index) => (matches(message) ? [index] : []))
}

test('compilePattern() understands terms, phrases, options and exclusions', () => {
  const cases: [string, number[]][] = [
    ['', [0, 1, 2, 3]],
    ['ERROR', [0, 1]],
    ['error', []],
    ['ERROR REQUEST', [0, 1]],
    ['"BAD REQUEST"', [0]],
    ['"ERROR 401"', [1]],
    ['?OK ?WARN', [2, 3]],
    ['-ERROR', [2, 3]],
    ['ERROR -400', [1]],
    ['?OK ERROR', [0, 1]],
    ['"\\"quoted\\""', [3]],
    ['%4\\d1%', [1]],
  ]
  for (const [pattern, expected] of cases) assert.deepEqual(matching(pattern), expected, pattern)
})

const EVENTS = [
  {
    eventType: 'UpdateTrail',
    ip: '111.111.1.1',
    n: 1,
    arrayKey: ['v', 'another'],
    objectList: [{ id: 2 }, { id: 3 }],
  },
  {
    eventType: 'Delete',
    ip: '123.123.1.1',
    n: 5.5,
    nothing: null,
    ok: true,
    user: { email: 'john@x.org', id: 'JD' },
  },
].map((event) => JSON.stringify(event))

test('compilePattern() understands JSON selectors', () => {
  const cases: [string, number[]][] = [
    ['{ $.eventType = "UpdateTrail" }', [0]],
    ['{ $.eventType = UpdateTrail }', [0]],
    ['{ $.eventType = "*date*" }', [0]],
    ['{ $.eventType != "UpdateTrail" }', [1]],
    ['{ $.ip = 123.123.* }', [1]],
    ['{ $.ip = %12\\d%}', [1]],
    ['{ $.n > 1 }', [1]],
    ['{ $.n >= 1 && $.n <= 5 }', [0]],
    ['{ $.n = 5.5 }', [1]],
    ['{ $.arrayKey[0] = "v" }', [0]],
    ['{ $.objectList[1].id = 3 }', [0]],
    ['{ $.objectList[*].id = 3 }', [0]],
    ['{ $.user.email = "john@*" || $.n = 1 }', [0, 1]],
    ['{ ($.user.id = "JD") && (($.n < 2) || ($.ok IS TRUE)) }', [1]],
    ['{ $.nothing IS NULL }', [1]],
    ['{ $.user NOT EXISTS }', [0]],
    ['{ $.constructor = "x" }', []],
  ]
  for (const [pattern, expected] of cases) assert.deepEqual(matching(pattern, EVENTS), expected, pattern)
  assert.deepEqual(matching('{ $.a = 1 }', ['no json', '[]', '1', 'null']), [])
})

test('compilePattern() refuses what is malformed, and never does anything else', () => {
  for (const pattern of [
    '{',
    '{ }',
    '{ $.a }',
    '{ $.a = }',
    '{ a = 1 }',
    '{ $.a = 1 } x',
    '{ ($.a = 1 }',
    '"open',
    '%(a+)+%',
  ])
    assert.throws(() => compilePattern(pattern), Fault, pattern)
  const text = fc.string({ unit: fc.constantFrom(...Array.from('{}()$.ab1"=!<>&|*[]%-? \\')) })
  fc.assert(
    fc.property(text, text, (pattern, message) => {
      try {
        compilePattern(pattern)(message)
      } catch (error) {
        assert.ok(error instanceof Fault)
      }
    }),
    { numRuns: 2_000 },
  )
})
