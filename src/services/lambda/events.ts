/**
 * Asynchronous invokes. Until the queue is durable they are kept in memory, run at once, and are lost when the
 * platform ends; the answer says so in a header. Retries follow AWS's times on the virtual clock.
 * Source: Lambda developer guide, Asynchronous invocation.
 */
import { type Ms, later } from '#base/time.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { InvokeResult } from '#services/lambda/invocation.ts'
import { EVENTS_MAX, EVENT_AGE_MS, EVENT_RETRY_MS, EVENT_THROTTLE_MS } from '#services/lambda/limits.ts'

export interface EventProgress {
  /** Runs that ended in a function error. */
  readonly failures: number
  /** Runs that were throttled, or met trouble of the platform. */
  readonly throttles: number
  readonly ageMs: Ms
}

export type NextAttempt =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly afterMs: Ms; readonly progress: EventProgress }
  | { readonly kind: 'dropped'; readonly because: 'RetriesExhausted' | 'EventAgeExceeded' }

/** What follows one run of an event. Pure. */
export function nextAttempt(result: InvokeResult, progress: EventProgress): NextAttempt {
  if (result.kind === 'answered' && result.functionError === undefined) return { kind: 'done' }
  if (result.kind === 'answered') {
    const afterMs = EVENT_RETRY_MS[progress.failures]
    return afterMs === undefined
      ? { kind: 'dropped', because: 'RetriesExhausted' }
      : retry(afterMs, { ...progress, failures: progress.failures + 1 })
  }
  if (result.kind === 'refused' && result.fault.side === 'client') return { kind: 'done' }
  const wait = EVENT_THROTTLE_MS.first * 2 ** Math.min(20, progress.throttles)
  return retry(Math.min(EVENT_THROTTLE_MS.last, wait), { ...progress, throttles: progress.throttles + 1 })
}

function retry(afterMs: Ms, progress: EventProgress): NextAttempt {
  return progress.ageMs + afterMs > EVENT_AGE_MS
    ? { kind: 'dropped', because: 'EventAgeExceeded' }
    : { kind: 'retry', afterMs, progress: { ...progress, ageMs: progress.ageMs + afterMs } }
}

export interface EventRun {
  run(): Promise<InvokeResult>
  /** It will not be run again, and did not succeed. */
  dropped(because: 'RetriesExhausted' | 'EventAgeExceeded'): void
}

export class EventQueue {
  readonly #clock: Clock
  readonly #alarms = new Set<Alarm>()
  #pending = 0
  #told = false
  /** Grows at `stop`, so that runs under way then schedule nothing. */
  #era = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get full(): boolean {
    return this.#pending >= EVENTS_MAX
  }

  get pending(): number {
    return this.#pending
  }

  /** True once: when the user should hear that events are in memory only. */
  get untold(): boolean {
    const untold = !this.#told
    this.#told = true
    return untold
  }

  /** Runs it now and again as needed. The caller has checked `full`. */
  add(event: EventRun): void {
    this.#pending++
    void this.#attempt(event, { failures: 0, throttles: 0, ageMs: 0 }, this.#era)
  }

  stop(): void {
    for (const alarm of this.#alarms) alarm.cancel()
    this.#alarms.clear()
    this.#pending = 0
    this.#era++
  }

  async #attempt(event: EventRun, progress: EventProgress, era: number): Promise<void> {
    const next = nextAttempt(await event.run(), progress)
    if (era !== this.#era) return
    if (next.kind === 'retry') {
      const alarm = this.#clock.wakeAt(later(this.#clock.now(), next.afterMs), () => {
        this.#alarms.delete(alarm)
        void this.#attempt(event, next.progress, era)
      })
      this.#alarms.add(alarm)
      return
    }
    this.#pending--
    if (next.kind === 'dropped') event.dropped(next.because)
  }
}
