/**
 * The shell of all queues: finds them, steps them, writes what the steps ask for, and answers only when that is durable.
 * A step that fills another queue (dead letters) steps that one too, in the same transaction.
 */
import { present } from '#base/assert.ts'
import { utf8 } from '#base/bytes.ts'
import type { Instant } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'
import type { Random } from '#ports/random.ts'
import type { Store, Tx } from '#ports/store.ts'
import { Agenda } from '#services/sqs/agenda.ts'
import { Clearing } from '#services/sqs/clearing.ts'
import { Contents, readContent } from '#services/sqs/contents.ts'
import { Journal } from '#services/sqs/journal.ts'
import { RECREATE_MS } from '#services/sqs/limits.ts'
import type { Content, Message } from '#services/sqs/message.ts'
import { type QueueName, queueOfArn } from '#services/sqs/names.ts'
import type { Effect, Moment, Poll, Queue } from '#services/sqs/queue.ts'
import { graveRecords, newQueue, ownerOf, queueRecords, recordOf } from '#services/sqs/record.ts'
import {
  MessageKeys,
  decodeInline,
  encodeMessage,
  encodeTaken,
  isContentApart,
  memoryKeyOf,
  patched,
} from '#services/sqs/rows.ts'
import { endPoll, enter, nextStep, purge, serve, settle } from '#services/sqs/step.ts'

export interface QueuesParts {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
}

const keyOfName = ({ account, region, name }: QueueName): string => `${account}/${region}/${name}`

export interface Arrival {
  readonly from: Queue
  readonly message: Message
  readonly sentAt: number
  /** What the content becomes in its new queue. */
  change(content: Content): Content
}

export class Queues {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly journal: Journal
  readonly contents = new Contents()
  readonly clearing: Clearing
  readonly #queues = new Map<string, Queue>()
  readonly #keys = new WeakMap<Queue, MessageKeys>()
  /** Names deleted less than a minute ago. */
  readonly #graves = new Map<string, number>()
  readonly #agenda: Agenda<Queue>
  readonly #hasQueue = (arn: string): boolean => this.byArn(arn) !== undefined
  readonly #signals = new Map<Poll, { readonly signal: AbortSignal; readonly gone: () => void }>()
  #generation = 0

  constructor({ store, clock, random }: QueuesParts) {
    this.store = store
    this.clock = clock
    this.random = random
    this.journal = new Journal(store)
    this.clearing = new Clearing(store)
    this.#agenda = new Agenda(clock, (queue) => this.step(queue, () => undefined))
  }

  get(name: QueueName): Queue | undefined {
    return this.#queues.get(keyOfName(name))
  }

  byArn(arn: string): Queue | undefined {
    const name = queueOfArn(arn)
    return name === undefined ? undefined : this.get(name)
  }

  all(): Iterable<Queue> {
    return this.#queues.values()
  }

  /** By name. */
  of({ account, region }: Omit<QueueName, 'name'>): Queue[] {
    const own = [...this.#queues.values()].filter(
      ({ name }) => name.account === account && name.region === region,
    )
    return own.sort((a, b) => (a.name.name < b.name.name ? -1 : 1))
  }

  keys(queue: Queue): MessageKeys {
    const found = this.#keys.get(queue)
    if (found !== undefined) return found
    const made = new MessageKeys(queue.name, queue.generation)
    this.#keys.set(queue, made)
    return made
  }

  nextGeneration(): number {
    return ++this.#generation
  }

  /** Takes a queue in as it was read from the store. */
  adopt(queue: Queue): void {
    this.#generation = Math.max(this.#generation, queue.generation)
    this.#queues.set(keyOfName(queue.name), queue)
  }

  /** Generations up to it were used. */
  noteGeneration(generation: number): void {
    this.#generation = Math.max(this.#generation, generation)
  }

  /**
   * One command: time passes, the command runs, parked receives are served, everything is written. What `command`
   * returns may be answered when `settled()` has resolved.
   */
  step<R>(queue: Queue, command: (moment: Moment) => R): R {
    const moment = this.#moment()
    settle(queue, moment)
    try {
      return command(moment)
    } finally {
      // Also when the command was refused: time has passed all the same.
      this.#finish(queue, moment)
    }
  }

  /** Receives that wait, of all queues. */
  get parked(): number {
    return this.#signals.size
  }

