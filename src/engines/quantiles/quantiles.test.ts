import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  nearestRank,
  quantised,
  Quantiles,
  rankOf,
  totalCount,
  weightedRank,
} from '#engines/quantiles/quantiles.ts'

const sample = fc.double({ min: 0.001, max: 1e6, noNaN: true })
const percent = fc.constantFrom(0.1, 1, 7, 25, 50, 90, 95, 99, 99.9, 100)

/** The definition, counted the slow way. */
function bySearch(values: readonly number[], p: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted.find((v) => sorted.filter((other) => other <= v).length * 100 >= p * sorted.length - 1e-9)
}

test('rankOf() is exact where the product of fractions is not', () => {
  assert.equal(rankOf(7, 100), 7)
  assert.equal(rankOf(99.9, 10_000), 9_990)
  assert.equal(rankOf(95, 200), 190)
  assert.equal(rankOf(50, 1), 1)
  assert.equal(rankOf(100, 42), 42)
})

test('Quantiles.at() agrees with the definition of nearest rank on any samples', () => {
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 60 }), percent, (values, p) => {
      const quantiles = new Quantiles()
      for (const value of values) quantiles.add(value)
      assert.equal(quantiles.at(p), bySearch(values, p))
      assert.equal(
        nearestRank(
          [...values].sort((a, b) => a - b),
          p,
        ),
        bySearch(values, p),
      )
    }),
  )
})

test('Quantiles.at() stays within 0.05 % of the exact value beyond the exact bound', () => {
  fc.assert(
    fc.property(fc.array(sample, { minLength: 20, maxLength: 200 }), percent, (values, p) => {
      const exact = new Quantiles()
      const bounded = new Quantiles(10)
      for (const value of values) {
        exact.add(value)
        bounded.add(value)
      }
      assert.equal(bounded.exact, false)
      const want = exact.at(p) ?? 0
      const got = bounded.at(p) ?? 0
      assert.ok(Math.abs(got - want) <= want * 0.0005, `p${p}: ${got} for ${want}`)
      assert.equal(bounded.at(100), exact.max)
      assert.equal(bounded.count, values.length)
    }),
  )
})

test('Quantiles.at() counts zeros below every other value in both forms', () => {
  for (const bound of [100, 2]) {
    const quantiles = new Quantiles(bound)
    for (const value of [0, 0, 5, 0]) quantiles.add(value)
    assert.equal(quantiles.at(75), 0)
    assert.equal(quantiles.at(100), 5)
  }
})

test('Quantiles.at() is undefined and the mean too when nothing was measured', () => {
  const quantiles = new Quantiles()
  assert.equal(quantiles.at(50), undefined)
  assert.equal(quantiles.mean, undefined)
})

test('weighted() loses no sample in either form', () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 80 }), (values) => {
      for (const bound of [1_000, 5]) {
        const quantiles = new Quantiles(bound)
        for (const value of values) quantiles.add(value)
        assert.equal(totalCount(quantiles.weighted()), values.length)
      }
    }),
  )
})

test('quantised() keeps percentiles within half a unit of the third digit', () => {
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 200 }), percent, (values, p) => {
      const exact = bySearch(values, p) ?? 0
      const got = weightedRank(quantised(values), rankOf(p, values.length)) ?? 0
      assert.ok(Math.abs(got - exact) <= exact * 0.0051)
    }),
  )
})
