/** Rows as one table of plain characters, or as JSON. What is in them is said in `figure.ts`. */
import { type Row, median, related, spreadPercent, targetText, verdictOf } from './figure.ts'

const HEAD = ['figure', 'ours', 'floor or peer, same run', 'ratio', 'target', 'verdict'] as const

/** Three figures that count, no more: the spread says the rest. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}

function shown(values: readonly number[], unit: string): string {
  const spread = values.length < 2 ? '' : ` ±${Math.round(spreadPercent(values))}%`
  return `${short(median(values))}${unit === '' ? '' : ` ${unit}`}${spread}`
}

export function cellsOf(row: Row): string[] {
  const { beside } = row
  const other =
    beside.kind === 'skipped'
      ? `${beside.name}: skipped`
      : `${beside.name}: ${shown(beside.values, row.unit)}`
  const ratios = related(row, 'ratio')
  return [
    row.figure,
    shown(row.ours, row.unit),
    other,
    ratios.length === 0 ? '-' : short(median(ratios)),
    targetText(row),
    verdictOf(row),
  ]
}

export function tableOf(rows: readonly Row[]): string {
  const lines = [[...HEAD], ...rows.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
  const printed = lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  printed.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '))
  const notes = new Map<string, string[]>()
  for (const row of rows) {
    const said = [row.note, row.beside.kind === 'skipped' ? `skipped: ${row.beside.reason}` : undefined]
    for (const note of said) if (note !== undefined) notes.set(note, [...(notes.get(note) ?? []), row.figure])
  }
  const below = [...notes].map(([note, figures]) => `${figures.join('; ')}: ${note}`)
  return [...printed, '', LEGEND, ...below].join('\n')
}

const LEGEND =
  'Medians over interleaved rounds, ± half the spread. missed*: the median missed the target, the best round did not.'

export function jsonOf(rows: readonly Row[]): string {
  const documents = rows.map((row) => ({
    ...row,
    median: median(row.ours),
    ratio: related(row, 'ratio').length === 0 ? null : median(related(row, 'ratio')),
    targetText: targetText(row),
    verdict: verdictOf(row),
  }))
  return JSON.stringify({ rows: documents }, undefined, 2)
}
