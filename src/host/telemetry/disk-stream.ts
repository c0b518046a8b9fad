/**
 * One stream on disk: lines come into memory and into the tail file; about 1 MB of them become a sealed block,
 * compressed off this thread; the tail file goes once the block is synced. A reader sees the sealed blocks, the blocks
 * being sealed and the open end as one. Not here: when to sync and what to drop (`telemetry.ts` has the timer).
 */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { packBlock, packBlockSync } from '#host/telemetry/block.ts'
import type { Line } from '#host/telemetry/lines.ts'
import { MemoFile, syncFolder } from '#host/telemetry/memo-file.ts'
import { OpenBlock } from '#host/telemetry/open-block.ts'
import { Segments } from '#host/telemetry/segments.ts'
import { type LineQuery, select } from '#host/telemetry/select.ts'
import type { LineStream, StreamStats } from '#host/telemetry/stream.ts'
import { recoverTail, Tail, tailPath, tailSequence } from '#host/telemetry/tail.ts'

export interface DiskStreamOptions {
  /** Is there. */
  readonly folder: string
  /** Lines of one block, in bytes before compression. */
  readonly blockBytes: number
  readonly segmentBytes: number
  /** Runs the write of what came, once for each time it is asked: at the end of the turn, or a little later. */
  readonly soon: (write: () => void) => void
  /** A line came that is not on the disk yet. */
  readonly dirtied: () => void
  readonly failed: (error: unknown) => void
}

/** Of a stream's first block: most streams never seal one. */
const FIRST_ROOM_BYTES = 16 * 1_024

export class DiskStream implements LineStream {
  readonly #options: DiskStreamOptions
  #segments: Segments
  #tail: Tail
  #open: OpenBlock
  #writing = false
  #sealing: OpenBlock[] = []
  #sealed: Promise<void> = Promise.resolve()
  /** Tails whose blocks are appended and not yet synced. */
  #passed: number[] = []
  #dropped = { lines: 0, bytes: 0 }
  readonly #memo: MemoFile
  #closed = false
  nextOrdinal: number

  constructor(options: DiskStreamOptions) {
    this.#options = options
    const { folder } = options
    const tails = readdirSync(folder).flatMap((file) => tailSequence(file) ?? [])
    tails.sort((a, b) => a - b)
    this.#segments = new Segments(folder, options.segmentBytes, tails[0] ?? Number.POSITIVE_INFINITY)
    for (const sequence of tails) this.#recover(sequence)
    this.#segments.syncNow()
    for (const sequence of tails) rmSync(tailPath(folder, sequence))
    this.#tail = new Tail(folder, this.#segments.lastSequence + 1)
    this.#open = new OpenBlock(FIRST_ROOM_BYTES)
    this.nextOrdinal = this.#segments.nextOrdinal
    this.#memo = new MemoFile(join(folder, 'memo'))
  }

  append(series: string, at: number, text: string): number {
    const ordinal = this.nextOrdinal++
    this.#open.push({ at, ordinal, series, text })
    if (!this.#writing) {
      this.#writing = true
      this.#options.soon(() => this.write())
    } else if (this.#open.waitingBytes >= this.#options.blockBytes / 4) this.write()
    return ordinal
  }

  async read(query: LineQuery): Promise<readonly Line[]> {
    const reading = this.#segments.reading()
    try {
      return await select([...reading.blocks, ...this.#sealing, this.#open], query)
    } finally {
      await reading.close()
    }
  }

  oldest(): { readonly ordinal: number; readonly at: number } {
    const unsealed = [...this.#sealing, this.#open]
    const sealed = this.#segments.oldest()
    return {
      ordinal: sealed?.ordinal ?? unsealed[0]?.firstOrdinal ?? this.nextOrdinal,
      at: Math.min(sealed?.at ?? Number.POSITIVE_INFINITY, ...unsealed.map((chunk) => chunk.minAt)),
    }
  }

  stats(): StreamStats {
    const unsealed = [...this.#sealing, this.#open]
    return {
      lines: this.#segments.lines + unsealed.reduce((sum, chunk) => sum + chunk.size, 0),
      bytes: this.#segments.bytes + unsealed.reduce((sum, chunk) => sum + chunk.bytes, 0),
      droppedLines: this.#dropped.lines + this.#segments.damagedLines,
      droppedBytes: this.#dropped.bytes,
    }
  }

  memo(): string | undefined {
    return this.#memo.text
  }

  writeMemo(text: string): Promise<void> {
    return this.#memo.replace(text)
  }

  /** write(2) of what came since the last one; seals when enough is there. */
  write(): void {
    this.#writing = false
    if (this.#closed) return
    const frame = this.#open.frame()
    if (frame === undefined) return
    try {
      this.#tail.write(frame)
    } catch (error) {
      this.#options.failed(error)
      return
    }
    this.#options.dirtied()
    if (this.#open.bytes >= this.#options.blockBytes) this.#seal()
  }

  /** Resolves once all that was written before is on the disk; then the tails of synced blocks go. Never twice at once. */
  async sync(): Promise<void> {
    const passed = this.#passed
    this.#passed = []
    await this.#tail.sync()
    await this.#segments.sync()
    await syncFolder(this.#options.folder)
    for (const sequence of passed) rmSync(tailPath(this.#options.folder, sequence), { force: true })
  }

  drop(olderThan: number, bytesMax: number): void {
    const { lines, bytes } = this.#segments.drop(olderThan, bytesMax)
    this.#dropped.lines += lines
    this.#dropped.bytes += bytes
  }

  /** Not while a sync runs. */
  async clear(): Promise<void> {
    this.write()
    await this.#sealed
    await this.#memo.idle()
    const { folder, segmentBytes } = this.#options
    this.#passed = []
    this.#tail.close()
    this.#segments.clear()
    for (const file of readdirSync(folder)) rmSync(join(folder, file), { force: true })
    this.#segments = new Segments(folder, segmentBytes, Number.POSITIVE_INFINITY)
    this.#tail = new Tail(folder, this.#tail.sequence + 1)
    this.#open = new OpenBlock(FIRST_ROOM_BYTES)
    this.#memo.forget()
  }

  /** Writes and syncs what is left. Lines that come later are dropped. */
  async close(): Promise<void> {
    this.write()
    this.#closed = true
    await this.#sealed
    await this.#memo.idle()
    await this.sync()
    this.#tail.close()
    this.#segments.close()
  }

  #seal(): void {
    const chunk = this.#open
    const { sequence } = this.#tail
    this.#tail.close()
    this.#tail = new Tail(this.#options.folder, sequence + 1)
    this.#open = new OpenBlock(Math.ceil(this.#options.blockBytes * 1.25))
    this.#sealing.push(chunk)
    this.#sealed = this.#sealed.then(async () => {
      try {
        this.#segments.append(await packBlock(sequence, chunk))
        this.#sealing.shift()
        this.#passed.push(sequence)
        this.#options.dirtied()
      } catch (error) {
        this.#options.failed(error)
      }
    })
  }

  #recover(sequence: number): void {
    if (sequence <= this.#segments.lastSequence) return
    const lines = recoverTail(tailPath(this.#options.folder, sequence))
    if (lines.length > 0) this.#segments.append(packBlockSync(sequence, lines))
  }
}
