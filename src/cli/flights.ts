/** Where reports of flights are kept between commands: `.windtunnel/flights` of the folder one works in. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '#cli/arguments.ts'
import { fileTrouble, textOf } from '#cli/files.ts'
import { readReport } from '#lab/read-report.ts'
import type { FlightReport } from '#lab/report.ts'

const FOLDER = join('.windtunnel', 'flights')
/** Older reports beyond this are left alone but no longer listed by name. */
const LISTED_MAX = 200
/** Names in an error. */
const NAMED_MAX = 3

/** Saves a report. A folder that cannot be written loses the copy, never the flight: `said` tells which it was. */
export function saveReport(report: FlightReport): {
  readonly path: string | undefined
  readonly said: string
} {
  const stamp = report.startedAt.replace(/[:.]/g, '-')
  const name = report.name.replace(/[^A-Za-z0-9-]+/g, '-')
  const path = join(FOLDER, `${stamp}-${name}.json`)
  try {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(path, `${JSON.stringify(report)}\n`)
  } catch (error) {
    const trouble = fileTrouble(error)
    if (trouble === undefined) throw error
    return { path: undefined, said: `not saved as ${path}: ${trouble.message}` }
  }
  return { path, said: `saved as ${path}` }
}

/** Names of saved reports, newest first. */
export function savedReports(): string[] {
  if (!existsSync(FOLDER)) return []
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .reverse()
    .slice(0, LISTED_MAX)
}

/** A report by path, by a part of its name (the newest that has it), `latest` (also unsaid) or `previous`. */
export function loadReport(which: string | undefined): FlightReport {
  const path = pathOf(which, savedReports())
  const report = readReport(textOf(path))
  if (report.ok) return report.value
  throw new UsageError(`The file cannot be read as a report: ${report.error}.`, path, 'Fly again to get one.')
}

function pathOf(which: string | undefined, saved: readonly string[]): string {
  if (which !== undefined && existsSync(which)) return which
  const found =
    which === undefined || which === 'latest'
      ? saved[0]
      : which === 'previous'
        ? saved[1]
        : saved.find((name) => name.includes(which))
  if (found !== undefined) return join(FOLDER, found)
  if (saved.length === 0)
    throw new UsageError(
      'No flight is saved here yet.',
      join(process.cwd(), FOLDER),
      'Fly first: windtunnel fly flight.yaml',
    )
  if (which === 'previous')
    throw new UsageError(
      'Only one flight is saved here.',
      FOLDER,
      'Fly once more: windtunnel fly flight.yaml',
    )
  const newest = saved.slice(0, NAMED_MAX).join(', ')
  throw new UsageError('There is no such report.', which ?? FOLDER, `The newest are: ${newest}`)
}
