/**
 * Buses in use, with their rules compiled, in memory: PutEvents reads no store. Bounded; the oldest go first. Changes are
 * made in the store and then told to this; a bus that is being read while something changes is read again.
 */
import { compilePattern } from '#engines/patterns/pattern.ts'
import { RuleSet } from '#engines/patterns/rule-set.ts'
import type { Read } from '#ports/store.ts'
import { HOT_BUSES_MAX, HOT_RULES_MAX } from '#services/events/limits.ts'
import { type BusName, busKey, DEFAULT_BUS, ownerParts } from '#services/events/names.ts'
import { BUSES, type RuleRecord, RULES } from '#services/events/records.ts'

export interface HotBus {
  readonly name: BusName
  readonly rules: Map<string, RuleRecord>
  /** Enabled rules with a pattern, by name. */
  readonly patterns: RuleSet<string>
}

const PAGE = 1_000

export class HotBuses {
  readonly #buses = new Map<string, HotBus>()
  #rules = 0
  #changes = 0

  /** The bus, or undefined when there is none. Answers at once when it is in memory. */
  get(read: Read, name: BusName): HotBus | undefined | Promise<HotBus | undefined> {
    const key = busKey(name)
    return this.#buses.get(key) ?? this.#load(read, name, key)
  }

  /** A rule was made or changed. */
  put(name: BusName, rule: RuleRecord): void {
    this.#changes++
    const bus = this.#buses.get(busKey(name))
    if (bus === undefined) return
    if (!bus.rules.has(rule.name)) this.#rules++
    setIn(bus, rule)
    this.#trim(bus)
  }

  delete(name: BusName, rule: string): void {
    this.#changes++
    const bus = this.#buses.get(busKey(name))
    if (bus === undefined) return
    if (bus.rules.delete(rule)) this.#rules--
    bus.patterns.remove(rule)
  }

  /** The bus was deleted. */
  drop(name: BusName): void {
    this.#changes++
    this.#remove(busKey(name))
  }

  clear(): void {
    this.#changes++
    this.#buses.clear()
    this.#rules = 0
  }

  async #load(read: Read, name: BusName, key: string): Promise<HotBus | undefined> {
    for (;;) {
      const before = this.#changes
      if (name.bus !== DEFAULT_BUS && (await BUSES.get(read, ownerParts(name), name.bus)) === undefined)
        return undefined
      const bus: HotBus = { name, rules: new Map(), patterns: new RuleSet() }
      await readRules(read, bus)
      if (before !== this.#changes) continue
      const raced = this.#buses.get(key)
      if (raced !== undefined) return raced
      this.#buses.set(key, bus)
      this.#rules += bus.rules.size
      this.#trim(bus)
      return bus
    }
  }

  #remove(key: string): void {
    const bus = this.#buses.get(key)
    if (bus === undefined) return
    this.#buses.delete(key)
    this.#rules -= bus.rules.size
  }

  #trim(keep: HotBus): void {
    for (const [key, bus] of this.#buses) {
      if (this.#buses.size <= HOT_BUSES_MAX && this.#rules <= HOT_RULES_MAX) return
      if (bus !== keep) this.#remove(key)
    }
  }
}

async function readRules(read: Read, bus: HotBus): Promise<void> {
  const owner = ownerParts(bus.name)
  for (let after: string[] | undefined; ;) {
    const page = await RULES.list(read, owner, [bus.name.bus], { limit: PAGE, after })
    for (const rule of page) setIn(bus, rule)
    const last = page.at(-1)
    if (page.length < PAGE || last === undefined) return
    after = [bus.name.bus, last.name]
  }
}

/** `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS` is enabled too. */
export const isEnabled = (rule: RuleRecord): boolean => rule.state !== 'DISABLED'

function setIn(bus: HotBus, rule: RuleRecord): void {
  bus.rules.set(rule.name, rule)
  const pattern =
    rule.pattern === undefined || !isEnabled(rule) ? undefined : compilePattern(rule.pattern, 'events')
  if (pattern?.ok === true) bus.patterns.add(rule.name, pattern.value)
  else bus.patterns.remove(rule.name)
}
