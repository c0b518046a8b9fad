/** Lines of log streams: appended in bulk, read by time. Groups and streams as resources belong to the Logs service. */
import type { Instant } from '#base/time.ts'

/** Account, region, group and stream joined by the writer into one series name. */
export interface LogEvent {
  readonly series: string
  /** Time of the event, whole ms. */
  readonly at: number
  readonly ingestedAt: number
  readonly message: string
  /** Grows with every appended event of the process; breaks ties of time and makes event ids. */
  readonly sequence: number
}

export interface LogEventQuery {
  /** All series that begin with this. */
  readonly seriesPrefix: string
  readonly from?: number | undefined
  /** Not included. */
  readonly to?: number | undefined
  readonly limit: number
  /** Newest first when set. */
  readonly reverse?: boolean
  /** Only events after this sequence number (before it when reversed). */
  readonly after?: { readonly at: number; readonly sequence: number } | undefined
}

export interface LogEvents {
  append(events: readonly Omit<LogEvent, 'sequence'>[]): void
  read(query: LogEventQuery): Promise<readonly LogEvent[]>
  /** Forgets a series and its lines from that moment on. */
  forget(seriesPrefix: string): Promise<void>
  /** Drops what is older, for retention. */
  expire(seriesPrefix: string, before: Instant): Promise<void>
}
