import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStores } from '#host/store/memory.ts'
import { FakeQueue, type FakeSqs, fakeCall, fakeSqs, refusal } from '#services/sqs/fake-sqs.ts'
import { sqs } from '#services/sqs/index.ts'

const begin = (): FakeSqs => fakeSqs(memoryStores())

const create = async (
  fake: FakeSqs,
  name: string,
  Attributes: Record<string, string> = {},
): Promise<unknown> =>
  await sqs.operations.CreateQueue({ QueueName: name, Attributes }, fake.state, fakeCall())

test('CreateQueue refuses names as AWS does', async () => {
  const fake = begin()
  for (const name of ['a b', 'x'.repeat(81), 'a.fifo', 'ä', 'a/b'])
    assert.equal(
      await refusal(async () => await create(fake, name)),
      'InvalidParameterValue: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
    )
  assert.match(
    await refusal(async () => await create(fake, 'plain', { FifoQueue: 'true' })),
    /must end with \.fifo suffix/,
  )
  assert.equal(
    await refusal(async () => await create(fake, 'plain', { FifoQueue: 'false' })),
    'InvalidAttributeName: Unknown Attribute FifoQueue.',
  )
})

test('CreateQueue refuses attributes out of their range', async () => {
  const fake = begin()
  const wrong: readonly (readonly [string, string])[] = [
    ['DelaySeconds', '901'],
    ['DelaySeconds', '-1'],
    ['MaximumMessageSize', '1023'],
    ['MaximumMessageSize', '1048577'],
    ['MessageRetentionPeriod', '59'],
    ['MessageRetentionPeriod', '1209601'],
    ['ReceiveMessageWaitTimeSeconds', '21'],
    ['VisibilityTimeout', '43201'],
    ['VisibilityTimeout', 'ten'],
    ['KmsDataKeyReusePeriodSeconds', '59'],
    ['SqsManagedSseEnabled', 'yes'],
    ['Policy', 'no json'],
    ['Policy', '{"Statement":[{"Effect":"Perhaps"}]}'],
    ['RedriveAllowPolicy', '{"redrivePermission":"byQueue"}'],
  ]
  for (const [name, value] of wrong)
    assert.equal(
      await refusal(async () => await create(fake, 'wrong', { [name]: value })),
      `InvalidAttributeValue: Invalid value for the parameter ${name}.`,
      value,
    )
  assert.equal(
    await refusal(async () => await create(fake, 'wrong', { Colour: 'red' })),
    'InvalidAttributeName: Unknown Attribute Colour.',
  )
  assert.equal(
    await refusal(async () => await create(fake, 'wrong', { ContentBasedDeduplication: 'true' })),
    'InvalidAttributeName: Unknown Attribute ContentBasedDeduplication.',
  )
})

test('CreateQueue answers again what is the same, and refuses what differs', async () => {
  const fake = begin()
  const first = await create(fake, 'orders', { DelaySeconds: '5' })
  assert.deepEqual(await create(fake, 'orders', { DelaySeconds: '5' }), first)
  assert.deepEqual(await create(fake, 'orders'), first)
  assert.equal(
    await refusal(async () => await create(fake, 'orders', { DelaySeconds: '6' })),
    'QueueNameExists: A queue already exists with the same name and a different value for attribute DelaySeconds',
  )
})

test('a deleted name is free after a minute', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  await sqs.operations.DeleteQueue({ QueueUrl: queue.url }, fake.state, fakeCall())
  assert.equal(
    await refusal(async () => await queue.send('x')),
    'QueueDoesNotExist: The specified queue does not exist.',
  )
  fake.clock.advance(59_999)
  assert.match(
    await refusal(async () => await create(fake, 'orders')),
    /^QueueDeletedRecently: You must wait 60 seconds/,
  )
  fake.clock.advance(1)
  await create(fake, 'orders')
})

