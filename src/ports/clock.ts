/**
 * The two clocks. Stamps and waits follow `now` and `wakeAt`, which virtual time moves; running code is measured
 * with `elapsed` and limited with `after`, which nothing moves.
 */
import type { Instant, Ms } from '#base/time.ts'

export interface Alarm {
  /** Harmless when it has rung. */
  cancel(): void
}

export interface Clock {
  /** Wall time for stamps; virtual on a platform with `--virtual-time`. */
  now(): Instant
  /** Real monotonic time since the process started, with fractions: for durations and billing. */
  elapsed(): Ms
  /** Real wall time derived from the monotonic clock, with fractions: where spans and measured log lines begin. */
  wall(): Instant
  /** Runs once at or after that point of `now`. A point in the past runs in the next turn, never in this one. */
  wakeAt(at: Instant, run: () => void): Alarm
  /** Runs once after that much real time: function timeouts, the init limit, shutdown grace. */
  after(ms: Ms, run: () => void): Alarm
}

/** What `windtunnel clock` drives. */
export interface ClockControl {
  state(): ClockState
  /** Moves virtual time forward and runs what became due, in order. Resolves when those runs' effects have settled. */
  advance(ms: Ms): Promise<void>
  freeze(): void
  resume(): void
}

export interface ClockState {
  readonly virtual: boolean
  readonly frozen: boolean
  readonly now: Instant
  /** How far virtual time is ahead of wall time. */
  readonly offsetMs: Ms
  /** Alarms that wait on virtual time. */
  readonly pending: number
}
