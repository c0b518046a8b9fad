/**
 * The ordered key-value store. One `Store` is one file: `control` for the configuration of all services, and one
 * for each service that carries data. A transaction never crosses files.
 *
 * `tx` closures run strictly one at a time, reads inside see earlier closures and the closure's own writes, and
 * nothing of a closure that throws remains. The promise resolves when the writes are durable.
 */
export type Value = Uint8Array
export type Entry = readonly [key: Uint8Array, value: Value]

/** Half-open: `from` is included, `to` is not. */
export interface Range {
  readonly from: Uint8Array
  readonly to: Uint8Array
  /** At most this many entries; the caller always bounds it. */
  readonly limit: number
  readonly reverse?: boolean
}

export interface Read {
  get(key: Uint8Array): Value | undefined | Promise<Value | undefined>
  range(range: Range): Entry[] | Promise<Entry[]>
}

export interface Tx extends Read {
  put(key: Uint8Array, value: Value): void
  delete(key: Uint8Array): void
}

export interface Store {
  /** The last committed state. */
  readonly read: Read
  tx<R>(run: (tx: Tx) => R | Promise<R>): Promise<R>
}

/** The files of one platform, opened on first use by name (`control`, `objects`, `queues`, ...). */
export interface Stores {
  open(name: string): Store
  /** Empties every file; for `POST /_windtunnel/reset`. Waits for running transactions. */
  clear(): Promise<void>
  close(): Promise<void>
}
