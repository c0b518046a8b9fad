/** What a function loads before its handler, in a terminal. */
import { formatBytes, formatCount, formatMs, formatPercent, formatUsd, plural } from '#lab/figures.ts'
import type { ImportRow, ImportsReport } from '#lab/imports.ts'
import { painter, type RenderOptions } from '#cli/render/palette.ts'
import { type Column, columnsOf, table, wrapped } from '#cli/render/table.ts'

const INDENT = '  '
/** Imports that nobody would look at. */
const ROWS_MAX = 15
const ROW_LEAST_MS = 0.1

const indented = (lines: readonly string[]): string => lines.map((line) => `${INDENT}${line}`).join('\n')

export function renderImports(report: ImportsReport, options: RenderOptions): string {
  const paint = painter(options.color)
  const width = options.width - INDENT.length
  const head = [
    `${report.functionName}   ${report.runtime}   ${report.memoryMb} MB   package ${formatBytes(report.packageBytes)} zipped   ${plural(report.starts, 'start')}`,
  ]
  const rows = report.imports.filter(({ ms }) => ms >= ROW_LEAST_MS).slice(0, ROWS_MAX)
  return [
    indented([...head, ...wrapped(verdictOf(report), width).map((line) => paint('strong', line))]),
    ...(report.parts === null ? [] : [indented(wrapped(partsLine(report.parts), width))]),
    ...(rows.length === 0 ? [] : [indented(importLines(rows, width, options))]),
    ...notesOf(report).map((note) => indented(wrapped(note, width, INDENT))),
  ].join('\n\n')
}

/** What is known with 95 % certainty to save something. */
const sure = ({ lazy }: ImportRow): boolean => lazy !== null && (lazy.saved95?.low ?? 0) > 0

function verdictOf({ init, initUsd, imports, parts }: ImportsReport): string {
  const whole = `Init takes ${formatMs(init.ms)} (95 % interval ${formatMs(init.low)} to ${formatMs(init.high)}), ${formatUsd(initUsd)} for a million cold starts.`
  if (parts === null) return `${whole} What it loads is told by Node.js and Python only.`
  const best = imports.filter(sure).toSorted((a, b) => (b.lazy?.savedMs ?? 0) - (a.lazy?.savedMs ?? 0))[0]
  if (best?.lazy?.savedMs === undefined || best.lazy.savedMs === null)
    return `${whole} No import was shown to be worth putting off.`
  return `${whole} Importing ${best.name} only when it is used saves ${formatMs(best.lazy.savedMs)} of it, ${formatUsd(best.lazy.savedUsd ?? '0')}.`
}

function partsLine(parts: NonNullable<ImportsReport['parts']>): string {
  return [
    `runtime ${formatMs(parts.bootMs)}`,
    `imports ${formatMs(parts.importsMs)}`,
    `your own files ${formatMs(parts.ownMs)}`,
    `linking and the rest ${formatMs(parts.restMs)}`,
    `${plural(parts.modules, 'module')}, ${formatBytes(parts.bytes)}`,
  ].join('   ')
}

function importLines(rows: readonly ImportRow[], width: number, { color }: RenderOptions): string[] {
  const paint = painter(color)
  const names: Column = { title: 'import', align: 'left', cells: rows.map(({ name }) => name), leaves: 0 }
  const figures = columnsOf(rows, [
    ['time', 0, ({ ms }) => formatMs(ms)],
    ['share', 2, ({ share }) => formatPercent(share * 100)],
    ['files', 3, ({ files }) => formatCount(files)],
    ['size', 4, ({ bytes }) => (bytes === 0 ? '' : formatBytes(bytes))],
  ])
  const saved: Column = { title: 'lazy saves', align: 'left', cells: rows.map(savedText), leaves: 1 }
  return table([names, ...figures, saved], width, paint)
}

function savedText({ lazy }: ImportRow): string {
  if (lazy === null) return ''
  if (lazy.failed !== null) return 'cannot be put off'
  if (lazy.savedMs === null || lazy.saved95 === null) return ''
  const shown = (ms: number): string => formatMs(Math.max(0, ms))
  const interval = `${shown(lazy.saved95.low)} to ${shown(lazy.saved95.high)}`
  const saved = lazy.saved95.low > 0 ? `${shown(lazy.savedMs)} (${interval})` : 'nothing that shows'
  return lazy.used ? `${saved} *` : saved
}

function notesOf({ imports, parts }: ImportsReport): string[] {
  return [
    ...(parts?.seesModules === false
      ? ['ES modules cannot be looked into on this Node.js: give the function nodejs22.x or later.']
      : []),
    ...(imports.some(({ lazy }) => lazy?.used === true)
      ? [
          '* used before the handler: something outside it calls the import at once, such as a client made at the top of a file; that has to move too.',
        ]
      : []),
    ...imports.flatMap(({ name, lazy }) =>
      lazy?.failed === null || lazy === null ? [] : [`${name}: ${lazy.failed}`],
    ),
  ]
}
