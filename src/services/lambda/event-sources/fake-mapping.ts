/** A mapping for tests: its settings, and one at work on a fake queue with invokes in the test's hands. */
import { text, utf8 } from '#base/bytes.ts'
import { parseJson, stringAt, valueAt } from '#base/json.ts'
import { compileFilterCriteria } from '#engines/patterns/filter-criteria.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { SpanScope } from '#ports/spans.ts'
import { Consumer, type ConsumerParts, type Holding } from '#services/lambda/event-sources/consumer.ts'
import { FakeQueue } from '#services/lambda/event-sources/fake-queue.ts'
import type { BatchInvoke } from '#services/lambda/event-sources/invoking.ts'
import type { MappingRecord, MappingSettings } from '#services/lambda/event-sources/record.ts'
import { type FakeLambda, fakeLambda, turns } from '#services/lambda/fake-platform.ts'

export const settings = (more: Partial<MappingSettings> = {}): MappingSettings => ({
  functionName: 'f',
  qualifier: undefined,
  enabled: true,
  batchSize: 10,
  windowSeconds: 0,
  filters: [],
  reportsFailures: false,
  concurrencyMax: undefined,
  provisioned: undefined,
  kmsKeyArn: undefined,
  metrics: undefined,
  logLevel: undefined,
  ...more,
})

export const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:q'
const SETTLED = 60

/** A batch that the function has and has not answered. */
export interface Handed {
  readonly ids: readonly string[]
  readonly bytes: number
  readonly span: SpanScope
  end(outcome: BatchInvoke): void
}

export class World {
  readonly fake: FakeLambda
  readonly queue: FakeQueue
  readonly handed: Handed[] = []
  readonly consumer: Consumer
  readonly holding: Holding = { bytes: 0 }
  missing: string | undefined
  readonly #record: MappingRecord

  constructor(more: Partial<MappingSettings> = {}) {
    this.fake = fakeLambda(memoryStores())
    this.queue = new FakeQueue(this.fake)
    this.#record = {
      account: '000000000000',
      region: 'us-east-1',
      id: 'an-id',
      sourceArn: QUEUE,
      settings: settings(more),
      state: 'Enabled',
      lastModifiedAt: 0,
      tags: {},
    }
    this.consumer = new Consumer(this.fake.state.ports, this.#record, this.#parts(more.filters ?? []))
    this.consumer.start()
  }

  configure(more: Partial<MappingSettings>): void {
    const record = { ...this.#record, settings: settings(more) }
    this.consumer.configure(record, this.#parts(more.filters ?? []))
  }

  #parts(filters: readonly string[]): ConsumerParts {
    const filter = compileFilterCriteria(filters, 'body')
    return {
      filter: filter.ok && filters.length > 0 ? filter.value : undefined,
      lineageMark: '01234567',
      holding: this.holding,
      missing: () => this.missing,
      invoke: (span, payload) =>
        new Promise((resolve) => {
          const records = valueAt(parseJson(text(payload)), 'Records')
          const ids = (Array.isArray(records) ? records : []).map((one) => stringAt(one, 'messageId') ?? '')
          this.handed.push({ ids, bytes: payload.length, span, end: resolve })
        }),
    }
  }

  async send(bodies: readonly string[], trace?: string): Promise<void> {
    this.queue.send(bodies, trace)
    await turns(SETTLED)
  }

  /** Time passes in steps, so that what a step brings about has its time. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      this.fake.clock.advance(Math.min(left, 1_000))
      await turns(SETTLED)
    }
  }

  /** The oldest batch ends so. */
  async end(outcome: BatchInvoke): Promise<Handed> {
    const handed = this.handed.shift()
    if (handed === undefined) throw new Error('no batch was handed over')
    handed.end(outcome)
    await turns(SETTLED)
    return handed
  }

  get batches(): (readonly string[])[] {
    return this.handed.map(({ ids }) => ids)
  }
}

export const answered = (payload = 'null'): BatchInvoke => ({
  kind: 'answered',
  payload: utf8(payload),
  failed: false,
})
export const FAILED: BatchInvoke = { kind: 'answered', payload: utf8('{"errorType":"E"}'), failed: true }
export const THROTTLED: BatchInvoke = { kind: 'throttled' }
