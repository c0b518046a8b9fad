/**
 * The durable stores of one data folder: one SQLite file for each name, one lock on the folder, one page-cache budget
 * and one checkpoint thread for the process. Start after a crash is an ordinary start: SQLite reads its log.
 * Not here: what a transaction is (`grouped.ts`), the file's layout (`sqlite-engine.ts`).
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '#base/assert.ts'
import type { Trouble } from '#base/trouble.ts'
import { shareCache } from '#host/store/cache-share.ts'
import { Checkpoints, CheckpointThread } from '#host/store/checkpoints.ts'
import { lockFolder } from '#host/store/folder-lock.ts'
import { GroupedStore, type Pace } from '#host/store/grouped.ts'
import { SqliteEngine, type SqliteEngineOptions } from '#host/store/sqlite-engine.ts'
import type { Log } from '#ports/log.ts'
import type { Store, Stores } from '#ports/store.ts'

/** Page cache of all files together, in bytes, unless the caller says otherwise. */
export const CACHE_BYTES = 64 * 1_024 * 1_024

export interface StoresOptions {
  /** Made when it is not there. */
  readonly folder: string
  readonly cacheBytes?: number
  readonly log: Log
  /**
   * Called once when a write or a sync has failed. Everything under way is refused by then; the caller ends the
   * process, because a second sync may report success for pages that were lost.
   */
  readonly fatal: (trouble: Trouble) => void
  /** `fs.fdatasync`; tests put one that fails here. */
  readonly sync?: SqliteEngineOptions['sync']
}

interface OpenFile {
  readonly store: GroupedStore
  readonly engine: SqliteEngine
  readonly checkpoints: Checkpoints
}

const PACE: Pace = {
  soon: (run) => {
    setImmediate(run)
  },
  elapsedMs: () => performance.now(),
}

/** Trouble when another platform works in the folder, or when a file there is not ours. */
export async function openStores(options: StoresOptions): Promise<Stores> {
  mkdirSync(options.folder, { recursive: true })
  return new SqliteStores(options)
}

class SqliteStores implements Stores {
  readonly #options: StoresOptions
  readonly #lock: ReturnType<typeof lockFolder>
  readonly #thread = new CheckpointThread()
  readonly #files = new Map<string, OpenFile>()
  #dead = false
  #closed: Promise<void> | undefined

  constructor(options: StoresOptions) {
    this.#options = options
    this.#lock = lockFolder(options.folder)
  }

  open(name: string): Store {
    return this.#file(name).store
  }

  /** Files of this folder that were not opened yet are emptied too. */
  async clear(): Promise<void> {
    for (const file of readdirSync(this.#options.folder))
      if (file.endsWith('.db')) this.#file(file.slice(0, -3))
    await Promise.all([...this.#files.values()].map(({ store }) => store.clear()))
  }

  /** Waits for every transaction; the folder is free afterwards. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    for (const { store, checkpoints, engine } of this.#files.values()) {
      await store.idle()
      await checkpoints.idle()
      if (this.#thread.started) await this.#thread.run(engine.path, 'close')
      await store.close()
    }
    await this.#thread.close()
    this.#lock.release()
  }

  #file(name: string): OpenFile {
    const found = this.#files.get(name)
    if (found !== undefined) return found
    assert(/^[a-z][a-z-]*$/.test(name), 'a store has a plain lower-case name')
    assert(this.#closed === undefined, 'the stores are open')
    const file = this.#openFile(name)
    this.#files.set(name, file)
    this.#shareCache()
    return file
  }

  #openFile(name: string): OpenFile {
    const { folder, log, sync } = this.#options
    const engine = new SqliteEngine({
      path: join(folder, `${name}.db`),
      onCommit: (writes, valueBytes) => checkpoints.note(writes, valueBytes),
      sync,
    })
    syncFolder(folder)
    const store = new GroupedStore({ name, engine, pace: PACE, fatal: (trouble) => this.#end(trouble) })
    const checkpoints = new Checkpoints({
      path: engine.path,
      run: this.#thread.run,
      hold: () => store.hold(),
      release: () => store.release(),
      done: () => this.#shareCache(),
      failed: (error) => store.end(error),
      log,
    })
    return { store, engine, checkpoints }
  }

  /** Not while they close: a checkpoint of one file may end when others are closed already. */
  #shareCache(): void {
    if (this.#dead || this.#closed !== undefined) return
    const files = [...this.#files.values()]
    const sizes = files.map(({ engine }) => Math.max(engine.sizeBytes(), 1_024 * 1_024))
    const shares = shareCache(this.#options.cacheBytes ?? CACHE_BYTES, sizes)
    for (const [index, { engine }] of files.entries()) engine.cache(shares[index] ?? 0)
  }

  /** One file's failure is the platform's: the others stop acknowledging too. */
  #end(trouble: Trouble): void {
    if (this.#dead) return
    this.#dead = true
    for (const { store } of this.#files.values()) store.end(trouble)
    this.#options.log.error('store.failed', { what: trouble.message, thing: trouble.thing })
    this.#options.fatal(trouble)
  }
}

/** Makes the names in a folder durable. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
