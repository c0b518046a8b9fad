/**
 * The store of `--memory` and of services' tests: everything in one ordered map, gone with the process. Same line of
 * closures as the durable engine (`grouped.ts`), served in microtasks, so that no test waits for a turn of the loop.
 */
import { type Engine, GroupedStore, type Pace } from '#host/store/grouped.ts'
import { keyBytes, keyText, SortedMap } from '#host/store/sorted-map.ts'
import type { Write } from '#host/store/overlay.ts'
import type { Entry, Range, Store, Stores, Value } from '#ports/store.ts'

/** Entries in memory: what the in-memory and the fault-injecting engine read. Values are copied in, shared out. */
export class MemoryEntries {
  readonly #entries = new SortedMap<Value>()

  get size(): number {
    return this.#entries.size
  }

  get(key: Uint8Array): Value | undefined {
    return this.#entries.get(keyText(key))
  }

  range(range: Range): Entry[] {
    const found = this.#entries.slice({
      from: keyText(range.from),
      to: keyText(range.to),
      limit: range.limit,
      reverse: range.reverse ?? false,
    })
    return found.map(([key, value]) => [keyBytes(key), value])
  }

  apply(writes: readonly Write[]): void {
    for (const { text, value } of writes) {
      if (value === undefined) this.#entries.delete(text)
      else this.#entries.set(text, new Uint8Array(value))
    }
  }

  /** Every entry, as writes that make the same map. */
  all(): Write[] {
    return this.#entries.entries().map(([text, value]) => ({ key: keyBytes(text), text, value }))
  }

  clear(): void {
    this.#entries.clear()
  }
}

class MemoryEngine extends MemoryEntries implements Engine {
  commit(): void {
    // Applied is committed: there is no file.
  }

  flush(done: (error: Error | undefined) => void): void {
    queueMicrotask(() => done(undefined))
  }

  close(): void {
    this.clear()
  }
}

/** Every 64th group yields to the event loop. Groups close by count alone, so that one seed gives one order of things. */
function memoryPace(): Pace {
  let inRow = 0
  return {
    soon: (run) => {
      inRow = (inRow + 1) % 64
      if (inRow === 0) setImmediate(run)
      else queueMicrotask(run)
    },
    elapsedMs: () => 0,
  }
}

/** Stores without files. Nothing can fail, nothing survives `close`. */
export function memoryStores(): Stores {
  const open = new Map<string, GroupedStore>()
  return {
    open: (name): Store => {
      const found = open.get(name)
      if (found !== undefined) return found
      const store = new GroupedStore({
        name,
        engine: new MemoryEngine(),
        pace: memoryPace(),
        fatal: (trouble) => {
          throw trouble
        },
      })
      open.set(name, store)
      return store
    },
    clear: async () => {
      await Promise.all([...open.values()].map((store) => store.clear()))
    },
    close: async () => {
      await Promise.all([...open.values()].map((store) => store.close()))
    },
  }
}
