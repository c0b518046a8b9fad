/** Ports for CloudFormation's own tests: a store in memory, and a cloud that remembers what was made. Never part of a platform. */
import { readFileSync } from 'node:fs'
import { assert } from '#base/assert.ts'
import { Fault } from '#base/fault.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, requestId } from '#base/ids.ts'
import { compareKeys } from '#base/key.ts'
import { seeded } from '#base/random.ts'
import { type Instant, instant } from '#base/time.ts'
import type { Api } from '#ports/api.ts'
import type { Clock } from '#ports/clock.ts'
import type { Call } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Entry, Range, Store, Stores, Tx } from '#ports/store.ts'
import { API_ANSWERS, type Answer, type Input, text } from '#services/cloudformation/fake-apis.ts'
import { createCloudFormation } from '#services/cloudformation/index.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'

/** Ordered keys in an array; closures run one at a time. */
class MemoryStore implements Store {
  entries: Entry[] = []
  #last: Promise<unknown> = Promise.resolve()

  readonly read = {
    get: (key: Uint8Array) => this.entries.find(([other]) => compareKeys(other, key) === 0)?.[1],
    range: ({ from, to, limit, reverse }: Range): Entry[] => {
      const found = this.entries.filter(([key]) => compareKeys(key, from) >= 0 && compareKeys(key, to) < 0)
      return (reverse === true ? found.toReversed() : found).slice(0, limit)
    },
  }

  tx<R>(run: (tx: Tx) => R | Promise<R>): Promise<R> {
    const drop = (key: Uint8Array): void => {
      this.entries = this.entries.filter(([other]) => compareKeys(other, key) !== 0)
    }
    const tx: Tx = {
      ...this.read,
      put: (key, value) => {
        drop(key)
        this.entries.push([key, value])
        this.entries.sort(([a], [b]) => compareKeys(a, b))
      },
      delete: drop,
    }
    const mine = this.#last.then(() => run(tx))
    this.#last = mine.catch(() => undefined)
    return mine
  }
}

/** Ticks a millisecond a look, so that events have different times. Alarms ring when a test moves it on. */
export class TickingClock implements Clock {
  at = 1_790_000_000_000
  readonly #alarms = new Set<{ readonly at: number; readonly run: () => void }>()
  now(): Instant {
    return instant(this.at++)
  }
  elapsed(): number {
    return 0
  }
  wall(): Instant {
    return instant(this.at)
  }
  wakeAt(at: Instant, run: () => void): { cancel(): void } {
    const alarm = { at, run }
    this.#alarms.add(alarm)
    return { cancel: () => void this.#alarms.delete(alarm) }
  }
  advance(ms: number): void {
    this.at += ms
    for (const alarm of [...this.#alarms].filter(({ at }) => at <= this.at)) {
      this.#alarms.delete(alarm)
      alarm.run()
    }
  }
  after(_: number, run: () => void): { cancel(): void } {
    queueMicrotask(run)
    return { cancel: () => undefined }
  }
}

const span: SpanScope = {
  traceId: '1-00000000-000000000000000000000000',
  id: '0000000000000000',
  header: () => '',
  set: () => undefined,
  link: () => undefined,
  child: () => '',
  open: () => span,
  end: () => undefined,
}

/** What the services answer, as far as the handlers look at it. Others answer an empty object. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  'lambda:CreateFunction': (input, cloud) => cloud.make('function', text(input, 'FunctionName'), input),
  'lambda:GetFunction': (input, cloud) => {
    const name = text(input, 'FunctionName')
    cloud.need('function', name)
    const arn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`
    return { Configuration: { FunctionName: name, FunctionArn: arn, State: 'Active' } }
  },
  'lambda:DeleteFunction': (input, cloud) => cloud.drop('function', text(input, 'FunctionName')),
  'iam:CreateRole': (input, cloud) => cloud.make('role', text(input, 'RoleName'), input),
  'iam:GetRole': (input) => {
    const name = text(input, 'RoleName')
    return { Role: { Arn: `arn:aws:iam::000000000000:role/${name}`, RoleId: 'AROA', RoleName: name } }
  },
  'iam:DeleteRole': (input, cloud) => cloud.drop('role', text(input, 'RoleName')),
  'logs:CreateLogGroup': (input, cloud) => cloud.make('log group', text(input, 'logGroupName'), input),
  'logs:DeleteLogGroup': (input, cloud) => cloud.drop('log group', text(input, 'logGroupName')),
  's3:CreateBucket': (input, cloud) => cloud.make('bucket', text(input, 'Bucket'), input),
  's3:DeleteBucket': (input, cloud) => cloud.drop('bucket', text(input, 'Bucket')),
  ...API_ANSWERS,
}

/** A cloud of names. Failures are set by operation; a hanging operation never answers, as if the platform had died in it. */
export class FakeCloud implements Api {
  readonly made = new Map<string, Input>()
  readonly calls: { readonly operation: string; readonly input: Input }[] = []
  readonly failures = new Map<string, Fault>()
  /** Answers of one test, before those of all. */
  readonly answers = new Map<string, Answer>()
  readonly hanging = new Set<string>()
  #next = 1

  next(): number {
    return this.#next++
  }

  /** Things of a kind, by name. */
  all(kind: string): readonly (readonly [name: string, input: Input])[] {
    const prefix = `${kind} `
    return [...this.made].flatMap(([key, input]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), input] as const] : [],
    )
  }

