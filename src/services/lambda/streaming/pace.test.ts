import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace } from '#services/lambda/streaming/pace.ts'

const MB = 1_048_576

test('take() lets six megabytes go at once and the rest at two megabytes a second', () => {
  const pace = new Pace(1_000)
  assert.equal(pace.take(4 * MB, 1_000), 0)
  assert.equal(pace.take(2 * MB, 1_000), 0)
  assert.equal(pace.take(MB, 1_000), 500)
  assert.equal(pace.take(MB, 1_500), 500)
  assert.equal(pace.take(2 * MB, 2_000), 1_000)
})

test('take() gives a response that paused its burst back, and no more than that', () => {
  const pace = new Pace(0)
  assert.equal(pace.take(6 * MB, 0), 0)
  assert.equal(pace.take(2 * MB, 1_000), 0)
  assert.equal(pace.take(6 * MB, 3_600_000), 0)
  assert.equal(pace.take(2 * MB, 3_600_000), 1_000)
})
