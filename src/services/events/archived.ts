/**
 * Archived events, in the file `events`: one row an event, in the order of the events' times, and one row of totals an
 * archive. Rows are written in the transaction in which the event is accepted.
 */
import { type KeyPart, keyOf, keysBelow, partsOf } from '#base/key.ts'
import { Records } from '#base/records.ts'
import { text, utf8 } from '#base/bytes.ts'
import type { Read, Tx } from '#ports/store.ts'
import { SWEEP_ENTRIES } from '#services/events/limits.ts'
import { type Owner, ownerParts } from '#services/events/names.ts'

export interface ArchiveTotals {
  readonly events: number
  readonly bytes: number
}

const KIND = 'events-archived'
/** By the archive's id. */
const TOTALS = new Records<ArchiveTotals>('events-archive-totals')
const NONE: ArchiveTotals = { events: 0, bytes: 0 }

export interface ArchivedEvent {
  /** Time of the event, epoch ms, and its id. */
  readonly place: readonly [number, string]
  readonly text: string
}

export interface ArchiveOf {
  readonly owner: Owner
  /** The archive's own, not its name. */
  readonly id: string
}

const parts = ({ owner, id }: ArchiveOf): KeyPart[] => [...ownerParts(owner), KIND, id]

export async function archive(tx: Tx, to: ArchiveOf, events: readonly ArchivedEvent[]): Promise<void> {
  const before = (await TOTALS.get(tx, ownerParts(to.owner), to.id)) ?? NONE
  let { events: count, bytes } = before
  for (const { place, text: body } of events) {
    const value = utf8(body)
    tx.put(keyOf(...parts(to), ...place), value)
    count++
    bytes += value.length
  }
  TOTALS.put(tx, ownerParts(to.owner), [to.id], { events: count, bytes })
}

export async function totalsOf(read: Read, of: ArchiveOf): Promise<ArchiveTotals> {
  return (await TOTALS.get(read, ownerParts(of.owner), of.id)) ?? NONE
}

export interface Window {
  /** Included. */
  readonly from: number
  /** Not included. */
  readonly to: number
  /** The last one seen. */
  readonly after?: readonly [number, string] | undefined
  readonly limit: number
}

/** Events whose times lie in the window, oldest first. */
export async function archivedIn(read: Read, of: ArchiveOf, window: Window): Promise<ArchivedEvent[]> {
  const from =
    window.after === undefined
      ? keyOf(...parts(of), window.from)
      : keysBelow(...parts(of), ...window.after).to
  const to = keyOf(...parts(of), window.to)
  const entries = await read.range({ from, to, limit: window.limit })
  return entries.map(([key, value]) => ({ place: placeOf(key), text: text(value) }))
}

function placeOf(key: Uint8Array): readonly [number, string] {
  const [time, id] = partsOf(key).slice(-2)
  return [typeof time === 'number' ? time : 0, String(id)]
}

/** Erases events older than that, some at a time. True when more may be left. */
export async function forgetBefore(tx: Tx, of: ArchiveOf, before: number): Promise<boolean> {
  const { from } = keysBelow(...parts(of))
  const entries = await tx.range({ from, to: keyOf(...parts(of), before), limit: SWEEP_ENTRIES })
  let { events, bytes } = await totalsOf(tx, of)
  for (const [key, value] of entries) {
    tx.delete(key)
    events--
    bytes -= value.length
  }
  if (entries.length > 0) TOTALS.put(tx, ownerParts(of.owner), [of.id], { events, bytes })
  return entries.length === SWEEP_ENTRIES
}

/** Erases all of a deleted archive, some at a time. True when more may be left. */
export async function forgetArchive(tx: Tx, of: ArchiveOf): Promise<boolean> {
  const { from, to } = keysBelow(...parts(of))
  const entries = await tx.range({ from, to, limit: SWEEP_ENTRIES })
  for (const [key] of entries) tx.delete(key)
  if (entries.length === SWEEP_ENTRIES) return true
  TOTALS.delete(tx, ownerParts(of.owner), of.id)
  return false
}