test('RedrivePolicy is checked against the world', async () => {
  const fake = begin()
  const dead = await FakeQueue.make(fake, 'dead', {
    RedriveAllowPolicy: JSON.stringify({
      redrivePermission: 'byQueue',
      sourceQueueArns: ['arn:aws:sqs:us-east-1:000000000000:friend'],
    }),
  })
  const fifo = await FakeQueue.make(fake, 'dead.fifo')
  const policy = (deadLetterTargetArn: string, maxReceiveCount: unknown): string =>
    JSON.stringify({ deadLetterTargetArn, maxReceiveCount })
  const cases: readonly (readonly [string, RegExp])[] = [
    ['[]', /not a valid JSON map\.$/],
    ['{}', /does not contain mandatory attribute: maxReceiveCount\.$/],
    ['{"maxReceiveCount":1}', /does not contain mandatory attribute: deadLetterTargetArn\.$/],
    [
      policy(dead.arn, 0),
      /Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive\.$/,
    ],
    [policy(dead.arn, '1001'), /Invalid value for maxReceiveCount: 1001/],
    [policy('arn:x', 1), /Invalid value for deadLetterTargetArn\.$/],
    [policy('arn:aws:sqs:us-east-1:000000000000:nobody', 1), /Dead letter target does not exist\.$/],
    [policy('arn:aws:sqs:eu-west-1:000000000000:dead', 1), /owner should be same/],
    [policy(fifo.arn, 1), /must be same type of queue as the source\.$/],
    [policy(dead.arn, 1), /does not allow this queue/],
  ]
  for (const [RedrivePolicy, text] of cases)
    assert.match(await refusal(async () => await create(fake, 'orders', { RedrivePolicy })), text)
  const friend = await FakeQueue.make(fake, 'friend', { RedrivePolicy: policy(dead.arn, '3') })
  assert.equal((await friend.attributes())['RedrivePolicy'], policy(dead.arn, 3))
  const sources = await sqs.operations.ListDeadLetterSourceQueues(
    { QueueUrl: dead.url },
    fake.state,
    fakeCall(),
  )
  assert.deepEqual(sources.queueUrls, [friend.url])
})

test('SendMessage refuses bodies, attributes and sizes as AWS does', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  const attribute = (name: string, value: object): unknown => ({ MessageAttributes: { [name]: value } })
  const cases: readonly (readonly [string, object, RegExp])[] = [
    ['', {}, /^MissingParameter: The request must contain the parameter MessageBody\.$/],
    ['\u0001', {}, /^InvalidMessageContents/],
    ['\ufffe', {}, /^InvalidMessageContents/],
    ['x'.repeat(1_048_577), {}, /Reason: Message must be shorter than 1048576 bytes\.$/],
    ['x', { DelaySeconds: 901 }, /^InvalidParameterValue: Value 901 for parameter DelaySeconds is invalid/],
    ['x', { MessageDeduplicationId: 'd' }, /not valid for this queue type\.$/],
    [
      'x',
      attribute('a', { DataType: 'Text', StringValue: 'x' }) as object,
      /has an invalid message attribute type/,
    ],
    ['x', attribute('a', { DataType: 'String' }) as object, /must contain non-empty message attribute value/],
    [
      'x',
      attribute('a', { DataType: 'String', StringValue: '' }) as object,
      /^InvalidParameterValue: Message \(user\) attribute 'a' must contain a non-empty value of type 'String'\.$/,
    ],
    [
      'x',
      attribute('öther', { DataType: 'String', StringValue: 'x' }) as object,
      /attribute name 'öther' is invalid/,
    ],
    ['x', attribute('a', { DataType: 'Number', StringValue: 'x' }) as object, /Can't cast the value/],
    [
      'x',
      attribute('a..b', { DataType: 'String', StringValue: 'x' }) as object,
      /Invalid message attribute name/,
    ],
    [
      'x',
      attribute('AWS.x', { DataType: 'String', StringValue: 'x' }) as object,
      /reserved for internal use/,
    ],
  ]
  for (const [body, more, text] of cases)
    assert.match(await refusal(async () => await queue.send(body, more)), text)
  await queue.send('x'.repeat(1_048_576))
  await queue.send('\t\n\r \ud83d\ude00')
  const many = Object.fromEntries(
    Array.from({ length: 11 }, (_, i) => [`a${i}`, { DataType: 'String', StringValue: 'x' }]),
  )
  assert.match(
    await refusal(async () => await queue.send('x', { MessageAttributes: many })),
    /\[11\] exceeds the allowed maximum \[10\]/,
  )
})

