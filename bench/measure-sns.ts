/**
 * Publishing to topics with 1, 10 and 100 queues, beside fauxqs (npm), which holds all in memory and signs nothing. A
 * round ends when the last message has arrived, not when the last publish was answered: whoever only accepts is not fast.
 * Ours is durable before it answers, and its notifications carry signatures that verify.
 */
import { parseJson, stringAt, valueAt } from '#base/json.ts'
import { type Figure, type Row, type Settings, interleaved } from './figure.ts'
import { Driver, headersOf, requestText } from './load.ts'
import { PlatformUnderTest } from './platform.ts'
import { QueuePeer } from './sqs-peer.ts'

const ARRIVE_MS = 120_000
const CONNECTIONS = 16
const SUBSCRIPTIONS = [1, 10, 100] as const
const MESSAGE = 'x'.repeat(256)

async function call(port: number, fields: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { ...headersOf('sns'), 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ Version: '2010-03-31', ...fields }).toString(),
  })
  const body = await answer.text()
  if (answer.status !== 200) throw new Error(`${fields['Action']}: ${answer.status} ${body}`)
  return body
}

async function sqs(port: number, operation: string, input: unknown): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: {
      ...headersOf('sqs'),
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': `AmazonSQS.${operation}`,
    },
    body: JSON.stringify(input),
  })
  const body = await answer.text()
  if (answer.status !== 200) throw new Error(`${operation}: ${answer.status} ${body}`)
  return parseJson(body)
}

interface Topic {
  readonly port: number
  readonly arn: string
  readonly queueUrls: readonly string[]
}

/** A topic and its queues, new for each round, so that no backlog grows. */
async function topicWith(port: number, name: string, subscriptions: number): Promise<Topic> {
  const made = await call(port, { Action: 'CreateTopic', Name: name })
  const arn = /<TopicArn>([^<]+)</.exec(made)?.[1] ?? ''
  const queueUrls: string[] = []
  for (let i = 0; i < subscriptions; i++) {
    const url = stringAt(await sqs(port, 'CreateQueue', { QueueName: `${name}-${i}` }), 'QueueUrl') ?? ''
    const asked = { QueueUrl: url, AttributeNames: ['QueueArn'] }
    const attributes = valueAt(await sqs(port, 'GetQueueAttributes', asked), 'Attributes')
    const endpoint = stringAt(attributes, 'QueueArn') ?? ''
    await call(port, { Action: 'Subscribe', TopicArn: arn, Protocol: 'sqs', Endpoint: endpoint })
    queueUrls.push(url)
  }
  return { port, arn, queueUrls }
}

async function gone(topic: Topic): Promise<void> {
  await call(topic.port, { Action: 'DeleteTopic', TopicArn: topic.arn })
  for (const QueueUrl of topic.queueUrls) await sqs(topic.port, 'DeleteQueue', { QueueUrl })
}

async function arrived(topic: Topic, queueUrl: string): Promise<number> {
  const asked = { QueueUrl: queueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }
  const attributes = valueAt(await sqs(topic.port, 'GetQueueAttributes', asked), 'Attributes')
  return Number(stringAt(attributes, 'ApproximateNumberOfMessages') ?? 0)
}

/** Publishes a second until the last message has arrived in every queue. */
async function published(driver: Driver, topic: Topic, ms: number): Promise<number> {
  const body = new URLSearchParams({
    Action: 'Publish',
    Version: '2010-03-31',
    TopicArn: topic.arn,
    Message: MESSAGE,
  }).toString()
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const publish = { method: 'POST', path: '/', service: 'sns', body, headers } as const
  const request = requestText(publish, topic.port)
  const began = performance.now()
  const { count } = await driver.run({ port: topic.port, request, connections: CONNECTIONS, ms })
  const deadline = performance.now() + ARRIVE_MS
  for (const url of topic.queueUrls.toReversed())
    while ((await arrived(topic, url)) < count) {
      if (performance.now() > deadline) throw new Error(`${topic.arn}: not all of ${count} have arrived`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  return (count / (performance.now() - began)) * 1_000
}

async function measure(settings: Settings): Promise<readonly Row[]> {
  const platform = await PlatformUnderTest.start(settings)
  const peer = await QueuePeer.start(settings)
  const driver = new Driver()
  const ms = settings.quick ? 300 : 2_000
  let next = 0
  const contender = (port: number, subscriptions: number) => async (): Promise<number> => {
    const topic = await topicWith(port, `bench-${next++}`, subscriptions)
    try {
      return await published(driver, topic, ms)
    } finally {
      await gone(topic)
    }
  }
  try {
    const rows: Row[] = []
    for (const subscriptions of SUBSCRIPTIONS) {
      const contenders = [platform.port, peer.port].flatMap((port) =>
        port === undefined ? [] : [contender(port, subscriptions)],
      )
      await interleaved(1, contenders)
      const [ours = [], theirs = []] = await interleaved(settings.quick ? 1 : 5, contenders)
      const name = 'fauxqs'
      rows.push({
        figure: `SNS Publish to ${subscriptions} queue${subscriptions === 1 ? '' : 's'}, ${CONNECTIONS} connections`,
        unit: 'a s',
        ours,
        beside:
          peer.port === undefined
            ? { kind: 'skipped', name, reason: peer.reason }
            : { kind: 'peer', name, values: theirs },
        target: { relation: 'ratio', atLeast: 1 },
        note: 'until the last message has arrived',
      })
    }
    return rows
  } finally {
    await Promise.all([driver.end(), platform.stop(), peer.stop()])
  }
}

export const sns: Figure = { name: 'sns', measure }
