/**
 * The span of a batch: it goes on with the trace of its only message, or begins a trace with links to those of all. The
 * recursion guard's marks come along from the message that has passed the function most often.
 */
import { traceIdAt } from '#base/ids.ts'
import { parseTraceHeader, printTraceHeader } from '#base/trace.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { BatchItem } from '#services/lambda/event-sources/batch.ts'
import type { MappingRecord } from '#services/lambda/event-sources/record.ts'
import { hopsOf } from '#services/lambda/events/lineage.ts'
import type { LambdaPorts } from '#services/lambda/ports.ts'

export interface BatchOf {
  /** ARN. */
  readonly mapping: string
  readonly record: MappingRecord
  readonly lineageMark: string
}

export function beginBatchSpan(
  ports: Pick<LambdaPorts, 'tracer' | 'clock' | 'random'>,
  items: readonly BatchItem[],
  of: BatchOf,
): SpanScope {
  const { record } = of
  const what = {
    account: record.account,
    region: record.region,
    service: 'lambda',
    operation: 'poll',
    resource: of.mapping,
  }
  const span = ports.tracer.begin(what, headerOf(ports, items, of.lineageMark))
  if (items.length > 1) link(span, items)
  span.set('mapping', record.id)
  span.set('queue', record.sourceArn)
  span.set('batchSize', items.length)
  if (items.length === 0) return span
  const oldest = items.reduce((least, { sentAt }) => Math.min(least, sentAt), Number.POSITIVE_INFINITY)
  span.set('oldestMessageAgeMs', Math.max(0, Math.round(ports.clock.now() - oldest)))
  return span
}

function headerOf(
  ports: Pick<LambdaPorts, 'clock' | 'random'>,
  items: readonly BatchItem[],
  mark: string,
): string | undefined {
  if (items.length === 1) return items[0]?.trace
  let most = 0
  let lineage: string | undefined
  for (const { trace } of items) {
    const hops = trace === undefined ? 0 : hopsOf(trace, mark)
    if (hops <= most) continue
    most = hops
    lineage = parseTraceHeader(trace)?.lineage
  }
  if (lineage === undefined) return undefined
  return printTraceHeader({ root: traceIdAt(ports.clock.wall(), ports.random), lineage })
}

function link(span: SpanScope, items: readonly BatchItem[]): void {
  for (const { trace } of items) {
    const header = parseTraceHeader(trace)
    if (header === undefined) continue
    span.link({ traceId: header.root, ...(header.parent === undefined ? {} : { id: header.parent }) })
  }
}
