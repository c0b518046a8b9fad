/** A message as the hot index holds it, and its content, which stays on disk. */
import type { DueHeap, Due } from '#services/sqs/due-heap.ts'
import type { Ready } from '#services/sqs/ready.ts'

/** `delayed` and `in-flight` until `dueAt`; `gone` when deleted, moved or expired. */
export type MessageState = 'ready' | 'delayed' | 'in-flight' | 'gone'

/** When a message was received: first, and last. */
export interface Flight {
  readonly firstAt: number
  readonly takenAt: number
}

/** One entry of the hot index: no body, no id. Times are instants in ms. */
export class Message implements Due {
  readonly seq: number
  readonly sentAt: number
  readonly group: Group | undefined
  state: MessageState = 'ready'
  /** End of the delay or of the visibility; 0 when ready. */
  dueAt = 0
  slot = -1
  receives = 0
  /** Undefined before the first receive: most messages of a backlog never had one. */
  flight: Flight | undefined = undefined
  /** True when a second row may be there. */
  hasContentRow = false
  /** While it is in the cache. */
  content: Content | undefined = undefined

  constructor(seq: number, sentAt: number, group: Group | undefined) {
    this.seq = seq
    this.sentAt = sentAt
    this.group = group
  }
}

/** Messages of one MessageGroupId that are in the queue. */
export interface Group {
  readonly id: string
  /** FIFO: those that may be received. Standard: those set aside while the group is noisy. */
  readonly ready: Ready
  inFlight: number
  /** All messages of the group in the queue. */
  size: number
}

export type Waiting = DueHeap<Message>

export interface ContentAttribute {
  readonly DataType: string
  readonly StringValue?: string
  /** Base64. */
  readonly BinaryValue?: string
}

/** What no decision needs: written once, read when a receive answers. */
export interface Content {
  readonly id: string
  readonly body: string
  readonly md5: string
  readonly sender: string
  readonly attributes?: Readonly<Record<string, ContentAttribute>>
  readonly attributesMd5?: string
  readonly trace?: string
  readonly group?: string
  readonly deduplicationId?: string
  /** ARN of the queue it was moved from when it was received too often. */
  readonly source?: string
  /** Receives in the queues before this one. */
  readonly receivedBefore?: number
}

/** What a caller wants in the queue. */
export interface Sending {
  readonly content: Content
  /** Bytes of body and attributes. */
  readonly bytes: number
  /** Of this message instead of the queue's. */
  readonly delayMs: number | undefined
}
