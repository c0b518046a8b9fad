import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Heap } from '#base/heap.ts'

test('pop() gives back what was pushed, smallest first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = new Heap<number>((a, b) => a - b)
      for (const n of numbers) heap.push(n)
      const popped = Array.from({ length: numbers.length }, () => heap.pop())
      assert.deepEqual(
        popped,
        [...numbers].sort((a, b) => a - b),
      )
      assert.equal(heap.pop(), undefined)
    }),
  )
})
