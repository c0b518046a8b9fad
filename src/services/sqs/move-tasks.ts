/**
 * Message move tasks: a dead-letter queue's messages go back to where they came from, or elsewhere, at a rate. Each step
 * takes some messages out and lets them arrive in one transaction; the task is a record, so that it goes on after a
 * restart. Source: SQS developer guide, Configure a dead-letter queue redrive; SQS API, StartMessageMoveTask.
 */
import { base64, fromBase64, strictText, utf8 } from '#base/bytes.ts'
import { uuid } from '#base/ids.ts'
import { parseJson, stringAt } from '#base/json.ts'
import { keysBelow } from '#base/key.ts'
import { Records } from '#base/records.ts'
import { later } from '#base/time.ts'
import type { Alarm } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Usage } from '#ports/usage.ts'
import {
  BATCH_MAX,
  MOVE_LIST_MAX,
  MOVE_STEP_MESSAGES,
  MOVE_STEP_MS,
  MOVE_TASK_MS,
} from '#services/sqs/limits.ts'
import { type Content, Message } from '#services/sqs/message.ts'
import { type QueueName, queueOfArn } from '#services/sqs/names.ts'
import type { Queue } from '#services/sqs/queue.ts'
import type { Queues } from '#services/sqs/queues.ts'
import { ownerOf } from '#services/sqs/record.ts'
import { place, takeOut } from '#services/sqs/step.ts'
import { groupOf } from '#services/sqs/take.ts'

export interface MoveTask {
  readonly id: string
  readonly sourceArn: string
  /** Undefined: each message goes back to the queue it came from. */
  readonly destinationArn?: string
  /** Messages a second; undefined: as fast as we like. */
  readonly rate?: number
  readonly startedAt: number
  /** At the start. */
  readonly toMove: number
  readonly status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'FAILED'
  readonly moved: number
  readonly failure?: string
}

const records = new Records<MoveTask>('move')
/** Tasks read of one account and region at the start, and kept of one source. */
const KEPT_MAX = 10_000

export interface MoveParts {
  readonly queues: Queues
  readonly usage: Usage
  readonly log: Log
}

export class MoveTasks {
  readonly #parts: MoveParts
  /** By source ARN, newest first. */
  readonly #tasks = new Map<string, MoveTask[]>()
  readonly #alarms = new Map<string, Alarm>()

  constructor(parts: MoveParts) {
    this.#parts = parts
  }

  async load(owner: Omit<QueueName, 'name'>): Promise<void> {
    const range = keysBelow(owner.account, owner.region, records.kind)
    const entries = await this.#parts.queues.store.read.range({ ...range, limit: KEPT_MAX })
    const tasks = entries.map(([, value]) => records.decode(value)).sort((a, b) => a.startedAt - b.startedAt)
    for (const task of tasks) {
      this.#keep(task)
      if (task.status === 'RUNNING') this.#plan(task)
    }
  }

  of(sourceArn: string): readonly MoveTask[] {
    return this.#tasks.get(sourceArn) ?? []
  }

  running(): number {
    return this.#alarms.size
  }

  /** Written through the journal; it begins at once. */
  start(given: Pick<MoveTask, 'sourceArn' | 'destinationArn' | 'rate' | 'toMove'>): MoveTask {
    const { queues } = this.#parts
    const startedAt = queues.clock.now()
    const task: MoveTask = { ...given, id: uuid(queues.random), startedAt, status: 'RUNNING', moved: 0 }
    this.#keep(task)
    this.#write(task)
    this.#plan(task, 0)
    return task
  }

  cancel(task: MoveTask): MoveTask {
    return this.#end(this.#current(task) ?? task, 'CANCELLED')
  }

  /** The source is deleted, and what is known of its tasks with it. */
  drop(sourceArn: string): void {
    for (const task of this.of(sourceArn)) {
      this.#alarms.get(task.id)?.cancel()
      this.#alarms.delete(task.id)
      this.#parts.queues.journal.delete(keyOf(task))
    }
    this.#tasks.delete(sourceArn)
  }

  forget(): void {
    for (const alarm of this.#alarms.values()) alarm.cancel()
    this.#alarms.clear()
    this.#tasks.clear()
  }

  #current(task: MoveTask): MoveTask | undefined {
    return this.of(task.sourceArn).find(({ id }) => id === task.id)
  }

