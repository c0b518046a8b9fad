import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Line, linesIn, rowOf } from '#host/telemetry/lines.ts'

const series = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('a', 'a/b', 'a\tb', 'a\\tb', 'a\nb', ''))
const line: fc.Arbitrary<Line> = fc.record(
  {
    at: fc.double({ min: -1e15, max: 1e15, noNaN: true }).map((at) => at + 0),
    ordinal: fc.nat(),
    series,
    text: fc.json(),
  },
  { noNullPrototype: true },
)

test('linesIn() gives back what rowOf() wrote, whatever series and text hold', () => {
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      assert.deepEqual(
        linesIn(lines.map(rowOf).join(''), () => true),
        lines,
      )
    }),
  )
})

test('linesIn() with a prefix finds the same as a filter does', () => {
  fc.assert(
    fc.property(fc.array(line), series, (lines, prefix) => {
      const rows = lines.map(rowOf).join('')
      const expected = lines.filter((line) => line.series.startsWith(prefix))
      assert.deepEqual(
        linesIn(rows, () => true, prefix),
        expected,
      )
    }),
  )
})

test('linesIn() ignores a last row that is cut', () => {
  const rows =
    rowOf({ at: 1, ordinal: 1, series: 's', text: '1' }) +
    rowOf({ at: 2, ordinal: 2, series: 's', text: '22' })
  for (let cut = rowOf({ at: 1, ordinal: 1, series: 's', text: '1' }).length; cut < rows.length; cut++) {
    assert.equal(linesIn(rows.slice(0, cut), () => true).length, 1)
  }
})
