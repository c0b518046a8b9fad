import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ready } from '#services/cloudformation/schedule.ts'

const graph = new Map([
  ['a', new Set<string>()],
  ['b', new Set(['a'])],
  ['c', new Set<string>()],
  ['d', new Set(['b', 'c'])],
])
const idle = { done: new Set<string>(), running: new Set<string>(), halted: false, atOnce: 12 }

test('ready() starts what needs nothing, then what its needs allow', () => {
  assert.deepEqual(ready(graph, idle), ['a', 'c'])
  assert.deepEqual(ready(graph, { ...idle, running: new Set(['c']), done: new Set(['a']) }), ['b'])
  assert.deepEqual(ready(graph, { ...idle, done: new Set(['a', 'b', 'c']) }), ['d'])
})

test('ready() starts nothing after a failure, and no more than may run', () => {
  assert.deepEqual(ready(graph, { ...idle, halted: true }), [])
  assert.deepEqual(ready(graph, { ...idle, atOnce: 1 }), ['a'])
  assert.deepEqual(ready(graph, { ...idle, atOnce: 1, running: new Set(['a']) }), [])
})

test('ready() brings every graph without cycles to its end, needs first', () => {
  const graphs = fc
    .array(fc.array(fc.nat(30), { maxLength: 4 }), { maxLength: 30 })
    .map(
      (rows) =>
        new Map(
          rows.map((needs, index) => [
            String(index),
            new Set(needs.filter((need) => need < index).map(String)),
          ]),
        ),
    )
  fc.assert(
    fc.property(graphs, fc.integer({ min: 1, max: 4 }), (made, atOnce) => {
      const done = new Set<string>()
      for (;;) {
        const now = ready(made, { ...idle, done, atOnce })
        assert.ok(now.length <= atOnce)
        for (const id of now) for (const need of made.get(id) ?? []) assert.ok(done.has(need))
        if (now.length === 0) break
        for (const id of now) done.add(id)
      }
      assert.equal(done.size, made.size)
    }),
  )
})
