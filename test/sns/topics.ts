/** Topics, queues and endpoints of a running platform, in a word each, for the tests of this folder. */
import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { element, query, send, type Answer } from '../support/aws.ts'
import type { Platform } from '../support/platform.ts'

export async function sns(
  to: Platform,
  action: string,
  fields: Readonly<Record<string, string>>,
): Promise<Answer> {
  const answer = await query(to, 'sns', { Version: '2010-03-31', Action: action, ...fields })
  assert.equal(answer.status, 200, `${action}: ${answer.body}`)
  return answer
}

export async function sqs(
  to: Platform,
  operation: string,
  input: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await send(to, {
    service: 'sqs',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AmazonSQS.${operation}`,
    },
    body: JSON.stringify(input),
  })
  assert.equal(answer.status, 200, `${operation}: ${answer.body}`)
  return JSON.parse(answer.body === '' ? '{}' : answer.body) as Readonly<Record<string, unknown>>
}

export async function topic(
  to: Platform,
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<string> {
  const fields = Object.entries(attributes).flatMap(([key, value], i) => [
    [`Attributes.entry.${i + 1}.key`, key],
    [`Attributes.entry.${i + 1}.value`, value],
  ])
  const made = await sns(to, 'CreateTopic', { Name: name, ...Object.fromEntries(fields) })
  return element(made, 'TopicArn') ?? ''
}

export interface Queue {
  readonly url: string
  readonly arn: string
}

export async function queue(
  to: Platform,
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<Queue> {
  const { QueueUrl } = await sqs(to, 'CreateQueue', { QueueName: name, Attributes: attributes })
  return { url: String(QueueUrl), arn: `arn:aws:sqs:us-east-1:000000000000:${name}` }
}

export async function subscribe(
  to: Platform,
  topicArn: string,
  of: {
    readonly protocol: string
    readonly endpoint: string
    readonly attributes?: Readonly<Record<string, string>>
  },
): Promise<string> {
  const fields = Object.entries(of.attributes ?? {}).flatMap(([key, value], i) => [
    [`Attributes.entry.${i + 1}.key`, key],
    [`Attributes.entry.${i + 1}.value`, value],
  ])
  const made = await sns(to, 'Subscribe', {
    TopicArn: topicArn,
    Protocol: of.protocol,
    Endpoint: of.endpoint,
    ReturnSubscriptionArn: 'true',
    ...Object.fromEntries(fields),
  })
  return element(made, 'SubscriptionArn') ?? ''
}

export interface Received {
  readonly Body: string
  readonly Attributes?: Readonly<Record<string, string>>
  readonly MessageAttributes?: Readonly<Record<string, unknown>>
}

/** What is in the queue now, taken out of it; at least so many, waited for. */
export async function received(to: Platform, from: Queue, atLeast: number): Promise<Received[]> {
  const all: Received[] = []
  const cut = AbortSignal.timeout(60_000)
  for (;;) {
    const { Messages = [] } = (await sqs(to, 'ReceiveMessage', {
      QueueUrl: from.url,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: all.length < atLeast ? 1 : 0,
      MessageAttributeNames: ['All'],
      AttributeNames: ['All'],
    })) as { Messages?: (Received & { ReceiptHandle: string })[] }
    if (Messages.length === 0 && all.length >= atLeast) return all
    cut.throwIfAborted()
    all.push(...Messages)
    if (Messages.length > 0)
      await sqs(to, 'DeleteMessageBatch', {
        QueueUrl: from.url,
        Entries: Messages.map(({ ReceiptHandle }, i) => ({ Id: `${i}`, ReceiptHandle })),
      })
  }
}

export interface Posted {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A web server that keeps what it is posted, and answers as told. */
export class Endpoint {
  readonly posts: Posted[] = []
  /** Statuses of the next answers; 200 when none is told. */
  readonly statuses: number[] = []
  url = ''
  #waiting: (() => void)[] = []
  readonly #server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      this.posts.push({ headers: request.headers, body: Buffer.concat(parts).toString() })
      response.writeHead(this.statuses.shift() ?? 200)
      response.end()
      for (const wake of this.#waiting.splice(0)) wake()
    })
  })

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const bound = this.#server.address()
    this.url = `http://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}/hook`
    return this
  }

  /** The post of that number, from 1, waited for. */
  async post(count: number): Promise<Posted> {
    const cut = setTimeout(() => this.close(), 60_000)
    while (this.posts.length < count && this.#server.listening)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    clearTimeout(cut)
    const found = this.posts[count - 1]
    assert.ok(found !== undefined, `post ${count} came`)
    return found
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
