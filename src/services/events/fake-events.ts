/** EventBridge on memory, for its own tests: a clock that stands until it is moved, receivers that answer as told. Never part of a platform. */
import { text } from '#base/bytes.ts'
import { present } from '#base/assert.ts'
import { Fault } from '#base/fault.ts'
import { Heap } from '#base/heap.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, requestId } from '#base/ids.ts'
import { parseJson } from '#base/json.ts'
import { seeded } from '#base/random.ts'
import { type Instant, type Ms, instant, later } from '#base/time.ts'
import type { Events, PutEventsRequestEntry } from '#model/events.ts'
import type { Api } from '#ports/api.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { OutboundOutcome, OutboundRequest } from '#ports/outbound.ts'
import type { Call } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Stores } from '#ports/store.ts'
import type { Delivery, DeliveryOutcome } from '#ports/targets.ts'
import type { UsageRecord } from '#ports/usage.ts'
import { createEvents, events, readyEvents, startEvents } from '#services/events/index.ts'
import type { EventsState } from '#services/events/state.ts'

/** 2026-09-21T14:13:20Z */
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

type AnyOperation = (input: unknown, state: EventsState, call: Call) => Promise<never>

function fakeSpan(header = TRACE): SpanScope {
  const span: SpanScope = {
    traceId: '1-00000000-000000000000000000000001',
    id: '0000000000000002',
    header: () => header,
    set: () => undefined,
    link: () => undefined,
    child: () => '',
    open: () => span,
    end: () => undefined,
  }
  return span
}

export interface FakeEvents {
  readonly state: EventsState
  readonly clock: ManualClock
  readonly usage: UsageRecord[]
  /** What was handed over, oldest first, with the time after the start in ms. */
  readonly delivered: (Delivery & { readonly atMs: number })[]
  readonly posted: (OutboundRequest & { readonly atMs: number })[]
  /** Calls to other services: `logs:PutLogEvents` and its input. */
  readonly called: (readonly [string, unknown])[]
  /** What the next deliveries to an ARN come to; `accepted` when nothing is said. */
  readonly outcomes: Map<string, DeliveryOutcome[]>
  /** What the next posts to a URL come to; 200 when nothing is said. */
  readonly answers: Map<string, OutboundOutcome[]>
  /** What calls to other services are refused with, by `logs:PutLogEvents`. */
  readonly faults: Map<string, Fault[]>
  readonly warnings: string[]
  call<O extends keyof typeof events.operations>(
    operation: O,
    input: Events[O]['in'],
    more?: Partial<Call>,
  ): Promise<Events[O]['out']>
  /** What it was refused with: `Code: text`. */
  refusal<O extends keyof typeof events.operations>(
    operation: O,
    input: Events[O]['in'],
    more?: Partial<Call>,
  ): Promise<string>
  /** A rule of the default bus for events of the source `app`, with these targets. */
  rule(targets: Events['PutTargets']['in']['Targets'], more?: Partial<Events['PutRule']['in']>): Promise<void>
  /** Puts one event of the source `app`. Its id. */
  put(detail: unknown, more?: Partial<PutEventsRequestEntry>): Promise<string>
  /** Another process on the same files. */
  restarted(): Promise<FakeEvents>
}

export const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:queue'
export const DEAD = 'arn:aws:sqs:us-east-1:000000000000:dead'
export const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:worker'
export const BUS = 'arn:aws:events:us-east-1:000000000000:event-bus/default'

type Fakes = Pick<
  FakeEvents,
  'usage' | 'delivered' | 'posted' | 'called' | 'outcomes' | 'answers' | 'faults' | 'warnings'
>

const nothing = (): Fakes => ({
  usage: [],
  delivered: [],
  posted: [],
  called: [],
  outcomes: new Map(),
  answers: new Map(),
  faults: new Map(),
  warnings: [],
})

export async function fakeEvents(
  stores: Stores,
  turn: Turn,
  clock = new ManualClock(turn),
  seed = 5,
): Promise<FakeEvents> {
  const fake = nothing()
  const state = stateOf(fake, { stores, clock, seed })
  await startEvents(state)
  readyEvents(state)
  // The wire does the same: the input has been checked against the operation's own shape.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const operations = events.operations as unknown as Readonly<Record<string, AnyOperation>>
  const call: FakeEvents['call'] = async (operation, input, more) =>
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
    rule: async (Targets, more = {}) => {
      const rule = { Name: 'rule', EventPattern: '{"source":["app"]}', ...more }
      await call('PutRule', rule)
      const { EventBusName } = rule
      if (Targets.length > 0) await call('PutTargets', { Rule: rule.Name, EventBusName, Targets })
    },
    put: async (detail, more = {}) => {
      const entry = { Source: 'app', DetailType: 'type', Detail: JSON.stringify(detail), ...more }
      const answer = await call('PutEvents', { Entries: [entry] })
      return answer.Entries?.[0]?.EventId ?? ''
    },
    restarted: async () => await fakeEvents(stores, turn, clock, seed + 1),
  }
}

function stateOf(
  fake: Fakes,
  { stores, clock, seed }: { readonly stores: Stores; readonly clock: ManualClock; readonly seed: number },
): EventsState {
  const quiet = (): void => undefined
  const warn = (event: string, fields?: unknown): void =>
    void fake.warnings.push(`${event} ${JSON.stringify(fields)}`)
  return createEvents({
    clock,
    random: seeded(seed),
    stores,
    tracer: { begin: (_, header) => fakeSpan(header) },
    endpoint: () => 'http://127.0.0.1:4566',
    usage: { record: (record) => void fake.usage.push(record), read: () => Promise.resolve(fake.usage) },
    log: { error: warn, warn, info: quiet, debug: quiet },
    api: fakeApi(fake),
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
}

function fakeApi(fake: Fakes): Api {
  const call = (service: string, operation: string, input: unknown): Promise<never> => {
    const name = `${service}:${operation}`
    fake.called.push([name, input])
    const fault = fake.faults.get(name)?.shift()
    // What callers read of these answers is nothing.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return fault === undefined ? Promise.resolve({} as never) : Promise.reject(fault)
  }
  return { call, has: () => true }
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
