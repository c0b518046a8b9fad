/** PutEvents and TestEventPattern. */
import type { Events } from '#model/events.ts'
import type { Operation } from '#ports/service.ts'
import { isRecord, parseJson } from '#base/json.ts'
import { sizeOf } from '#services/events/entries.ts'
import { invalid, invalidParameter, notWritten } from '#services/events/faults.ts'
import { REQUEST_BYTES_MAX } from '#services/events/limits.ts'
import { checkedPattern } from '#services/events/patterns.ts'
import { publish } from '#services/events/publish.ts'
import type { EventsState } from '#services/events/state.ts'

/** Source: EventBridge API, PutEvents; recorded AWS answers. */
export const putEvents: Operation<Events['PutEvents'], EventsState> = async (input, state, call) => {
  if (input.EndpointId !== undefined) throw notWritten('EndpointId (global endpoints)')
  const bytes = input.Entries.reduce((sum, entry) => sum + sizeOf(entry), 0)
  if (bytes > REQUEST_BYTES_MAX) throw invalid('Total size of the entries in the request is over the limit.')
  const { account, region, span } = call
  const published = await publish(state, {
    entries: input.Entries,
    by: { account, region },
    span,
  })
  const failed = published.filter(({ kind }) => kind === 'refused').length
  if (failed > 0) span.set('failedEntries', failed)
  return {
    FailedEntryCount: failed,
    Entries: published.map((each) =>
      each.kind === 'accepted'
        ? { EventId: each.id }
        : { ErrorCode: each.refused.code, ErrorMessage: each.refused.message },
    ),
  }
}

/** Members that the event must have. Source: EventBridge API, TestEventPattern. */
const REQUIRED = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'] as const

/** Source: EventBridge API, TestEventPattern; recorded AWS answers. The text for missing members is inferred. */
export const testEventPattern: Operation<Events['TestEventPattern'], EventsState> = (input) => {
  const event = parseJson(input.Event)
  if (!isRecord(event)) throw invalidParameter('Event', 'Event is not a valid JSON object.')
  const pattern = checkedPattern(input.EventPattern, 'TestEventPattern')
  for (const name of REQUIRED)
    if (!Object.hasOwn(event, name)) throw invalidParameter('Event', `${name} is a required field.`)
  return { Result: pattern.matches(event) }
}
