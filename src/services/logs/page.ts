/** Cuts what was read to the bytes that one answer may have. */
import type { LogEvent } from '#ports/log-events.ts'
import { EVENT_OVERHEAD_BYTES, PAGE_BYTES } from '#services/logs/limits.ts'

/** The first events up to the limit, at least one. Characters stand for bytes, as a bound that need not be exact. */
export function withinBytes(events: readonly LogEvent[], limit = PAGE_BYTES): LogEvent[] {
  let bytes = 0
  const kept: LogEvent[] = []
  for (const event of events) {
    bytes += event.message.length + EVENT_OVERHEAD_BYTES
    if (kept.length > 0 && bytes > limit) break
    kept.push(event)
  }
  return kept
}
