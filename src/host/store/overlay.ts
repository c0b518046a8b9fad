/**
 * What a running closure has written: put and delete go here and nowhere else, so that a closure which throws leaves
 * nothing. Its reads are the engine's answers with these writes laid over them. Not here: whose turn it is (`grouped.ts`).
 */
import { type Bytes } from '#base/bytes.ts'
import { assert } from '#base/assert.ts'
import { keyText, SortedMap } from '#host/store/sorted-map.ts'
import type { Entry, Range, Tx, Value } from '#ports/store.ts'

/** Longest value of one key, in bytes. Beyond it: a Defect, because larger bodies are `Blobs`. */
export const VALUE_BYTES_MAX = 256 * 1_024 * 1_024

export interface Write {
  readonly key: Bytes
  /** `keyText` of the key. */
  readonly text: string
  /** Undefined when the key was deleted. */
  readonly value: Value | undefined
}

/** The reads that an overlay stands on. */
export interface Below {
  get(key: Bytes): Value | undefined
  range(range: Range): Entry[]
}

/** The `Tx` of one closure. Keys and values are kept as handed in: the caller must not change their bytes afterwards. */
export class Overlay implements Tx {
  readonly #below: Below
  readonly #writes = new SortedMap<Write>()
  #open = true

  constructor(below: Below) {
    this.#below = below
  }

  get(key: Bytes): Value | undefined {
    assert(this.#open, 'a transaction is used only inside its closure')
    if (this.#writes.size > 0) {
      const written = this.#writes.get(keyText(key))
      if (written !== undefined) return written.value
    }
    return this.#below.get(key)
  }

  range(range: Range): Entry[] {
    assert(this.#open, 'a transaction is used only inside its closure')
    if (this.#writes.size === 0) return this.#below.range(range)
    const reverse = range.reverse ?? false
    const written = this.#writes.slice({
      from: keyText(range.from),
      to: keyText(range.to),
      limit: Number.POSITIVE_INFINITY,
      reverse,
    })
    if (written.length === 0) return this.#below.range(range)
    // Each written key hides at most one entry below it.
    const below = this.#below.range({ ...range, limit: range.limit + written.length })
    return merge(written, below, range)
  }

  put(key: Bytes, value: Value): void {
    assert(this.#open, 'a transaction is used only inside its closure')
    assert(value.byteLength <= VALUE_BYTES_MAX, 'a value beyond 256 MiB is a blob')
    const text = keyText(key)
    this.#writes.set(text, { key, text, value })
  }

  delete(key: Bytes): void {
    assert(this.#open, 'a transaction is used only inside its closure')
    const text = keyText(key)
    this.#writes.set(text, { key, text, value: undefined })
  }

  /** Ends the transaction: its writes in key order; every later use of it is a Defect. */
  end(): Write[] {
    this.#open = false
    if (this.#writes.size === 0) return []
    return this.#writes.values()
  }
}

function merge(written: readonly [string, Write][], below: readonly Entry[], range: Range): Entry[] {
  const out: Entry[] = []
  let w = 0
  let b = 0
  while (out.length < range.limit) {
    const write = written[w]
    const entry = below[b]
    if (write === undefined && entry === undefined) return out
    const side = sideOf(write?.[0], entry, range.reverse ?? false)
    if (side !== 'below') w++
    if (side !== 'written') b++
    if (side === 'below') {
      if (entry !== undefined) out.push(entry)
    } else if (write?.[1].value !== undefined) out.push([write[1].key, write[1].value])
  }
  return out
}

/** Which of the two heads comes first; `both` when they are the same key. */
function sideOf(
  written: string | undefined,
  entry: Entry | undefined,
  reverse: boolean,
): 'written' | 'below' | 'both' {
  if (entry === undefined) return 'written'
  if (written === undefined) return 'below'
  const below = keyText(entry[0])
  if (written === below) return 'both'
  return written < below !== reverse ? 'written' : 'below'
}
