import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest, type Python } from '#host/sandbox/pythons.ts'

const python = (minor: number): Python => ({ path: '', minor, patch: 0, prefix: '', botoFolder: undefined })

test('nearest() takes the version asked for, else the next newer, else the newest older', () => {
  const found = [python(9), python(11), python(13)]
  assert.equal(nearest(found, 11)?.minor, 11)
  assert.equal(nearest(found, 12)?.minor, 13)
  assert.equal(nearest(found, 14)?.minor, 13)
  assert.equal(nearest([], 12), undefined)
})
