import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instant } from '#base/time.ts'
import { readBudget } from '#lab/budgets.ts'
import type { Budget } from '#lab/flight.ts'
import { joinRequest, unionMs } from '#lab/join.ts'
import { reportOf } from '#lab/result.ts'
import { madeUp, STARTED_AT, THREE_ROUTES } from '#lab/fake-flight.ts'

const near = (actual: number, expected: number, within = 0.01): void =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`)

const budgets = (...lines: string[]): Budget[] =>
  lines.map((line) => {
    const read = readBudget(
      line,
      THREE_ROUTES.map((route) => route.name),
    )
    assert.ok(read.ok, read.ok ? '' : read.error)
    return read.value
  })

test('reportOf() counts requests, cold starts and n per route, and writes no percentile that n cannot carry', () => {
  const report = reportOf(madeUp(THREE_ROUTES))
  assert.deepEqual(
    report.routes.map(({ name, n, errors, cold }) => [name, n, errors, cold]),
    [
      ['GET /node', 402, 0, 7],
      ['GET /python', 402, 0, 18],
      ['GET /compiled', 398, 0, 6],
    ],
  )
  for (const route of report.routes) {
    assert.notEqual(route.p95Ms, null)
    assert.equal(route.p99Ms, null)
  }
  assert.equal(report.overall.n, 1_202)
  assert.notEqual(report.overall.p99Ms, null)
  assert.equal(report.overall.p999Ms, null)
})

test('reportOf() needs 200 requests for p95, 1,000 for p99 and 10,000 for p99.9', () => {
  const figures = (n: number): unknown[] => {
    const { p50Ms, p95Ms, p99Ms, p999Ms } = reportOf(madeUp([{ name: 'r', functionName: 'f', n }])).overall
    return [p50Ms, p95Ms, p99Ms, p999Ms].map((figure) => figure !== null)
  }
  assert.deepEqual(figures(199), [true, false, false, false])
  assert.deepEqual(figures(200), [true, true, false, false])
  assert.deepEqual(figures(1_000), [true, true, true, false])
  assert.deepEqual(figures(10_000), [true, true, true, true])
})

test('reportOf() says first that the cold requests explain the tail', () => {
  const report = reportOf(madeUp(THREE_ROUTES))
  assert.match(
    report.verdict[0] ?? '',
    /^GET \/python: the slowest request is \d+ x the median \(n 402 is too small for a p99\)\. 18 of its 402 requests were cold, and explain all of it\.$/,
  )
  const many = reportOf(madeUp([{ name: 'GET /python', functionName: 'python', n: 2_000, cold: 40 }]))
  assert.match(
    many.verdict[0] ?? '',
    /^GET \/python: p99 is \d+ x the median\. 40 of its 2,000 requests were cold, and explain all of it\.$/,
  )
  assert.deepEqual(
    many.routes[0]?.tail?.phases.map((phase) => phase.name),
    ['load', 'client', 'gateway', 'start', 'init', 'handler', 'overhead'],
  )
})

test('reportOf() names the main part of a warm tail', () => {
  const starved = reportOf(
    madeUp([{ name: 'GET /a', functionName: 'f', n: 1_000, starved: { each: 50, ms: 40 } }]),
  )
  assert.match(
    starved.verdict[0] ?? '',
    /None of the slowest was cold; the CPU share of the memory size is 9\d % of the tail\./,
  )
  const waiting = reportOf(
    madeUp([{ name: 'GET /a', functionName: 'f', n: 1_000, downstream: { each: 50, ms: 40 } }]),
  )
  assert.match(waiting.verdict[0] ?? '', /calls the handler waits for is 9\d % of the tail\./)
  const steady = reportOf(madeUp([{ name: 'GET /a', functionName: 'f', n: 1_000 }]))
  assert.match(steady.verdict[0] ?? '', /^GET \/a: p99 is 1\.\d x the median, [\d.]+ ms\.$/)
})

test('reportOf() says throttles and failures before the tail', () => {
  const report = reportOf(
    madeUp([{ name: 'GET /a', functionName: 'f', n: 1_000, cold: 20, throttleEach: 10, timeoutEach: 250 }]),
  )
  assert.match(
    report.verdict[0] ?? '',
    /^GET \/a: of its 1,000 requests 96 were throttled and 4 failed \(timeout 4\)\.$/,
  )
  assert.deepEqual(report.routes[0]?.errorKinds, { throttled: 96, timeout: 4 })
  assert.equal(report.functions[0]?.throttles, 96)
})

test('reportOf() says before everything that the tunnel measured itself, and judges no latency budget then', () => {
  const late = madeUp([{ name: 'GET /node', functionName: 'f', n: 1_000, lateMs: 3 }], {
    budgets: budgets('p99 < 300 ms', 'errors < 1 %'),
  })
  const report = reportOf(late)
  assert.match(
    report.verdict[0] ?? '',
    /^The tunnel measured itself: \d+(\.\d)? % of the tail of GET \/node .*Below about \d+ requests\/s it would not\.$/,
  )
  assert.equal(report.budgets[0]?.outcome, 'not-measurable')
  assert.match(
    report.budgets[0]?.answer ?? '',
    /^not measurable on this machine; it would be below about \d+ requests\/s$/,
  )
  assert.equal(report.budgets[1]?.outcome, 'ok')
  assert.equal(report.budgetsOutcome, 'undecided')
})

test('reportOf() counts run-queue delay and the event loop of the server as the tunnel measuring itself', () => {
  const waiting = reportOf(madeUp([{ name: 'r', functionName: 'f', n: 1_000, runQueueMs: 1.5 }]))
  assert.equal(waiting.overall.self.measurable, false)
  near(waiting.overall.self.runQueueMs, 1.5)
  const stalled = { name: 'r', functionName: 'f', n: 1_000, stalled: { each: 50, ms: 20 } }
  const blocked = reportOf(madeUp([stalled], { eventLoopDelay: { p50Ms: 0.1, p99Ms: 15, maxMs: 80 } }))
  assert.equal(blocked.overall.self.measurable, false)
  near(blocked.overall.self.eventLoopDelayMs, 15)
  const calm = reportOf(
    madeUp([{ ...stalled, stalled: { each: 50, ms: 0 } }], {
      eventLoopDelay: { p50Ms: 0.1, p99Ms: 15, maxMs: 80 },
    }),
  )
  assert.equal(calm.overall.self.measurable, true, 'a delay that no slow request met explains none')
})

test('reportOf() judges budgets on all requests and on one route, and leaves undecided what n is too small for', () => {
  const report = reportOf(
    madeUp(THREE_ROUTES, {
      budgets: budgets(
        'p99 < 300 ms',
        'errors < 0.1 %',
        'usd_per_million < 2.5',
        'GET /node p99 < 30 ms',
        'GET /python max < 20 ms',
      ),
    }),
  )
  assert.deepEqual(
    report.budgets.map((budget) => budget.outcome),
    ['ok', 'ok', 'ok', 'undecided', 'broken'],
  )
  assert.equal(report.budgets[3]?.answer, 'n too small')
  assert.equal(report.budgetsOutcome, 'broken')
})

test('reportOf() judges a percentile that n is too small for by the slowest and the median where these decide', () => {
  const report = reportOf(
    madeUp(THREE_ROUTES, { budgets: budgets('GET /node p99 < 300 ms', 'GET /node p99 < 1 ms') }),
  )
  assert.deepEqual(
    report.budgets.map(({ outcome, answer }) => [outcome, answer.replace(/[\d.]+ ms/, 'N ms')]),
    [
      ['ok', 'ok: the slowest of 402 took N ms'],
      ['broken', 'broken: the median is N ms'],
    ],
  )
})

test('reportOf() says what the tail is without the cold requests when these are only part of it', () => {
  const report = reportOf(
    madeUp([{ name: 'GET /a', functionName: 'f', n: 600, cold: 1, starved: { each: 100, ms: 30 } }]),
  )
  assert.match(
    report.verdict[0] ?? '',
    /1 of its 600 requests was cold; without it the slowest is 3\d\.\d ms, 1\d x the median\.$/,
  )
})

test('reportOf() bills the flight exactly, per million and per route', () => {
  const report = reportOf(madeUp([{ name: 'r', functionName: 'f', n: 1_000, handlerMs: 1.5 }]))
  const labels = report.bill.lines.map((line) => line.label)
  assert.deepEqual(labels, ['HTTP API', 'logs', 'GB-seconds', 'Lambda requests'])
  // 1 $ for the API, 0.2 $ for requests, 2 ms at 128 MB, 300 bytes of logs.
  const expected = 1 + 0.2 + 2 * 0.125 * 0.0000166667 * 1_000 + (300 / 2 ** 30) * 0.5 * 1e6
  near(Number(report.bill.usdPerMillion), expected, 1e-3)
  near(Number(report.routes[0]?.usdPerMillion), expected, 1e-3)
  assert.equal(report.bill.unpriced.length, 0)
})

test('reportOf() shares usage without a trace evenly by request', () => {
  const measurement = madeUp(THREE_ROUTES)
  const untraced = {
    ...measurement,
    usage: measurement.usage.map((record) => ({ ...record, traceId: undefined })),
  }
  const report = reportOf(untraced)
  for (const route of report.routes)
    near(Number(route.usdPerMillion), Number(report.bill.usdPerMillion), 1e-6)
})

test('reportOf() leaves the warm-up out of the figures but not out of the bill', () => {
  const measurement = madeUp([{ name: 'r', functionName: 'f', n: 1_000, cold: 20 }])
  const report = reportOf({ ...measurement, load: { ...measurement.load, warmUpMs: 1_000 } })
  assert.equal(report.overall.cold, 0)
  assert.equal(report.load.warmUpRequests, 100)
  assert.equal(report.bill.requests, 1_000)
})

test('reportOf() gives each environment its lane with start, init, invoke and frozen', () => {
  const report = reportOf(madeUp([{ name: 'r', functionName: 'f', n: 40, cold: 4 }]))
  assert.equal(report.environments.length, 4)
  assert.deepEqual(
    report.environments[0]?.segments.slice(0, 4).map((segment) => segment.kind),
    ['start', 'init', 'invoke', 'frozen'],
  )
  assert.equal(report.functions[0]?.environments, 4)
})

test('reportOf() draws the birth of an environment that its first caller did not wait for', () => {
  const measurement = madeUp([{ name: 'r', functionName: 'f', n: 10, cold: 1 }])
  const ahead = measurement.spans.filter((span) => span.operation !== 'start' && span.operation !== 'init')
  const [lane] = reportOf({ ...measurement, spans: ahead }).environments
  assert.deepEqual(
    lane?.segments.slice(0, 3).map((segment) => segment.kind),
    ['start', 'init', 'invoke'],
  )
})

test('reportOf() shows over time what arrived, was answered and was cold, and loses none', () => {
  const report = reportOf(madeUp(THREE_ROUTES))
  const total = (key: 'arrivals' | 'answers' | 'cold'): number =>
    report.seconds.reduce((sum, second) => sum + second[key], 0)
  assert.equal(report.seconds.length, 10)
  assert.equal(total('arrivals'), 1_202)
  assert.equal(total('answers'), 1_202)
  assert.equal(total('cold'), 31)
})

test('reportOf() lists the slowest requests with phases that add up to their latency', () => {
  const report = reportOf(madeUp(THREE_ROUTES))
  assert.equal(report.slowest.length, 20)
  for (const trace of report.slowest) {
    near(
      trace.phases.reduce((sum, phase) => sum + phase.ms, 0),
      trace.latencyMs,
      1e-6,
    )
    assert.deepEqual(
      trace.spans.map((span) => span.operation),
      ['request', 'Invoke', 'start', 'init', 'invoke'],
    )
  }
})

test('reportOf() says that a stopped flight is partial and that nothing was answered', () => {
  const measurement = madeUp(THREE_ROUTES)
  const stopped = reportOf({ ...measurement, result: { ...measurement.result, partial: true } })
  assert.match(stopped.warnings[0] ?? '', /^Stopped early/)
  const refused = measurement.result.samples.map((sample) => ({
    ...sample,
    status: 0,
    outcome: 'refused' as const,
  }))
  const dead = reportOf({
    ...measurement,
    spans: [],
    usage: [],
    result: { ...measurement.result, samples: refused },
  })
  assert.equal(dead.verdict[0], 'No request was answered: refused.')
  assert.equal(dead.overall.p50Ms, null)
})

test('joinRequest() keeps the parts of a request adding up when spans contradict its latency', () => {
  const [sample] = madeUp([{ name: 'r', functionName: 'f', n: 1 }]).result.samples
  assert.ok(sample !== undefined)
  const span = {
    traceId: 't',
    id: 'a',
    service: 'lambda',
    operation: 'Invoke',
    account: '',
    region: '',
    start: STARTED_AT,
    durationMs: 900,
    outcome: 'ok' as const,
    bytesIn: 0,
    bytesOut: 0,
    attributes: { functionName: 'f', durationMs: 700, queueMs: 500, initMs: 40 },
  }
  const { phases } = joinRequest({ ...sample, latencyMs: 50, lateMs: 10 }, [span], [])
  near(
    Object.values(phases ?? {}).reduce((sum, ms) => sum + ms, 0),
    50,
    1e-9,
  )
  assert.ok(Object.values(phases ?? {}).every((ms) => ms >= 0))
})

test('joinRequest() takes a function error behind status 200 for an error, and an expected status for none', () => {
  const { result, spans } = madeUp([{ name: 'r', functionName: 'f', n: 1, failEach: 1 }])
  const [sample] = result.samples
  assert.ok(sample !== undefined)
  assert.equal(joinRequest({ ...sample, status: 200 }, spans, []).error, 'function error')
  assert.equal(joinRequest({ ...sample, status: 404 }, [], [404]).error, undefined)
  assert.equal(joinRequest({ ...sample, status: 200 }, [], [404]).error, 'status 200')
})

test('unionMs() counts overlapping calls once', () => {
  assert.equal(
    unionMs([
      [instant(5), 9],
      [0, 4],
      [3, 6],
      [20, 21],
    ]),
    10,
  )
  assert.equal(unionMs([]), 0)
})

test("joinRequest() tells an authorizer's time apart from the function's, and its invoke from the one that was meant", () => {
  const { result, spans } = madeUp([{ name: 'r', functionName: 'f', n: 1, handlerMs: 2 }])
  const [sample] = result.samples
  const gateway = spans.find(({ service }) => service === 'apigateway')
  const invoke = spans.find(({ operation }) => operation === 'Invoke')
  assert.ok(sample !== undefined && gateway !== undefined && invoke !== undefined)
  const asked = { ...gateway, id: 'x1', parentId: gateway.id, operation: 'authorizer', durationMs: 30 }
  const authorizer = {
    ...invoke,
    id: 'x2',
    parentId: 'x1',
    start: gateway.start,
    attributes: { ...invoke.attributes, functionName: 'checks', cold: true },
  }
  const longer = spans.map((span) =>
    span === gateway ? { ...span, durationMs: span.durationMs + 30 } : span,
  )
  const joined = joinRequest(
    { ...sample, latencyMs: sample.latencyMs + 30 },
    [...longer, asked, authorizer],
    [],
  )
  assert.deepEqual(
    joined.invocations.map(({ functionName }) => functionName),
    ['f'],
  )
  assert.equal(joined.cold, false)
  near(joined.phases?.authorizer ?? 0, 30, 1e-9)
})
