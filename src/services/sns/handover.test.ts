/** Deliveries: to queues, functions and endpoints; retries, dead letters, order, pace; all on a clock that the test moves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson, stringAt, valueAt } from '#base/json.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { DeliveryOutcome } from '#ports/targets.ts'
import { bodyOf, DEAD, type FakeSns, fakeSns, FUNCTION, jsonOf, QUEUE } from '#services/sns/fake-sns.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fresh = (): FakeSns => fakeSns(memoryStores(), turn)
const throttled: DeliveryOutcome = { kind: 'throttled', message: 'slow down' }
const missing: DeliveryOutcome = { kind: 'refused', code: 'QueueDoesNotExist', message: 'gone' }
const redrive = { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: DEAD }) }
const FIFO_QUEUE = `${QUEUE}.fifo`

/** Waits, in turns of the event loop, for work that goes on in other threads. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000; i++) {
    if (holds()) return
    await turn()
  }
  assert.fail(`it never came to: ${what}`)
}

/** Moves the clock on until that many were handed over, at most so many steps. */
async function advanced(sns: FakeSns, ms: number, count: number): Promise<void> {
  await until('the first attempt', () => sns.delivered.length > 0)
  for (let i = 0; i < 400 && sns.delivered.length < count; i++) await sns.clock.advance(ms)
}

test('a queue gets the envelope, with nothing in it that was not published', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  const subscription = await sns.subscribe(arn, 'sqs', QUEUE)
  const { MessageId } = await sns.call('Publish', { TopicArn: arn, Message: 'hello "you"\n' })
  await until('a delivery', () => sns.delivered.length === 1)
  const [delivery] = sns.delivered
  assert.ok(delivery)
  assert.equal(delivery.principal, 'sns.amazonaws.com')
  assert.equal(delivery.sourceArn, arn)
  assert.equal(delivery.message?.attributes, undefined)
  const body = parseJson(bodyOf(delivery))
  assert.deepEqual(Object.keys(body as object), [
    'Type',
    'MessageId',
    'TopicArn',
    'Message',
    'Timestamp',
    'SignatureVersion',
    'Signature',
    'SigningCertURL',
    'UnsubscribeURL',
  ])
  assert.equal(stringAt(body, 'Message'), 'hello "you"\n')
  assert.equal(stringAt(body, 'MessageId'), MessageId)
  assert.equal(stringAt(body, 'Timestamp'), '2026-09-21T14:13:20.000Z')
  assert.equal(
    stringAt(body, 'UnsubscribeURL'),
    `http://127.0.0.1:4566/?Action=Unsubscribe&SubscriptionArn=${subscription}`,
  )
  assert.match(bodyOf(delivery), /^\{\n {2}"Type" : "Notification",\n/)
})

test('raw delivery hands the text and the attributes over', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  await sns.subscribe(arn, 'sqs', QUEUE, { RawMessageDelivery: 'true' })
  await sns.call('Publish', {
    TopicArn: arn,
    Message: 'hello',
    MessageAttributes: {
      n: { DataType: 'Number', StringValue: '1' },
      b: { DataType: 'Binary', BinaryValue: Uint8Array.of(2, 3, 4) },
    },
  })
  await until('a delivery', () => sns.delivered.length === 1)
  const [delivery] = sns.delivered
  assert.equal(delivery === undefined ? '' : bodyOf(delivery), 'hello')
  assert.deepEqual(delivery?.message?.attributes, {
    n: { dataType: 'Number', stringValue: '1' },
    b: { dataType: 'Binary', binaryValue: Uint8Array.of(2, 3, 4) },
  })
})

