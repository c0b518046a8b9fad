/**
 * A transactional outbox: what a service has promised to hand over. The row is written in the service's own
 * transaction, so that the promise stands or falls with what it follows from; the hand-over comes after, is repeated
 * by the service's rules, and goes on after a crash. Hence at least once: receivers see a row again whose end was not
 * recorded. What a hand-over is, where it goes and what becomes of one that never succeeds, is the service's.
 */
import { type Bytes, text, utf8 } from '#base/bytes.ts'
import { type KeyPart, keyOf, keysBelow, partsOf } from '#base/key.ts'
import type { Instant } from '#base/time.ts'
import { type Scheduled, Schedule } from '#outbox/schedule.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { Store, Tx } from '#ports/store.ts'

/** What an attempt came to. */
export type Attempted<Item> =
  | { readonly kind: 'done' }
  /** Not now; the rules say when again. */
  | { readonly kind: 'later'; readonly why: string }
  /** Done but for these, which go on as rows of their own with one attempt behind them. */
  | { readonly kind: 'split'; readonly items: readonly Item[]; readonly why: string }
  /** Trying again would not help. */
  | { readonly kind: 'refused'; readonly why: string }

export interface Ended {
  /** Attempts made, the last one included. */
  readonly attempts: number
  readonly firstAt: Instant
  readonly why: string
  readonly because: 'exhausted' | 'refused'
}

/** An item is plain JSON: it comes back from the store as it went in. */
export interface OutboxRules<Item> {
  /** Tells the outboxes of one file apart. */
  readonly name: string
  owner(item: Item): { readonly account: string; readonly region: string }
  /** Items of one lane are handed over in order, one at a time. */
  lane?(item: Item): string | undefined
  /** `attempts` is how many have ended before this one. A rejection is a defect: it counts as `later`. */
  attempt(item: Item, attempts: number): Promise<Attempted<Item>>
  /** When to try again after so many attempts, or undefined when that was the last. */
  retryAt(
    item: Item,
    so: { readonly attempts: number; readonly firstAt: Instant; readonly now: Instant },
  ): Instant | undefined
  /** What becomes of one that ended without success, such as a dead-letter queue; its row goes when this resolves. */
  ended(item: Item, how: Ended): Promise<void>
  /** A defect of `attempt` or `ended`. */
  defect(error: unknown): void
  /** Attempts under way at once. */
  readonly runningMax: number
}

interface Row<Item> extends Scheduled {
  readonly key: Bytes
  /** Absent when it must be read first: after a start, and beyond `ITEMS_HELD`. */
  item: Item | undefined
}

interface Stored<Item> {
  readonly item: Item
  readonly lane?: string | undefined
  readonly attempts: number
  readonly firstAt: Instant
  readonly nextAt: Instant
}

/** Written, not yet to be tried: `release` it when the transaction has resolved. */
export interface Added {
  readonly release: () => void
}

/** Items kept in memory between their transaction and their first attempt. */
const ITEMS_HELD = 4_096
/** Rows read at a time when a platform starts. */
const PAGE = 1_000

export class Outbox<Item> {
  readonly #store: Store
  readonly #clock: Clock
  readonly #rules: OutboxRules<Item>
  readonly #schedule = new Schedule<Row<Item>>()
  readonly #done: Bytes[] = []
  readonly #idle: (() => void)[] = []
  #deleting = false
  #running = 0
  #sequence = 0
  #alarm: Alarm | undefined
  #alarmAt: Instant | undefined
  #stopped = false
  /** Between `load` and `begin`. */
  #held = false
  /** Rows of an earlier age are not touched: `forget` begins a new one. */
  #age = 0

  constructor(parts: { readonly store: Store; readonly clock: Clock }, rules: OutboxRules<Item>) {
    this.#store = parts.store
    this.#clock = parts.clock
    this.#rules = rules
  }

  /** Rows that wait or run. */
  get size(): number {
    return this.#schedule.size
  }

