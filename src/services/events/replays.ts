/**
 * Replays at work: a page of archived events at a time, in the order of their times, each page with the place it ends at in
 * one transaction; so a replay that a crash cut off goes on where it was, and no event is replayed twice.
 */
import { uuid } from '#base/ids.ts'
import { accountId, regionOf } from '#base/ids.ts'
import { EMPTY } from '#base/bytes.ts'
import { parseJson } from '#base/json.ts'
import { keyOf, keysBelow, partsOf } from '#base/key.ts'
import { Records } from '#base/records.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Store, Tx } from '#ports/store.ts'
import { type ArchivedEvent, archivedIn } from '#services/events/archived.ts'
import { isJsonObject } from '#services/events/entries.ts'
import { eventOfText } from '#services/events/event.ts'
import type { HotBus } from '#services/events/hot.ts'
import type { Arrival, Ingest } from '#services/events/ingest.ts'
import { REPLAY_PAGE } from '#services/events/limits.ts'
import { bill, chunksOf } from '#services/events/metering.ts'
import {
  type BusName,
  busOfArn,
  type Owner,
  ownerParts,
  replayArn,
  ruleOfArn,
} from '#services/events/names.ts'
import type { EventsPorts } from '#services/events/ports.ts'
import { type ReplayRecord, type ReplayState, REPLAYS } from '#services/events/records.ts'

const REPLAYING = 'events-replaying'
const PAGE = 1_000

/** Where a replay is: the place of the last event, in the file `events`. */
interface Progress {
  readonly place: readonly [number, string]
}

const PROGRESS = new Records<Progress>('events-replay-progress')

export interface ReplaysParts {
  readonly ports: EventsPorts
  readonly ingest: Ingest
  control(): Store
  store(): Store
  bus(name: BusName): HotBus | undefined | Promise<HotBus | undefined>
}

interface Named extends Owner {
  readonly name: string
}

export class Replays {
  readonly #parts: ReplaysParts
  readonly #waiting: Named[] = []
  readonly #running = new Map<string, Promise<void>>()
  #isOpen = false
  #age = 0
  #stopped = false

  constructor(parts: ReplaysParts) {
    this.#parts = parts
  }

  /** Call it in the transaction that makes the replay; then `run`. */
  note(tx: Tx, { account, region, name }: Named): void {
    tx.put(keyOf(REPLAYING, account, region, name), EMPTY)
  }

