/**
 * The machine of one queue: each command changes the hot state and says in effects what must be written and who must be
 * answered. Pure: time comes with the command, nothing is awaited. The shell (`queues.ts`) commits the effects before
 * any answer leaves. What is received next is `take.ts`; deduplication is `remember.ts`.
 */
import { instant } from '#base/time.ts'
import { type Attributes, settingsOf } from '#services/sqs/attributes.ts'
import {
  ATTEMPT_MS,
  DEDUPLICATION_MS,
  IN_FLIGHT_MAX,
  SEQUENCE_BLOCK,
  VISIBILITY_TOTAL_MS,
} from '#services/sqs/limits.ts'
import { type Group, Message, type Sending } from '#services/sqs/message.ts'
import {
  type Moment,
  type Poll,
  type Queue,
  type Remembered,
  type Taken,
  newOffers,
} from '#services/sqs/queue.ts'
import { forgetOld, memoryKey, recall, remember } from '#services/sqs/remember.ts'
import { groupOf, makeReady, offer, takeNext } from '#services/sqs/take.ts'

/** Lets time pass: delays and visibilities end, old messages and ids are dropped, waits end. Every command begins with it. */
export function settle(queue: Queue, moment: Moment): void {
  const { now } = moment
  for (let due = queue.waiting.popDue(now); due !== undefined; due = queue.waiting.popDue(now))
    surface(queue, due)
  expire(queue, moment)
  if (queue.isFifo) {
    forgetOld(queue, moment)
    for (const [id, attempt] of queue.attempts) {
      if (attempt.at + ATTEMPT_MS > now) break
      queue.attempts.delete(id)
    }
  }
}

/** After each command: parked receives get what there is, and those whose time is over get nothing. */
export function serve(queue: Queue, moment: Moment): void {
  for (let poll = queue.polls.first(); poll !== undefined; poll = queue.polls.first()) {
    const taken = take(queue, moment, poll)
    if (taken.length === 0) break
    endPoll(queue, poll)
    moment.effects.push({ kind: 'answered', poll, taken })
  }
  for (
    let late = queue.deadlines.popDue(moment.now);
    late !== undefined;
    late = queue.deadlines.popDue(moment.now)
  ) {
    endPoll(queue, late)
    moment.effects.push({ kind: 'answered', poll: late, taken: [] })
  }
}

/** When the queue next needs a step though nobody asks for one, or undefined. */
export function nextStep(queue: Queue): number | undefined {
  let at = queue.deadlines.peek()?.dueAt ?? Number.POSITIVE_INFINITY
  if (queue.polls.size > 0) at = Math.min(at, queue.waiting.peek()?.dueAt ?? at)
  const oldest = queue.messages.first()
  if (oldest !== undefined) at = Math.min(at, oldest.sentAt + queue.settings.retentionMs)
  const remembered = queue.remembered.first()
  if (remembered !== undefined) at = Math.min(at, memoryEnd(remembered))
  return at === Number.POSITIVE_INFINITY ? undefined : at
}

const memoryEnd = (entry: Remembered): number => entry.at + DEDUPLICATION_MS

export interface Accepted {
  readonly seq: number
  /** Of the message, or of the one that this is a duplicate of. */
  readonly id: string
}

/** Takes a message in. A duplicate within five minutes is accepted and not stored. Source: SQS developer guide, Exactly-once processing. */
export function send(queue: Queue, sending: Sending, moment: Moment): Accepted {
  const { content } = sending
  const key = queue.isFifo ? memoryKey(queue, content) : undefined
  const earlier = key === undefined ? undefined : recall(queue, key)
  if (earlier !== undefined) return { seq: earlier.seq, id: earlier.id }
  const entering = { group: content.group, sentAt: moment.now, delayMs: sending.delayMs }
  const message = enter(queue, entering, moment)
  moment.effects.push({ kind: 'stored', message, sending })
  if (key !== undefined) remember(queue, { key, seq: message.seq, id: content.id, at: moment.now }, moment)
  return { seq: message.seq, id: content.id }
}

export interface Entering {
  readonly group: string | undefined
  readonly sentAt: number
  /** Instead of the queue's. */
  readonly delayMs?: number | undefined
}

/** Makes room for a message: one that was sent, or one that comes from another queue. Its row is the caller's. */
export function enter(queue: Queue, entering: Entering, moment: Moment): Message {
  if (queue.sequence >= queue.reserved) {
    queue.reserved = queue.sequence + SEQUENCE_BLOCK
    moment.effects.push({ kind: 'recorded' })
  }
  const group = entering.group === undefined ? undefined : groupOf(queue, entering.group)
  const message = new Message(++queue.sequence, entering.sentAt, group)
  const delayMs = entering.delayMs ?? queue.settings.delayMs
  if (delayMs > 0) message.dueAt = moment.now + delayMs
  place(queue, message)
  return message
}

