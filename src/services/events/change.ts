/** Changes of buses and rules: in the store first, then in memory. */
import type { Read, Tx } from '#ports/store.ts'
import { busNotFound, ruleNotFound } from '#services/events/faults.ts'
import { type BusName, DEFAULT_BUS, ownerParts, type RuleName } from '#services/events/names.ts'
import { type BusRecord, BUSES, type RuleRecord, RULES } from '#services/events/records.ts'
import type { EventsState } from '#services/events/state.ts'

/** The bus's record. The default bus is there without one. Fault ResourceNotFound. */
export async function busRecord(state: EventsState, read: Read, name: BusName): Promise<BusRecord> {
  const found = await BUSES.get(read, ownerParts(name), name.bus)
  if (found !== undefined) return found
  if (name.bus !== DEFAULT_BUS) throw busNotFound(name.bus)
  return { name: DEFAULT_BUS, createdAt: state.openedAt, changedAt: state.openedAt, tags: {} }
}

/** Fault ResourceNotFound: there is no such bus. */
export async function changeBus(
  state: EventsState,
  name: BusName,
  edit: (record: BusRecord) => BusRecord,
): Promise<BusRecord> {
  return await state.control.tx(async (tx) => {
    const record = edit(await busRecord(state, tx, name))
    BUSES.put(tx, ownerParts(name), [name.bus], record)
    return record
  })
}

/** Fault ResourceNotFound: there is no such rule. */
export async function ruleRecord(read: Read, name: RuleName): Promise<RuleRecord> {
  const found = await RULES.get(read, ownerParts(name), name.bus, name.rule)
  if (found === undefined) throw ruleNotFound(name.rule, name.bus)
  return found
}

/** Writes a rule; tell `ruleIsKept` when the transaction has resolved. */
export function keepRule(state: EventsState, tx: Tx, name: RuleName, rule: RuleRecord): void {
  RULES.put(tx, ownerParts(name), [name.bus, name.rule], rule)
  state.scheduler.note(tx, name, rule)
}

export function ruleIsKept(state: EventsState, name: RuleName, rule: RuleRecord): void {
  state.hot.put(name, rule)
  state.scheduler.set(name, rule)
}

/** Fault ResourceNotFound: there is no such rule. */
export async function changeRule(
  state: EventsState,
  name: RuleName,
  edit: (record: RuleRecord) => RuleRecord,
): Promise<RuleRecord> {
  const rule = await state.control.tx(async (tx) => {
    const changed = edit(await ruleRecord(tx, name))
    keepRule(state, tx, name, changed)
    return changed
  })
  ruleIsKept(state, name, rule)
  return rule
}

/** Erases a rule; tell `ruleIsErased` when the transaction has resolved. */
export function eraseRule(state: EventsState, tx: Tx, name: RuleName): void {
  RULES.delete(tx, ownerParts(name), name.bus, name.rule)
  state.scheduler.unnote(tx, name)
}

export function ruleIsErased(state: EventsState, name: RuleName): void {
  state.hot.delete(name, name.rule)
  state.scheduler.delete(name)
}
