/**
 * Usage records as lines. They are money: each is written to the file with write(2) at the end of the event-loop turn
 * that recorded it, so that a killed process loses at most the turn it died in, and synced to the disk every second,
 * so that a power loss takes at most that second. Records of an answer that left in the same turn can be among them.
 */
import type { Telemetry } from '#host/telemetry/stream.ts'
import type { Usage, UsageRecord } from '#ports/usage.ts'

/** `read` is ordered by time; `from` is included, `to` is not. */
export function usageOn(telemetry: Telemetry): Usage {
  const stream = telemetry.stream('usage')
  return {
    record: (record) => {
      stream.append(`${record.service}/${record.dimension}`, record.at, JSON.stringify(record))
    },
    read: async ({ from, to, limit }) => {
      const lines = await stream.read({ from, to, limit })
      return lines.map((line) => decode(line.text))
    },
  }
}

function decode(text: string): UsageRecord {
  const record: unknown = JSON.parse(text)
  return record as UsageRecord // oxlint-disable-line typescript/no-unsafe-type-assertion -- decoder: the stream holds what `record` wrote
}
