/** The platform's log as JSON lines. Ends of lines are the writer's: stderr by default, a file with `--data`. */
import { instant, isoMs } from '#base/time.ts'
import type { Log, LogFields } from '#ports/log.ts'

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LEVELS)[number]

export function jsonLog(write: (line: string) => void, least: LogLevel): Log {
  const from = LEVELS.indexOf(least)
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      if (LEVELS.indexOf(level) < from) return
      write(`${JSON.stringify({ level, time: isoMs(instant(Date.now())), event, ...fields })}\n`)
    }
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }
}
