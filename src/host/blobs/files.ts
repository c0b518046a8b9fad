/**
 * Bodies on disk. A large one is streamed to a temporary file, synced, renamed into its place and its folder synced,
 * before its id is told; a small one (most objects of most applications) is a value in a store, where one group commit
 * makes many durable: new files sync at about 1,500 a second, group commits at ten times that.
 *
 * Ids are `f` (file) or `s` (small), the run of the platform and a count: never met twice. A body whose owner never
 * committed its id stays until its owner sweeps (`ids`); only half-written ones are swept here, at the start.
 */
import { mkdir, open, readdir, rename, rm, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { concat, type Lender } from '#base/bytes.ts'
import { keyOf, keysBelow, partsOf } from '#base/key.ts'
import { Trouble } from '#base/trouble.ts'
import { BodyCount, once } from '#host/blobs/body.ts'
import { FolderSync } from '#host/blobs/folder-sync.ts'
import { nextRun } from '#host/blobs/run-number.ts'
import type { Blobs, BlobWritten, ByteRange } from '#ports/blobs.ts'
import type { Store } from '#ports/store.ts'

export interface FileBlobsOptions {
  /** Made when it is not there. The data folder's lock covers it. */
  readonly folder: string
  /** Where small bodies go, such as `stores.open('blobs')`; it is this one's alone. Without it all bodies are files. */
  readonly small?: Store
  /** Largest small body, in bytes; 32 KB unless said. */
  readonly smallMax?: number
}

/** Files in one folder; a new one is begun after so many, so that none grows without bound and syncs are shared. */
const FILES_PER_FOLDER = 1_000
const READ_BYTES = 256 * 1_024
const NOTHING = new Uint8Array(0)

/** `write` throws Trouble when the disk fails; nothing of the body remains then. */
export async function fileBlobs(options: FileBlobsOptions): Promise<Blobs> {
  const temporary = join(options.folder, 'half-written')
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  return new FileBlobs(options, temporary, await nextRun(options.folder))
}

class FileBlobs implements Blobs {
  readonly #options: FileBlobsOptions
  readonly #temporary: string
  readonly #run: number
  readonly #folders = new FolderSync()
  readonly #made = new Map<string, Promise<void>>()
  #count = 0

  constructor(options: FileBlobsOptions, temporary: string, run: number) {
    this.#options = options
    this.#temporary = temporary
    this.#run = run
  }

  async write(source: AsyncIterable<Uint8Array>, each?: (chunk: Uint8Array) => void): Promise<BlobWritten> {
    const number = this.#count++
    const count = new BodyCount()
    const chunks = source[Symbol.asyncIterator]()
    const begun: Uint8Array[] = []
    const smallMax = this.#options.small === undefined ? -1 : (this.#options.smallMax ?? 32 * 1_024)
    try {
      while (count.sizeBytes <= smallMax) {
        const next = await chunks.next()
        if (next.done === true) return await this.#writeSmall(number, concat(begun), count)
        count.add(next.value)
        each?.(next.value)
        begun.push(next.value)
      }
    } catch (error) {
      await chunks.return?.()
      throw error
    }
    return this.#writeFile(number, rest(begun, chunks, { count, each }), count)
  }

  async read(id: string, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined> {
    if (!ID.test(id)) return undefined
    if (id.startsWith('s')) {
      const body = await this.#options.small?.read.get(keyOf('blob', id))
      if (body === undefined) return undefined
      return once(range === undefined ? body : body.subarray(range.start, range.end + 1))
    }
    const file = await open(this.#path(id), 'r').catch(undefinedIfMissing)
    if (file === undefined) return undefined
    return readFrom(file, range)
  }

  async delete(id: string): Promise<void> {
    if (!ID.test(id)) return
    if (id.startsWith('s')) await this.#options.small?.tx((tx) => tx.delete(keyOf('blob', id)))
    else await unlink(this.#path(id)).catch(undefinedIfMissing)
  }

  async *ids(): AsyncIterable<string> {
    const { folder, small } = this.#options
    for (const name of await readdir(folder))
      if (name.startsWith('f')) yield* await readdir(join(folder, name))
    if (small === undefined) return
    let { from, to } = keysBelow('blob')
    for (;;) {
      const page = await small.read.range({ from, to, limit: 100 })
      for (const [key] of page) yield String(partsOf(key)[1])
      const last = page.at(-1)
      if (last === undefined) return
      from = concat([last[0], Uint8Array.of(0)])
    }
  }

  /** Bodies that are being written meanwhile may stay. */
  async clear(): Promise<void> {
    const { folder, small } = this.#options
    this.#made.clear()
    for (const name of await readdir(folder)) {
      if (name.startsWith('f')) await rm(join(folder, name), { recursive: true, force: true })
    }
    for (;;) {
      const found = (await small?.read.range({ ...keysBelow('blob'), limit: 1_000 })) ?? []
      if (found.length === 0) return
      await small?.tx((tx) => {
        for (const [key] of found) tx.delete(key)
      })
    }
  }

  async #writeSmall(number: number, body: Uint8Array, count: BodyCount): Promise<BlobWritten> {
    const id = `s${this.#run}-${number}`
    await this.#options.small?.tx((tx) => tx.put(keyOf('blob', id), body))
    return { id, sizeBytes: count.sizeBytes, ...count.digests() }
  }

  async #writeFile(number: number, body: AsyncIterable<Uint8Array>, count: BodyCount): Promise<BlobWritten> {
    const id = `f${this.#run}-${number}`
    const half = join(this.#temporary, id)
    try {
      const file = await open(half, 'wx')
      try {
        for await (const chunk of body) await writeAll(file, chunk)
        await file.datasync()
      } finally {
        await file.close()
      }
      const path = this.#path(id)
      await this.#make(dirname(path))
      await rename(half, path)
      await this.#folders.sync(dirname(path))
    } catch (error) {
      await rm(half, { force: true })
      throw isOfTheDisk(error)
        ? new Trouble(
            `A body could not be written: ${error.message}`,
            this.#options.folder,
            'See that the disk has space and works, then try again.',
          )
        : error
    }
    return { id, sizeBytes: count.sizeBytes, ...count.digests() }
  }

  #path(id: string): string {
    const [run = '', number = ''] = id.split('-')
    return join(this.#options.folder, `${run}-${Math.floor(Number(number) / FILES_PER_FOLDER)}`, id)
  }

  #make(folder: string): Promise<void> {
    const made =
      this.#made.get(folder) ??
      mkdir(folder, { recursive: true }).then(() => this.#folders.sync(this.#options.folder))
    this.#made.set(folder, made)
    return made
  }
}

const ID = /^[fs]\d+-\d+$/

/** What was begun, then the rest of the source, counted. */
async function* rest(
  begun: readonly Uint8Array[],
  chunks: AsyncIterator<Uint8Array>,
  seen: { readonly count: BodyCount; readonly each: ((chunk: Uint8Array) => void) | undefined },
): AsyncIterable<Uint8Array> {
  try {
    yield* begun
    for (;;) {
      const next = await chunks.next()
      if (next.done === true) return
      seen.count.add(next.value)
      seen.each?.(next.value)
      yield next.value
    }
  } finally {
    await chunks.return?.()
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength;) at += (await file.write(chunk, at)).bytesWritten
}

/** A short body is read at once and its file closed; a long one keeps its file until it is read or given up. */
async function readFrom(file: FileHandle, range: ByteRange | undefined): Promise<AsyncIterable<Uint8Array>> {
  const { size } = await file.stat()
  const start = range?.start ?? 0
  const end = Math.min(size, range === undefined ? size : range.end + 1)
  if (end - start > READ_BYTES) return new Pieces(file, start, end)
  try {
    return once(await piece(file, start, end - start))
  } finally {
    await file.close()
  }
}

/**
 * One piece is read while the one before it is on its way to whoever reads; lent ones take turns in two pieces of
 * memory. No generator: a reader that gives up before its first piece must close the file too.
 */
class Pieces implements AsyncIterableIterator<Uint8Array>, Lender {
  readonly #file: FileHandle
  readonly #end: number
  #at: number
  #ahead: Promise<Uint8Array> | undefined
  #closed = false
  /** What the reader has, and what it gave back; unused while pieces are not lent. */
  #given: Uint8Array | undefined
  #free: Uint8Array | undefined
  #lends = false

  constructor(file: FileHandle, start: number, end: number) {
    this.#file = file
    this.#at = start
    this.#end = end
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  lent(): this {
    this.#lends = true
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#closed) return OVER
    try {
      const chunk = await (this.#ahead ?? this.#read())
      if (chunk.byteLength === 0) return await this.return()
      this.#at += chunk.byteLength
      if (this.#lends) {
        this.#free = this.#given
        this.#given = chunk
      }
      this.#ahead = this.#read()
      // Awaited by the next call, or by nobody when the reader stops here.
      this.#ahead.catch(() => undefined)
      return { done: false, value: chunk }
    } catch (error) {
      await this.return()
      throw error
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#closed) return OVER
    this.#closed = true
    await this.#ahead?.catch(() => undefined)
    await this.#file.close()
    return OVER
  }

  #read(): Promise<Uint8Array> {
    const bytes = Math.min(this.#end - this.#at, READ_BYTES)
    const free = this.#free
    return piece(
      this.#file,
      this.#at,
      free !== undefined && free.byteLength >= bytes ? free.subarray(0, bytes) : bytes,
    )
  }
}

const OVER = { done: true, value: undefined } as const

/** Into the memory, or so many bytes into new one, which is not cleared first: all that leaves is what was read. */
async function piece(file: FileHandle, at: number, into: Uint8Array | number): Promise<Uint8Array> {
  const bytes = typeof into === 'number' ? into : into.byteLength
  if (bytes <= 0) return NOTHING
  const chunk = typeof into === 'number' ? Buffer.allocUnsafeSlow(bytes) : into
  const { bytesRead } = await file.read(chunk, 0, bytes, at)
  return chunk.subarray(0, bytesRead)
}

/** Told apart from what the source throws: its error is its caller's. */
function isOfTheDisk(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && DISK_ERRORS.has(error.code)
}

const DISK_ERRORS: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE'])

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}
