/** What AWS bills: publishes by 64 KB, deliveries by protocol, payload that filters read. Source: SNS pricing; dimensions as the price book spells them. */
import type { Clock } from '#ports/clock.ts'
import type { Usage, UsageUnit } from '#ports/usage.ts'
import { parseTraceHeader } from '#base/trace.ts'
import type { HotTopic } from '#services/sns/hot.ts'
import { CHUNK_BYTES } from '#services/sns/limits.ts'

export interface MeteringPorts {
  readonly clock: Clock
  readonly usage: Usage
}

interface Billed {
  readonly service?: string
  readonly dimension: string
  readonly quantity: number
  readonly unit?: UsageUnit
  readonly tags?: Readonly<Record<string, string>>
}

function bill(ports: MeteringPorts, topic: HotTopic, traceId: string | undefined, billed: Billed): void {
  if (billed.quantity === 0) return
  ports.usage.record({
    at: ports.clock.now(),
    account: topic.name.account,
    region: topic.name.region,
    service: 'sns',
    unit: 'count',
    resource: topic.arn,
    traceId,
    ...billed,
  })
}

/** One publish, or one batch of them: chunks of the whole request. */
export function billPublish(
  ports: MeteringPorts,
  topic: HotTopic,
  of: { readonly messages: number; readonly bytes: number; readonly traceId: string },
): void {
  const { messages, bytes, traceId } = of
  if (topic.fifo) {
    bill(ports, topic, traceId, { dimension: 'fifoPublish', quantity: messages })
    bill(ports, topic, traceId, { dimension: 'fifoPublishPayload', quantity: bytes, unit: 'bytes' })
    return
  }
  const quantity = Math.max(1, Math.ceil(bytes / CHUNK_BYTES))
  bill(ports, topic, traceId, { dimension: 'standardPublish', quantity })
}

const DIMENSIONS: Readonly<Record<string, string>> = {
  sqs: 'deliverySqs',
  lambda: 'deliveryLambda',
  http: 'deliveryHttp',
  https: 'deliveryHttp',
}

export interface Delivered {
  readonly protocol: string
  readonly count: number
  readonly bytes: number
}

/** Deliveries of one message that succeeded, by protocol. */
export function billDeliveries(
  ports: MeteringPorts,
  topic: HotTopic,
  trace: string,
  delivered: Iterable<Delivered>,
): void {
  const traceId = parseTraceHeader(trace)?.root
  for (const { protocol, count, bytes } of delivered) {
    const dimension = topic.fifo ? 'fifoDelivery' : (DIMENSIONS[protocol] ?? protocol)
    bill(ports, topic, traceId, { dimension, quantity: count, tags: { protocol } })
    if (topic.fifo)
      bill(ports, topic, traceId, { dimension: 'fifoDeliveryPayload', quantity: bytes, unit: 'bytes' })
    else if (dimension === 'deliveryHttp')
      bill(ports, topic, traceId, {
        service: 'dataTransfer',
        dimension: 'internetOut',
        quantity: bytes,
        unit: 'bytes',
      })
  }
}

/** Payload that filter policies of scope MessageBody have read. */
export const billScan = (
  ports: MeteringPorts,
  topic: HotTopic,
  of: { bytes: number; traceId: string },
): void =>
  bill(ports, topic, of.traceId, { dimension: 'payloadFilterScan', quantity: of.bytes, unit: 'bytes' })
