import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instant } from '#base/time.ts'
import { readBudget } from '#lab/budgets.ts'
import { compareReports } from '#lab/compare.ts'
import { Drain } from '#lab/drain.ts'
import {
  batchSpans,
  deliverySpan,
  eventSpan,
  madeUpQueue,
  madeUpTopic,
  QUEUE,
  sampleOf,
  TOPIC,
  traceOf,
  WORKER,
  workSpan,
} from '#lab/fake-events.ts'
import { madeUp, STARTED_AT } from '#lab/fake-flight.ts'
import type { Budget } from '#lab/flight.ts'
import { reportOf } from '#lab/result.ts'
import type { CompletionReport, FlightReport } from '#lab/report.ts'

const near = (actual: number | null | undefined, expected: number, within = 0.01): void =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= within, `${actual} is not ${expected}`)

function completionOf(report: FlightReport): CompletionReport {
  const completion = report.routes[0]?.completion
  assert.ok(completion !== undefined)
  return completion
}

const budgets = (...lines: string[]): Budget[] =>
  lines.map((line) => {
    const read = readBudget(line, ['orders'])
    assert.ok(read.ok, read.ok ? '' : read.error)
    return read.value
  })

const ARN_B = 'arn:aws:lambda:us-east-1:000000000000:function:other'

test('reportOf() counts an event until the invocation of its batch ended, from when it was due', () => {
  const report = reportOf(madeUpQueue({ n: 4, batch: 2, everyMs: 10, waitMs: 5, handlerMs: 20 }))
  const completion = completionOf(report)
  // The first of a batch waits for the second: due at 0 and 10, invoked at 16.4, ended at 36.4.
  assert.deepEqual(completion.completionsMs, [
    [26.4, 2],
    [36.4, 2],
  ])
  near(completion.p50Ms, 26.4)
  near(completion.maxMs, 36.4)
  assert.deepEqual([completion.events, completion.finished, completion.unfinished], [4, 4, 0])
  near(report.routes[0]?.p50Ms, 2)
  assert.equal(report.routes[0]?.cold, 0, 'the sender waited for no cold start')
  assert.equal(completion.cold, 2)
  assert.deepEqual(
    completion.tail?.phases.map(({ name }) => name),
    ['load', 'client', 'gateway', 'event-queue', 'handler'],
  )
  const sum = completion.tail?.phases.reduce((all, { meanMs }) => all + meanMs, 0)
  near(sum, completion.tail?.meanMs ?? 0)
})

test('reportOf() counts batches, invocations per event and the backlog of a queue', () => {
  const report = reportOf(madeUpQueue({ n: 25, batch: 10, everyMs: 10 }))
  const completion = completionOf(report)
  near(completion.batchSizeMean, 25 / 3)
  assert.equal(completion.batchSizeMax, 10)
  near(completion.invocationsPerEvent, 3 / 25)
  // Ten of a batch, and those that were due while it was worked on.
  assert.equal(completion.backlogMax, 12)
  assert.equal(report.seconds[0]?.backlogMax, 12)
  assert.equal(report.seconds[0]?.completions, 25)
  assert.equal(report.functions[0]?.invocations, 3)
})

test('reportOf() takes unfinished events as slower than all others, and never leaves them out', () => {
  const flight = madeUpQueue(
    { n: 1_000, batch: 10, left: 20 },
    {
      budgets: budgets(
        'completion_p50 < 1 s',
        'completion_p99 < 2 s',
        'completion_p99 < 60 s',
        'orders completion_max < 1 s',
        'unfinished <= 20 events',
        'unfinished < 1 %',
        'backlog_max < 10 events',
      ),
    },
  )
  const report = reportOf(flight)
  const completion = completionOf(report)
  assert.deepEqual([completion.n, completion.finished, completion.unfinished], [1_000, 980, 20])
  assert.notEqual(completion.p95Ms, null)
  assert.deepEqual([completion.p99Ms, completion.maxMs, completion.meanMs], [null, null, null])
  near(completion.unfinishedFromMs, 3_010)
  assert.deepEqual(
    report.budgets.map(({ outcome }) => outcome),
    ['ok', 'broken', 'undecided', 'broken', 'ok', 'broken', 'broken'],
  )
  assert.match(
    report.verdict.join(' '),
    /orders: of its 1,000 events 20 were not finished when the flight ended\./,
  )
  assert.equal(report.seconds.at(-1)?.backlogMax, 20, 'those that were left')
})

test('reportOf() says when nothing took from a queue', () => {
  const report = reportOf(madeUpQueue({ n: 5, batch: 1, left: 5 }))
  assert.match(report.verdict[0] ?? '', /^orders: none of its 5 events was finished/)
  assert.equal(completionOf(report).p50Ms, null)
})

