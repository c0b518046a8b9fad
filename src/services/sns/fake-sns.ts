/** SNS on memory, for its own tests: a clock that stands until it is moved, receivers that answer as told. Never part of a platform. */
import { text } from '#base/bytes.ts'
import { present } from '#base/assert.ts'
import { Fault } from '#base/fault.ts'
import { Heap } from '#base/heap.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, requestId } from '#base/ids.ts'
import { parseJson } from '#base/json.ts'
import { seeded } from '#base/random.ts'
import { type Instant, type Ms, instant, later } from '#base/time.ts'
import type { Sns } from '#model/sns.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { OutboundOutcome, OutboundRequest } from '#ports/outbound.ts'
import type { Call } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Stores } from '#ports/store.ts'
import type { Delivery, DeliveryOutcome } from '#ports/targets.ts'
import type { UsageRecord } from '#ports/usage.ts'
import { createSns, sns } from '#services/sns/index.ts'
import type { SnsState } from '#services/sns/state.ts'

export const START = 1_790_000_000_000
export const TRACE = 'Root=1-00000000-000000000000000000000001;Parent=0000000000000002;Sampled=1'

/** A turn of the event loop, given by the test: rooms of services have no timers. */
export type Turn = () => Promise<void>

/** Moves by `advance` only, and rings in the order of time. */
export class ManualClock implements Clock {
  #now: Instant = instant(START)
  readonly #alarms = new Heap<{ at: Instant; run: (() => void) | undefined }>((a, b) => a.at - b.at)
  readonly #turn: Turn

  constructor(turn: Turn) {
    this.#turn = turn
  }

