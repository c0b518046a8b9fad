/** Bodies that are too large for the store: object bodies, function packages. Written as streams, found by id. */
export interface BlobWritten {
  readonly id: string
  readonly sizeBytes: number
  /** Lower-case hex. */
  readonly md5: string
  readonly sha256: string
}

export interface ByteRange {
  readonly start: number
  /** Included. */
  readonly end: number
}

export interface Blobs {
  /**
   * Writes all of the source and resolves when it is durable. A source that fails leaves nothing behind.
   * `each` sees every chunk as it passes, for further checksums.
   */
  write(source: AsyncIterable<Uint8Array>, each?: (chunk: Uint8Array) => void): Promise<BlobWritten>
  /** The body, or undefined when no blob has that id. */
  read(id: string, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Harmless when there is no such blob. */
  delete(id: string): Promise<void>
  /** Every id there is, in no order: for sweeps of bodies that nothing names. */
  ids(): AsyncIterable<string>
  clear(): Promise<void>
}
