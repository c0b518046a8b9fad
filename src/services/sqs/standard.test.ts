import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStores } from '#host/store/memory.ts'
import { sqs } from '#services/sqs/index.ts'
import type { SpanScope } from '#ports/spans.ts'
import { FakeQueue, type FakeSqs, fakeCall, fakeSqs, quietSpan, refusal } from '#services/sqs/fake-sqs.ts'

const begin = (): FakeSqs => fakeSqs(memoryStores())

test('ReceiveMessage answers what was sent, with the digests, and hides it for the visibility time', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  await queue.send('hello', { MessageAttributes: { kind: { DataType: 'String', StringValue: 'x' } } })
  const [message] = await queue.receive()
  assert.equal(message?.Body, 'hello')
  assert.equal(message?.MD5OfBody, '5d41402abc4b2a76b9719d911017c592')
  assert.equal(message?.Attributes?.['ApproximateReceiveCount'], '1')
  assert.deepEqual(message?.MessageAttributes?.['kind'], { DataType: 'String', StringValue: 'x' })
  assert.deepEqual(await queue.bodies(), [])
  assert.equal(await queue.counts(), '0 1 0')
  fake.clock.advance(30_000)
  assert.deepEqual(await queue.bodies(), ['hello'])
})

test('ReceiveMessage gives the oldest first, also those that came back', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  for (const body of ['a', 'b', 'c']) await queue.send(body)
  assert.deepEqual(await queue.bodies({ MaxNumberOfMessages: 2 }), ['a', 'b'])
  fake.clock.advance(30_000)
  assert.deepEqual(await queue.bodies(), ['a', 'b', 'c'])
})

test('DelaySeconds of the message wins over the queue, and holds for messages to come only', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'later', { DelaySeconds: '5' })
  await queue.send('five')
  await queue.send('now', { DelaySeconds: 0 })
  await queue.send('nine', { DelaySeconds: 9 })
  await queue.set({ DelaySeconds: '0' })
  assert.equal(await queue.counts(), '1 0 2')
  assert.deepEqual(await queue.bodies(), ['now'])
  fake.clock.advance(5_000)
  assert.deepEqual(await queue.bodies(), ['five'])
  fake.clock.advance(4_000)
  assert.deepEqual(await queue.bodies(), ['nine'])
})

test('a long poll is answered by the next send, in the order polls came, without an alarm each', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  const polls = Array.from({ length: 100 }, () =>
    queue.bodies({ WaitTimeSeconds: 20, MaxNumberOfMessages: 1 }),
  )
  assert.equal(fake.state.queues.parked, 100)
  assert.ok(fake.clock.pending <= 1, 'one alarm for all')
  for (let i = 0; i < 100; i++) await queue.send(String(i))
  assert.deepEqual(
    (await Promise.all(polls)).flat(),
    Array.from({ length: 100 }, (_, i) => String(i)),
  )
  assert.equal(fake.state.queues.parked, 0)
})

test('a long poll ends empty after its time, when its caller goes, and when the queue is deleted', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  const timed = queue.bodies({ WaitTimeSeconds: 2 })
  const caller = new AbortController()
  const left = queue.receive({ WaitTimeSeconds: 20 }, { signal: caller.signal })
  const last = queue.bodies({ WaitTimeSeconds: 20 })
  fake.clock.advance(2_000)
  assert.deepEqual(await timed, [])
  caller.abort()
  assert.deepEqual(await left, [])
  assert.equal(fake.state.queues.parked, 1)
  await sqs.operations.DeleteQueue({ QueueUrl: queue.url }, fake.state, fakeCall())
  assert.deepEqual(await last, [])
})

test('a long poll gets a message whose visibility or delay ends meanwhile', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  await queue.send('a', { DelaySeconds: 3 })
  const delayed = queue.receive({ WaitTimeSeconds: 20, VisibilityTimeout: 4 })
  fake.clock.advance(3_000)
  assert.equal((await delayed)[0]?.Body, 'a')
  const returned = queue.bodies({ WaitTimeSeconds: 20 })
  fake.clock.advance(4_000)
  assert.deepEqual(await returned, ['a'])
})

test('ChangeMessageVisibility moves the end, makes visible at once with 0, and stops at 12 hours', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  await queue.send('a')
  const [message] = await queue.receive()
  await queue.visibility(message, 100)
  fake.clock.advance(99_000)
  assert.deepEqual(await queue.bodies(), [])
  assert.match(
    await refusal(async () => await queue.visibility(message, 43_200)),
    /Total VisibilityTimeout for the message is beyond the limit \[43200 seconds\]/,
  )
  await queue.visibility(message, 0)
  assert.deepEqual(await queue.bodies(), ['a'])
  fake.clock.advance(30_000)
  assert.match(await refusal(async () => await queue.visibility(message, 5)), /^MessageNotInflight/)
})

test('DeleteMessage takes handles of this queue only, and deleting twice succeeds', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  const other = await FakeQueue.make(fake, 'others')
  await queue.send('a')
  const [message] = await queue.receive()
  assert.match(
    await refusal(async () => await other.delete(message)),
    /^ReceiptHandleIsInvalid: The input receipt handle "AQEB/,
  )
  await queue.delete(message)
  await queue.delete(message)
  assert.equal(await queue.counts(), '0 0 0')
})

