/**
 * Lambda's filter criteria: filters ORed, each a pattern over a record, whose payload (`body` of SQS, `data` of Kinesis)
 * arrives as text. Decoding a payload (base64) is the caller's.
 */
import { isRecord, parseJson } from '#base/json.ts'
import { type Result, failed, ok } from '#base/result.ts'
import { FILTERS_MOST } from '#engines/patterns/dialect.ts'
import { type Pattern, compilePattern } from '#engines/patterns/pattern.ts'
import type { PatternProblem } from '#engines/patterns/problem.ts'

export interface FilterCriteria {
  /** False: the record is dropped (from a queue: deleted). Without filters every record is kept. */
  keeps(record: Readonly<Record<string, unknown>>): boolean
}

/**
 * `payload` is the record's member that may be JSON in text. A payload of another form than a filter's demands for it does
 * not match that filter: JSON against values, or plain text against fields. Source: Lambda developer guide, Filtering with
 * Amazon SQS. That only an object or an array counts as JSON is inferred.
 */
export function compileFilterCriteria(
  patterns: readonly string[],
  payload: string | undefined,
): Result<FilterCriteria, PatternProblem> {
  if (patterns.length > FILTERS_MOST) {
    return failed({ kind: 'limit', reason: `More than ${FILTERS_MOST} filters`, at: '' })
  }
  const filters: Pattern[] = []
  for (const text of patterns) {
    const compiled = compilePattern(text, 'lambda')
    if (!compiled.ok) return compiled
    filters.push(compiled.value)
  }
  return ok(payload === undefined ? new PlainFilters(filters) : new PayloadFilters(filters, payload))
}

class PlainFilters implements FilterCriteria {
  readonly #filters: readonly Pattern[]

  constructor(filters: readonly Pattern[]) {
    this.#filters = filters
  }

  keeps(record: Readonly<Record<string, unknown>>): boolean {
    return this.#filters.length === 0 || this.#filters.some((filter) => filter.matches(record))
  }
}

class PayloadFilters implements FilterCriteria {
  readonly #payload: string
  readonly #filters: readonly {
    readonly pattern: Pattern
    readonly demands: 'nothing' | 'values' | 'fields'
  }[]
  readonly #looksInside: boolean

  constructor(filters: readonly Pattern[], payload: string) {
    this.#payload = payload
    this.#filters = filters.map((pattern) => ({ pattern, demands: pattern.demandsOf(payload) }))
    this.#looksInside = this.#filters.some(({ demands }) => demands !== 'nothing')
  }

  keeps(record: Readonly<Record<string, unknown>>): boolean {
    if (this.#filters.length === 0) return true
    const text = record[this.#payload]
    const parsed = this.#looksInside && typeof text === 'string' ? parseJson(text) : undefined
    const isJson = isRecord(parsed) || Array.isArray(parsed)
    const opened = isJson ? { ...record, [this.#payload]: parsed } : record
    return this.#filters.some(({ pattern, demands }) => {
      if (demands === 'nothing') return pattern.matches(record)
      return isJson === (demands === 'fields') && pattern.matches(opened)
    })
  }
}
