/**
 * An ordered map from byte strings to values: sorted chunks of at most 512 keys, so that an insert moves one small
 * array and a range is a walk. Keys are strings of code units 0 to 255, whose order is the order of the bytes.
 * It is the whole of the in-memory engine and the overlay of a running closure. No iterators: callers ask for slices.
 */
import { Buffer } from 'node:buffer'
import type { Bytes } from '#base/bytes.ts'

const CHUNK_MAX = 512
/** After every key: no code unit of a key is above 255. */
const LAST = '\uffff'

/** The key's bytes as a string of the same order. */
export function keyText(key: Bytes): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

/** The inverse of `keyText`. */
export function keyBytes(text: string): Bytes {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

interface Chunk<V extends object> {
  readonly keys: string[]
  readonly values: V[]
}

/** Half-open, as the store's ranges. */
export interface Slice {
  readonly from: string
  readonly to: string
  readonly limit: number
  readonly reverse: boolean
}

export class SortedMap<V extends object> {
  #chunks: Chunk<V>[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: string): V | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)]
    if (chunk === undefined) return undefined
    const at = lowerBound(chunk.keys, key)
    return chunk.keys[at] === key ? chunk.values[at] : undefined
  }

  set(key: string, value: V): void {
    const index = this.#chunkOf(key)
    const chunk = this.#chunks[index]
    if (chunk === undefined) {
      this.#chunks.push({ keys: [key], values: [value] })
      this.#size++
      return
    }
    const at = lowerBound(chunk.keys, key)
    if (chunk.keys[at] === key) {
      chunk.values[at] = value
      return
    }
    chunk.keys.splice(at, 0, key)
    chunk.values.splice(at, 0, value)
    this.#size++
    if (chunk.keys.length > CHUNK_MAX) this.#split(index, chunk)
  }

  delete(key: string): void {
    const index = this.#chunkOf(key)
    const chunk = this.#chunks[index]
    if (chunk === undefined) return
    const at = lowerBound(chunk.keys, key)
    if (chunk.keys[at] !== key) return
    chunk.keys.splice(at, 1)
    chunk.values.splice(at, 1)
    this.#size--
    if (chunk.keys.length === 0) this.#chunks.splice(index, 1)
  }

  clear(): void {
    this.#chunks = []
    this.#size = 0
  }

  /** All entries in key order. */
  entries(): [string, V][] {
    return this.slice({ from: '', to: LAST, limit: Number.POSITIVE_INFINITY, reverse: false })
  }

  /** All values in key order. */
  values(): V[] {
    return this.#chunks.flatMap((chunk) => chunk.values)
  }

  /** Entries of the slice in its direction. */
  slice(slice: Slice): [string, V][] {
    const out: [string, V][] = []
    if (slice.limit <= 0 || slice.from >= slice.to) return out
    if (slice.reverse) this.#backwards(slice, out)
    else this.#forwards(slice, out)
    return out
  }

  #forwards(slice: Slice, out: [string, V][]): void {
    for (let c = this.#chunkOf(slice.from); c < this.#chunks.length; c++) {
      const chunk = this.#chunks[c]
      if (chunk === undefined) return
      for (let i = lowerBound(chunk.keys, slice.from); i < chunk.keys.length; i++) {
        const key = chunk.keys[i]
        const value = chunk.values[i]
        if (key === undefined || value === undefined || key >= slice.to) return
        out.push([key, value])
        if (out.length >= slice.limit) return
      }
    }
  }

  #backwards(slice: Slice, out: [string, V][]): void {
    for (let c = this.#chunkOf(slice.to); c >= 0; c--) {
      const chunk = this.#chunks[c]
      if (chunk === undefined) continue
      for (let i = lowerBound(chunk.keys, slice.to) - 1; i >= 0; i--) {
        const key = chunk.keys[i]
        const value = chunk.values[i]
        if (key === undefined || value === undefined || key < slice.from) return
        out.push([key, value])
        if (out.length >= slice.limit) return
      }
    }
  }

  /** The last chunk whose first key is not beyond the key; the first chunk when there is none. */
  #chunkOf(key: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const first = this.#chunks[middle]?.keys[0]
      if (first !== undefined && first <= key) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }

  #split(index: number, chunk: Chunk<V>): void {
    const half = chunk.keys.length >>> 1
    this.#chunks.splice(index + 1, 0, { keys: chunk.keys.splice(half), values: chunk.values.splice(half) })
  }
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const found = keys[middle]
    if (found !== undefined && found < key) low = middle + 1
    else high = middle
  }
  return low
}
