import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instant } from '#base/time.ts'
import { limitOf, take, Throttles } from '#services/apigatewayv2/throttle.ts'

test('take() admits at most the burst and what came back, in any run of requests', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(
      gaps,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 50 }),
      (waits, burst, ratePerS) => {
        const bucket = { tokens: burst, at: instant(0) }
        let now = 0
        let admitted = 0
        for (const wait of waits) {
          now += wait
          if (take(bucket, { ratePerS, burst }, instant(now))) admitted++
          assert.ok(admitted <= burst + (now / 1_000) * ratePerS + 1e-6)
        }
      },
    ),
  )
})

test('take() admits a steady stream at its rate for ever', () => {
  const bucket = { tokens: 1, at: instant(0) }
  for (let n = 0; n < 1_000; n++)
    assert.equal(take(bucket, { ratePerS: 10, burst: 1 }, instant(n * 100)), true, String(n))
})

test('a clock that goes back fills nothing', () => {
  const bucket = { tokens: 1, at: instant(10_000) }
  const limit = { ratePerS: 1, burst: 1 }
  assert.equal(take(bucket, limit, instant(10_000)), true)
  assert.equal(take(bucket, limit, instant(5_000)), false)
  assert.equal(take(bucket, limit, instant(5_900)), false)
  assert.equal(take(bucket, limit, instant(6_000)), true)
})

test('limitOf() takes the route\u2019s settings first and the account\u2019s for what neither sets', () => {
  assert.equal(limitOf(undefined, { DetailedMetricsEnabled: true }), undefined)
  assert.deepEqual(limitOf({ ThrottlingRateLimit: 5 }, { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2 }), {
    ratePerS: 5,
    burst: 2,
  })
  assert.deepEqual(limitOf(undefined, { ThrottlingBurstLimit: 0 }), { ratePerS: 10_000, burst: 0 })
  assert.deepEqual(limitOf(undefined, { ThrottlingRateLimit: 3 }), { ratePerS: 3, burst: 5_000 })
})

test('Throttles keeps buckets apart by name', () => {
  const throttles = new Throttles()
  const limit = { ratePerS: 0, burst: 1 }
  assert.deepEqual(
    ['a', 'a', 'b', 'b'].map((name) => throttles.admits(name, limit, instant(0))),
    [true, false, true, false],
  )
  throttles.clear()
  assert.equal(throttles.admits('a', limit, instant(0)), true)
})
