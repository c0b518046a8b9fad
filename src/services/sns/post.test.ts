/** Posts to endpoints: consent, headers, retries by policy, pace; all on a clock that the test moves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text } from '#base/bytes.ts'
import { parseJson, stringAt } from '#base/json.ts'
import { memoryStores } from '#host/store/memory.ts'
import { DEAD, type FakeSns, fakeSns } from '#services/sns/fake-sns.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fresh = (): FakeSns => fakeSns(memoryStores(), turn)
const redrive = { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: DEAD }) }

/** Waits, in turns of the event loop, for work that goes on in other threads. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000; i++) {
    if (holds()) return
    await turn()
  }
  assert.fail(`it never came to: ${what}`)
}

const URL_1 = 'http://example.com/hook'

async function confirmed(sns: FakeSns, arn: string, attributes = {}): Promise<string> {
  const subscription = await sns.subscribe(arn, 'http', URL_1, attributes)
  await until('a confirmation', () => sns.posted.length > 0)
  const asked = parseJson(text(sns.posted[0]?.body ?? new Uint8Array(0)))
  await sns.call('ConfirmSubscription', { TopicArn: arn, Token: stringAt(asked, 'Token') ?? '' })
  sns.posted.length = 0
  return subscription
}

test('an endpoint is asked first, and posted to once it has agreed', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  await sns.subscribe(arn, 'http', URL_1)
  await sns.call('Publish', { TopicArn: arn, Message: 'too early' })
  await until('a confirmation', () => sns.posted.length === 1)
  assert.equal(sns.posted[0]?.headers['x-amz-sns-message-type'], 'SubscriptionConfirmation')
  const asked = parseJson(text(sns.posted[0]?.body ?? new Uint8Array(0)))
  const address = new URL(stringAt(asked, 'SubscribeURL') ?? '')
  assert.equal(address.searchParams.get('Action'), 'ConfirmSubscription')
  const unsigned = { accessKeyId: undefined }
  const input = { TopicArn: arn, Token: address.searchParams.get('Token') ?? '' }
  const { SubscriptionArn } = await sns.call('ConfirmSubscription', input, unsigned)
  await sns.call('Publish', { TopicArn: arn, Message: 'hello', Subject: 'greeting' })
  await until('a notification', () => sns.posted.length === 2)
  const posted = sns.posted[1]
  assert.deepEqual(
    Object.fromEntries(
      Object.entries(posted?.headers ?? {}).filter(([name]) => /^x-amz|content-type/i.test(name)),
    ),
    {
      'Content-Type': 'text/plain; charset=UTF-8',
      'x-amz-sns-message-type': 'Notification',
      'x-amz-sns-message-id': stringAt(parseJson(text(posted?.body ?? new Uint8Array(0))), 'MessageId'),
      'x-amz-sns-topic-arn': arn,
      'x-amz-sns-subscription-arn': SubscriptionArn,
    },
  )
  const shown = (await sns.call('GetSubscriptionAttributes', { SubscriptionArn: SubscriptionArn ?? '' }))
    .Attributes
  assert.equal(shown?.['ConfirmationWasAuthenticated'], 'false')
  assert.equal(shown?.['PendingConfirmation'], 'false')
})

test('posts follow the policy of the subscription: 5xx and silence are tried again, 4xx are not', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  const healthyRetryPolicy = {
    numRetries: 4,
    numNoDelayRetries: 1,
    numMinDelayRetries: 1,
    minDelayTarget: 2,
    maxDelayTarget: 10,
    numMaxDelayRetries: 1,
  }
  // raw: a signature takes turns of the event loop
  const raw = { ...redrive, RawMessageDelivery: 'true' }
  await confirmed(sns, arn, { ...raw, DeliveryPolicy: JSON.stringify({ healthyRetryPolicy }) })
  const answer = (status: number) =>
    ({ kind: 'answered', status, headers: {}, body: new Uint8Array(0) }) as const
  sns.answers.set(URL_1, [
    answer(500),
    { kind: 'timed-out' },
    { kind: 'unreachable', reason: 'ECONNREFUSED' },
    answer(429),
    answer(503),
  ])
  const start = sns.clock.elapsed()
  await sns.call('Publish', { TopicArn: arn, Message: 'hello' })
  await until('a post', () => sns.posted.length > 0)
  for (let i = 0; i < 100 && sns.delivered.length === 0; i++) await sns.clock.advance(500)
  assert.deepEqual(
    sns.posted.map(({ atMs }) => atMs - start),
    [0, 0, 2_000, 4_000, 14_000],
  )
  assert.equal(sns.delivered[0]?.arn, DEAD)
  sns.posted.length = 0
  sns.answers.set(URL_1, [answer(404)])
  await sns.call('Publish', { TopicArn: arn, Message: 'refused' })
  await until('a dead letter', () => sns.delivered.length === 2)
  assert.equal(sns.posted.length, 1)
})

test('maxReceivesPerSecond spreads posts over time without using up attempts', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  const DeliveryPolicy = JSON.stringify({ throttlePolicy: { maxReceivesPerSecond: 2 } })
  await confirmed(sns, arn, { DeliveryPolicy, RawMessageDelivery: 'true' })
  const start = sns.clock.elapsed()
  for (let i = 0; i < 6; i++) await sns.call('Publish', { TopicArn: arn, Message: `${i}` })
  await until('a post', () => sns.posted.length > 0)
  for (let i = 0; i < 100 && sns.posted.length < 6; i++) await sns.clock.advance(100)
  assert.deepEqual(
    sns.posted.map(({ atMs }) => atMs - start),
    [0, 500, 1_000, 1_500, 2_000, 2_500],
  )
  assert.equal(sns.posted[0]?.headers['x-amz-sns-rawdelivery'], 'true')
})
