/**
 * Many ranges of numbers at once: which of them hold a value? A tree over the pieces that the ranges' ends cut the line
 * into; a look-up is a binary search and one walk to the root. It is built when first asked after a change.
 */
import type { NumberRange } from '#engines/patterns/condition.ts'
import { type Hits, dropFrom } from '#engines/patterns/hits.ts'

interface Entry {
  readonly range: NumberRange
  readonly subscriber: number
}

export class RangeIndex {
  #entries: Entry[] = []
  #isBuilt = true
  #ends = new Float64Array(0)
  /** Pieces: piece 2i is the i-th end, piece 2i + 1 what lies between it and the next. */
  #pieces = 0
  #tree: number[][] = []

  get size(): number {
    return this.#entries.length
  }

  add(range: NumberRange, subscriber: number): void {
    this.#entries.push({ range, subscriber })
    this.#isBuilt = false
  }

  remove(range: NumberRange, subscriber: number): void {
    const at = this.#entries.findIndex(
      (entry) => entry.subscriber === subscriber && isSame(entry.range, range),
    )
    if (at !== -1) this.#entries.splice(at, 1)
    this.#isBuilt = false
  }

  find(value: number, hits: Hits): void {
    if (!this.#isBuilt) this.#build()
    const piece = this.#pieceOf(value)
    if (piece === -1) return
    for (let node = piece + this.#pieces; node >= 1; node >>= 1) {
      const subscribers = this.#tree[node]
      if (subscribers !== undefined && subscribers.length > 0) hits.take(subscribers)
    }
  }

  #pieceOf(value: number): number {
    const ends = this.#ends
    let low = 0
    let high = ends.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const end = ends[middle] ?? 0
      if (end === value) return 2 * middle
      if (end < value) low = middle + 1
      else high = middle - 1
    }
    return high === -1 || low === ends.length ? -1 : 2 * high + 1
  }

  #build(): void {
    this.#isBuilt = true
    const ends = new Set(this.#entries.flatMap(({ range }) => [range.low, range.high]))
    this.#ends = Float64Array.from(ends).sort()
    this.#pieces = Math.max(1, 2 * this.#ends.length - 1)
    this.#tree = Array.from({ length: 2 * this.#pieces }, () => [])
    for (const { range, subscriber } of this.#entries) {
      let from = this.#pieceOf(range.low) + (range.lowIsOpen ? 1 : 0) + this.#pieces
      let to = this.#pieceOf(range.high) + (range.highIsOpen ? 0 : 1) + this.#pieces
      for (; from < to; from >>= 1, to >>= 1) {
        if (from & 1) this.#tree[from++]?.push(subscriber)
        if (to & 1) this.#tree[--to]?.push(subscriber)
      }
    }
  }
}

function isSame(one: NumberRange, other: NumberRange): boolean {
  return (
    one.low === other.low &&
    one.high === other.high &&
    one.lowIsOpen === other.lowIsOpen &&
    one.highIsOpen === other.highIsOpen
  )
}

/** Subscribers by key, for what is looked up whole. */
export class Postings<K> {
  readonly #byKey = new Map<K, number[]>()

  get size(): number {
    return this.#byKey.size
  }

  subscribersOf(key: K): number {
    return this.#byKey.get(key)?.length ?? 0
  }

  add(key: K, subscriber: number): void {
    const known = this.#byKey.get(key)
    if (known === undefined) this.#byKey.set(key, [subscriber])
    else known.push(subscriber)
  }

  remove(key: K, subscriber: number): void {
    const known = this.#byKey.get(key)
    if (known === undefined) return
    dropFrom(known, subscriber)
    if (known.length === 0) this.#byKey.delete(key)
  }

  find(key: K, hits: Hits): void {
    const subscribers = this.#byKey.get(key)
    if (subscribers !== undefined) hits.take(subscribers)
  }
}
