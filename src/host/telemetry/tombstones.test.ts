import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tombstones } from '#host/telemetry/tombstones.ts'

const visible = (
  marks: Tombstones,
  prefix: string,
  [at, ordinal, series]: [number, number, string],
): boolean => marks.filter(prefix)(at, ordinal, series)

test('forget() hides what came before it and nothing that comes after', () => {
  const marks = new Tombstones(undefined)
  assert.equal(marks.forget('a/g/s', 10), true)
  assert.equal(visible(marks, 'a/g/', [5, 9, 'a/g/s']), false)
  assert.equal(visible(marks, 'a/g/s', [5, 10, 'a/g/s']), true)
  assert.equal(visible(marks, 'a/g/', [5, 9, 'a/g/t']), true)
  assert.equal(marks.forget('a/g/s', 10), false)
})

test('expire() hides by time, and the later of two times counts', () => {
  const marks = new Tombstones(undefined)
  marks.expire('a/g/', 100)
  assert.equal(marks.expire('a/g/', 50), false)
  assert.equal(visible(marks, 'a/g/s', [99, 1, 'a/g/s']), false)
  assert.equal(visible(marks, 'a/g/s', [100, 1, 'a/g/s']), true)
})

test('marks are the same after a memo', () => {
  const marks = new Tombstones(undefined)
  marks.forget('a/g/s', 10)
  marks.expire('a/g/s', 100)
  marks.expire('b/', 7)
  const again = new Tombstones(marks.memo())
  assert.equal(again.memo(), marks.memo())
  assert.equal(visible(again, 'a/g/s', [200, 9, 'a/g/s']), false)
  assert.equal(visible(again, 'a/g/s', [99, 11, 'a/g/s']), false)
  assert.equal(visible(again, 'a/g/s', [100, 10, 'a/g/s']), true)
})

test('prune() drops marks that hide nothing left or lie within another', () => {
  const marks = new Tombstones(undefined)
  marks.forget('a/g/s', 10)
  marks.forget('a/g/', 12)
  marks.forget('a/g/t', 15)
  marks.forget('old', 3)
  marks.prune({ ordinal: 4, at: 0 })
  assert.deepEqual(JSON.parse(marks.memo()), [
    { prefix: 'a/g/', beforeOrdinal: 12 },
    { prefix: 'a/g/t', beforeOrdinal: 15 },
  ])
  marks.prune({ ordinal: 15, at: 0 })
  assert.equal(marks.size, 0)
})
