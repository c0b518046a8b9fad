/**
 * Asynchronous invokes at work: an event is on disk before it is accepted, runs when `queue.ts` says so, and is told of
 * and deleted in one transaction when it is over. What a crash interrupts runs again. The only code here that awaits.
 */
import type { Bytes } from '#base/bytes.ts'
import { type Instant, instant } from '#base/time.ts'
import type { Alarm } from '#ports/clock.ts'
import type { Store } from '#ports/store.ts'
import {
  type Attempt,
  DEFAULT_RULES,
  type Tried,
  answerOf,
  beginAttempt,
  ownerOf,
  rulesOf,
  tryEvent,
} from '#services/lambda/events/attempt.ts'
import { Destinations, type Receivers } from '#services/lambda/events/destinations.ts'
import {
  type Condition,
  type EventCommand,
  type EventEffect,
  type EventQueue,
  type QueuedEvent,
  newEventQueue,
  step,
} from '#services/lambda/events/queue.ts'
import {
  type EventHead,
  deleteEvent,
  everyEvent,
  laneOf,
  readAnswer,
  readHead,
  readPayload,
  writeAnswer,
  writeEvent,
  writePayload,
} from '#services/lambda/events/rows.ts'
import { type InvokeRequest, spanOutcome } from '#services/lambda/invoking.ts'
import { EVENTS_BYTES_MAX, EVENTS_MAX, EVENT_BYTES_HELD_MAX } from '#services/lambda/limits.ts'
import { LATEST, type Owner, functionArn } from '#services/lambda/names.ts'
import { eventInvokeOf } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

interface Held {
  readonly head: EventHead
  readonly payload: Bytes
}

/** One attempt, from the queue's word to its end. */
interface Trying extends Attempt {
  /** The queue that it belongs to: what a later one does not know is dropped. */
  readonly queue: EventQueue
}

export class Events {
  readonly #state: LambdaState
  readonly #held = new Map<number, Held>()
  readonly #writing = new Set<Promise<void>>()
  #heldBytes = 0
  #queue = newEventQueue()
  #sequence = 0
  #alarm: Alarm | undefined
  #resuming: Promise<void> | undefined
  #resumed = false
  #stopped = false
  #opened: { readonly store: Store; readonly destinations: Destinations } | undefined

  constructor(state: LambdaState) {
    this.#state = state
  }

