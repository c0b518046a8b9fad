/**
 * All conditions on one path, of all rules: a value goes in, the subscribers of those that hold come out. Each kind of
 * condition has a structure of its own, so that a value's cost does not depend on how many conditions there are.
 */
import { type Address, type AddressRange, parseAddress, rangeHolds } from '#engines/patterns/address.ts'
import type { Condition, Described, NumberRange } from '#engines/patterns/condition.ts'
import { type Hits, dropFrom } from '#engines/patterns/hits.ts'
import { Postings, RangeIndex } from '#engines/patterns/range-index.ts'
import { TextTrie } from '#engines/patterns/text-trie.ts'
import { WildcardIndex } from '#engines/patterns/wildcard-index.ts'

type Ip6Entry = { readonly range: AddressRange; readonly subscribers: readonly number[] }

export class ValueIndex {
  readonly #strings = new Postings<string>()
  readonly #numbers = new Postings<number>()
  readonly #words = new Postings<boolean | null>()
  readonly #existing: number[] = []
  /** Made when first needed: most paths have conditions of one or two kinds. */
  #prefixes: TextTrie | undefined
  #suffixes: TextTrie | undefined
  #foldedPrefixes: TextTrie | undefined
  #foldedSuffixes: TextTrie | undefined
  #foldedWholes: TextTrie | undefined
  #wildcards: WildcardIndex | undefined
  #ranges: RangeIndex | undefined
  #ip4: RangeIndex | undefined
  #ip6: Ip6Entry[] = []
  #exceptions: ExceptionIndex | undefined

