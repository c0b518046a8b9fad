/** The forms of a report beside the terminal's: markdown, JUnit, HTML, and back from JSON. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBudget } from '#lab/budgets.ts'
import { compareReports } from '#lab/compare.ts'
import { htmlOf } from '#lab/html.ts'
import { junitOf } from '#lab/junit.ts'
import { compareMarkdown, markdownOf } from '#lab/markdown.ts'
import { readReport } from '#lab/read-report.ts'
import { madeUpQueue } from '#lab/fake-events.ts'
import { reportOf } from '#lab/result.ts'
import { tuneReport } from '#lab/tune.ts'
import { madeUp, THREE_ROUTES } from '#lab/fake-flight.ts'

const library = { script: 'var uPlot = function () {};', style: '.uplot {}' }
const budgets = ['p99 < 300 ms', 'GET /python max < 20 ms', 'GET /node p99 < 30 ms'].flatMap((text) => {
  const read = readBudget(
    text,
    THREE_ROUTES.map((route) => route.name),
  )
  return read.ok ? [read.value] : []
})
const report = reportOf(madeUp(THREE_ROUTES, { budgets }))

test('readReport() reads back what was written, and says what is wrong with anything else', () => {
  const read = readReport(JSON.stringify(report))
  assert.ok(read.ok)
  assert.deepEqual(read.value, JSON.parse(JSON.stringify(report)))
  const errors = [
    '{',
    '{}',
    '{"format":"windtunnel-report/9"}',
    '{"format":"windtunnel-report/1","name":"x"}',
  ].map((text) => {
    const wrong = readReport(text)
    return wrong.ok ? '' : wrong.error
  })
  assert.match(errors[0] ?? '', /no JSON/)
  assert.match(errors[1] ?? '', /no report/)
  assert.match(errors[2] ?? '', /this version reads "windtunnel-report\/1"/)
  assert.match(errors[3] ?? '', /cut short: verdict/)
})

test('a report has no NaN, no undefined and no infinity in its JSON', () => {
  const text = JSON.stringify(report, (_, value: unknown) => {
    assert.ok(typeof value !== 'number' || Number.isFinite(value), 'every figure is finite')
    assert.notEqual(value, undefined)
    return value
  })
  assert.ok(text.length > 1_000)
})

test('compareReports() shows no difference between a flight and itself, and repeats', () => {
  const compared = compareReports(report, report)
  assert.ok(compared.ok)
  assert.deepEqual(compared.value.verdict, ['No difference is shown: every 95 % interval includes zero.'])
  assert.ok(
    compared.value.rows.every(
      (row) => row.outcome === 'no difference shown' || row.outcome === 'n too small',
    ),
  )
  assert.deepEqual(compareReports(report, report), compared)
})

test('compareReports() says better, worse and how much, and tells gains and losses together', () => {
  const [node, python, compiled] = THREE_ROUTES
  assert.ok(node !== undefined && python !== undefined && compiled !== undefined)
  const after = reportOf(madeUp([{ ...node, handlerMs: 8 }, { ...python, handlerMs: 1 }, compiled]))
  const compared = compareReports(report, after)
  assert.ok(compared.ok)
  const outcome = (route: string, metric: string): string | undefined =>
    compared.value.rows.find((row) => row.route === route && row.metric === metric)?.outcome
  assert.equal(outcome('GET /node', 'p50'), 'worse')
  assert.equal(outcome('GET /python', 'p50'), 'better')
  assert.equal(outcome('GET /compiled', 'p50'), 'no difference shown')
  assert.equal(outcome('GET /node', 'usd_per_million'), 'worse')
  const said = compared.value.verdict.join(' ')
  assert.match(said, /GET \/node: p\d+ rose/)
  assert.match(said, /GET \/python: p\d+ fell/)
})

test('compareReports() refuses flights of different modes, and warns of different loads and routes', () => {
  const other = compareReports(report, { ...report, machine: { ...report.machine, cpu: 'none' } })
  assert.deepEqual(other, {
    ok: false,
    error: 'figures of different modes are not compared: cpu cgroup v2 and none',
  })
  const fewer = compareReports(report, {
    ...report,
    routes: report.routes.slice(1),
    load: { ...report.load, description: 'else' },
  })
  assert.ok(fewer.ok)
  assert.match(fewer.value.warnings[0] ?? '', /GET \/node was flown only before/)
  assert.match(fewer.value.warnings[1] ?? '', /^The loads differ/)
})

test('tuneReport() takes the cheaper of two sizes that are not shown to differ for the fastest', () => {
  const at = (memoryMb: number, handlerMs: number, usdPerMillion: string) => {
    const flown = reportOf(madeUp([{ name: 'f', functionName: 'f', n: 1_000, handlerMs }]))
    return { memoryMb, report: { ...flown, overall: { ...flown.overall, usdPerMillion } } }
  }
  const tuned = tuneReport('f', [
    at(2_048, 2, '9.0'),
    at(128, 16, '1.0'),
    at(1_024, 2, '2.0'),
    at(512, 4, '1.1'),
  ])
  assert.ok(tuned !== undefined)
  assert.deepEqual([tuned.cheapestMb, tuned.fastestMb, tuned.balancedMb, tuned.by], [128, 1_024, 512, 'p99'])
  assert.match(
    tuned.verdict,
    /^f: 128 MB \(.*\) is the cheapest, 1024 MB \(.*\) the fastest, the balanced choice 512 MB \(.*\)\.$/,
  )
  assert.deepEqual(
    tuned.rows.map((row) => row.memoryMb),
    [128, 512, 1_024, 2_048],
  )
  assert.equal(tuneReport('f', []), undefined)
})

test('markdownOf() and compareMarkdown() stay under 60 lines, also with many routes', () => {
  const many = Array.from({ length: 40 }, (_, i) => ({ name: `GET /route/${i}`, functionName: 'f', n: 40 }))
  const flown = reportOf(madeUp(many, { budgets: budgets.slice(0, 1) }))
  const compared = compareReports(flown, reportOf(madeUp(many.map((route) => ({ ...route, handlerMs: 1 })))))
  assert.ok(compared.ok)
  for (const text of [
    markdownOf(report),
    markdownOf(flown),
    compareMarkdown(compared.value, report.budgets),
  ]) {
    assert.ok(text.split('\n').length <= 60, `${text.split('\n').length} lines`)
  }
})

test('markdownOf() begins with the verdict and says budgets in words', () => {
  const lines = markdownOf(report).split('\n')
  assert.match(lines[0] ?? '', /^\*\*GET \/python: the slowest request is/)
  assert.ok(lines.includes('| `p99 < 300 ms` | kept | ok: 86.9 ms |'))
  assert.ok(lines.includes('| `GET /python max < 20 ms` | **broken** | broken: 87.5 ms |'))
  assert.ok(lines.includes('| `GET /node p99 < 30 ms` | not judged | n too small |'))
})

test('markdownOf() cannot be broken out of by a name', () => {
  const text = markdownOf(reportOf(madeUp([{ name: 'GET /a|b <script>\n# x', functionName: 'f', n: 20 }])))
  assert.ok(text.includes('GET /a\\|b \\<script\\> # x'))
})

test('junitOf() fails broken budgets, skips unjudged ones, and escapes', () => {
  const text = junitOf({ ...report, name: 'a<b>&"c"\u0007' })
  assert.match(text, /tests="4" failures="1" skipped="1"/)
  assert.match(text, /name="GET \/python max &lt; 20 ms"><failure message="broken: 87.5 ms"\/>/)
  assert.match(text, /name="GET \/node p99 &lt; 30 ms"><skipped message="n too small"\/>/)
  assert.match(text, /classname="a&lt;b&gt;&amp;&quot;c&quot;\?"/)
})

/** The page's data, as its script reads it. */
function dataOf(html: string): Record<string, unknown> {
  const found = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)
  return JSON.parse(found?.[1] ?? '') as Record<string, unknown>
}

