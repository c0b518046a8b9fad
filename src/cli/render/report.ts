/**
 * The report of a flight in a terminal: verdict, table, the picture of the widest tail and what it is made of, bill,
 * budgets, how it was measured, and the next step. Reads the report model only.
 */
import { drawAxis, drawBar, drawMarks, drawRow, logAxis } from '#engines/histogram/draw.ts'
import {
  formatCount,
  formatMs,
  formatPercentile,
  formatSpan,
  formatUsd,
  formatUsdPerMillion,
} from '#lab/figures.ts'
import { coldSentences } from '#lab/cold-starts.ts'
import type {
  BillReport,
  BudgetResult,
  FlightReport,
  FunctionReport,
  PhaseName,
  RouteReport,
} from '#lab/report.ts'
import { asCompleted, perWhat } from '#lab/verdict.ts'
import { completionLines } from '#cli/render/completion.ts'
import { type Meaning, type Paint, painter, type RenderOptions } from '#cli/render/palette.ts'
import { type Column, type ColumnOf, columnsOf, table, wrapped } from '#cli/render/table.ts'

export interface ReportOptions extends RenderOptions {
  /** Commands to go on with, at most three. */
  readonly next?: readonly string[]
}

const INDENT = '  '

export function renderReport(report: FlightReport, options: ReportOptions): string {
  const paint = painter(options.color)
  const width = options.width - INDENT.length
  const blocks = [
    flownLines(report, options.width, paint),
    verdictLines(report, width, paint),
    routeTable(report, width, paint),
    completionLines(report, width, paint),
    pictureOf(report, width, paint),
    report.functions.length === 0 ? [] : functionTable(report.functions, width, paint),
    coldSentences(report).flatMap((sentence) => wrapped(sentence, width, '  ')),
    billLines(report.bill, width, paint, perWhat(report)),
    budgetLines(report.budgets, width, paint),
    [...measuredLines(report, width), ...report.warnings.flatMap((w) => labelled('warning', w, width))],
    nextLines(options.next ?? [], width),
  ]
  return blocks
    .filter((block) => block.length > 0)
    .map((block, i) => block.map((line) => (i === 0 || line === '' ? line : `${INDENT}${line}`)).join('\n'))
    .join('\n\n')
}

function flownLines(report: FlightReport, width: number, paint: Paint): string[] {
  const flown = `flew ${formatSpan(report.durationMs)}, ${report.load.description}   ${report.profile} profile`
  const partial = report.partial ? [paint('error', 'PARTIAL: stopped early')] : []
  return [...wrapped(flown, width), ...partial]
}

function verdictLines(report: FlightReport, width: number, paint: Paint): string[] {
  return report.verdict.flatMap((sentence, i) =>
    wrapped(sentence, width).map((line) => paint(i === 0 ? 'strong' : undefined, line)),
  )
}

function routeTable(report: FlightReport, width: number, paint: Paint): string[] {
  const rows = report.routes.length > 1 ? [...report.routes, report.overall] : report.routes
  const quiet = rows.every((route) => route.errors === 0)
  const unthrottled = rows.every((route) => route.throttles === 0)
  const latency = (
    title: string,
    leaves: number,
    pick: (route: RouteReport) => number | null,
  ): ColumnOf<RouteReport> => [title, leaves, (route) => formatPercentile(pick(route), route.n)]
  const figures = columnsOf(rows, [
    ['n', 0, (route) => formatCount(route.requests)],
    ['errors', quiet ? 5 : 0, (route) => formatCount(route.errors), 'error'],
    ['throttled', unthrottled ? 7 : 2, (route) => formatCount(route.throttles), 'waiting'],
    latency('p50', 0, (route) => route.p50Ms),
    latency('p90', 8, (route) => route.p90Ms),
    latency('p95', 3, (route) => route.p95Ms),
    latency('p99', 0, (route) => route.p99Ms),
    latency('p99.9', 9, (route) => route.p999Ms),
    latency('max', 1, (route) => route.maxMs),
    ['cold', 0, (route) => formatCount(route.cold), 'cold'],
    ['CPU-throttled', 6, (route) => formatMs(route.cpuThrottledMs), 'waiting'],
    ['$/million', 0, (route) => usdCell(route.usdPerMillion), 'money'],
  ])
  return table([namesOf('route', rows), ...figures], width, paint)
}

const usdCell = (usd: string | null): string => (usd === null ? '-' : formatUsdPerMillion(usd))

const namesOf = (title: string, rows: readonly { readonly name: string }[]): Column => ({
  title,
  align: 'left',
  cells: rows.map((row) => row.name),
  leaves: 0,
})

