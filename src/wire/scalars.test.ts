import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instant } from '#base/time.ts'
import { javaPattern } from '#wire/java.ts'
import { booleanOf, decimalOf, printTime, strictBase64, timeOf, wholeOf } from '#wire/scalars.ts'

test('wholeOf() keeps each kind within its range', () => {
  assert.equal(wholeOf('127', 'byte'), 127)
  assert.equal(wholeOf('128', 'byte'), undefined)
  assert.equal(wholeOf('2147483648', 'integer'), undefined)
  assert.equal(wholeOf('-9223372036854775808', 'long'), -9_223_372_036_854_775_808)
  assert.equal(wholeOf('9223372036854775808', 'long'), undefined)
  for (const text of ['', ' 1', '1.0', '1e3', '0x1', 'one', 'NaN'])
    assert.equal(wholeOf(text, 'integer'), undefined, text)
})

test('decimalOf() and booleanOf() take only their own spellings', () => {
  assert.equal(decimalOf('1.5e3'), 1_500)
  assert.equal(decimalOf('-Infinity'), Number.NEGATIVE_INFINITY)
  for (const text of ['', 'inf', '0x1', '1,5', 'nan']) assert.equal(decimalOf(text), undefined, text)
  assert.deepEqual(['true', 'false', 'True', '1', ''].map(booleanOf), [
    true,
    false,
    undefined,
    undefined,
    undefined,
  ])
})

test('timeOf() reads back what printTime() wrote, to the second', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4_000_000_000 }),
      fc.constantFrom('iso', 'http', 'unix'),
      (seconds, format) => {
        const at = instant(seconds * 1_000)
        assert.equal(timeOf(printTime(at, format, false), format), at)
      },
    ),
  )
})

test('timeOf() refuses days and hours that are not there', () => {
  for (const text of [
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01',
    'now',
    '2026-01-01T00:00:00',
  ])
    assert.equal(timeOf(text, 'iso'), undefined, text)
  assert.equal(timeOf('2026-01-01T01:00:00.5+01:00', 'iso'), timeOf('2026-01-01T00:00:00.500Z', 'iso'))
  assert.equal(timeOf('Thu, 32 Jan 2026 00:00:00 GMT', 'http'), undefined)
  assert.equal(timeOf('1e400', 'unix'), undefined)
})

test('strictBase64() refuses blanks, other alphabets and wrong lengths', () => {
  assert.deepEqual(strictBase64('aGk='), Uint8Array.of(104, 105))
  for (const text of ['aGk', 'a', 'aGk=\n', 'a_k=', '====']) assert.equal(strictBase64(text), undefined, text)
})

test('javaPattern() matches whole texts and what Java spells in its own way', () => {
  assert.equal(javaPattern('[a-z]+')?.test('abc1'), false)
  assert.equal(javaPattern('(?i)abc')?.test('ABC'), true)
  assert.equal(javaPattern(String.raw`[\p{Print}]+`)?.test('a b'), true)
  assert.equal(javaPattern('([0-9]+)+')?.test(`${'0'.repeat(10_000)}x`), false)
  assert.equal(javaPattern('('), null)
})
