import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { linearScale, logScale, roundStep } from '#engines/plots/scale.ts'

const range = { start: 40, end: 700 }

test('scales keep order and stay inside their range', () => {
  const value = fc.double({ min: 1e-3, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(value, value, value, value, (a, b, x, y) => {
      for (const scale of [logScale(Math.min(a, b), Math.max(a, b), range), linearScale(a, range)]) {
        const [low, high] = [scale.at(Math.min(x, y)), scale.at(Math.max(x, y))]
        assert.ok(low <= high && low >= 40 - 1e-6 && high <= 700 + 1e-6)
        for (const tick of scale.ticks) assert.ok(tick >= scale.from * 0.998 && tick <= scale.to * 1.002)
      }
    }),
  )
})

test('logScale() has ticks at 1, 2 and 5, and at decades alone where there are many', () => {
  assert.deepEqual(logScale(1, 100, range).ticks, [1, 2, 5, 10, 20, 50, 100])
  assert.deepEqual(logScale(0.1, 10_000, range).ticks, [0.1, 1, 10, 100, 1_000, 10_000])
})

test('linearScale() has round ticks from 0', () => {
  assert.deepEqual(linearScale(93, range).ticks, [0, 20, 40, 60, 80])
  assert.deepEqual(linearScale(0, range).ticks, [0, 0.2, 0.4, 0.6, 0.8, 1])
  assert.equal(roundStep(0.3), 0.5)
})
