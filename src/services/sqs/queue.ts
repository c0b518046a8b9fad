/** The hot state of one queue: what `step.ts` and its parts work on. Nothing here is written or read elsewhere. */
import type { Instant } from '#base/time.ts'
import type { Attributes, QueueSettings } from '#services/sqs/attributes.ts'
import { Heap } from '#base/heap.ts'
import { type Due, DueHeap } from '#services/sqs/due-heap.ts'
import { Line } from '#services/sqs/line.ts'
import type { Group, Message, Sending } from '#services/sqs/message.ts'
import { type QueueName, arnOf } from '#services/sqs/names.ts'
import { Ready } from '#services/sqs/ready.ts'

/** A message as one receive got it. */
export interface Taken {
  readonly message: Message
  /** How many times it was received then. */
  readonly receive: number
}

/** A message that a receive moved. */
export interface DeadLetter {
  /** ARN of the dead-letter queue. */
  readonly target: string
  /** The message's AWSTraceHeader, known when the move is durable. */
  trace?: string | undefined
}

/** A receive: answered at once, or parked until messages come, its time is over or its caller goes. */
export interface Poll extends Due {
  readonly max: number
  /** Undefined: the queue's. */
  readonly visibilityMs: number | undefined
  /** 0: never parked. */
  readonly waitMs: number
  readonly attempt: string | undefined
  /** What this receive sent to the dead-letter queue instead of answering it. */
  dead?: DeadLetter[]
  /** Called once, by the shell. */
  answer(taken: readonly Taken[]): void
  /** When what it got could not be written. */
  refuse(error: unknown): void
}

export interface Remembered {
  readonly key: string
  readonly seq: number
  readonly id: string
  readonly at: number
}

/** What a ReceiveRequestAttemptId got. */
export interface Attempt {
  readonly at: number
  readonly taken: readonly Taken[]
}

export interface Offer {
  readonly seq: number
  readonly group: Group
}

export interface Queue extends Due {
  readonly name: QueueName
  readonly arn: string
  readonly isFifo: boolean
  readonly createdAt: Instant
  modifiedAt: Instant
  /** What was set, as text; `settings` is read from it. */
  attributes: Attributes
  settings: QueueSettings
  tags: Readonly<Record<string, string>>
  /** Of receipt handles: another queue's are refused. */
  readonly secret: number
  /** Rows of messages carry it; a purge begins another. */
  generation: number
  sequence: number
  /** Sequence numbers below it were reserved durably. */
  reserved: number
  purgedAt: number
  deleted: boolean
  /** In the order they came. */
  readonly messages: Line<number, Message>
  /** Standard: what may be received. FIFO keeps it by group. */
  readonly ready: Ready
  readonly waiting: DueHeap<Message>
  inFlight: number
  delayed: number
  readonly groups: Map<string, Group>
  /** Standard: groups with messages set aside. */
  readonly aside: Set<Group>
  /** FIFO: groups by their oldest message; checked when taken, so that stale offers do no harm. */
  offers: Heap<Offer>
  /** By deduplication id, with the group where the scope is the group. Oldest first. */
  readonly remembered: Line<string, Remembered>
  readonly attempts: Map<string, Attempt>
  readonly polls: Line<Poll, Poll>
  readonly deadlines: DueHeap<Poll>
  /** Messages that came with an older time than one before them, from a dead-letter move. */
  readonly early: Heap<Message>
  lastSentAt: number
}

export type QueueBirth = Pick<
  Queue,
  'name' | 'isFifo' | 'createdAt' | 'attributes' | 'settings' | 'tags' | 'secret' | 'generation'
>

export function emptyQueue(birth: QueueBirth): Queue {
  return {
    ...birth,
    arn: arnOf(birth.name),
    modifiedAt: birth.createdAt,
    sequence: 0,
    reserved: 0,
    purgedAt: 0,
    deleted: false,
    dueAt: 0,
    slot: -1,
    messages: new Line(),
    ready: new Ready(),
    waiting: new DueHeap(),
    inFlight: 0,
    delayed: 0,
    groups: new Map(),
    aside: new Set(),
    offers: newOffers(),
    remembered: new Line(),
    attempts: new Map(),
    polls: new Line(),
    deadlines: new DueHeap(),
    early: new Heap((a, b) => a.sentAt - b.sentAt),
    lastSentAt: 0,
  }
}

export const newOffers = (): Heap<Offer> => new Heap((a, b) => a.seq - b.seq)

/** Messages that could be received now; those of blocked groups count too. */
export const visibleCount = (queue: Queue): number => queue.messages.size - queue.inFlight - queue.delayed

/** What a step asks of the shell, in this order. */
export type Effect =
  | { readonly kind: 'stored'; readonly message: Message; readonly sending: Sending }
  /** Visibility and counts of a message have changed. */
  | { readonly kind: 'changed'; readonly message: Message }
  | { readonly kind: 'removed'; readonly message: Message }
  /** Received too often: it goes to the dead-letter queue with that ARN. */
  | { readonly kind: 'dead'; readonly message: Message; readonly letter: DeadLetter }
  | { readonly kind: 'remembered'; readonly entry: Remembered }
  | { readonly kind: 'forgotten'; readonly key: string }
  | { readonly kind: 'answered'; readonly poll: Poll; readonly taken: readonly Taken[] }
  /** The queue's record has changed. */
  | { readonly kind: 'recorded' }

/** One step: when it happens, what it asks for, and which dead-letter queues there are. */
export interface Moment {
  readonly now: number
  readonly effects: Effect[]
  readonly hasQueue: (arn: string) => boolean
}
