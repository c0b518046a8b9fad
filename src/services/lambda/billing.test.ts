/** Billed ms and usage: AWS's own samples, and sums that are exact. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { billedMs, requestsOf, usageLines } from '#services/lambda/billing.ts'

test('billedMs() rounds the sum once, as on AWS\u2019s samples', () => {
  assert.deepEqual(
    [
      [133.61, 80],
      [3_016.78, 84],
      [3_004.92, 111.23],
      [0, 1],
      [0.1, 0.2],
    ].map(([init = 0, duration = 0]) => billedMs(init, duration)),
    [214, 3_101, 3_117, 1, 1],
  )
})

test('usageLines() splits init from invoke so that the parts are the whole', () => {
  const ms = fc.double({ min: 0, max: 900_000, noNaN: true })
  fc.assert(
    fc.property(ms, ms, fc.integer({ min: 128, max: 10_240 }), (initMs, durationMs, memoryMb) => {
      const of = {
        architecture: 'x86_64',
        memoryMb,
        ephemeralMb: 512,
        initMs,
        durationMs,
        eventBytes: undefined,
        provisioned: false,
      }
      const lines = usageLines(of).filter(({ unit }) => unit === 'mb-ms')
      const sum = lines.reduce((total, { quantity }) => total + quantity, 0)
      assert.equal(sum, memoryMb * billedMs(initMs, durationMs))
      assert.ok(lines.every(({ quantity }) => Number.isInteger(quantity) && quantity >= 0))
    }),
  )
})

test('usageLines() names the architecture and bills storage above 512 MB', () => {
  const lines = usageLines({
    architecture: 'arm64',
    memoryMb: 256,
    ephemeralMb: 1_024,
    initMs: 0,
    durationMs: 9.2,
    eventBytes: undefined,
    provisioned: false,
  })
  assert.deepEqual(
    lines.map(({ dimension, quantity }) => [dimension, quantity]),
    [
      ['requests', 1],
      ['durationArm', 2_560],
      ['ephemeralStorage', 5_120],
    ],
  )
})

test('requestsOf() counts one more for each 64 KB of an event beyond 256 KB', () => {
  assert.deepEqual(
    [undefined, 10, 262_144, 262_145, 327_680, 327_681, 1_048_576].map(requestsOf),
    [1, 1, 1, 2, 2, 3, 13],
  )
})
