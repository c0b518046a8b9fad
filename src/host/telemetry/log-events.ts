/**
 * Log events as lines: the event's sequence is the line's ordinal, which grows across restarts. Forgetting and
 * expiring write a mark and hide at once; the space comes back when retention drops the segment.
 */
import { Tombstones } from '#host/telemetry/tombstones.ts'
import type { Line } from '#host/telemetry/lines.ts'
import type { Telemetry } from '#host/telemetry/stream.ts'
import type { LogEvent, LogEvents } from '#ports/log-events.ts'

/** The same telemetry is opened by one of these at a time: the marks are held here. */
export function logEventsOn(telemetry: Telemetry): LogEvents {
  const stream = telemetry.stream('logs')
  let memo = stream.memo()
  let marks = new Tombstones(memo)
  /** The marks as the stream's memo has them: after a reset there are none. */
  const current = (): Tombstones => {
    if (stream.memo() !== memo) {
      memo = stream.memo()
      marks = new Tombstones(memo)
    }
    return marks
  }
  const save = async (): Promise<void> => {
    marks.prune(stream.oldest())
    memo = marks.memo()
    await stream.writeMemo(memo)
  }
  return {
    append: (events) => {
      for (const { series, at, ingestedAt, message } of events) {
        stream.append(series, at, JSON.stringify([ingestedAt, message]))
      }
    },
    read: async ({ seriesPrefix, from, to, limit, reverse, after }) => {
      const lines = await stream.read({
        from,
        to,
        limit,
        reverse,
        after: after === undefined ? undefined : { at: after.at, ordinal: after.sequence },
        seriesPrefix,
        wanted: current().filter(seriesPrefix),
      })
      return lines.map(eventOf)
    },
    forget: async (seriesPrefix) => {
      if (current().forget(seriesPrefix, stream.nextOrdinal)) await save()
    },
    expire: async (seriesPrefix, before) => {
      if (current().expire(seriesPrefix, before)) await save()
    },
  }
}

function eventOf({ series, at, ordinal, text }: Line): LogEvent {
  const parsed: unknown = JSON.parse(text)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- decoder: the stream holds what `append` wrote
  const [ingestedAt, message] = parsed as [number, string]
  return { series, at, ingestedAt, message, sequence: ordinal }
}
