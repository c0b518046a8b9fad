/** HTTP endpoints of topics, over real sockets: consent by the address in the post, notifications, retries on the virtual clock. */
import assert from 'node:assert/strict'
import { verify, X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { Endpoint, queue, received, sns, subscribe, topic } from './topics.ts'

let at: Platform
const endpoint = new Endpoint()

before(async () => {
  at = await platform(['--memory', '--virtual-time'])
  await endpoint.open()
})
after(async () => {
  endpoint.close()
  await at.stop()
})

const bodyOf = (post: { body: string }): Readonly<Record<string, string>> =>
  JSON.parse(post.body) as Readonly<Record<string, string>>

/** Any address that a post names, as a browser opens it: without a signature. */
async function opened(address: string | undefined): Promise<{ status: number; body: string }> {
  const answer = await fetch(address ?? '')
  return { status: answer.status, body: await answer.text() }
}

async function advance(ms: number): Promise<void> {
  const body = JSON.stringify({ action: 'advance', ms })
  assert.equal((await send(at, { path: '/_windtunnel/clock', body })).status, 200)
}

async function confirmed(
  topicArn: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<string> {
  const count = endpoint.posts.length
  const arn = await subscribe(at, topicArn, { protocol: 'http', endpoint: endpoint.url, attributes })
  const asked = bodyOf(await endpoint.post(count + 1))
  assert.equal((await opened(asked['SubscribeURL'])).status, 200)
  return arn
}

test('opening the SubscribeURL without a signature confirms, opening the UnsubscribeURL ends it', async () => {
  const arn = await topic(at, 'consent')
  const subscription = await subscribe(at, arn, { protocol: 'http', endpoint: endpoint.url })
  const asked = await endpoint.post(1)
  assert.equal(asked.headers['x-amz-sns-message-type'], 'SubscriptionConfirmation')
  assert.equal(asked.headers['user-agent'], 'Amazon Simple Notification Service Agent')
  const answer = await opened(bodyOf(asked)['SubscribeURL'])
  assert.match(answer.body, /<ConfirmSubscriptionResult><SubscriptionArn>/)
  assert.ok(answer.body.includes(subscription))
  const broken = await opened(bodyOf(asked)['SubscribeURL']?.replace(/Token=.*/, 'Token=broken'))
  assert.equal(broken.status, 400)
  assert.match(broken.body, /Invalid parameter: Token/)

  await sns(at, 'Publish', { TopicArn: arn, Message: 'hello', Subject: 'greeting' })
  const told = await endpoint.post(2)
  assert.equal(told.headers['x-amz-sns-subscription-arn'], subscription)
  assert.equal(bodyOf(told)['Message'], 'hello')

  assert.equal((await opened(bodyOf(told)['UnsubscribeURL'])).status, 200)
  assert.equal(bodyOf(await endpoint.post(3))['Type'], 'UnsubscribeConfirmation')
  const listed = await sns(at, 'ListSubscriptionsByTopic', { TopicArn: arn })
  assert.ok(!listed.body.includes(subscription))
})

/** Source: SNS developer guide, Verifying the signatures of Amazon SNS messages without SDKs. */
const SIGNED: Readonly<Record<string, readonly string[]>> = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: [
    'Message',
    'MessageId',
    'SubscribeURL',
    'Timestamp',
    'Token',
    'TopicArn',
    'Type',
  ],
}

test('what is posted verifies with the certificate at its SigningCertURL', async () => {
  const count = endpoint.posts.length
  const arn = await topic(at, 'signed', { SignatureVersion: '2' })
  await confirmed(arn)
  await sns(at, 'Publish', { TopicArn: arn, Message: 'signed text', Subject: 'a subject' })
  for (const post of [await endpoint.post(count + 1), await endpoint.post(count + 2)]) {
    const body = bodyOf(post)
    assert.equal(body['SignatureVersion'], '2')
    const certificate = new X509Certificate((await opened(body['SigningCertURL'])).body)
    const text = (SIGNED[body['Type'] ?? ''] ?? [])
      .map((name) => (body[name] === undefined ? '' : `${name}\n${body[name]}\n`))
      .join('')
    const signature = Buffer.from(body['Signature'] ?? '', 'base64')
    assert.ok(verify('sha256', Buffer.from(text), certificate.publicKey, signature), body['Type'])
    assert.ok(!verify('sha256', Buffer.from(`${text}.`), certificate.publicKey, signature))
  }
})

test('addresses in confirmations work for topics of any region', async () => {
  const count = endpoint.posts.length
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const call = async (fields: Readonly<Record<string, string>>): Promise<string> => {
    const body = new URLSearchParams({ Version: '2010-03-31', ...fields }).toString()
    return (await send(at, { service: 'sns', region: 'eu-west-1', headers, body })).body
  }
  await call({ Action: 'CreateTopic', Name: 'abroad' })
  const TopicArn = 'arn:aws:sns:eu-west-1:000000000000:abroad'
  await call({ Action: 'Subscribe', TopicArn, Protocol: 'http', Endpoint: endpoint.url })
  const asked = bodyOf(await endpoint.post(count + 1))
  assert.equal((await opened(asked['SubscribeURL'])).status, 200)
  await call({ Action: 'Publish', TopicArn, Message: 'from abroad' })
  assert.equal(bodyOf(await endpoint.post(count + 2))['Message'], 'from abroad')
})

test('an endpoint that fails is posted to again on the virtual clock, then the dead-letter queue has the message', async () => {
  const arn = await topic(at, 'retries')
  const dead = await queue(at, 'retries-dead')
  await confirmed(arn, {
    RawMessageDelivery: 'true',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
  })
  const count = endpoint.posts.length
  endpoint.statuses.push(500, 503, 429, 500)
  await sns(at, 'Publish', { TopicArn: arn, Message: 'hello' })
  const first = await endpoint.post(count + 1)
  assert.equal(first.headers['x-amz-sns-rawdelivery'], 'true')
  assert.equal(first.body, 'hello')
  for (let retry = 2; retry <= 4; retry++) {
    // until the attempt before is written, there is nothing to advance to
    while (endpoint.posts.length < count + retry) await advance(20_000)
  }
  const [message] = await received(at, dead, 1)
  assert.equal(message?.Body, 'hello')
  assert.equal(endpoint.posts.length, count + 4)
})
