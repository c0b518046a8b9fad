/** CodeDeploy on memory, for its own tests: a clock that stands until it is moved, aliases in a map, functions that are only named. Never part of a platform. */
import { text } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { Heap } from '#base/heap.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, requestId } from '#base/ids.ts'
import { isRecord, parseJson, stringAt, valueAt } from '#base/json.ts'
import { seeded } from '#base/random.ts'
import { type Instant, type Ms, instant, later } from '#base/time.ts'
import type { Api } from '#ports/api.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { Call } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Stores } from '#ports/store.ts'
import { codedeploy, createCodeDeploy, type CodeDeployState } from '#services/codedeploy/index.ts'

export const START = 1_790_000_000_000

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
  /** Until what was begun has ended. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await this.#turn()
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

export const call: Call = {
  account: DEFAULT_ACCOUNT,
  region: DEFAULT_REGION,
  requestId: requestId(seeded(1)),
  at: instant(START),
  span,
  accessKeyId: 'test',
  endpoint: '',
  host: '',
  headers: {},
  presigned: false,
  signal: new AbortController().signal,
}

/** An alias as Lambda keeps it. */
export interface FakeAlias {
  version: string
  weights: Readonly<Record<string, number>>
}

export interface Cloud {
  readonly clock: ManualClock
  /** By `function:alias`. */
  readonly aliases: Map<string, FakeAlias>
  /** What hooks were told: function, deployment, execution id. */
  readonly hooks: { readonly name: string; readonly deployment: string; readonly execution: string }[]
  /** Every change of an alias, with the time after the start in seconds: `60 1 2=0.1`. */
  readonly shifts: string[]
  /** What the next calls of an operation are refused with. */
  readonly faults: Map<string, Fault>
  /** Bodies of objects by `bucket/key`. */
  readonly objects: Map<string, string>
  readonly errors: string[]
}

export const cloud = (turn: Turn): Cloud => ({
  clock: new ManualClock(turn),
  aliases: new Map([['app:live', { version: '1', weights: {} }]]),
  hooks: [],
  shifts: [],
  faults: new Map(),
  objects: new Map(),
  errors: [],
})

const missing = (what: string): Fault => new Fault('ResourceNotFoundException', `Cannot find ${what}`)

function answer(of: Cloud, operation: string, input: unknown): unknown {
  const fault = of.faults.get(operation)
  if (fault !== undefined) throw fault
  const functionName = stringAt(input, 'FunctionName') ?? ''
  const name = `${functionName}:${stringAt(input, 'Name') ?? ''}`
  switch (operation) {
    case 'lambda:GetAlias': {
      const alias = of.aliases.get(name)
      if (alias === undefined) throw missing(`alias arn: ${name}`)
      return { FunctionVersion: alias.version }
    }
    case 'lambda:UpdateAlias': {
      const version = stringAt(input, 'FunctionVersion') ?? ''
      const given = valueAt(valueAt(input, 'RoutingConfig'), 'AdditionalVersionWeights')
      const weights = Object.fromEntries(
        Object.entries(isRecord(given) ? given : {}).map(([key, weight]) => [key, Number(weight)]),
      )
      of.aliases.set(name, { version, weights })
      const shares = Object.entries(weights).map(([key, weight]) => ` ${key}=${weight}`)
      of.shifts.push(`${(of.clock.now() - START) / 1_000} ${version}${shares.join('')}`)
      return {}
    }
    case 'lambda:Invoke': {
      const payload = valueAt(input, 'Payload')
      const event = payload instanceof Uint8Array ? parseJson(text(payload)) : undefined
      const deployment = stringAt(event, 'DeploymentId') ?? ''
      const execution = stringAt(event, 'LifecycleEventHookExecutionId') ?? ''
      of.hooks.push({ name: functionName, deployment, execution })
      return { StatusCode: 202 }
    }
    case 's3:GetObject': {
      const body = of.objects.get(`${stringAt(input, 'Bucket') ?? ''}/${stringAt(input, 'Key') ?? ''}`)
      if (body === undefined) throw new Fault('NoSuchKey', 'The specified key does not exist.')
      return { Body: new TextEncoder().encode(body) }
    }
    default:
      throw new Error(`the fake cloud knows no ${operation}`)
  }
}

/** The service on these stores; several, one after the other, are restarts. */
export function started(of: Cloud, stores: Stores): CodeDeployState {
  const api: Api = {
    has: () => true,
    call: async (service, operation, input) => {
      await Promise.resolve()
      // The fake answers what the operation asked for would.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return answer(of, `${service}:${operation}`, input) as never
    },
  }
  return createCodeDeploy({
    api,
    stores,
    clock: of.clock,
    random: seeded(7),
    tracer: { begin: () => span },
    log: {
      error: (event, fields) => void of.errors.push(`${event} ${JSON.stringify(fields)}`),
      warn: () => undefined,
      info: () => undefined,
      debug: () => undefined,
    },
  })
}

export const { operations: op } = codedeploy
