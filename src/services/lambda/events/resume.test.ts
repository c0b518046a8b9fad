/** No event that was accepted is lost: on disk first, and gone on with by the next process. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { valueAt } from '#base/json.ts'
import { hours, minutes } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { Stores } from '#ports/store.ts'
import {
  QUEUE,
  SETTLED,
  bodyOf,
  configure,
  fail,
  pass,
  restarted,
  send,
  told,
  work,
} from '#services/lambda/fake-events.ts'
import { create, withFunction } from '#services/lambda/fake-invoke.ts'
import { fakeCall, fakeLambda, turns } from '#services/lambda/fake-platform.ts'
import { lambda, resetLambda, stopLambda } from '#services/lambda/index.ts'

const { operations } = lambda

/** Stores whose file of events commits when the test says so. */
function gated(gate: () => Promise<void>): Stores {
  const stores = memoryStores()
  return {
    open: (name) => {
      const store = stores.open(name)
      if (name !== 'invocations') return store
      const tx: typeof store.tx = async (run) => {
        await gate()
        return await store.tx(run)
      }
      return { read: store.read, tx }
    },
    clear: async () => await stores.clear(),
    close: async () => await stores.close(),
  }
}

test('an event is on disk before it is accepted and before it runs', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const fake = fakeLambda(gated(async () => await promise))
  await create(fake)
  await turns()
  let accepted = false
  const sending = send(fake).then(() => (accepted = true))
  await turns(SETTLED)
  assert.deepEqual([accepted, fake.sandboxes.started.length], [false, 0])
  resolve()
  await sending
  assert.equal(fake.sandboxes.started.length, 1)
})

test('an event that could not be written is refused and never runs', async () => {
  const fake = fakeLambda(
    gated(async () => {
      throw new Error('the disk is full')
    }),
  )
  await create(fake)
  await turns()
  await assert.rejects(send(fake), /the disk is full/)
  await pass(fake, hours(1))
  assert.equal(fake.sandboxes.started.length, 0)
  assert.equal(fake.state.events.pending, 0)
})

test('what a killed platform left runs again: what ran, what waited, what was to be told', async () => {
  const first = await withFunction()
  await configure(first, { DestinationConfig: { OnSuccess: { Destination: QUEUE } } })
  first.outcomeOf = () => ({ kind: 'throttled', message: 'slow' })
  await send(first, '"told"')
  const sandbox = first.sandboxes.last()
  sandbox.boot()
  await work(sandbox)
  await send(first, '"failed once"')
  await fail(sandbox)
  await send(first, '"running"')
  assert.equal(first.state.events.pending, 2)
  // Killed here: nothing of the first is stopped.
  const second = await restarted(first)
  assert.equal(second.state.events.pending, 2)
  const again = second.sandboxes.last()
  again.boot()
  assert.equal(bodyOf(again), '"running"')
  await work(again)
  await pass(second, minutes(1))
  assert.equal(bodyOf(again), '"failed once"')
  await work(again)
  assert.equal(second.state.events.pending, 0)
  const payloads = second.deliveries.map((_, at) => valueAt(told(second, at), 'requestPayload'))
  assert.deepEqual(new Set(payloads), new Set(['failed once', 'running', 'told']))
  const counts = second.deliveries.map((_, at) =>
    valueAt(valueAt(told(second, at), 'requestContext'), 'approximateInvokeCount'),
  )
  assert.deepEqual(
    counts.filter((count) => count === 2),
    [2],
  )
  assert.equal(counts.length, 3)
  const third = await restarted(second)
  assert.equal(third.state.events.pending, 0)
})

test('a stop leaves what has not ended, a reset nothing', async () => {
  const first = await withFunction()
  await send(first)
  await stopLambda(first.state)
  const second = await restarted(first)
  assert.equal(second.state.events.pending, 1)
  await resetLambda(second.state)
  await second.stores.clear()
  assert.equal(second.state.events.pending, 0)
  const third = await restarted(second)
  assert.equal(third.state.events.pending, 0)
})

test('events of a function that was deleted are forgotten and told to nobody', async () => {
  const fake = await withFunction({ DeadLetterConfig: { TargetArn: QUEUE } })
  await send(fake)
  fake.sandboxes.last().boot()
  await fail(fake.sandboxes.last())
  await operations.DeleteFunction({ FunctionName: 'f' }, fake.state, fakeCall())
  await pass(fake, minutes(1))
  assert.equal(fake.state.events.pending, 0)
  assert.equal(fake.deliveries.length, 0)
})