/** Into the hot state, as its times say: also used when the state is rebuilt from the store. */
export function place(queue: Queue, message: Message): void {
  const { group } = message
  if (group !== undefined) group.size++
  queue.messages.add(message.seq, message)
  if (message.sentAt < queue.lastSentAt) queue.early.push(message)
  else queue.lastSentAt = message.sentAt
  if (message.dueAt === 0) {
    makeReady(queue, message)
    return
  }
  const isTaken = message.flight !== undefined
  message.state = isTaken ? 'in-flight' : 'delayed'
  if (isTaken) {
    queue.inFlight++
    if (group !== undefined) group.inFlight++
  } else queue.delayed++
  queue.waiting.add(message)
}

export type ReceiveOutcome = 'answered' | 'parked' | 'over-limit'

/** Answers in an effect, now or when messages come. Short polls of a standard queue at its limit are refused. */
export function receive(queue: Queue, poll: Poll, moment: Moment): ReceiveOutcome {
  const repeated = repeat(queue, poll, moment)
  // Those who wait already come first.
  const isFirst = queue.polls.size === 0
  const taken = repeated ?? (isFirst ? take(queue, moment, poll) : [])
  if (taken.length === 0 && poll.waitMs > 0) {
    poll.dueAt = moment.now + poll.waitMs
    queue.polls.add(poll, poll)
    queue.deadlines.add(poll)
    return 'parked'
  }
  if (taken.length === 0 && !queue.isFifo && queue.inFlight >= IN_FLIGHT_MAX) return 'over-limit'
  moment.effects.push({ kind: 'answered', poll, taken })
  return 'answered'
}

/** Takes a parked receive out: its caller has gone, or it is answered. */
export function endPoll(queue: Queue, poll: Poll): void {
  queue.polls.delete(poll)
  queue.deadlines.remove(poll)
}

/** Up to `poll.max` messages, now in flight. Those received too often go to the dead-letter queue instead. */
function take(queue: Queue, moment: Moment, poll: Poll): Taken[] {
  const taken: Taken[] = []
  let group: Group | undefined
  while (taken.length < poll.max && queue.inFlight < IN_FLIGHT_MAX) {
    const message = takeNext(queue, group)
    if (message === undefined) break
    group = message.group
    if (isDead(queue, message, { moment, poll })) continue
    fly(queue, message, { now: moment.now, visibilityMs: poll.visibilityMs ?? queue.settings.visibilityMs })
    moment.effects.push({ kind: 'changed', message })
    taken.push({ message, receive: message.receives })
  }
  if (group !== undefined && group.inFlight === 0 && queue.isFifo) offer(queue, group)
  if (poll.attempt !== undefined && taken.length > 0)
    queue.attempts.set(poll.attempt, { at: moment.now, taken })
  return taken
}

function fly(queue: Queue, message: Message, at: { now: number; visibilityMs: number }): void {
  message.receives++
  message.flight = { firstAt: message.flight?.firstAt ?? at.now, takenAt: at.now }
  queue.inFlight++
  if (message.group !== undefined) message.group.inFlight++
  message.state = 'in-flight'
  message.dueAt = at.now + at.visibilityMs
  queue.waiting.add(message)
  // Visible again at once: the next step surfaces it.
}

/** Source: SQS developer guide, Dead-letter queues: moved when the receive count exceeds maxReceiveCount. */
function isDead(
  queue: Queue,
  message: Message,
  { moment, poll }: { readonly moment: Moment; readonly poll: Poll },
): boolean {
  const { redrive } = queue.settings
  if (redrive === undefined || message.receives < redrive.maxReceiveCount) return false
  if (!moment.hasQueue(redrive.target)) return false
  drop(queue, message)
  const letter = { target: redrive.target }
  poll.dead ??= []
  poll.dead.push(letter)
  moment.effects.push({ kind: 'dead', message, letter })
  return true
}

/** The answer of an earlier receive with the same attempt id, its visibility begun anew. Source: SQS API, ReceiveMessage. */
function repeat(queue: Queue, poll: Poll, moment: Moment): readonly Taken[] | undefined {
  const attempt = poll.attempt === undefined ? undefined : queue.attempts.get(poll.attempt)
  if (attempt === undefined) return undefined
  const intact = attempt.taken.every(
    ({ message, receive }) => message.state === 'in-flight' && message.receives === receive,
  )
  if (!intact) return undefined
  for (const { message } of attempt.taken) {
    queue.waiting.remove(message)
    message.dueAt = moment.now + (poll.visibilityMs ?? queue.settings.visibilityMs)
    queue.waiting.add(message)
    moment.effects.push({ kind: 'changed', message })
  }
  return attempt.taken
}

/** A delay or a visibility has ended. */
function surface(queue: Queue, message: Message): void {
  if (message.state === 'delayed') queue.delayed--
  else land(queue, message)
  makeReady(queue, message)
}

function land(queue: Queue, message: Message): void {
  queue.inFlight--
  if (message.group !== undefined) message.group.inFlight--
}

