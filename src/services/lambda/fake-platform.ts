/** The other ports for Lambda's own tests: a clock in the test's hands, spans and usage in arrays, a Logs stand-in. */
import { createHash } from 'node:crypto'
import { type Bytes, concat, hex } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { Heap } from '#base/heap.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, requestId } from '#base/ids.ts'
import { seeded } from '#base/random.ts'
import { type Instant, type Ms, instant } from '#base/time.ts'
import type { Api, ApiIdentity } from '#ports/api.ts'
import type { Blobs } from '#ports/blobs.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { Call } from '#ports/service.ts'
import type { AttributeValue, Outcome, SpanDetails, SpanLink, SpanScope, SpanTime } from '#ports/spans.ts'
import type { Stores } from '#ports/store.ts'
import type { Delivery, DeliveryOutcome } from '#ports/targets.ts'
import type { UsageRecord } from '#ports/usage.ts'
import { FakeSandboxes } from '#services/lambda/fake-sandboxes.ts'
import { createLambda } from '#services/lambda/index.ts'
import { DEFAULT_SETTINGS, type LambdaSettings } from '#services/lambda/limits.ts'
import type { LambdaState } from '#services/lambda/state.ts'

const START = 1_790_000_000_000

interface Waiting {
  readonly at: Ms
  readonly order: number
  run: (() => void) | undefined
}

/** Real and virtual time move together, only by `advance`. */
export class ManualClock implements Clock {
  #elapsed: Ms = 0
  #order = 0
  /** How much too early real timers ring, as the machine's do by parts of a millisecond. */
  earlyMs: Ms = 0
  readonly #heap = new Heap<Waiting>((a, b) => a.at - b.at || a.order - b.order)

  now(): Instant {
    return instant(START + this.#elapsed)
  }
  elapsed(): Ms {
    return this.#elapsed
  }
  wall(): Instant {
    return this.now()
  }
  wakeAt(at: Instant, run: () => void): Alarm {
    return this.#ring(at - START - this.#elapsed, run)
  }
  after(ms: Ms, run: () => void): Alarm {
    return this.#ring(ms - this.earlyMs, run)
  }
  #ring(ms: Ms, run: () => void): Alarm {
    const waiting: Waiting = { at: this.#elapsed + Math.max(0, ms), order: this.#order++, run }
    this.#heap.push(waiting)
    return {
      cancel: () => {
        waiting.run = undefined
      },
    }
  }
  /** Moves on and runs what becomes due, in order. */
  advance(ms: Ms): void {
    const target = this.#elapsed + ms
    for (let next = this.#heap.peek(); next !== undefined && next.at <= target; next = this.#heap.peek()) {
      this.#heap.pop()
      this.#elapsed = Math.max(this.#elapsed, next.at)
      const { run } = next
      next.run = undefined
      run?.()
    }
    this.#elapsed = target
  }
}

export interface RecordedSpan {
  readonly operation: string
  readonly start: Instant
  readonly durationMs: Ms
}

export class FakeSpan implements SpanScope {
  readonly traceId = '1-00000000-000000000000000000000000'
  readonly id = '0000000000000000'
  readonly attributes: Record<string, AttributeValue> = {}
  readonly children: RecordedSpan[] = []
  readonly opened: FakeSpan[] = []
  readonly links: SpanLink[] = []
  outcome: Outcome | undefined
  readonly #header: string | undefined

  /** Below that X-Amzn-Trace-Id, when there is one. */
  constructor(header?: string) {
    this.#header = header
  }

  header(): string {
    return this.#header ?? `Root=${this.traceId};Parent=${this.id};Sampled=1`
  }
  link(to: SpanLink): void {
    this.links.push(to)
  }
  set(name: string, value: AttributeValue): void {
    this.attributes[name] = value
  }
  child(_service: string, operation: string, time: SpanTime): string {
    this.children.push({ operation, ...time })
    return this.id
  }
  open(): FakeSpan {
    const span = new FakeSpan()
    this.opened.push(span)
    return span
  }
  end(outcome: Outcome, _more?: SpanDetails): void {
    this.outcome = outcome
  }
}

class MemoryBlobs implements Blobs {
  readonly held = new Map<string, Bytes>()
  #next = 0

