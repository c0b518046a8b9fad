import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bestOfEach, nearest, type Python } from '#host/sandbox/pythons.ts'

const python = (minor: number): Python => ({ path: '', minor, patch: 0, prefix: '', botoFolder: undefined })

test('nearest() takes the version asked for, else the next newer, else the newest older', () => {
  const found = [python(9), python(11), python(13)]
  assert.equal(nearest(found, 11)?.minor, 11)
  assert.equal(nearest(found, 12)?.minor, 13)
  assert.equal(nearest(found, 14)?.minor, 13)
  assert.equal(nearest([], 12), undefined)
})

test('bestOfEach() keeps the newest patch of each version, oldest version first', () => {
  const found = [
    { ...python(12), patch: 1 },
    { ...python(9), patch: 3 },
    { ...python(12), patch: 4 },
  ]
  assert.deepEqual(
    bestOfEach(found).map(({ minor, patch }) => [minor, patch]),
    [
      [9, 3],
      [12, 4],
    ],
  )
})
