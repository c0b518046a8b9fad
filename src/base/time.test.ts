import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clfDate, fromUtc, httpDate, instant, isoMs, utcParts } from '#base/time.ts'

test('isoMs(), httpDate() and fromUtc() agree with the platform Date on any instant', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_000_000_000_000, max: 250_000_000_000_000 }), (ms) => {
      const date = new Date(ms)
      assert.equal(isoMs(instant(ms)), date.toISOString())
      assert.equal(httpDate(instant(ms)), date.toUTCString())
      assert.equal(fromUtc(utcParts(instant(ms))), ms)
    }),
  )
})

test('clfDate() prints the common log format', () => {
  assert.equal(clfDate(instant(Date.UTC(2026, 10, 25, 3, 4, 5))), '25/Nov/2026:03:04:05 +0000')
})
