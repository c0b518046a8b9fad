/**
 * Rows of messages that a purge or a deletion left behind: cleared in small transactions, one after the other, so that
 * nobody waits for them. What is to be cleared is a row itself, so that a crash only postpones it.
 */
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
  readonly #tasks: Task[] = []
  #running: Promise<void> | undefined
  #stopped = false

  constructor(store: Store) {
    this.#store = store
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
    if (this.#stopped) return
    this.#tasks.push({ name, what })
    this.#running ??= this.#work().then(
      () => {
        this.#running = undefined
      },
      // A store that fails ends the process by itself; the next one goes on.
      () => undefined,
    )
  }

  /** Resolves when nothing is left to clear. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  /** Ends after the transaction that is under way; what is left goes on with the next process. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#tasks.length = 0
    await this.#running
  }

  async #work(): Promise<void> {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift())
      await this.#clear(task)
  }

  async #clear({ name, what }: Task): Promise<void> {
    const ranges = [
      rowsOf('message', name, what.generation),
      rowsOf('content', name, what.generation),
      ...(what.memories === undefined ? [] : [memoriesOf(name, what.memories)]),
    ]
    for (const range of ranges) {
      while ((await this.#some(range)) === CLEAR_ROWS) if (this.#stopped) return
      if (this.#stopped) return
    }
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
