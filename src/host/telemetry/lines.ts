/**
 * Lines, the unit of telemetry: a time, a series, an ordinal and one JSON text. On disk a line is one row of four
 * columns, `at TAB ordinal TAB series TAB text NEWLINE`, so that a reader passes over what it does not want without
 * parsing JSON. Not here: files (`tail.ts`, `segments.ts`) and what the text means (`spans.ts` and its kin).
 */
export interface Line {
  /** ms since the epoch, fractions allowed. */
  readonly at: number
  /** Grows by one with each line of a stream, across restarts; breaks ties of time. */
  readonly ordinal: number
  /** What belongs together: a trace, a log stream. */
  readonly series: string
  /** Without newlines, as JSON is printed. */
  readonly text: string
}

/** Asked before a line's text is touched. */
export type LineFilter = (at: number, ordinal: number, series: string) => boolean

export const rowOf = (line: Line): string => `${rowHead(line.at, line.ordinal, line.series)}${line.text}\n`

/** The three columns before the text. */
export const rowHead = (at: number, ordinal: number, series: string): string =>
  `${at}\t${ordinal}\t${escapeSeries(series)}\t`

/**
 * The wanted lines of many rows, in their order; with a prefix only lines of series that begin with it, found without
 * looking at the others. A last row without its newline is ignored.
 */
export function linesIn(rows: string, wanted: LineFilter, seriesPrefix = ''): Line[] {
  const found: Line[] = []
  const needle = seriesPrefix === '' ? undefined : seriesColumn(seriesPrefix)
  let series = ''
  let escaped = ''
  for (let start = 0; start < rows.length;) {
    if (needle !== undefined) {
      const hit = rows.indexOf(needle, start)
      if (hit === -1) break
      start = Math.max(start, rows.lastIndexOf('\n', hit) + 1)
    }
    const end = rows.indexOf('\n', start)
    if (end === -1) break
    const first = rows.indexOf('\t', start)
    const second = rows.indexOf('\t', first + 1)
    const third = rows.indexOf('\t', second + 1)
    // Rows are sorted by series: most have the series of the row before.
    const length = third - second - 1
    if (length !== escaped.length || !rows.startsWith(escaped, second + 1)) {
      escaped = rows.slice(second + 1, third)
      series = unescapeSeries(escaped)
    }
    const at = Number(rows.slice(start, first))
    const ordinal = Number(rows.slice(first + 1, second))
    if (series.startsWith(seriesPrefix) && wanted(at, ordinal, series))
      found.push({ at, ordinal, series, text: rows.slice(third + 1, end) })
    start = end + 1
  }
  return found
}

/** How the series column of a row begins when its series begins with this. */
export const seriesColumn = (seriesPrefix: string): string => `\t${escapeSeries(seriesPrefix)}`

const UNSAFE = /[\t\n\\]/
const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\\': '\\\\' }

function escapeSeries(series: string): string {
  return UNSAFE.test(series) ? series.replace(/[\t\n\\]/g, (found) => ESCAPES[found] ?? found) : series
}

function unescapeSeries(escaped: string): string {
  if (!escaped.includes('\\')) return escaped
  return escaped.replace(/\\(.)/g, (_, found: string) =>
    found === 't' ? '\t' : found === 'n' ? '\n' : found,
  )
}