test('reportOf() finishes a message of a queue that no function works on when it is received', () => {
  const received = eventSpan({
    traceId: traceOf(99),
    id: 'r1',
    service: 'sqs',
    operation: 'ReceiveMessage',
    at: 50,
    ms: 1,
    links: [{ traceId: traceOf(0), id: `a${'0'.repeat(15)}` }],
  })
  const flight = madeUpQueue({ n: 1, batch: 1, left: 1 })
  near(completionOf(reportOf({ ...flight, spans: [...flight.spans, received] })).maxMs, 51)
  // Where functions work on the queue, a receive alone is no end.
  const worked = madeUpQueue({ n: 2, batch: 1, left: 1 })
  const last = { ...received, links: [{ traceId: traceOf(1), id: 'a000000000000001' }] }
  assert.equal(completionOf(reportOf({ ...worked, spans: [...worked.spans, last] })).unfinished, 1)
})

test('reportOf() finishes an event when the last of its receivers was done, at each one’s first success', () => {
  const to = (id: string, parentId: string, at: number, more: object = {}): ReturnType<typeof workSpan> =>
    workSpan({ traceId: traceOf(0), id, parentId, at, ms: 10, ...more })
  const both = [deliverySpan('d1', WORKER), deliverySpan('d2', ARN_B)]
  const first = [to('i1', 'd1', 5, { outcome: 'error' }), to('i2', 'd1', 100)]
  const second = to('i3', 'd2', 40, { attributes: { functionName: 'other' } })
  const report = reportOf(madeUpTopic([...both, ...first, second]))
  near(completionOf(report).maxMs, 110)
  near(completionOf(report).invocationsPerEvent, 3)
  assert.equal(report.routes[0]?.errors, 0, 'a failed attempt is no failed request')
  const waiting = completionOf(reportOf(madeUpTopic([...both, second])))
  assert.deepEqual([waiting.unfinished, waiting.unfinishedFromMs], [1, 1_000])
})

test('reportOf() waits for no queue that nothing takes from when there are other receivers', () => {
  const audit = deliverySpan('d2', `${QUEUE}-audit`)
  const worked = workSpan({ traceId: traceOf(0), id: 'i1', parentId: 'd1', at: 5, ms: 10 })
  near(completionOf(reportOf(madeUpTopic([deliverySpan('d1', WORKER), audit, worked]))).maxMs, 15)
})

test('reportOf() tells dead-lettered, dropped, filtered and refused events apart', () => {
  const failed = workSpan({
    traceId: traceOf(0),
    id: 'i1',
    parentId: 'd1',
    at: 5,
    ms: 10,
    outcome: 'error',
    attributes: { asyncEventsDropped: 'RetriesExhausted' },
  })
  const dead = eventSpan({
    traceId: traceOf(0),
    id: 'x1',
    parentId: 'd1',
    service: 'lambda',
    operation: 'DeadLetter',
    at: 16,
    ms: 1,
  })
  const fate = (...spans: Parameters<typeof madeUpTopic>): unknown => {
    const { finished, unfinished, deadLettered, dropped, filtered, events } = completionOf(
      reportOf(madeUpTopic(...spans)),
    )
    return { finished, unfinished, deadLettered, dropped, filtered, events }
  }
  const none = { finished: 0, unfinished: 0, deadLettered: 0, dropped: 0, filtered: 0, events: 1 }
  const delivery = deliverySpan('d1', WORKER)
  assert.deepEqual(fate([delivery, failed, dead]), { ...none, deadLettered: 1 })
  assert.deepEqual(fate([delivery, failed]), { ...none, dropped: 1 })
  const kept = eventSpan({
    traceId: traceOf(0),
    id: 'p1',
    service: 'sns',
    operation: 'Publish',
    at: 0,
    ms: 1,
    attributes: { filteredOut: 2 },
  })
  assert.deepEqual(fate([kept]), { ...none, filtered: 1 })
  assert.deepEqual(fate([]), { ...none, unfinished: 1 })
  const refused = deliverySpan('d1', WORKER, { outcome: 'error' })
  assert.deepEqual(fate([refused]), { ...none, dropped: 1 })
  assert.deepEqual(fate([{ ...refused, outcome: 'throttle' }]), { ...none, unfinished: 1 })
  const toDead = deliverySpan('d2', `${QUEUE}-dead`, { attributes: { protocol: 'lambda' } })
  assert.deepEqual(fate([refused, toDead]), { ...none, deadLettered: 1 })
  const denied = {
    result: {
      samples: [sampleOf(0, 0, { status: 400 })],
      startedAt: STARTED_AT,
      finishedAt: instant(STARTED_AT + 10),
      partial: false,
    },
  }
  assert.deepEqual(fate([], denied), { ...none, events: 0 })
})