  /** Writes the row; call it inside the transaction of what it follows from. */
  add(tx: Tx, item: Item): Added {
    const now = this.#clock.now()
    const lane = this.#rules.lane?.(item)
    const row = this.#row(item, { lane, attempts: 0, firstAt: now, nextAt: now })
    tx.put(row.key, encode(row, item))
    const age = this.#age
    return {
      release: () => {
        if (age !== this.#age) return
        if (this.#schedule.size >= ITEMS_HELD) row.item = undefined
        this.#schedule.add(row)
        this.#go()
      },
    }
  }

  /** `load`, then `begin`. */
  async resume(): Promise<number> {
    const left = await this.load()
    this.begin()
    return left
  }

  /**
   * Reads what an earlier process left, before anything is added. Returns how many there are. Nothing is handed over
   * until `begin`: the receivers may not be there yet.
   */
  async load(): Promise<number> {
    this.#held = true
    const { from, to } = keysBelow('outbox', this.#rules.name)
    let start = from
    for (;;) {
      const page = await this.#store.read.range({ from: start, to, limit: PAGE })
      for (const [key, value] of page) this.#found(key, value)
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) break
      start = after(last[0])
    }
    return this.#schedule.size
  }

  begin(): void {
    this.#held = false
    this.#go()
  }

  /** Forgets every row in memory; the file is emptied by the caller. */
  forget(): void {
    this.#age++
    this.#schedule.clear()
    this.#done.length = 0
    this.#alarm?.cancel()
    this.#alarm = undefined
    this.#alarmAt = undefined
  }

  /** Begins no further attempt; resolves when the running ones have ended. What is left goes on at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#alarm?.cancel()
    if (this.#running > 0 || this.#deleting) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #row(item: Item | undefined, so: Omit<Scheduled, 'sequence'> & { key?: Bytes }): Row<Item> {
    const sequence = ++this.#sequence
    const { key = this.#keyOf(item, sequence), ...rest } = so
    return { ...rest, sequence, key, item }
  }

  #keyOf(item: Item | undefined, sequence: number): Bytes {
    const owner = item === undefined ? [] : ownerParts(this.#rules.owner(item))
    return keyOf('outbox', this.#rules.name, sequence, ...owner)
  }

  #found(key: Bytes, value: Bytes): void {
    const sequence = partsOf(key)[2]
    const { lane, attempts, firstAt, nextAt } = decode<Item>(value)
    if (typeof sequence === 'number') this.#sequence = Math.max(this.#sequence, sequence - 1)
    this.#schedule.add(this.#row(undefined, { key, lane, attempts, firstAt, nextAt }))
  }

  /** Begins what is due, as many as may run, and sets the alarm for the rest. */
  #go(): void {
    while (!this.#stopped && !this.#held && this.#running < this.#rules.runningMax) {
      const row = this.#schedule.take(this.#clock.now())
      if (row === undefined) break
      this.#running++
      void this.#try(row, this.#age).finally(() => {
        this.#running--
        this.#go()
        this.#rest()
      })
    }
    this.#wake()
  }

  #wake(): void {
    const isWaiting = !this.#stopped && !this.#held && this.#running < this.#rules.runningMax
    const at = isWaiting ? this.#schedule.next() : undefined
    if (at === this.#alarmAt) return
    this.#alarm?.cancel()
    this.#alarmAt = at
    this.#alarm =
      at === undefined
        ? undefined
        : this.#clock.wakeAt(at, () => {
            this.#alarmAt = undefined
            this.#go()
          })
  }

  async #try(row: Row<Item>, age: number): Promise<void> {
    try {
      const item = row.item ?? (await this.#read(row))
      row.item = undefined
      if (age !== this.#age) return
      if (item === undefined) this.#schedule.gone(row)
      else await this.#settle(row, item, age)
    } catch (error) {
      this.#rules.defect(error)
    }
  }

  async #settle(row: Row<Item>, item: Item, age: number): Promise<void> {
    const outcome = await this.#attempted(row, item)
    if (age !== this.#age) return
    if (outcome.kind === 'done') this.#gone(row)
    else if (outcome.kind === 'split') await this.#split(row, outcome)
    else if (outcome.kind === 'refused') await this.#end(row, item, { why: outcome.why, because: 'refused' })
    else await this.#later(row, item, outcome.why)
  }

  async #attempted(row: Row<Item>, item: Item): Promise<Attempted<Item>> {
    try {
      return await this.#rules.attempt(item, row.attempts)
    } catch (error) {
      this.#rules.defect(error)
      return { kind: 'later', why: error instanceof Error ? error.message : String(error) }
    }
  }

  async #later(row: Row<Item>, item: Item, why: string): Promise<void> {
    const attempts = row.attempts + 1
    const at = this.#rules.retryAt(item, { attempts, firstAt: row.firstAt, now: this.#clock.now() })
    if (at === undefined) {
      await this.#end(row, item, { why, because: 'exhausted' })
      return
    }
    const age = this.#age
    await this.#store.tx((tx) => tx.put(row.key, encode({ ...row, attempts, nextAt: at }, item)))
    if (age === this.#age) this.#schedule.again(row, at)
  }

  /** One row becomes several in one transaction, so that none is lost or handed over twice for it. */
  async #split(row: Row<Item>, { items, why }: { items: readonly Item[]; why: string }): Promise<void> {
    const now = this.#clock.now()
    const over: [Row<Item>, Item][] = []
    const rows: Row<Item>[] = []
    const { firstAt } = row
    const attempts = row.attempts + 1
    await this.#store.tx((tx) => {
      for (const item of items) {
        const at = this.#rules.retryAt(item, { attempts, firstAt, now })
        const part = this.#row(item, { lane: this.#rules.lane?.(item), attempts, firstAt, nextAt: at ?? now })
        tx.put(part.key, encode(part, item))
        part.item = undefined
        if (at === undefined) over.push([part, item])
        else rows.push(part)
      }
      tx.delete(row.key)
    })
    this.#schedule.gone(row)
    for (const part of rows) this.#schedule.add(part)
    for (const [part, item] of over)
      await this.#endNow(part, item, { attempts, firstAt, why, because: 'exhausted' })
  }

  async #end(row: Row<Item>, item: Item, how: Pick<Ended, 'why' | 'because'>): Promise<void> {
    const age = this.#age
    await this.#endNow(row, item, { attempts: row.attempts + 1, firstAt: row.firstAt, ...how })
    if (age === this.#age) this.#schedule.gone(row)
  }

  async #endNow(row: Row<Item>, item: Item, how: Ended): Promise<void> {
    try {
      await this.#rules.ended(item, how)
    } catch (error) {
      this.#rules.defect(error)
    }
    this.#erase(row.key)
  }

  #gone(row: Row<Item>): void {
    this.#schedule.gone(row)
    this.#erase(row.key)
  }

  /** What ends while a deletion is under way goes with the next one. */
  #erase(key: Bytes): void {
    this.#done.push(key)
    if (this.#deleting) return
    this.#deleting = true
    void this.#eraseAll()
  }

  async #eraseAll(): Promise<void> {
    // A turn's worth of ends shares the transaction.
    await Promise.resolve()
    while (this.#done.length > 0) {
      const keys = this.#done.splice(0)
      try {
        await this.#store.tx((tx) => {
          for (const key of keys) tx.delete(key)
        })
      } catch (error) {
        // The store has failed: the rows stand, and are handed over again by the next process.
        this.#rules.defect(error)
      }
    }
    this.#deleting = false
    this.#rest()
  }

  async #read(row: Row<Item>): Promise<Item | undefined> {
    const value = await this.#store.read.get(row.key)
    return value === undefined ? undefined : decode<Item>(value).item
  }

  #rest(): void {
    if (this.#running > 0 || this.#deleting || !this.#stopped) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}

const ownerParts = (owner: { account: string; region: string }): KeyPart[] => [owner.account, owner.region]

/** The smallest key above this one. */
function after(key: Bytes): Bytes {
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}

function encode<Item>(row: Omit<Stored<Item>, 'item'>, item: Item): Bytes {
  const { lane, attempts, firstAt, nextAt } = row
  const stored: Stored<Item> = { item, lane, attempts, firstAt, nextAt }
  return utf8(JSON.stringify(stored))
}

/** The store holds only what `encode` wrote. */
function decode<Item>(value: Bytes): Stored<Item> {
  return JSON.parse(text(value)) as Stored<Item> // oxlint-disable-line typescript/no-unsafe-type-assertion -- the decoder
}
