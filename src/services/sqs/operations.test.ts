import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '#base/bytes.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION } from '#base/ids.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { DeliveryOutcome } from '#ports/targets.ts'
import { FakeQueue, type FakeSqs, fakeCall, fakeSqs, quietSpan, refusal } from '#services/sqs/fake-sqs.ts'
import { acceptSqs, loadSqs, sqs } from '#services/sqs/index.ts'

const begin = (): FakeSqs => fakeSqs(memoryStores())
const { operations } = sqs

test('ListQueues pages by name, GetQueueUrl finds by name, URLs of any host are taken', async () => {
  const fake = begin()
  for (const name of ['b', 'a', 'c']) await FakeQueue.make(fake, name)
  const call = fakeCall()
  const first = await operations.ListQueues({ MaxResults: 2 }, fake.state, call)
  assert.deepEqual(
    first.QueueUrls,
    ['a', 'b'].map((name) => `http://localhost:4566/000000000000/${name}`),
  )
  const second = await operations.ListQueues({ MaxResults: 2, NextToken: first.NextToken }, fake.state, call)
  assert.deepEqual(second, { QueueUrls: ['http://localhost:4566/000000000000/c'] })
  assert.deepEqual(await operations.ListQueues({ QueueNamePrefix: 'x' }, fake.state, call), {})
  assert.deepEqual(await operations.GetQueueUrl({ QueueName: 'a' }, fake.state, call), {
    QueueUrl: 'http://localhost:4566/000000000000/a',
  })
  for (const url of ['https://sqs.us-east-1.amazonaws.com/000000000000/a', 'http://x/queue/a', 'a'])
    await operations.SendMessage({ QueueUrl: url, MessageBody: 'x' }, fake.state, call)
  assert.equal(await new FakeQueue(fake, 'a').counts(), '3 0 0')
})

test('AddPermission adds a statement that RemovePermission takes away', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  const input = {
    QueueUrl: queue.url,
    Label: 'read',
    AWSAccountIds: ['111122223333'],
    Actions: ['ReceiveMessage'],
  }
  await operations.AddPermission(input, fake.state, fakeCall())
  assert.deepEqual(JSON.parse((await queue.attributes())['Policy'] ?? ''), {
    Version: '2008-10-17',
    Id: `${queue.arn}/SQSDefaultPolicy`,
    Statement: [
      {
        Sid: 'read',
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::111122223333:root' },
        Action: 'SQS:ReceiveMessage',
        Resource: queue.arn,
      },
    ],
  })
  assert.equal(
    await refusal(async () => await operations.AddPermission(input, fake.state, fakeCall())),
    'InvalidParameterValue: Value read for parameter Label is invalid. Reason: Already exists.',
  )
  await operations.RemovePermission({ QueueUrl: queue.url, Label: 'read' }, fake.state, fakeCall())
  assert.equal((await queue.attributes())['Policy'], undefined)
})

test('tags are set, listed, taken away, and at most fifty', async () => {
  const fake = begin()
  const { url } = await FakeQueue.make(fake, 'orders')
  const call = fakeCall()
  await operations.TagQueue({ QueueUrl: url, Tags: { a: '1', b: '2' } }, fake.state, call)
  await operations.UntagQueue({ QueueUrl: url, TagKeys: ['a'] }, fake.state, call)
  assert.deepEqual(await operations.ListQueueTags({ QueueUrl: url }, fake.state, call), { Tags: { b: '2' } })
  const Tags = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`t${i}`, '']))
  assert.equal(
    await refusal(async () => await operations.TagQueue({ QueueUrl: url, Tags }, fake.state, call)),
    'InvalidParameterValue: Too many tags added for queue orders.',
  )
})

async function deadLetters(fake: FakeSqs, count: number): Promise<readonly [FakeQueue, FakeQueue]> {
  const dead = await FakeQueue.make(fake, 'dead')
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 })
  const queue = await FakeQueue.make(fake, 'orders', { RedrivePolicy, VisibilityTimeout: '1' })
  for (let i = 0; i < count; i++) await queue.send(`${i}`)
  for (let i = 0; i < count; i += 10) await queue.receive()
  fake.clock.advance(1_000)
  await queue.receive()
  assert.equal(await dead.counts(), `${count} 0 0`)
  return [queue, dead]
}

/** Lets the steps of a move task run: each is a few promises deep. */
async function settled(fake: FakeSqs): Promise<void> {
  for (let i = 0; i < 50; i++) await fake.state.queues.settled()
}