/** The route whose tail is widest: the one the verdict is about. Of events the way to their end, where there are any. */
export function widestRoute(report: FlightReport): RouteReport | undefined {
  const events = report.routes.filter(({ completion }) => (completion?.finished ?? 0) > 0).map(asCompleted)
  const width = (route: RouteReport): number =>
    (route.p99Ms ?? route.maxMs ?? 0) / Math.max(route.p50Ms ?? 0, 1e-6)
  return (events.length > 0 ? events : report.routes)
    .filter((route) => route.n > 0)
    .sort((a, b) => width(b) - width(a))[0]
}

const PICTURE_WIDTH = 32
const SIDE_BY_SIDE = 78

function pictureOf(report: FlightReport, width: number, paint: Paint): string[] {
  const route = widestRoute(report)
  if (route === undefined) return []
  const title = route.completion === undefined ? route.name : `${route.name}, to completion`
  const picture = distributionLines({ ...route, name: title }, paint)
  const parts = tailLines(route, width, paint)
  if (width < SIDE_BY_SIDE || parts.length === 0)
    return [...picture.map(({ line }) => line.trimEnd()), '', ...parts]
  const widest = Math.max(...picture.map(({ length }) => length))
  return Array.from({ length: Math.max(picture.length, parts.length) }, (_, i) => {
    const left = picture[i] ?? { line: '', length: 0 }
    return `${left.line}${' '.repeat(widest - left.length)}  ${parts[i] ?? ''}`.trimEnd()
  })
}

/** A painted line with the length it has on the screen. */
interface PaintedLine {
  readonly line: string
  readonly length: number
}

function distributionLines(route: RouteReport, paint: Paint): PaintedLine[] {
  const middle = (bin: { fromMs: number; toMs: number }): number => Math.sqrt(bin.fromMs * bin.toMs)
  const filled = route.distribution.filter((bin) => bin.warm + bin.cold > 0)
  const axis = logAxis(filled[0]?.fromMs ?? 1, route.maxMs ?? 1, PICTURE_WIDTH)
  const row = (name: 'warm' | 'cold'): PaintedLine => {
    const n = filled.reduce((sum, bin) => sum + bin[name], 0)
    const label = `${name} ${formatCount(n).padStart(6)} |`
    const density = drawRow(
      axis,
      filled.filter((bin) => bin[name] > 0).map((bin) => [middle(bin), bin[name]]),
    )
    return { line: `${label}${paint(name, density)}|`, length: label.length + density.length + 1 }
  }
  const plain = (line: string): PaintedLine => ({ line, length: line.length })
  const marks = [
    { name: route.p99Ms === null ? 'max' : 'p99', value: route.p99Ms ?? route.maxMs },
    { name: 'p50', value: route.p50Ms },
    { name: 'p95', value: route.p95Ms },
  ].flatMap(({ name, value }) => (value === null ? [] : [{ name, value }]))
  const cold = filled.some((bin) => bin.cold > 0)
  return [
    plain(route.name),
    plain(`${'ms'.padStart(11)} |${drawAxis(axis)}|`),
    row('warm'),
    ...(cold ? [row('cold')] : []),
    plain(`${' '.repeat(13)}${drawMarks(axis, marks)}`),
  ]
}

const PHASE_MEANING: Readonly<Record<PhaseName, Meaning>> = {
  load: 'waiting',
  client: 'waiting',
  gateway: 'warm',
  authorizer: 'downstream',
  'event-queue': 'waiting',
  queue: 'waiting',
  start: 'cold',
  init: 'cold',
  handler: 'warm',
  downstream: 'downstream',
  'cpu-throttled': 'waiting',
  overhead: 'warm',
}

function tailLines(route: RouteReport, width: number, paint: Paint): string[] {
  const { tail } = route
  if (tail === null || tail.phases.length === 0) return []
  const phases = [...tail.phases]
    .sort((a, b) => b.meanMs - a.meanMs)
    .filter((phase) => phase.meanMs >= tail.meanMs * 0.005)
  const figures = phases.map((phase) => formatMs(phase.meanMs))
  const columns: Column[] = [
    { title: '', align: 'left', cells: phases.map((phase) => phase.name), leaves: 0 },
    { title: '', align: 'decimal', cells: figures, leaves: 0 },
  ]
  const rows = table(columns, width, painter(false)).slice(1)
  const long = Math.max(...rows.map((row) => row.length))
  const room = Math.max(4, (width >= SIDE_BY_SIDE ? width - 48 : width) - long - 2)
  const of =
    tail.of === 'p99'
      ? 'what the p99 is made of'
      : tail.requests === 1
        ? 'what the slowest is made of'
        : `the slowest ${formatCount(tail.requests)}, made of`
  return [
    tail.requests === 1 ? of : `${of} (mean)`,
    ...phases.map((phase, i) => {
      const bar = drawBar(phase.meanMs / tail.meanMs, Math.min(room, 24))
      return `${(rows[i] ?? '').padEnd(long)}  ${paint(PHASE_MEANING[phase.name], bar)}`
    }),
  ]
}

