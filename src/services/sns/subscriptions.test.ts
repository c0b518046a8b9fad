/** Subscriptions: what is refused and how, idempotency, confirmation, attributes, pages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text } from '#base/bytes.ts'
import { parseJson, stringAt } from '#base/json.ts'
import { memoryStores } from '#host/store/memory.ts'
import { DEAD, type FakeSns, fakeSns, FUNCTION, QUEUE } from '#services/sns/fake-sns.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fresh = (): FakeSns => fakeSns(memoryStores(), turn)
const INVALID = 'InvalidParameterException: Invalid parameter: '
const HOOK = 'http://example.com/hook'

async function posted(sns: FakeSns, count: number): Promise<unknown> {
  for (let i = 0; i < 100_000 && sns.posted.length < count; i++) await turn()
  return parseJson(text(sns.posted[count - 1]?.body ?? new Uint8Array(0)))
}

test('Subscribe refuses protocols and endpoints as AWS does', async () => {
  const sns = fresh()
  const standard = await sns.topic('one')
  const fifo = await sns.topic('one.fifo', { FifoTopic: 'true' })
  const cases: readonly (readonly [string, string, string, string])[] = [
    [
      standard,
      'test-protocol',
      'x',
      `${INVALID}Amazon SNS does not support this protocol string: test-protocol`,
    ],
    [standard, 'http', 'https://example.com', `${INVALID}Endpoint must match the specified protocol`],
    [standard, 'sqs', 'http://localhost:4566/000000000000/queue', `${INVALID}SQS endpoint ARN`],
    [standard, 'lambda', QUEUE, `${INVALID}Lambda endpoint ARN`],
    [standard, 'sms', 'NAA+15551234567', 'InvalidParameterException: Invalid SMS endpoint: NAA+15551234567'],
    [standard, 'sms', '+15--551234567', 'InvalidParameterException: Invalid SMS endpoint: +15--551234567'],
    [
      standard,
      'sqs',
      `${QUEUE}.fifo`,
      `${INVALID}Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics`,
    ],
  ]
  for (const [TopicArn, Protocol, Endpoint, refusal] of cases)
    assert.equal(await sns.refusal('Subscribe', { TopicArn, Protocol, Endpoint }), refusal)
  assert.equal(
    await sns.refusal('Subscribe', { TopicArn: fifo, Protocol: 'lambda', Endpoint: FUNCTION }),
    `${INVALID}Invalid protocol type: lambda`,
  )
  const firehose = 'arn:aws:firehose:us-east-1:000000000000:deliverystream/x'
  assert.match(
    await sns.refusal('Subscribe', { TopicArn: standard, Protocol: 'firehose', Endpoint: firehose }),
    /^NotImplemented: .*firehose/,
  )
})

test('attributes of subscriptions are refused with their operation in the text', async () => {
  const sns = fresh()
  const TopicArn = await sns.topic('one')
  const SubscriptionArn = await sns.subscribe(TopicArn, 'sqs', QUEUE)
  const cases: readonly (readonly [string, string, string])[] = [
    ['Nonsense', 'x', 'AttributeName'],
    [
      'RawMessageDelivery',
      'test-ValUe',
      'RawMessageDelivery: Invalid value [test-ValUe]. Must be true or false.',
    ],
    [
      'FilterPolicyScope',
      'RandomValue',
      'FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or MessageAttributes',
    ],
    ['RedrivePolicy', '{"deadLetterTargetArn":"x"}', 'RedrivePolicy: deadLetterTargetArn is an invalid arn'],
    [
      'FilterPolicy',
      '{"a":["b"],"b":["b"],"c":["b"],"d":["b"],"e":["b"],"f":["b"]}',
      'FilterPolicy: Filter policy can not have more than 5 keys',
    ],
  ]
  for (const [AttributeName, AttributeValue, refusal] of cases) {
    const set = { SubscriptionArn, AttributeName, AttributeValue }
    assert.equal(await sns.refusal('SetSubscriptionAttributes', set), `${INVALID}${refusal}`)
    const Attributes = { [AttributeName]: AttributeValue }
    assert.equal(
      await sns.refusal('Subscribe', { TopicArn, Protocol: 'sqs', Endpoint: `${QUEUE}2`, Attributes }),
      `${INVALID}Attributes Reason: ${refusal}`,
    )
  }
  const fifo = await sns.topic('one.fifo', { FifoTopic: 'true' })
  const Attributes = { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: DEAD }) }
  assert.equal(
    await sns.refusal('Subscribe', {
      TopicArn: fifo,
      Protocol: 'sqs',
      Endpoint: `${QUEUE}.fifo`,
      Attributes,
    }),
    `${INVALID}Attributes Reason: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.`,
  )
})

test('a nested policy fits the scope MessageBody only', async () => {
  const sns = fresh()
  const TopicArn = await sns.topic('one')
  const SubscriptionArn = await sns.subscribe(TopicArn, 'sqs', QUEUE)
  const set = async (AttributeName: string, AttributeValue: string) =>
    await sns.call('SetSubscriptionAttributes', { SubscriptionArn, AttributeName, AttributeValue })
  const nested = JSON.stringify({ a: { b: ['c'] } })
  const input = { SubscriptionArn, AttributeName: 'FilterPolicy', AttributeValue: nested }
  assert.equal(
    await sns.refusal('SetSubscriptionAttributes', input),
    `${INVALID}Filter policy scope MessageAttributes does not support nested filter policy`,
  )
  await set('FilterPolicyScope', 'MessageBody')
  await set('FilterPolicy', nested)
  const shown = async () => (await sns.call('GetSubscriptionAttributes', { SubscriptionArn })).Attributes
  assert.equal((await shown())?.['FilterPolicyScope'], 'MessageBody')
  await set('FilterPolicy', '{}')
  assert.equal((await shown())?.['FilterPolicy'], undefined)
})

test('Subscribe answers the same subscription for what is there, and refuses other attributes', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  const first = await sns.subscribe(arn, 'sqs', QUEUE, { RawMessageDelivery: 'true' })
  assert.equal(await sns.subscribe(arn, 'sqs', QUEUE), first)
  assert.equal(await sns.subscribe(arn, 'sqs', QUEUE, { RawMessageDelivery: 'True' }), first)
  const Attributes = { RawMessageDelivery: 'false' }
  assert.equal(
    await sns.refusal('Subscribe', { TopicArn: arn, Protocol: 'sqs', Endpoint: QUEUE, Attributes }),
    `${INVALID}Attributes Reason: Subscription already exists with different attributes`,
  )
  const listed = await sns.call('ListSubscriptionsByTopic', { TopicArn: arn })
  assert.equal(listed.Subscriptions?.length, 1)
})

test('GetSubscriptionAttributes shows what AWS shows', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  const SubscriptionArn = await sns.subscribe(arn, 'sqs', QUEUE)
  assert.deepEqual((await sns.call('GetSubscriptionAttributes', { SubscriptionArn })).Attributes, {
    ConfirmationWasAuthenticated: 'true',
    Endpoint: QUEUE,
    Owner: '000000000000',
    PendingConfirmation: 'false',
    Protocol: 'sqs',
    RawMessageDelivery: 'false',
    SubscriptionArn,
    SubscriptionPrincipal: 'arn:aws:iam::000000000000:root',
    TopicArn: arn,
  })
  const DeliveryPolicy = JSON.stringify({
    healthyRetryPolicy: { minDelayTarget: 1, maxDelayTarget: 1, numRetries: 0 },
    throttlePolicy: { maxReceivesPerSecond: 1000 },
  })
  const hook = await sns.subscribe(arn, 'http', HOOK, { DeliveryPolicy })
  const shown = (await sns.call('GetSubscriptionAttributes', { SubscriptionArn: hook })).Attributes
  assert.deepEqual(parseJson(shown?.['DeliveryPolicy'] ?? ''), {
    healthyRetryPolicy: {
      minDelayTarget: 1,
      maxDelayTarget: 1,
      numRetries: 0,
      numMaxDelayRetries: 0,
      numNoDelayRetries: 0,
      numMinDelayRetries: 0,
      backoffFunction: 'linear',
    },
    sicklyRetryPolicy: null,
    throttlePolicy: { maxReceivesPerSecond: 1000 },
    requestPolicy: null,
    guaranteed: false,
  })
  assert.equal(
    stringAt(parseJson(shown?.['EffectiveDeliveryPolicy'] ?? '') as never, 'requestPolicy'),
    undefined,
  )
})

test('ConfirmSubscription refuses as AWS does, and confirms twice alike', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  const answer = await sns.call('Subscribe', { TopicArn: arn, Protocol: 'http', Endpoint: HOOK })
  assert.equal(answer.SubscriptionArn, 'pending confirmation')
  const Token = stringAt(await posted(sns, 1), 'Token') ?? ''
  assert.match(Token, /^[0-9a-f]{288}$/)
  const refused = async (TopicArn: string, token: string): Promise<string> =>
    await sns.refusal('ConfirmSubscription', { TopicArn, Token: token })
  assert.equal(await refused('nonsense', Token), `${INVALID}Topic`)
  assert.equal(await refused(arn.replace('us-east-1', 'eu-west-1'), Token), `${INVALID}Topic`)
  assert.equal(await refused(arn, 'random'), `${INVALID}Token`)
  assert.equal(await refused(arn, '0'.repeat(288)), 'InvalidParameterException: Invalid token')
  const listed = async () => (await sns.call('ListSubscriptions', {})).Subscriptions?.[0]?.SubscriptionArn
  assert.equal(await listed(), 'PendingConfirmation')
  const confirmed = await sns.call('ConfirmSubscription', { TopicArn: arn, Token })
  assert.deepEqual(await sns.call('ConfirmSubscription', { TopicArn: arn, Token }), confirmed)
  assert.equal(await listed(), confirmed.SubscriptionArn)
})

test('a token is good for three days', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  await sns.subscribe(arn, 'http', HOOK)
  const Token = stringAt(await posted(sns, 1), 'Token') ?? ''
  await sns.clock.advance(3 * 86_400_000 + 1)
  assert.equal(
    await sns.refusal('ConfirmSubscription', { TopicArn: arn, Token }),
    'InvalidParameterException: Invalid token',
  )
})

test('Unsubscribe tells an endpoint, whose token brings the subscription back', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  const SubscriptionArn = await sns.subscribe(arn, 'http', HOOK)
  const asked = await posted(sns, 1)
  await sns.call('ConfirmSubscription', { TopicArn: arn, Token: stringAt(asked, 'Token') ?? '' })
  await sns.call('Unsubscribe', { SubscriptionArn })
  await sns.call('Unsubscribe', { SubscriptionArn })
  const told = await posted(sns, 2)
  assert.equal(stringAt(told, 'Type'), 'UnsubscribeConfirmation')
  assert.match(stringAt(told, 'Message') ?? '', /^You have chosen to deactivate subscription /)
  assert.equal(
    await sns.refusal('GetSubscriptionAttributes', { SubscriptionArn }),
    'NotFoundException: Subscription does not exist',
  )
  await sns.call('ConfirmSubscription', { TopicArn: arn, Token: stringAt(told, 'Token') ?? '' })
  const { Attributes } = await sns.call('GetSubscriptionAttributes', { SubscriptionArn })
  assert.equal(Attributes?.['PendingConfirmation'], 'false')
})

test('a subscription that asked for it is ended by signed requests only', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  const SubscriptionArn = await sns.subscribe(arn, 'http', HOOK)
  const Token = stringAt(await posted(sns, 1), 'Token') ?? ''
  await sns.call('ConfirmSubscription', { TopicArn: arn, Token, AuthenticateOnUnsubscribe: 'true' })
  assert.match(
    await sns.refusal('Unsubscribe', { SubscriptionArn }, { accessKeyId: undefined }),
    /^AuthorizationErrorException/,
  )
  await sns.call('Unsubscribe', { SubscriptionArn })
})

test('Unsubscribe refuses ARNs as AWS does', async () => {
  const sns = fresh()
  const refused = async (SubscriptionArn: string): Promise<string> =>
    await sns.refusal('Unsubscribe', { SubscriptionArn })
  const elements = (n: number): string =>
    `${INVALID}SubscriptionArn Reason: An ARN must have at least 6 elements, not ${n}`
  assert.equal(await refused('x'), elements(1))
  assert.equal(await refused('arn:aws:sns:us-east-1:x'), elements(5))
  assert.equal(await refused('arn:aws:sns:us-east-1:000000000000:x'), `${INVALID}SubscriptionId`)
  assert.equal(await refused(''), `${INVALID}SubscriptionArn Reason: no value for required parameter`)
})

test('ListSubscriptionsByTopic pages by a hundred, and a FIFO topic has no more than that', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  for (let i = 0; i < 101; i++) await sns.subscribe(arn, 'sqs', `${QUEUE}${i}`)
  const first = await sns.call('ListSubscriptionsByTopic', { TopicArn: arn })
  const second = await sns.call('ListSubscriptionsByTopic', { TopicArn: arn, NextToken: first.NextToken })
  assert.equal(first.Subscriptions?.length, 100)
  assert.equal(second.Subscriptions?.length, 1)
  assert.equal(second.NextToken, undefined)
  const fifo = await sns.topic('one.fifo', { FifoTopic: 'true' })
  for (let i = 0; i < 100; i++) await sns.subscribe(fifo, 'sqs', `${QUEUE}${i}.fifo`)
  assert.match(
    await sns.refusal('Subscribe', { TopicArn: fifo, Protocol: 'sqs', Endpoint: `${QUEUE}100.fifo` }),
    /^SubscriptionLimitExceededException/,
  )
})
