import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seeded } from '#base/random.ts'
import {
  arrivalsOf,
  drawTargets,
  expectedRequests,
  type LoadPhase,
  phaseMs,
} from '#engines/arrivals/arrivals.ts'

const rate = fc.integer({ min: 1, max: 500 })
const durationMs = fc.integer({ min: 1, max: 5_000 })
const phase: fc.Arbitrary<LoadPhase> = fc.oneof(
  fc.record({ kind: fc.constant('constant' as const), ratePerS: rate, durationMs }),
  fc.record({ kind: fc.constant('poisson' as const), ratePerS: rate, durationMs }),
  fc.record({ kind: fc.constant('ramp' as const), fromPerS: fc.nat(300), toPerS: rate, durationMs }),
  fc.record({
    kind: fc.constant('burst' as const),
    requests: fc.integer({ min: 1, max: 20 }),
    bursts: fc.integer({ min: 1, max: 4 }),
    everyMs: fc.integer({ min: 1, max: 1_000 }),
  }),
  fc.record({
    kind: fc.constant('recorded' as const),
    offsetsMs: fc.array(fc.nat(1_000), { maxLength: 20 }),
  }),
)

test('arrivalsOf() is ascending, inside its phases, and the same for the same seed', () => {
  fc.assert(
    fc.property(fc.array(phase, { maxLength: 4 }), fc.nat(), (phases, seed) => {
      const offsets = arrivalsOf(phases, seeded(seed))
      const end = phases.reduce((sum, p) => sum + phaseMs(p), 0)
      for (const [i, at] of offsets.entries()) {
        assert.ok(at >= (offsets[i - 1] ?? 0), 'ascending')
        assert.ok(at <= end, `${at} is beyond ${end}`)
      }
      assert.deepEqual(arrivalsOf(phases, seeded(seed)), offsets)
    }),
  )
})

test('arrivalsOf() spaces a constant rate evenly and counts it exactly', () => {
  assert.deepEqual(
    arrivalsOf([{ kind: 'constant', ratePerS: 4, durationMs: 1_000 }], seeded(1)),
    [0, 250, 500, 750],
  )
})

test('arrivalsOf() sends bursts at once and recorded schedules as they were, phases one after another', () => {
  const offsets = arrivalsOf(
    [
      { kind: 'burst', requests: 2, bursts: 2, everyMs: 100 },
      { kind: 'recorded', offsetsMs: [30, 0, 7] },
    ],
    seeded(1),
  )
  assert.deepEqual(offsets, [0, 0, 100, 100, 200, 207, 230])
})

test('arrivalsOf() has the variance of a Poisson process, and a ramp the shape of its rate', () => {
  const one: LoadPhase = { kind: 'poisson', ratePerS: 100, durationMs: 1_000 }
  const counts = Array.from({ length: 2_000 }, (_, i) => arrivalsOf([one], seeded(i)).length)
  const mean = counts.reduce((a, b) => a + b) / counts.length
  const variance = counts.reduce((sum, c) => sum + (c - mean) ** 2, 0) / counts.length
  assert.ok(Math.abs(mean - 100) < 1, `mean ${mean}`)
  assert.ok(Math.abs(variance - 100) < 15, `variance ${variance}`)

  const ramp: LoadPhase = { kind: 'ramp', fromPerS: 0, toPerS: 1_000, durationMs: 100_000 }
  const offsets = arrivalsOf([ramp], seeded(3))
  assert.ok(Math.abs(offsets.length - expectedRequests(ramp)) < 1_000)
  const firstHalf = offsets.filter((at) => at < 50_000).length / offsets.length
  assert.ok(Math.abs(firstHalf - 0.25) < 0.01, `a quarter falls in the first half, not ${firstHalf}`)
})

test('drawTargets() follows the weights and never picks one of weight 0', () => {
  const drawn = drawTargets(20_000, [3, 0, 1], seeded(5))
  const share = (target: number): number => drawn.filter((t) => t === target).length / drawn.length
  assert.ok(Math.abs(share(0) - 0.75) < 0.02)
  assert.equal(share(1), 0)
})