function functionTable(functions: readonly FunctionReport[], width: number, paint: Paint): string[] {
  const ms = (value: number | null): string => (value === null ? '-' : formatMs(value))
  const mb = (value: number | null): string => (value === null ? '-' : `${value} MB`)
  const failing = functions.some((f) => f.errors > 0)
  const throttling = functions.some((f) => f.throttles > 0)
  const figures = columnsOf(functions, [
    ['memory', 2, (f) => mb(f.memoryMb)],
    ['used', 6, (f) => mb(f.maxMemoryMb)],
    ['n', 0, (f) => formatCount(f.invocations)],
    ['errors', failing ? 1 : 8, (f) => formatCount(f.errors), 'error'],
    ['handler p50', 0, (f) => ms(f.p50Ms)],
    ['max', 4, (f) => ms(f.maxMs)],
    ['init p50', 0, (f) => ms(f.initP50Ms), 'cold'],
    ['throttled', throttling ? 0 : 3, (f) => formatCount(f.throttles), 'waiting'],
    ['CPU-throttled', 0, (f) => formatMs(f.cpuThrottledMs), 'waiting'],
    ['billed', 5, (f) => ms(f.billedMeanMs)],
    ['environments', 7, (f) => formatCount(f.environments)],
    ['at once', 1, (f) => formatCount(f.concurrencyMax)],
  ])
  return table([namesOf('function', functions), ...figures], width, paint)
}

/** `this flight $0.0017   Lambda requests 0.24, ... m$`: thousandths of a dollar, or dollars where there are many. */
export function billLines(
  bill: BillReport,
  width: number,
  paint: Paint,
  per: 'requests' | 'events' = 'requests',
): string[] {
  const small = Number(bill.totalUsd) < 1
  const factor = small ? 1_000 : 1
  const lines = bill.lines
    .filter((line) => Number(line.usd) > 0)
    .sort((a, b) => Number(b.usd) - Number(a.usd))
    .map((line) => `${line.label} ${formatUsdPerMillion(Number(line.usd) * factor)}`)
  const unit = small ? 'm$' : '$'
  const parts = lines.length === 0 ? 'nothing was billed' : `${lines.join(', ')} ${unit}`
  const million =
    bill.usdPerMillion === null ? '' : `   per million ${per} $${formatUsdPerMillion(bill.usdPerMillion)}`
  const missing = bill.unpriced.map((used) => `${used.service}/${used.dimension}`)
  return [
    `${paint('money', `this flight ${formatUsd(bill.totalUsd)}`)}${million}`,
    ...wrapped(parts, width - 2, '').map((line) => `  ${line}`),
    ...(missing.length === 0
      ? []
      : wrapped(`not in the price book, so not in the sum: ${missing.join(', ')}`, width, '  ')),
  ]
}

const OUTCOME_MEANING: Readonly<Record<BudgetResult['outcome'], Meaning | undefined>> = {
  ok: undefined,
  broken: 'error',
  undecided: 'waiting',
  'not-measurable': 'waiting',
}

function budgetLines(budgets: readonly BudgetResult[], width: number, paint: Paint): string[] {
  const longest = Math.max(0, ...budgets.map((budget) => budget.text.length))
  return budgets.flatMap((budget, i) =>
    labelled(i === 0 ? 'budgets' : '', `${budget.text.padEnd(longest)}   ${budget.answer}`, width).map(
      (line) => paint(OUTCOME_MEANING[budget.outcome], line),
    ),
  )
}

function measuredLines(report: FlightReport, width: number): string[] {
  const { machine, measurement } = report
  const ms = (value: number | null): string => (value === null ? 'not known' : formatMs(value))
  const modes = `isolation ${machine.isolation}, CPU ${machine.cpu}, memory ${machine.memory}, freeze ${machine.freeze}; ${machine.cores} cores`
  const tunnel = `load late p99 ${ms(measurement.lateP99Ms)}, event loop p99 ${ms(measurement.eventLoopDelayP99Ms)}, run queue p99 ${ms(measurement.runQueueP99Ms)}`
  return [...labelled('measured', modes, width), ...labelled('', tunnel, width)]
}

function nextLines(next: readonly string[], width: number): string[] {
  return next.slice(0, 3).flatMap((line, i) => labelled(i === 0 ? 'next' : '', line, width))
}

const LABEL_WIDTH = 10

/** `budgets   text`, later lines below the text. */
export function labelled(label: string, text: string, width: number): string[] {
  const [first = '', ...rest] = wrapped(text, width - LABEL_WIDTH)
  return [`${label.padEnd(LABEL_WIDTH)}${first}`, ...rest.map((line) => `${' '.repeat(LABEL_WIDTH)}${line}`)]
}