test('standard queues refuse attributes of FIFO queues, and batches say in words of their own what is wrong', async () => {
  const fake = begin()
  const make = async (Attributes: Record<string, string>, QueueName = 'q'): Promise<string> =>
    await refusal(
      async () => await sqs.operations.CreateQueue({ QueueName, Attributes }, fake.state, fakeCall()),
    )
  for (const name of ['DeduplicationScope', 'FifoThroughputLimit'])
    assert.equal(
      await make({ [name]: 'queue' }),
      `InvalidAttributeName: You can specify the ${name} only when FifoQueue is set to true.`,
    )
  assert.match(
    await make({ ContentBasedDeduplication: 'false' }),
    /Unknown Attribute ContentBasedDeduplication\.$/,
  )
  const fifo = await FakeQueue.make(fake, 'q.fifo')
  const small = await FakeQueue.make(fake, 'small', { MaximumMessageSize: '1024' })
  const batch = (QueueUrl: string, more: object): unknown =>
    sqs.operations.SendMessageBatch(
      { QueueUrl, Entries: [{ Id: 'a', MessageBody: 'x', ...more }] },
      fake.state,
      fakeCall(),
    )
  assert.equal(
    await refusal(() => batch(fifo.url, { MessageDeduplicationId: 'd' })),
    'InvalidParameterValue: The request must contain the parameter MessageGroupId.',
  )
  assert.equal(
    await refusal(() => batch(fifo.url, { MessageGroupId: 'g' })),
    'InvalidParameterValue: The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
  )
  const { Failed = [] } = (await batch(small.url, { MessageBody: 'x'.repeat(1_025) })) as {
    Failed?: { Message?: string }[]
  }
  assert.equal(
    Failed[0]?.Message,
    'One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.',
  )
})

test('batches are refused as a whole for their own rules, and by entry for the others', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  const send = async (entries: readonly (readonly [string, string])[]): Promise<unknown> =>
    await sqs.operations.SendMessageBatch(
      { QueueUrl: queue.url, Entries: entries.map(([Id, MessageBody]) => ({ Id, MessageBody })) },
      fake.state,
      fakeCall(),
    )
  const eleven = Array.from({ length: 11 }, (_, i) => [String(i), 'x'] as const)
  assert.match(await refusal(async () => await send([])), /^EmptyBatchRequest/)
  assert.equal(
    await refusal(async () => await send(eleven)),
    'TooManyEntriesInBatchRequest: Maximum number of entries per request are 10. You have sent 11.',
  )
  assert.equal(
    await refusal(
      async () =>
        await send([
          ['a', 'x'],
          ['a', 'x'],
        ]),
    ),
    'BatchEntryIdsNotDistinct: Id a repeated.',
  )
  assert.match(await refusal(async () => await send([['a b', 'x']])), /^InvalidBatchEntryId/)
  const half = 'x'.repeat(600_000)
  assert.equal(
    await refusal(
      async () =>
        await send([
          ['a', half],
          ['b', half],
        ]),
    ),
    'BatchRequestTooLong: Batch requests cannot be longer than 1048576 bytes. You have sent 1200000 bytes.',
  )
  const answer = await sqs.operations.SendMessageBatch(
    {
      QueueUrl: queue.url,
      Entries: [
        { Id: 'good', MessageBody: 'x' },
        { Id: 'bad', MessageBody: '\u0001' },
      ],
    },
    fake.state,
    fakeCall(),
  )
  assert.deepEqual(
    answer.Successful.map(({ Id }) => Id),
    ['good'],
  )
  assert.deepEqual(
    answer.Failed.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault]),
    [['bad', 'InvalidMessageContents', true]],
  )
})

test('ReceiveMessage refuses numbers out of their range', async () => {
  const fake = begin()
  const queue = await FakeQueue.make(fake, 'orders')
  const cases: readonly (readonly [object, string])[] = [
    [
      { MaxNumberOfMessages: 11 },
      'Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.',
    ],
    [
      { WaitTimeSeconds: 21 },
      'Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.',
    ],
    [
      { VisibilityTimeout: 43_201 },
      'Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.',
    ],
  ]
  for (const [more, text] of cases)
    assert.equal(await refusal(async () => await queue.receive(more)), `InvalidParameterValue: ${text}`)
})

test('the query protocol hears of the wsdl when a queue is missing', async () => {
  const fake = begin()
  const input = { QueueUrl: 'http://localhost:4566/000000000000/nobody' }
  const query = fakeCall({
    headers: { host: 'localhost', 'content-type': 'application/x-www-form-urlencoded' },
  })
  assert.equal(
    await refusal(async () => await sqs.operations.ReceiveMessage(input, fake.state, query)),
    'QueueDoesNotExist: The specified queue does not exist for this wsdl version.',
  )
})
