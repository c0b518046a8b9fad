/** A topic's queues and functions on a running platform: what arrives, in which trace, and what becomes of what cannot. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { madeFunction, rest, send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { queue, received, sns, sqs, subscribe, topic } from './topics.ts'

let at: Platform

before(async () => {
  at = await platform()
})
after(async () => {
  await at.stop()
})

const TRACE = '1-69000000-0123456789abcdef01234567'

interface Span {
  readonly traceId: string
  readonly id: string
  readonly parentId?: string
  readonly service: string
  readonly operation: string
  readonly attributes: Readonly<Record<string, unknown>>
}

async function spans(of = `?trace=${TRACE}`): Promise<Span[]> {
  const answer = await send(at, { method: 'GET', path: `/_windtunnel/spans${of}` })
  return answer.body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Span)
}

test('a message reaches queues and functions in the trace of its publish', async () => {
  const arn = await topic(at, 'fan-out')
  const all = await queue(at, 'fan-out-all')
  const some = await queue(at, 'fan-out-some')
  const seen = await queue(at, 'fan-out-seen')
  await madeFunction(at, {
    name: 'fan-out',
    code: `const { SQSClient, SendMessageCommand } = require('@aws-sdk/client-sqs')
      exports.handler = async (event) => new SQSClient({}).send(new SendMessageCommand({
        QueueUrl: process.env.SEEN, MessageBody: JSON.stringify(event) }))`,
    variables: { SEEN: seen.url.replace(/^http:\/\/[^/]*/, at.url) },
  })
  const allowed = await rest(at, 'lambda POST /2015-03-31/functions/fan-out/policy', {
    StatementId: 'topic',
    Action: 'lambda:InvokeFunction',
    Principal: 'sns.amazonaws.com',
    SourceArn: arn,
  })
  assert.equal(allowed.status, 201, allowed.body)
  await subscribe(at, arn, { protocol: 'sqs', endpoint: all.arn })
  const attributes = { FilterPolicy: '{"kind":["b"]}', RawMessageDelivery: 'true' }
  await subscribe(at, arn, { protocol: 'sqs', endpoint: some.arn, attributes })
  const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:fan-out'
  const subscription = await subscribe(at, arn, { protocol: 'lambda', endpoint: functionArn })
  for (const kind of ['a', 'b']) {
    const body = new URLSearchParams({
      Version: '2010-03-31',
      Action: 'Publish',
      TopicArn: arn,
      Message: `message ${kind}`,
      'MessageAttributes.entry.1.Name': 'kind',
      'MessageAttributes.entry.1.Value.DataType': 'String',
      'MessageAttributes.entry.1.Value.StringValue': kind,
    })
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-amzn-trace-id': `Root=${TRACE};Sampled=1`,
    }
    assert.equal((await send(at, { service: 'sns', headers, body: body.toString() })).status, 200)
  }
  // a publish is answered when queues have it: nothing to wait for
  const [first, second] = await received(at, all, 2)
  const envelope = JSON.parse(first?.Body ?? '{}') as Readonly<Record<string, unknown>>
  assert.equal(envelope['Message'], 'message a')
  assert.deepEqual(envelope['MessageAttributes'], { kind: { Type: 'String', Value: 'a' } })
  assert.match(second?.Body ?? '', /"message b"/)
  assert.match(first?.Attributes?.['AWSTraceHeader'] ?? '', new RegExp(`^Root=${TRACE};Parent=`))
  const [raw, ...others] = await received(at, some, 1)
  assert.equal(raw?.Body, 'message b')
  assert.deepEqual(raw?.MessageAttributes, { kind: { DataType: 'String', StringValue: 'b' } })
  assert.deepEqual(others, [])
  const invoked = await received(at, seen, 2)
  const events = invoked.map(
    ({ Body }) => JSON.parse(Body) as { Records: { EventSubscriptionArn: string; Sns: unknown }[] },
  )
  assert.ok(events.every(({ Records }) => Records.length === 1))
  assert.ok(events.every(({ Records }) => Records[0]?.EventSubscriptionArn === subscription))

  const found = await spans()
  const publishes = found.filter(({ service, operation }) => service === 'sns' && operation === 'Publish')
  const deliveries = found.filter(({ operation }) => operation === 'Deliver')
  assert.equal(publishes.length, 2)
  assert.equal(deliveries.length, 5)
  assert.ok(deliveries.every(({ parentId }) => publishes.some(({ id }) => id === parentId)))
  assert.ok(found.some(({ service }) => service === 'lambda'))
})

test('a queue that is gone sends its messages to the dead-letter queue, others get theirs', async () => {
  const arn = await topic(at, 'dead')
  const [gone, dead, other] = [await queue(at, 'gone'), await queue(at, 'dead'), await queue(at, 'other')]
  const attributes = { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }) }
  await subscribe(at, arn, { protocol: 'sqs', endpoint: gone.arn, attributes })
  await subscribe(at, arn, { protocol: 'sqs', endpoint: other.arn })
  await sqs(at, 'DeleteQueue', { QueueUrl: gone.url })
  await sns(at, 'Publish', { TopicArn: arn, Message: 'hello' })
  for (const at_ of [dead, other]) {
    const messages = await received(at, at_, 1)
    assert.equal(messages.length, 1)
    assert.equal((JSON.parse(messages[0]?.Body ?? '{}') as { Message: string }).Message, 'hello')
  }
})

test('the span of a delivery to a dead-letter queue says that it is one', async () => {
  const found = (await spans('?service=sns')).filter(({ operation }) => operation === 'Deliver')
  const dead = found.filter(({ attributes }) => attributes['deadLetter'] === true)
  assert.equal(dead.length, 1)
  assert.match(String(dead[0]?.attributes['endpoint']), /:dead$/)
})

test('a FIFO topic keeps the order of its groups in a FIFO queue', async () => {
  const arn = await topic(at, 'order.fifo', { FifoTopic: 'true', ContentBasedDeduplication: 'true' })
  const ordered = await queue(at, 'order.fifo', { FifoQueue: 'true' })
  await subscribe(at, arn, {
    protocol: 'sqs',
    endpoint: ordered.arn,
    attributes: { RawMessageDelivery: 'true' },
  })
  const publish = async (i: number): Promise<unknown> =>
    await sns(at, 'Publish', { TopicArn: arn, Message: `${i}`, MessageGroupId: `g${i % 2}` })
  for (let i = 0; i < 30; i++) await publish(i)
  await publish(7)
  const messages = await received(at, ordered, 30)
  assert.equal(messages.length, 30)
  for (const group of ['g0', 'g1']) {
    const numbers = messages
      .filter(({ Attributes }) => Attributes?.['MessageGroupId'] === group)
      .map(({ Body }) => Number(Body))
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    )
  }
})
