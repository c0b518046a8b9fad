import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shareCache } from '#host/store/cache-share.ts'

const MB = 1_024 * 1_024

test('shareCache() gives small files what they fill and the rest to the large', () => {
  assert.deepEqual(shareCache(64 * MB, [2 * MB, 1_000 * MB, 2 * MB, 900 * MB]), [
    2 * MB,
    30 * MB,
    2 * MB,
    30 * MB,
  ])
})

test('shareCache() spreads what nobody fills', () => {
  assert.deepEqual(shareCache(64 * MB, [1 * MB, 1 * MB]), [32 * MB, 32 * MB])
})

test('shareCache() never goes below the least share', () => {
  assert.deepEqual(shareCache(MB, [9 * MB, 9 * MB, 9 * MB], MB), [MB, MB, MB])
})
