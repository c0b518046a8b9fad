/**
 * `npm run designs`: flies each pair of examples/designs, the usual way against the better one, prints what became of
 * invocations, latency, time to completion and dollars, and writes docs/designs.md. `--only NAME` flies one pair and
 * leaves the page alone. A pair is a folder with before.flight.yaml and after.flight.yaml.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seeded } from '#base/random.ts'
import { changeOf, type Interval, type Statistic } from '#engines/statistics/bootstrap.ts'
import type { Weighted } from '#engines/quantiles/quantiles.ts'
import { formatCount, formatMs, formatPercentile, formatUsdPerMillion } from '#lab/figures.ts'
import { readReport } from '#lab/read-report.ts'
import type { FlightReport, RouteReport } from '#lab/report.ts'

interface Design {
  readonly name: string
  readonly title: string
  /** What changes, and for whom. */
  readonly idea: string
  /** Records in one request, where the two designs differ in it. */
  readonly records?: { readonly before: number; readonly after: number }
}

const DESIGNS: readonly Design[] = [
  {
    name: 's3-filter',
    title: 'S3: prefix and suffix at the bucket',
    idea: 'Nine of ten objects are logs that the function has no use for. It looks at the key and returns, or the bucket does not call it.',
  },
  {
    name: 'sns-filter',
    title: 'SNS: a filter policy at the subscription',
    idea: 'Nine of ten messages are of a kind that the function throws away, or the subscription does.',
  },
  {
    name: 'pattern',
    title: 'EventBridge: the condition in the rule',
    idea: 'Nine of ten payments are too small to be checked. The function finds out, or the rule asks for the amount.',
  },
  {
    name: 'batches',
    title: 'SQS: bigger batches',
    idea: 'Each invoke opens its destination once. One message an invoke, or up to ten that were waited for up to a second.',
  },
  {
    name: 'acknowledge',
    title: 'HTTP API: acknowledge at once',
    idea: 'Booking an order takes 150 ms of waiting for others. The caller waits too, or the API puts the order into a queue by itself, without a function, and a worker books it.',
  },
  {
    name: 'aggregate',
    title: 'Several records a message',
    idea: 'The same 1,500 readings: one a message, or twenty-five. Figures are per reading.',
    records: { before: 1, after: 25 },
  },
  {
    name: 'burst',
    title: 'A burst and its cold starts',
    idea: 'Forty pages at once, five times, on a function whose start is expensive. Callers wait for their page, or pages wait in a queue for a few environments.',
  },
]

const root = join(import.meta.dirname, '..')

