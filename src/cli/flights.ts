/** Where reports of flights are kept between commands: `.windtunnel/flights` of the folder one works in. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '#cli/arguments.ts'
import { readReport } from '#lab/read-report.ts'
import type { FlightReport } from '#lab/report.ts'

const FOLDER = join('.windtunnel', 'flights')
/** Older reports beyond this are left alone but no longer listed by name. */
const LISTED_MAX = 200

/** Saves a report and gives back its path. */
export function saveReport(report: FlightReport): string {
  mkdirSync(FOLDER, { recursive: true })
  const stamp = report.startedAt.replace(/[:.]/g, '-')
  const name = report.name.replace(/[^A-Za-z0-9-]+/g, '-')
  const path = join(FOLDER, `${stamp}-${name}.json`)
  writeFileSync(path, `${JSON.stringify(report)}\n`)
  return path
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

/** A report by path, by a part of its name (the newest that has it), or the newest of all. */
export function loadReport(which: string | undefined): FlightReport {
  const saved = savedReports()
  const found =
    which === undefined
      ? saved[0]
      : which === 'previous'
        ? saved[1]
        : saved.find((name) => name.includes(which))
  const path =
    which !== undefined && existsSync(which) ? which : found === undefined ? undefined : join(FOLDER, found)
  if (path === undefined) {
    const next =
      saved.length === 0
        ? 'Fly first: windtunnel fly examples/first/flight.yaml'
        : `Saved are: ${saved.slice(0, 5).join(', ')}`
    throw new UsageError('There is no such report.', which ?? FOLDER, next)
  }
  const report = readReport(readFileSync(path, 'utf8'))
  if (report.ok) return report.value
  throw new UsageError(`The file cannot be read as a report: ${report.error}.`, path, 'Fly again to get one.')
}
