/** Queues, functions and mappings of a real platform, and a witness outside of it that hears of every message. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseJson, stringAt } from '#base/json.ts'
import { madeFunction, rest } from '../support/aws.ts'
import type { Platform } from '../support/platform.ts'
import { ask, made } from '../sqs/client.ts'

/** One invoke as its function told it. */
export interface Told {
  readonly bodies: readonly string[]
}

export interface Witness {
  readonly url: string
  /** In the order in which they were told. */
  readonly invokes: Told[]
  close(): void
}

/** Outside of every platform, so that no crash forgets it. */
export async function witness(): Promise<Witness> {
  const invokes: Told[] = []
  const server = createServer((request, answer) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      invokes.push(JSON.parse(Buffer.concat(parts).toString()) as Told)
      answer.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    invokes,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Tells its batch to the witness, then does what follows. */
export const telling = (after = ''): string => `exports.handler = async (event) => {
  const bodies = event.Records.map((record) => record.body)
  await fetch(process.env.WITNESS, { method: 'POST', body: JSON.stringify({ bodies }) })
  ${after}
}`

export const seen = (by: Witness): string[] => by.invokes.flatMap(({ bodies }) => bodies)

export interface Wish {
  readonly name: string
  readonly code: string
  readonly witness: Witness
  readonly queue?: Readonly<Record<string, string>>
  readonly mapping?: Readonly<Record<string, unknown>>
}

export interface Wired {
  readonly url: string
  /** Of the mapping. */
  readonly id: string
}

export async function wired(on: Platform, wish: Wish): Promise<Wired> {
  const queue = wish.queue?.['FifoQueue'] === 'true' ? `${wish.name}.fifo` : wish.name
  const url = await made(on, queue, { VisibilityTimeout: '60', ...wish.queue })
  await madeFunction(on, {
    name: wish.name,
    code: wish.code,
    variables: { WITNESS: wish.witness.url },
    timeoutSeconds: Math.min(60, Number(wish.queue?.['VisibilityTimeout'] ?? 60)),
  })
  const source = `arn:aws:sqs:us-east-1:000000000000:${queue}`
  const input = { FunctionName: wish.name, EventSourceArn: source, ...wish.mapping }
  const answer = await rest(on, 'lambda POST /2015-03-31/event-source-mappings', input)
  assert.equal(answer.status, 202, answer.body)
  return { url, id: stringAt(parseJson(answer.body), 'UUID') ?? '' }
}

export async function sendAll(on: Platform, url: string, bodies: readonly string[]): Promise<void> {
  for (let at = 0; at < bodies.length; at += 10)
    await ask(on, 'SendMessageBatch', {
      QueueUrl: url,
      Entries: bodies.slice(at, at + 10).map((body, index) => ({ Id: `${index}`, MessageBody: body })),
    })
}

/** Visible and in flight. */
export async function counts(on: Platform, url: string): Promise<[number, number]> {
  const answer = (await ask(on, 'GetQueueAttributes', { QueueUrl: url, AttributeNames: ['All'] })) as {
    Attributes: Record<string, string>
  }
  const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: flying } =
    answer.Attributes
  return [Number(visible), Number(flying)]
}

export async function isEmpty(on: Platform, url: string): Promise<boolean> {
  const [visible, flying] = await counts(on, url)
  return visible + flying === 0
}