  change(kind: string, name: string, changes: Input): void {
    this.need(kind, name)
    this.made.set(`${kind} ${name}`, { ...this.made.get(`${kind} ${name}`), ...changes })
  }

  make(kind: string, name: string, input: Input): unknown {
    const key = `${kind} ${name}`
    if (this.made.has(key)) this.refuse(key)
    this.made.set(key, input)
    return {}
  }

  refuse(key: string): never {
    throw new Fault('ResourceConflictException', `${key} already exists`, { status: 409 })
  }

  need(kind: string, name: string): void {
    if (!this.made.has(`${kind} ${name}`)) {
      throw new Fault('ResourceNotFoundException', `${kind} not found: ${name}`, { status: 404 })
    }
  }

  drop(kind: string, name: string): unknown {
    this.need(kind, name)
    this.made.delete(`${kind} ${name}`)
    return {}
  }

  has(): boolean {
    return true
  }

  async call(service: string, operation: string, input: unknown): Promise<never> {
    const name = `${service}:${operation}`
    // The handlers' requests are objects; the real port checks them against the model.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const members = input as Input
    this.calls.push({ operation: name, input: members })
    await Promise.resolve()
    const failure = this.failures.get(name)
    if (failure !== undefined) throw failure
    const answer = (this.answers.get(name) ?? ANSWERS[name])?.(members, this) ?? {}
    if (this.hanging.has(name)) await new Promise(() => undefined)
    // The answers above are what the handlers read of the real ones.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return answer as never
  }
}

export interface FakePlatform {
  readonly cloud: FakeCloud
  readonly clock: TickingClock
  readonly stores: Stores
  /** The service as a start of the platform makes it, over the same store. `life` is how long that platform lives. */
  readonly start: (life?: Life) => CloudFormationState
}

/** A platform that dies after so many effects: from then on nothing it waits for comes back, and nothing more happens. */
export class Life {
  left: number
  readonly #mourners: (() => void)[] = []

  constructor(effects: number) {
    this.left = effects
  }

  /** Runs one effect; the last one happens, but its answer never arrives. */
  async live<T>(effect: () => Promise<T>): Promise<T> {
    if (this.left <= 0) return await new Promise<never>(() => undefined)
    this.left--
    const settled = await Promise.allSettled([effect()])
    if (this.left <= 0) {
      for (const told of this.#mourners.splice(0)) told()
      return await new Promise<never>(() => undefined)
    }
    if (settled[0].status === 'rejected') throw settled[0].reason
    return settled[0].value
  }

  /** Resolves when it has ended. */
  async end(): Promise<void> {
    if (this.left > 0) await new Promise<void>((resolve) => this.#mourners.push(resolve))
  }
}

const IMMORTAL = new Life(Infinity)

const living = (store: Store, life: Life): Store => ({
  read: store.read,
  tx: (run) => life.live(() => store.tx(run)),
})

const tables = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../model/resources/${name}.json`, import.meta.url), 'utf8'))

export function fakePlatform(): FakePlatform {
  const store = new MemoryStore()
  const clock = new TickingClock()
  const cloud = new FakeCloud()
  const quiet = (): void => undefined
  const random = seeded(7)
  const stores: Stores = {
    open: () => store,
    clear: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  return {
    cloud,
    clock,
    stores,
    start: (life = IMMORTAL) =>
      createCloudFormation({
        clock,
        endpoint: () => 'http://127.0.0.1:4566',
        random,
        stores: { ...stores, open: () => living(store, life) },
        api: {
          has: () => true,
          call: (service, operation, input) => life.live(() => cloud.call(service, operation, input)),
        },
        log: {
          error: (event, fields) => void defects.push({ event, fields }),
          warn: quiet,
          info: quiet,
          debug: quiet,
        },
        table: tables,
      }),
  }
}

/** What was logged as an error; tests look that there is none. */
export const defects: { readonly event: string; readonly fields: unknown }[] = []

export function fakeCall(): Call {
  return {
    account: DEFAULT_ACCOUNT,
    region: DEFAULT_REGION,
    requestId: requestId(seeded(1)),
    at: instant(1_790_000_000_000),
    span,
    accessKeyId: 'test',
    endpoint: 'http://localhost:4566',
    host: 'localhost',
    headers: {},
    presigned: false,
    signal: new AbortController().signal,
  }
}

/** Lets what is under way go on until the condition holds: a bounded number of turns, and no time. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !condition(); turn++) await Promise.resolve()
  assert(condition(), 'what a test waits for comes')
}

/** Waits until no deployment runs. */
export async function settled(state: CloudFormationState): Promise<void> {
  while (state.running.size > 0) await Promise.all(state.running.values())
}
