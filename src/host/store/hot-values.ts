/**
 * Values of one file that were read lately, so that what every request reads (a bucket, a queue's attributes) costs no
 * statement. The same bytes come out each time as one instance: readers may remember by it what they decoded. Two
 * halves: what is not read while one half fills goes. The engine keeps it true; nothing here reads or writes a file.
 */
import type { Value } from '#ports/store.ts'

/** Larger values are not kept, in bytes. */
export const HOT_VALUE_MAX = 16 * 1_024

export class HotValues {
  readonly #halfBytes: number
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()
  #youngBytes = 0

  /** `boundBytes` counts keys and values; what a map costs beside them comes on top. */
  constructor(boundBytes: number) {
    this.#halfBytes = boundBytes / 2
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old === undefined) return undefined
    this.#old.delete(key)
    this.keep(key, old)
    return old
  }

  /** After a read of the file. */
  keep(key: string, value: Value): void {
    if (value.byteLength > HOT_VALUE_MAX) return
    this.#young.set(key, value)
    this.#youngBytes += key.length + value.byteLength
    if (this.#youngBytes < this.#halfBytes) return
    this.#old = this.#young
    this.#young = new Map()
    this.#youngBytes = 0
  }

  /**
   * After a write: a value that is here is replaced, or goes when the new one is a small part of a larger buffer, which
   * it would hold. What is not here stays out: most of what is written is not read soon.
   */
  written(key: string, value: Value | undefined): void {
    if (this.#young.size === 0 && this.#old.size === 0) return
    const wasYoung = this.#young.delete(key)
    const wasOld = this.#old.delete(key)
    if (value === undefined || !(wasYoung || wasOld)) return
    if (value.buffer.byteLength <= 2 * value.byteLength) this.keep(key, value)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
    this.#youngBytes = 0
  }
}
