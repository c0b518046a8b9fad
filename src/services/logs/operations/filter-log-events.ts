/** FilterLogEvents: lines of many streams of a group in the order of time, by pattern and time range. */
import type { Logs } from '#model/logs.ts'
import type { LogEvent } from '#ports/log-events.ts'
import type { Operation } from '#ports/service.ts'
import { type Place, placeDigits, placeOf } from '#services/logs/cursor.ts'
import { namesAndPrefix, streamNotFound } from '#services/logs/faults.ts'
import { type Matches, compilePattern } from '#services/logs/filter-pattern.ts'
import { EVENT_OVERHEAD_BYTES, PAGE_BYTES, PAGE_EVENTS, SCAN_EVENTS } from '#services/logs/limits.ts'
import { groupOf, groupSeries, ownerParts, streamOf, streamSeries } from '#services/logs/names.ts'
import { type LogsState, STREAMS } from '#services/logs/state.ts'

interface Search {
  readonly seriesPrefix: string
  readonly from: number
  readonly to: number | undefined
  readonly limit: number
  readonly wanted: (event: LogEvent) => boolean
  readonly after: Place | undefined
}

/**
 * Answers when the page is full, or enough was looked at; then with a token, also when nothing was found so far.
 * Source: CloudWatch Logs API, FilterLogEvents.
 */
export const filterLogEvents: Operation<Logs['FilterLogEvents'], LogsState> = async (input, state, call) => {
  const group = groupOf(input)
  if (input.logStreamNames !== undefined && input.logStreamNamePrefix !== undefined) throw namesAndPrefix()
  const matches = compilePattern(input.filterPattern ?? '')
  const after = input.nextToken === undefined ? undefined : placeOf(input.nextToken)
  const record = await state.group(call, group)
  const names = input.logStreamNames ?? []
  for (const name of names)
    if ((await STREAMS.get(state.store.read, ownerParts(call), group, name)) === undefined)
      throw streamNotFound()
  const [only] = names
  const { events, next } = await search(state, {
    seriesPrefix:
      names.length === 1 && only !== undefined
        ? streamSeries(call, group, only)
        : groupSeries(call, group) + (input.logStreamNamePrefix ?? ''),
    from: Math.max(input.startTime ?? 0, state.visibleFrom(record)),
    to: input.endTime === undefined ? undefined : input.endTime + 1,
    limit: input.limit ?? PAGE_EVENTS,
    wanted: wantedBy(names, matches),
    after,
  })
  return {
    events: events.map((event) => ({
      logStreamName: streamOf(event.series),
      timestamp: event.at,
      message: event.message,
      ingestionTime: event.ingestedAt,
      eventId: placeDigits(event),
    })),
    searchedLogStreams: [],
    ...(next === undefined ? {} : { nextToken: placeDigits(next) }),
  }
}

function wantedBy(names: readonly string[], matches: Matches): (event: LogEvent) => boolean {
  if (names.length < 2) return (event) => matches(event.message)
  const streams = new Set(names)
  return (event) => streams.has(streamOf(event.series)) && matches(event.message)
}

async function search(
  state: LogsState,
  of: Search,
): Promise<{ readonly events: readonly LogEvent[]; readonly next: Place | undefined }> {
  const events: LogEvent[] = []
  let bytes = 0
  let after = of.after
  for (let scanned = 0; scanned < SCAN_EVENTS;) {
    const { seriesPrefix, from, to } = of
    const page = await state.ports.logEvents.read({ seriesPrefix, from, to, limit: PAGE_EVENTS, after })
    for (const event of page) {
      if (of.wanted(event)) {
        bytes += event.message.length + EVENT_OVERHEAD_BYTES
        if (events.length === of.limit || (events.length > 0 && bytes > PAGE_BYTES))
          return { events, next: after }
        events.push(event)
      }
      after = event
    }
    scanned += page.length
    if (page.length < PAGE_EVENTS) return { events, next: undefined }
  }
  return { events, next: after }
}