test('reportOf() takes a batch that was given back as no end of what came again', () => {
  const links = [0, 1].map((i) => ({ traceId: traceOf(i), id: `a00000000000000${i}` }))
  const flight = madeUpQueue({ n: 2, batch: 1, left: 2 })
  const first = { traceId: traceOf(60), id: 'b1', at: 10, ms: 10, links }
  const second = { traceId: traceOf(61), id: 'b2', at: 100, ms: 10, links: links.slice(0, 1) }
  const spans = [...batchSpans(first, 1), ...batchSpans(second)]
  const partly = completionOf(reportOf({ ...flight, spans: [...flight.spans, ...spans] }))
  assert.deepEqual(partly.completionsMs, [
    [10, 1],
    [110, 1],
  ])
  assert.deepEqual([partly.batchSizeMean, partly.batchSizeMax, partly.invocationsPerEvent], [1.5, 2, 1])
  const whole = completionOf(reportOf({ ...flight, spans: [...flight.spans, ...batchSpans(first, 2)] }))
  assert.deepEqual([whole.finished, whole.unfinished], [0, 2])
})

test('reportOf() follows an event through several queues and traces', () => {
  const next = eventSpan({
    traceId: traceOf(1_000_000),
    id: 's2',
    parentId: `b${'0'.repeat(15)}i`,
    service: 'sqs',
    operation: 'SendMessage',
    at: 10,
    ms: 1,
    attributes: { queue: `${QUEUE}-2` },
  })
  const second = workSpan({
    traceId: traceOf(77),
    id: 'i9',
    at: 300,
    ms: 10,
    links: [{ traceId: traceOf(1_000_000), id: 's2' }],
  })
  const flight = madeUpQueue({ n: 1, batch: 1 })
  near(completionOf(reportOf({ ...flight, spans: [...flight.spans, next, second] })).maxMs, 310)
})

test('reportOf() shows time to completion also of a route that acknowledges at once, and of no other', () => {
  assert.equal(reportOf(madeUp([{ name: 'GET /a', functionName: 'f', n: 10 }])).overall.completion, undefined)
  assert.equal(
    'backlogMax' in (reportOf(madeUp([{ name: 'r', functionName: 'f', n: 10 }])).seconds[0] ?? {}),
    false,
  )
  const acknowledged = reportOf(madeUpQueue({ n: 4, batch: 2 }, { targets: [{ name: 'POST /orders' }] }))
  assert.equal(completionOf(acknowledged).finished, 4)
})

test('reportOf() charges each event its part of a batch, and the whole to all of them together', () => {
  const report = reportOf(madeUpQueue({ n: 20, batch: 10 }))
  // An SQS request is $0.40 a million; an invocation $0.20 a million, a tenth of it for each event.
  near(Number(report.routes[0]?.usdPerMillion), 0.42, 1e-9)
  near(Number(report.bill.usdPerMillion), 0.42, 1e-9)
  assert.deepEqual(report.routes[0]?.costsUsd, [[4.2e-7, 20]])
  assert.equal(report.slowest[0]?.usd, '0.00000042')
})

test('compareReports() sets times to completion side by side, also of a design that answers when all is done', () => {
  const slow = reportOf(madeUpQueue({ n: 400, batch: 10, waitMs: 200 }))
  const quick = reportOf(madeUpQueue({ n: 400, batch: 10, waitMs: 5 }))
  const compared = compareReports(slow, quick)
  assert.ok(compared.ok)
  const row = compared.value.rows.find(({ metric }) => metric === 'completion_p95')
  assert.equal(row?.outcome, 'better')
  near(row?.difference, -195, 5)
  assert.match(compared.value.verdict.join(' '), /orders: completion p\d\d fell from/)
  const waited = reportOf(
    madeUpQueue({ n: 400, batch: 10, left: 400 }, { targets: [{ name: 'orders' }], spans: [] }),
  )
  assert.equal(waited.routes[0]?.completion, undefined)
  const designs = compareReports(waited, quick)
  assert.ok(designs.ok)
  assert.equal(designs.value.rows.find(({ metric }) => metric === 'completion_p50')?.outcome, 'worse')
})

test('Drain tells how many events have no end yet, and from when on to read again', () => {
  const whole = madeUpQueue({ n: 30, batch: 10 })
  const early = whole.spans.filter(({ start }) => start < STARTED_AT + 150)
  const drain = new Drain(whole.result, whole.targets)
  const before = drain.add(early)
  assert.deepEqual([before.events, before.unfinished, before.from - STARTED_AT], [30, 20, 100])
  assert.deepEqual(drain.add(whole.spans).unfinished, 0)
  const answered = madeUp([{ name: 'GET /a', functionName: 'f', n: 10 }])
  assert.deepEqual(new Drain(answered.result, answered.targets).add(answered.spans).events, 0)
})

test('reportOf() names what a bus answers 200 to and does not take an error', () => {
  const put = eventSpan({
    traceId: traceOf(0),
    id: 'p1',
    service: 'events',
    operation: 'PutEvents',
    at: 0,
    ms: 1,
    attributes: { failedEntries: 1 },
  })
  const report = reportOf(madeUpTopic([put], { targets: [{ name: TOPIC, isEvent: true }] }))
  assert.deepEqual(report.routes[0]?.errorKinds, { 'entry refused': 1 })
  assert.equal(completionOf(report).events, 0)
})
