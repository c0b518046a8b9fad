/**
 * Many wildcards at once. Each is filed under one of its literals: the one before the first `*`, else the one after the
 * last, else the longest between; only those whose literal the value has are tried in full.
 */
import { type Hits, dropFrom } from '#engines/patterns/hits.ts'
import { TextTrie } from '#engines/patterns/text-trie.ts'
import { type Wildcard, wildcardHolds } from '#engines/patterns/wildcard.ts'

interface Entry {
  readonly wildcard: Wildcard
  readonly key: string
  readonly subscribers: number[]
  /** The look-up that last tried it. */
  triedIn: number
}

type Shelf = 'first' | 'last' | 'between'

export class WildcardIndex implements Hits {
  readonly #shelves: Readonly<Record<Shelf, TextTrie>> = {
    first: new TextTrie({ backwards: false, folds: false }),
    last: new TextTrie({ backwards: true, folds: false }),
    between: new TextTrie({ backwards: false, folds: false }),
  }
  readonly #numbers = new Map<string, number>()
  readonly #entries: (Entry | undefined)[] = []
  readonly #free: number[] = []
  #value = ''
  #hits: Hits = this
  #lookup = 0

  get size(): number {
    return this.#numbers.size
  }

  add(wildcard: Wildcard, subscriber: number): void {
    const key = JSON.stringify([wildcard.first, ...wildcard.between, wildcard.last])
    const known = this.#numbers.get(key)
    if (known !== undefined) {
      this.#entries[known]?.subscribers.push(subscriber)
      return
    }
    const number = this.#free.pop() ?? this.#entries.length
    this.#entries[number] = { wildcard, key, subscribers: [subscriber], triedIn: 0 }
    this.#numbers.set(key, number)
    const { shelf, literal } = filed(wildcard)
    this.#shelves[shelf].add(literal, number)
  }

  remove(wildcard: Wildcard, subscriber: number): void {
    const key = JSON.stringify([wildcard.first, ...wildcard.between, wildcard.last])
    const number = this.#numbers.get(key)
    const entry = number === undefined ? undefined : this.#entries[number]
    if (number === undefined || entry === undefined) return
    dropFrom(entry.subscribers, subscriber)
    if (entry.subscribers.length > 0) return
    const { shelf, literal } = filed(wildcard)
    this.#shelves[shelf].remove(literal, number)
    this.#numbers.delete(key)
    this.#entries[number] = undefined
    this.#free.push(number)
  }

  find(value: string, hits: Hits): void {
    this.#value = value
    this.#hits = hits
    this.#lookup++
    const { first, last, between } = this.#shelves
    if (first.size > 0) first.starts(value, this)
    if (last.size > 0) last.starts(value, this)
    if (between.size > 0) between.within(value, this)
  }

  /** From the tries: the numbers of entries to try in full. */
  take(numbers: readonly number[]): void {
    for (let at = 0; at < numbers.length; at++) {
      const entry = this.#entries[numbers[at] ?? -1]
      if (entry === undefined || entry.triedIn === this.#lookup) continue
      entry.triedIn = this.#lookup
      if (wildcardHolds(entry.wildcard, this.#value)) this.#hits.take(entry.subscribers)
    }
  }
}

function filed({ first, last, between }: Wildcard): { shelf: Shelf; literal: string } {
  if (first !== '') return { shelf: 'first', literal: first }
  if (last !== '') return { shelf: 'last', literal: last }
  const longest = between.reduce((best, literal) => (literal.length > best.length ? literal : best), '')
  return { shelf: 'between', literal: longest }
}
