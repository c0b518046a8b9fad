/** PublishBatch: faults of the request refuse it as a whole, faults of a message only that entry. */
import { Fault } from '#base/fault.ts'
import type { BatchResultErrorEntry, PublishBatchRequestEntry, Sns } from '#model/sns.ts'
import type { Operation } from '#ports/service.ts'
import { badBatchId, batchTooLong, emptyBatch, idsNotDistinct, tooManyEntries } from '#services/sns/faults.ts'
import { BATCH_ENTRIES_MAX, BATCH_ID_LENGTH_MAX, MESSAGE_BYTES_MAX } from '#services/sns/limits.ts'
import { checkedAttributes, checkStructure, sizeOf } from '#services/sns/message.ts'
import { topicNamed } from '#services/sns/names.ts'
import { type Checked, checkedEntry, checkFifo, publishAll } from '#services/sns/publishing.ts'
import type { SnsState } from '#services/sns/state.ts'

/** Source: SNS API, PublishBatch; recorded AWS answers for what refuses the whole request. */
export const publishBatch: Operation<Sns['PublishBatch'], SnsState> = async (input, state, call) => {
  const entries = input.PublishBatchRequestEntries
  const topic = await state.topic(topicNamed(input.TopicArn, call))
  checkIds(entries)
  let bytes = 0
  for (const entry of entries) {
    bytes += sizeOf(entry.Message, checkedAttributes(entry.MessageAttributes))
    checkFifo(topic, entry)
  }
  if (bytes > MESSAGE_BYTES_MAX) throw batchTooLong()
  const failed: BatchResultErrorEntry[] = []
  const good: { readonly id: string; readonly checked: Checked }[] = []
  for (const entry of entries) {
    const checked = checkedOrFailed(entry)
    if ('Code' in checked) failed.push(checked)
    else good.push({ id: entry.Id, checked })
  }
  const published =
    good.length === 0
      ? []
      : await publishAll(state, { topic, checked: good.map((each) => each.checked), span: call.span })
  return {
    Successful: good.map(({ id }, i) => ({
      Id: id,
      MessageId: published[i]?.messageId,
      ...(topic.fifo ? { SequenceNumber: published[i]?.sequence } : {}),
    })),
    Failed: failed,
  }
}

/** Faults in the order that AWS checks. Source: recorded AWS answers. */
function checkIds(entries: readonly PublishBatchRequestEntry[]): void {
  if (entries.length === 0) throw emptyBatch()
  if (entries.length > BATCH_ENTRIES_MAX) throw tooManyEntries()
  for (const { Id } of entries) {
    if (!/^[A-Za-z0-9_-]+$/.test(Id)) throw badBatchId('contains an impermissible character', Id)
    if (Id.length > BATCH_ID_LENGTH_MAX) throw badBatchId('is too long', Id)
  }
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) throw idsNotDistinct()
}

/** Which faults fail an entry alone is inferred. */
function checkedOrFailed(entry: PublishBatchRequestEntry): Checked | BatchResultErrorEntry {
  try {
    checkStructure(entry.Message, entry.MessageStructure)
    return checkedEntry(entry)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { Id: entry.Id, Code: 'InvalidParameter', Message: error.message, SenderFault: true }
  }
}
