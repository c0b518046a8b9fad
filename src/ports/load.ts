/** The load generator: a process of its own that sends requests when the schedule says so, whatever the answers do. */
import type { Instant, Ms } from '#base/time.ts'

export interface LoadTarget {
  readonly name: string
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /**
   * True when `{n}` (the arrival's number from 0), `{n%K}` (its remainder by K) and `{id}` (unlike any other request's)
   * in the path, the headers and the body are filled in for each request.
   */
  readonly numbered?: boolean | undefined
}

export interface LoadPlan {
  readonly targets: readonly LoadTarget[]
  /** Offsets from the start, ascending, each with the index of its target. */
  readonly arrivals: readonly { readonly atMs: Ms; readonly target: number }[]
  readonly timeoutMs: Ms
  /** Requests under way at once beyond which an arrival is recorded as `not-sent`. */
  readonly inFlightMax: number
}

export interface LoadSample {
  readonly target: number
  /** When it should have left. */
  readonly dueAt: Instant
  /** How late it left: the generator's own fault. */
  readonly lateMs: Ms
  /** From when it was due until the answer's last byte: no coordinated omission. */
  readonly latencyMs: Ms
  /** From when it left until the answer's first byte. */
  readonly firstByteMs: Ms
  readonly status: number
  readonly bytes: number
  readonly outcome: 'answered' | 'timeout' | 'refused' | 'not-sent'
  readonly traceId: string | undefined
}

export interface LoadProgress {
  readonly sent: number
  readonly answered: number
  readonly errors: number
  readonly total: number
  readonly elapsedMs: Ms
}

export interface LoadResult {
  readonly samples: readonly LoadSample[]
  readonly startedAt: Instant
  readonly finishedAt: Instant
  /** True when it was stopped before the schedule's end. */
  readonly partial: boolean
}

export interface Load {
  run(plan: LoadPlan, onProgress: (progress: LoadProgress) => void, signal: AbortSignal): Promise<LoadResult>
}
