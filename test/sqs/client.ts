/** SQS of a platform over HTTP, for tests that start real ones. */
import assert from 'node:assert/strict'
import { parseJson, stringAt, valueAt } from '#base/json.ts'
import { signature } from '../support/aws.ts'
import type { Platform } from '../support/platform.ts'

/** The answer's document; anything but 200 is a failure of the test. */
export async function ask(to: Platform, operation: string, input: unknown): Promise<unknown> {
  const answer = await fetch(to.url, {
    method: 'POST',
    headers: {
      authorization: signature('sqs'),
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AmazonSQS.${operation}`,
    },
    body: JSON.stringify(input),
  })
  const body = await answer.text()
  assert.equal(answer.status, 200, `${operation}: ${body}`)
  return body === '' ? {} : parseJson(body)
}

export interface Received {
  readonly id: string
  readonly body: string
  readonly handle: string
}

export async function receive(
  to: Platform,
  url: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Received[]> {
  const answer = await ask(to, 'ReceiveMessage', { QueueUrl: url, MaxNumberOfMessages: 10, ...more })
  const messages = valueAt(answer, 'Messages')
  return (Array.isArray(messages) ? messages : []).map((message) => ({
    id: stringAt(message, 'MessageId') ?? '',
    body: stringAt(message, 'Body') ?? '',
    handle: stringAt(message, 'ReceiptHandle') ?? '',
  }))
}

/** Everything that is visible, received. */
export async function drained(to: Platform, url: string, visibility: number): Promise<Received[]> {
  const all: Received[] = []
  for (;;) {
    const some = await receive(to, url, { VisibilityTimeout: visibility })
    if (some.length === 0) return all
    all.push(...some)
  }
}

export async function made(
  to: Platform,
  name: string,
  attributes: Record<string, string> = {},
): Promise<string> {
  const answer = await ask(to, 'CreateQueue', { QueueName: name, Attributes: attributes })
  const url = stringAt(answer, 'QueueUrl') ?? ''
  return `${to.url}${new URL(url).pathname}`
}

/** Moves the platform's virtual clock. */
export async function advance(to: Platform, ms: number): Promise<void> {
  const answer = await fetch(`${to.url}/_windtunnel/clock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ action: 'advance', ms }),
  })
  assert.equal(answer.status, 200, await answer.text())
}
