import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBudget } from '#lab/budgets.ts'
import { compareReports } from '#lab/compare.ts'
import { reportOf } from '#lab/result.ts'
import { waterfallOf } from '#lab/trace.ts'
import { tuneReport } from '#lab/tune.ts'
import { renderBill } from '#cli/render/bill.ts'
import { renderCompare, renderTune } from '#cli/render/compare.ts'
import { renderReport } from '#cli/render/report.ts'
import { table, wrapped } from '#cli/render/table.ts'
import { painter } from '#cli/render/palette.ts'
import { renderTrace } from '#cli/render/trace.ts'
import { madeUpQueue } from '#lab/fake-events.ts'
import { madeUp, THREE_ROUTES } from '#lab/fake-flight.ts'

const plain = { width: 80, color: false }
const budgets = [
  'p99 < 300 ms',
  'errors < 0.1 %',
  'GET /python max < 20 ms',
  'GET /node p99 < 30 ms',
].flatMap((text) => {
  const read = readBudget(
    text,
    THREE_ROUTES.map((route) => route.name),
  )
  return read.ok ? [read.value] : []
})
const measurement = madeUp(THREE_ROUTES, { budgets })
const report = reportOf(measurement)

const golden = (actual: string, expected: string): void => assert.equal(`\n${actual}\n`, expected)
const fits = (text: string, width: number): void => {
  for (const line of text.split('\n')) assert.ok(line.length <= width, `${line.length} > ${width}: ${line}`)
}
// eslint-disable-next-line no-control-regex
const unpainted = (text: string): string => text.replaceAll(/\u001b\[[\d;]*m/g, '')

test('renderReport() writes the report for 80 columns', () => {
  golden(
    renderReport(report, {
      ...plain,
      next: ['open http://127.0.0.1:4566/_windtunnel/', 'windtunnel tune python'],
    }),
    `
flew 10 s, open loop, Poisson 40 -> 120 requests/s for 10 s   native profile

  GET /python: the slowest request is 28 x the median (n 402 is too small for a
  p99). 18 of its 402 requests were cold, and explain all of it.

  route              n      p50      p95          p99      max  cold  $/million
  GET /node        402  3.07 ms  3.46 ms  n too small  67.4 ms     7       1.35
  GET /python      402  3.14 ms  3.49 ms  n too small  87.5 ms    18       1.35
  GET /compiled    398  1.49 ms  1.57 ms  n too small  10.6 ms     6       1.34
  all            1,202  2.90 ms  3.47 ms      86.9 ms  87.5 ms    31       1.35

  GET /python                                     the slowest 5, made of (mean)
           ms |1               10           100|  init     70.0  ms  #########
  warm    384 |      :@@                       |  start    14.0  ms  ##
  cold     18 |                              @ |  handler   2.33 ms  #
                   p50^                    max^

  function  memory    n  handler p50  init p50  CPU-throttled  at once
  compiled  128 MB  398     0.394 ms   5.00 ms           0 ms        1
  node      128 MB  402     1.97  ms  50.0  ms           0 ms        3
  python    128 MB  402     2.02  ms  70.0  ms           0 ms        4

  compiled: 6 of 398 cold (1.51 %), 85.4 % of the slowest hundredth; provisioned
    concurrency of 1: $0.01 more per million, busy 3.98 % (pays from 60.0 %).
  node: 7 of 402 cold (1.74 %), 95.2 % of the slowest hundredth; provisioned
    concurrency of 3: $0.03 more per million, busy 3.29 % (pays from 60.0 %).
  python: 18 of 402 cold (4.48 %), 96.1 % of the slowest hundredth; provisioned
    concurrency of 4: $0.04 more per million, busy 2.53 % (pays from 60.0 %).

  this flight $0.001619   per million requests $1.35
    HTTP API 1.20, Lambda requests 0.24, logs 0.17, GB-seconds 0.0050, init
    0.0034 m$

  budgets   p99 < 300 ms              ok: 86.9 ms
            errors < 0.1 %            ok: 0 %
            GET /python max < 20 ms   broken: 87.5 ms
            GET /node p99 < 30 ms     n too small

  measured  isolation namespaces, CPU cgroup v2, memory cgroup v2, freeze cgroup
            v2; 2 cores
            load late p99 0.100 ms, event loop p99 0.500 ms, run queue p99 0 ms

  next      open http://127.0.0.1:4566/_windtunnel/
            windtunnel tune python
`,
  )
})

test('renderReport() fits 60, 80 and 200 columns, and 200 show more', () => {
  for (const width of [60, 80, 200]) fits(renderReport(report, { width, color: false }), width)
  const wide = renderReport(report, { width: 200, color: false })
  for (const title of ['p90', 'p99.9', 'throttled', 'CPU-throttled', 'environments'])
    assert.ok(wide.includes(title), title)
})

test('renderReport() says the same without colour', () => {
  const painted = renderReport(report, { width: 80, color: true })
  assert.notEqual(painted, unpainted(painted))
  assert.equal(unpainted(painted), renderReport(report, plain))
})

test('renderReport() shows throttles and errors at 80 columns when there are any', () => {
  const throttled = reportOf(
    madeUp([{ name: 'GET /a/long/route', functionName: 'a', n: 1_000, throttleEach: 10, failEach: 100 }]),
  )
  const text = renderReport(throttled, plain)
  fits(text, 80)
  assert.match(text, /route +n +errors +p50 +p99 /)
  assert.match(text, /GET \/a\/long\/route +1,000 +100 /)
  assert.match(text, /function .*throttled/)
})

test('renderReport() says that a flight was stopped, and survives one without answers', () => {
  const { result } = measurement
  const dead = reportOf({
    ...measurement,
    spans: [],
    usage: [],
    result: {
      ...result,
      partial: true,
      samples: result.samples.map((sample) => ({ ...sample, outcome: 'refused' as const, status: 0 })),
    },
  })
  const text = renderReport(dead, plain)
  assert.match(text, /PARTIAL: stopped early/)
  assert.match(text, /No request was answered: refused\./)
  assert.match(text, /nothing was billed/)
})

test('renderCompare() writes changes with intervals for 80 columns', () => {
  const lighter = THREE_ROUTES.slice(1).map((route) => ({ ...route, handlerMs: 1, cold: 2 }))
  const compared = compareReports(
    reportOf(madeUp(THREE_ROUTES.slice(1))),
    reportOf(madeUp(lighter, { design: '512 MB' })),
  )
  assert.ok(compared.ok)
  golden(
    renderCompare(compared.value, plain),
    `
  before  first, as is   2026-09-21T14:13:20Z   n 800
  after   first, 512 MB   2026-09-21T14:13:20Z   n 800

  GET /python: p95 fell from 3.49 ms to 2.28 ms, -1.21 ms (-84.6 to -1.19).
  GET /compiled: p95 rose from 1.57 ms to 2.28 ms, +0.710 ms (+0.700 to +0.720).

                        before        after  change (95 % interval)
  GET /python
    p50                3.08 ms      2.08 ms  -1.00 ms (-1.04 to -0.950)
    p95                3.49 ms      2.28 ms  -1.21 ms (-84.6 to -1.19)
    p99            n too small  n too small  -
    mean               6.84 ms      2.51 ms  -4.33 ms (-6.22 to -2.66)
    cold starts         4.48 %      0.498 %  -3.98 % (-6.22 to -1.99)
    $ per million        $1.35        $1.34  -$0.0079 (-$0.01 to -$0.0049)
  GET /compiled
    p50                1.50 ms      2.11 ms  +0.610 ms (+0.580 to +0.630)
    p95                1.57 ms      2.28 ms  +0.710 ms (+0.700 to +0.720)
    p99            n too small  n too small  -
    mean               1.64 ms      2.15 ms  +0.511 ms (+0.377 to +0.626)
    cold starts         1.51 %      0.503 %  -1.01 % (-2.51 to +0.251)
    $ per million        $1.34        $1.34  +$0.00097 (+$0.00082 to +$0.0011)
  all
    p50                2.71 ms      2.10 ms  -0.610 ms (-0.690 to +0.530)
    p95                3.45 ms      2.28 ms  -1.17 ms (-1.20 to -1.14)
    p99            n too small  n too small  -
    mean               4.25 ms      2.33 ms  -1.92 ms (-2.91 to -1.03)
    cold starts         3.00 %      0.500 %  -2.50 % (-3.88 to -1.25)
    $ per million        $1.35        $1.34  -$0.0035 (-$0.0052 to -$0.0018)

  compiled: provisioned concurrency of 1 and 1 would be busy 3.98 % before and
    6.04 % after; it pays from 60.0 %.
  python: provisioned concurrency of 4 and 3 would be busy 2.47 % before and
    1.95 % after; it pays from 60.0 %.
`,
  )
})

test('renderTune() writes the table and the plot for 80 columns', () => {
  const flights = [
    [128, 8],
    [256, 4],
    [512, 2],
    [1_024, 1.99],
  ].map(([memoryMb = 0, handlerMs = 0]) => ({
    memoryMb,
    report: reportOf(madeUp([{ name: 'f', functionName: 'f', n: 1_000, handlerMs, cold: 3 }])),
  }))
  const tuned = tuneReport('f', flights)
  assert.ok(tuned !== undefined)
  golden(
    renderTune(tuned, plain),
    `
  f: 1024 MB (p99 3.48 ms, $1.35 per million) is the cheapest, and no size is
  shown to be faster.

   memory      n      p50       p95       p99  cold p50   billed  $/million
   128 MB  1,000  9.06 ms  10.5  ms  10.7  ms   92.0 ms  8.67 ms       1.36
   256 MB  1,000  5.08 ms   5.82 ms   5.89 ms   88.5 ms  4.70 ms       1.35
   512 MB  1,000  3.09 ms   3.46 ms   3.49 ms   86.8 ms  2.70 ms       1.35
  1024 MB  1,000  3.08 ms   3.45 ms   3.48 ms   86.8 ms  2.69 ms       1.35

            p99               cost per million
    128 MB  ################  ################
    256 MB  #########         ################
    512 MB  #####             ################
   1024 MB  #####             ################  cheapest, fastest, balanced

  1024 MB: provisioned concurrency of 4: $0.02 more per million, busy 6.19 %
    (pays from 60.0 %)
`,
  )
})

test('renderBill() writes every line, and what the free tier would take off', () => {
  golden(
    renderBill(report.bill, { ...plain, title: 'this flight' }),
    `
  this flight: $0.001619, $1.35 per million of its 1,202 requests

                      quantity  unit                  $  $/million  price is
  HTTP API               1,202  request       $0.001202       1.00  sure
  logs             0.000335835  GB           $0.0001679       0.14  sure
  GB-seconds          0.299625  GB-second  $0.000004994     0.0042  sure
  init                   0.205  GB-second  $0.000003417     0.0028  sure
  Lambda requests        1,202  request      $0.0002404       0.20  sure

  prices of us-east-1, without the free tier; if nothing else in the account
  used it, it would take off $0.0004167
`,
  )
})

test('renderTrace() writes a waterfall for 80 columns', () => {
  const traceId = report.slowest[0]?.traceId
  const waterfall = waterfallOf(measurement.spans.filter((span) => span.traceId === traceId))
  assert.ok(waterfall !== undefined)
  golden(
    renderTrace(waterfall, plain),
    `
trace 1-6ab13c00-000100000000000000000005   87.1 ms   5 spans

  apigateway request                   87.1 ms  ================================
    lambda Invoke python               86.7 ms  ================================
      lambda start                     14.0 ms  ccccc
      lambda init                      70.0 ms       cccccccccccccccccccccccccc
      lambda invoke                    2.37 ms                                =
`,
  )
  assert.equal(waterfallOf([]), undefined)
})

test('table() lines figures up on the point and drops columns that do not fit', () => {
  const columns = [
    { title: 'name', align: 'left' as const, cells: ['a', 'a rather long name'], leaves: 0 },
    { title: 'ms', align: 'decimal' as const, cells: ['3.12 ms', '71.0 ms'], leaves: 0 },
    { title: 'more', align: 'right' as const, cells: ['1', '2'], leaves: 1 },
  ]
  assert.deepEqual(table(columns, 80, painter(false)), [
    'name                      ms  more',
    'a                    3.12 ms     1',
    'a rather long name  71.0  ms     2',
  ])
  assert.deepEqual(table(columns, 24, painter(false)), [
    'name                  ms',
    'a                3.12 ms',
    'a rather long~  71.0  ms',
  ])
})

test('wrapped() breaks at blanks and indents what follows', () => {
  assert.deepEqual(wrapped('one two three', 7, '  '), ['one two', '  three'])
})

test('renderReport() shows of events the time to completion, what had no end, and the backlog', () => {
  const queued = reportOf(madeUpQueue({ n: 1_200, batch: 10, everyMs: 5, left: 3 }))
  const text = renderReport(queued, plain)
  fits(text, 80)
  const [verdict = '', second = ''] = text.split('\n').slice(2)
  assert.equal(verdict, '  orders: of its 1,200 events 3 were not finished when the flight ended.')
  assert.match(
    second,
    /^ {2}orders: from event to end of processing p99 is 7[\d.]+ ms, 1\.\d x the median\.$/,
  )
  golden(
    text.split('\n').slice(8, 12).join('\n'),
    `
  to completion  events  unfinished      p50      p95      p99         max
  orders          1,200           3  46.4 ms  71.4 ms  71.4 ms  unfinished

  backlog |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@******| most 15 at 0 s of 6 s
`,
  )
  assert.match(text, /orders, to completion +what the p99 is made of/)
  const wide = renderReport(queued, { width: 200, color: false })
  assert.match(wide, /unfinished .* cold {2}batch {2}invokes\/event {2}backlog/)
})
