/**
 * What the Logs service holds: records of groups and streams in the store, lines in `LogEvents`. In memory are only
 * each stream's newest times, and the groups whose old lines are dropped from time to time.
 */
import { type Instant, instant, later } from '#base/time.ts'
import { Records } from '#base/records.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { LogEvents } from '#ports/log-events.ts'
import type { Random } from '#ports/random.ts'
import type { Store, Stores, Tx } from '#ports/store.ts'
import type { Usage } from '#ports/usage.ts'
import { groupNotFound, streamNotFound } from '#services/logs/faults.ts'
import { EXPIRY_MS, retentionMs } from '#services/logs/limits.ts'
import { type Owner, groupSeries, ownerParts, streamSeries } from '#services/logs/names.ts'

export interface LogsPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  readonly logEvents: LogEvents
  readonly usage: Usage
  readonly log: Log
}

export interface GroupRecord {
  readonly name: string
  readonly createdAt: number
  readonly class: string
  readonly retentionDays: number | undefined
  readonly kmsKeyId: string | undefined
  readonly deletionProtected: boolean
  readonly tags: Readonly<Record<string, string>>
}

export interface StreamRecord {
  readonly name: string
  readonly createdAt: number
}

/** Times of a stream's lines; all undefined while it has none. */
export interface StreamTimes {
  readonly firstAt: number | undefined
  readonly lastAt: number | undefined
  readonly lastIngestedAt: number | undefined
}

export const GROUPS = new Records<GroupRecord>('log-group')
export const STREAMS = new Records<StreamRecord>('log-stream')

export class LogsState {
  readonly ports: LogsPorts
  readonly #times = new Map<string, StreamTimes>()
  /** Retention in days by a group's series prefix, as far as those groups were used. */
  readonly #retention = new Map<string, number>()
  #expiry: Alarm | undefined
  #expiring: Promise<void> = Promise.resolve()

  constructor(ports: LogsPorts) {
    this.ports = ports
  }

  get store(): Store {
    return this.ports.stores.open('logs')
  }

  /** Fault: the group does not exist. */
  async group(
    owner: Owner,
    name: string,
    from: Pick<Tx, 'get' | 'range'> = this.store.read,
  ): Promise<GroupRecord> {
    const record = await GROUPS.get(from, ownerParts(owner), name)
    if (record === undefined) throw groupNotFound()
    this.#remember(owner, record)
    return record
  }

  /** Faults: group or stream do not exist. */
  async stream(owner: Owner, group: string, name: string): Promise<StreamRecord> {
    const record = await STREAMS.get(this.store.read, ownerParts(owner), group, name)
    if (record !== undefined) return record
    await this.group(owner, group)
    throw streamNotFound()
  }

  /** Changes a group's record. Fault: it does not exist. */
  async change(owner: Owner, name: string, edit: (record: GroupRecord) => GroupRecord): Promise<void> {
    const changed = await this.store.tx(async (tx) => {
      const next = edit(await this.group(owner, name, tx))
      GROUPS.put(tx, ownerParts(owner), [name], next)
      return next
    })
    this.#remember(owner, changed)
  }

  /** Lines before this are gone, by the group's retention. */
  visibleFrom(group: GroupRecord): number {
    return group.retentionDays === undefined ? 0 : this.now() - retentionMs(group.retentionDays)
  }

  async times(owner: Owner, group: string, stream: string): Promise<StreamTimes> {
    const series = streamSeries(owner, group, stream)
    const known = this.#times.get(series)
    if (known !== undefined) return known
    const { logEvents } = this.ports
    const [first] = await logEvents.read({ seriesPrefix: series, limit: 1 })
    const [last] = await logEvents.read({ seriesPrefix: series, limit: 1, reverse: true })
    const times = { firstAt: first?.at, lastAt: last?.at, lastIngestedAt: last?.ingestedAt }
    const raced = this.#times.get(series)
    if (raced !== undefined) return raced
    this.#times.set(series, times)
    return times
  }

  /** Lines of these times were added now. */
  noteTimes(series: string, before: StreamTimes, times: { firstAt: number; lastAt: number }): void {
    const known = this.#times.get(series) ?? before
    this.#times.set(series, {
      firstAt: Math.min(known.firstAt ?? times.firstAt, times.firstAt),
      lastAt: Math.max(known.lastAt ?? times.lastAt, times.lastAt),
      lastIngestedAt: this.now(),
    })
  }

  /** Forgets the lines of a stream or of a whole group. */
  async forget(seriesPrefix: string): Promise<void> {
    for (const series of this.#times.keys()) if (series.startsWith(seriesPrefix)) this.#times.delete(series)
    this.#retention.delete(seriesPrefix)
    await this.ports.logEvents.forget(seriesPrefix)
  }

  now(): number {
    return Math.floor(this.ports.clock.now())
  }

  /** Forgets what is in memory; the store and the lines are emptied by the platform. */
  async stop(): Promise<void> {
    this.#expiry?.cancel()
    this.#expiry = undefined
    this.#times.clear()
    this.#retention.clear()
    await this.#expiring
  }

  #remember(owner: Owner, group: GroupRecord): void {
    const series = groupSeries(owner, group.name)
    if (group.retentionDays === undefined) this.#retention.delete(series)
    else {
      this.#retention.set(series, group.retentionDays)
      this.#arm()
    }
  }

  #arm(): void {
    this.#expiry ??= this.ports.clock.wakeAt(later(this.ports.clock.now(), EXPIRY_MS), () => {
      this.#expiry = undefined
      this.#expiring = this.#expire()
    })
  }

  async #expire(): Promise<void> {
    for (const [series, days] of this.#retention) {
      const before: Instant = instant(this.now() - retentionMs(days))
      await this.ports.logEvents.expire(series, before)
    }
    if (this.#retention.size > 0) this.#arm()
  }
}
