/** What spans, usage and log events stand on: streams of lines, on disk (`telemetry.ts`) or in memory (`memory.ts`). */
import type { Line } from '#host/telemetry/lines.ts'
import type { LineQuery } from '#host/telemetry/select.ts'

export type StreamName = 'spans' | 'usage' | 'logs'

export interface StreamStats {
  /** Lines that can be read. */
  readonly lines: number
  /** Bytes on disk, or in memory where there is no disk. */
  readonly bytes: number
  /** Lines that retention dropped since the process started, and the lines of blocks found damaged. */
  readonly droppedLines: number
  readonly droppedBytes: number
}

export interface LineStream {
  /** Cheap: a push; the line is readable at once. The text has no newline. Answers the line's ordinal. */
  append(series: string, at: number, text: string): number
  /** Ordered; sees every line appended before. */
  read(query: LineQuery): Promise<readonly Line[]>
  /** The ordinal that the next line will have. */
  readonly nextOrdinal: number
  /** The least ordinal that may still be read, and the earliest time. */
  oldest(): { readonly ordinal: number; readonly at: number }
  stats(): StreamStats
  /** A small text kept beside the lines, as durable as they are; undefined when none was written. */
  memo(): string | undefined
  /** Replaces the memo; resolves when it is durable. */
  writeMemo(text: string): Promise<void>
}

export interface Telemetry {
  stream(name: StreamName): LineStream
  /** Syncs and applies retention now; otherwise it happens each second in which something came. */
  sweep(): Promise<void>
  /** Forgets all lines and memos; for reset. */
  clear(): Promise<void>
  /** Writes and syncs what is left. */
  close(): Promise<void>
}
