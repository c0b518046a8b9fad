import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentRange, copyRangeOf, rangeOf } from '#services/s3/range.ts'

const part = (start: number, end: number): unknown => ({ kind: 'part', range: { start, end } })

test('rangeOf() cuts what it can, ignores what is no single range, refuses what lies outside', () => {
  const cases: readonly (readonly [string | undefined, unknown])[] = [
    [undefined, { kind: 'whole' }],
    ['bytes=0-3', part(0, 3)],
    ['bytes=4-', part(4, 9)],
    ['bytes=4-100', part(4, 9)],
    ['bytes=-3', part(7, 9)],
    ['bytes=-30', part(0, 9)],
    ['bytes=9-9', part(9, 9)],
    ['bytes=10-', { kind: 'unsatisfiable' }],
    ['bytes=-0', { kind: 'unsatisfiable' }],
    ['bytes=5-4', { kind: 'whole' }],
    ['bytes=0-1,3-4', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
    ['items=0-1', { kind: 'whole' }],
  ]
  for (const [header, expected] of cases) assert.deepEqual(rangeOf(header, 10), expected, header)
  assert.deepEqual(rangeOf('bytes=0-', 0), { kind: 'unsatisfiable' })
  assert.equal(contentRange({ start: 0, end: 3 }, 10), 'bytes 0-3/10')
})

test('copyRangeOf() wants both ends, inside', () => {
  assert.deepEqual(copyRangeOf('bytes=2-5', 10), { start: 2, end: 5 })
  assert.equal(copyRangeOf('bytes=2-', 10), 'malformed')
  assert.equal(copyRangeOf('bytes=5-2', 10), 'malformed')
  assert.equal(copyRangeOf('bytes=2-10', 10), 'outside')
})
