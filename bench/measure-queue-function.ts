/**
 * Messages per second from a durable queue through an event source mapping into a no-op function, at batch sizes 1 and
 * 10 and ten environments: a backlog is drained, and only its middle counts. Beside it the bare Runtime API round trip
 * with as many environments, each trip taken as one batch.
 */
import { join } from 'node:path'
import { numberAt, parseJson, stringAt, valueAt } from '#base/json.ts'
import { Child } from './child.ts'
import { type Figure, type Row, type Settings, interleaved } from './figure.ts'
import { headersOf } from './load.ts'
import { PlatformUnderTest, until } from './platform.ts'

const ENVIRONMENTS = 10
const FUNCTION = 'worker'
const NO_OP = { 'index.js': 'exports.handler = async () => {}\n' }
const BODY = 'x'.repeat(256)
const SENDERS = 8
/** Looks at the queue so often while it drains. */
const LOOK_MS = 20
/** What is drained before the first and after the last share is the mapping's start and its end. */
const FROM_SHARE = 0.8
const UNTIL_SHARE = 0.2

interface Contenders {
  readonly settings: Settings
  readonly platform: PlatformUnderTest
  readonly bare: Child
}

async function measure(settings: Settings): Promise<readonly Row[]> {
  const platform = await PlatformUnderTest.start(settings)
  const bare = new Child('bare.ts', [join(settings.scratch, 'bare-queue'), settings.cacheFolder])
  try {
    await platform.deploy({ name: FUNCTION, runtime: 'nodejs24.x', memoryMb: 1_769, files: NO_OP })
    const among = { settings, platform, bare }
    return [await atBatchSize(among, 1, 2_000), await atBatchSize(among, 10, 20_000)]
  } finally {
    await Promise.all([bare.end(), platform.stop()])
  }
}

async function atBatchSize(among: Contenders, batchSize: number, messages: number): Promise<Row> {
  const { settings, platform, bare } = among
  const count = settings.quick ? messages / 10 : messages
  const source = await Source.make(platform, batchSize)
  const floor = async (): Promise<number> => {
    const ms = settings.quick ? 300 : 2_000
    const answer = await bare.ask({ what: 'round trips', environments: ENVIRONMENTS, ms })
    return (numberAt(answer, 'perSecond') ?? Number.NaN) * batchSize
  }
  const contenders = [floor, async () => await source.drained(count)]
  // the first round makes the environments and lets code become hot: it does not count
  await interleaved(1, contenders)
  settings.step(`batch size ${batchSize}`)
  const [floors = [], taken = []] = await interleaved(settings.quick ? 1 : 3, contenders)
  await source.end()
  return {
    figure: `queue to function, batch size ${batchSize}`,
    unit: 'messages/s',
    ours: taken,
    beside: { kind: 'floor', name: 'bare Runtime API', values: floors },
    target: batchSize === 10 ? { relation: 'alone', atLeast: 5_000 } : undefined,
    note: `${platform.modes}; ${ENVIRONMENTS} environments, ${count} messages of ${BODY.length} bytes a round`,
  }
}

/** A queue with its mapping, which stands still while the queue is filled. */
class Source {
  readonly #platform: PlatformUnderTest
  readonly #url: string
  readonly #mapping: string

  private constructor(platform: PlatformUnderTest, url: string, mapping: string) {
    this.#platform = platform
    this.#url = url
    this.#mapping = mapping
  }

  static async make(platform: PlatformUnderTest, batchSize: number): Promise<Source> {
    const name = `bench-${batchSize}`
    const made = await sqs(platform, 'CreateQueue', {
      QueueName: name,
      Attributes: { VisibilityTimeout: '180' },
    })
    const created = await mapping(platform, 'POST', '', {
      EventSourceArn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
      FunctionName: FUNCTION,
      BatchSize: batchSize,
      Enabled: false,
      ScalingConfig: { MaximumConcurrency: ENVIRONMENTS },
    })
    return new Source(platform, stringAt(made, 'QueueUrl') ?? '', stringAt(created, 'UUID') ?? '')
  }

  /** Messages per second over the middle of so many. */
  async drained(count: number): Promise<number> {
    await this.#enable(false)
    await this.#fill(count)
    await this.#enable(true)
    let from: { readonly at: number; readonly left: number } | undefined
    for (;;) {
      const left = await this.#left()
      const at = performance.now()
      if (from === undefined && left <= count * FROM_SHARE) from = { at, left }
      if (from !== undefined && left <= count * UNTIL_SHARE && left < from.left) {
        await until('the queue is empty', async () => (await this.#left()) === 0)
        return ((from.left - left) * 1_000) / (at - from.at)
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  async end(): Promise<void> {
    await mapping(this.#platform, 'DELETE', this.#mapping)
  }

  async #fill(count: number): Promise<void> {
    let sent = 0
    const sender = async (): Promise<void> => {
      while (sent < count) {
        sent += 10
        const Entries = Array.from({ length: 10 }, (_, i) => ({ Id: String(i), MessageBody: BODY }))
        await sqs(this.#platform, 'SendMessageBatch', { QueueUrl: this.#url, Entries })
      }
    }
    await Promise.all(Array.from({ length: SENDERS }, sender))
  }

  async #left(): Promise<number> {
    const answer = await sqs(this.#platform, 'GetQueueAttributes', {
      QueueUrl: this.#url,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    })
    return Object.values(valueAt(answer, 'Attributes') ?? {}).reduce<number>((sum, n) => sum + Number(n), 0)
  }

  async #enable(enabled: boolean): Promise<void> {
    const wanted = enabled ? 'Enabled' : 'Disabled'
    await mapping(this.#platform, 'PUT', this.#mapping, { Enabled: enabled })
    await until(`the mapping is ${wanted}`, async () => {
      return stringAt(await mapping(this.#platform, 'GET', this.#mapping), 'State') === wanted
    })
  }
}

async function sqs(platform: PlatformUnderTest, operation: string, input: unknown): Promise<unknown> {
  return await asked(platform, '/', {
    method: 'POST',
    headers: {
      ...headersOf('sqs'),
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': `AmazonSQS.${operation}`,
    },
    body: JSON.stringify(input),
  })
}

async function mapping(
  platform: PlatformUnderTest,
  method: string,
  id: string,
  input?: unknown,
): Promise<unknown> {
  return await asked(platform, `/2015-03-31/event-source-mappings/${id}`, {
    method,
    headers: { ...headersOf('lambda'), 'Content-Type': 'application/json' },
    ...(input === undefined ? {} : { body: JSON.stringify(input) }),
  })
}

async function asked(platform: PlatformUnderTest, path: string, init: RequestInit): Promise<unknown> {
  const answer = await fetch(`${platform.url}${path}`, init)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${init.method ?? ''} ${path}: ${answer.status} ${text}`)
  return parseJson(text)
}

export const queueFunction: Figure = { name: 'queue-function', measure }
