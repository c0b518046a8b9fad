import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStores } from '#host/store/memory.ts'
import { sqs } from '#services/sqs/index.ts'
import { FakeQueue, type FakeSqs, fakeCall, fakeSqs, refusal } from '#services/sqs/fake-sqs.ts'

const begin = (): FakeSqs => fakeSqs(memoryStores())
const CONTENT = { ContentBasedDeduplication: 'true' }

test('a group with messages in flight gives no more until they are deleted or visible again', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders.fifo', CONTENT)
  for (const body of ['a1', 'a2', 'a3']) await queue.send(body, { MessageGroupId: 'a' })
  await queue.send('b1', { MessageGroupId: 'b' })
  const first = await queue.receive({ MaxNumberOfMessages: 2 })
  assert.deepEqual(
    first.map(({ Body }) => Body),
    ['a1', 'a2'],
  )
  assert.deepEqual(await queue.bodies(), ['b1'], 'another group goes on')
  await queue.delete(first[0])
  assert.deepEqual(await queue.bodies(), [], 'a2 is still in flight')
  fake.clock.advance(30_000)
  assert.deepEqual(
    await queue.bodies({ MaxNumberOfMessages: 2 }),
    ['a2', 'a3'],
    'in order after the visibility',
  )
})

test('as many messages as possible come from one group before the next', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders.fifo', CONTENT)
  for (const [body, group] of [
    ['a1', 'a'],
    ['b1', 'b'],
    ['a2', 'a'],
    ['b2', 'b'],
  ] as const)
    await queue.send(body, { MessageGroupId: group })
  assert.deepEqual(await queue.bodies(), ['a1', 'a2', 'b1', 'b2'])
})

test('a duplicate within five minutes answers the first id and number, also after the message is gone', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders.fifo')
  const again = async (group = 'g'): Promise<unknown> =>
    await sqs.operations.SendMessage(
      { QueueUrl: queue.url, MessageBody: 'x', MessageGroupId: group, MessageDeduplicationId: 'd' },
      fake.state,
      fakeCall(),
    )
  const first = await again()
  const [message] = await queue.receive()
  await queue.delete(message)
  fake.clock.advance(299_999)
  assert.deepEqual(await again('another-group'), first)
  assert.deepEqual(await queue.bodies(), [])
  fake.clock.advance(1)
  assert.notDeepEqual(await again(), first)
  assert.deepEqual(await queue.bodies(), ['x'])
})

test('with the group as scope, ids of other groups are no duplicates', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'fast.fifo', {
    DeduplicationScope: 'messageGroup',
    FifoThroughputLimit: 'perMessageGroupId',
    ...CONTENT,
  })
  for (const group of ['a', 'b', 'a']) await queue.send('same', { MessageGroupId: group })
  assert.deepEqual(await queue.bodies(), ['same', 'same'])
})

test('sequence numbers have twenty digits and grow', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders.fifo', CONTENT)
  for (const body of ['a', 'b']) await queue.send(body, { MessageGroupId: 'g' })
  const numbers = (await queue.receive()).map(({ Attributes }) => Attributes?.['SequenceNumber'] ?? '')
  assert.match(numbers.join(' '), /^\d{20} \d{20}$/)
  assert.ok((numbers[0] ?? '') < (numbers[1] ?? ''))
})

test('DeleteMessage after the visibility is refused', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders.fifo', CONTENT)
  await queue.send('a', { MessageGroupId: 'g' })
  const [message] = await queue.receive()
  fake.clock.advance(30_000)
  assert.match(await refusal(async () => await queue.delete(message)), /The receipt handle has expired\.$/)
})

test('a ReceiveRequestAttemptId repeats its answer and begins the visibility anew', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders.fifo', CONTENT)
  for (const body of ['a', 'b']) await queue.send(body, { MessageGroupId: 'g' })
  const attempt = { ReceiveRequestAttemptId: 'one', MaxNumberOfMessages: 1 }
  const first = await queue.receive(attempt)
  fake.clock.advance(20_000)
  assert.deepEqual(await queue.receive(attempt), first)
  fake.clock.advance(20_000)
  await queue.delete(first[0])
  assert.deepEqual(await queue.bodies(attempt), ['b'], 'a deleted message is not repeated')
})

test('a queue delay holds for the messages that are there', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'later.fifo', { ...CONTENT, DelaySeconds: '60' })
  await queue.send('a', { MessageGroupId: 'g' })
  await queue.set({ DelaySeconds: '10' })
  fake.clock.advance(10_000)
  assert.deepEqual(await queue.bodies(), ['a'])
})

test('a dead letter gets the message id as deduplication id and a new time, and frees its group', async () => {
  const fake = begin()
  const dead = await FakeQueue.make(fake, 'dead.fifo')
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 })
  const queue = await FakeQueue.make(fake, 'orders.fifo', {
    ...CONTENT,
    RedrivePolicy,
    VisibilityTimeout: '1',
  })
  const id = await queue.send('poison', { MessageGroupId: 'g' })
  await queue.send('next', { MessageGroupId: 'g' })
  await queue.receive({ MaxNumberOfMessages: 1 })
  fake.clock.advance(1_000)
  assert.deepEqual(await queue.bodies(), ['next'])
  const [message] = await dead.receive()
  assert.equal(message?.Attributes?.['MessageDeduplicationId'], id)
  assert.equal(message?.Attributes?.['SentTimestamp'], '1790000001000')
})

test('messages without what FIFO needs are refused, a batch of them as a whole', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders.fifo')
  const noId = /^InvalidParameterValue: The queue should either have ContentBasedDeduplication enabled/
  assert.match(await refusal(async () => await queue.send('a', { MessageGroupId: 'g' })), noId)
  assert.equal(
    await refusal(async () => await queue.send('a', { MessageDeduplicationId: 'd' })),
    'MissingParameter: The request must contain the parameter MessageGroupId.',
  )
  const Entries = [
    { Id: '1', MessageBody: 'a', MessageGroupId: 'g', MessageDeduplicationId: 'd' },
    { Id: '2', MessageBody: 'b', MessageGroupId: 'g' },
  ]
  assert.match(
    await refusal(
      async () =>
        await sqs.operations.SendMessageBatch({ QueueUrl: queue.url, Entries }, fake.state, fakeCall()),
    ),
    noId,
  )
  assert.match(
    await refusal(
      async () =>
        await queue.send('a', { MessageGroupId: 'g', MessageDeduplicationId: 'd', DelaySeconds: 2 }),
    ),
    /^InvalidParameterValue: Value 2 for parameter DelaySeconds is invalid\. Reason: The request include parameter that is not valid for this queue type\.$/,
  )
})