  /** A parked receive ends when its caller goes: with no answer that anybody reads. */
  park(queue: Queue, poll: Poll, signal: AbortSignal): void {
    const gone = (): void => {
      this.#signals.delete(poll)
      endPoll(queue, poll)
      poll.answer([])
    }
    if (signal.aborted) {
      gone()
      return
    }
    this.#signals.set(poll, { signal, gone })
    signal.addEventListener('abort', gone, { once: true })
  }

  #unpark(poll: Poll): void {
    const parked = this.#signals.get(poll)
    if (parked === undefined) return
    this.#signals.delete(poll)
    parked.signal.removeEventListener('abort', parked.gone)
  }

  /** Resolves when all that was stepped so far is durable. */
  settled(): Promise<void> {
    return this.journal.settled()
  }

  /** Sets the agenda, for a queue that was adopted. */
  schedule(queue: Queue): void {
    this.#agenda.set(queue, nextStep(queue))
  }

  /** A message of another queue arrives, its content copied in the transaction. */
  arrive(queue: Queue, arrival: Arrival): Message {
    return this.step(queue, (moment) => this.#arrive(queue, arrival, moment))
  }

  async content(queue: Queue, message: Message): Promise<Content | undefined> {
    return await readContent(this.store.read, this.keys(queue), message)
  }

  create(birth: Omit<Parameters<typeof newQueue>[0], 'now' | 'secret' | 'generation'>): Queue {
    const queue = newQueue({
      ...birth,
      now: this.clock.now(),
      secret: this.random.below(0xffff_ffff),
      generation: this.nextGeneration(),
    })
    this.#queues.set(keyOfName(queue.name), queue)
    this.#graves.delete(keyOfName(queue.name))
    this.record(queue)
    return queue
  }

  /** Writes the queue's record. */
  record(queue: Queue): void {
    const { name } = queue
    this.journal.put(queueRecords.key(ownerOf(name), [name.name]), queueRecords.encode(recordOf(queue)))
  }

  /** When a queue of that name was deleted, if its name is not free yet. */
  grave(name: QueueName): Instant | undefined {
    const at = this.#graves.get(keyOfName(name))
    const now = this.clock.now()
    if (at === undefined) return undefined
    if (at + RECREATE_MS > now) return now
    this.#graves.delete(keyOfName(name))
    this.journal.delete(graveRecords.key(ownerOf(name), [name.name]))
    return undefined
  }

  bury(name: QueueName, at: number): void {
    this.#graves.set(keyOfName(name), at)
  }

  delete(queue: Queue): void {
    const { name } = queue
    const now = this.clock.now()
    this.step(queue, (moment) => {
      purge(queue, queue.generation, moment)
      for (let poll = queue.polls.first(); poll !== undefined; poll = queue.polls.first()) {
        endPoll(queue, poll)
        moment.effects.push({ kind: 'answered', poll, taken: [] })
      }
      queue.deleted = true
    })
    this.#agenda.set(queue, undefined)
    this.#queues.delete(keyOfName(name))
    this.bury(name, now)
    this.journal.delete(queueRecords.key(ownerOf(name), [name.name]))
    this.journal.put(graveRecords.key(ownerOf(name), [name.name]), graveRecords.encode({ at: now }))
    this.clearing.add(this.journal, name, { generation: queue.generation, memories: queue.secret })
  }

  purge(queue: Queue): void {
    const ended = queue.generation
    this.step(queue, (moment) => purge(queue, this.nextGeneration(), moment))
    this.#keys.delete(queue)
    this.clearing.add(this.journal, queue.name, { generation: ended, memories: undefined })
  }

  /** Everything in memory goes; parked receives are answered. */
  forget(): void {
    this.#agenda.clear()
    const queues = [...this.#queues.values()]
    this.#queues.clear()
    this.#graves.clear()
    this.contents.clear()
    this.journal.forget()
    for (const queue of queues) {
      queue.deleted = true
      for (const poll of queue.polls.values()) {
        this.#unpark(poll)
        poll.answer([])
      }
    }
  }

  #moment(): Moment {
    return { now: this.clock.now(), effects: [], hasQueue: this.#hasQueue }
  }

  #finish(queue: Queue, moment: Moment): void {
    serve(queue, moment)
    for (const effect of moment.effects) this.#apply(queue, effect)
    if (!queue.deleted) this.schedule(queue)
  }

  #apply(queue: Queue, effect: Effect): void {
    const { journal } = this
    const keys = this.keys(queue)
    switch (effect.kind) {
      case 'stored': {
        const { message, sending } = effect
        const { row, content } = encodeMessage(message, sending.content)
        journal.put(keys.of('message', message.seq), row)
        if (content !== undefined) {
          message.hasContentRow = true
          journal.put(keys.of('content', message.seq), content)
        }
        this.contents.keep(message, sending.content)
        return
      }
      case 'changed':
        return this.#patch(keys.of('message', effect.message.seq), effect.message)
      case 'removed':
        return this.#deleteRows(keys, effect.message)
      case 'dead':
        return this.#bury(queue, effect)
      case 'remembered': {
        const { key, seq, id, at } = effect.entry
        return journal.put(memoryKeyOf(queue.name, queue.secret, key), memoryRow({ seq, id, at }))
      }
      case 'forgotten':
        return journal.delete(memoryKeyOf(queue.name, queue.secret, effect.key))
      case 'answered': {
        const { poll, taken } = effect
        this.#unpark(poll)
        if (taken.length === 0) poll.answer(taken)
        else
          void this.settled().then(
            () => poll.answer(taken),
            (error: unknown) => poll.refuse(error),
          )
        return
      }
      case 'recorded':
        return this.record(queue)
    }
  }

  #deleteRows(keys: MessageKeys, message: Message): void {
    this.journal.delete(keys.of('message', message.seq))
    if (message.hasContentRow) this.journal.delete(keys.of('content', message.seq))
  }

  /**
   * Writes the row anew where its content is at hand. Else it is read, changed and written in the transaction, and its
   * content kept for the answer that follows.
   */
  #patch(key: Uint8Array, message: Message): void {
    if (message.content !== undefined && !message.hasContentRow)
      return this.journal.put(key, encodeMessage(message, message.content).row)
    const taken = encodeTaken(message)
    const change = (tx: Tx, row: Uint8Array | undefined): void => {
      if (row === undefined) return
      tx.put(key, patched(row, taken))
      const isWanted = message.content === undefined && message.state === 'in-flight'
      if (isWanted && !isContentApart(row)) this.contents.keep(message, decodeInline(row))
    }
    this.journal.run((tx) => {
      const row = tx.get(key)
      return row instanceof Promise ? row.then((found) => change(tx, found)) : change(tx, row)
    })
  }

  /** Source: SQS developer guide, Dead-letter queues: a standard message keeps its time, a FIFO one begins anew. */
  #bury(queue: Queue, effect: Effect & { kind: 'dead' }): void {
    const { message, letter } = effect
    const into = present(this.byArn(letter.target), 'the step has looked for the dead-letter queue')
    const sentAt = into.isFifo ? this.clock.now() : message.sentAt
    this.arrive(into, {
      from: queue,
      message,
      sentAt,
      change: (content) => {
        letter.trace = content.trace
        return {
          ...content,
          source: queue.arn,
          receivedBefore: (content.receivedBefore ?? 0) + message.receives,
          ...(into.isFifo ? { deduplicationId: content.id } : {}),
        }
      },
    })
  }

  #arrive(queue: Queue, arrival: Arrival, moment: Moment): Message {
    const { from, message: before, sentAt } = arrival
    const message = enter(queue, { group: before.group?.id, sentAt, delayMs: 0 }, moment)
    message.hasContentRow = true
    const copying = { oldKeys: this.keys(from), newKeys: this.keys(queue), before, message, arrival }
    this.journal.run(async (tx) => await copyRow(tx, copying))
    this.#deleteRows(copying.oldKeys, before)
    return message
  }
}

interface Copying {
  readonly oldKeys: MessageKeys
  readonly newKeys: MessageKeys
  readonly before: Message
  readonly message: Message
  readonly arrival: Arrival
}

async function copyRow(tx: Tx, { oldKeys, newKeys, before, message, arrival }: Copying): Promise<void> {
  const content = await readContent(tx, oldKeys, before)
  if (content === undefined) return
  const copy = encodeMessage(message, arrival.change(content))
  tx.put(newKeys.of('message', message.seq), copy.row)
  if (copy.content !== undefined) tx.put(newKeys.of('content', message.seq), copy.content)
}

const memoryRow = (row: { seq: number; id: string; at: number }): Uint8Array => utf8(JSON.stringify(row))
