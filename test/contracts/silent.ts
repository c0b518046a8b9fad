/** What contract subjects are opened with: a log that says nothing, and an end that must not come. */
import type { Log } from '#ports/log.ts'

export const silent: Log = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
}

export function unexpected(trouble: Error): never {
  throw trouble
}
