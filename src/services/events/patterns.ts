/** Event patterns as EventBridge takes them. */
import { compilePattern, type Pattern } from '#engines/patterns/pattern.ts'
import { invalid, invalidPattern } from '#services/events/faults.ts'
import { PATTERN_LENGTH_MAX } from '#services/events/limits.ts'

/** Faults InvalidEventPattern, and ValidationException for one that is too long. Source: EventBridge quotas; recorded AWS answer. */
export function checkedPattern(text: string, rule: string): Pattern {
  const compiled = compilePattern(text, 'events')
  if (!compiled.ok) throw invalidPattern(compiled.error)
  if (text.length > PATTERN_LENGTH_MAX)
    throw invalid(`Parameter EventPattern for rule ${rule} exceeds limit of ${PATTERN_LENGTH_MAX}.`)
  return compiled.value
}