test('htmlOf() has every section and the data of each route', () => {
  const html = htmlOf(report, library)
  for (const id of [
    'verdict',
    'routes',
    'distribution',
    'time',
    'functions',
    'environments',
    'slowest',
    'bill',
    'measured',
  ]) {
    assert.ok(html.includes(`id="${id}"`), id)
  }
  const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map((match) => match[1] ?? '')
  assert.equal(scripts.length, 2)
  const data = dataOf(html)
  assert.equal((data['routes'] as unknown[]).length, 3)
  assert.equal((data['time'] as { x: number[] }).x.length, 10)
})

test('htmlOf() asks no network for anything', () => {
  const html = htmlOf(report, library)
  assert.ok(html.includes(`content="default-src 'none';`))
  assert.doesNotMatch(html, /(src|href)="(?!data:|#)/)
  assert.doesNotMatch(html, /url\((?!#)/)
  assert.doesNotMatch(html, /@import/)
})

test('htmlOf() lets no name and no library text end an element', () => {
  const evil = '</script><img src=x onerror=alert(1)>'
  const html = htmlOf(
    reportOf(madeUp([{ name: evil, functionName: evil, n: 30, cold: 2 }], { name: evil, warnings: [evil] })),
    { script: 'var a = "</script>"', style: '' },
  )
  assert.ok(!html.includes('<img'))
  assert.equal(html.match(/<\/script>/g)?.length, 3)
})

test('htmlOf() of ten minutes with 60,000 requests stays below 600 KB beside the library', () => {
  const long = madeUp(
    THREE_ROUTES.map((route) => ({ ...route, n: 20_000, cold: 100 })),
    {},
    600_000,
  )
  const flown = reportOf(long)
  const html = htmlOf(flown, library)
  assert.ok(html.length < 540_000, `${html.length} bytes`)
  assert.equal(flown.seconds.length, 600)
  assert.equal(flown.environments.length, 120)
  assert.equal(flown.environmentsLeftOut, 180)
})

test('htmlOf() with an earlier flight draws both and writes the intervals', () => {
  const after = reportOf(madeUp(THREE_ROUTES.map((route) => ({ ...route, handlerMs: 1 }))))
  const compared = compareReports(report, after)
  assert.ok(compared.ok)
  const html = htmlOf(after, library, { report, compared: compared.value })
  assert.equal(html.match(/<path class="before"/g)?.length, 3)
  assert.ok(html.includes('id="compared"'))
  assert.equal((dataOf(html)['time'] as { beforeP99: unknown[] }).beforeP99.length, 10)
})

test('htmlOf() survives a flight that nobody answered', () => {
  const { result } = madeUp(THREE_ROUTES)
  const dead = madeUp(THREE_ROUTES, {
    spans: [],
    usage: [],
    result: {
      ...result,
      samples: result.samples.map((sample) => ({ ...sample, outcome: 'refused' as const, status: 0 })),
    },
  })
  const html = htmlOf(reportOf(dead), library)
  assert.ok(html.includes('No request was answered: refused.'))
  assert.ok(!/NaN|Infinity|undefined/.test(html.replace(/<script>.*?<\/script>/gs, '')))
})

test('htmlOf() and markdownOf() show time to completion and backlog of events, and nothing of them without', () => {
  const before = reportOf(madeUpQueue({ n: 1_200, batch: 10, waitMs: 80 }))
  const events = reportOf(madeUpQueue({ n: 1_200, batch: 10, left: 3 }))
  const compared = compareReports(before, events)
  assert.ok(compared.ok)
  const html = htmlOf(events, { script: '', style: '' }, { report: before, compared: compared.value })
  for (const part of [
    'id="completion"',
    'data-plot="backlog"',
    'orders: from event to end of processing',
    'orders: the call alone',
    'Events a month',
    'to completion, the call 2.00 ms;',
    '"beforeBacklog":[',
    'per million events',
  ])
    assert.ok(html.includes(part), part)
  const markdown = markdownOf(events)
  assert.match(
    markdown,
    /\| orders \| 1,200 \| 3 \| 66\.4 ms \| 116 ms \| 116 ms \| unfinished \| 9\.97 \| 12 \|/,
  )
  const flight = madeUpQueue({ n: 1_200, batch: 10, left: 3 })
  const names = Array.from({ length: 30 }, (_, i) => `queue ${i}`)
  const budgets = names.flatMap((name) => {
    const read = readBudget(`${name} unfinished <= 0 events`, names)
    return read.ok ? [read.value] : []
  })
  const many = markdownOf(
    reportOf({
      ...flight,
      budgets,
      targets: names.map((name) => ({ name, isEvent: true })),
      warnings: names,
      result: {
        ...flight.result,
        samples: flight.result.samples.map((sample, i) => ({ ...sample, target: i % 30 })),
      },
    }),
  )
  assert.ok(many.split('\n').length < 60, `${many.split('\n').length} lines`)
  const answered = reportOf(madeUp(THREE_ROUTES))
  assert.ok(!htmlOf(answered, { script: '', style: '' }).includes('data-plot="backlog"'))
  assert.ok(!markdownOf(answered).includes('to completion'))
})
