import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { memoryStores } from '#host/store/memory.ts'
import { FakeQueue, type FakeSqs, fakeCall, fakeSqs } from '#services/sqs/fake-sqs.ts'
import { loadSqs, sqs } from '#services/sqs/index.ts'
import type { Message } from '#services/sqs/message.ts'
import type { Queue } from '#services/sqs/queue.ts'

/** The state that must be the same after a restart. */
function pictured(fake: FakeSqs): unknown {
  return [...fake.state.queues.all()]
    .sort((a, b) => (a.arn < b.arn ? -1 : 1))
    .map((queue: Queue) => ({
      arn: queue.arn,
      attributes: queue.attributes,
      tags: queue.tags,
      counts: [queue.messages.size, queue.inFlight, queue.delayed],
      groups: [...queue.groups.values()].map(({ id, size, inFlight }) => `${id} ${size} ${inFlight}`).sort(),
      remembered: [...queue.remembered.values()].map(({ key, seq, id }) => [key, seq, id]),
      messages: [...queue.messages.values()]
        .sort((a, b) => a.seq - b.seq)
        .map(({ seq, sentAt, state, dueAt, receives, flight, group }: Message) => [
          [seq, sentAt, state, dueAt],
          [receives, flight, group?.id],
        ]),
    }))
}

const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('send'),
      queue: fc.nat(2),
      group: fc.nat(2),
      delay: fc.nat(3),
      size: fc.constantFrom(3, 5_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('receive'), queue: fc.nat(2), visibility: fc.nat(4) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete'), queue: fc.nat(2), which: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('change'),
      queue: fc.nat(2),
      which: fc.nat(20),
      visibility: fc.nat(4),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('purge'), queue: fc.nat(2) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('advance'), ms: fc.constantFrom(1, 1_000, 3_000, 61_000) }),
  },
)

type Command = {
  readonly kind: string
  readonly queue?: number
  readonly group?: number
  readonly delay?: number
  readonly size?: number
  readonly visibility?: number
  readonly which?: number
  readonly ms?: number
}

async function world(fake: FakeSqs): Promise<FakeQueue[]> {
  const dead = await FakeQueue.make(fake, 'dead')
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 })
  return [
    dead,
    await FakeQueue.make(fake, 'orders', { RedrivePolicy, MessageRetentionPeriod: '120' }),
    await FakeQueue.make(fake, 'orders.fifo', {
      ContentBasedDeduplication: 'true',
      MessageRetentionPeriod: '120',
    }),
  ]
}

async function run(
  queues: readonly FakeQueue[],
  { kind, ...given }: Command,
  handles: Map<number, string[]>,
): Promise<void> {
  const index = given.queue ?? 0
  const queue = queues[index]
  if (queue === undefined) return
  const { fake } = queue
  const isFifo = index === 2
  const known = handles.get(index) ?? []
  const handle = known[(given.which ?? 0) % Math.max(1, known.length)]
  switch (kind) {
    case 'send': {
      const body = `${given.group} ${'x'.repeat(given.size ?? 0)} ${isFifo ? given.delay : ''}`
      await queue.send(body, isFifo ? { MessageGroupId: `g${given.group}` } : { DelaySeconds: given.delay })
      return
    }
    case 'receive': {
      const received = await queue.receive({ VisibilityTimeout: given.visibility })
      handles.set(index, [...known, ...received.map(({ ReceiptHandle }) => ReceiptHandle ?? '')])
      return
    }
    case 'advance':
      fake.clock.advance(given.ms ?? 0)
      return
    default:
      if (kind !== 'purge' && handle === undefined) return
      try {
        const [state, call] = [fake.state, fakeCall()]
        if (kind === 'purge') await sqs.operations.PurgeQueue({ QueueUrl: queue.url }, state, call)
        else if (kind === 'delete') await queue.delete({ ReceiptHandle: handle })
        else await queue.visibility({ ReceiptHandle: handle }, given.visibility ?? 0)
      } catch {
        // refusals are part of the walk
      }
  }
}

test('loadSqs() finds the state that was in memory, after any commands', async () => {
  let messages = 0
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 60 }), async (commands) => {
      const stores = memoryStores()
      const fake = fakeSqs(stores)
      const queues = await world(fake)
      const handles = new Map<number, string[]>()
      for (const each of commands) await run(queues, each, handles)
      for (const queue of fake.state.queues.all()) fake.state.queues.step(queue, () => undefined)
      await fake.state.queues.settled()
      await fake.state.queues.clearing.idle()
      const next = fakeSqs(stores, fake.clock)
      messages += await loadSqs(next.state)
      for (const queue of next.state.queues.all()) next.state.queues.step(queue, () => undefined)
      assert.deepEqual(pictured(next), pictured(fake))
    }),
    { numRuns: 150 },
  )
  assert.ok(messages > 150, `only ${messages} messages were rebuilt`)
})

test('loadSqs() answers old handles, goes on with sequence numbers and clears what a purge left', async () => {
  const stores = memoryStores()
  const fake = fakeSqs(stores)
  const queue = await FakeQueue.make(fake, 'orders')
  await queue.send('large '.repeat(2_000))
  const [message] = await queue.receive()
  const next = fakeSqs(stores, fake.clock)
  assert.equal(await loadSqs(next.state), 1)
  const again = new FakeQueue(next, queue.url)
  assert.equal(await again.counts(), '0 1 0')
  await again.send('second')
  const [second] = await again.receive()
  assert.equal(second?.Body, 'second')
  await again.delete(message)
  fake.clock.advance(31_000)
  const [returned] = await again.receive()
  assert.equal(returned?.MessageId, second?.MessageId)
  await sqs.operations.DeleteQueue({ QueueUrl: queue.url }, next.state, fakeCall())
  await next.state.queues.clearing.idle()
  const rows = await stores
    .open('queues')
    .read.range({ from: new Uint8Array(0), to: Uint8Array.of(255), limit: 100 })
  assert.equal(rows.length, 1, 'only the name that rests for a minute is left')
})
