/** Flights of events made up for the tests of the lab: queues whose messages functions get in batches, and topics. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instant } from '#base/time.ts'
import type { LoadSample } from '#ports/load.ts'
import type { Span } from '#ports/spans.ts'
import type { UsageRecord } from '#ports/usage.ts'
import { madeUp, STARTED_AT } from '#lab/fake-flight.ts'
import type { Measurement } from '#lab/result.ts'

export const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:orders'
export const TOPIC = 'arn:aws:sns:us-east-1:000000000000:orders'
export const WORKER = 'arn:aws:lambda:us-east-1:000000000000:function:worker'

export const traceOf = (i: number): string => `1-6ab13c00-${`${i}`.padStart(24, '0')}`
const idOf = (kind: string, i: number): string => `${kind}${`${i}`.padStart(15, '0')}`

export function eventSpan(
  more: Partial<Span> & Pick<Span, 'traceId' | 'id' | 'service' | 'operation'> & { at: number; ms: number },
): Span {
  const { at, ms, ...rest } = more
  return {
    account: '000000000000',
    region: 'us-east-1',
    start: instant(STARTED_AT + at),
    durationMs: ms,
    outcome: 'ok',
    bytesIn: 0,
    bytesOut: 0,
    attributes: {},
    ...rest,
  }
}

/** An invocation of the worker that lasts so long. */
export function workSpan(
  more: Omit<Parameters<typeof eventSpan>[0], 'service' | 'operation'> & { readonly cold?: boolean },
): Span {
  const { cold = false, attributes, ...rest } = more
  const own = { functionName: 'worker', cold, durationMs: rest.ms, queueMs: 0, startMs: 0, initMs: 0 }
  return eventSpan({ ...rest, service: 'lambda', operation: 'Invoke', attributes: { ...own, ...attributes } })
}

/** A mapping's poll, one ms longer at both ends, and its invocation below, whose id ends in `i`. */
export function batchSpans(
  { id, links = [], ...more }: Parameters<typeof workSpan>[0],
  failed = 0,
): [poll: Span, invoke: Span] {
  const poll = eventSpan({
    traceId: more.traceId,
    id,
    service: 'lambda',
    operation: 'poll',
    at: more.at - 1,
    ms: more.ms + 2,
    links,
    attributes: { batchSize: links.length, failed },
  })
  return [poll, workSpan({ ...more, id: `${id}i`, parentId: id })]
}

export interface MadeUpQueue {
  readonly n: number
  /** From one event to the next. */
  readonly everyMs?: number
  /** Messages of an invocation. */
  readonly batch: number
  /** From the last message of a batch to its invocation. */
  readonly waitMs?: number
  readonly handlerMs?: number
  /** The last this many are never taken. */
  readonly left?: number
}

/** A queue target named `orders`: each message in a trace of its own, each batch too, with a link for each message. */
export function madeUpQueue(queue: MadeUpQueue, more: Partial<Measurement> = {}): Measurement {
  const { n, everyMs = 10, batch, waitMs = 5, handlerMs = 20, left = 0 } = queue
  const samples: LoadSample[] = []
  const spans: Span[] = []
  const usage: UsageRecord[] = []
  const used = { at: STARTED_AT, account: '000000000000', region: 'us-east-1', unit: 'count' } as const
  for (let i = 0; i < n; i++) {
    const traceId = traceOf(i)
    samples.push(sampleOf(i, i * everyMs))
    spans.push(
      eventSpan({
        traceId,
        id: idOf('a', i),
        service: 'sqs',
        operation: 'SendMessage',
        at: i * everyMs + 0.4,
        ms: 1,
        attributes: { queue: QUEUE },
      }),
    )
    usage.push({
      ...used,
      traceId,
      service: 'sqs',
      dimension: 'standardRequests',
      quantity: 1,
      resource: QUEUE,
    })
  }
  for (let from = 0; from < n - left; from += batch) {
    const size = Math.min(batch, n - left - from)
    const traceId = traceOf(1_000_000 + from)
    const links = Array.from({ length: size }, (_, k) => ({
      traceId: traceOf(from + k),
      id: idOf('a', from + k),
    }))
    const at = (from + size - 1) * everyMs + 1.4 + waitMs
    spans.push(...batchSpans({ traceId, id: idOf('b', from), at, ms: handlerMs, links, cold: from === 0 }))
    usage.push({ ...used, traceId, service: 'lambda', dimension: 'requests', quantity: 1, resource: WORKER })
  }
  return {
    ...madeUp([]),
    targets: [{ name: 'orders', isEvent: true }],
    load: { description: 'open loop, constant 100 requests/s for 1 s', seed: 1, planned: n, warmUpMs: 0 },
    result: {
      samples,
      startedAt: STARTED_AT,
      finishedAt: instant(STARTED_AT + n * everyMs),
      partial: false,
    },
    observedUntil: instant(STARTED_AT + n * everyMs + 3_000),
    spans,
    usage,
    ...more,
  }
}

/** A request due then whose answer came 2 ms later. */
export function sampleOf(i: number, dueMs: number, more: Partial<LoadSample> = {}): LoadSample {
  return {
    target: 0,
    dueAt: instant(STARTED_AT + dueMs),
    lateMs: 0.2,
    latencyMs: 2,
    firstByteMs: 1.8,
    status: 200,
    bytes: 80,
    outcome: 'answered',
    traceId: traceOf(i),
    ...more,
  }
}

/** One published message, and what became of its deliveries: those spans are the test's. */
export function madeUpTopic(spans: readonly Span[], more: Partial<Measurement> = {}): Measurement {
  const publish = eventSpan({
    traceId: traceOf(0),
    id: idOf('a', 0),
    service: 'sns',
    operation: 'Publish',
    resource: TOPIC,
    at: 0.4,
    ms: 1,
  })
  return madeUpQueue(
    { n: 0, batch: 1 },
    {
      targets: [{ name: 'topic', isEvent: true }],
      result: {
        samples: [sampleOf(0, 0)],
        startedAt: STARTED_AT,
        finishedAt: instant(STARTED_AT + 10),
        partial: false,
      },
      observedUntil: instant(STARTED_AT + 1_000),
      spans: [publish, ...spans],
      ...more,
    },
  )
}

/** Below the publish of `madeUpTopic`, to a function or queue. */
export const deliverySpan = (id: string, endpoint: string, more: Partial<Span> = {}): Span =>
  eventSpan({
    traceId: traceOf(0),
    id,
    parentId: idOf('a', 0),
    service: 'sns',
    operation: 'Deliver',
    resource: TOPIC,
    at: 0.6,
    ms: 0.5,
    ...more,
    attributes: { protocol: endpoint.includes(':lambda:') ? 'lambda' : 'sqs', endpoint, ...more.attributes },
  })

test('madeUpQueue() links each batch to its messages', () => {
  const { spans, result } = madeUpQueue({ n: 25, batch: 10 })
  assert.equal(result.samples.length, 25)
  assert.deepEqual(
    spans.flatMap(({ links }) => (links === undefined ? [] : [links.length])),
    [10, 10, 5],
  )
})
