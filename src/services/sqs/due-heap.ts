/** A heap of things that are due at a time, each knowing its place in it, so that one can leave from the middle. */

/** `slot` is the heap's: -1 outside. An item is in one heap at a time. */
export interface Due {
  dueAt: number
  slot: number
}

export class DueHeap<T extends Due> {
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  /** The earliest, or undefined. */
  peek(): T | undefined {
    return this.#items[0]
  }

  add(item: T): void {
    this.#up(item, this.#items.push(item) - 1)
  }

  /** Harmless for an item that is not in it. */
  remove(item: T): void {
    const at = item.slot
    if (at === -1) return
    item.slot = -1
    const last = this.#items.pop()
    if (last === undefined || last === item) return
    this.#down(last, at)
    if (last.slot === at) this.#up(last, at)
  }

  /** Takes out the earliest when it is due by then. */
  popDue(now: number): T | undefined {
    const first = this.#items[0]
    if (first === undefined || first.dueAt > now) return undefined
    this.remove(first)
    return first
  }

  items(): readonly T[] {
    return this.#items
  }

  clear(): void {
    for (const item of this.#items) item.slot = -1
    this.#items.length = 0
  }

  #up(item: T, start: number): void {
    let at = start
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = this.#items[above]
      if (parent === undefined || parent.dueAt <= item.dueAt) break
      this.#put(parent, at)
      at = above
    }
    this.#put(item, at)
  }

  #down(item: T, start: number): void {
    const items = this.#items
    let at = start
    for (;;) {
      let below = 2 * at + 1
      let child = items[below]
      const other = items[below + 1]
      if (child === undefined) break
      if (other !== undefined && other.dueAt < child.dueAt) {
        below++
        child = other
      }
      if (child.dueAt >= item.dueAt) break
      this.#put(child, at)
      at = below
    }
    this.#put(item, at)
  }

  #put(item: T, at: number): void {
    this.#items[at] = item
    item.slot = at
  }
}