test('retention drops messages, also those in flight', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'short', { MessageRetentionPeriod: '60' })
  await queue.send('a')
  await queue.send('b')
  await queue.receive({ MaxNumberOfMessages: 1, VisibilityTimeout: 3_600 })
  fake.clock.advance(59_999)
  assert.equal(await queue.counts(), '1 1 0')
  fake.clock.advance(1)
  assert.equal(await queue.counts(), '0 0 0')
})

test('a message goes to the dead-letter queue when its receives exceed maxReceiveCount, and keeps its id and time', async () => {
  const fake = begin()
  const dead = await FakeQueue.make(fake, 'dead', { MessageRetentionPeriod: '600' })
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 })
  const queue = await FakeQueue.make(fake, 'orders', { RedrivePolicy, VisibilityTimeout: '1' })
  const id = await queue.send('poison')
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await queue.bodies(), ['poison'])
    fake.clock.advance(1_000)
  }
  const waiting = dead.receive({ WaitTimeSeconds: 20 })
  assert.deepEqual(await queue.bodies(), [])
  const [message] = await waiting
  assert.equal(message?.MessageId, id)
  assert.equal(message?.Attributes?.['DeadLetterQueueSourceArn'], queue.arn)
  assert.equal(message?.Attributes?.['ApproximateReceiveCount'], '3')
  assert.equal(message?.Attributes?.['SentTimestamp'], '1790000000000')
  fake.clock.advance(598_000)
  assert.equal(await dead.counts(), '0 0 0', 'its age counts from the first queue')
})

test('the receive that moved messages says so in a span of its own, linked to their traces, also when it had waited', async () => {
  const fake = begin()
  const dead = await FakeQueue.make(fake, 'dead')
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 })
  const queue = await FakeQueue.make(fake, 'orders', { RedrivePolicy, VisibilityTimeout: '1' })
  const root = '1-5759e988-bd862e3fe1be46a994272793'
  const traced = {
    AWSTraceHeader: { DataType: 'String', StringValue: `Root=${root};Parent=53995c3f42cd8ad8` },
  }
  await queue.send('poison', { MessageSystemAttributes: traced })
  await queue.send('poison too')
  await queue.receive()
  const said: string[] = []
  const spanOf = (name: string): SpanScope => ({
    ...quietSpan,
    set: (attribute, value) => void said.push(`${name} ${attribute} ${value}`),
    link: ({ traceId }) => void said.push(`${name} link ${traceId}`),
    open: (service, operation, resource) => spanOf(`${service} ${operation} ${resource}`),
  })
  const waiting = queue.receive({ WaitTimeSeconds: 20 }, { span: spanOf('receive') })
  fake.clock.advance(1_000)
  await queue.send('fresh')
  assert.deepEqual(
    (await waiting).map(({ Body }) => Body),
    ['fresh'],
  )
  const below = `sqs DeadLetter ${dead.arn}`
  assert.deepEqual(
    said.filter((line) => line.startsWith('sqs') || line.includes('deadLettered')),
    [
      `${below} link ${root}`,
      `${below} link ${quietSpan.traceId}`,
      `${below} messages 2`,
      'receive deadLettered 2',
    ],
  )
  assert.equal((await dead.bodies()).length, 2)
})

test('PurgeQueue empties the queue once a minute; handles from before do nothing', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  await queue.send('a')
  const [message] = await queue.receive()
  await queue.send('b')
  const purge = async (): Promise<unknown> =>
    await sqs.operations.PurgeQueue({ QueueUrl: queue.url }, fake.state, fakeCall())
  await purge()
  assert.equal(await queue.counts(), '0 0 0')
  await queue.send('c')
  await queue.delete(message)
  assert.equal(
    await refusal(purge),
    'PurgeQueueInProgress: Only one PurgeQueue operation on orders is allowed every 60 seconds.',
  )
  fake.clock.advance(60_000)
  assert.deepEqual(await queue.bodies(), ['c'])
  await purge()
})

test('a noisy group waits behind quiet ones, and is served when nothing else is there', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'tenants')
  for (let i = 0; i < 60; i++) await queue.send(`noisy ${i}`, { MessageGroupId: 'noisy' })
  for (let i = 0; i < 3; i++) await queue.receive()
  await queue.send('quiet', { MessageGroupId: 'quiet' })
  await queue.send('alone')
  assert.deepEqual(await queue.bodies({ MaxNumberOfMessages: 3 }), ['quiet', 'alone', 'noisy 30'])
  assert.deepEqual(await queue.bodies({ MaxNumberOfMessages: 1 }), ['noisy 31'])
})

test('short polls of a queue with 120,000 messages in flight are refused', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  const found = fake.state.queues.byArn(queue.arn)
  assert.ok(found !== undefined)
  await queue.send('a')
  found.inFlight += 120_000
  assert.match(await refusal(async () => await queue.receive()), /^OverLimit/)
  const parked = queue.bodies({ WaitTimeSeconds: 1 })
  fake.clock.advance(1_000)
  assert.deepEqual(await parked, [])
})

test('every call is billed, empty receives too, by chunks of 64 KB', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  await queue.send('x'.repeat(65_537))
  await queue.send('x', { MessageGroupId: 'g' })
  await queue.receive()
  await queue.receive()
  assert.deepEqual(
    fake.usage.map(({ dimension, quantity }) => `${dimension} ${quantity}`),
    [
      'standardRequests 1',
      'standardRequests 2',
      'standardRequests 1',
      'fairQueueSurcharge 1',
      'standardRequests 2',
      'standardRequests 1',
    ],
  )
})
