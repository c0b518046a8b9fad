/**
 * Many texts at once, one UTF-16 unit at a time: which of them does a value begin with (or end with, read backwards), equal,
 * or hold anywhere? The steps are one open hash table in typed arrays; a look-up allocates nothing and stops at the first
 * unit on which no text goes on.
 */
import { type Hits, dropFrom } from '#engines/patterns/hits.ts'
import { foldUnit } from '#engines/patterns/letter-case.ts'

export interface Reading {
  /** From the value's end to its start. */
  readonly backwards: boolean
  /** Letter case aside; the texts given are folded. */
  readonly folds: boolean
}

const NONE = -1
const SMALLEST = 16

export class TextTrie {
  readonly #reading: Reading
  readonly #texts = new Map<string, number[]>()
  /** Texts removed since the table was built: their steps are still in it. */
  #stale = 0
  #nodes = 1
  #mask = SMALLEST - 1
  #from = new Int32Array(SMALLEST).fill(NONE)
  #units = new Uint16Array(SMALLEST)
  #to = new Int32Array(SMALLEST)
  /** By node: who subscribed to the text that ends there. */
  #ends: (number[] | undefined)[] = [undefined]

  constructor(reading: Reading) {
    this.#reading = reading
  }

  get size(): number {
    return this.#texts.size
  }

  subscribersOf(text: string): number {
    return this.#texts.get(text)?.length ?? 0
  }

  add(text: string, subscriber: number): void {
    const known = this.#texts.get(text)
    if (known !== undefined) {
      known.push(subscriber)
      return
    }
    const subscribers = [subscriber]
    this.#texts.set(text, subscribers)
    this.#insert(text, subscribers)
  }

  remove(text: string, subscriber: number): void {
    const subscribers = this.#texts.get(text)
    if (subscribers === undefined) return
    dropFrom(subscribers, subscriber)
    if (subscribers.length > 0) return
    this.#texts.delete(text)
    this.#stale++
    if (this.#stale > this.#texts.size + SMALLEST) this.#rebuild()
  }

  /** Texts that the value begins with; backwards, that it ends with. */
  starts(value: string, hits: Hits): void {
    const { backwards } = this.#reading
    const length = value.length
    let node = 0
    for (let at = 0; ; at++) {
      const subscribers = this.#ends[node]
      if (subscribers !== undefined && subscribers.length > 0) hits.take(subscribers)
      if (at === length) return
      node = this.#next(node, this.#unit(value, backwards ? length - 1 - at : at))
      if (node === NONE) return
    }
  }

  /** The text that is the whole value. */
  whole(value: string, hits: Hits): void {
    const length = value.length
    let node = 0
    for (let at = 0; at < length; at++) {
      node = this.#next(node, this.#unit(value, at))
      if (node === NONE) return
    }
    const subscribers = this.#ends[node]
    if (subscribers !== undefined && subscribers.length > 0) hits.take(subscribers)
  }

  /** Texts that stand anywhere in the value. A text is told once for each place it stands at. */
  within(value: string, hits: Hits): void {
    const length = value.length
    for (let start = 0; start <= length; start++) {
      let node = 0
      for (let at = start; ; at++) {
        const subscribers = this.#ends[node]
        if (subscribers !== undefined && subscribers.length > 0) hits.take(subscribers)
        if (at >= length) break
        node = this.#next(node, this.#unit(value, at))
        if (node === NONE) break
      }
    }
  }

  #unit(value: string, at: number): number {
    const unit = value.charCodeAt(at)
    return this.#reading.folds ? foldUnit(unit) : unit
  }

  #next(node: number, unit: number): number {
    const mask = this.#mask
    let slot = slotOf(node, unit) & mask
    for (;;) {
      const from = this.#from[slot]
      if (from === NONE || from === undefined) return NONE
      if (from === node && this.#units[slot] === unit) return this.#to[slot] ?? NONE
      slot = (slot + 1) & mask
    }
  }

  #insert(text: string, subscribers: number[]): void {
    let node = 0
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(this.#reading.backwards ? text.length - 1 - at : at)
      const next = this.#next(node, unit)
      node = next === NONE ? this.#grow(node, unit) : next
    }
    this.#ends[node] = subscribers
  }

  #grow(node: number, unit: number): number {
    if (this.#nodes * 2 > this.#mask) this.#widen()
    const created = this.#nodes++
    this.#ends.push(undefined)
    this.#place(node, unit, created)
    return created
  }

  #place(node: number, unit: number, to: number): void {
    let slot = slotOf(node, unit) & this.#mask
    while (this.#from[slot] !== NONE) slot = (slot + 1) & this.#mask
    this.#from[slot] = node
    this.#units[slot] = unit
    this.#to[slot] = to
  }

  #widen(): void {
    const [from, units, to] = [this.#from, this.#units, this.#to]
    this.#empty((this.#mask + 1) * 2)
    from.forEach((node, slot) => {
      if (node !== NONE) this.#place(node, units[slot] ?? 0, to[slot] ?? NONE)
    })
  }

  #empty(slots: number): void {
    this.#mask = slots - 1
    this.#from = new Int32Array(slots).fill(NONE)
    this.#units = new Uint16Array(slots)
    this.#to = new Int32Array(slots)
  }

  #rebuild(): void {
    this.#stale = 0
    this.#nodes = 1
    this.#ends = [undefined]
    this.#empty(SMALLEST)
    for (const [text, subscribers] of this.#texts) this.#insert(text, subscribers)
  }
}

function slotOf(node: number, unit: number): number {
  const mixed = Math.imul(node, 0x9e37_79b1) ^ Math.imul(unit, 0x85eb_ca6b)
  return mixed ^ (mixed >>> 15)
}
