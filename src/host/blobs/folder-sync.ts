/**
 * Makes names in folders durable. A sync of a folder covers every name made before it began, so callers that come
 * while one runs share the next one.
 */
import { open } from 'node:fs/promises'

interface Turn {
  readonly running: Promise<void>
  next: Promise<void> | undefined
}

export class FolderSync {
  readonly #turns = new Map<string, Turn>()

  /** Resolves when every name made in the folder before this call is durable. */
  sync(folder: string): Promise<void> {
    const turn = this.#turns.get(folder)
    if (turn === undefined) return this.#start(folder)
    turn.next ??= turn.running.then(() => this.#start(folder))
    return turn.next
  }

  #start(folder: string): Promise<void> {
    const running = syncOne(folder)
    const turn: Turn = { running, next: undefined }
    this.#turns.set(folder, turn)
    const over = (): void => {
      if (turn.next === undefined) this.#turns.delete(folder)
    }
    running.then(over, over)
    return running
  }
}

async function syncOne(folder: string): Promise<void> {
  const file = await open(folder, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