  find(value: unknown, hits: Hits): void {
    if (typeof value === 'string') this.#findText(value, hits)
    else if (typeof value === 'number') {
      if (this.#numbers.size > 0) this.#numbers.find(value, hits)
      if (this.#ranges !== undefined) this.#ranges.find(value, hits)
    } else if (value === null || typeof value === 'boolean') this.#words.find(value, hits)
    if (this.#existing.length > 0) hits.take(this.#existing)
    if (this.#exceptions !== undefined) this.#exceptions.find(value, hits)
  }

  #findText(value: string, hits: Hits): void {
    if (this.#strings.size > 0) this.#strings.find(value, hits)
    if (this.#prefixes !== undefined) this.#prefixes.starts(value, hits)
    if (this.#suffixes !== undefined) this.#suffixes.starts(value, hits)
    if (this.#foldedPrefixes !== undefined) this.#foldedPrefixes.starts(value, hits)
    if (this.#foldedSuffixes !== undefined) this.#foldedSuffixes.starts(value, hits)
    if (this.#foldedWholes !== undefined) this.#foldedWholes.whole(value, hits)
    if (this.#wildcards !== undefined) this.#wildcards.find(value, hits)
    if (this.#ip4 === undefined && this.#ip6.length === 0) return
    const address = parseAddress(value)
    if (address !== undefined) this.#findAddress(address, hits)
  }

  #findAddress(address: Address, hits: Hits): void {
    if (typeof address === 'number') this.#ip4?.find(address, hits)
    else
      for (const { range, subscribers } of this.#ip6) if (rangeHolds(range, address)) hits.take(subscribers)
  }

  add(condition: Condition, subscriber: number): void {
    if (condition.kind === 'exists') this.#existing.push(subscriber)
    else if (condition.kind === 'anything-but') {
      this.#exceptions ??= new ExceptionIndex()
      this.#exceptions.add(condition.excepted, subscriber)
    } else if (condition.kind !== 'absent') this.#change('add', condition, subscriber)
  }

  remove(condition: Condition, subscriber: number): void {
    if (condition.kind === 'exists') dropFrom(this.#existing, subscriber)
    else if (condition.kind === 'anything-but') {
      this.#exceptions?.remove(condition.excepted, subscriber)
      if (this.#exceptions?.size === 0) this.#exceptions = undefined
    } else if (condition.kind !== 'absent') this.#change('remove', condition, subscriber)
  }

  #change(change: 'add' | 'remove', condition: Described, subscriber: number): void {
    switch (condition.kind) {
      case 'string':
        this.#strings[change](condition.text, subscriber)
        break
      case 'number':
        this.#numbers[change](condition.value, subscriber)
        break
      case 'word':
        this.#words[change](condition.value, subscriber)
        break
      case 'prefix':
      case 'suffix':
      case 'folded':
      case 'folded-prefix':
      case 'folded-suffix':
        this.#trieOf(condition.kind)[change](condition.text, subscriber)
        break
      case 'wildcard':
        ;(this.#wildcards ??= new WildcardIndex())[change](condition.wildcard, subscriber)
        break
      case 'range':
        ;(this.#ranges ??= new RangeIndex())[change](condition.range, subscriber)
        break
      case 'address':
        this.#changeAddress(change, condition.range, subscriber)
        break
      default:
        condition satisfies never
    }
  }

  #changeAddress(change: 'add' | 'remove', range: AddressRange, subscriber: number): void {
    if (range.family === 4) {
      this.#ip4 ??= new RangeIndex()
      this.#ip4[change](closed(range.low, range.high), subscriber)
    } else if (change === 'add') this.#ip6.push({ range, subscribers: [subscriber] })
    else {
      const isIt = (entry: Ip6Entry): boolean =>
        entry.subscribers[0] === subscriber &&
        entry.range.low === range.low &&
        entry.range.high === range.high
      const at = this.#ip6.findIndex(isIt)
      if (at !== -1) this.#ip6.splice(at, 1)
    }
  }

  #trieOf(kind: 'prefix' | 'suffix' | 'folded' | 'folded-prefix' | 'folded-suffix'): TextTrie {
    switch (kind) {
      case 'prefix':
        return (this.#prefixes ??= new TextTrie({ backwards: false, folds: false }))
      case 'suffix':
        return (this.#suffixes ??= new TextTrie({ backwards: true, folds: false }))
      case 'folded':
        return (this.#foldedWholes ??= new TextTrie({ backwards: false, folds: true }))
      case 'folded-prefix':
        return (this.#foldedPrefixes ??= new TextTrie({ backwards: false, folds: true }))
      case 'folded-suffix':
        return (this.#foldedSuffixes ??= new TextTrie({ backwards: true, folds: true }))
      default:
        return kind satisfies never
    }
  }

  /**
   * How many subscribers a value is likely to wake for nothing if one more is filed under this condition: the rule that has
   * several paths is filed under the one for which this is least. The constants are guesses of how often each kind holds.
   */
  burdenOf(condition: Condition): number {
    switch (condition.kind) {
      case 'string':
        return this.#strings.subscribersOf(condition.text)
      case 'number':
        return this.#numbers.subscribersOf(condition.value)
      case 'word':
        return 50 + this.#words.subscribersOf(condition.value)
      case 'prefix':
      case 'suffix':
      case 'folded':
      case 'folded-prefix':
      case 'folded-suffix': {
        const { text } = condition
        return (
          8 / (text.length + 1) + (text === '' ? 500 : 0) + this.#trieOf(condition.kind).subscribersOf(text)
        )
      }
      case 'wildcard':
        return 10 + (this.#wildcards?.size ?? 0) / 100
      case 'address':
        return 5 + (this.#ip4?.size ?? 0) / 100 + this.#ip6.length
      case 'range':
        return 100 + (this.#ranges?.size ?? 0)
      case 'exists':
        return 1_000 + this.#existing.length
      case 'anything-but':
        return 2_000 + (this.#exceptions?.size ?? 0)
      case 'absent':
        return Infinity
      default:
        return condition satisfies never
    }
  }
}

const closed = (low: number, high: number): NumberRange => ({
  low,
  high,
  lowIsOpen: false,
  highIsOpen: false,
})

/** Conditions of the form anything-but: an index of what they except, and all of them but those it finds. */
class ExceptionIndex implements Hits {
  readonly #excepted = new ValueIndex()
  /** By number: the subscriber, and the look-up that excepted it last. */
  #subscribers: number[] = []
  #exceptedIn: number[] = []
  readonly #kept: { readonly excepted: readonly Described[]; readonly subscriber: number }[] = []
  readonly #found: number[] = []
  #lookup = 0

  get size(): number {
    return this.#subscribers.length
  }

  add(excepted: readonly Described[], subscriber: number): void {
    const number = this.#subscribers.length
    this.#subscribers.push(subscriber)
    this.#exceptedIn.push(0)
    this.#kept.push({ excepted, subscriber })
    for (const condition of excepted) this.#excepted.add(condition, number)
  }

  remove(excepted: readonly Described[], subscriber: number): void {
    const at = this.#kept.findIndex((entry) => entry.subscriber === subscriber && entry.excepted === excepted)
    if (at === -1) return
    const last = this.#kept.length - 1
    for (const condition of excepted) this.#excepted.remove(condition, at)
    const moved = this.#kept[last]
    if (at !== last && moved !== undefined) {
      for (const condition of moved.excepted) {
        this.#excepted.remove(condition, last)
        this.#excepted.add(condition, at)
      }
      this.#kept[at] = moved
      this.#subscribers[at] = moved.subscriber
    }
    this.#kept.pop()
    this.#subscribers.pop()
    this.#exceptedIn.pop()
  }

  find(value: unknown, hits: Hits): void {
    this.#lookup++
    this.#hasExcepted = false
    this.#excepted.find(value, this)
    if (!this.#hasExcepted) {
      hits.take(this.#subscribers)
      return
    }
    const found = this.#found
    found.length = 0
    for (let at = 0; at < this.#subscribers.length; at++) {
      if (this.#exceptedIn[at] !== this.#lookup) found.push(this.#subscribers[at] ?? 0)
    }
    hits.take(found)
  }

  #hasExcepted = false

  take(numbers: readonly number[]): void {
    this.#hasExcepted = true
    for (let at = 0; at < numbers.length; at++) this.#exceptedIn[numbers[at] ?? 0] = this.#lookup
  }
}
