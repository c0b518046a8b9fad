/** GetLogEvents: one stream, forwards and backwards by tokens; at an end the same token comes back. */
import type { Logs } from '#model/logs.ts'
import type { Operation } from '#ports/service.ts'
import type { LogEvent } from '#ports/log-events.ts'
import { type Place, cursorOf, cursorToken } from '#services/logs/cursor.ts'
import { PAGE_EVENTS } from '#services/logs/limits.ts'
import { groupOf, streamSeries } from '#services/logs/names.ts'
import { withinBytes } from '#services/logs/page.ts'
import type { LogsState } from '#services/logs/state.ts'

/** Source: CloudWatch Logs API, GetLogEvents. Faults: group, stream, token. */
export const getLogEvents: Operation<Logs['GetLogEvents'], LogsState> = async (input, state, call) => {
  const group = groupOf(input)
  const record = await state.group(call, group)
  await state.stream(call, group, input.logStreamName)
  const cursor = input.nextToken === undefined ? undefined : cursorOf(input.nextToken)
  const backwards = cursor === undefined ? input.startFromHead !== true : cursor.direction === 'b'
  const found = await state.ports.logEvents.read({
    seriesPrefix: streamSeries(call, group, input.logStreamName),
    from: Math.max(input.startTime ?? 0, state.visibleFrom(record)),
    to: input.endTime,
    limit: input.limit ?? PAGE_EVENTS,
    reverse: backwards,
    after: cursor?.place,
  })
  const page = withinBytes(found)
  const events = backwards ? page.reverse() : page
  return {
    events: events.map((event) => ({
      timestamp: event.at,
      message: event.message,
      ingestionTime: event.ingestedAt,
    })),
    ...tokens(events, cursor?.place ?? { at: input.startTime ?? 0, sequence: -1 }, backwards),
  }
}

/** Where the next calls go on. From an empty page both directions start at the place that was asked for. */
function tokens(
  events: readonly LogEvent[],
  asked: Place,
  backwards: boolean,
): { nextForwardToken: string; nextBackwardToken: string } {
  const first: Place = events[0] ?? (backwards ? asked : { at: asked.at, sequence: asked.sequence + 1 })
  const last: Place = events.at(-1) ?? (backwards ? before(asked) : asked)
  return { nextForwardToken: cursorToken('f', last), nextBackwardToken: cursorToken('b', first) }
}

const before = (place: Place): Place => ({ at: place.at, sequence: Math.max(-1, place.sequence - 1) })
