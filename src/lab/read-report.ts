/** Reads a report back from its JSON: for `compare`, and for rendering a kept flight again. */
import { parseJson, stringAt, valueAt } from '#base/json.ts'
import { failed, ok, type Result } from '#base/result.ts'
import { type FlightReport, REPORT_FORMAT } from '#lab/report.ts'

/** The report, or a sentence about why the text is none. */
export function readReport(text: string): Result<FlightReport, string> {
  const value = parseJson(text)
  if (value === undefined) return failed('it is no JSON')
  const format = stringAt(value, 'format')
  if (format === undefined) return failed('it is no report of a flight: it has no format')
  if (format !== REPORT_FORMAT)
    return failed(`its format is "${format}", and this version reads "${REPORT_FORMAT}"`)
  const missing = MEMBERS.filter((member) => valueAt(value, member) === undefined)
  if (missing.length > 0) return failed(`it is cut short: ${missing.join(', ')} missing`)
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- decoder: the format names the shape
  return ok(value as FlightReport)
}

const MEMBERS = [
  'name',
  'verdict',
  'overall',
  'routes',
  'functions',
  'bill',
  'budgets',
  'measurement',
  'machine',
] as const
