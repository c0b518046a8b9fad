/**
 * Where object bytes go and come from: small ones beside their metadata, larger ones to the blobs port, never whole
 * in memory. A body is written first and named by a record second; what no record names any more is deleted when its
 * last reader has gone. A body that a crash leaves unnamed is found by `sweep.ts`.
 */
import { hash } from 'node:crypto'
import { present } from '#base/assert.ts'
import { type Bytes, concat, EMPTY, type Lender, lentOf, WholeBody } from '#base/bytes.ts'
import type { Blobs, ByteRange } from '#ports/blobs.ts'
import type { Read, Tx } from '#ports/store.ts'
import { type Algorithm, checksumOf, type RunningChecksum, runningChecksum } from '#services/s3/checksums.ts'
import { entityTooLarge } from '#services/s3/faults.ts'
import { INLINE_BYTES_MAX, WITHIN_BYTES_MAX } from '#services/s3/limits.ts'
import {
  type BucketRecord,
  type Content,
  inlineBodies,
  type Manifest,
  manifests,
  ownerOf,
  type Piece,
  type Placed,
} from '#services/s3/records.ts'

/** A body that is written and that no record names yet. */
export type Fresh =
  | { readonly kind: 'empty' }
  | { readonly kind: 'inline'; readonly bytes: Bytes }
  | { readonly kind: 'blob'; readonly id: string }

export interface Received {
  readonly fresh: Fresh
  readonly sizeBytes: number
  /** Lower-case hex. */
  readonly md5: string
  /** Lower-case hex; absent when nobody asked and the blobs port did not compute it. */
  readonly sha256: string | undefined
  /** Base64. */
  readonly checksums: ReadonlyMap<Algorithm, string>
}

export interface Wanted {
  readonly algorithms: readonly Algorithm[]
  readonly sha256: boolean
  /** Beyond: Fault EntityTooLarge, and nothing stays. */
  readonly maxBytes: number
}

export type OpenBody = Bytes | AsyncIterable<Bytes>

/** Blobs that lost their record: to be deleted once nobody reads `holder`. */
export interface Retired {
  readonly holder: string
  readonly blobs: readonly string[]
}

interface Hold {
  readers: number
  retired: readonly string[] | undefined
}

export class Bodies {
  readonly #blobs: Blobs
  readonly #newId: () => string
  readonly #holds = new Map<string, Hold>()

  constructor(blobs: Blobs, newId: () => string) {
    this.#blobs = blobs
    this.#newId = newId
  }

