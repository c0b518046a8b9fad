/**
 * Freezing and thawing through `cgroup.freeze`. The kernel lets a writer wait while any process of the machine joins a
 * group (8 ms and more beside a start), so freezing, which nobody waits for, is written off the event loop, one group at
 * a time. Thawing is on an invoke's path and is written at once, unless the freeze before it is still under way.
 */
import { closeSync, openSync, write, writeSync } from 'node:fs'

/** The freezes of one platform that wait for their turn. */
export class FreezeQueue {
  readonly #waiting = new Set<Freezer>()
  #busy = false

  add(freezer: Freezer): void {
    this.#waiting.add(freezer)
    this.#next()
  }

  remove(freezer: Freezer): void {
    this.#waiting.delete(freezer)
  }

  #next(): void {
    if (this.#busy) return
    const [first] = this.#waiting
    if (first === undefined) return
    this.#waiting.delete(first)
    this.#busy = true
    first.freezeNow(() => {
      this.#busy = false
      this.#next()
    })
  }
}

/** One environment's group. Silent once the group is gone. */
export class Freezer {
  readonly #path: string
  readonly #queue: FreezeQueue
  #descriptor: number | undefined
  #writing = false
  #wantsThaw = false
  #wantsClose = false

  constructor(path: string, queue: FreezeQueue) {
    this.#path = path
    this.#queue = queue
  }

  freeze(): void {
    this.#wantsThaw = false
    if (!this.#writing) this.#queue.add(this)
  }

  thaw(): void {
    this.#queue.remove(this)
    if (this.#writing) this.#wantsThaw = true
    else this.#write('0')
  }

  close(): void {
    this.#queue.remove(this)
    if (this.#writing) this.#wantsClose = true
    else this.#closeNow()
  }

  /** Its turn in the queue. */
  freezeNow(then: () => void): void {
    const descriptor = this.#open()
    if (descriptor === undefined) {
      then()
      return
    }
    this.#writing = true
    write(descriptor, '1', 0, () => {
      this.#writing = false
      if (this.#wantsThaw) this.#write('0')
      this.#wantsThaw = false
      if (this.#wantsClose) this.#closeNow()
      this.#wantsClose = false
      then()
    })
  }

  #open(): number | undefined {
    try {
      return (this.#descriptor ??= openSync(this.#path, 'r+'))
    } catch {
      return undefined
    }
  }

  #write(text: string): void {
    const descriptor = this.#open()
    if (descriptor === undefined) return
    try {
      writeSync(descriptor, text, 0)
    } catch {
      // the group is gone, and its processes with it
    }
  }

  #closeNow(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }
}
