/** What AWS bills: every action one request, and one more for each further 64 KB of payload. Source: SQS pricing. */
import type { Call } from '#ports/service.ts'
import type { Usage } from '#ports/usage.ts'
import { CHUNK_BYTES } from '#services/sqs/limits.ts'
import type { Queue } from '#services/sqs/queue.ts'

export type Billed = Pick<Call, 'account' | 'region' | 'at'> & { readonly span: { readonly traceId: string } }

/** `bytes`: of the messages, both ways. `fair`: messages with a group on a standard queue (which calls carry the surcharge is inferred: sends). */
export function bill(
  usage: Usage,
  call: Billed,
  queue: Queue | undefined,
  of: { readonly bytes: number; readonly fair?: boolean } = { bytes: 0 },
): void {
  const quantity = Math.max(1, Math.ceil(of.bytes / CHUNK_BYTES))
  const record = {
    at: call.at,
    account: call.account,
    region: call.region,
    service: 'sqs',
    quantity,
    unit: 'count',
    resource: queue?.arn ?? '',
    traceId: call.span.traceId,
    dimension: queue?.isFifo === true ? 'fifoRequests' : 'standardRequests',
  } as const
  usage.record(record)
  if (of.fair === true) usage.record({ ...record, dimension: 'fairQueueSurcharge' })
}