  /** Reads the source to its end. A source that fails, or a body beyond the limit, leaves nothing behind. */
  async receive(source: AsyncIterable<Bytes>, wanted: Wanted): Promise<Received> {
    if (source instanceof WholeBody && source.bytes.length <= INLINE_BYTES_MAX)
      return small(source.bytes, wanted)
    const running = wanted.algorithms.map((algorithm) => [algorithm, runningChecksum(algorithm)] as const)
    const iterator = source[Symbol.asyncIterator]()
    const head: Bytes[] = []
    let size = 0
    while (size <= INLINE_BYTES_MAX) {
      const next = await iterator.next()
      if (next.done === true) return small(concat(head), wanted)
      head.push(next.value)
      size += next.value.length
    }
    let seen = 0
    const written = await this.#blobs.write(chained(head, iterator), (chunk) => {
      seen += chunk.length
      if (seen > wanted.maxBytes) throw entityTooLarge(seen, wanted.maxBytes)
      for (const [, checksum] of running) checksum.update(chunk)
    })
    return {
      fresh: { kind: 'blob', id: written.id },
      sizeBytes: written.sizeBytes,
      md5: written.md5,
      sha256: written.sha256,
      checksums: digests(running),
    }
  }

  /** Where the body of an object goes: a very small one into its row, any other as `place` says. */
  placeOfObject(tx: Tx, bucket: BucketRecord, fresh: Fresh): Content {
    if (fresh.kind === 'inline' && fresh.bytes.length <= WITHIN_BYTES_MAX)
      return { kind: 'within', bytes: fresh.bytes }
    return this.place(tx, bucket, fresh)
  }

  /** Gives the body its place in the store; in the transaction that writes the record that names it. */
  place(tx: Tx, bucket: BucketRecord, fresh: Fresh): Placed {
    if (fresh.kind !== 'inline') return fresh
    const id = this.#newId()
    tx.put(inlineBodies.key(ownerOf(bucket), [bucket.name, id]), fresh.bytes)
    return { kind: 'inline', id }
  }

  /** Names the placed bodies of parts as one. */
  join(tx: Tx, bucket: BucketRecord, pieces: readonly Piece[]): Placed {
    const id = this.#newId()
    manifests.put(tx, ownerOf(bucket), [bucket.name, id], { pieces })
    return { kind: 'parts', id, count: pieces.length }
  }

  /** Takes the body's own rows away, in the transaction that deletes its record. What comes out is for `retire`, after the commit. */
  unplace(tx: Tx, bucket: BucketRecord, content: Content): readonly Retired[] | Promise<readonly Retired[]> {
    switch (content.kind) {
      case 'empty':
      case 'within':
        return []
      case 'inline':
        tx.delete(inlineBodies.key(ownerOf(bucket), [bucket.name, content.id]))
        return []
      case 'blob':
        return [{ holder: content.id, blobs: [content.id] }]
      case 'parts':
        return this.#unplaceParts(tx, bucket, content.id)
      default:
        return content satisfies never
    }
  }

  async #unplaceParts(tx: Tx, bucket: BucketRecord, id: string): Promise<readonly Retired[]> {
    const manifest = await this.manifest(tx, bucket, id)
    manifests.delete(tx, ownerOf(bucket), bucket.name, id)
    const inside: Retired[] = []
    for (const piece of manifest?.pieces ?? [])
      inside.push(...(await this.unplace(tx, bucket, piece.content)))
    return [{ holder: id, blobs: inside.flatMap((one) => one.blobs) }]
  }

  /** A body that will not be named after all. */
  async discard(fresh: Fresh): Promise<void> {
    if (fresh.kind === 'blob') await this.#blobs.delete(fresh.id)
  }

  async retire(all: readonly Retired[]): Promise<void> {
    for (const { holder, blobs } of all) {
      const hold = this.#holds.get(holder)
      if (hold === undefined) for (const id of blobs) await this.#blobs.delete(id)
      else hold.retired = blobs
    }
  }

  manifest(read: Read, bucket: BucketRecord, id: string): Promise<Manifest | undefined> {
    return manifests.get(read, ownerOf(bucket), bucket.name, id)
  }

  /** The bytes, all or a range, or undefined when the body was replaced meanwhile: look for the record again. */
  async open(
    read: Read,
    bucket: BucketRecord,
    content: Content,
    range: ByteRange | undefined,
  ): Promise<OpenBody | undefined> {
    switch (content.kind) {
      case 'empty':
        return EMPTY
      case 'within':
        return range === undefined ? content.bytes : content.bytes.subarray(range.start, range.end + 1)
      case 'inline':
        return this.#inline(read, bucket, content.id, range)
      case 'blob':
        return this.#held(content.id, () => this.#blobs.read(content.id, range))
      case 'parts':
        return this.#held(content.id, async () => {
          const pieces = await this.#loaded(read, bucket, content.id)
          return pieces && this.#joined(pieces, range)
        })
      default:
        return content satisfies never
    }
  }

  async #inline(
    read: Read,
    bucket: BucketRecord,
    id: string,
    range: ByteRange | undefined,
  ): Promise<Bytes | undefined> {
    const bytes = await read.get(inlineBodies.key(ownerOf(bucket), [bucket.name, id]))
    return range === undefined ? bytes : bytes?.subarray(range.start, range.end + 1)
  }

  /** Keeps the blobs of `holder` until the stream was read or left. */
  async #held(
    holder: string,
    open: () => Promise<AsyncIterable<Bytes> | undefined>,
  ): Promise<AsyncIterable<Bytes> | undefined> {
    const hold = this.#holds.get(holder) ?? { readers: 0, retired: undefined }
    this.#holds.set(holder, hold)
    hold.readers++
    let stream: AsyncIterable<Bytes> | undefined
    try {
      stream = await open()
    } finally {
      if (stream === undefined) await this.#release(holder, hold)
    }
    if (stream === undefined) return undefined
    const release = (): Promise<void> => this.#release(holder, hold)
    return new Releasing(stream, release)
  }

  async #release(holder: string, hold: Hold): Promise<void> {
    hold.readers--
    if (hold.readers > 0) return
    this.#holds.delete(holder)
    for (const id of hold.retired ?? []) await this.#blobs.delete(id)
  }

  /** The pieces of a manifest; those that live in the store (the last part at most) with their bytes, as nothing holds them there. */
  async #loaded(read: Read, bucket: BucketRecord, id: string): Promise<readonly LoadedPiece[] | undefined> {
    const manifest = await this.manifest(read, bucket, id)
    if (manifest === undefined) return undefined
    const loaded: LoadedPiece[] = []
    for (const { content, sizeBytes } of manifest.pieces) {
      if (content.kind === 'blob') loaded.push({ blob: content.id, sizeBytes })
      else if (content.kind === 'inline') {
        const bytes = await this.#inline(read, bucket, content.id, undefined)
        if (bytes === undefined) return undefined
        loaded.push({ bytes, sizeBytes })
      }
    }
    return loaded
  }

  #joined(pieces: readonly LoadedPiece[], range: ByteRange | undefined): Lender {
    return {
      [Symbol.asyncIterator]: () => this.#pieces(pieces, range, (stream) => stream),
      lent: () => this.#pieces(pieces, range, lentOf),
    }
  }

  async *#pieces(
    pieces: readonly LoadedPiece[],
    range: ByteRange | undefined,
    chunksOf: (stream: AsyncIterable<Bytes>) => AsyncIterable<Bytes>,
  ): AsyncGenerator<Bytes> {
    const { start, end } = range ?? { start: 0, end: Infinity }
    let offset = 0
    for (const piece of pieces) {
      const from = Math.max(start - offset, 0)
      const to = Math.min(end - offset, piece.sizeBytes - 1)
      offset += piece.sizeBytes
      if (from > to) continue
      if ('bytes' in piece) yield piece.bytes.subarray(from, to + 1)
      else
        yield* chunksOf(
          present(
            await this.#blobs.read(piece.blob, { start: from, end: to }),
            'the blobs of a manifest that is held are there',
          ),
        )
    }
  }
}

