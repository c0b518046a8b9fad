/** Asynchronous events: AWS's retries and times, and no event forgotten. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY } from '#base/bytes.ts'
import { EventQueue, nextAttempt } from '#services/lambda/events.ts'
import { ManualClock, turns } from '#services/lambda/fake-platform.ts'
import { serviceTrouble, tooManyRequests } from '#services/lambda/faults.ts'
import type { InvokeResult } from '#services/lambda/invocation.ts'

const ok: InvokeResult = { kind: 'answered', payload: EMPTY, functionError: undefined, logTail: undefined }
const error: InvokeResult = { ...ok, functionError: 'Unhandled' }
const throttle: InvokeResult = { kind: 'throttled', reason: 'ConcurrentInvocationLimitExceeded' }
const fresh = { failures: 0, throttles: 0, ageMs: 0 }

test('nextAttempt() runs a failed event after one and two minutes and then drops it', () => {
  const first = nextAttempt(error, fresh)
  assert.deepEqual(first, {
    kind: 'retry',
    afterMs: 60_000,
    progress: { failures: 1, throttles: 0, ageMs: 60_000 },
  })
  const second = nextAttempt(error, { failures: 1, throttles: 0, ageMs: 60_000 })
  assert.equal(second.kind === 'retry' && second.afterMs, 120_000)
  assert.deepEqual(nextAttempt(error, { failures: 2, throttles: 0, ageMs: 180_000 }), {
    kind: 'dropped',
    because: 'RetriesExhausted',
  })
})

test('nextAttempt() waits longer after each throttle, up to five minutes, and gives up after six hours', () => {
  const wait = (throttles: number): unknown => {
    const next = nextAttempt(throttle, { failures: 0, throttles, ageMs: 0 })
    return next.kind === 'retry' && next.afterMs
  }
  assert.deepEqual([0, 1, 2, 8, 9, 50].map(wait), [1_000, 2_000, 4_000, 256_000, 300_000, 300_000])
  assert.deepEqual(nextAttempt(throttle, { failures: 0, throttles: 9, ageMs: 6 * 3_600_000 - 1 }), {
    kind: 'dropped',
    because: 'EventAgeExceeded',
  })
})

test('nextAttempt() retries the platform\u2019s trouble and not a function that is gone', () => {
  assert.equal(nextAttempt({ kind: 'refused', fault: serviceTrouble('x') }, fresh).kind, 'retry')
  assert.equal(
    nextAttempt({ kind: 'refused', fault: tooManyRequests('CallerRateLimitExceeded') }, fresh).kind,
    'done',
  )
})

test('EventQueue runs an event until it is done, and knows how many are open', async () => {
  const clock = new ManualClock()
  const queue = new EventQueue(clock)
  const results = [throttle, error, ok]
  let runs = 0
  queue.add({ run: async () => results[runs++] ?? ok, dropped: () => assert.fail('nothing is dropped') })
  await turns()
  assert.equal(runs, 1)
  clock.advance(1_000)
  await turns()
  assert.equal(runs, 2)
  assert.equal(queue.pending, 1)
  clock.advance(60_000)
  await turns()
  assert.equal(runs, 3)
  assert.equal(queue.pending, 0)
})

test('EventQueue schedules nothing after stop()', async () => {
  const clock = new ManualClock()
  const queue = new EventQueue(clock)
  let runs = 0
  queue.add({ run: async () => (runs++, throttle), dropped: () => undefined })
  await turns()
  queue.stop()
  clock.advance(10_000)
  await turns()
  assert.equal(runs, 1)
})
