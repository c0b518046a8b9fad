/**
 * Reports for pull requests: verdict, one table, budgets in words, and the rest folded away; under 60 lines each. One
 * form for a flight, one for two flights compared.
 */
import {
  type CompareReport,
  type CompareRow,
  formatChange,
  formatCompared,
  isNothing,
  metricName,
} from '#lab/compare.ts'
import {
  formatCount,
  formatMs,
  formatCompletion,
  formatPercentile,
  formatSignificant,
  formatSpan,
  formatUsd,
  formatUsdPerMillion,
} from '#lab/figures.ts'
import { coldSentences } from '#lab/cold-starts.ts'
import { P95_MIN, P99_MIN } from '#lab/latency.ts'
import type { BudgetResult, CompletionReport, FlightReport, RouteReport } from '#lab/report.ts'

/** Rows of the table, and of the folded part: 60 lines hold both. */
const ROWS_MAX = 16
const FOLDED_MAX = 14
const BUDGETS_MAX = 8
const WARNINGS_MAX = 6
/** Functions whose cold starts are told. */
const COLD_MAX = 3

const escape = (text: string): string => text.replace(/[\\|<>*_`]/g, '\\$&').replace(/\s+/g, ' ')

function table(titles: readonly string[], rows: readonly (readonly string[])[], max: number): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const left = rows.length - max
  return [
    line(titles),
    line(titles.map((_, i) => (i === 0 ? '---' : '---:'))),
    ...rows.slice(0, max).map(line),
    ...(left > 0 ? ['', `${left} more rows are in the report.`] : []),
  ]
}

function budgetLines(budgets: readonly BudgetResult[], max = BUDGETS_MAX): string[] {
  if (budgets.length === 0) return []
  const rows = budgets.map((budget) => [`\`${budget.text}\``, wordOf(budget), escape(budget.answer)])
  return ['', ...table(['budget', 'outcome', 'measured'], rows, max)]
}

const wordOf = ({ outcome }: BudgetResult): string =>
  outcome === 'ok' ? 'kept' : outcome === 'broken' ? '**broken**' : 'not judged'

export function markdownOf(report: FlightReport): string {
  const rows = (report.routes.length > 1 ? [...report.routes, report.overall] : report.routes).map(routeCells)
  const { machine, measurement } = report
  const events = completionTable(report)
  const rowsMax = (alone: number): number => (events.length === 0 ? alone : EVENT_ROWS_MAX)
  return [
    `**${escape(report.verdict[0] ?? '')}**`,
    ...report.verdict.slice(1, 4).flatMap((sentence) => ['', escape(sentence)]),
    '',
    ...table(
      ['route', 'n', 'errors', 'p50', 'p95', 'p99', 'max', 'cold', '$ per million'],
      rows,
      rowsMax(ROWS_MAX),
    ),
    ...events,
    ...budgetLines(report.budgets, rowsMax(BUDGETS_MAX)),
    '',
    '<details><summary>Bill, and how it was measured</summary>',
    '',
    ...coldSentences(report)
      .slice(0, COLD_MAX)
      .flatMap((sentence) => [escape(sentence), '']),
    `This flight ${formatUsd(report.bill.totalUsd)}: ${report.bill.lines.map((line) => `${escape(line.label)} ${formatUsd(line.usd)}`).join(', ')}.`,
    '',
    `${escape(report.load.description)}; ${formatSpan(report.durationMs)}, ${formatCount(report.load.sent)} requests, seed ${report.load.seed}, ${report.profile} profile.`,
    '',
    `Isolation ${machine.isolation}, CPU ${machine.cpu}, memory ${machine.memory}, freeze ${machine.freeze}, ${machine.cores} cores, ${machine.versions.map(escape).join(', ')}.`,
    '',
    `Load late p99 ${late(measurement.lateP99Ms)}, event loop p99 ${late(measurement.eventLoopDelayP99Ms)}, run queue p99 ${late(measurement.runQueueP99Ms)}.`,
    ...report.warnings.slice(0, rowsMax(WARNINGS_MAX)).flatMap((warning) => ['', escape(warning)]),
    '',
    '</details>',
    '',
  ].join('\n')
}

