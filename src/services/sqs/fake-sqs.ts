/** SQS on memory, for its own tests: a clock that stands until it is moved. Never part of a platform. */
import { Fault } from '#base/fault.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, requestId } from '#base/ids.ts'
import { seeded } from '#base/random.ts'
import { type Instant, type Ms, instant, later } from '#base/time.ts'
import type { Message as Received, ReceiveMessageRequest, SendMessageRequest } from '#model/sqs.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { Call } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Stores } from '#ports/store.ts'
import type { UsageRecord } from '#ports/usage.ts'
import { createSqs, sqs } from '#services/sqs/index.ts'
import type { SqsState } from '#services/sqs/state.ts'

export const START = 1_790_000_000_000

/** Moves by `advance` only, and then runs what is due, in order. */
export class ManualClock implements Clock {
  #now: Instant = instant(START)
  #alarms: { at: Instant; run: () => void }[] = []

  now(): Instant {
    return this.#now
  }
  elapsed(): Ms {
    return this.#now - START
  }
  wall(): Instant {
    return this.#now
  }
  /** Alarms that have not rung. */
  get pending(): number {
    return this.#alarms.length
  }
  wakeAt(at: Instant, run: () => void): Alarm {
    const alarm = { at, run }
    this.#alarms.push(alarm)
    return {
      cancel: () => {
        this.#alarms = this.#alarms.filter((each) => each !== alarm)
      },
    }
  }
  after(ms: Ms, run: () => void): Alarm {
    return this.wakeAt(later(this.#now, ms), run)
  }
  advance(ms: Ms): void {
    const target = later(this.#now, ms)
    for (;;) {
      const [next] = this.#alarms.filter(({ at }) => at <= target).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#alarms = this.#alarms.filter((each) => each !== next)
      if (next.at > this.#now) this.#now = next.at
      next.run()
    }
    this.#now = target
  }
}

export const quietSpan: SpanScope = {
  traceId: '1-00000000-000000000000000000000000',
  id: '0000000000000000',
  header: () => 'Root=1-00000000-000000000000000000000000',
  set: () => undefined,
  link: () => undefined,
  child: () => '',
  open: () => quietSpan,
  end: () => undefined,
}

export interface FakeSqs {
  readonly state: SqsState
  readonly clock: ManualClock
  readonly usage: UsageRecord[]
}

export function fakeSqs(stores: Stores, clock = new ManualClock()): FakeSqs {
  const usage: UsageRecord[] = []
  const quiet = (): void => undefined
  const state = createSqs({
    clock,
    random: seeded(3),
    stores,
    usage: { record: (record) => void usage.push(record), read: async () => usage },
    log: { error: quiet, warn: quiet, info: quiet, debug: quiet },
  })
  return { state, clock, usage }
}

export function fakeCall(more: Partial<Call> = {}): Call {
  return {
    account: DEFAULT_ACCOUNT,
    region: DEFAULT_REGION,
    requestId: requestId(seeded(1)),
    at: instant(START),
    span: quietSpan,
    accessKeyId: 'test',
    endpoint: 'http://localhost:4566',
    host: 'localhost',
    headers: {},
    presigned: false,
    signal: new AbortController().signal,
    ...more,
  }
}

/** A refused call in one line: code and text. */
export async function refusal(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error('it was expected to be refused')
}

/** One queue, driven through the operations. */
export class FakeQueue {
  readonly fake: FakeSqs
  readonly url: string
  readonly arn: string

  constructor(fake: FakeSqs, url: string) {
    this.fake = fake
    this.url = url
    this.arn = `arn:aws:sqs:us-east-1:000000000000:${url.slice(url.lastIndexOf('/') + 1)}`
  }

  static async make(
    fake: FakeSqs,
    name: string,
    attributes: Record<string, string> = {},
  ): Promise<FakeQueue> {
    const Attributes = name.endsWith('.fifo') ? { FifoQueue: 'true', ...attributes } : attributes
    const made = await sqs.operations.CreateQueue({ QueueName: name, Attributes }, fake.state, fakeCall())
    return new FakeQueue(fake, made.QueueUrl ?? '')
  }

  async send(body: string, more: Partial<SendMessageRequest> = {}): Promise<string> {
    const input = { QueueUrl: this.url, MessageBody: body, ...more }
    return (await sqs.operations.SendMessage(input, this.fake.state, fakeCall())).MessageId ?? ''
  }

  async receive(
    more: Partial<ReceiveMessageRequest> = {},
    call: Partial<Call> = {},
  ): Promise<readonly Received[]> {
    const input = {
      QueueUrl: this.url,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
      ...more,
    }
    return (await sqs.operations.ReceiveMessage(input, this.fake.state, fakeCall(call))).Messages ?? []
  }

  async bodies(more: Partial<ReceiveMessageRequest> = {}): Promise<string[]> {
    return (await this.receive(more)).map(({ Body }) => Body ?? '')
  }

  async delete(message: Received | undefined): Promise<void> {
    const input = { QueueUrl: this.url, ReceiptHandle: message?.ReceiptHandle ?? '' }
    await sqs.operations.DeleteMessage(input, this.fake.state, fakeCall())
  }

  async visibility(message: Received | undefined, seconds: number): Promise<void> {
    const input = {
      QueueUrl: this.url,
      ReceiptHandle: message?.ReceiptHandle ?? '',
      VisibilityTimeout: seconds,
    }
    await sqs.operations.ChangeMessageVisibility(input, this.fake.state, fakeCall())
  }

  async set(attributes: Record<string, string>): Promise<void> {
    await sqs.operations.SetQueueAttributes(
      { QueueUrl: this.url, Attributes: attributes },
      this.fake.state,
      fakeCall(),
    )
  }

  async attributes(): Promise<Readonly<Record<string, string>>> {
    const input = { QueueUrl: this.url, AttributeNames: ['All'] }
    return (await sqs.operations.GetQueueAttributes(input, this.fake.state, fakeCall())).Attributes ?? {}
  }

  /** Visible, in flight, delayed. */
  async counts(): Promise<string> {
    const all = await this.attributes()
    const names = ['', 'NotVisible', 'Delayed'].map((name) => `ApproximateNumberOfMessages${name}`)
    return names.map((name) => all[name]).join(' ')
  }
}
