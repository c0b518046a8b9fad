import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clfDate, fromUtc, httpDate, instant, isoMs, parseIso, utcParts } from '#base/time.ts'

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

test('parseIso() is the inverse of isoMs(), in any zone, and takes nothing else', () => {
  for (const at of [0, 1_795_575_600_000, 951_782_399_999]) assert.equal(parseIso(isoMs(instant(at))), at)
  assert.equal(parseIso('2026-11-25T03:00:00Z'), 1_795_575_600_000)
  assert.equal(parseIso('2026-11-25T04:30:00.5+01:30'), 1_795_575_600_500)
  assert.equal(parseIso('2026-11-24T22:00:00-05:00'), 1_795_575_600_000)
  for (const wrong of [
    '',
    '2026-11-25',
    '2026-11-25T03:00Z',
    '1795575600',
    '2026-11-25 03:00:00Z',
    '2026-02-30T00:00:00Z',
  ])
    assert.equal(parseIso(wrong), undefined)
})
