/** Time to completion in a terminal: a table of what became of the events, and the backlog as a line over time. */
import { formatCompletion, formatCount, formatSignificant, formatSpan } from '#lab/figures.ts'
import { P95_MIN, P99_MIN } from '#lab/latency.ts'
import type { CompletionReport, FlightReport } from '#lab/report.ts'
import type { Paint } from '#cli/render/palette.ts'
import { type ColumnOf, columnsOf, table } from '#cli/render/table.ts'

interface Row extends CompletionReport {
  readonly name: string
}

/** Empty where all work was done when its answer came. */
export function completionLines(report: FlightReport, width: number, paint: Paint): string[] {
  const of = report.routes.length > 1 ? [...report.routes, report.overall] : report.routes
  const rows = of.flatMap(({ name, completion }): Row[] =>
    completion === undefined ? [] : [{ ...completion, name }],
  )
  // One route alone needs no sum.
  const shown = rows.length === 2 && rows[1]?.name === report.overall.name ? rows.slice(0, 1) : rows
  if (shown.length === 0) return []
  const names = {
    title: 'to completion',
    align: 'left',
    cells: shown.map(({ name }) => name),
    leaves: 0,
  } as const
  return [...table([names, ...figures(shown)], width, paint), ...backlogLines(report, width, paint)]
}

function figures(rows: readonly Row[]): ReturnType<typeof columnsOf> {
  const some = (pick: (row: Row) => number): boolean => rows.some((row) => pick(row) > 0)
  // Where no row has enough events, a narrow terminal shows something else.
  const hasP95 = rows.some(({ n }) => n >= P95_MIN)
  const hasP99 = rows.some(({ n }) => n >= P99_MIN)
  const share = (value: number | null): string => (value === null ? '-' : formatSignificant(value, 3))
  const columns: ColumnOf<Row>[] = [
    ['events', 0, (row) => formatCount(row.events)],
    ['unfinished', some((row) => row.unfinished) ? 0 : 9, (row) => formatCount(row.unfinished), 'error'],
    ['p50', 0, (row) => formatCompletion(row, row.p50Ms, 1)],
    ['p95', hasP95 ? 0 : 7, (row) => formatCompletion(row, row.p95Ms, P95_MIN)],
    ['p99', hasP99 ? 0 : 8, (row) => formatCompletion(row, row.p99Ms, P99_MIN)],
    ['max', 1, (row) => formatCompletion(row, row.maxMs, 1)],
    ['cold', 3, (row) => formatCount(row.cold), 'cold'],
    ['batch', 2, (row) => share(row.batchSizeMean)],
    ['invokes/event', 5, (row) => share(row.invocationsPerEvent)],
    ['backlog', 4, (row) => formatCount(row.backlogMax)],
  ]
  const rare: [title: string, pick: (row: Row) => number][] = [
    ['dead-lettered', (row) => row.deadLettered],
    ['dropped', (row) => row.dropped],
    ['filtered', (row) => row.filtered],
  ]
  for (const [title, pick] of rare)
    if (some(pick)) columns.push([title, 0, (row) => formatCount(pick(row)), 'error'])
  return columnsOf(rows, columns)
}

const LINE_WIDTH = 48

/** `backlog |..:+#@@#:.  | 12 s   most 340 at 4 s`. */
function backlogLines(report: FlightReport, width: number, paint: Paint): string[] {
  const backlog = report.seconds.map((second) => second.backlogMax ?? 0)
  const most = backlog.reduce((so, each) => Math.max(so, each), 0)
  const at = report.seconds[backlog.indexOf(most)]
  if (at === undefined || most === 0) return []
  const line = drawLine(backlog, Math.max(8, Math.min(LINE_WIDTH, width - 32)))
  const said = `most ${formatCount(most)} at ${at.atS} s of ${formatSpan(report.durationMs)}`
  return ['', `backlog |${paint('waiting', line)}| ${said}`]
}

/** Nothing to the greatest. */
const LEVELS = ' .:-=+*#%@'

/** Values over time in one row of plain characters, the higher the denser. Each column shows the greatest of its values; every value above 0 shows. */
export function drawLine(values: readonly number[], width: number): string {
  const most = values.reduce((so, value) => Math.max(so, value), 0)
  let line = ''
  for (let column = 0; column < width; column++) {
    const from = Math.floor((column * values.length) / width)
    const until = Math.max(from + 1, Math.floor(((column + 1) * values.length) / width))
    const value = values.slice(from, until).reduce((so, each) => Math.max(so, each), 0)
    const level = value <= 0 ? 0 : Math.max(1, Math.round((value / most) * (LEVELS.length - 1)))
    line += LEVELS.charAt(level)
  }
  return line
}
