/** What the tests of both gateways share: the state over an in-memory store, a caller, a client, a function. */
import assert from 'node:assert/strict'
import { Fault } from '#base/fault.ts'
import { EMPTY, text, utf8 } from '#base/bytes.ts'
import { brand } from '#base/brand.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, type RequestId } from '#base/ids.ts'
import { seeded } from '#base/random.ts'
import { instant, later } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { Api } from '#ports/api.ts'
import type { Clock } from '#ports/clock.ts'
import type { DataPlane, DataPlaneCall } from '#ports/data-plane.ts'
import type { Outbound, OutboundOutcome, OutboundRequest } from '#ports/outbound.ts'
import type { Call, Operation, Shape } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Delivery, DeliveryOutcome } from '#ports/targets.ts'
import type { UsageRecord } from '#ports/usage.ts'
import type { Stores } from '#ports/store.ts'

export const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:hello'
export const URI = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${ARN}/invocations`
/** 2026-11-25T03:00:00Z */
export const NOW = instant(1_795_575_600_000)

export interface World {
  readonly stores: Stores
  readonly deliveries: Delivery[]
  readonly usage: UsageRecord[]
  readonly warnings: string[]
  /** AWS API calls of service integrations, as `service:Operation`, and what they answer. */
  readonly calls: { readonly name: string; readonly input: unknown }[]
  readonly services: Map<string, (input: unknown) => unknown>
  /** Ends the wait that began last. */
  late(): void
  /** What the function answers; set it before a request. */
  outcome: DeliveryOutcome
  /** What functions answer by their ARNs, before `outcome`. */
  readonly functions: Map<string, (delivery: Delivery) => DeliveryOutcome>
  /** Requests to the outside, and what answers them. */
  readonly sent: OutboundRequest[]
  outside: (request: OutboundRequest) => OutboundOutcome | Promise<OutboundOutcome>
  advance(ms: number): void
  readonly ports: {
    readonly clock: Clock
    readonly random: ReturnType<typeof seeded>
    readonly stores: Stores
    readonly api: Api
    readonly outbound: Outbound
    readonly targets: { deliver(delivery: Delivery): Promise<DeliveryOutcome> }
    readonly usage: { record(record: UsageRecord): void; read(): Promise<never[]> }
    readonly log: Record<'error' | 'warn' | 'info' | 'debug', (event: string) => void>
  }
}

export function world(stores: Stores = memoryStores()): World {
  let now = NOW
  let waiting = (): void => assert.fail('nothing waits')
  const clock: Clock = {
    now: () => now,
    elapsed: () => now,
    wall: () => now,
    wakeAt: () => assert.fail('a gateway waits for nothing'),
    after: (_, run) => {
      waiting = run
      return { cancel: () => undefined }
    },
  }
  const made: World = {
    stores,
    deliveries: [],
    usage: [],
    warnings: [],
    calls: [],
    services: new Map(),
    late: () => waiting(),
    functions: new Map(),
    sent: [],
    outside: ({ url }) => assert.fail(`nothing answers ${url}`),
    advance: (ms) => {
      now = later(now, ms)
    },
    outcome: answering({ statusCode: 200, body: 'hi' }),
    ports: {
      clock,
      random: seeded(1),
      stores,
      api: {
        has: (service, operation) => made.services.has(`${service}:${operation}`),
        call: async (service, operation, input) => {
          const name = `${service}:${operation}`
          made.calls.push({ name, input: JSON.parse(JSON.stringify(input)) })
          const answer = made.services.get(name) ?? assert.fail(`nothing answers ${name}`)
          return (await answer(input)) as never // oxlint-disable-line typescript/no-unsafe-type-assertion -- what the test says
        },
      },
      targets: {
        deliver: (delivery) => {
          made.deliveries.push(delivery)
          now = later(now, 7)
          return Promise.resolve(made.functions.get(delivery.arn)?.(delivery) ?? made.outcome)
        },
      },
      outbound: {
        request: async (request) => {
          made.sent.push(request)
          return await made.outside(request)
        },
      },
      usage: { record: (record) => void made.usage.push(record), read: () => Promise.resolve([]) },
      log: {
        error: (event) => assert.fail(event),
        warn: (event) => void made.warnings.push(event),
        info: () => undefined,
        debug: () => undefined,
      },
    },
  }
  return made
}

export const answering = (answer: unknown, functionError?: string): DeliveryOutcome => ({
  kind: 'delivered',
  payload: utf8(JSON.stringify(answer)),
  functionError,
})

export interface SpanLog extends SpanScope {
  readonly attributes: Record<string, unknown>
  /** Spans below it, as they ended. */
  readonly children: Record<string, unknown>[]
}

export function span(): SpanLog {
  const attributes: Record<string, unknown> = {}
  const children: Record<string, unknown>[] = []
  return {
    attributes,
    children,
    traceId: '1-6756a3b0-000102030405060708090a0b',
    id: '0001020304050607',
    header: () => 'Root=1-6756a3b0-000102030405060708090a0b;Parent=0001020304050607;Sampled=1',
    link: () => undefined,
    set: (name, value) => void (attributes[name] = value),
    child: () => '',
    open: (service, operation, resource) => ({
      ...span(),
      set: () => undefined,
      end: (outcome, more) => void children.push({ service, operation, resource, outcome, ...more }),
    }),
    end: () => assert.fail('the platform ends the span'),
  }
}

export const CALL: Call = {
  account: DEFAULT_ACCOUNT,
  region: DEFAULT_REGION,
  requestId: brand<RequestId>('c6af9ac6-7b61-11e6-9a41-93e8deadbeef'),
  at: NOW,
  span: span(),
  accessKeyId: undefined,
  endpoint: 'http://127.0.0.1:4566',
  host: '127.0.0.1',
  headers: {},
  presigned: false,
  signal: new AbortController().signal,
}

/** The code and text of the Fault that an operation throws. */
export async function fault(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    assert.ok(error instanceof Fault, String(error))
    return `${error.code}: ${error.message}`
  }
  return assert.fail('the operation was expected to fail')
}

/** Runs operations of one service against one state. */
export type Run<State> = <S extends Shape>(
  operation: Operation<S, State>,
  input: S['in'],
) => Promise<S['out']>

export function caller<State>(state: State, call: Call = CALL): Run<State> {
  return async (operation, input) => await operation(input, state, call)
}

export interface Request {
  readonly method?: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  /** `too-large` stands for a body beyond the limit. */
  readonly body?: string | Uint8Array
  readonly identityOf?: DataPlaneCall['identityOf']
}
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly pairs: readonly (readonly [string, string])[]
  readonly body: string
  readonly bytes: Uint8Array
  readonly span: Readonly<Record<string, unknown>>
  readonly children: readonly Readonly<Record<string, unknown>>[]
}

/** One request to a data plane. `path` begins with a slash, below the API's id. */
export async function request(
  plane: DataPlane,
  id: string,
  path: string,
  wish: Request = {},
): Promise<Answer> {
  const log = span()
  const pairs: [string, string][] = [
    ['host', `${id}.execute-api.localhost:4566`],
    ...Object.entries(wish.headers ?? {}),
  ]
  const bytes = wish.body === undefined ? EMPTY : typeof wish.body === 'string' ? utf8(wish.body) : wish.body
  const call: DataPlaneCall = {
    id,
    path,
    requestId: brand<RequestId>('deef4878-7910-11e6-8f14-25afc3e9ae33'),
    span: log,
    acceptedAt: 0,
    signal: new AbortController().signal,
    identityOf: wish.identityOf,
    request: {
      method: wish.method ?? 'GET',
      path,
      query: wish.query ?? '',
      headers: Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value])),
      rawHeaders: pairs,
      host: `${id}.execute-api.localhost`,
      hostPort: `${id}.execute-api.localhost:4566`,
      body: {
        length: bytes.length,
        collect: () => Promise.resolve(wish.body === 'too-large' ? 'too-large' : bytes),
        stream: () => assert.fail('a gateway collects'),
      },
      remote: { address: '::ffff:192.0.2.1', port: 50_000 },
    },
  }
  const response = await plane.handle(call)
  const body = response.body ?? EMPTY
  const sent = typeof body === 'string' ? utf8(body) : body
  assert.ok(sent instanceof Uint8Array)
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers.map(([name, value]) => [name.toLowerCase(), value])),
    pairs: response.headers,
    body: text(sent),
    bytes: sent,
    span: log.attributes,
    children: log.children,
  }
}

/** The event of the last delivery. */
export function event(made: World): Record<string, unknown> {
  const last = made.deliveries.at(-1)
  assert.ok(last !== undefined)
  return JSON.parse(text(last.payload)) as Record<string, unknown>
}
