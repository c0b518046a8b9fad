/**
 * Sweeps archives: what is older than its archive keeps, and what deleted ones have left; and bills what they hold. Which archives need it is kept in
 * one place for all accounts, because a platform reads all of it when it starts.
 */
import { text, utf8 } from '#base/bytes.ts'
import { accountId, regionOf } from '#base/ids.ts'
import { numberAt, parseJson, stringAt } from '#base/json.ts'
import { keyOf, keysBelow, partsOf } from '#base/key.ts'
import { type Instant, instant, later } from '#base/time.ts'
import type { Alarm } from '#ports/clock.ts'
import type { Store, Tx } from '#ports/store.ts'
import { type ArchiveOf, forgetArchive, forgetBefore, totalsOf } from '#services/events/archived.ts'
import { ARCHIVES_MAX, MONTH_MS, SWEEP_MS } from '#services/events/limits.ts'
import { bill } from '#services/events/metering.ts'
import { archiveArn } from '#services/events/names.ts'
import type { EventsPorts } from '#services/events/ports.ts'

const SWEPT = 'events-swept'
const DAY_MS = 86_400_000
const NOTES_AT_ONCE = ARCHIVES_MAX * 100

export interface ArchivesParts {
  readonly ports: EventsPorts
  control(): Store
  store(): Store
}

export class Archives {
  readonly #parts: ArchivesParts
  #alarm: Alarm | undefined
  readonly #storage = new Map<string, Billing>()

  constructor(parts: ArchivesParts) {
    this.#parts = parts
  }

  /** Call it in the transaction that makes or changes the archive; then `soon`. 0 days: for ever. */
  note(
    tx: Tx,
    of: ArchiveOf,
    { name, retentionDays: days }: { readonly name: string; readonly retentionDays: number },
  ): void {
    tx.put(noteKey(of), utf8(JSON.stringify({ name, days })))
  }

  /** Call it in the transaction that deletes the archive; then `soon`. */
  noteGone(tx: Tx, of: ArchiveOf): void {
    tx.put(noteKey(of), utf8('{}'))
  }

  load(): Promise<void> {
    this.soon()
    return Promise.resolve()
  }

  /** Sweeps now, and every hour while there is something that needs it. */
  soon(): void {
    this.#alarm?.cancel()
    this.#arm(0)
  }

  forget(): void {
    this.#alarm?.cancel()
    this.#alarm = undefined
    this.#storage.clear()
  }

  #arm(inMs: number): void {
    const { clock, log } = this.#parts.ports
    this.#alarm = clock.wakeAt(later(clock.now(), inMs), () => {
      this.#alarm = undefined
      void this.#sweep().then(
        (again) => {
          if (again && this.#alarm === undefined) this.#arm(SWEEP_MS)
        },
        (error: unknown) => log.error('events.archive.defect', { error: String(error) }),
      )
    })
  }

  async #sweep(): Promise<boolean> {
    const control = this.#parts.control()
    const notes = await control.read.range({ ...keysBelow(SWEPT), limit: NOTES_AT_ONCE })
    let isNeeded = false
    for (const [key, value] of notes) {
      const of = archiveOfKey(key)
      const note = parseJson(text(value))
      const days = numberAt(note, 'days')
      if (of === undefined) continue
      if (days === undefined) {
        await this.#until((tx) => forgetArchive(tx, of))
        await control.tx((tx) => tx.delete(key))
        this.#storage.delete(idOf(of))
      } else {
        isNeeded = true
        await this.#bill(of, stringAt(note, 'name') ?? '')
        if (days === 0) continue
        const before = instant(this.#parts.ports.clock.now() - days * DAY_MS)
        await this.#until((tx) => forgetBefore(tx, of, before))
      }
    }
    return isNeeded
  }

  /** What it held since the last time, as bytes of a whole month; what is less than one waits. Source: EventBridge pricing, Archive storage. */
  async #bill(of: ArchiveOf, name: string): Promise<void> {
    const { ports } = this.#parts
    const now = ports.clock.now()
    const before = this.#storage.get(idOf(of))
    const { bytes } = await totalsOf(this.#parts.store().read, of)
    const monthBytes = before === undefined ? 0 : before.rest + (bytes * (now - before.at)) / MONTH_MS
    const quantity = Math.floor(monthBytes)
    this.#storage.set(idOf(of), { at: now, rest: monthBytes - quantity })
    if (quantity < 1) return
    const resource = archiveArn(of.owner, name)
    bill(ports, of.owner, { dimension: 'archiveStorage', quantity, unit: 'bytes', resource, trace: '' })
  }

  async #until(step: (tx: Tx) => Promise<boolean>): Promise<void> {
    while (await this.#parts.store().tx(step));
  }
}

/** Until when an archive's storage is billed, and the bytes of a month that were not worth a record. */
interface Billing {
  readonly at: Instant
  readonly rest: number
}

const idOf = ({ owner, id }: ArchiveOf): string => `${owner.account}/${owner.region}/${id}`

const noteKey = ({ owner, id }: ArchiveOf): Uint8Array => keyOf(SWEPT, owner.account, owner.region, id)

function archiveOfKey(key: Uint8Array): ArchiveOf | undefined {
  const [, account, region, id] = partsOf(key).map(String)
  const owner = { account: accountId(account ?? ''), region: regionOf(region ?? '') }
  if (owner.account === undefined || owner.region === undefined || id === undefined) return undefined
  return { owner: { account: owner.account, region: owner.region }, id }
}
