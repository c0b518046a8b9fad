import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counter, memoryParts } from '#host/sandbox/counters.ts'

test('memoryParts() tells pages of files from memory of processes, in both versions of control groups', () => {
  const v1 = 'cache 42020864\nrss 372736\nrss_huge 0\nshmem 20480\ntotal_cache 99\ntotal_rss 98\n'
  assert.deepEqual(memoryParts(v1), { ownBytes: 393_216, fileBytes: 42_000_384 })
  const v2 = 'anon 372736\nfile 42020864\nkernel 4096\nshmem 20480\n'
  assert.deepEqual(memoryParts(v2), { ownBytes: 393_216, fileBytes: 42_000_384 })
  assert.deepEqual(memoryParts(''), { ownBytes: 0, fileBytes: 0 })
})

test('counter() finds whole names only', () => {
  assert.equal(counter('total_rss 7\nrss 5\n', 'rss'), 5)
  assert.equal(counter('rss 5', 'rss'), 5)
  assert.equal(counter('rss_huge 3\n', 'rss'), 0)
})
