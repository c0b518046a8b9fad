/**
 * The clock of a running platform. Waits sit in one heap with one timer for the earliest. With virtual time the
 * offset to wall time moves forward (`advance`) or time stands still (`freeze`); `elapsed`, `wall` and `after` are
 * never moved.
 */
import { performance } from 'node:perf_hooks'
import { Heap } from '#base/heap.ts'
import { type Instant, type Ms, instant, later } from '#base/time.ts'
import type { Alarm, Clock, ClockControl, ClockState } from '#ports/clock.ts'

interface Waiting {
  readonly at: Instant
  readonly order: number
  run: (() => void) | undefined
}

/** Node's timers overflow beyond this; a later wake-up is reached in hops. */
const TIMER_MAX_MS = 2 ** 31 - 1
/** Turns of the event loop that `advance` leaves to the effects of what it woke: a store commit takes two or three. */
const SETTLE_TURNS = 8

export class HostClock implements Clock, ClockControl {
  readonly #virtual: boolean
  readonly #origin = performance.timeOrigin
  readonly #heap = new Heap<Waiting>((a, b) => a.at - b.at || a.order - b.order)
  readonly #running = new Set<NodeJS.Timeout>()
  #order = 0
  #offsetMs: Ms = 0
  #frozenAt: Instant | undefined
  #timer: NodeJS.Timeout | undefined
  #pending = 0

  constructor(options: { readonly virtual: boolean }) {
    this.#virtual = options.virtual
  }

  wall(): Instant {
    return instant(this.#origin + performance.now())
  }

  elapsed(): Ms {
    return performance.now()
  }

  now(): Instant {
    return this.#frozenAt ?? instant(Math.floor(this.wall() + this.#offsetMs))
  }

  wakeAt(at: Instant, run: () => void): Alarm {
    const waiting: Waiting = { at, order: this.#order++, run }
    this.#heap.push(waiting)
    this.#pending++
    if (this.#heap.peek() === waiting) this.#arm()
    return {
      cancel: () => {
        if (waiting.run === undefined) return
        waiting.run = undefined
        this.#pending--
        if (this.#heap.peek() === waiting) this.#arm()
      },
    }
  }

  after(ms: Ms, run: () => void): Alarm {
    const handle = setTimeout(
      () => {
        this.#running.delete(handle)
        run()
      },
      Math.min(TIMER_MAX_MS, ms),
    )
    this.#running.add(handle)
    return {
      cancel: () => {
        clearTimeout(handle)
        this.#running.delete(handle)
      },
    }
  }

  state(): ClockState {
    return {
      virtual: this.#virtual,
      frozen: this.#frozenAt !== undefined,
      now: this.now(),
      offsetMs: this.#frozenAt === undefined ? this.#offsetMs : this.#frozenAt - this.wall(),
      pending: this.#pending,
    }
  }

  async advance(ms: Ms): Promise<void> {
    const wasFrozen = this.#frozenAt !== undefined
    const target = later(this.now(), ms)
    for (let next = this.#heap.peek(); next !== undefined && next.at <= target; next = this.#heap.peek()) {
      if (next.at > this.now()) this.#frozenAt = next.at
      this.#heap.pop()
      this.#ring(next)
      await settle()
    }
    this.#frozenAt = wasFrozen ? target : undefined
    if (!wasFrozen) this.#offsetMs = target - this.wall()
    this.#arm()
    await settle()
  }

  freeze(): void {
    this.#frozenAt ??= this.now()
    this.#arm()
  }

  resume(): void {
    if (this.#frozenAt !== undefined) this.#offsetMs = this.#frozenAt - this.wall()
    this.#frozenAt = undefined
    this.#arm()
  }

  /** Cancels every alarm, for the platform's end. */
  stop(): void {
    clearTimeout(this.#timer)
    for (const handle of this.#running) clearTimeout(handle)
    this.#running.clear()
    this.#heap.clear()
    this.#pending = 0
  }

  #ring(due: Waiting): void {
    const run = due.run
    due.run = undefined
    if (run === undefined) return
    this.#pending--
    run()
  }

  #arm(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (this.#heap.size > 0 && this.#heap.peek()?.run === undefined) this.#heap.pop()
    const next = this.#heap.peek()
    if (next === undefined || this.#frozenAt !== undefined) return
    const waitMs = Math.max(0, next.at - (this.wall() + this.#offsetMs))
    this.#timer = setTimeout(() => this.#ringDue(), Math.min(TIMER_MAX_MS, waitMs))
  }

  #ringDue(): void {
    const upTo = this.now()
    for (let next = this.#heap.peek(); next !== undefined && next.at <= upTo; next = this.#heap.peek()) {
      this.#heap.pop()
      this.#ring(next)
    }
    this.#arm()
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
