/** Tables in characters: columns that line up on the decimal point, and leave when the terminal is too narrow. */
import type { Meaning, Paint } from '#cli/render/palette.ts'

export interface Column {
  readonly title: string
  readonly align: 'left' | 'right' | 'decimal'
  readonly cells: readonly string[]
  /** Columns with the highest number leave first when the width is too small; 0 stays. */
  readonly leaves: number
  readonly meaning?: Meaning | undefined
}

/** One column of a table of rows: its title, when it leaves, how a row prints in it, and what its colour means. */
export type ColumnOf<Row> = readonly [
  title: string,
  leaves: number,
  print: (row: Row) => string,
  meaning?: Meaning,
]

/** Columns of figures, one cell a row. */
export function columnsOf<Row>(rows: readonly Row[], columns: readonly ColumnOf<Row>[]): Column[] {
  return columns.map(([title, leaves, print, meaning]) => {
    const cells = rows.map((row) => print(row))
    return { title, align: 'decimal', cells, leaves, meaning }
  })
}

const GAP = '  '
/** A name column is cut no shorter than this. */
const NAME_LEAST = 12

/** Pads a cell's digits so that points stand below each other: `3.12 ms` and `71.0  ms`. */
function aligned(column: Column): string[] {
  if (column.align !== 'decimal') return [...column.cells]
  const parts = column.cells.map((cell) => /^([-$+]?[\d,]+)(\.\d+)?(.*)$/.exec(cell))
  const behind = Math.max(0, ...parts.map((part) => part?.[2]?.length ?? 0))
  return column.cells.map((cell, i) => {
    const part = parts[i]
    if (part === null || part === undefined) return cell
    const [, whole = '', fraction = '', unit = ''] = part
    return `${whole}${fraction.padEnd(behind)}${unit}`.trimEnd()
  })
}

/** With units of one length the padded cells end together; a cell without its unit gets the blanks back. */
function padded(column: Column, cells: readonly string[]): string[] {
  const width = Math.max(column.title.length, ...cells.map((cell) => cell.length))
  return [column.title, ...cells].map((cell) =>
    column.align === 'left' ? cell.padEnd(width) : cell.padStart(width),
  )
}

const widthOf = (columns: readonly (readonly string[])[]): number =>
  columns.reduce((sum, cells) => sum + (cells[0]?.length ?? 0), 0) + GAP.length * (columns.length - 1)

/** The lines of a table, the first its titles. */
export function table(columns: readonly Column[], width: number, paint: Paint): string[] {
  let kept = [...columns]
  let cells = kept.map((column) => padded(column, aligned(column)))
  while (widthOf(cells) > width) {
    const last = Math.max(...kept.map((column) => column.leaves))
    if (last === 0) break
    kept = kept.filter((column) => column.leaves !== last)
    cells = kept.map((column) => padded(column, aligned(column)))
  }
  const over = widthOf(cells) - width
  const [names] = cells
  if (over > 0 && names !== undefined) {
    const room = Math.max(NAME_LEAST, (names[0]?.length ?? 0) - over)
    cells[0] = names.map((name) => cut(name, room).padEnd(room))
  }
  const rows = cells[0]?.length ?? 0
  return Array.from({ length: rows }, (_, row) =>
    cells
      .map((column, i) => paint(row === 0 ? 'faint' : meaningOf(kept[i], column[row]), column[row] ?? ''))
      .join(GAP)
      .trimEnd(),
  )
}

/** Colour is for what is there: a column of zeros stays plain. */
function meaningOf(column: Column | undefined, cell: string | undefined): Meaning | undefined {
  return column?.meaning === undefined || /^\s*(0|-)?\s*$/.test(cell ?? '') ? undefined : column.meaning
}

export function cut(text: string, width: number): string {
  const trimmed = text.trimEnd()
  return trimmed.length <= width ? trimmed : `${trimmed.slice(0, width - 1)}~`
}

/** Breaks a sentence at blanks; lines after the first begin with the indent. */
export function wrapped(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length > width && line.trim() !== '') {
      lines.push(line)
      line = `${indent}${word}`
    } else line = longer
  }
  return [...lines, line]
}
