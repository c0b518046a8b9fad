/** Events that other services hand over: a bucket's notifications, a function's destinations. */
import { strictText } from '#base/bytes.ts'
import { isRecord, numberAt, parseJson, stringAt, valueAt } from '#base/json.ts'
import { instant } from '#base/time.ts'
import type { PutEventsRequestEntry } from '#model/events.ts'
import type { Accept, Delivery, DeliveryOutcome } from '#ports/targets.ts'
import { busOfArn } from '#services/events/names.ts'
import { publish } from '#services/events/publish.ts'
import type { EventsState } from '#services/events/state.ts'

/** What the platform registers for ARNs of the service `events`: `event-bus/NAME`. Durable when it answers `accepted`. */
export function acceptEvents(state: EventsState): Accept {
  return async (delivery) => {
    const bus = busOfArn(delivery.arn)
    const found = bus === undefined ? undefined : await state.bus(bus)
    if (bus === undefined || found === undefined)
      return {
        kind: 'refused',
        code: 'ResourceNotFoundException',
        message: `Event bus ${bus?.bus ?? delivery.arn} does not exist.`,
      }
    const entry = entryOf(delivery)
    if (entry === undefined)
      return { kind: 'refused', code: 'InvalidArgument', message: 'The payload is no entry of PutEvents.' }
    return await published(state, delivery, entry)
  }
}

async function published(
  state: EventsState,
  delivery: Delivery,
  entry: PutEventsRequestEntry,
): Promise<DeliveryOutcome> {
  const span = delivery.span.open('events', 'PutEvents', delivery.arn)
  const isService = delivery.principal.endsWith('.amazonaws.com')
  const [outcome] = await publish(state, {
    entries: [entry],
    by: { account: delivery.account, region: delivery.region },
    span,
    ...(isService ? { service: delivery.principal } : {}),
  })
  if (outcome?.kind !== 'refused') {
    span.end('ok', { bytesIn: delivery.payload.length })
    return { kind: 'accepted' }
  }
  const { code, message } = outcome.refused
  span.end('error', { bytesIn: delivery.payload.length })
  return { kind: 'refused', code, message }
}

/** Time is in seconds since the epoch, as PutEvents has it. */
function entryOf({ arn, payload }: Delivery): PutEventsRequestEntry | undefined {
  const value = parseJson(strictText(payload) ?? '')
  if (!isRecord(value)) return undefined
  const seconds = numberAt(value, 'Time')
  const resources = valueAt(value, 'Resources')
  return {
    Source: stringAt(value, 'Source'),
    DetailType: stringAt(value, 'DetailType'),
    Detail: stringAt(value, 'Detail'),
    ...(Array.isArray(resources) ? { Resources: resources.map(String) } : {}),
    ...(seconds === undefined ? {} : { Time: instant(seconds * 1_000) }),
    EventBusName: arn,
    TraceHeader: stringAt(value, 'TraceHeader'),
  }
}
