/**
 * Which row is tried next. Rows of one lane go one at a time, in the order they were added; rows without a lane do not
 * wait for each other. Pure: it is told the time, and says when it wants to be asked again.
 */
import { Heap } from '#base/heap.ts'
import type { Instant } from '#base/time.ts'

export interface Scheduled {
  readonly sequence: number
  readonly lane: string | undefined
  /** Attempts that have ended. */
  attempts: number
  readonly firstAt: Instant
  nextAt: Instant
}

interface Lane<Row> {
  /** The first is the one that runs or waits; the others stand behind it. */
  readonly rows: Row[]
  head: number
}

export class Schedule<Row extends Scheduled> {
  readonly #waiting = new Heap<Row>((a, b) => a.nextAt - b.nextAt || a.sequence - b.sequence)
  readonly #lanes = new Map<string, Lane<Row>>()
  #size = 0

  /** Rows that are neither gone nor forgotten, running ones among them. */
  get size(): number {
    return this.#size
  }

  add(row: Row): void {
    this.#size++
    if (row.lane === undefined) {
      this.#waiting.push(row)
      return
    }
    const lane = this.#lanes.get(row.lane)
    if (lane === undefined) {
      this.#lanes.set(row.lane, { rows: [row], head: 0 })
      this.#waiting.push(row)
    } else lane.rows.push(row)
  }

  /** The row whose turn it is; it is running until `again` or `gone`. */
  take(now: Instant): Row | undefined {
    const first = this.#waiting.peek()
    return first === undefined || first.nextAt > now ? undefined : this.#waiting.pop()
  }

  /** When `take` has the next one, if nothing is added before. */
  next(): Instant | undefined {
    return this.#waiting.peek()?.nextAt
  }

  again(row: Row, at: Instant): void {
    row.attempts++
    row.nextAt = at
    this.#waiting.push(row)
  }

  /** Its lane goes on with the one behind it. */
  gone(row: Row): void {
    this.#size--
    if (row.lane === undefined) return
    const lane = this.#lanes.get(row.lane)
    if (lane === undefined) return
    lane.head++
    const behind = lane.rows[lane.head]
    if (behind === undefined) this.#lanes.delete(row.lane)
    else {
      if (lane.head > 1_024) lane.rows.splice(0, lane.head)
      if (lane.head > 1_024) lane.head = 0
      this.#waiting.push(behind)
    }
  }

  clear(): void {
    this.#waiting.clear()
    this.#lanes.clear()
    this.#size = 0
  }
}
