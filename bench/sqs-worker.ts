/**
 * A client of queues in a process of its own: fills them, drains them by receive and delete, parks long polls. Raw
 * HTTP/1.1 on keep-alive sockets, because a client library would be what is measured.
 */
import { type Socket, connect } from 'node:net'
import { numberAt, parseJson, stringAt, valueAt } from '#base/json.ts'
import { answering } from './child.ts'
import { headersOf } from './load.ts'

/** One connection: one request at a time. */
class Connection {
  readonly #socket: Socket
  readonly #port: number
  #pending: Buffer = Buffer.alloc(0)
  #waiting: PromiseWithResolvers<unknown> | undefined

  constructor(port: number) {
    this.#port = port
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.on('data', (chunk) => this.#read(chunk))
    this.#socket.on('error', (error) => this.#waiting?.reject(error))
  }

  /** The answer's document. Anything but 200 is an error. */
  async ask(operation: string, input: unknown): Promise<unknown> {
    const body = JSON.stringify(input)
    const headers = {
      Host: `127.0.0.1:${this.#port}`,
      ...headersOf('sqs'),
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': `AmazonSQS.${operation}`,
      'Content-Length': String(Buffer.byteLength(body)),
    }
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    this.#waiting = Promise.withResolvers()
    this.#socket.write(`POST / HTTP/1.1\r\n${head.join('')}\r\n${body}`)
    return await this.#waiting.promise
  }

  end(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const end = this.#pending.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.#pending.toString('latin1', 0, end)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    if (this.#pending.length < end + 4 + length) return
    const body = this.#pending.toString('utf8', end + 4, end + 4 + length)
    this.#pending = this.#pending.subarray(end + 4 + length)
    if (head.startsWith('200', 9)) this.#waiting?.resolve(body === '' ? {} : parseJson(body))
    else this.#waiting?.reject(new Error(`${head.slice(0, 40)} ${body.slice(0, 200)}`))
  }
}

const listAt = (answer: unknown, name: string): readonly unknown[] => {
  const found = valueAt(answer, name)
  return Array.isArray(found) ? found : []
}

async function onConnections(
  port: number,
  count: number,
  run: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connections = Array.from({ length: count }, () => new Connection(port))
  await Promise.all(connections.map(run))
  for (const connection of connections) connection.end()
}

interface Work {
  readonly port: number
  readonly url: string
  readonly connections: number
  readonly count: number
  readonly batch: number
  readonly ms: number
}

/** `count` messages of 256 bytes, ten a request. */
async function fill({ port, url, connections, count }: Work): Promise<unknown> {
  const body = 'x'.repeat(256)
  const started = performance.now()
  let left = count
  await onConnections(port, connections, async (connection) => {
    while (left > 0) {
      const size = Math.min(10, left)
      left -= size
      const Entries = Array.from({ length: size }, (_, index) => ({ Id: String(index), MessageBody: body }))
      const answer = await connection.ask('SendMessageBatch', { QueueUrl: url, Entries })
      if (listAt(answer, 'Successful').length !== size) throw new Error('an entry of a batch has failed')
    }
  })
  return { perSecond: (1_000 * count) / (performance.now() - started) }
}

/** Receives and deletes until the time is up or the queue is empty; one by one, or in batches. */
async function drain({ port, url, connections, batch, ms }: Work): Promise<unknown> {
  const started = performance.now()
  let done = 0
  await onConnections(port, connections, async (connection) => {
    while (performance.now() - started < ms) {
      const received = await connection.ask('ReceiveMessage', { QueueUrl: url, MaxNumberOfMessages: batch })
      const messages = listAt(received, 'Messages')
      if (messages.length === 0) return
      const handles = messages.map((message) => stringAt(message, 'ReceiptHandle') ?? '')
      if (batch === 1) await connection.ask('DeleteMessage', { QueueUrl: url, ReceiptHandle: handles[0] })
      else
        await connection.ask('DeleteMessageBatch', {
          QueueUrl: url,
          Entries: handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle })),
        })
      done += messages.length
    }
  })
  return { perSecond: (1_000 * done) / (performance.now() - started), done }
}

let parked: Connection[] = []
let polls: Promise<unknown>[] = []

/** Parks long polls; resolves a moment after all have been written. */
async function park({ port, url, connections }: Work): Promise<unknown> {
  parked = Array.from({ length: connections }, () => new Connection(port))
  polls = parked.map(async (connection) => {
    const answer = await connection.ask('ReceiveMessage', { QueueUrl: url, WaitTimeSeconds: 20 })
    return listAt(answer, 'Messages').length
  })
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  return {}
}

/** Waits for the parked polls; how many got a message. */
async function unpark(): Promise<unknown> {
  const counts = await Promise.all(polls)
  for (const connection of parked) connection.end()
  return { got: counts.filter((count) => count === 1).length }
}

async function work(question: unknown): Promise<unknown> {
  const number = (name: string): number => numberAt(question, name) ?? 0
  const of: Work = {
    port: number('port'),
    url: stringAt(question, 'url') ?? '',
    connections: number('connections'),
    count: number('count'),
    batch: number('batch'),
    ms: number('ms'),
  }
  switch (stringAt(question, 'kind') ?? '') {
    case 'fill':
      return await fill(of)
    case 'drain':
      return await drain(of)
    case 'park':
      return await park(of)
    default:
      return await unpark()
  }
}

answering(work, async () => {})