  run(named: Named): void {
    if (!this.#isOpen) {
      this.#waiting.push(named)
      return
    }
    const key = `${named.account}/${named.region}/${named.name}`
    if (this.#running.has(key)) return
    const age = this.#age
    const work = this.#work(named, age)
      .catch((error: unknown) => {
        this.#parts.ports.log.error('events.replay.defect', { error: String(error) })
      })
      .finally(() => {
        if (age === this.#age) this.#running.delete(key)
      })
    this.#running.set(key, work)
  }

  /** Time of the last event that was replayed. */
  async lastEventAt(owner: Owner, replay: ReplayRecord): Promise<number | undefined> {
    if (replay.lastEventAt !== undefined) return replay.lastEventAt
    return (await PROGRESS.get(this.#parts.store().read, ownerParts(owner), replay.name))?.place[0]
  }

  async load(): Promise<void> {
    const { from, to } = keysBelow(REPLAYING)
    const found = await this.#parts.control().read.range({ from, to, limit: PAGE })
    for (const [key] of found) {
      const [, account = '', region = '', name = ''] = partsOf(key).map(String)
      const owner = { account: accountId(account), region: regionOf(region) }
      if (owner.account !== undefined && owner.region !== undefined)
        this.#waiting.push({ account: owner.account, region: owner.region, name })
    }
  }

  begin(): void {
    this.#isOpen = true
    for (const named of this.#waiting.splice(0)) this.run(named)
  }

  forget(): void {
    this.#age++
    this.#running.clear()
    this.#waiting.length = 0
  }

  /** Resolves when the pages under way are done; the rest goes on at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#running.values())
  }

  async #work(named: Named, age: number): Promise<void> {
    const { account, region, name } = named
    const resource = replayArn(named, name)
    const span = this.#parts.ports.tracer.begin({
      account,
      region,
      service: 'events',
      operation: 'Replay',
      resource,
    })
    let count = 0
    for (;;) {
      if (this.#stopped || age !== this.#age) break
      const replay = await this.#goingOn(named)
      if (replay === undefined) break
      const page = await this.#page(named, replay)
      if (page.length === 0) {
        await this.#end(named, 'COMPLETED')
        break
      }
      await this.#replayed(named, replay, { page, span })
      count += page.length
    }
    span.set('events', count)
    span.end('ok')
  }

  /** The replay when it is to go on; one that is being cancelled ends here. */
  async #goingOn(named: Named): Promise<ReplayRecord | undefined> {
    const owner = ownerParts(named)
    const replay = await REPLAYS.get(this.#parts.control().read, owner, named.name)
    if (replay?.state === 'CANCELLING') await this.#end(named, 'CANCELLED')
    if (replay?.state === 'STARTING') await this.#change(named, { state: 'RUNNING' })
    return replay?.state === 'STARTING' || replay?.state === 'RUNNING' ? replay : undefined
  }

  async #page(named: Named, { archiveId, from, to }: ReplayRecord): Promise<ArchivedEvent[]> {
    const { read } = this.#parts.store()
    const after = (await PROGRESS.get(read, ownerParts(named), named.name))?.place
    return await archivedIn(read, { owner: named, id: archiveId }, { from, to, after, limit: REPLAY_PAGE })
  }

  /** Events get new ids (inferred) and the replay's name. Source: EventBridge user guide, Replaying archived events. */
  async #replayed(
    named: Named,
    replay: ReplayRecord,
    { page, span }: { readonly page: readonly ArchivedEvent[]; readonly span: SpanScope },
  ): Promise<void> {
    const name = busOfArn(replay.busArn)
    const bus = name === undefined ? undefined : await this.#parts.bus(name)
    const last = page.at(-1)
    if (last === undefined) return
    const only =
      replay.ruleArns === undefined
        ? undefined
        : new Set(replay.ruleArns.map((arn) => ruleOfArn(arn)?.rule ?? ''))
    const arrivals =
      bus === undefined ? [] : page.flatMap(({ text }) => this.#arrival(text, { bus, only, span, replay }))
    await this.#parts.ingest.accept(arrivals, (tx) => {
      PROGRESS.put(tx, ownerParts(named), [named.name], { place: last.place })
    })
    const quantity = page.reduce((sum, { text }) => sum + chunksOf(text.length), 0)
    const resource = replayArn(named, named.name)
    bill(this.#parts.ports, named, { dimension: 'replayEvents', quantity, resource, trace: span.header() })
  }

  #arrival(
    text: string,
    of: Pick<Arrival, 'bus' | 'only'> & { readonly span: SpanScope; readonly replay: ReplayRecord },
  ): Arrival[] {
    const event = eventOfText(text)
    const detail = event === undefined ? undefined : parseJson(event.detail)
    if (event === undefined || !isJsonObject(detail)) return []
    return [
      {
        event: { ...event, id: uuid(this.#parts.ports.random), replayName: of.replay.name },
        detail,
        bus: of.bus,
        only: of.only,
        trace: of.span.header(),
      },
    ]
  }

  async #end(named: Named, state: ReplayState): Promise<void> {
    const owner = ownerParts(named)
    const progress = await PROGRESS.get(this.#parts.store().read, owner, named.name)
    const endedAt = Math.floor(this.#parts.ports.clock.now())
    await this.#change(named, { state, endedAt, lastEventAt: progress?.place[0] }, true)
    await this.#parts.store().tx((tx) => PROGRESS.delete(tx, owner, named.name))
  }

  async #change(named: Named, change: Partial<ReplayRecord>, isEnd = false): Promise<void> {
    const owner = ownerParts(named)
    await this.#parts.control().tx(async (tx) => {
      const replay = await REPLAYS.get(tx, owner, named.name)
      if (replay === undefined) return
      // It was cancelled meanwhile: that stands.
      const state = replay.state === 'CANCELLING' && !isEnd ? replay.state : (change.state ?? replay.state)
      REPLAYS.put(tx, owner, [named.name], { ...replay, ...change, state })
      if (isEnd) tx.delete(keyOf(REPLAYING, named.account, named.region, named.name))
    })
  }
}