type LoadedPiece =
  | { readonly bytes: Bytes; readonly sizeBytes: number }
  | { readonly blob: string; readonly sizeBytes: number }

function small(bytes: Bytes, wanted: Wanted): Received {
  return {
    fresh: bytes.length === 0 ? { kind: 'empty' } : { kind: 'inline', bytes },
    sizeBytes: bytes.length,
    md5: hash('md5', bytes, 'hex'),
    sha256: wanted.sha256 ? hash('sha256', bytes, 'hex') : undefined,
    checksums: new Map(wanted.algorithms.map((algorithm) => [algorithm, checksumOf(algorithm, bytes)])),
  }
}

const digests = (running: readonly (readonly [Algorithm, RunningChecksum])[]): Map<Algorithm, string> =>
  new Map(running.map(([algorithm, checksum]) => [algorithm, checksum.digest()]))

/** What was read already, then the rest; a consumer that stops early ends the source. */
async function* chained(head: readonly Bytes[], rest: AsyncIterator<Bytes>): AsyncGenerator<Bytes> {
  let ended = false
  try {
    yield* head
    for (;;) {
      const next = await rest.next()
      if (next.done === true) break
      yield next.value
    }
    ended = true
  } finally {
    if (!ended) await rest.return?.()
  }
}

/** No generator: a stream that is given up before its first chunk is released too. */
class Releasing implements AsyncIterableIterator<Bytes>, Lender {
  readonly #source: AsyncIterable<Bytes>
  #stream: AsyncIterator<Bytes>
  #release: (() => Promise<void>) | undefined

  constructor(source: AsyncIterable<Bytes>, release: () => Promise<void>) {
    this.#source = source
    this.#stream = source[Symbol.asyncIterator]()
    this.#release = release
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  lent(): this {
    this.#stream = lentOf(this.#source)[Symbol.asyncIterator]()
    return this
  }

  async next(): Promise<IteratorResult<Bytes, undefined>> {
    try {
      const next = await this.#stream.next()
      if (next.done !== true) return next
    } catch (error) {
      await this.#over()
      throw error
    }
    await this.#over()
    return { done: true, value: undefined }
  }

  async return(): Promise<IteratorResult<Bytes, undefined>> {
    try {
      await this.#stream.return?.()
    } finally {
      await this.#over()
    }
    return { done: true, value: undefined }
  }

  async #over(): Promise<void> {
    const release = this.#release
    this.#release = undefined
    await release?.()
  }
}