/** One flight in a platform of its own, in a folder that is thrown away. */
function fly(design: string, which: string): FlightReport {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-designs-'))
  try {
    const file = join(root, 'examples/designs', design, `${which}.flight.yaml`)
    const run = spawnSync(process.execPath, [join(root, 'src/cli/entry.ts'), 'fly', file, '--json'], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    const document = run.stdout
      .trim()
      .split('\n')
      .findLast((line) => line.includes('"windtunnel-report/'))
    const report = readReport(document ?? '')
    if (!report.ok)
      throw new Error(`${design}, ${which}: ${report.error}\n${run.stdout.slice(0, 500)}${run.stderr}`)
    return report.value
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Side {
  readonly design: string
  readonly records: number
  readonly invocations: number
  readonly route: RouteReport
  /** Until the work was done: of events their completion, of callers who wait their answer. */
  readonly done: { readonly p50Ms: number | null; readonly p99Ms: number | null; readonly n: number }
  readonly doneMs: Weighted
  readonly unfinished: number
  readonly cold: number
  readonly usdPerMillion: number
  readonly costs: Weighted
}

function sideOf(report: FlightReport, records: number): Side {
  const route = report.overall
  const { completion } = route
  const costs = route.costsUsd.map(([usd, count]) => [usd / records, count] as const)
  return {
    design: report.design,
    records: route.requests * records,
    invocations: report.functions.reduce((sum, { invocations }) => sum + invocations, 0),
    route,
    done:
      completion === undefined
        ? route
        : { p50Ms: completion.p50Ms, p99Ms: completion.p99Ms, n: completion.n },
    doneMs: completion?.completionsMs ?? route.latenciesMs,
    unfinished: completion?.unfinished ?? 0,
    cold: report.functions.reduce((sum, { cold }) => sum + cold, 0),
    usdPerMillion: Number(route.usdPerMillion ?? 'NaN') / records,
    costs,
  }
}

const MEDIAN: Statistic = { kind: 'percentile', percent: 50 }
const MEAN: Statistic = { kind: 'mean' }

/** after / before with its 95 % interval, as `0.31 x (0.29 to 0.33)`. */
function ratio(before: Weighted, after: Weighted, statistic: Statistic): string {
  if (before.length === 0 || after.length === 0) return '-'
  const change = changeOf(before, after, statistic, seeded(1))
  const factor = change?.ratio
  const ratio95 = change?.ratio95
  if (factor === undefined || ratio95 === undefined) return '-'
  return `${times(factor)} x (${interval(ratio95)})`
}

const times = (factor: number): string => Number(factor.toPrecision(2)).toString()
const interval = ({ low, high }: Interval): string => `${times(low)} to ${times(high)}`

type Cells = readonly string[]
const TITLES: Cells = [
  'design',
  'records',
  'invocations',
  'cold',
  'caller p50',
  'caller p99',
  'done p50',
  'done p99',
  '$/million',
]

function cellsOf(side: Side): Cells {
  const { route, done } = side
  return [
    side.design,
    formatCount(side.records),
    formatCount(side.invocations),
    formatCount(side.cold),
    route.p50Ms === null ? '-' : formatMs(route.p50Ms),
    formatPercentile(route.p99Ms, route.n),
    done.p50Ms === null ? '-' : formatMs(done.p50Ms),
    formatPercentile(done.p99Ms, done.n),
    formatUsdPerMillion(side.usdPerMillion),
  ]
}

function changeCells(before: Side, after: Side): Cells {
  return [
    'after / before',
    '',
    before.invocations === 0 ? '-' : `${times(after.invocations / before.invocations)} x`,
    '',
    ratio(before.route.latenciesMs, after.route.latenciesMs, MEDIAN),
    '',
    ratio(before.doneMs, after.doneMs, MEDIAN),
    '',
    ratio(before.costs, after.costs, MEAN),
  ]
}

function table(rows: readonly Cells[]): string {
  const widths = TITLES.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: Cells): string =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return rows.map(line).join('\n')
}

interface Flown {
  readonly design: Design
  readonly before: Side
  readonly after: Side
  readonly report: FlightReport
}

function flown(design: Design): Flown {
  const before = fly(design.name, 'before')
  const after = fly(design.name, 'after')
  return {
    design,
    before: sideOf(before, design.records?.before ?? 1),
    after: sideOf(after, design.records?.after ?? 1),
    report: after,
  }
}

const tableOf = ({ before, after }: Flown): string =>
  table([TITLES, cellsOf(before), cellsOf(after), changeCells(before, after)])

const files = ({ name }: Design): string => {
  const folder = `../examples/designs/${name}`
  return `[before](${folder}/before.flight.yaml), [after](${folder}/after.flight.yaml)`
}

function page(all: readonly Flown[]): string {
  const { machine } = all[0]?.report ?? {}
  const modes = `isolation by ${machine?.isolation}, CPU ${machine?.cpu}, memory ${machine?.memory}, freeze ${machine?.freeze}`
  const sections = all.map(
    (each) =>
      `## ${each.design.title}\n${each.design.idea} (${files(each.design)})\n\`\`\`\n${tableOf(each)}\n\`\`\`\n`,
  )
  return `# Designs, side by side

Written by \`npm run designs\`: each pair is one application in two designs, flown under the same load in a platform of its own,
native profile, ${availableParallelism()} cores, ${modes}. Take the ratios; the milliseconds are this machine's.

*caller* is what whoever sends waits for, *done* when the work is finished: for events from when one was due to the end of its last
successful invoke, for callers who wait their answer. What a filter keeps away is never *done*: the median behind a filter is that of
the records that need work. *$/million* is AWS's bill per million records, free tiers left out. Ratios are
medians (dollars: means) with bootstrap 95 % intervals; the dollars' ratio compares what each request's own trace cost. p99
needs 1,000 samples.

${sections.join('\n')}`
}

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const chosen = DESIGNS.filter(({ name }) => values.only === undefined || name === values.only)
if (chosen.length === 0) {
  process.stderr.write(
    `There is no design ${values.only ?? ''}: there are ${DESIGNS.map(({ name }) => name).join(', ')}.\n`,
  )
  process.exit(2)
}
const results = chosen.map((design) => {
  process.stderr.write(`${design.name}: flying both designs\n`)
  const result = flown(design)
  process.stdout.write(`\n${design.title}\n${tableOf(result)}\n`)
  return result
})
if (values.only === undefined) {
  const path = join(root, 'docs/designs.md')
  writeFileSync(path, page(results))
  process.stdout.write(`\nwrote ${path}: ${readFileSync(path, 'utf8').split('\n').length} lines\n`)
}
