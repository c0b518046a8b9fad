/** The platform's own log: JSON lines with a dotted constant as the event. Never a user's function output. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export interface Log {
  /** Our defect. */
  error(event: string, fields?: LogFields): void
  /** The user should look. */
  warn(event: string, fields?: LogFields): void
  /** Life cycle. */
  info(event: string, fields?: LogFields): void
  debug(event: string, fields?: LogFields): void
}
