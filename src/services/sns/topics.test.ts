/** Topics: names, idempotency, attributes, policies, tags, pages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson, valueAt } from '#base/json.ts'
import { memoryStores } from '#host/store/memory.ts'
import { type FakeSns, fakeSns, QUEUE } from '#services/sns/fake-sns.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fresh = (): FakeSns => fakeSns(memoryStores(), turn)
const INVALID = 'InvalidParameterException: Invalid parameter: '

async function attributes(sns: FakeSns, TopicArn: string): Promise<Readonly<Record<string, string>>> {
  return (await sns.call('GetTopicAttributes', { TopicArn })).Attributes ?? {}
}

test('CreateTopic answers the same topic for what is there, and refuses what differs', async () => {
  const sns = fresh()
  const arn = await sns.topic('one', { DisplayName: 'Value1' })
  assert.equal(arn, 'arn:aws:sns:us-east-1:000000000000:one')
  assert.equal(await sns.topic('one'), arn)
  assert.equal(await sns.topic('one', { DisplayName: 'Value1' }), arn)
  const different = `${INVALID}Attributes Reason: Topic already exists with different attributes`
  assert.equal(await sns.refusal('CreateTopic', { Name: 'one', Attributes: { DisplayName: 'x' } }), different)
  assert.equal(
    await sns.refusal('CreateTopic', { Name: 'one', Attributes: { KmsMasterKeyId: 'k' } }),
    different,
  )
  const Tags = [{ Key: 'a', Value: '1' }]
  assert.equal(
    await sns.refusal('CreateTopic', { Name: 'one', Tags }),
    `${INVALID}Tags Reason: Topic already exists with different tags`,
  )
})

test('CreateTopic refuses names that AWS refuses', async () => {
  const sns = fresh()
  for (const [Name, Attributes] of [
    ['', {}],
    ['a b', {}],
    ['x'.repeat(257), {}],
    ['one.fifo', {}],
    ['one', { FifoTopic: 'true' }],
    ['one.two.fifo', { FifoTopic: 'true' }],
  ] as const)
    assert.equal(await sns.refusal('CreateTopic', { Name, Attributes }), `${INVALID}Topic Name`)
  assert.match(await sns.topic('one.fifo', { FifoTopic: 'true' }), /one\.fifo$/)
})

test('operations refuse ARNs as AWS does', async () => {
  const sns = fresh()
  const refused = async (TopicArn: string): Promise<string> =>
    await sns.refusal('GetTopicAttributes', { TopicArn })
  assert.equal(await refused('x'), `${INVALID}TopicArn Reason: An ARN must have at least 6 elements, not 1`)
  assert.equal(await refused('arn:aws:sns:eu-west-1:000000000000:one'), `${INVALID}TopicArn`)
  assert.equal(
    await refused('arn:aws:sns:us-east-1:000000000000:one'),
    'NotFoundException: Topic does not exist',
  )
})

test('GetTopicAttributes shows what AWS shows', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  await sns.subscribe(arn, 'sqs', QUEUE)
  await sns.subscribe(arn, 'email', 'a@example.com')
  const { EffectiveDeliveryPolicy, Policy, ...shown } = await attributes(sns, arn)
  assert.deepEqual(shown, {
    DisplayName: '',
    Owner: '000000000000',
    SubscriptionsConfirmed: '1',
    SubscriptionsDeleted: '0',
    SubscriptionsPending: '1',
    TopicArn: arn,
  })
  assert.deepEqual(parseJson(EffectiveDeliveryPolicy ?? ''), {
    http: {
      defaultHealthyRetryPolicy: {
        minDelayTarget: 20,
        maxDelayTarget: 20,
        numRetries: 3,
        numMaxDelayRetries: 0,
        numNoDelayRetries: 0,
        numMinDelayRetries: 0,
        backoffFunction: 'linear',
      },
      disableSubscriptionOverrides: false,
      defaultRequestPolicy: { headerContentType: 'text/plain; charset=UTF-8' },
    },
  })
  assert.equal(valueAt(parseJson(Policy ?? ''), 'Id'), '__default_policy_ID')
})

test('SetTopicAttributes sets, clears and refuses', async () => {
  const sns = fresh()
  const arn = await sns.topic('one.fifo', { FifoTopic: 'true' })
  const set = { TopicArn: arn, AttributeName: 'DisplayName', AttributeValue: 'shown' }
  await sns.call('SetTopicAttributes', set)
  assert.equal((await attributes(sns, arn))['DisplayName'], 'shown')
  await sns.call('SetTopicAttributes', { ...set, AttributeValue: '' })
  assert.equal((await attributes(sns, arn))['DisplayName'], '')
  const refused = async (AttributeName: string, AttributeValue: string): Promise<string> =>
    await sns.refusal('SetTopicAttributes', { TopicArn: arn, AttributeName, AttributeValue })
  assert.equal(await refused('FifoTopic', 'false'), `${INVALID}AttributeName`)
  assert.equal(await refused('Nonsense', 'x'), `${INVALID}AttributeName`)
  assert.equal(await refused('SignatureVersion', '3'), `${INVALID}SignatureVersion`)
  assert.equal(await refused('TracingConfig', 'Off'), `${INVALID}TracingConfig`)
  assert.match(await refused('ArchivePolicy', '{"MessageRetentionPeriod":"30"}'), /^NotImplemented: /)
  const policy = JSON.stringify({
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: '*' }],
  })
  assert.equal(await refused('Policy', policy), `${INVALID}Policy statement action out of service scope!`)
})

test('a delivery policy is shown as given, and filled in where it takes effect', async () => {
  const sns = fresh()
  const arn = await sns.topic('one')
  const retry = { minDelayTarget: 5, maxDelayTarget: 6, numRetries: 1 }
  const set = async (value: unknown): Promise<void> =>
    void (await sns.call('SetTopicAttributes', {
      TopicArn: arn,
      AttributeName: 'DeliveryPolicy',
      AttributeValue: value === undefined ? '' : JSON.stringify(value),
    }))
  await set({ http: { defaultHealthyRetryPolicy: retry } })
  const shown = await attributes(sns, arn)
  assert.deepEqual(parseJson(shown['DeliveryPolicy'] ?? ''), {
    http: { defaultHealthyRetryPolicy: retry, disableSubscriptionOverrides: false },
  })
  const effective = valueAt(parseJson(shown['EffectiveDeliveryPolicy'] ?? ''), 'http')
  assert.deepEqual(valueAt(effective, 'defaultHealthyRetryPolicy'), {
    ...retry,
    numMaxDelayRetries: 0,
    numNoDelayRetries: 0,
    numMinDelayRetries: 0,
    backoffFunction: 'linear',
  })
  await set(undefined)
  const cleared = parseJson((await attributes(sns, arn))['DeliveryPolicy'] ?? '')
  assert.deepEqual(cleared, { http: { disableSubscriptionOverrides: false } })
})

test('AddPermission and RemovePermission change the policy', async () => {
  const sns = fresh()
  const TopicArn = await sns.topic('one')
  const grant = { TopicArn, Label: 'test', AWSAccountId: ['111122223333'], ActionName: ['Publish'] }
  await sns.call('AddPermission', grant)
  const policy = async (): Promise<unknown> => parseJson((await attributes(sns, TopicArn))['Policy'] ?? '')
  const statements = valueAt(await policy(), 'Statement')
  assert.ok(Array.isArray(statements))
  assert.deepEqual(statements[1], {
    Sid: 'test',
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::111122223333:root' },
    Action: 'SNS:Publish',
    Resource: TopicArn,
  })
  assert.equal(await sns.refusal('AddPermission', grant), `${INVALID}Statement already exists`)
  assert.equal(
    await sns.refusal('AddPermission', { ...grant, Label: 'other', ActionName: ['NotAnAction'] }),
    `${INVALID}Policy statement action out of service scope!`,
  )
  await sns.call('RemovePermission', { TopicArn, Label: 'test' })
  const left = valueAt(await policy(), 'Statement')
  assert.equal(Array.isArray(left) ? left.length : 0, 1)
})

test('tags are added, listed and taken away', async () => {
  const sns = fresh()
  const ResourceArn = await sns.topic('one')
  const tag = (Key: string, Value = ''): { Key: string; Value: string } => ({ Key, Value })
  await sns.call('TagResource', { ResourceArn, Tags: [tag('a', '1'), tag('b', '2')] })
  await sns.call('TagResource', { ResourceArn, Tags: [tag('a', '3')] })
  await sns.call('UntagResource', { ResourceArn, TagKeys: ['b'] })
  assert.deepEqual(await sns.call('ListTagsForResource', { ResourceArn }), { Tags: [tag('a', '3')] })
  assert.equal(
    await sns.refusal('TagResource', { ResourceArn, Tags: [tag('x'), tag('x')] }),
    `${INVALID}Duplicated keys are not allowed.`,
  )
  const many = Array.from({ length: 51 }, (_, i) => tag(`k${i}`))
  assert.match(await sns.refusal('TagResource', { ResourceArn, Tags: many }), /^TagLimitExceededException/)
  assert.equal(
    await sns.refusal('ListTagsForResource', { ResourceArn: `${ResourceArn}x` }),
    'ResourceNotFoundException: Resource does not exist',
  )
})

test('ListTopics pages by a hundred', async () => {
  const sns = fresh()
  for (let i = 0; i < 205; i++) await sns.topic(`t${i}`)
  const seen = new Set<string>()
  const sizes: number[] = []
  for (let NextToken: string | undefined; ;) {
    const page = await sns.call('ListTopics', { NextToken })
    sizes.push(page.Topics?.length ?? 0)
    for (const { TopicArn } of page.Topics ?? []) seen.add(TopicArn ?? '')
    NextToken = page.NextToken
    if (NextToken === undefined) break
  }
  assert.deepEqual(sizes, [100, 100, 5])
  assert.equal(seen.size, 205)
  assert.equal(await sns.refusal('ListTopics', { NextToken: 'nonsense' }), `${INVALID}NextToken`)
})

test('DeleteTopic takes the subscriptions with it', async () => {
  const sns = fresh()
  const TopicArn = await sns.topic('one')
  const SubscriptionArn = await sns.subscribe(TopicArn, 'sqs', QUEUE)
  await sns.call('DeleteTopic', { TopicArn })
  await sns.call('DeleteTopic', { TopicArn })
  assert.equal(
    await sns.refusal('GetSubscriptionAttributes', { SubscriptionArn }),
    'NotFoundException: Subscription does not exist',
  )
  assert.deepEqual((await sns.call('ListSubscriptions', {})).Subscriptions, [])
  await sns.topic('one')
  assert.deepEqual((await sns.call('ListSubscriptionsByTopic', { TopicArn })).Subscriptions, [])
})
