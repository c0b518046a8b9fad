/** What PutEvents and deliveries of other services share: entries in, events accepted, ids out. */
import { uuid } from '#base/ids.ts'
import type { PutEventsRequestEntry } from '#model/events.ts'
import type { SpanScope } from '#ports/spans.ts'
import { type CheckedEntry, checkedEntry, type Refused, sizeOf } from '#services/events/entries.ts'
import { type Event, minified } from '#services/events/event.ts'
import type { Arrival } from '#services/events/ingest.ts'
import { bill, type Billed, chunksOf } from '#services/events/metering.ts'
import { busArn, busNamed, type Owner } from '#services/events/names.ts'
import type { EventsState } from '#services/events/state.ts'

export interface Publication {
  readonly entries: readonly PutEventsRequestEntry[]
  /** Whose events they are, and whose buses names mean. */
  readonly by: Owner
  /** Of the call: its trace, unless an entry has its own, goes on with the event; it learns how many rules want. */
  readonly span: SpanScope
  /** The service that hands them over, such as `s3.amazonaws.com`; undefined for users. */
  readonly service?: string | undefined
}

export type Published =
  | { readonly kind: 'accepted'; readonly id: string }
  | { readonly kind: 'refused'; readonly refused: Refused }

/** Durable when it resolves. An event for a bus that is not there vanishes. Source: recorded AWS answers. */
export async function publish(state: EventsState, of: Publication): Promise<Published[]> {
  const arrivals: Arrival[] = []
  const published: Published[] = []
  const now = Math.floor(state.ports.clock.now())
  const header = of.span.header()
  for (const entry of of.entries) {
    const checked = checkedEntry(entry, of.service !== undefined)
    if (checked.kind === 'refused') {
      published.push(checked)
      continue
    }
    const event = eventOf(state, { entry, checked, by: of.by, now })
    published.push({ kind: 'accepted', id: event.id })
    const name = busNamed(entry.EventBusName, of.by)
    const trace = entry.TraceHeader ?? header
    const found = state.bus(name)
    const bus = found instanceof Promise ? await found : found
    billed(state, of, { entry, resource: busArn(name), trace })
    if (bus !== undefined) arrivals.push({ event, detail: checked.value, bus, trace })
  }
  of.span.set('matched', await state.ingest.accept(arrivals))
  return published
}

interface Given {
  readonly entry: PutEventsRequestEntry
  readonly checked: Extract<CheckedEntry, { kind: 'good' }>
  readonly by: Owner
  readonly now: number
}

const eventOf = (state: EventsState, { entry, checked, by, now }: Given): Event => ({
  id: uuid(state.ports.random),
  source: checked.source,
  detailType: checked.detailType,
  account: by.account,
  time: entry.Time ?? now,
  region: by.region,
  resources: entry.Resources ?? [],
  detail: minified(checked.detail),
})

/** Events of AWS's services are free but for those that a user must switch on. Source: EventBridge pricing. */
function billed(
  state: EventsState,
  of: Publication,
  { entry, resource, trace }: { entry: PutEventsRequestEntry; resource: string; trace: string },
): void {
  const isAws = of.service !== undefined && (entry.Source ?? '').startsWith('aws.')
  const dimension: Billed['dimension'] = !isAws
    ? 'customEvents'
    : of.service === 's3.amazonaws.com'
      ? 'optInDataEvents'
      : 'managementEvents'
  bill(state.ports, of.by, { dimension, quantity: chunksOf(sizeOf(entry)), resource, trace })
}