  /** Their own file: a backlog of events is in nobody's way. */
  get #file(): { readonly store: Store; readonly destinations: Destinations } {
    if (this.#opened === undefined) {
      const store = this.#state.ports.stores.open('invocations')
      this.#opened = { store, destinations: new Destinations(this.#state.ports, store) }
    }
    return this.#opened
  }

  /** Events that wait or run. */
  get pending(): number {
    return this.#queue.size
  }

  /** No more are taken: 429. */
  get full(): boolean {
    return this.#queue.size >= EVENTS_MAX || this.#queue.bytes >= EVENTS_BYTES_MAX
  }

  /** Reads what an earlier process left and goes on with it. Once; the first event does it if nobody else has. */
  resume(): Promise<void> {
    this.#resuming ??= this.#resume()
    return this.#resuming
  }

  async #resume(): Promise<void> {
    const queue = this.#queue
    const found: QueuedEvent[] = []
    for await (const event of everyEvent(this.#file.store.read)) found.push(event)
    await this.#file.destinations.resume()
    if (queue !== this.#queue) return
    this.#resumed = true
    for (const event of found) this.#sequence = Math.max(this.#sequence, event.sequence)
    for (const event of found) this.#run(queue, { kind: 'add', event })
    if (found.length > 0) this.#state.ports.log.info('lambda.events.resumed', { events: found.length })
  }

  /** Takes an event. It is durable when this resolves. */
  async accept(owner: Owner, name: string, request: InvokeRequest): Promise<void> {
    if (!this.#resumed) await this.resume()
    const queue = this.#queue
    const { clock } = this.#state.ports
    const { payload, requestId, clientContext, reference } = request
    const { account, region } = owner
    const head: EventHead = {
      account,
      region,
      name,
      qualifier: reference.qualifier,
      requestId,
      clientContext,
      trace: request.span.header(),
      acceptedAt: clock.wall(),
    }
    const now = clock.now()
    const event: QueuedEvent = {
      sequence: ++this.#sequence,
      lane: laneOf(head),
      sizeBytes: payload.length,
      firstAt: now,
      nextAt: now,
      failures: 0,
      throttles: 0,
    }
    await this.#file.store.tx((tx) => {
      writeEvent(tx, event, head)
      writePayload(tx, head, event.sequence, payload)
    })
    request.span.set('asyncEventsReceived', 1)
    if (queue !== this.#queue) return
    // A copy: the request's bytes are part of a larger buffer, which would stay with it.
    this.#hold(event, { head, payload: payload.slice() })
    this.#run(queue, { kind: 'add', event })
  }

  /** Forgets all events in memory; the caller empties the file. */
  async reset(): Promise<void> {
    this.#forget()
    this.#opened?.destinations.forget()
    await this.#written()
  }

  /** Begins nothing more. What has not ended runs again at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#forget()
    await this.#opened?.destinations.stop()
    await this.#written()
  }

  #forget(): void {
    this.#alarm?.cancel()
    this.#queue = newEventQueue()
    this.#held.clear()
    this.#heldBytes = 0
  }

  async #written(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing)
  }

  /** Keeps in memory what will run soon, within a bound; the rest is read again. */
  #hold(event: QueuedEvent, held: Held): void {
    if (this.#heldBytes + event.sizeBytes > EVENT_BYTES_HELD_MAX) return
    this.#held.set(event.sequence, held)
    this.#heldBytes += event.sizeBytes
  }

  #unhold(event: QueuedEvent): Held | undefined {
    const held = this.#held.get(event.sequence)
    if (held === undefined) return undefined
    this.#held.delete(event.sequence)
    this.#heldBytes -= event.sizeBytes
    return held
  }

  /** Runs one turn; what concerns an event that is over is left to the caller. */
  #run(queue: EventQueue, command: EventCommand): EventEffect[] {
    if (queue !== this.#queue || this.#stopped) return []
    const effects = step(queue, command, this.#state.ports.clock.now())
    for (const effect of effects) {
      switch (effect.kind) {
        case 'attempt':
          void this.#attempt(queue, effect.event)
          break
        case 'wakeAt':
          this.#alarm?.cancel()
          this.#alarm = this.#state.ports.clock.wakeAt(
            effect.at,
            () => void this.#run(queue, { kind: 'tick' }),
          )
          break
        case 'keep':
        case 'finish':
          break
        default:
          effect satisfies never
      }
    }
    return effects
  }

  /** What goes wrong after a stop or a reset is nobody's concern: the event is on disk, or forgotten with it. */
  async #attempt(queue: EventQueue, event: QueuedEvent): Promise<void> {
    try {
      await this.#attemptIt(queue, event)
    } catch (error) {
      if (queue === this.#queue) throw error
    }
  }

  async #attemptIt(queue: EventQueue, event: QueuedEvent): Promise<void> {
    const held = this.#unhold(event) ?? (await this.#read(event))
    if (queue !== this.#queue) return
    if (held === undefined) {
      // Its rows are gone, as after a reset: there is nothing to run.
      this.#run(queue, { kind: 'ended', sequence: event.sequence, outcome: 'gone', rules: DEFAULT_RULES })
      return
    }
    const trying: Trying = { ...(await beginAttempt(this.#state, event, held)), queue }
    const tried = await tryEvent(this.#state, trying, () =>
      this.#run(queue, { kind: 'begun', sequence: event.sequence }),
    )
    if (queue === this.#queue) this.#ended(trying, tried)
  }

  async #read(event: QueuedEvent): Promise<Held | undefined> {
    const head = await readHead(this.#file.store.read, event)
    if (head === undefined) return undefined
    const payload = await readPayload(this.#file.store.read, head, event.sequence)
    return payload === undefined ? undefined : { head, payload }
  }

  #ended(trying: Trying, tried: Tried): void {
    const { event, queue, span, record, head } = trying
    const { outcome } = tried
    const rules = rulesOf(record, head)
    const effects = this.#run(queue, { kind: 'ended', sequence: event.sequence, outcome, rules })
    for (const effect of effects) {
      if (effect.kind === 'keep') this.#write(this.#keep(trying, tried))
      if (effect.kind !== 'finish') continue
      if (effect.condition !== 'Success') span.set('asyncEventsDropped', effect.condition)
      this.#write(this.#finish(trying, tried, effect.condition))
    }
    span.end(tried.result === undefined ? 'error' : spanOutcome(tried.result), {
      bytesIn: trying.payload.length,
    })
  }

  #write(work: Promise<void>): void {
    const writing = work.finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
  }

  /** How far it has come, and the answer that a record may quote when no other run follows. */
  async #keep({ event, head }: Trying, tried: Tried): Promise<void> {
    const answer = answerOf(tried)
    await this.#file.store.tx((tx) => {
      writeEvent(tx, event, head)
      if (answer !== undefined) writeAnswer(tx, head, event.sequence, answer)
    })
  }

  async #finish(trying: Trying, tried: Tried, condition: Condition): Promise<void> {
    const { event, head, payload, span } = trying
    const success = condition === 'Success'
    const receivers = receiversOf(trying, condition)
    if (!success && receivers.destination === undefined && receivers.deadLetter === undefined)
      this.#state.ports.log.warn('lambda.event.dropped', {
        function: functionArn(ownerOf(head), head.name),
        requestId: head.requestId,
        because: condition,
      })
    const answer =
      answerOf(tried) ??
      (event.failures > 0 ? await readAnswer(this.#file.store.read, head, event.sequence) : undefined)
    const ended = {
      account: head.account,
      region: head.region,
      functionName: head.name,
      requestId: head.requestId,
      functionArn: functionArn(ownerOf(head), head.name, head.qualifier ?? LATEST),
      condition,
      invokes: event.failures + (success ? 1 : 0),
      payload,
      answer,
      at: this.#now(),
      trace: span.header(),
    }
    const added = await this.#file.store.tx((tx) => {
      deleteEvent(tx, head, event.sequence)
      return this.#file.destinations.tell(tx, ended, receivers)
    })
    for (const each of added) each.release()
  }

  #now(): Instant {
    return instant(Math.floor(this.#state.ports.clock.now()))
  }
}

const NOBODY: Receivers = { destination: undefined, deadLetter: undefined }

/** Whom the function's configuration names for such an end; a function that is gone names nobody. */
function receiversOf({ record, head, deadLetterArn }: Attempt, condition: Condition): Receivers {
  if (record === undefined || condition === 'Gone') return NOBODY
  const config = eventInvokeOf(record, head.qualifier)
  return condition === 'Success'
    ? { destination: config?.onSuccess, deadLetter: undefined }
    : { destination: config?.onFailure, deadLetter: deadLetterArn }
}
