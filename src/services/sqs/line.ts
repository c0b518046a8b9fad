/** An ordered collection with a cheap first: one iterator stays at its front while entries come and go. */

/** Values in the order they came, each once; any may leave. */
export class Line<K, V> {
  readonly #values = new Map<K, V>()
  #iterator: MapIterator<[K, V]> | undefined
  #front: [K, V] | undefined

  get size(): number {
    return this.#values.size
  }

  get(key: K): V | undefined {
    return this.#values.get(key)
  }

  add(key: K, value: V): void {
    this.#values.set(key, value)
  }

  delete(key: K): boolean {
    return this.#values.delete(key)
  }

  /** The one that came first of those still there. Amortised O(1): what has left is walked over once. */
  first(): V | undefined {
    if (this.#values.size === 0) {
      this.#iterator = undefined
      this.#front = undefined
      return undefined
    }
    for (;;) {
      const front = this.#front
      if (front !== undefined && this.#values.get(front[0]) === front[1]) return front[1]
      this.#iterator ??= this.#values.entries()
      const next = this.#iterator.next()
      this.#front = next.done === true ? undefined : next.value
      if (next.done === true) this.#iterator = undefined
    }
  }

  values(): MapIterator<V> {
    return this.#values.values()
  }

  clear(): void {
    this.#values.clear()
    this.#iterator = undefined
    this.#front = undefined
  }
}
