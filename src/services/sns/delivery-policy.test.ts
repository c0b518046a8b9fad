/** Retry schedules and delivery policies. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '#base/fault.ts'
import {
  delaysOf,
  effectivePolicy,
  managedDelay,
  type RetryPolicy,
  subscriptionDeliveryPolicy,
  topicDeliveryPolicy,
} from '#services/sns/delivery-policy.ts'

const policy = (more: Partial<RetryPolicy>): RetryPolicy => ({
  minDelayTarget: 1,
  maxDelayTarget: 60,
  numRetries: 0,
  numMaxDelayRetries: 0,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  backoffFunction: 'linear',
  ...more,
})

test('managedDelay() is 3 at once, 2 after a second, 10 up to 20 s and 100,000 of 20 s', () => {
  const delays = Array.from({ length: 16 }, (_, i) => managedDelay(i + 1))
  assert.deepEqual(delays.slice(0, 6), [0, 0, 0, 1_000, 1_000, 1_000])
  assert.equal(delays[14], 20_000)
  assert.equal(delays[15], 20_000)
  const rising = delays.slice(5, 15).map(Number)
  assert.deepEqual(
    rising,
    rising.toSorted((a, b) => a - b),
  )
  assert.equal(managedDelay(100_015), 20_000)
  assert.equal(managedDelay(100_016), undefined)
})

test('delaysOf() has a delay for each retry, never outside the bounds, never falling', () => {
  const backoffFunction = fc.constantFrom('linear', 'arithmetic', 'geometric', 'exponential')
  const counts = fc.record({
    numNoDelayRetries: fc.nat(10),
    numMinDelayRetries: fc.nat(10),
    numMaxDelayRetries: fc.nat(10),
    between: fc.nat(20),
    minDelayTarget: fc.integer({ min: 1, max: 100 }),
    more: fc.nat(100),
    backoffFunction,
  })
  fc.assert(
    fc.property(counts, ({ between, more, ...rest }) => {
      const { numNoDelayRetries: none, numMinDelayRetries: least, numMaxDelayRetries: most } = rest
      const numRetries = none + least + most + between
      const maxDelayTarget = rest.minDelayTarget + more
      const delays = delaysOf(policy({ ...rest, numRetries, maxDelayTarget }))
      assert.equal(delays.length, numRetries)
      assert.ok(delays.slice(0, none).every((delay) => delay === 0))
      for (const delay of delays.slice(none))
        assert.ok(delay >= rest.minDelayTarget * 1_000 && delay <= maxDelayTarget * 1_000)
      assert.deepEqual(
        delays,
        delays.toSorted((a, b) => a - b),
      )
    }),
  )
})

test('the subscription wins over the topic, unless the topic forbids it', () => {
  const retry = { numRetries: 7 }
  const own = subscriptionDeliveryPolicy(
    JSON.stringify({ healthyRetryPolicy: retry, throttlePolicy: { maxReceivesPerSecond: 3 } }),
  )
  const topic = (disableSubscriptionOverrides: boolean) =>
    topicDeliveryPolicy(
      JSON.stringify({
        http: {
          disableSubscriptionOverrides,
          defaultHealthyRetryPolicy: { numRetries: 5 },
          defaultRequestPolicy: { headerContentType: 'application/json' },
        },
      }),
    )
  const [free, bound] = [effectivePolicy(topic(false), own), effectivePolicy(topic(true), own)]
  assert.deepEqual([free.retry.numRetries, free.maxReceivesPerSecond], [7, 3])
  assert.deepEqual([bound.retry.numRetries, bound.maxReceivesPerSecond], [5, undefined])
  assert.equal(free.contentType, 'application/json')
  assert.equal(effectivePolicy(undefined, undefined).retry.numRetries, 3)
})

test('policies beyond the bounds are refused', () => {
  for (const healthyRetryPolicy of [
    { numRetries: 101 },
    { minDelayTarget: 0 },
    { minDelayTarget: 30, maxDelayTarget: 20 },
    { numRetries: 1, numNoDelayRetries: 2 },
    { backoffFunction: 'cubic' },
    { minDelayTarget: 3_600, maxDelayTarget: 3_600, numRetries: 2 },
  ])
    assert.throws(() => subscriptionDeliveryPolicy(JSON.stringify({ healthyRetryPolicy })), Fault)
  assert.throws(() => topicDeliveryPolicy('{"http":'), Fault)
  assert.throws(() => topicDeliveryPolicy('{"http":[]}'), Fault)
})
