/** Outcomes as values, and results that never grow past a bound. */
export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E }

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })
export const failed = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error })

/** One page of a longer list; `next` is there only when something follows. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next?: string
}

/** Cuts a sorted list into one page. `after` is the name of the last item of the page before. */
export function pageOf<T>(
  all: readonly T[],
  limit: number,
  after: string | undefined,
  nameOf: (item: T) => string,
): Page<T> {
  const from = after === undefined ? 0 : all.findIndex((item) => nameOf(item) > after)
  if (from === -1) return { items: [] }
  const items = all.slice(from, from + limit)
  const last = items.at(-1)
  return from + limit < all.length && last !== undefined ? { items, next: nameOf(last) } : { items }
}

/** A first-in first-out list that drops its oldest entries beyond `max`, and counts what it dropped. */
export class Bounded<T> {
  #items: T[] = []
  #head = 0
  #dropped = 0
  readonly max: number

  constructor(max: number) {
    this.max = max
  }

  get dropped(): number {
    return this.#dropped
  }

  get size(): number {
    return this.#items.length - this.#head
  }

  push(item: T): void {
    this.#items.push(item)
    if (this.size <= this.max) return
    this.#head++
    this.#dropped++
    if (this.#head > 1_024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
  }

  toArray(): T[] {
    return this.#items.slice(this.#head)
  }

  clear(): void {
    this.#items = []
    this.#head = 0
  }
}