test('a function gets one record, with Subject null and MessageAttributes empty when there are none', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  const subscription = await sns.subscribe(arn, 'lambda', FUNCTION)
  await sns.call('Publish', { TopicArn: arn, Message: 'hello' })
  await until('a delivery', () => sns.delivered.length === 1)
  const records = valueAt(sns.delivered[0] === undefined ? undefined : jsonOf(sns.delivered[0]), 'Records')
  assert.ok(Array.isArray(records) && records.length === 1)
  const { Sns: event, ...record } = records[0] as Record<string, unknown>
  assert.deepEqual(record, {
    EventSource: 'aws:sns',
    EventVersion: '1.0',
    EventSubscriptionArn: subscription,
  })
  assert.equal(valueAt(event, 'Subject'), null)
  assert.deepEqual(valueAt(event, 'MessageAttributes'), {})
  assert.match(stringAt(event, 'SigningCertUrl') ?? '', /\/SimpleNotificationService-[0-9a-f]{32}\.pem$/)
})

test('MessageStructure json gives each protocol its own text', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  await sns.subscribe(arn, 'sqs', QUEUE, { RawMessageDelivery: 'true' })
  await sns.subscribe(arn, 'lambda', FUNCTION)
  const Message = JSON.stringify({ default: 'for all', sqs: 'for queues' })
  await sns.call('Publish', { TopicArn: arn, Message, MessageStructure: 'json' })
  await until('two deliveries', () => sns.delivered.length === 2)
  const of = (arn: string): string => {
    const found = sns.delivered.find((delivery) => delivery.arn === arn)
    return found === undefined ? '' : bodyOf(found)
  }
  assert.equal(of(QUEUE), 'for queues')
  assert.match(of(FUNCTION), /"Message":"for all"/)
})

test('filter policies keep back what they do not match, and body scope scans are billed', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  const filter = JSON.stringify({ kind: ['a', { prefix: 'b' }] })
  await sns.subscribe(arn, 'sqs', QUEUE, { FilterPolicy: filter })
  await sns.subscribe(arn, 'sqs', `${QUEUE}2`, { FilterPolicy: filter, FilterPolicyScope: 'MessageBody' })
  await sns.subscribe(arn, 'sqs', `${QUEUE}3`)
  const MessageAttributes = { kind: { DataType: 'String', StringValue: 'bb' } }
  await sns.call('Publish', { TopicArn: arn, Message: 'no json', MessageAttributes })
  await sns.call('Publish', { TopicArn: arn, Message: '{"kind":"a"}' })
  await sns.call('Publish', { TopicArn: arn, Message: '{"kind":"c"}' })
  await until('five deliveries', () => sns.delivered.length === 5)
  const to = (arn: string): string[] =>
    sns.delivered.filter((each) => each.arn === arn).map((each) => stringAt(jsonOf(each), 'Message') ?? '')
  assert.deepEqual(to(QUEUE), ['no json'])
  assert.deepEqual(to(`${QUEUE}2`), ['{"kind":"a"}'])
  assert.equal(to(`${QUEUE}3`).length, 3)
  const scanned = sns.usage.filter(({ dimension }) => dimension === 'payloadFilterScan')
  assert.deepEqual(
    scanned.map(({ quantity, unit }) => [quantity, unit]),
    [
      [19, 'bytes'],
      [12, 'bytes'],
      [12, 'bytes'],
    ],
  )
})

test('a receiver that throttles is tried again: three times at once, twice after a second, then ever later', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  await sns.subscribe(arn, 'sqs', QUEUE, { RawMessageDelivery: 'true' })
  sns.outcomes.set(
    QUEUE,
    Array.from({ length: 17 }, () => throttled),
  )
  await sns.call('Publish', { TopicArn: arn, Message: 'hello' })
  await advanced(sns, 500, 18)
  const gaps = sns.delivered.map(({ atMs }, i) => atMs - (sns.delivered[i - 1]?.atMs ?? 0))
  assert.deepEqual(gaps.slice(0, 6), [0, 0, 0, 0, 1_000, 1_000])
  assert.deepEqual(gaps.slice(6, 8), [1_000, 1_395])
  assert.deepEqual(gaps.slice(15), [20_000, 20_000, 20_000])
  await sns.clock.advance(60_000)
  assert.equal(sns.delivered.length, 18)
})