  async write(source: AsyncIterable<Bytes>): Promise<Awaited<ReturnType<Blobs['write']>>> {
    const chunks: Bytes[] = []
    for await (const chunk of source) chunks.push(chunk)
    const bytes = concat(chunks)
    const id = `blob-${this.#next++}`
    this.held.set(id, bytes)
    const sha256 = hex(createHash('sha256').update(bytes).digest())
    return { id, sizeBytes: bytes.length, md5: '', sha256 }
  }
  async read(id: string): Promise<AsyncIterable<Bytes> | undefined> {
    const bytes = this.held.get(id)
    return bytes === undefined ? undefined : once(bytes)
  }
  async delete(id: string): Promise<void> {
    this.held.delete(id)
  }
  async *ids(): AsyncGenerator<string> {
    yield* this.held.keys()
  }
  async clear(): Promise<void> {
    this.held.clear()
  }
}

async function* once(bytes: Bytes): AsyncGenerator<Bytes> {
  yield await Promise.resolve(bytes)
}

/** Answers of `api.call` by service and operation; what is not set answers `{}`. */
export type FakeAnswers = Record<string, (input: unknown, as?: ApiIdentity) => unknown>

export interface FakeLambda {
  readonly state: LambdaState
  readonly clock: ManualClock
  readonly sandboxes: FakeSandboxes
  readonly blobs: MemoryBlobs
  readonly usage: UsageRecord[]
  readonly stores: Stores
  /** Calls to other services: `logs:PutLogEvents` and its input. */
  readonly calls: { readonly name: string; readonly input: unknown }[]
  readonly answers: FakeAnswers
  readonly warnings: string[]
  /** Spans of background work, such as attempts of events. */
  readonly begun: FakeSpan[]
  readonly deliveries: Delivery[]
  /** What a delivery is answered; accepted unless a test says otherwise. */
  outcomeOf: (delivery: Delivery) => DeliveryOutcome
}

export function fakeLambda(stores: Stores, settings: Partial<LambdaSettings> = {}): FakeLambda {
  const clock = new ManualClock()
  const sandboxes = new FakeSandboxes()
  const blobs = new MemoryBlobs()
  const usage: UsageRecord[] = []
  const calls: { name: string; input: unknown }[] = []
  const answers: FakeAnswers = { 'sts:AssumeRole': () => ({ Credentials: fakeSession(clock) }) }
  const warnings: string[] = []
  const begun: FakeSpan[] = []
  const deliveries: Delivery[] = []
  const quiet = (): void => undefined
  const call = async (
    service: string,
    operation: string,
    input: unknown,
    as?: ApiIdentity,
  ): Promise<unknown> => {
    const name = `${service}:${operation}`
    calls.push({ name, input })
    return answers[name]?.(input, as) ?? {}
  }
  const deliver = async (delivery: Delivery): Promise<DeliveryOutcome> => {
    deliveries.push(delivery)
    return fake.outcomeOf(delivery)
  }
  const begin = (_what: unknown, header?: string): FakeSpan => {
    const span = new FakeSpan(header)
    begun.push(span)
    return span
  }
  const state = createLambda({
    clock,
    tracer: { begin },
    targets: { deliver },
    random: seeded(11),
    stores,
    blobs,
    sandboxes,
    spans: { record: quiet, read: async () => [] },
    usage: { record: (record) => void usage.push(record), read: async () => usage },
    log: { error: quiet, info: quiet, debug: quiet, warn: (event) => void warnings.push(event) },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    api: { call, has: () => true } as unknown as Api,
    endpoint: () => 'http://127.0.0.1:4566',
    settings: { ...DEFAULT_SETTINGS, ...settings },
  })
  const fake: FakeLambda = {
    state,
    clock,
    sandboxes,
    blobs,
    usage,
    stores,
    calls,
    answers,
    warnings,
    begun,
    deliveries,
    outcomeOf: () => ({ kind: 'accepted' }),
  }
  return fake
}

const fakeSession = (clock: ManualClock): object => ({
  AccessKeyId: 'ASIAFAKE',
  SecretAccessKey: 'secret',
  SessionToken: 'token',
  Expiration: instant(clock.now() + 43_200_000),
})

let calls = 0

export function fakeCall(more: Partial<Call> = {}): Call & { readonly span: FakeSpan } {
  return {
    account: DEFAULT_ACCOUNT,
    region: DEFAULT_REGION,
    requestId: requestId(seeded(++calls)),
    at: instant(START),
    accessKeyId: 'test',
    endpoint: 'http://localhost:4566',
    host: 'localhost',
    headers: {},
    presigned: false,
    signal: new AbortController().signal,
    ...more,
    span: new FakeSpan(),
  }
}

/** Lets promises that need no clock go on. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve()
}

/** The fault that a call answers; one that succeeds is a failure. */
export async function faultOf(answer: unknown): Promise<Fault> {
  try {
    await answer
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('it was expected to be refused')
}
