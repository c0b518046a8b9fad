/**
 * One mapping at work: polls its queue, fills batches, hands them to the function and deletes what was processed, as
 * many at once as `scaling.ts` says. A poll that waits is parked in the queue and costs nothing here; slots know nothing
 * of one another. The only code of mappings that awaits.
 */
import { Fault } from '#base/fault.ts'
import { type Instant, type Ms, later, seconds } from '#base/time.ts'
import type { FilterCriteria } from '#engines/patterns/filter-criteria.ts'
import type { Message } from '#model/sqs.ts'
import type { Alarm } from '#ports/clock.ts'
import type { SpanScope } from '#ports/spans.ts'
import { failedItems } from '#services/lambda/event-sources/batch-response.ts'
import { beginBatchSpan } from '#services/lambda/event-sources/batch-span.ts'
import { Batch, type BatchItem, type Sorted, sortMessages } from '#services/lambda/event-sources/batch.ts'
import { queueTrouble } from '#services/lambda/event-sources/faults.ts'
import type { BatchInvoke, InvokeFunction } from '#services/lambda/event-sources/invoking.ts'
import {
  BATCH_BYTES,
  BATCH_BYTES_HELD_MAX,
  MESSAGES_PER_CALL,
  POLL_SECONDS,
  THROTTLE_RETRY_MS,
} from '#services/lambda/event-sources/limits.ts'
import { SourceQueue } from '#services/lambda/event-sources/source-queue.ts'
import { type MappingRecord, mappingArn } from '#services/lambda/event-sources/record.ts'
import { scaleOf } from '#services/lambda/event-sources/scale-of.ts'
import {
  type BatchEnd,
  type PollId,
  type Scaling,
  type ScalingCommand,
  newScaling,
  step,
} from '#services/lambda/event-sources/scaling.ts'
import type { LambdaPorts } from '#services/lambda/ports.ts'

export type ConsumerPorts = Pick<LambdaPorts, 'clock' | 'random' | 'tracer' | 'api' | 'log'>

/** What batches of all mappings hold in memory, bytes of bodies. */
export interface Holding {
  bytes: number
}

/** What the mapping is about, beside its record. */
export interface ConsumerParts {
  readonly filter: FilterCriteria | undefined
  readonly lineageMark: string
  readonly invoke: InvokeFunction
  /** One for all consumers. */
  readonly holding: Holding
  /** Why the function cannot be invoked at all; undefined when it is there. */
  missing(): string | undefined | Promise<string | undefined>
}

/** A message's way from its poll to its end. */
interface Open {
  readonly id: PollId
  readonly batch: Batch
  readonly receivedAt: Instant
  /** Of all bodies that came for it. */
  bytes: number
  dropped: number
}

export class Consumer {
  /** Why nothing is processed; undefined while all is well. */
  problem: string | undefined
  readonly #ports: ConsumerPorts
  readonly #scaling: Scaling
  readonly #deleting = new Set<Promise<void>>()
  readonly #gathering = new Set<AbortController>()
  readonly #waiting = new Set<() => void>()
  #record: MappingRecord
  #parts: ConsumerParts
  #queue: SourceQueue
  #polls = new AbortController()
  #alarm: Alarm | undefined
  #stopped = false

  constructor(ports: ConsumerPorts, record: MappingRecord, parts: ConsumerParts) {
    this.#ports = ports
    this.#record = record
    this.#parts = parts
    this.#queue = new SourceQueue(ports.api, record.sourceArn)
    this.#scaling = newScaling(scaleOf(record.settings), ports.clock.now())
  }

  /** Polls and batches under way, for tests and the console. */
  get load(): { readonly polls: number; readonly batches: number; readonly pollers: number } {
    const { polls, batches, pollers } = this.#scaling
    return { polls: polls.size, batches, pollers }
  }

  start(): void {
    this.#run({ kind: 'start' })
  }

  /** Polls no more until the next start. Batches under way go on and count. */
  pause(): void {
    this.problem = undefined
    this.#run({ kind: 'stop' })
  }

  /** Other settings from now on; batches under way end with those they began with. */
  configure(record: MappingRecord, parts: ConsumerParts): void {
    this.#record = record
    this.#parts = parts
    this.problem = undefined
    this.#run({ kind: 'configure', scale: scaleOf(record.settings) })
  }

