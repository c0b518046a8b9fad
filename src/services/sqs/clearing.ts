/**
 * Rows of messages that a purge or a deletion left behind: cleared in small transactions, one after the other, so that
 * nobody waits for them. What is to be cleared is a row itself, so that a crash only postpones it.
 */
import type { Log } from '#ports/log.ts'
import type { Store } from '#ports/store.ts'
import type { Journal } from '#services/sqs/journal.ts'
import { CLEAR_ROWS } from '#services/sqs/limits.ts'
import type { QueueName } from '#services/sqs/names.ts'
import { type ToClear, clearRecords, ownerOf } from '#services/sqs/record.ts'
import { memoriesOf, rowsOf } from '#services/sqs/rows.ts'

interface Task {
  readonly name: QueueName
  readonly what: ToClear
}

export class Clearing {
  readonly #store: Store
  readonly #log: Log
  readonly #tasks: Task[] = []
  #running: Promise<void> | undefined

  constructor(store: Store, log: Log) {
    this.#store = store
    this.#log = log
  }

  /** Writes it down through the journal, with what it follows from, and begins when that is durable. */
  add(journal: Journal, name: QueueName, what: ToClear): void {
    journal.put(clearRecords.key(ownerOf(name), [what.generation]), clearRecords.encode(what))
    void journal.settled().then(
      () => this.resume(name, what),
      () => undefined,
    )
  }

  /** Goes on with what an earlier process wrote down. */
  resume(name: QueueName, what: ToClear): void {
    this.#tasks.push({ name, what })
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined
    })
  }

  /** Resolves when nothing is left to clear. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #work(): Promise<void> {
    try {
      for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift())
        await this.#clear(task)
    } catch (error) {
      this.#log.warn('sqs.clearing.stopped', { error: String(error) })
    }
  }

  async #clear({ name, what }: Task): Promise<void> {
    const ranges = [
      rowsOf('message', name, what.generation),
      rowsOf('taken', name, what.generation),
      rowsOf('content', name, what.generation),
      ...(what.memories === undefined ? [] : [memoriesOf(name, what.memories)]),
    ]
    for (const range of ranges) while ((await this.#some(range)) === CLEAR_ROWS);
    await this.#store.tx((tx) => tx.delete(clearRecords.key(ownerOf(name), [what.generation])))
  }

  async #some(range: { from: Uint8Array; to: Uint8Array }): Promise<number> {
    return await this.#store.tx(async (tx) => {
      const rows = await tx.range({ ...range, limit: CLEAR_ROWS })
      for (const [key] of rows) tx.delete(key)
      return rows.length
    })
  }
}