  now(): Instant {
    return this.#now
  }
  elapsed(): Ms {
    return this.#now - START
  }
  wall(): Instant {
    return this.#now
  }
  wakeAt(at: Instant, run: () => void): Alarm {
    const alarm: { at: Instant; run: (() => void) | undefined } = { at, run }
    this.#alarms.push(alarm)
    return { cancel: () => (alarm.run = undefined) }
  }
  after(ms: Ms, run: () => void): Alarm {
    return this.wakeAt(later(this.#now, ms), run)
  }
  async advance(ms: Ms): Promise<void> {
    const target = later(this.#now, ms)
    await this.settle()
    for (
      let next = this.#alarms.peek();
      next !== undefined && next.at <= target;
      next = this.#alarms.peek()
    ) {
      this.#alarms.pop()
      this.#now = instant(Math.max(this.#now, next.at))
      next.run?.()
      await this.settle()
    }
    this.#now = target
  }
  /** Until what was begun has ended: signatures are made beside the event loop. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 12; turn++) await this.#turn()
  }
}

type AnyOperation = (input: unknown, state: SnsState, call: Call) => Promise<never>

function fakeSpan(): SpanScope {
  const span: SpanScope = {
    traceId: '1-00000000-000000000000000000000001',
    id: '0000000000000002',
    header: () => TRACE,
    set: () => undefined,
    link: () => undefined,
    child: () => '',
    open: () => span,
    end: () => undefined,
  }
  return span
}

export interface FakeSns {
  readonly state: SnsState
  readonly clock: ManualClock
  readonly usage: UsageRecord[]
  /** What was handed over, oldest first, with the time after the start in ms. */
  readonly delivered: (Delivery & { readonly atMs: number })[]
  readonly posted: (OutboundRequest & { readonly atMs: number })[]
  /** What the next deliveries to an ARN come to; `accepted` when nothing is said. */
  readonly outcomes: Map<string, DeliveryOutcome[]>
  /** What the next posts to a URL come to; 200 when nothing is said. */
  readonly answers: Map<string, OutboundOutcome[]>
  readonly warnings: string[]
  call<O extends keyof typeof sns.operations>(
    operation: O,
    input: Sns[O]['in'],
    more?: Partial<Call>,
  ): Promise<Sns[O]['out']>
  /** What it was refused with: `Code: text`. */
  refusal<O extends keyof typeof sns.operations>(
    operation: O,
    input: Sns[O]['in'],
    more?: Partial<Call>,
  ): Promise<string>
  /** ARN of a new topic. */
  topic(name: string, attributes?: Readonly<Record<string, string>>): Promise<string>
  subscribe(
    topicArn: string,
    protocol: string,
    endpoint: string,
    attributes?: Readonly<Record<string, string>>,
  ): Promise<string>
  /** Another process on the same files. */
  restarted(): FakeSns
}

export const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:queue'
export const DEAD = 'arn:aws:sqs:us-east-1:000000000000:dead'
export const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:worker'

export function fakeSns(stores: Stores, turn: Turn, clock = new ManualClock(turn), seed = 5): FakeSns {
  const fake = {
    usage: [] as UsageRecord[],
    delivered: [] as FakeSns['delivered'],
    posted: [] as FakeSns['posted'],
    outcomes: new Map<string, DeliveryOutcome[]>(),
    answers: new Map<string, OutboundOutcome[]>(),
    warnings: [] as string[],
  }
  const quiet = (): void => undefined
  const state = createSns({
    clock,
    random: seeded(seed),
    stores,
    tracer: { begin: fakeSpan },
    endpoint: () => 'http://127.0.0.1:4566',
    usage: { record: (record) => void fake.usage.push(record), read: () => Promise.resolve(fake.usage) },
    log: {
      error: (event, fields) => void fake.warnings.push(`${event} ${JSON.stringify(fields)}`),
      warn: (event, fields) => void fake.warnings.push(`${event} ${JSON.stringify(fields)}`),
      info: quiet,
      debug: quiet,
    },
    targets: {
      deliver: (delivery) => {
        fake.delivered.push({ ...delivery, atMs: clock.elapsed() })
        return Promise.resolve(fake.outcomes.get(delivery.arn)?.shift() ?? { kind: 'accepted' })
      },
    },
    outbound: {
      request: (request) => {
        fake.posted.push({ ...request, atMs: clock.elapsed() })
        const told = fake.answers.get(request.url)?.shift()
        return Promise.resolve(
          told ?? { kind: 'answered', status: 200, headers: {}, body: new Uint8Array(0) },
        )
      },
    },
  })
  // The wire does the same: the input has been checked against the operation's own shape.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const operations = sns.operations as unknown as Readonly<Record<string, AnyOperation>>
  const call: FakeSns['call'] = async (operation, input, more) =>
    await present(operations[operation], 'it is written')(input, state, fakeCall(more))
  return {
    ...fake,
    state,
    clock,
    call,
    refusal: async (operation, input, more) => {
      try {
        await call(operation, input, more)
      } catch (error) {
        if (error instanceof Fault) return `${error.code}: ${error.message}`
        throw error
      }
      throw new Error('it was expected to be refused')
    },
    topic: async (name, Attributes = {}) => {
      const made = await call('CreateTopic', { Name: name, Attributes })
      return made.TopicArn ?? ''
    },
    subscribe: async (TopicArn, Protocol, Endpoint, Attributes = {}) => {
      const input = { TopicArn, Protocol, Endpoint, Attributes, ReturnSubscriptionArn: true }
      return (await call('Subscribe', input)).SubscriptionArn ?? ''
    },
    restarted: () => fakeSns(stores, turn, clock, seed + 1),
  }
}

export function fakeCall(more: Partial<Call> = {}): Call {
  return {
    account: DEFAULT_ACCOUNT,
    region: DEFAULT_REGION,
    requestId: requestId(seeded(1)),
    at: instant(START),
    span: fakeSpan(),
    accessKeyId: 'test',
    endpoint: 'http://localhost:4566',
    host: 'localhost',
    headers: {},
    presigned: false,
    signal: new AbortController().signal,
    ...more,
  }
}

export const bodyOf = (delivery: Pick<Delivery, 'payload'>): string => text(delivery.payload)
export const jsonOf = (delivery: Pick<Delivery, 'payload'>): unknown => parseJson(bodyOf(delivery))
