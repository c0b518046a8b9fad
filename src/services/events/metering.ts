/** What AWS bills: events by 64 KB, archived bytes, replayed events, invocations of endpoints. Source: EventBridge pricing; dimensions as the price book spells them. */
import type { Clock } from '#ports/clock.ts'
import type { Usage, UsageUnit } from '#ports/usage.ts'
import { parseTraceHeader } from '#base/trace.ts'
import { CHUNK_BYTES } from '#services/events/limits.ts'
import type { Owner } from '#services/events/names.ts'

export interface MeteringPorts {
  readonly clock: Clock
  readonly usage: Usage
}

export interface Billed {
  readonly dimension:
    | 'customEvents'
    | 'optInDataEvents'
    | 'managementEvents'
    | 'crossAccountDelivery'
    | 'apiDestinations'
    | 'archiveProcessing'
    | 'archiveStorage'
    | 'replayEvents'
  readonly quantity: number
  readonly unit?: UsageUnit
  /** ARN of the bus, archive or destination. */
  readonly resource: string
  /** X-Amzn-Trace-Id. */
  readonly trace: string
}

export const chunksOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / CHUNK_BYTES))

export function bill(ports: MeteringPorts, owner: Owner, billed: Billed): void {
  const { dimension, quantity, unit = 'count', resource, trace } = billed
  ports.usage.record({
    at: ports.clock.now(),
    account: owner.account,
    region: owner.region,
    service: 'eventbridge',
    dimension,
    quantity,
    unit,
    resource,
    traceId: parseTraceHeader(trace)?.root,
  })
}
