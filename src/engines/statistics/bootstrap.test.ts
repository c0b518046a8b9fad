import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seeded } from '#base/random.ts'
import { quantised } from '#engines/quantiles/quantiles.ts'
import { changeOf, gamma, interval95, resampled, type Statistic } from '#engines/statistics/bootstrap.ts'

const p99: Statistic = { kind: 'percentile', percent: 99 }
const p50: Statistic = { kind: 'percentile', percent: 50 }

/** Exponential samples around a mean: the shape of waiting times. */
function waits(count: number, meanMs: number, seed: number): number[] {
  const random = seeded(seed)
  return Array.from({ length: count }, () => -Math.log(1 - random.next()) * meanMs)
}

test('gamma() has the mean and the variance of its shape', () => {
  const random = seeded(1)
  for (const shape of [1, 3.5, 200]) {
    const draws = Array.from({ length: 20_000 }, () => gamma(shape, random))
    const mean = draws.reduce((a, b) => a + b) / draws.length
    const variance = draws.reduce((sum, d) => sum + (d - mean) ** 2, 0) / draws.length
    assert.ok(Math.abs(mean / shape - 1) < 0.03, `mean ${mean} for ${shape}`)
    assert.ok(Math.abs(variance / shape - 1) < 0.07, `variance ${variance} for ${shape}`)
  }
})

test('resampled() draws percentiles as resampling one by one would', () => {
  const samples = waits(300, 10, 4)
  const fast = resampled(quantised(samples, 6), p50, seeded(9), 4_000)
  const random = seeded(10)
  const slow = Array.from({ length: 4_000 }, () => {
    const drawn = samples.map(() => samples[random.below(samples.length)] ?? 0).sort((a, b) => a - b)
    return drawn[149] ?? 0
  })
  const [a, b] = [interval95(fast), interval95(slow)]
  assert.ok(Math.abs(a.low - b.low) < 0.25, `${a.low} and ${b.low}`)
  assert.ok(Math.abs(a.high - b.high) < 0.25, `${a.high} and ${b.high}`)
})

test('changeOf() covers the true difference about 95 times in 100', () => {
  const truth = Math.log(2) * (12 - 10)
  let covered = 0
  for (let i = 0; i < 400; i++) {
    const change = changeOf(
      quantised(waits(400, 10, i)),
      quantised(waits(400, 12, i + 9_999)),
      p50,
      seeded(i),
    )
    if (change === undefined) continue
    if (change.difference95.low <= truth && truth <= change.difference95.high) covered++
  }
  assert.ok(covered > 366 && covered < 396, `covered ${covered} of 400`)
})

test('changeOf() gives means the width of the central limit in both ways of resampling', () => {
  for (const n of [500, 20_000]) {
    const change = changeOf(
      quantised(waits(n, 10, 1)),
      quantised(waits(n, 10, 2)),
      { kind: 'mean' },
      seeded(3),
    )
    const width = (change?.difference95.high ?? 0) - (change?.difference95.low ?? 0)
    const expected = 2 * 1.96 * 10 * Math.sqrt(2 / n)
    assert.ok(Math.abs(width / expected - 1) < 0.15, `${width} for ${expected}`)
  }
})

test('changeOf() of a run with itself has intervals around 0 and 1, and repeats for a seed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.1, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 50 }),
      fc.nat(),
      (values, seed) => {
        const samples = quantised(values)
        const change = changeOf(samples, samples, p99, seeded(seed))
        assert.ok(change !== undefined && change.difference === 0 && change.ratio === 1)
        assert.ok(change.difference95.low <= 0 && change.difference95.high >= 0)
        assert.deepEqual(changeOf(samples, samples, p99, seeded(seed)), change)
      },
    ),
    { numRuns: 30 },
  )
})

test('changeOf() has no ratio when the first run is at 0, and nothing at all without samples', () => {
  const change = changeOf(
    [[0, 100]],
    [
      [0, 50],
      [1, 50],
    ],
    { kind: 'mean' },
    seeded(1),
  )
  assert.equal(change?.ratio, undefined)
  assert.equal(change?.difference, 0.5)
  assert.equal(changeOf([], [[1, 1]], p50, seeded(1)), undefined)
})
