/**
 * A batch as it fills: kept records in order, those that the filter drops apart, and when it is full by count or by
 * the bytes of its event. What does not fit is left over for the next batch. Pure.
 */
import { type Bytes, concat, utf8 } from '#base/bytes.ts'
import type { Message } from '#model/sqs.ts'
import type { FilterCriteria } from '#engines/patterns/filter-criteria.ts'
import { type SqsRecord, sqsRecord } from '#services/lambda/event-sources/sqs-record.ts'

export interface BatchItem {
  readonly id: string
  readonly handle: string
  readonly json: Bytes
  /** X-Amzn-Trace-Id of the sender. */
  readonly trace: string | undefined
  /** Epoch ms, as SQS says. */
  readonly sentAt: number
}

export interface BatchRules {
  readonly size: number
  /** Of the whole event. */
  readonly bytes: number
}

export interface Source {
  readonly arn: string
  readonly region: string
}

/** Messages in the function's form; `dropped` are handles of those that the filter does not keep. */
export interface Sorted {
  readonly kept: BatchItem[]
  readonly dropped: string[]
}

export function sortMessages(
  messages: readonly Message[],
  source: Source,
  filter: FilterCriteria | undefined,
): Sorted {
  const kept: BatchItem[] = []
  const dropped: string[] = []
  for (const message of messages) {
    const record = sqsRecord(message, source.arn, source.region)
    if (filter !== undefined && !filter.keeps(record)) dropped.push(record.receiptHandle)
    else kept.push(itemOf(record, message))
  }
  return { kept, dropped }
}

function itemOf(record: SqsRecord, message: Message): BatchItem {
  return {
    id: record.messageId,
    handle: record.receiptHandle,
    json: utf8(JSON.stringify(record)),
    trace: message.Attributes?.['AWSTraceHeader'],
    sentAt: Number(message.Attributes?.['SentTimestamp'] ?? 0),
  }
}

const HEAD = utf8('{"Records":[')
const TAIL = utf8(']}')
const COMMA = utf8(',')

export class Batch {
  readonly items: BatchItem[] = []
  readonly #rules: BatchRules
  #bytes = HEAD.length + TAIL.length
  #closed = false

  constructor(rules: BatchRules) {
    this.#rules = rules
  }

  /** No more are taken: the size is reached, or one did not fit. */
  get full(): boolean {
    return this.#closed || this.items.length >= this.#rules.size
  }

  get room(): number {
    return this.full ? 0 : this.#rules.size - this.items.length
  }

  /** Takes what fits, in order, and answers the rest. The first item of a batch always fits. */
  add(items: readonly BatchItem[]): BatchItem[] {
    for (let at = 0; at < items.length; at++) {
      const item = items[at]
      if (item === undefined) continue
      const bytes = item.json.length + COMMA.length
      if (this.items.length > 0 && this.#bytes + bytes > this.#rules.bytes) this.#closed = true
      if (this.full) return items.slice(at)
      this.items.push(item)
      this.#bytes += bytes
    }
    return []
  }

  /** The function's event. */
  payload(): Bytes {
    const parts: Bytes[] = [HEAD]
    for (const [at, { json }] of this.items.entries()) {
      if (at > 0) parts.push(COMMA)
      parts.push(json)
    }
    parts.push(TAIL)
    return concat(parts)
  }
}
