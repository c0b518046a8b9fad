/** EventBridge and queues of a platform under test, by their JSON protocols. */
import { parseJson, stringAt, valueAt } from '#base/json.ts'
import { send } from '../support/aws.ts'
import type { Platform } from '../support/platform.ts'

const TARGETS = { events: 'AWSEvents', sqs: 'AmazonSQS' } as const
const VERSIONS = { events: '1.1', sqs: '1.0' } as const

/** The answer; faults: Error with the answer's body. */
export async function ask(
  to: Platform,
  service: 'events' | 'sqs',
  operation: string,
  input: unknown,
): Promise<unknown> {
  const answer = await send(to, {
    service,
    headers: {
      'content-type': `application/x-amz-json-${VERSIONS[service]}`,
      'x-amz-target': `${TARGETS[service]}.${operation}`,
    },
    body: JSON.stringify(input),
  })
  if (answer.status !== 200) throw new Error(`${operation}: ${answer.status} ${answer.body}`)
  return parseJson(answer.body)
}

export const queueUrl = (on: Platform, name: string): string => `${on.url}/000000000000/${name}`
export const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`

const list = (value: unknown, name: string): readonly unknown[] => {
  const found = valueAt(value, name)
  return Array.isArray(found) ? found : []
}

/** Puts events of one source; ids in the order of the details. */
export async function put(
  on: Platform,
  details: readonly unknown[],
  more: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const answer = await ask(on, 'events', 'PutEvents', {
    Entries: details.map((detail) => ({
      Source: 'app',
      DetailType: 'type',
      Detail: JSON.stringify(detail),
      ...more,
    })),
  })
  return list(answer, 'Entries').map((entry) => stringAt(entry, 'EventId') ?? '')
}

/** A rule of the default bus for the source `app`, whose targets are these queues, which it makes. */
export async function ruleTo(
  on: Platform,
  name: string,
  queues: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  for (const QueueName of queues) await ask(on, 'sqs', 'CreateQueue', { QueueName })
  await ask(on, 'events', 'PutRule', { Name: name, EventPattern: '{"source":["app"]}' })
  const Targets = queues.map((queue) => ({ Id: queue, Arn: queueArn(queue), ...more }))
  await ask(on, 'events', 'PutTargets', { Rule: name, Targets })
}

export interface Received {
  readonly body: unknown
  readonly attributes: unknown
  readonly messageAttributes: unknown
}

/** Takes and deletes messages until so many are there, or so many ms have passed without one. */
export async function received(
  on: Platform,
  queue: string,
  until: { readonly count?: number; readonly quietMs?: number },
): Promise<Received[]> {
  const QueueUrl = queueUrl(on, queue)
  const found: Received[] = []
  const { count = Infinity, quietMs = 30_000 } = until
  let quietSince = performance.now()
  while (found.length < count && performance.now() - quietSince < quietMs) {
    const asked = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }
    const all = { MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] }
    const messages = list(await ask(on, 'sqs', 'ReceiveMessage', { ...asked, ...all }), 'Messages')
    if (messages.length === 0) continue
    quietSince = performance.now()
    for (const message of messages) {
      found.push({
        body: parseJson(stringAt(message, 'Body') ?? ''),
        attributes: valueAt(message, 'Attributes'),
        messageAttributes: valueAt(message, 'MessageAttributes'),
      })
    }
    const Entries = messages.map((message, i) => ({
      Id: `${i}`,
      ReceiptHandle: stringAt(message, 'ReceiptHandle'),
    }))
    await ask(on, 'sqs', 'DeleteMessageBatch', { QueueUrl, Entries })
  }
  return found
}