test('of many subscriptions only those that fail are tried again', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  for (let i = 0; i < 5; i++) await sns.subscribe(arn, 'sqs', `${QUEUE}${i}`, { RawMessageDelivery: 'true' })
  sns.outcomes.set(`${QUEUE}3`, [throttled, throttled])
  await sns.call('Publish', { TopicArn: arn, Message: 'hello' })
  await advanced(sns, 100, 7)
  const to = (arn: string): number => sns.delivered.filter((each) => each.arn === arn).length
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((i) => to(`${QUEUE}${i}`)),
    [1, 1, 1, 3, 1],
  )
})

test('a queue that is gone sends the message to the dead-letter queue at once, in the same form', async () => {
  for (const [raw, pattern] of [
    ['true', /^hello$/],
    ['false', /"Message" : "hello"/],
  ] as const) {
    const sns = fresh()
    const arn = await sns.topic('one')
    await sns.subscribe(arn, 'sqs', QUEUE, { ...redrive, RawMessageDelivery: raw })
    await sns.subscribe(arn, 'sqs', `${QUEUE}2`)
    sns.outcomes.set(QUEUE, [missing])
    await sns.call('Publish', { TopicArn: arn, Message: 'hello' })
    await until('three deliveries', () => sns.delivered.length === 3)
    const dead = sns.delivered.filter((each) => each.arn === DEAD)
    assert.equal(dead.length, 1)
    assert.match(dead[0] === undefined ? '' : bodyOf(dead[0]), pattern)
    assert.equal(dead[0]?.atMs, 0)
    assert.deepEqual(sns.warnings, [])
  }
})

test('a function that is not ready yet is tried again', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  await sns.subscribe(arn, 'lambda', FUNCTION)
  const pending = { kind: 'refused', code: 'ResourceConflictException', message: 'Pending' } as const
  sns.outcomes.set(FUNCTION, [pending, pending])
  await sns.call('Publish', { TopicArn: arn, Message: 'hello' })
  await until('three attempts', () => sns.delivered.length === 3)
  assert.deepEqual(sns.warnings, [])
})

test('without a dead-letter queue a message that cannot be delivered is lost, and the log says so', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  await sns.subscribe(arn, 'sqs', QUEUE)
  sns.outcomes.set(QUEUE, [missing])
  await sns.call('Publish', { TopicArn: arn, Message: 'hello' })
  await until('a warning', () => sns.warnings.length === 1)
  assert.match(sns.warnings[0] ?? '', /^sns\.delivery\.failed .*"lost":1,.*QueueDoesNotExist: gone/)
  sns.outcomes.set(
    QUEUE,
    Array.from({ length: 9 }, () => missing),
  )
  for (let i = 0; i < 9; i++) await sns.call('Publish', { TopicArn: arn, Message: 'hello' })
  assert.equal(sns.warnings.length, 2)
  assert.match(sns.warnings[1] ?? '', /"lost":10,/)
})

test('raw delivery of more than ten attributes is a failure of the sender', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  await sns.subscribe(arn, 'sqs', QUEUE, { RawMessageDelivery: 'true' })
  const MessageAttributes = Object.fromEntries(
    Array.from({ length: 11 }, (_, i) => [`a${i}`, { DataType: 'String', StringValue: 'x' }]),
  )
  await sns.call('Publish', { TopicArn: arn, Message: 'hello', MessageAttributes })
  await until('a warning', () => sns.warnings.length === 1)
  assert.equal(sns.delivered.length, 0)
})