  #keep(task: MoveTask): void {
    const others = this.of(task.sourceArn).filter(({ id }) => id !== task.id)
    const kept = [task, ...others].sort((a, b) => b.startedAt - a.startedAt)
    this.#tasks.set(task.sourceArn, kept.slice(0, MOVE_LIST_MAX))
    for (const dropped of kept.slice(MOVE_LIST_MAX)) this.#parts.queues.journal.delete(keyOf(dropped))
  }

  #write(task: MoveTask): void {
    this.#parts.queues.journal.put(keyOf(task), records.encode(task))
  }

  #update(task: MoveTask): MoveTask {
    this.#keep(task)
    this.#write(task)
    return task
  }

  #end(task: MoveTask, status: MoveTask['status'], failure?: string): MoveTask {
    this.#alarms.get(task.id)?.cancel()
    this.#alarms.delete(task.id)
    return this.#update({ ...task, status, ...(failure === undefined ? {} : { failure }) })
  }

  #plan(task: MoveTask, afterMs = paceOf(task).everyMs): void {
    const { clock } = this.#parts.queues
    const run = (): void => {
      this.#step(task).catch((error: unknown) => {
        this.#parts.log.error('sqs.move-task.defect', { error: String(error) })
        this.#end(task, 'FAILED', 'InternalFailure')
      })
    }
    this.#alarms.set(task.id, clock.wakeAt(later(clock.now(), afterMs), run))
  }

  async #step(begun: MoveTask): Promise<void> {
    const { queues } = this.#parts
    const task = this.#current(begun)
    if (task?.status !== 'RUNNING') return
    const source = queues.byArn(task.sourceArn)
    if (source === undefined) return void this.#end(task, 'FAILED', 'AWS.SimpleQueueService.NonExistentQueue')
    if (queues.clock.now() > task.startedAt + MOVE_TASK_MS) return void this.#end(task, 'FAILED', 'TimedOut')
    const messages = queues.step(source, () => takeOut(source, paceOf(task).messages))
    if (messages.length === 0) return void this.#end(task, 'COMPLETED')
    const contents = await Promise.all(messages.map(async (each) => await queues.content(source, each)))
    let moved = 0
    let failure: string | undefined
    for (const [index, message] of messages.entries()) {
      const content = contents[index]
      if (content === undefined) continue
      const target = queues.byArn(task.destinationArn ?? content.source ?? '')
      if (failure !== undefined || target === undefined) {
        failure ??= 'AWS.SimpleQueueService.NonExistentQueue'
        putBack(queues, source, message)
        continue
      }
      this.#move({ source, target, message })
      moved++
    }
    this.#meter(task, moved)
    const current = this.#current(task) ?? task
    const after = this.#update({ ...current, moved: current.moved + moved })
    if (failure !== undefined) this.#end(after, 'FAILED', failure)
    else if (after.status === 'RUNNING') this.#plan(after)
  }

  /** Moved messages are new ones: id, time and retention. Source: SQS developer guide, Dead-letter queue redrive. */
  #move({ source, target, message }: { source: Queue; target: Queue; message: Message }): void {
    const { queues } = this.#parts
    const id = uuid(queues.random)
    const change = (content: Content): Content => renewed(content, id)
    queues.arrive(target, { from: source, message, sentAt: queues.clock.now(), change })
  }

  /** As the requests a client would need: receive, send and delete, ten messages each (inferred). */
  #meter(task: MoveTask, moved: number): void {
    const source = queueOfArn(task.sourceArn)
    if (moved === 0 || source === undefined) return
    this.#parts.usage.record({
      at: this.#parts.queues.clock.now(),
      account: source.account,
      region: source.region,
      service: 'sqs',
      dimension: source.name.endsWith('.fifo') ? 'fifoRequests' : 'standardRequests',
      quantity: 3 * Math.ceil(moved / BATCH_MAX),
      unit: 'count',
      resource: task.sourceArn,
    })
  }
}

function renewed(content: Content, id: string): Content {
  const { source: _, receivedBefore: __, ...kept } = content
  return { ...kept, id }
}

function keyOf(task: MoveTask): Uint8Array {
  const name = queueOfArn(task.sourceArn)
  return records.key(name === undefined ? [] : ownerOf(name), [task.sourceArn, task.id])
}

function paceOf({ rate }: MoveTask): { everyMs: number; messages: number } {
  if (rate === undefined) return { everyMs: MOVE_STEP_MS, messages: MOVE_STEP_MESSAGES }
  const everyMs = Math.max(MOVE_STEP_MS, 1_000 / rate)
  return { everyMs, messages: Math.max(1, Math.round((rate * everyMs) / 1_000)) }
}

/** Into the hot state again; its rows never left. */
function putBack(queues: Queues, queue: Queue, message: Message): void {
  const group = message.group === undefined ? undefined : groupOf(queue, message.group.id)
  const again = new Message(message.seq, message.sentAt, group)
  again.receives = message.receives
  again.flight = message.flight
  again.hasContentRow = message.hasContentRow
  queues.step(queue, () => place(queue, again))
}

/** Opaque to callers. */
export const printHandle = ({ id, sourceArn }: MoveTask): string =>
  base64(utf8(JSON.stringify({ taskId: id, sourceArn })))

export function openHandle(handle: string): { readonly id: string; readonly sourceArn: string } | undefined {
  const parsed = parseJson(strictText(fromBase64(handle) ?? utf8('')) ?? '')
  const [id, sourceArn] = [stringAt(parsed, 'taskId'), stringAt(parsed, 'sourceArn')]
  return id === undefined || sourceArn === undefined ? undefined : { id, sourceArn }
}
