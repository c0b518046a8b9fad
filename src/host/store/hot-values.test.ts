import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HOT_VALUE_MAX, HotValues } from '#host/store/hot-values.ts'

const value = (bytes: number, fill = 1): Uint8Array => new Uint8Array(bytes).fill(fill)

test('get() gives the very instance that was kept', () => {
  const hot = new HotValues(1_000)
  const kept = value(10)
  hot.keep('a', kept)
  assert.equal(hot.get('a'), kept)
  assert.equal(hot.get('b'), undefined)
})

test('written() replaces what is here, and brings nothing in', () => {
  const hot = new HotValues(1_000)
  hot.keep('a', value(10, 1))
  const next = value(10, 2)
  hot.written('a', next)
  hot.written('b', value(10))
  assert.equal(hot.get('a'), next)
  assert.equal(hot.get('b'), undefined)
  hot.written('a', undefined)
  assert.equal(hot.get('a'), undefined)
})

test('written() drops a value that would hold a much larger buffer', () => {
  const hot = new HotValues(1_000)
  hot.keep('a', value(10))
  hot.written('a', value(1_000).subarray(0, 10))
  assert.equal(hot.get('a'), undefined)
})

test('what is read stays while what is not read goes', () => {
  const hot = new HotValues(1_000)
  hot.keep('read', value(10))
  hot.keep('unread', value(10))
  for (let i = 0; i < 100; i++) {
    hot.keep(`other-${i}`, value(10))
    hot.get('read')
  }
  assert.notEqual(hot.get('read'), undefined)
  assert.equal(hot.get('unread'), undefined)
})

test('large values are not kept', () => {
  const hot = new HotValues(1_000_000)
  hot.keep('a', value(HOT_VALUE_MAX + 1))
  assert.equal(hot.get('a'), undefined)
})

test('whatever is read, written and deleted, get() gives the last value or nothing', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd')
  const step = fc.oneof(
    fc.record({ kind: fc.constant('read' as const), key }),
    fc.record({ kind: fc.constant('write' as const), key, bytes: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ kind: fc.constant('delete' as const), key }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const file = new Map<string, Uint8Array>()
      const hot = new HotValues(200)
      for (const one of steps) {
        if (one.kind === 'write') {
          const next = value(one.bytes)
          file.set(one.key, next)
          hot.written(one.key, next)
        } else if (one.kind === 'delete') {
          file.delete(one.key)
          hot.written(one.key, undefined)
        } else {
          const found = hot.get(one.key)
          const truth = file.get(one.key)
          if (found !== undefined) assert.equal(found, truth)
          else if (truth !== undefined) hot.keep(one.key, truth)
        }
      }
    }),
  )
})