const late = (ms: number | null): string => (ms === null ? 'not known' : formatMs(ms))

function routeCells(route: RouteReport): string[] {
  return [
    escape(route.name),
    formatCount(route.requests),
    formatCount(route.errors),
    formatPercentile(route.p50Ms, route.n),
    formatPercentile(route.p95Ms, route.n),
    formatPercentile(route.p99Ms, route.n),
    formatPercentile(route.maxMs, route.n),
    formatCount(route.cold),
    route.usdPerMillion === null ? '-' : formatUsdPerMillion(route.usdPerMillion),
  ]
}

/** Rows of each table where there are two: 60 lines hold both. */
const EVENT_ROWS_MAX = 4

function completionTable(report: FlightReport): string[] {
  const rows = (report.routes.length > 1 ? [...report.routes, report.overall] : report.routes).flatMap(
    ({ name, completion }) => (completion === undefined ? [] : [eventCells(name, completion)]),
  )
  const titles = [
    'to completion',
    'events',
    'unfinished',
    'p50',
    'p95',
    'p99',
    'max',
    'batch',
    'most waiting',
  ]
  return rows.length === 0 ? [] : ['', ...table(titles, rows, EVENT_ROWS_MAX)]
}

function eventCells(name: string, completion: CompletionReport): string[] {
  const { n, events, unfinished, p50Ms, p95Ms, p99Ms, maxMs, batchSizeMean, backlogMax } = completion
  const given = completion.deadLettered + completion.dropped
  const left = [
    formatCount(unfinished),
    ...(given > 0 ? [`${formatCount(given)} given up`] : []),
    ...(completion.filtered > 0 ? [`${formatCount(completion.filtered)} filtered`] : []),
  ]
  return [
    escape(name),
    formatCount(events),
    left.join(', '),
    formatCompletion(completion, p50Ms, 1),
    formatCompletion(completion, p95Ms, P95_MIN),
    formatCompletion(completion, p99Ms, P99_MIN),
    formatCompletion(completion, maxMs, Math.min(1, n)),
    batchSizeMean === null ? '-' : formatSignificant(batchSizeMean, 3),
    formatCount(backlogMax),
  ]
}

/** Two flights; `budgets` are those of the second one. */
export function compareMarkdown(compared: CompareReport, budgets: readonly BudgetResult[]): string {
  const cells = (row: CompareRow): string[] => [
    escape(row.route),
    metricName(row.metric),
    formatCompared(row, row.before),
    formatCompared(row, row.after),
    row.outcome === 'n too small' ? '-' : formatChange(row),
    row.outcome,
  ]
  const telling = (row: CompareRow): boolean =>
    row.outcome === 'better' ||
    row.outcome === 'worse' ||
    row.metric === 'p99' ||
    row.metric === 'completion_p99'
  const titles = ['route', 'figure', 'before', 'after', 'change (95 %)', '']
  const rest = compared.rows.filter((row) => !telling(row) && !isNothing(row))
  const { before, after } = compared
  return [
    `**${escape(compared.verdict[0] ?? '')}**`,
    ...compared.verdict.slice(1).flatMap((sentence) => ['', escape(sentence)]),
    '',
    ...table(titles, compared.rows.filter(telling).map(cells), ROWS_MAX),
    ...budgetLines(budgets),
    '',
    '<details><summary>Everything else</summary>',
    '',
    ...table(titles, rest.map(cells), FOLDED_MAX),
    '',
    `Before: ${escape(before.name)}, ${escape(before.design)}, ${before.startedAt}, ${formatCount(before.requests)} requests. After: ${escape(after.name)}, ${escape(after.design)}, ${after.startedAt}, ${formatCount(after.requests)} requests.`,
    ...compared.warnings.slice(0, 4).flatMap((warning) => ['', escape(warning)]),
    '',
    '</details>',
    '',
  ].join('\n')
}
