/** From checked entries to promises: what Publish, PublishBatch and deliveries from other services share. */
import { createHash } from 'node:crypto'
import { uuid } from '#base/ids.ts'
import type { PublishBatchRequestEntry } from '#model/sns.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Added } from '#outbox/outbox.ts'
import { invalid } from '#services/sns/faults.ts'
import type { HotTopic } from '#services/sns/hot.ts'
import {
  type Attributes,
  checkedAttributes,
  checkStructure,
  checkSubject,
  checkText,
  type Message,
  sizeOf,
} from '#services/sns/message.ts'
import { billPublish, billScan } from '#services/sns/metering.ts'
import type { PromisedMessage } from '#services/sns/promised.ts'
import { type Recipients, recipientsOf } from '#services/sns/recipients.ts'
import type { Published } from '#services/sns/deduplication.ts'
import type { SnsState } from '#services/sns/state.ts'
import { contentBased, deduplicatesByGroup } from '#services/sns/topic-attributes.ts'

export type Entry = Omit<PublishBatchRequestEntry, 'Id'>

export interface Checked {
  readonly entry: Entry
  readonly attributes: Attributes | undefined
  readonly sizeBytes: number
}

/** Printable ASCII. Source: SNS API, Publish, MessageDeduplicationId. */
const ID = /^[!-~]{1,128}$/

/** Faults of the message itself. Source: SNS API, Publish; recorded AWS answers. */
export function checkedEntry(entry: Entry): Checked {
  checkText(entry.Message)
  checkSubject(entry.Subject)
  const attributes = checkedAttributes(entry.MessageAttributes)
  return { entry, attributes, sizeBytes: sizeOf(entry.Message, attributes) }
}

/** Faults of group and deduplication id. Source: recorded AWS answers; texts for ids that are malformed are inferred. */
export function checkFifo(topic: HotTopic, entry: Entry): void {
  const { MessageGroupId: group, MessageDeduplicationId: id } = entry
  if (group !== undefined && !ID.test(group)) throw invalid('MessageGroupId')
  if (id !== undefined && !(topic.fifo ? ID.test(id) : true)) throw invalid('MessageDeduplicationId')
  if (!topic.fifo) {
    if (id !== undefined)
      throw invalid(
        'MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type',
      )
    return
  }
  if (group === undefined || group === '')
    throw invalid('The MessageGroupId parameter is required for FIFO topics')
  if (id === undefined && !contentBased(topic.record))
    throw invalid(
      'The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    )
}

export interface Publication {
  readonly topic: HotTopic
  readonly checked: readonly Checked[]
  readonly span: SpanScope
}

/** Durable when it resolves; ids and sequence numbers in the order of the entries. */
export async function publishAll(state: SnsState, of: Publication): Promise<Published[]> {
  const { topic, checked, span } = of
  const trace = span.header()
  const at = state.now()
  const messages = checked.map((each) => messageOf(state, topic, { ...each, trace, at }))
  const bytes = checked.reduce((sum, each) => sum + each.sizeBytes, 0)
  billPublish(state.ports, topic, { messages: checked.length, bytes, traceId: span.traceId })
  scan(state, topic, { bytes, messages: messages.length, span })
  if (topic.fifo) return await publishInOrder(state, { topic, messages, span })
  if (topic.subscriptions.size > topic.pending) await publishAtOnce(state, { topic, messages, span })
  return messages.map(({ id }) => ({ messageId: id, sequence: '' }))
}

interface Messages {
  readonly topic: HotTopic
  readonly messages: readonly Message[]
  readonly span: SpanScope
}

/** Queues and functions have it when this resolves, or a row says that they must get it. */
async function publishAtOnce(state: SnsState, { topic, messages, span }: Messages): Promise<void> {
  const { handover } = state
  const chosen = messages.map((message) => ({ message, ...recipientsOf(topic, message) }))
  tell(topic, span, chosen)
  const prepared = await Promise.all(
    chosen.map(async ({ message, managed }) => await handover.prepare(topic, message, managed)),
  )
  // Begun in the order of the entries, which queues keep.
  const left = await Promise.all(
    prepared.map(async (notifications, i) => {
      return await handover.fanOut({ topic, notifications, below: span }, chosen[i]?.managed ?? [])
    }),
  )
  const posts = chosen.flatMap(({ message, web }) => web.map(({ record }) => toOne(message, record.id)))
  if (posts.length === 0 && left.every((each) => each.length === 0)) return
  const added = await state.messages.tx((tx) => [
    ...left.flat().map((item) => handover.promise(tx, item)),
    ...posts.map((item) => handover.promisePost(tx, item)),
  ])
  for (const each of added) each.release()
}

const toOne = (message: Message, to: string): PromisedMessage => ({ kind: 'message', message, to })

/** What filter policies kept back is counted in the publish's span. */
function tell(topic: HotTopic, span: SpanScope, chosen: readonly { readonly filteredOut: number }[]): void {
  if (topic.filters > 0)
    span.set(
      'filteredOut',
      chosen.reduce((sum, { filteredOut }) => sum + filteredOut, 0),
    )
}

/** Ids that are remembered answer as they did, and nothing follows. */
async function publishInOrder(state: SnsState, { topic, messages, span }: Messages): Promise<Published[]> {
  const byGroup = deduplicatesByGroup(topic.record)
  const { answers, chosen, rows } = await state.messages.tx(async (tx) => {
    const done = { answers: [] as Published[], chosen: [] as Recipients[], rows: [] as Added[] }
    for (const message of messages) {
      const { isFirst, ...published } = await state.deduplication.admit(tx, {
        topic: topic.name,
        scope: byGroup ? (message.groupId ?? '') : '',
        deduplicationId: message.deduplicationId ?? '',
        messageId: message.id,
        now: message.at,
      })
      done.answers.push(published)
      if (!isFirst) continue
      const ordered = { ...message, sequence: published.sequence }
      const recipients = recipientsOf(topic, ordered)
      done.chosen.push(recipients)
      for (const { record } of recipients.managed)
        done.rows.push(state.handover.promise(tx, toOne(ordered, record.id)))
    }
    return done
  })
  tell(topic, span, chosen)
  for (const each of rows) each.release()
  state.sweepSoon()
  return answers
}

function messageOf(
  state: SnsState,
  topic: HotTopic,
  of: Checked & { readonly trace: string; readonly at: number },
): Message {
  const { Message: text, Subject, MessageStructure, MessageGroupId, MessageDeduplicationId } = of.entry
  const { account, region, name } = topic.name
  return {
    account,
    region,
    topic: name,
    id: uuid(state.ports.random),
    at: of.at,
    text,
    trace: of.trace,
    ...(Subject === undefined ? {} : { subject: Subject }),
    ...(checkStructure(text, MessageStructure) ? { structured: true } : {}),
    ...(of.attributes === undefined ? {} : { attributes: of.attributes }),
    ...(MessageGroupId === undefined || MessageGroupId === '' ? {} : { groupId: MessageGroupId }),
    ...(topic.fifo
      ? { deduplicationId: MessageDeduplicationId ?? createHash('sha256').update(text).digest('hex') }
      : {}),
  }
}

/** Policies of scope MessageBody read the payload once for each subscription. */
function scan(
  state: SnsState,
  topic: HotTopic,
  of: { readonly bytes: number; readonly messages: number; readonly span: SpanScope },
): void {
  if (topic.filters === 0) return
  let scanning = 0
  for (const { filter } of topic.subscriptions.values()) if (filter?.scope === 'MessageBody') scanning++
  billScan(state.ports, topic, { bytes: of.bytes * scanning, traceId: of.span.traceId })
}
