/** Who is told what an index found. Subscribers are small numbers, kept in plain arrays that never hold anything else. */

export interface Hits {
  take(subscribers: readonly number[]): void
}

/** Removes one occurrence; the order of the rest does not matter. */
export function dropFrom(subscribers: number[], subscriber: number): void {
  const at = subscribers.indexOf(subscriber)
  if (at === -1) return
  const last = subscribers.pop()
  if (last !== undefined && at < subscribers.length) subscribers[at] = last
}
