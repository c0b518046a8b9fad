/** Two flights side by side, and one function at several memory sizes, in a terminal. */
import {
  type CompareReport,
  type CompareRow,
  formatChange,
  formatCompared,
  isNothing,
  metricName,
} from '#lab/compare.ts'
import { formatCount, formatMs, formatPercentile, formatUsdPerMillion } from '#lab/figures.ts'
import { provisionedWords } from '#lab/provisioned.ts'
import type { TuneReport, TuneRow } from '#lab/tune.ts'
import { drawBar } from '#engines/histogram/draw.ts'
import { type Meaning, type Paint, painter, type RenderOptions } from '#cli/render/palette.ts'
import { type Column, columnsOf, table, wrapped } from '#cli/render/table.ts'

const INDENT = '  '
const indented = (lines: readonly string[]): string =>
  lines.map((line) => (line === '' ? line : `${INDENT}${line}`)).join('\n')

const OUTCOME: Readonly<Record<CompareRow['outcome'], Meaning | undefined>> = {
  better: 'downstream',
  worse: 'error',
  'no difference shown': 'faint',
  exact: undefined,
  'n too small': 'faint',
}

export function renderCompare(compared: CompareReport, options: RenderOptions): string {
  const paint = painter(options.color)
  const width = options.width - INDENT.length
  const { before, after, warnings } = compared
  const label = ({ name, design, startedAt, requests }: CompareReport['before']): string =>
    `${name}, ${design}   ${startedAt.slice(0, 19)}Z   n ${formatCount(requests)}`
  return [
    indented([`before  ${label(before)}`, `after   ${label(after)}`]),
    indented(
      compared.verdict.flatMap((sentence, i) =>
        wrapped(sentence, width).map((line) => paint(i === 0 ? 'strong' : undefined, line)),
      ),
    ),
    indented(
      compareTable(
        compared.rows.filter((row) => !isNothing(row)),
        width,
        paint,
      ),
    ),
    ...((compared.provisioned ?? []).length === 0
      ? []
      : [indented((compared.provisioned ?? []).flatMap((sentence) => wrapped(sentence, width, '  ')))]),
    ...(warnings.length === 0
      ? []
      : [indented(warnings.flatMap((warning) => wrapped(`warning: ${warning}`, width, '  ')))]),
  ].join('\n\n')
}

/** One table for all routes, so that its columns stand below each other, with each route's name above its rows. */
function compareTable(rows: readonly CompareRow[], width: number, paint: Paint): string[] {
  const left = (title: string, leaves: number, cells: string[]): Column => ({
    title,
    align: 'left',
    cells,
    leaves,
  })
  const right = (title: string, cells: string[]): Column => ({ title, align: 'right', cells, leaves: 0 })
  const [titles = '', ...lines] = table(
    [
      left(
        '',
        0,
        rows.map((row) => `  ${metricName(row.metric)}`),
      ),
      right(
        'before',
        rows.map((row) => formatCompared(row, row.before)),
      ),
      right(
        'after',
        rows.map((row) => formatCompared(row, row.after)),
      ),
      left(
        'change (95 % interval)',
        0,
        rows.map((row) => formatChange(row)),
      ),
      left(
        '',
        1,
        rows.map((row) => (row.outcome === 'n too small' ? '' : row.outcome)),
      ),
    ],
    width,
    painter(false),
  )
  return [
    paint('faint', titles),
    ...lines.flatMap((line, i) => {
      const row = rows[i]
      const painted = paint(OUTCOME[row?.outcome ?? 'exact'], line)
      return row === undefined || rows[i - 1]?.route === row.route ? [painted] : [row.route, painted]
    }),
  ]
}

/** Share of the width that the plot of `tune` may take. */
const TUNE_BAR = 16

export function renderTune(tuned: TuneReport, options: RenderOptions): string {
  const paint = painter(options.color)
  const width = options.width - INDENT.length
  const { rows } = tuned
  const latency = (pick: (row: TuneRow) => number | null) => (row: TuneRow) =>
    formatPercentile(pick(row), row.n)
  const usd = (row: TuneRow): string =>
    row.usdPerMillion === null ? '-' : formatUsdPerMillion(row.usdPerMillion)
  const figures = columnsOf(rows, [
    ['memory', 0, (row) => `${row.memoryMb} MB`],
    ['n', 0, (row) => formatCount(row.n)],
    ['errors', rows.some((row) => row.errors > 0) ? 0 : 4, (row) => formatCount(row.errors), 'error'],
    ['p50', 0, latency((row) => row.p50Ms)],
    ['p95', 0, latency((row) => row.p95Ms)],
    ['p99', 0, latency((row) => row.p99Ms)],
    ['cold p50', 3, (row) => (row.coldP50Ms === null ? '-' : formatMs(row.coldP50Ms)), 'cold'],
    ['billed', 2, (row) => (row.billedMeanMs === null ? '-' : formatMs(row.billedMeanMs))],
    ['CPU-throttled', 5, (row) => formatMs(row.cpuThrottledMs), 'waiting'],
    ['$/million', 0, usd, 'money'],
  ])
  return [
    indented(wrapped(tuned.verdict, width).map((line) => paint('strong', line))),
    indented(table(figures, width, paint)),
    indented(plotLines(tuned, paint)),
    ...rows.flatMap(({ memoryMb, provisioned }) =>
      memoryMb !== tuned.balancedMb || provisioned === null
        ? []
        : [indented(wrapped(`${memoryMb} MB: ${provisionedWords(provisioned)}`, width, '  '))],
    ),
    ...(tuned.warnings.length === 0
      ? []
      : [indented(tuned.warnings.flatMap((warning) => wrapped(`warning: ${warning}`, width, '  ')))]),
  ].join('\n\n')
}

function choicesOf(tuned: TuneReport, memoryMb: number): string[] {
  return [
    ...(tuned.cheapestMb === memoryMb ? ['cheapest'] : []),
    ...(tuned.fastestMb === memoryMb ? ['fastest'] : []),
    ...(tuned.balancedMb === memoryMb ? ['balanced'] : []),
  ]
}

/** Latency and cost as two bars a size, each against the greatest of its kind. */
function plotLines(tuned: TuneReport, paint: Paint): string[] {
  const latency = (row: TuneRow): number => row[`${tuned.by}Ms`] ?? 0
  const cost = (row: TuneRow): number => Number(row.usdPerMillion ?? 0)
  const most = (pick: (row: TuneRow) => number): number => Math.max(1e-12, ...tuned.rows.map(pick))
  const [slowest, dearest] = [most(latency), most(cost)]
  return [
    paint('faint', `${''.padStart(8)}  ${tuned.by.padEnd(TUNE_BAR)}  cost per million`),
    ...tuned.rows.map((row) => {
      const time = drawBar(latency(row) / slowest, TUNE_BAR).padEnd(TUNE_BAR)
      const money = drawBar(cost(row) / dearest, TUNE_BAR).padEnd(TUNE_BAR)
      const choices = choicesOf(tuned, row.memoryMb).join(', ')
      return `${`${row.memoryMb} MB`.padStart(8)}  ${paint('warm', time)}  ${paint('money', money)}  ${choices}`.trimEnd()
    }),
  ]
}
