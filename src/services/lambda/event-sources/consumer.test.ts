import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FAILED, THROTTLED, World, answered } from '#services/lambda/event-sources/fake-mapping.ts'
import { turns } from '#services/lambda/fake-platform.ts'

const bodies = (count: number, body = 'x'): string[] => Array.from({ length: count }, () => body)

test('a success deletes the whole batch, in calls of ten', async () => {
  const world = new World({ batchSize: 25, windowSeconds: 1, concurrencyMax: 2 })
  await turns()
  await world.send(bodies(25))
  await world.pass(1_000)
  const sizes: number[] = []
  while (world.handed.length > 0) sizes.push((await world.end(answered())).ids.length)
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    25,
  )
  assert.equal(new Set(world.queue.deleted).size, 25)
  const calls = world.fake.calls.filter(({ name }) => name === 'sqs:DeleteMessageBatch')
  assert.ok(calls.length >= 3)
})

test('an error deletes nothing, and the messages are left to their visibility', async () => {
  const world = new World()
  await turns()
  await world.send(['a', 'b'])
  await world.end(FAILED)
  assert.deepEqual(world.queue.deleted, [])
  assert.equal(
    world.fake.calls.some(({ name }) => name.includes('Visibility')),
    false,
  )
})

test('partial failures delete the others', async () => {
  const world = new World({ reportsFailures: true })
  await turns()
  await world.send(['a', 'b', 'c'])
  await world.end(answered('{"batchItemFailures":[{"itemIdentifier":"m2"}]}'))
  assert.deepEqual(world.queue.deleted, ['h1', 'h3'])
})

test('failures that are reported without having been asked for are a success', async () => {
  const world = new World()
  await turns()
  await world.send(['a', 'b'])
  await world.end(answered('{"batchItemFailures":[{"itemIdentifier":"m2"}]}'))
  assert.deepEqual(world.queue.deleted, ['h1', 'h2'])
})

test('filtered messages are deleted and never invoke', async () => {
  const world = new World({ filters: ['{"body":{"kind":["order"]}}'] })
  await turns()
  await world.send(['{"kind":"order"}', '{"kind":"other"}', 'plain'])
  assert.deepEqual(world.batches, [['m1']])
  assert.deepEqual(world.queue.deleted, ['h2', 'h3'])
  await world.send(['{"kind":"other"}'])
  assert.deepEqual(world.queue.deleted, ['h2', 'h3', 'h4'])
  assert.equal(world.handed.length, 1)
  assert.equal(world.consumer.load.polls, 4)
  const filtered = world.fake.begun.map(({ attributes }) => [attributes['batchSize'], attributes['filtered']])
  assert.deepEqual(filtered, [
    [1, 2],
    [0, 1],
  ])
})

test('one batch that does not end holds no other', async () => {
  const world = new World({ batchSize: 1 })
  await turns()
  await world.send(['slow'])
  for (let i = 0; i < 20; i++) {
    await world.send(['quick'])
    const quick = world.handed.pop()
    quick?.end(answered())
    await turns(60)
  }
  assert.deepEqual(world.batches, [['m1']])
  assert.equal(world.queue.deleted.length, 20)
})

test('a window gathers until it is over, and counts from the first message', async () => {
  const world = new World({ windowSeconds: 5, concurrencyMax: 2 })
  await turns()
  await world.send(['a'])
  await world.pass(3_000)
  assert.equal(world.handed.length, 0)
  await world.pass(2_000)
  assert.deepEqual(world.batches, [['m1']])
})

test('a window ends early when the batch is full', async () => {
  const world = new World({ batchSize: 3, windowSeconds: 300, concurrencyMax: 2 })
  await turns()
  await world.send(bodies(6))
  assert.deepEqual(
    world.batches.map((ids) => ids.length),
    [3, 3],
  )
})

