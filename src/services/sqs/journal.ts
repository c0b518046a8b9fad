/**
 * The shell's one way to the store: what all commands of one turn of the event loop have written becomes one
 * transaction. Its closure runs behind the turn, so that it finds everything that came until then.
 */
import type { Bytes } from '#base/bytes.ts'
import type { Store, Tx } from '#ports/store.ts'

type Job = (tx: Tx) => void | Promise<void>

interface Write {
  readonly key: Bytes
  /** Undefined: delete. */
  readonly value: Bytes | undefined
}

export class Journal {
  readonly #store: Store
  #writes: (Write | Job)[] = []
  #open = false
  #last: Promise<void> = Promise.resolve()

  constructor(store: Store) {
    this.#store = store
  }

  put(key: Bytes, value: Bytes): void {
    this.#add({ key, value })
  }

  delete(key: Bytes): void {
    this.#add({ key, value: undefined })
  }

  /** For what must be read before it is written. */
  run(job: Job): void {
    this.#add(job)
  }

  /** Resolves when everything up to this moment is durable. */
  settled(): Promise<void> {
    return this.#last
  }

  /** Forgets what was not begun: the files are about to be emptied. */
  forget(): void {
    this.#writes = []
  }

  #add(write: Write | Job): void {
    this.#writes.push(write)
    if (this.#open) return
    this.#open = true
    this.#last = this.#store.tx((tx) => {
      const writes = this.#writes
      this.#writes = []
      this.#open = false
      return apply(writes, tx)
    })
    // Whoever waits is refused; a store that fails ends the process by itself.
    this.#last.catch(() => undefined)
  }
}

function apply(writes: readonly (Write | Job)[], tx: Tx): void | Promise<void> {
  for (const [index, write] of writes.entries()) {
    if (typeof write !== 'function') {
      if (write.value === undefined) tx.delete(write.key)
      else tx.put(write.key, write.value)
      continue
    }
    const pending = write(tx)
    if (pending !== undefined) return pending.then(() => apply(writes.slice(index + 1), tx))
  }
}
