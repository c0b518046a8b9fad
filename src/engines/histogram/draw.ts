/**
 * A distribution in characters, on a logarithmic axis: rows of density, an axis with its decades, and a line of marks.
 * Plain ASCII, so that it survives a log file; colours are the renderer's.
 */
import { assert } from '#base/assert.ts'

/** An axis of whole decades over that many characters. */
export interface LogAxis {
  readonly fromDecade: number
  readonly toDecade: number
  readonly width: number
}

export function logAxis(least: number, greatest: number, width: number): LogAxis {
  const fromDecade = Math.floor(Math.log10(Math.max(least, 0.001)))
  const toDecade = Math.max(fromDecade + 1, Math.ceil(Math.log10(Math.max(greatest, 0.001))))
  return { fromDecade, toDecade, width }
}

/** The character column of a value. */
export function columnOf(axis: LogAxis, value: number): number {
  const decades = axis.toDecade - axis.fromDecade
  const at = ((Math.log10(Math.max(value, 1e-6)) - axis.fromDecade) / decades) * axis.width
  return Math.max(0, Math.min(axis.width - 1, Math.floor(at)))
}

/** Few to many, as shares of the row's fullest column. */
const LEVELS = '.:+#@'

/** One row: counted values as density, each row relative to its own fullest column. */
export function drawRow(
  axis: LogAxis,
  counted: readonly (readonly [value: number, count: number])[],
): string {
  const columns = Array.from({ length: axis.width }, () => 0)
  for (const [value, count] of counted) {
    const column = columnOf(axis, value)
    columns[column] = (columns[column] ?? 0) + count
  }
  const most = Math.max(...columns)
  return columns
    .map((count) =>
      count === 0 ? ' ' : LEVELS[Math.min(LEVELS.length - 1, Math.floor((count / most) * LEVELS.length))],
    )
    .join('')
}

/**
 * `|0.1     1       10      100|` without the bars: each label begins at its decade, the last ends at the edge; where
 * decades are narrow, one that would touch its neighbour is left out.
 */
export function drawAxis(axis: LogAxis): string {
  const line = Array.from({ length: axis.width }, () => ' ')
  const decades = axis.toDecade - axis.fromDecade
  const last = decadeLabel(axis.toDecade)
  write(line, axis.width - last.length, last)
  for (let decade = axis.fromDecade; decade < axis.toDecade; decade++) {
    const label = decadeLabel(decade)
    const at = Math.round(((decade - axis.fromDecade) / decades) * axis.width)
    if (isFree(line, at, at + label.length)) write(line, at, label)
  }
  return line.join('')
}

/** `p50^  p95^`: a caret below each value, its name to the left; names that would overlap are left out, last ones first. */
export function drawMarks(
  axis: LogAxis,
  marks: readonly { readonly name: string; readonly value: number }[],
): string {
  const line = Array.from({ length: axis.width }, () => ' ')
  for (const { name, value } of marks) {
    const caret = columnOf(axis, value)
    const left = caret - name.length
    const right = left < 0 || !isFree(line, left, caret)
    if (right && !isFree(line, caret, caret + name.length)) continue
    write(line, right ? caret : left, right ? `^${name}` : `${name}^`)
  }
  return line.join('').trimEnd()
}

function decadeLabel(decade: number): string {
  if (decade < 0) return (10 ** decade).toFixed(-decade)
  return decade >= 4 ? `${10 ** (decade - 3)}k` : String(10 ** decade)
}

/** Free, with a blank before it, so that names do not run into each other. */
function isFree(line: readonly string[], from: number, to: number): boolean {
  return to < line.length && line.slice(Math.max(0, from - 1), to + 1).every((character) => character === ' ')
}

function write(line: string[], from: number, text: string): void {
  assert(from >= 0, 'a label is shorter than its axis')
  for (let i = 0; i < text.length && from + i < line.length; i++) line[from + i] = text.charAt(i)
}

/** A bar of `#`, one character for a share too small to show; nothing for 0. */
export function drawBar(share: number, width: number): string {
  return share <= 0 ? '' : '#'.repeat(Math.max(1, Math.round(share * width)))
}