test('a batch never exceeds six megabytes: what does not fit follows in its own invoke', async () => {
  const world = new World({ reportsFailures: true, concurrencyMax: 2 })
  await turns()
  await world.send(bodies(10, 'x'.repeat(1_000_000)))
  const first = await world.end(answered())
  assert.equal(first.ids.length, 6)
  const second = await world.end(answered())
  assert.equal(second.ids.length, 4)
  assert.ok(Math.max(first.bytes, second.bytes) <= 6 * 1_048_576)
  assert.equal(world.queue.deleted.length, 10)
})

test('a throttled batch is tried again, and given up when its messages become visible', async () => {
  const world = new World()
  world.queue.visibilitySeconds = 3
  await turns()
  await world.send(['a'])
  await world.end(THROTTLED)
  assert.equal(world.handed.length, 0)
  let tries = 1
  for (let second = 0; second < 10; second++) {
    world.fake.clock.advance(500)
    await turns(60)
    if (world.handed.length === 0) continue
    await world.end(THROTTLED)
    tries++
  }
  assert.equal(tries, 5, 'after 100, 200, 400 and 800 ms; the next would be after three seconds')
  assert.deepEqual(world.queue.deleted, [])
  assert.equal(world.consumer.load.batches, 0)
})

test('a function that is gone is asked for before the queue is, and no message is taken meanwhile', async () => {
  const world = new World()
  world.missing = 'Function not found: f'
  await turns()
  world.queue.timeOut()
  await turns(60)
  assert.equal(world.queue.parked, 0)
  await world.send(['a'])
  assert.equal(world.consumer.problem, 'PROBLEM: Function not found: f')
  world.missing = undefined
  await world.pass(1_000)
  await world.end(answered())
  assert.deepEqual(world.queue.deleted, ['h1'])
  assert.equal(world.consumer.problem, undefined)
})

test('a queue that is gone is said, and polled again more and more seldom', async () => {
  const world = new World()
  await turns()
  world.queue.isGone = true
  world.queue.timeOut()
  await turns(60)
  assert.equal(
    world.consumer.problem,
    'PROBLEM: Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.',
  )
  const before = world.fake.calls.length
  await world.pass(300_000)
  assert.ok(world.fake.calls.length - before <= 60, `${world.fake.calls.length - before} calls`)
  assert.deepEqual(world.fake.warnings, ['lambda.event-source.problem'])
  world.queue.isGone = false
  await world.pass(60_000)
  world.queue.timeOut()
  await turns(60)
  assert.equal(world.consumer.problem, undefined)
})

test('a quiet mapping waits in the queue: long polls and no alarms', async () => {
  const world = new World()
  await turns()
  assert.equal(world.queue.parked, 5)
  assert.ok(world.queue.polls.every(({ wait }) => wait === 20))
  for (let i = 0; i < 20; i++) {
    await world.pass(20_000)
    world.queue.timeOut()
    await turns(60)
  }
  assert.equal(world.queue.parked, 2)
  assert.equal(world.queue.polls.length, 3 * 5 + 18 * 2)
})

test('a stop ends the polls at once; batches under way still delete', async () => {
  const world = new World()
  await turns()
  await world.send(['a'])
  await world.consumer.stop()
  await turns(60)
  assert.equal(world.queue.parked, 0)
  await world.end(answered())
  assert.deepEqual(world.queue.deleted, ['h1'])
  assert.deepEqual(world.consumer.load.polls, 0)
})

test('a mapping that is paused and started again keeps to its bound with the batches of before', async () => {
  const world = new World({ batchSize: 1, concurrencyMax: 2 })
  await turns()
  await world.send(['a', 'b', 'c'])
  world.consumer.pause()
  await turns(60)
  assert.equal(world.queue.parked, 0)
  world.consumer.start()
  await turns(60)
  assert.deepEqual(world.batches, [['m1'], ['m2']])
  await world.end(answered())
  assert.deepEqual(world.batches, [['m2'], ['m3']])
})

