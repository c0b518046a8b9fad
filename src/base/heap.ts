/** A binary heap: the smallest item by the given order is on top. */
export class Heap<T> {
  #items: T[] = []
  readonly #order: (a: T, b: T) => number

  constructor(order: (a: T, b: T) => number) {
    this.#order = order
  }

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let at = items.push(item) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = items[above]
      if (parent === undefined || this.#order(parent, item) <= 0) break
      items[at] = parent
      at = above
    }
    items[at] = item
  }

  pop(): T | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return top
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const smaller = this.#smaller(left, left + 1)
      const child = items[smaller]
      if (child === undefined || this.#order(last, child) <= 0) break
      items[at] = child
      at = smaller
    }
    items[at] = last
    return top
  }

  clear(): void {
    this.#items = []
  }

  #smaller(left: number, right: number): number {
    const a = this.#items[left]
    const b = this.#items[right]
    return b !== undefined && a !== undefined && this.#order(b, a) < 0 ? right : left
  }
}
