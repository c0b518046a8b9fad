import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { logBins } from '#engines/histogram/bins.ts'
import { columnOf, drawAxis, drawBar, drawMarks, drawRow, logAxis } from '#engines/histogram/draw.ts'

const value = fc.double({ min: 0.001, max: 1e6, noNaN: true })

test('logBins() puts every value between the edges of its bin', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), (values) => {
      const bins = logBins(values, 20)
      const edges = bins.map((bin) => bin)
      for (const v of values) {
        const bin = edges[bins.indexOf(v)]
        assert.ok(
          bin !== undefined && bin.fromMs <= v * 1.0005 && v <= bin.toMs * 1.0005,
          `${v} in ${JSON.stringify(bin)}`,
        )
      }
    }),
  )
})

test('logBins() has edges that do not depend on the values, and none without values', () => {
  const wide = logBins([0.5, 700], 4).map((bin) => bin.fromMs)
  const narrow = logBins([3, 12], 4).map((bin) => bin.fromMs)
  for (const edge of narrow) assert.ok(wide.includes(edge), `${edge} is an edge of both`)
  assert.equal(logBins([], 4).count, 0)
})

test('drawAxis() and drawRow() put decades and values where they belong', () => {
  const axis = logAxis(0.9, 96, 30)
  assert.equal(drawAxis(axis), '0.1       1         10     100')
  assert.equal(
    drawRow(axis, [
      [1, 5],
      [10, 50],
      [99, 1],
    ]),
    '          .         @        .',
  )
  assert.equal(columnOf(axis, 10), 20)
})

test('drawMarks() names what fits and leaves the later ones out', () => {
  const axis = logAxis(0.1, 100, 30)
  assert.equal(
    drawMarks(axis, [
      { name: 'p50', value: 3 },
      { name: 'p99', value: 90 },
    ]),
    '           p50^           p99^',
  )
  assert.equal(
    drawMarks(axis, [
      { name: 'p50', value: 3 },
      { name: 'p95', value: 3.1 },
    ]),
    '           p50^',
  )
  assert.equal(drawMarks(axis, [{ name: 'p50', value: 0.1 }]), '^p50')
})

test('drawBar() shows every share above nothing', () => {
  assert.deepEqual(
    [0, 0.001, 0.5, 1].map((share) => drawBar(share, 10)),
    ['', '#', '#####', '##########'],
  )
})

test('drawAxis() leaves out a label that would touch its neighbour', () => {
  assert.equal(drawAxis(logAxis(0.2, 5_000, 32)), '0.1   1      10    100       10k')
  assert.equal(drawAxis(logAxis(0.2, 90, 32)), '0.1        1         10      100')
})