test('what batches hold in memory is counted, and nothing is left of it', async () => {
  const world = new World({ windowSeconds: 1, concurrencyMax: 2 })
  await turns()
  await world.send(['aaaa', 'bb'])
  await world.send(['c'])
  assert.equal(world.holding.bytes, 7)
  await world.pass(1_000)
  while (world.handed.length > 0) await world.end(FAILED)
  assert.equal(world.holding.bytes, 0)
})

test('new settings hold for the next batch; the polls of the old ones end', async () => {
  const world = new World()
  await turns()
  world.configure({ batchSize: 1, concurrencyMax: 2 })
  await turns(60)
  assert.equal(world.queue.parked, 2)
  await world.send(['a', 'b', 'c'])
  assert.deepEqual(world.batches, [['m1'], ['m2']])
})

test('a batch of one message goes on with its trace; one of more begins a trace with links to theirs', async () => {
  const trace = 'Root=1-00000001-000000000000000000000001;Parent=0000000000000002;Sampled=1'
  const world = new World()
  await turns()
  await world.send(['a'], trace)
  assert.equal(world.fake.begun[0]?.header(), trace)
  assert.deepEqual(world.fake.begun[0]?.links, [])
  await world.send(['b', 'c'], trace)
  const links = [{ traceId: '1-00000001-000000000000000000000001', id: '0000000000000002' }]
  assert.deepEqual(world.fake.begun[1]?.links, [...links, ...links])
  assert.equal(world.fake.begun[1]?.attributes['batchSize'], 2)
  assert.equal(world.fake.begun[1]?.attributes['mapping'], 'an-id')
})

test('the recursion guard sees the message that has gone round most often', async () => {
  const header = (hops: number): string =>
    `Root=1-00000001-00000000000000000000000${hops};Lineage=01234567:${hops}`
  const world = new World()
  await turns()
  await world.send(['warm'])
  world.queue.timeOut()
  world.queue.send(['a'], header(2))
  await turns(60)
  assert.equal(world.fake.begun[1]?.header(), header(2))
})

const outcomes = fc.constantFrom('success', 'error', 'throttle', 'partial')

test('whatever functions answer: what is deleted was processed, and no failed message is deleted', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 25 }), outcomes), { minLength: 1, maxLength: 12 }),
      fc.record({
        batchSize: fc.integer({ min: 1, max: 10 }),
        concurrencyMax: fc.integer({ min: 2, max: 6 }),
      }),
      async (rounds, more) => {
        const world = new World({ ...more, reportsFailures: true })
        world.queue.visibilitySeconds = 0
        await turns()
        const processed = new Set<string>()
        const failed = new Set<string>()
        for (const [count, outcome] of rounds) {
          await world.send(bodies(count))
          assert.ok(world.handed.length <= more.concurrencyMax, 'no more batches than MaximumConcurrency')
          while (world.handed.length > 0) {
            const ids = world.handed[0]?.ids ?? []
            const bad = outcome === 'partial' ? ids.filter((_, at) => at % 2 === 0) : ids
            if (outcome === 'success') {
              for (const id of ids) processed.add(id)
              await world.end(answered('{"batchItemFailures":[]}'))
              continue
            }
            for (const id of ids) (bad.includes(id) ? failed : processed).add(id)
            const items = bad.map((id) => ({ itemIdentifier: id }))
            if (outcome === 'partial') await world.end(answered(JSON.stringify({ batchItemFailures: items })))
            else await world.end(outcome === 'error' ? FAILED : THROTTLED)
          }
        }
        const deleted = new Set(world.queue.deleted.map((handle) => handle.replace('h', 'm')))
        assert.deepEqual(deleted, processed)
        for (const id of failed) assert.ok(!deleted.has(id))
        assert.equal(processed.size + failed.size, world.queue.sent)
        await world.consumer.stop()
      },
    ),
    { numRuns: 40 },
  )
})
