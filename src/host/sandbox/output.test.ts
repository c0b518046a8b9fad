import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counter, schedstat } from '#host/sandbox/counters.ts'
import { OutputBudget } from '#host/sandbox/output.ts'

test("take() lets a second's worth pass at once and then no more than the rate", () => {
  const budget = new OutputBudget(1_000, 0)
  assert.equal(budget.take(600, 0), 600)
  assert.equal(budget.take(600, 0), 400)
  assert.equal(budget.take(600, 100), 100)
  assert.equal(budget.take(600, 100), 0)
  assert.equal(budget.take(5_000, 60_000), 1_000)
})

test('counter() finds whole names only', () => {
  const text = 'nr_throttled 3\nthrottled_time 7000000\noom_kill_disable 0\noom_kill 2\n'
  assert.equal(counter(text, 'throttled_time'), 7_000_000)
  assert.equal(counter(text, 'oom_kill'), 2)
  assert.equal(counter(text, 'nr_throttled'), 3)
  assert.equal(counter(text, 'nothing'), 0)
  assert.deepEqual(schedstat('2000000 3000000 5\n'), { ranMs: 2, waitedMs: 3 })
})
