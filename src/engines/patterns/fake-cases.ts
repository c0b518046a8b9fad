/** A table of patterns with events that they match and events that they do not. Shared by the tests of this folder. */
import assert from 'node:assert/strict'
import type { Dialect } from '#engines/patterns/dialect.ts'
import { compilePattern } from '#engines/patterns/pattern.ts'

export interface Case {
  readonly pattern: unknown
  readonly yes: readonly unknown[]
  readonly no: readonly unknown[]
}

export function check(cases: readonly Case[], dialect: Dialect = 'events'): void {
  for (const { pattern, yes, no } of cases) {
    const text = typeof pattern === 'string' ? pattern : JSON.stringify(pattern)
    const compiled = compilePattern(text, dialect)
    assert.ok(compiled.ok, `${text}: ${compiled.ok ? '' : compiled.error.reason}`)
    for (const event of yes) {
      if (!compiled.value.matches(event)) assert.fail(`${text} matches ${JSON.stringify(event)}`)
    }
    for (const event of no) {
      if (compiled.value.matches(event)) assert.fail(`${text} does not match ${JSON.stringify(event)}`)
    }
  }
}