test('a move task brings dead letters back at its rate, as new messages', async () => {
  const fake = begin()
  const [queue, dead] = await deadLetters(fake, 30)
  const call = fakeCall()
  const input = { SourceArn: dead.arn, MaxNumberOfMessagesPerSecond: 10 }
  await operations.StartMessageMoveTask(input, fake.state, call)
  assert.match(
    await refusal(async () => await operations.StartMessageMoveTask(input, fake.state, call)),
    /^InvalidParameterValue: There is already a task running\./,
  )
  for (let i = 0; i < 10; i++) {
    fake.clock.advance(100)
    await settled(fake)
  }
  assert.equal(await queue.counts(), '10 0 0', 'ten within a second')
  const listed = await operations.ListMessageMoveTasks({ SourceArn: dead.arn }, fake.state, call)
  assert.equal(listed.Results?.[0]?.Status, 'RUNNING')
  assert.equal(listed.Results?.[0]?.ApproximateNumberOfMessagesToMove, 30)
  for (let i = 0; i < 30; i++) {
    fake.clock.advance(100)
    await settled(fake)
  }
  const done = await operations.ListMessageMoveTasks({ SourceArn: dead.arn }, fake.state, call)
  assert.equal(done.Results?.[0]?.Status, 'COMPLETED')
  assert.equal(done.Results?.[0]?.ApproximateNumberOfMessagesMoved, 30)
  assert.equal(await dead.counts(), '0 0 0')
  const [message] = await queue.receive({ MaxNumberOfMessages: 1 })
  assert.equal(message?.Attributes?.['ApproximateReceiveCount'], '1')
  assert.equal(message?.Attributes?.['DeadLetterQueueSourceArn'], undefined)
})

test('a move task ends when it is cancelled, and goes on after a restart when it is not', async () => {
  const stores = memoryStores()
  const fake = fakeSqs(stores)
  const [queue, dead] = await deadLetters(fake, 20)
  const call = fakeCall()
  const input = { SourceArn: dead.arn, DestinationArn: queue.arn, MaxNumberOfMessagesPerSecond: 10 }
  await operations.StartMessageMoveTask(input, fake.state, call)
  fake.clock.advance(100)
  await settled(fake)
  const next = fakeSqs(stores)
  next.clock.advance(fake.clock.now() - next.clock.now())
  await loadSqs(next.state)
  const listed = await operations.ListMessageMoveTasks({ SourceArn: dead.arn }, next.state, call)
  const handle = listed.Results?.[0]?.TaskHandle ?? ''
  next.clock.advance(100)
  await settled(next)
  const moved = Number((await new FakeQueue(next, queue.url).counts()).split(' ')[0])
  assert.ok(moved >= 2 && moved < 20, `${moved} were moved`)
  const cancelled = await operations.CancelMessageMoveTask({ TaskHandle: handle }, next.state, call)
  assert.equal(cancelled.ApproximateNumberOfMessagesMoved, moved)
  next.clock.advance(60_000)
  await settled(next)
  assert.equal(await new FakeQueue(next, dead.url).counts(), `${20 - moved} 0 0`)
  assert.match(
    await refusal(
      async () => await operations.CancelMessageMoveTask({ TaskHandle: handle }, next.state, call),
    ),
    /^UnsupportedOperation/,
  )
})

test("a queue that is nobody's dead-letter queue has nothing to move", async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  assert.equal(
    await refusal(
      async () => await operations.StartMessageMoveTask({ SourceArn: queue.arn }, fake.state, fakeCall()),
    ),
    'InvalidParameterValue: Source queue must be configured as a Dead Letter Queue.',
  )
})

test('acceptSqs() takes a delivery with its attributes and trace, and refuses for a missing queue', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders.fifo')
  const deliver = async (arn: string): Promise<DeliveryOutcome> =>
    await acceptSqs(fake.state)({
      arn,
      payload: utf8('{"a":1}'),
      mode: 'hand-over',
      principal: 'sns.amazonaws.com',
      message: {
        groupId: 'g',
        deduplicationId: 'd',
        attributes: { kind: { dataType: 'String', stringValue: 'x' } },
      },
      account: DEFAULT_ACCOUNT,
      region: DEFAULT_REGION,
      span: quietSpan,
    })
  assert.deepEqual(await deliver(queue.arn), { kind: 'accepted' })
  const [message] = await queue.receive()
  assert.equal(message?.Body, '{"a":1}')
  assert.equal(message?.Attributes?.['AWSTraceHeader'], quietSpan.header())
  assert.equal(message?.Attributes?.['MessageGroupId'], 'g')
  assert.deepEqual(message?.MessageAttributes?.['kind'], { DataType: 'String', StringValue: 'x' })
  assert.deepEqual(await deliver('arn:aws:sqs:us-east-1:000000000000:nobody'), {
    kind: 'refused',
    code: 'AWS.SimpleQueueService.NonExistentQueue',
    message: 'The specified queue does not exist.',
  })
})

test('the digest of attributes is the one SDKs compute', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  const answer = await operations.SendMessage(
    {
      QueueUrl: queue.url,
      MessageBody: 'this is a test message',
      MessageAttributes: { timestamp: { DataType: 'Number', StringValue: '1493147359900' } },
      MessageSystemAttributes: {
        AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1-5759e988-bd862e3fe1be46a994272793' },
      },
    },
    fake.state,
    fakeCall(),
  )
  assert.equal(answer.MD5OfMessageAttributes, '235c5c510d26fb653d073faed50ae77c')
  assert.match(answer.MD5OfMessageSystemAttributes ?? '', /^[0-9a-f]{32}$/)
})
