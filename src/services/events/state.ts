/**
 * What EventBridge holds: configuration in `control`; events under way and archived ones in `events`; buses in use in
 * memory. The operations read and change it here; `handover.ts` delivers.
 */
import { uuid } from '#base/ids.ts'
import { parseJson } from '#base/json.ts'
import type { Store } from '#ports/store.ts'
import { Archives } from '#services/events/archives.ts'
import { Deliveries } from '#services/events/deliver.ts'
import type { Delivered, Handed } from '#services/events/delivered.ts'
import { isJsonObject } from '#services/events/entries.ts'
import { eventOfText } from '#services/events/event.ts'
import { Handover } from '#services/events/handover.ts'
import { HotBuses, type HotBus } from '#services/events/hot.ts'
import { HttpTargets } from '#services/events/http-targets.ts'
import { Ingest } from '#services/events/ingest.ts'
import { bill, chunksOf } from '#services/events/metering.ts'
import { type BusName, busArn } from '#services/events/names.ts'
import type { EventsPorts } from '#services/events/ports.ts'
import type { Hop } from '#services/events/promised.ts'
import { Replays } from '#services/events/replays.ts'
import { Scheduler } from '#services/events/scheduler.ts'

export class EventsState {
  readonly ports: EventsPorts
  readonly hot = new HotBuses()
  readonly handover: Handover
  readonly ingest: Ingest
  readonly scheduler: Scheduler
  readonly http: HttpTargets
  readonly archives: Archives
  readonly replays: Replays
  /** Of default buses that nobody has changed: they have no record. */
  readonly openedAt: number

  constructor(ports: EventsPorts) {
    this.ports = ports
    this.openedAt = this.now()
    const bus = (name: BusName): HotBus | undefined | Promise<HotBus | undefined> => this.bus(name)
    this.http = new HttpTargets({ ports, control: () => this.control })
    const deliveries = new Deliveries({
      ports,
      http: this.http,
      forward: async (to, handed, hop) => await this.#forward(to, handed, hop),
    })
    this.handover = new Handover({ ports, store: () => this.store, deliveries, bus })
    this.ingest = new Ingest({ ports, store: () => this.store, handover: this.handover })
    this.scheduler = new Scheduler({ ports, ingest: this.ingest, bus })
    this.archives = new Archives({ ports, control: () => this.control, store: () => this.store })
    this.replays = new Replays({
      ports,
      control: () => this.control,
      store: () => this.store,
      ingest: this.ingest,
      bus,
    })
  }

  /** Buses, rules, archives, replays, connections and API destinations. */
  get control(): Store {
    return this.ports.stores.open('control')
  }

  /** Events under way, and archived ones. */
  get store(): Store {
    return this.ports.stores.open('events')
  }

  /** The bus, or undefined when there is none. Answers at once when it is in memory. */
  bus(name: BusName): HotBus | undefined | Promise<HotBus | undefined> {
    return this.hot.get(this.control.read, name)
  }

  now(): number {
    return Math.floor(this.ports.clock.now())
  }

  /** Reads what an earlier process left; it goes on with it when `ready` is called. */
  async start(): Promise<void> {
    await this.handover.load()
    await this.scheduler.load(this.control.read)
    await this.replays.load()
    await this.archives.load()
  }

  ready(): void {
    this.handover.begin()
    this.replays.begin()
  }

  /** Forgets what is in memory; the files are emptied by the platform. */
  reset(): void {
    this.hot.clear()
    this.handover.forget()
    this.scheduler.forget()
    this.replays.forget()
    this.archives.forget()
  }

  async stop(): Promise<void> {
    this.scheduler.stop()
    this.archives.forget()
    await this.replays.stop()
    await this.handover.stop()
  }

  /**
   * The event keeps its time, account and region, and within a region its id (inferred). Source: EventBridge user guide,
   * Sending events between accounts; recorded AWS deliveries: another id in another region.
   */
  async #forward(to: BusName, { to: from, payload, span }: Handed, hop: Hop): Promise<Delivered> {
    const bus = await this.bus(to)
    if (bus === undefined)
      return { kind: 'refused', code: 'NO_RESOURCE', why: `Event bus ${to.bus} does not exist.` }
    const event = eventOfText(payload)
    const detail = event === undefined ? undefined : parseJson(event.detail)
    if (event === undefined || !isJsonObject(detail))
      return { kind: 'refused', code: 'INVALID_JSON', why: 'What the bus was given is no event.' }
    const sent = hop === 'region' ? { ...event, id: uuid(this.ports.random) } : event
    await this.ingest.accept([{ event: sent, detail, bus, trace: span.header(), from: hop }])
    const { bus: sender } = from.item
    if (to.account !== sender.account)
      bill(this.ports, sender, {
        dimension: 'crossAccountDelivery',
        quantity: chunksOf(payload.length),
        resource: busArn(to),
        trace: span.header(),
      })
    return { kind: 'done' }
  }
}
