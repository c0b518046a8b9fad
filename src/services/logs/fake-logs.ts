/** The Logs service on memory, for its own tests: a clock that stands until it is moved. Never part of a platform. */
import { Fault } from '#base/fault.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, requestId } from '#base/ids.ts'
import { seeded } from '#base/random.ts'
import { type Instant, type Ms, instant, later } from '#base/time.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { LogEvents } from '#ports/log-events.ts'
import type { Call } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Stores } from '#ports/store.ts'
import type { UsageRecord } from '#ports/usage.ts'
import { createLogs, logs } from '#services/logs/index.ts'
import type { LogsState } from '#services/logs/state.ts'

export const START = 1_790_000_000_000

/** Moves by `advance` only, and then runs what is due. */
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
    this.#now = later(this.#now, ms)
    const due = this.#alarms.filter(({ at }) => at <= this.#now)
    this.#alarms = this.#alarms.filter(({ at }) => at > this.#now)
    for (const { run } of due) run()
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

export interface FakeLogs {
  readonly state: LogsState
  readonly clock: ManualClock
  readonly usage: UsageRecord[]
  readonly logEvents: LogEvents
}

export function fakeLogs(stores: Stores, logEvents: LogEvents): FakeLogs {
  const clock = new ManualClock()
  const usage: UsageRecord[] = []
  const quiet = (): void => undefined
  const state = createLogs({
    clock,
    random: seeded(3),
    stores,
    logEvents,
    usage: { record: (record) => void usage.push(record), read: async () => usage },
    log: { error: quiet, warn: quiet, info: quiet, debug: quiet },
  })
  return { state, clock, usage, logEvents }
}

export function fakeCall(more: Partial<Call> = {}): Call {
  return {
    account: DEFAULT_ACCOUNT,
    region: DEFAULT_REGION,
    requestId: requestId(seeded(1)),
    at: instant(START),
    span,
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
export async function refusal(answer: unknown): Promise<string> {
  try {
    await answer
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error('it was expected to be refused')
}

export async function makeStream(fake: FakeLogs, group: string, stream: string): Promise<void> {
  const { operations } = logs
  const call = fakeCall()
  const groups = await operations.DescribeLogGroups({ logGroupNamePrefix: group }, fake.state, call)
  if (groups.logGroups?.some(({ logGroupName }) => logGroupName === group) !== true)
    await operations.CreateLogGroup({ logGroupName: group }, fake.state, call)
  await operations.CreateLogStream({ logGroupName: group, logStreamName: stream }, fake.state, call)
}

/** Puts messages at these ms after the start. */
export async function put(
  fake: FakeLogs,
  stream: string,
  events: readonly (readonly [ms: number, message: string])[],
): Promise<unknown> {
  return await logs.operations.PutLogEvents(
    {
      logGroupName: 'g',
      logStreamName: stream,
      logEvents: events.map(([ms, message]) => ({ timestamp: START + ms, message })),
    },
    fake.state,
    fakeCall(),
  )
}