test('a FIFO topic keeps the order of a group through retries, and another group goes on', async () => {
  const sns = fresh()
  const arn = await sns.topic('one.fifo', { FifoTopic: 'true', ContentBasedDeduplication: 'true' })
  await sns.subscribe(arn, 'sqs', FIFO_QUEUE, { RawMessageDelivery: 'true' })
  sns.outcomes.set(
    FIFO_QUEUE,
    Array.from({ length: 6 }, () => throttled),
  )
  const publish = async (Message: string, MessageGroupId: string): Promise<void> =>
    void (await sns.call('Publish', { TopicArn: arn, Message, MessageGroupId }))
  await publish('a1', 'a')
  await sns.clock.settle()
  await publish('a2', 'a')
  await publish('b1', 'b')
  await publish('a3', 'a')
  await advanced(sns, 500, 10)
  const bodies = sns.delivered.map(bodyOf)
  const done = bodies.filter((body, i) => bodies.lastIndexOf(body) === i)
  assert.deepEqual(
    done.filter((body) => body.startsWith('a')),
    ['a1', 'a2', 'a3'],
  )
  assert.equal(bodies.filter((body) => body === 'a2').length, 1)
  const [first] = sns.delivered
  assert.equal(first?.message?.groupId, 'a')
  assert.match(first?.message?.deduplicationId ?? '', /^[0-9a-f]{64}$/)
})

test('a FIFO topic forgets an id after five minutes, and answers a duplicate as the first', async () => {
  const sns = fresh()
  const arn = await sns.topic('one.fifo', { FifoTopic: 'true' })
  await sns.subscribe(arn, 'sqs', FIFO_QUEUE)
  const input = { TopicArn: arn, Message: 'x', MessageGroupId: 'g', MessageDeduplicationId: 'd' }
  const first = await sns.call('Publish', input)
  assert.match(first.SequenceNumber ?? '', /^\d{20}$/)
  assert.deepEqual(await sns.call('Publish', { ...input, Message: 'y', MessageGroupId: 'h' }), first)
  await sns.clock.advance(299_000)
  assert.deepEqual(await sns.call('Publish', input), first)
  await sns.clock.advance(1_000)
  const again = await sns.call('Publish', input)
  assert.notEqual(again.MessageId, first.MessageId)
  assert.ok((again.SequenceNumber ?? '') > (first.SequenceNumber ?? ''))
  await until('two deliveries', () => sns.delivered.length === 2)
  const [delivery] = sns.delivered
  const body = delivery === undefined ? undefined : jsonOf(delivery)
  assert.equal(stringAt(body, 'SequenceNumber'), first.SequenceNumber)
  assert.equal(valueAt(body, 'Signature'), undefined)
})

test('with the scope MessageGroup an id counts for its group only', async () => {
  const sns = fresh()
  const attributes = { FifoTopic: 'true', FifoThroughputScope: 'MessageGroup' }
  const arn = await sns.topic('one.fifo', attributes)
  const input = { TopicArn: arn, Message: 'x', MessageDeduplicationId: 'd' }
  const first = await sns.call('Publish', { ...input, MessageGroupId: 'g' })
  assert.equal((await sns.call('Publish', { ...input, MessageGroupId: 'g' })).MessageId, first.MessageId)
  assert.notEqual((await sns.call('Publish', { ...input, MessageGroupId: 'h' })).MessageId, first.MessageId)
})

test('what a killed process owed is delivered by the next one, and ids are still remembered', async () => {
  const sns = fresh()
  const arn = await sns.topic('one.fifo', { FifoTopic: 'true' })
  await sns.subscribe(arn, 'sqs', FIFO_QUEUE, { RawMessageDelivery: 'true' })
  sns.outcomes.set(
    FIFO_QUEUE,
    Array.from({ length: 100 }, () => throttled),
  )
  const input = { TopicArn: arn, MessageGroupId: 'g' }
  const first = await sns.call('Publish', { ...input, Message: '1', MessageDeduplicationId: '1' })
  await sns.call('Publish', { ...input, Message: '2', MessageDeduplicationId: '2' })
  const next = sns.restarted()
  await next.state.start()
  await next.clock.settle()
  assert.equal(next.delivered.length, 0, 'nothing is delivered before the port is open')
  next.state.ready()
  for (let i = 0; i < 200 && next.delivered.length < 2; i++) await next.clock.advance(1_000)
  assert.deepEqual(next.delivered.map(bodyOf), ['1', '2'])
  const again = await next.call('Publish', { ...input, Message: '1', MessageDeduplicationId: '1' })
  assert.equal(again.MessageId, first.MessageId)
})