  /** For good. Batches under way go on; resolves when deletes under way are through. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#alarm?.cancel()
    this.#run({ kind: 'stop' })
    for (const wake of this.#waiting) wake()
    while (this.#deleting.size > 0) await Promise.all(this.#deleting)
  }

  #run(command: ScalingCommand): void {
    const { clock } = this.#ports
    for (const effect of step(this.#scaling, command, clock.now())) {
      switch (effect.kind) {
        case 'poll':
          void this.#slot(effect.poll)
          break
        case 'abort': {
          const aborted = this.#polls
          this.#polls = new AbortController()
          aborted.abort()
          for (const gathering of this.#gathering) gathering.abort()
          break
        }
        case 'wakeAt':
          this.#alarm?.cancel()
          this.#alarm = clock.wakeAt(effect.at, () =>
            this.#run({ kind: 'tick', crowded: this.#parts.holding.bytes > BATCH_BYTES_HELD_MAX }),
          )
          break
        default:
          effect satisfies never
      }
    }
  }

  /** What goes wrong after a stop is nobody's concern: the messages become visible again. */
  async #slot(poll: PollId): Promise<void> {
    try {
      await this.#pollOnce(poll)
    } catch (error) {
      if (!this.#stopped) throw error
    }
  }

  async #pollOnce(poll: PollId): Promise<void> {
    const { signal } = this.#polls
    const before = this.problem
    const missing = this.#parts.missing()
    const why = missing instanceof Promise ? await missing : missing
    if (why !== undefined) return this.#trouble(poll, why)
    const { settings } = this.#record
    const max = Math.min(MESSAGES_PER_CALL, settings.batchSize)
    let messages: readonly Message[]
    try {
      messages = signal.aborted ? [] : await this.#queue.receive({ max, waitSeconds: POLL_SECONDS, signal })
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return this.#trouble(poll, queueTrouble(error))
    }
    // Not a problem that came up while it waited.
    if (this.problem === before && !signal.aborted) this.problem = undefined
    if (messages.length === 0) return this.#run({ kind: signal.aborted ? 'ended' : 'empty', poll })
    const { kept, dropped } = this.#sorted(messages)
    const bytes = sizeOf(messages)
    if (kept.length === 0) {
      this.#noneKept(dropped)
      return this.#run({ kind: 'filtered', poll, bytes })
    }
    this.#drop(dropped)
    const batch = this.#newBatch()
    const open: Open = {
      id: poll,
      batch,
      receivedAt: this.#ports.clock.now(),
      bytes,
      dropped: dropped.length,
    }
    const rest = batch.add(kept)
    this.#run({ kind: 'received', poll, bytes })
    await this.#batches(open, rest)
  }

  /** Shown for as long as it lasts, and logged once it has come again. That AWS shows these words is inferred. */
  #trouble(poll: PollId, why: string): void {
    this.problem = `PROBLEM: ${why}`
    const before = this.#scaling.troubles
    this.#run({ kind: 'trouble', poll })
    if (before === 1 && this.#scaling.troubles === 2)
      this.#ports.log.warn('lambda.event-source.problem', { mapping: this.#record.id, why })
  }

  #newBatch(): Batch {
    return new Batch({ size: this.#record.settings.batchSize, bytes: BATCH_BYTES })
  }

  #sorted(messages: readonly Message[]): Sorted {
    const { sourceArn, region } = this.#record
    return sortMessages(messages, { arn: sourceArn, region }, this.#parts.filter)
  }

  /** Filtered messages are deleted at once and never seen again. */
  #drop(handles: readonly string[], span?: SpanScope): void {
    if (handles.length > 0) void this.#track(this.#queue.delete(handles, span))
  }

  /** A poll that only the filter has seen is a batch of none. */
  #noneKept(handles: readonly string[]): void {
    const span = this.#span([])
    span.set('filtered', handles.length)
    this.#drop(handles, span)
    span.end('ok')
  }

  #span(items: readonly BatchItem[]): SpanScope {
    const record = this.#record
    const { lineageMark } = this.#parts
    return beginBatchSpan(this.#ports, items, { mapping: mappingArn(record, record.id), record, lineageMark })
  }

  /** The batch, and one more for each part of it that did not fit. */
  async #batches(first: Open, left: BatchItem[]): Promise<void> {
    const { holding } = this.#parts
    holding.bytes += first.bytes
    let end: BatchEnd = 'done'
    try {
      let open = first
      let rest = [...left, ...(await this.#gather(first))]
      for (;;) {
        if ((await this.#process(open)) === 'failed') end = 'failed'
        if (rest.length === 0) break
        open = { ...open, batch: this.#newBatch(), dropped: 0 }
        rest = open.batch.add(rest)
      }
    } finally {
      holding.bytes -= first.bytes
      this.#run({ kind: 'released', end })
    }
  }

  /** Polls until the batch is full or its window is over; answers what did not fit. */
  async #gather(open: Open): Promise<BatchItem[]> {
    const { clock } = this.#ports
    const { windowSeconds } = this.#record.settings
    if (windowSeconds === 0 || open.batch.full || !this.#scaling.running) return []
    const until = later(open.receivedAt, seconds(windowSeconds))
    const over = new AbortController()
    const alarm = clock.wakeAt(until, () => over.abort())
    this.#gathering.add(over)
    try {
      while (!open.batch.full && !over.signal.aborted) {
        const waitSeconds = Math.min(POLL_SECONDS, Math.max(1, Math.ceil((until - clock.now()) / 1_000)))
        const rest = await this.#gatherOnce(open, waitSeconds, over.signal)
        if (rest.length > 0) return rest
      }
      return []
    } catch (error) {
      // The queue is gone: what there is runs.
      if (!(error instanceof Fault)) throw error
      return []
    } finally {
      alarm.cancel()
      this.#gathering.delete(over)
    }
  }

  async #gatherOnce(open: Open, waitSeconds: number, signal: AbortSignal): Promise<BatchItem[]> {
    const max = Math.min(MESSAGES_PER_CALL, open.batch.room)
    this.#run({ kind: 'gather', batch: open.id })
    let bytes = 0
    try {
      const messages = await this.#queue.receive({ max, waitSeconds, signal })
      bytes = sizeOf(messages)
      open.bytes += bytes
      this.#parts.holding.bytes += bytes
      const { kept, dropped } = this.#sorted(messages)
      this.#drop(dropped)
      open.dropped += dropped.length
      return open.batch.add(kept)
    } finally {
      this.#run({ kind: 'gathered', batch: open.id, bytes })
    }
  }

  async #process(open: Open): Promise<BatchEnd> {
    const { items } = open.batch
    const record = this.#record
    const parts = this.#parts
    const span = this.#span(items)
    span.set('filtered', open.dropped)
    const result = await this.#invoked(open, parts.invoke, span)
    const failed = failuresOf(result, items, record.settings.reportsFailures)
    const done = failed === 'all' ? [] : items.filter(({ id }) => !failed.has(id))
    const failures = items.length - done.length
    span.set('failed', failures)
    if (result.kind === 'gone') this.problem = `PROBLEM: ${result.why}`
    if (done.length > 0)
      await this.#track(
        this.#queue.delete(
          done.map(({ handle }) => handle),
          span,
        ),
      )
    span.end(failures === 0 ? 'ok' : result.kind === 'throttled' ? 'throttle' : 'error')
    return failures === 0 ? 'done' : 'failed'
  }

  /** Tries again what was throttled or came before the function was active, until the messages are about to be visible again. */
  async #invoked(open: Open, invoke: InvokeFunction, span: SpanScope): Promise<BatchInvoke> {
    const payload = open.batch.payload()
    let visibleAt: Instant | undefined
    let waitMs: Ms = THROTTLE_RETRY_MS.first
    for (let retries = 0; ; retries++) {
      const result = await invoke(span, payload)
      if (result.kind !== 'throttled' && result.kind !== 'pending') return result
      span.set('retries', retries + 1)
      if (result.kind === 'throttled') this.#run({ kind: 'throttled' })
      visibleAt ??= later(open.receivedAt, await this.#queue.visibilityMs())
      const { clock } = this.#ports
      if (this.#stopped || clock.now() + waitMs >= visibleAt) return result
      await this.#wait(waitMs)
      waitMs = Math.min(THROTTLE_RETRY_MS.last, waitMs * 2)
    }
  }

  #wait(ms: Ms): Promise<void> {
    const { clock } = this.#ports
    return new Promise((resolve) => {
      const wake = (): void => {
        alarm.cancel()
        this.#waiting.delete(wake)
        resolve()
      }
      const alarm = clock.wakeAt(later(clock.now(), ms), wake)
      this.#waiting.add(wake)
    })
  }

  #track(work: Promise<void>): Promise<void> {
    const tracked = work
      .catch((error: unknown) => {
        // The queue is gone, and its messages with it.
        if (!(error instanceof Fault) && !this.#stopped) throw error
      })
      .finally(() => this.#deleting.delete(tracked))
    this.#deleting.add(tracked)
    return tracked
  }
}

/** In characters: near enough for bounds. */
const sizeOf = (messages: readonly Message[]): number =>
  messages.reduce((sum, { Body: body }) => sum + (body?.length ?? 0), 0)

function failuresOf(
  result: BatchInvoke,
  items: readonly BatchItem[],
  reports: boolean,
): 'all' | ReadonlySet<string> {
  if (result.kind !== 'answered' || result.failed) return 'all'
  return reports ? failedItems(result.payload, new Set(items.map(({ id }) => id))) : new Set()
}