/** Out of the hot state. */
export function drop(queue: Queue, message: Message): void {
  const { group, state } = message
  queue.waiting.remove(message)
  if (state === 'delayed') queue.delayed--
  if (state === 'in-flight') land(queue, message)
  message.state = 'gone'
  message.content = undefined
  queue.messages.delete(message.seq)
  if (group === undefined) return
  group.size--
  if (group.size === 0) {
    queue.groups.delete(group.id)
    queue.aside.delete(group)
  } else if (queue.isFifo && state === 'in-flight') offer(queue, group)
}

/** Which receive of which message a handle names. */
export interface Receipt {
  readonly seq: number
  readonly receive: number
}

export type DeleteOutcome = 'deleted' | 'gone' | 'expired'

/**
 * Standard: any handle of the message does, as observed of AWS (its documentation says an old one may do nothing).
 * FIFO: only while the receive it names is in flight. A message that is gone: success. Source: SQS API, DeleteMessage.
 */
export function remove(queue: Queue, receipt: Receipt, moment: Moment): DeleteOutcome {
  const message = queue.messages.get(receipt.seq)
  if (message === undefined) return 'gone'
  if (queue.isFifo && !isUnderWay(message, receipt)) return 'expired'
  drop(queue, message)
  moment.effects.push({ kind: 'removed', message })
  return 'deleted'
}

const isUnderWay = (message: Message, { receive }: Receipt): boolean =>
  message.state === 'in-flight' && message.receives === receive

export type VisibilityOutcome = 'changed' | 'gone' | 'not-in-flight' | 'expired' | 'too-long'

/** Source: SQS API, ChangeMessageVisibility; SQS developer guide, Visibility timeout: 12 hours from the receive. */
export function changeVisibility(
  queue: Queue,
  receipt: Receipt & { readonly visibilityMs: number },
  moment: Moment,
): VisibilityOutcome {
  const message = queue.messages.get(receipt.seq)
  if (message === undefined) return 'gone'
  if (queue.isFifo && !isUnderWay(message, receipt)) return 'expired'
  if (message.state !== 'in-flight') return 'not-in-flight'
  if (moment.now + receipt.visibilityMs - (message.flight?.takenAt ?? 0) > VISIBILITY_TOTAL_MS)
    return 'too-long'
  queue.waiting.remove(message)
  message.dueAt = moment.now + receipt.visibilityMs
  if (receipt.visibilityMs === 0) surface(queue, message)
  else queue.waiting.add(message)
  moment.effects.push({ kind: 'changed', message })
  return 'changed'
}

/** Every message goes; the shell clears the rows of the generation that ends. */
export function purge(queue: Queue, generation: number, moment: Moment): void {
  for (const message of queue.messages.values()) {
    message.state = 'gone'
    message.content = undefined
  }
  queue.messages.clear()
  queue.waiting.clear()
  queue.groups.clear()
  queue.aside.clear()
  queue.attempts.clear()
  queue.early.clear()
  queue.offers = newOffers()
  queue.inFlight = 0
  queue.delayed = 0
  queue.generation = generation
  queue.purgedAt = moment.now
  moment.effects.push({ kind: 'recorded' })
}

/** Other settings. A FIFO queue's delay holds for the messages it has, a standard queue's for those to come. Source: SQS API, SetQueueAttributes. */
export function configure(queue: Queue, attributes: Attributes, moment: Moment): void {
  const before = queue.settings
  const settings = settingsOf(attributes)
  queue.attributes = attributes
  queue.settings = settings
  queue.modifiedAt = instant(moment.now)
  moment.effects.push({ kind: 'recorded' })
  if (!queue.isFifo || before.delayMs === settings.delayMs) return
  for (const message of queue.messages.values()) {
    if (message.state !== 'delayed') continue
    queue.waiting.remove(message)
    message.dueAt = message.sentAt + settings.delayMs
    queue.waiting.add(message)
    moment.effects.push({ kind: 'changed', message })
  }
}

/** Takes up to so many messages out for a move to another queue. */
export function takeOut(queue: Queue, count: number): Message[] {
  const out: Message[] = []
  let group: Group | undefined
  while (out.length < count) {
    const message = takeNext(queue, group)
    if (message === undefined) break
    group = message.group
    drop(queue, message)
    out.push(message)
  }
  if (queue.isFifo && group !== undefined) offer(queue, group)
  return out
}

/** Source: SQS API, SetQueueAttributes, MessageRetentionPeriod. */
function expire(queue: Queue, moment: Moment): void {
  const limit = moment.now - queue.settings.retentionMs
  for (
    let oldest = queue.messages.first();
    oldest !== undefined && oldest.sentAt <= limit;
    oldest = queue.messages.first()
  ) {
    drop(queue, oldest)
    moment.effects.push({ kind: 'removed', message: oldest })
  }
  for (let early = queue.early.peek(); early !== undefined; early = queue.early.peek()) {
    if (early.state !== 'gone' && early.sentAt > limit) return
    queue.early.pop()
    if (early.state === 'gone') continue
    drop(queue, early)
    moment.effects.push({ kind: 'removed', message: early })
  }
}
