/**
 * From accepted events to promises: which rules match, what archives keep, one row for each event that somebody wants.
 * PutEvents, deliveries of other services, other buses, schedules and replays all end here.
 */
import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json.ts'
import type { Store, Tx } from '#ports/store.ts'
import type { Added } from '#outbox/outbox.ts'
import { archive, type ArchivedEvent, type ArchiveOf } from '#services/events/archived.ts'
import { type Event, eventText, eventValue } from '#services/events/event.ts'
import type { Handover } from '#services/events/handover.ts'
import type { HotBus } from '#services/events/hot.ts'
import { bill } from '#services/events/metering.ts'
import { archiveArn } from '#services/events/names.ts'
import type { EventsPorts } from '#services/events/ports.ts'
import type { Hop, PromisedEvent } from '#services/events/promised.ts'

export interface Arrival {
  readonly event: Event
  /** The event's detail, read. */
  readonly detail: JsonObject
  readonly bus: HotBus
  /** X-Amzn-Trace-Id below which deliveries hang. */
  readonly trace: string
  readonly from?: Hop | undefined
  /** Only these rules, by name; of a replay. */
  readonly only?: ReadonlySet<string> | undefined
}

interface Chosen {
  readonly promised: readonly PromisedEvent[]
  readonly archived: readonly {
    readonly of: ArchiveOf
    readonly name: string
    readonly trace: string
    readonly event: ArchivedEvent
  }[]
}

export interface IngestParts {
  readonly ports: EventsPorts
  readonly store: () => Store
  readonly handover: Handover
}

export class Ingest {
  readonly #parts: IngestParts

  constructor(parts: IngestParts) {
    this.#parts = parts
  }

  /** How many of them a rule wants. Durable when it resolves; events that nobody wants cost no transaction. */
  async accept(arrivals: readonly Arrival[], also?: (tx: Tx) => void): Promise<number> {
    const ingestedAt = Math.floor(this.#parts.ports.clock.now())
    const chosen = arrivals.map((arrival) => chosenFor(arrival, ingestedAt))
    const promised = chosen.flatMap((each) => each.promised)
    const archived = chosen.flatMap((each) => each.archived)
    if (promised.length === 0 && archived.length === 0 && also === undefined) return 0
    const added = await this.#parts.store().tx(async (tx) => {
      for (const { of, event } of archived) await archive(tx, of, [event])
      also?.(tx)
      return this.#promise(tx, promised)
    })
    for (const each of added) each.release()
    for (const { of, name, trace, event } of archived)
      bill(this.#parts.ports, of.owner, {
        dimension: 'archiveProcessing',
        quantity: Buffer.byteLength(event.text),
        unit: 'bytes',
        resource: archiveArn(of.owner, name),
        trace,
      })
    return promised.length
  }

  /** For the targets of one rule, whatever its pattern: a schedule. */
  async acceptFor(bus: HotBus, rule: string, event: Event, trace: string): Promise<void> {
    const promised = promisedOf({ event, bus, trace }, [rule], Math.floor(this.#parts.ports.clock.now()))
    const added = await this.#parts.store().tx((tx) => this.#promise(tx, [promised]))
    for (const each of added) each.release()
  }

  #promise(tx: Tx, promised: readonly PromisedEvent[]): Added[] {
    return promised.map((item) => this.#parts.handover.promise(tx, item))
  }
}

function chosenFor(arrival: Arrival, ingestedAt: number): Chosen {
  const { event, detail, bus, only } = arrival
  const matched = bus.patterns.match(eventValue(event, detail))
  const rules: string[] = []
  const archives: ArchiveOf[] = []
  const names: string[] = []
  for (const name of matched) {
    const rule = bus.rules.get(name)
    if (rule === undefined) continue
    if (rule.archive !== undefined) {
      archives.push({ owner: bus.name, id: rule.archive })
      names.push(name)
    } else if (rule.targets.length > 0 && (only === undefined || only.has(name))) rules.push(name)
  }
  const text = archives.length === 0 ? '' : eventText(event)
  return {
    promised: rules.length === 0 ? [] : [promisedOf(arrival, rules, ingestedAt)],
    archived: archives.map((of, i) => ({
      of,
      name: (names[i] ?? '').slice(ARCHIVE_RULE.length),
      trace: arrival.trace,
      event: { place: [event.time, event.id], text },
    })),
  }
}

/** Beginning of the names of archives' own rules. Source: recorded AWS answers. */
export const ARCHIVE_RULE = 'Events-Archive-'

const promisedOf = (
  { event, bus, trace, from }: Pick<Arrival, 'event' | 'bus' | 'trace' | 'from'>,
  rules: readonly string[],
  ingestedAt: number,
): PromisedEvent => ({ bus: bus.name, text: eventText(event), ingestedAt, trace, rules, from })
