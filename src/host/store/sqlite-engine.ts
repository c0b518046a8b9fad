/**
 * One SQLite file as an ordered key-value engine. Why these settings: a *rowid* table with `k` UNIQUE, because
 * WITHOUT ROWID sends rows over a quarter page to overflow pages (2 to 4 times slower near 1 KB); 8 KB pages; WAL with
 * `synchronous=NORMAL` and our own asynchronous fdatasync of the -wal file, because FULL holds the event loop for each
 * sync; `wal_autocheckpoint=0`, because a checkpoint on this thread stalls it for 60 to 80 ms (`checkpoints.ts` does it).
 *
 * The database file is never opened by hand in this process: closing any descriptor of it would drop SQLite's POSIX
 * locks. The -wal file carries no locks, so a descriptor of our own is safe there.
 */
import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { Defect } from '#base/assert.ts'
import { Trouble } from '#base/trouble.ts'
import type { Engine } from '#host/store/grouped.ts'
import { HotValues } from '#host/store/hot-values.ts'
import type { Write } from '#host/store/overlay.ts'
import { keyText } from '#host/store/sorted-map.ts'
import type { Entry, Range, Value } from '#ports/store.ts'

/** Version of the file's layout, in `user_version`. A file with a higher one was written by a newer platform. */
const FORMAT = 1
export const PAGE_BYTES = 8_192
/** Values of each file that are kept in memory beside its page cache, in bytes. */
const HOT_BYTES = 4 * 1_024 * 1_024

export interface SqliteEngineOptions {
  readonly path: string
  /** Called after each commit with the pages it may have written, for whoever decides on checkpoints. */
  readonly onCommit: (writes: number, valueBytes: number) => void
  /** `fs.fdatasync`; tests put one that fails here. */
  readonly sync?: ((fd: number, done: (error: Error | null) => void) => void) | undefined
}

interface Statements {
  readonly get: StatementSync
  readonly up: StatementSync
  readonly down: StatementSync
  readonly put: StatementSync
  readonly delete: StatementSync
  readonly begin: StatementSync
  readonly commit: StatementSync
}

export class SqliteEngine implements Engine {
  readonly path: string
  readonly #database: DatabaseSync
  readonly #statements: Statements
  readonly #options: SqliteEngineOptions
  readonly #walFd: number
  readonly #hot = new HotValues(HOT_BYTES)
  #inTransaction = false
  #writes = 0
  #valueBytes = 0

  /** Opens the file, making it when it is not there. Trouble when it is no store of ours or of a newer format. */
  constructor(options: SqliteEngineOptions) {
    this.path = options.path
    this.#options = options
    this.#database = openDatabase(options.path)
    this.#statements = prepare(this.#database)
    this.#walFd = openSync(`${options.path}-wal`, 'r+')
    fdatasyncSync(this.#walFd)
  }

  get(key: Uint8Array): Value | undefined {
    const text = keyText(key)
    const hot = this.#hot.get(text)
    if (hot !== undefined) return hot
    const row: unknown = this.#statements.get.get(key)
    if (row === undefined) return undefined
    const value = blobAt(row, 0)
    this.#hot.keep(text, value)
    return value
  }

  range(range: Range): Entry[] {
    if (range.limit <= 0) return []
    const statement = range.reverse === true ? this.#statements.down : this.#statements.up
    const rows: unknown[] = statement.all(range.from, range.to, range.limit)
    return rows.map((row) => [blobAt(row, 0), blobAt(row, 1)])
  }

  apply(writes: readonly Write[]): void {
    if (!this.#inTransaction) {
      this.#statements.begin.run()
      this.#inTransaction = true
    }
    for (const { key, text, value } of writes) {
      this.#hot.written(text, value)
      if (value === undefined) this.#statements.delete.run(key)
      else {
        this.#statements.put.run(key, value)
        this.#valueBytes += value.byteLength
      }
    }
    this.#writes += writes.length
  }

  commit(): void {
    if (!this.#inTransaction) return
    this.#statements.commit.run()
    this.#inTransaction = false
    const [writes, valueBytes] = [this.#writes, this.#valueBytes]
    this.#writes = 0
    this.#valueBytes = 0
    this.#options.onCommit(writes, valueBytes)
  }

  flush(done: (error: Error | undefined) => void): void {
    const sync = this.#options.sync ?? fdatasync
    sync(this.#walFd, (error) => done(error ?? undefined))
  }

  /** VACUUM gives the pages back; both statements go through the log and are synced here. */
  clear(): void {
    this.#hot.clear()
    this.#database.exec('DELETE FROM kv; VACUUM')
    fdatasyncSync(this.#walFd)
  }

  /** Bytes of the database file, the log not counted. */
  sizeBytes(): number {
    return numberOf(this.#database.prepare('PRAGMA page_count').get(), 'page_count') * PAGE_BYTES
  }

  /** Bound of the page cache; SQLite gives pages back at once when it shrinks. */
  cache(bytes: number): void {
    this.#database.exec(`PRAGMA cache_size = -${Math.max(64, Math.floor(bytes / 1_024))}`)
  }

  /** The last connection checkpoints and removes the log as it closes. */
  close(): void {
    closeSync(this.#walFd)
    this.#database.close()
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5_000 })
  try {
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}`)
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = NORMAL')
    database.exec('PRAGMA wal_autocheckpoint = 0')
    database.exec(`PRAGMA journal_size_limit = ${64 * 1_024 * 1_024}`)
    const format = numberOf(database.prepare('PRAGMA user_version').get(), 'user_version')
    if (format > FORMAT) throw new Error(`its format is ${format}, this platform knows ${FORMAT}`)
    if (format < FORMAT) {
      database.exec(
        `BEGIN IMMEDIATE; CREATE TABLE kv (k BLOB NOT NULL UNIQUE, v BLOB NOT NULL); PRAGMA user_version = ${FORMAT}; COMMIT`,
      )
    }
    return database
  } catch (error) {
    database.close()
    throw new Trouble(
      `The data file cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
      path,
      'Move the file away, or choose another folder with --data.',
    )
  }
}

// A zero-length blob may be bound as NULL; coalesce makes it a blob again.
function prepare(database: DatabaseSync): Statements {
  const reading = (sql: string): StatementSync => {
    const statement = database.prepare(sql)
    statement.setReturnArrays(true)
    return statement
  }
  const range = `SELECT k, v FROM kv WHERE k >= coalesce(?, x'') AND k < coalesce(?, x'') ORDER BY k`
  return {
    get: reading(`SELECT v FROM kv WHERE k = coalesce(?, x'')`),
    up: reading(`${range} LIMIT ?`),
    down: reading(`${range} DESC LIMIT ?`),
    put: database.prepare(
      `INSERT INTO kv (k, v) VALUES (coalesce(?, x''), coalesce(?, x'')) ON CONFLICT (k) DO UPDATE SET v = excluded.v`,
    ),
    delete: database.prepare(`DELETE FROM kv WHERE k = coalesce(?, x'')`),
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
  }
}

function blobAt(row: unknown, column: number): Uint8Array {
  const value: unknown = Array.isArray(row) ? row[column] : undefined
  if (value instanceof Uint8Array) return value
  throw new Defect('a column of kv is a blob')
}

function numberOf(row: unknown, column: string): number {
  const value: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, column) : undefined
  if (typeof value === 'number') return value
  throw new Defect(`${column} is a number`)
}
