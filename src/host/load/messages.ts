/** What the process that runs the load and its parent say to each other, over the channel of `fork`. */
import type { LoadSample, LoadTarget } from '#ports/load.ts'

/** A plan in columns: a million arrivals are two arrays. */
export interface PlanMessage {
  readonly kind: 'plan'
  readonly targets: readonly LoadTarget[]
  readonly atMs: Float64Array
  readonly target: Uint32Array
  readonly timeoutMs: number
  readonly inFlightMax: number
}

export type ToGenerator = PlanMessage | { readonly kind: 'stop' }

export type FromGenerator =
  | {
      readonly kind: 'started'
      /** Wall time of offset 0. */ readonly startedAt: number
      /** Of this run's trace ids. */ readonly tracePrefix: string
    }
  | {
      readonly kind: 'samples'
      /** `COLUMNS` numbers a sample. */
      readonly rows: Float64Array
      readonly sent: number
      readonly elapsedMs: number
    }
  | { readonly kind: 'finished'; readonly finishedAt: number; readonly partial: boolean }

/** index, lateMs, latencyMs, firstByteMs, status, bytes, outcome. */
export const COLUMNS = 7

export const OUTCOMES: readonly LoadSample['outcome'][] = ['answered', 'timeout', 'refused', 'not-sent']

/** Trace ids of a run share their first 16 of 24 digits and end in the arrival's number. */
export const traceIdOf = (prefix: string, index: number): string =>
  `${prefix}${index.toString(16).padStart(8, '0')}`
