/** What all batch operations share: the rules of a batch as a whole, and the shape of an entry that failed. */
import type { Fault } from '#base/fault.ts'
import type { BatchResultErrorEntry } from '#model/sqs.ts'
import { emptyBatch, idsNotDistinct, invalidBatchId, tooManyEntries } from '#services/sqs/faults.ts'
import { BATCH_ID_MAX, BATCH_MAX } from '#services/sqs/limits.ts'

const ID = /^[A-Za-z0-9_-]+$/

/** Throws. Source: SQS API, SendMessageBatch; recorded answers for the texts. */
export function checkBatch(entries: readonly { readonly Id: string }[], entryName: string): void {
  if (entries.length === 0) throw emptyBatch(entryName)
  if (entries.length > BATCH_MAX) throw tooManyEntries(BATCH_MAX, entries.length)
  const seen = new Set<string>()
  for (const { Id } of entries) {
    if (!ID.test(Id) || Id.length > BATCH_ID_MAX) throw invalidBatchId()
    if (seen.has(Id)) throw idsNotDistinct(Id)
    seen.add(Id)
  }
}

/** Codes of entries are the query protocol's, as the model's shapes have them. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  MessageNotInflight: 'AWS.SimpleQueueService.MessageNotInflight',
}

export const failedEntry = (id: string, fault: Fault): BatchResultErrorEntry => ({
  Id: id,
  SenderFault: fault.side === 'client',
  Code: QUERY_CODES[fault.code] ?? fault.code,
  Message: fault.message,
})
