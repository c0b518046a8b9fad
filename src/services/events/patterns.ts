/** Event patterns as EventBridge takes them. */
import { compilePattern, type Pattern } from '#engines/patterns/pattern.ts'
import { invalidPattern, limitExceeded } from '#services/events/faults.ts'
import { PATTERN_LENGTH_MAX } from '#services/events/limits.ts'

/** Faults InvalidEventPattern, and LimitExceeded for one that is too long. Source: EventBridge quotas; the error for it is inferred. */
export function checkedPattern(text: string): Pattern {
  const compiled = compilePattern(text, 'events')
  if (!compiled.ok) throw invalidPattern(compiled.error)
  if (text.length > PATTERN_LENGTH_MAX) throw limitExceeded()
  return compiled.value
}
