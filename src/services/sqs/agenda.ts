/** Who must be stepped when, with one alarm of the clock for all of them. */
import { instant } from '#base/time.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import { type Due, DueHeap } from '#services/sqs/due-heap.ts'

export class Agenda<T extends Due> {
  readonly #clock: Clock
  readonly #run: (due: T) => void
  readonly #heap = new DueHeap<T>()
  #alarm: Alarm | undefined
  #alarmAt = 0

  constructor(clock: Clock, run: (due: T) => void) {
    this.#clock = clock
    this.#run = run
  }

  /** Undefined: no more. */
  set(item: T, at: number | undefined): void {
    if (at !== undefined && item.slot !== -1 && item.dueAt === at) return
    this.#heap.remove(item)
    if (at !== undefined) {
      item.dueAt = at
      this.#heap.add(item)
    }
    this.#arm()
  }

  clear(): void {
    this.#heap.clear()
    this.#arm()
  }

  /** An alarm that is too early stays: ringing once in vain is cheaper than moving it with every command. */
  #arm(): void {
    const next = this.#heap.peek()
    if (next === undefined || (this.#alarm !== undefined && this.#alarmAt <= next.dueAt)) return
    this.#alarm?.cancel()
    this.#alarmAt = next.dueAt
    this.#alarm = this.#clock.wakeAt(instant(next.dueAt), () => this.#ring())
  }

  #ring(): void {
    this.#alarm = undefined
    const now = this.#clock.now()
    for (let due = this.#heap.popDue(now); due !== undefined; due = this.#heap.popDue(now)) this.#run(due)
    this.#arm()
  }
}
