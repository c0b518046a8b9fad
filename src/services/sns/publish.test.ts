/** Publish and PublishBatch: what is refused and how, what is billed; and messages that come from other services. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '#base/bytes.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION } from '#base/ids.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { PublishInput } from '#model/sns.ts'
import type { DeliveryMessage } from '#ports/targets.ts'
import { acceptSns } from '#services/sns/accept.ts'
import { bodyOf, type FakeSns, fakeCall, fakeSns, QUEUE } from '#services/sns/fake-sns.ts'
import { byteLength } from '#services/sns/message.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fresh = (): FakeSns => fakeSns(memoryStores(), turn)
const INVALID = 'InvalidParameterException: Invalid parameter: '
const VALUE = 'InvalidParameterValueException: '
const text = (StringValue: string, DataType = 'String') => ({ DataType, StringValue })
const bytes = (DataType: string) => ({ DataType, BinaryValue: Uint8Array.of(1) })

test('Publish refuses messages as AWS does', async () => {
  const sns = fresh()
  const TopicArn = await sns.topic('one')
  const cases: readonly (readonly [Partial<PublishInput>, string])[] = [
    [{ Message: '' }, `${INVALID}Empty message`],
    [{ Subject: '' }, `${INVALID}Subject`],
    [{ Subject: 'two\nlines' }, `${INVALID}Subject`],
    [{ Subject: 'x'.repeat(101) }, `${INVALID}Subject`],
    [{ Message: 'x'.repeat(262_145) }, `${INVALID}Message too long`],
    [{ Message: 'ä'.repeat(131_073) }, `${INVALID}Message too long`],
    [{ Message: 'x'.repeat(262_144), MessageAttributes: { a: text('b') } }, `${INVALID}Message too long`],
    [
      { Message: '{"sqs":"x"}', MessageStructure: 'json' },
      `${INVALID}Message Structure - No default entry in JSON message body`,
    ],
    [
      { Message: 'no json', MessageStructure: 'json' },
      `${INVALID}Message Structure - JSON message body failed to parse`,
    ],
    [
      { MessageDeduplicationId: 'd' },
      `${INVALID}MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type`,
    ],
    [
      { MessageAttributes: { attr1: text('') } },
      `${VALUE}The message attribute 'attr1' must contain non-empty message attribute value for message attribute type 'String'.`,
    ],
    [
      { MessageAttributes: { attr1: bytes('Number') } },
      `${VALUE}The message attribute 'attr1' with type 'Number' must use field 'String'.`,
    ],
    [
      { MessageAttributes: { attr1: text('x', 'Binary') } },
      `${VALUE}The message attribute 'attr1' with type 'Binary' must use field 'Binary'.`,
    ],
    [
      { MessageAttributes: { attr1: text('x', 'InvalidType') } },
      `${VALUE}The message attribute 'attr1' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    ],
    [
      { MessageAttributes: { 'a^': text('x') } },
      `${VALUE}Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.`,
    ],
    [
      { MessageAttributes: { '.a': text('x') } },
      `${VALUE}Invalid message attribute name starting with character '.' was found.`,
    ],
    [
      { MessageAttributes: { 'a..b': text('x') } },
      `${VALUE}Message attribute name can not have successive '.' character.`,
    ],
    [
      { MessageAttributes: { ['a'.repeat(257)]: text('x') } },
      `${VALUE}Length of message attribute name must be less than 256 bytes.`,
    ],
  ]
  for (const [more, refusal] of cases)
    assert.equal(await sns.refusal('Publish', { TopicArn, Message: 'hello', ...more }), refusal)
  assert.equal(sns.usage.length, 0)
})

test('Publish refuses receivers as AWS does', async () => {
  const sns = fresh()
  const refused = async (to: Partial<PublishInput>): Promise<string> =>
    await sns.refusal('Publish', { Message: 'hello', ...to })
  const arn = 'arn:aws:sns:us-east-1:000000000000:none'
  assert.equal(await refused({ TopicArn: arn }), 'NotFoundException: Topic does not exist')
  assert.equal(await refused({ TargetArn: arn }), 'NotFoundException: Topic does not exist')
  assert.equal(
    await refused({ TopicArn: 'randomstring:1' }),
    `${INVALID}TopicArn Reason: An ARN must have at least 6 elements, not 2`,
  )
  assert.equal(
    await refused({ TargetArn: 'arn:aws:sns:us-east-1:000000000000:endpoint/APNS/a/b' }),
    `${INVALID}TargetArn Reason: No endpoint found for the target arn specified`,
  )
  assert.equal(
    await refused({ PhoneNumber: '+1a234' }),
    `${INVALID}PhoneNumber Reason: +1a234 is not valid to publish to`,
  )
  assert.match(await refused({ PhoneNumber: '+15551234567' }), /^NotImplemented: .*SMS/)
})

test('PublishBatch refuses the request as a whole, or an entry alone', async () => {
  const sns = fresh()
  const TopicArn = await sns.topic('one')
  await sns.subscribe(TopicArn, 'sqs', QUEUE, { RawMessageDelivery: 'true' })
  const refused = async (entries: readonly { Id: string; Message: string }[]): Promise<string> =>
    await sns.refusal('PublishBatch', { TopicArn, PublishBatchRequestEntries: entries })
  const entry = (Id: string, Message = 'hello') => ({ Id, Message })
  assert.match(await refused([]), /^EmptyBatchRequestException: /)
  assert.equal(
    await refused(Array.from({ length: 11 }, (_, i) => entry(`${i}`))),
    'TooManyEntriesInBatchRequestException: The batch request contains more entries than permissible.',
  )
  assert.equal(
    await refused([entry('1'), entry('1')]),
    'BatchEntryIdsNotDistinctException: Two or more batch entries in the request have the same Id.',
  )
  assert.equal(
    await refused([entry('a.b')]),
    'InvalidBatchEntryIdException: The Id of a batch entry in the batch request contains an impermissible character: a.b',
  )
  assert.equal(
    await refused([entry('1', 'x'.repeat(200_000)), entry('2', 'x'.repeat(100_000))]),
    'BatchRequestTooLongException: The length of all the messages put together is more than the limit.',
  )
  const answer = await sns.call('PublishBatch', {
    TopicArn,
    PublishBatchRequestEntries: [
      entry('good'),
      { ...entry('bad', '{}'), MessageStructure: 'json' },
      { ...entry('empty', '') },
    ],
  })
  assert.deepEqual(
    answer.Successful?.map(({ Id }) => Id),
    ['good'],
  )
  assert.deepEqual(answer.Failed, [
    {
      Id: 'bad',
      Code: 'InvalidParameter',
      Message: 'Invalid parameter: Message Structure - No default entry in JSON message body',
      SenderFault: true,
    },
    { Id: 'empty', Code: 'InvalidParameter', Message: 'Invalid parameter: Empty message', SenderFault: true },
  ])
  await sns.clock.settle()
  assert.deepEqual(sns.delivered.map(bodyOf), ['hello'])
})

test('PublishBatch hands its entries over in their order', async () => {
  const sns = fresh()
  const TopicArn = await sns.topic('one')
  await sns.subscribe(TopicArn, 'sqs', QUEUE)
  const entries = Array.from({ length: 10 }, (_, i) => ({ Id: `${i}`, Message: `message ${i}` }))
  for (let round = 0; round < 3; round++)
    await sns.call('PublishBatch', { TopicArn, PublishBatchRequestEntries: entries })
  const texts = sns.delivered.map((each) => /"Message" : "(.*)"/.exec(bodyOf(each))?.[1])
  const once = entries.map(({ Message }) => Message)
  assert.deepEqual(texts, [...once, ...once, ...once])
})

test('a FIFO topic demands a group and an id', async () => {
  const sns = fresh()
  const TopicArn = await sns.topic('one.fifo', { FifoTopic: 'true' })
  const entry = { Id: '1', Message: 'x' }
  for (const refused of [
    async (more: object) => await sns.refusal('Publish', { TopicArn, Message: 'x', ...more }),
    async (more: object) =>
      await sns.refusal('PublishBatch', { TopicArn, PublishBatchRequestEntries: [{ ...entry, ...more }] }),
  ]) {
    assert.equal(
      await refused({ MessageDeduplicationId: 'd' }),
      `${INVALID}The MessageGroupId parameter is required for FIFO topics`,
    )
    assert.equal(
      await refused({ MessageGroupId: 'g' }),
      `${INVALID}The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly`,
    )
  }
})

test('a publish is billed by 64 KB, a delivery by its protocol, FIFO topics by message and byte', async () => {
  const sns = fresh()
  const standard = await sns.topic('one')
  await sns.subscribe(standard, 'sqs', QUEUE, { RawMessageDelivery: 'true' })
  await sns.call('Publish', { TopicArn: standard, Message: 'x'.repeat(65_537) })
  const fifo = await sns.topic('one.fifo', { FifoTopic: 'true', ContentBasedDeduplication: 'true' })
  await sns.subscribe(fifo, 'sqs', `${QUEUE}.fifo`, { RawMessageDelivery: 'true' })
  await sns.call('Publish', { TopicArn: fifo, Message: '12345', MessageGroupId: 'g' })
  await sns.clock.settle()
  assert.deepEqual(
    sns.usage
      .toSorted((a, b) => a.dimension.localeCompare(b.dimension))
      .map(({ dimension, quantity, unit }) => [dimension, quantity, unit]),
    [
      ['deliverySqs', 1, 'count'],
      ['fifoDelivery', 1, 'count'],
      ['fifoDeliveryPayload', 5, 'bytes'],
      ['fifoPublish', 1, 'count'],
      ['fifoPublishPayload', 5, 'bytes'],
      ['standardPublish', 2, 'count'],
    ],
  )
})

test('acceptSns() publishes what other services hand over, and refuses what Publish refuses', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  await sns.subscribe(arn, 'sqs', QUEUE, { RawMessageDelivery: 'true' })
  const accept = acceptSns(sns.state)
  const hand = async (to: string, payload: string, message?: DeliveryMessage) =>
    await accept({
      arn: to,
      payload: utf8(payload),
      mode: 'hand-over',
      principal: 's3.amazonaws.com',
      account: DEFAULT_ACCOUNT,
      region: DEFAULT_REGION,
      span: fakeCall().span,
      message,
    })
  const attributes = { code: { dataType: 'Number', stringValue: '200' } }
  assert.deepEqual(await hand(arn, 'from a bucket', { subject: 'Amazon S3 Notification', attributes }), {
    kind: 'accepted',
  })
  await sns.clock.settle()
  assert.deepEqual(sns.delivered.map(bodyOf), ['from a bucket'])
  assert.deepEqual(sns.delivered[0]?.message?.attributes, {
    code: { dataType: 'Number', stringValue: '200' },
  })
  assert.deepEqual(await hand(`${arn}x`, 'x'), {
    kind: 'refused',
    code: 'NotFoundException',
    message: 'Topic does not exist',
  })
  assert.equal((await hand(arn, '')).kind, 'refused')
})

test('byteLength() is the length in UTF-8', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => byteLength(value) === utf8(value).length))
})
