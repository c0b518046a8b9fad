/**
 * The sealed blocks of one stream in append-only segment files (`FIRST-ORDINAL.seg`), with the headers of all blocks
 * in memory as the sparse time index. A full segment gets its headers written beside it (`.idx`), so that a start does
 * not walk every file. The newest segment is never dropped: it remembers how far ordinals and sequences have come.
 *
 * Start after a crash: an incomplete last block is cut off; a block whose tail file is still there was perhaps never
 * synced, so its checksum is tried, and it and what follows it is cut off when it does not hold (the tails have it all).
 */
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LineFilter } from '#host/telemetry/lines.ts'
import { type BlockHeader, HEADER_BYTES, isWhole, readHeader, unpackBlock } from '#host/telemetry/block.ts'
import type { Block } from '#host/telemetry/select.ts'

const syncFile = promisify(fdatasync)

interface Placed extends BlockHeader {
  readonly offset: number
}

interface Segment {
  readonly path: string
  readonly blocks: Placed[]
  bytes: number
}

interface OpenSegment extends Segment {
  readonly fd: number
}

export interface Dropped {
  readonly lines: number
  readonly bytes: number
}

export class Segments {
  readonly #folder: string
  readonly #segmentBytes: number
  #segments: Segment[] = []
  #newest: OpenSegment | undefined
  /** Full segments that are not synced yet. */
  #retired: OpenSegment[] = []
  #dirty = false
  damagedLines = 0

  /** `firstTail` is the least sequence that a tail file still has. */
  constructor(folder: string, segmentBytes: number, firstTail: number) {
    this.#folder = folder
    this.#segmentBytes = segmentBytes
    const files = readdirSync(folder)
      .filter((file) => file.endsWith('.seg'))
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    for (const [index, file] of files.entries()) {
      const cut = this.#load(join(folder, file), index === files.length - 1, firstTail)
      if (!cut) continue
      for (const later of files.slice(index + 1)) removeSegment(join(folder, later))
      break
    }
    const last = this.#segments.at(-1)
    if (last !== undefined) {
      this.#segments.pop()
      this.#newest = { ...last, fd: openSync(last.path, 'r+') }
      this.#segments.push(this.#newest)
    }
  }

  get lastSequence(): number {
    return this.#lastBlock()?.sequence ?? 0
  }

  get nextOrdinal(): number {
    const last = this.#lastBlock()
    return last === undefined ? 1 : last.firstOrdinal + last.lines
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  get lines(): number {
    return this.#segments.reduce(
      (sum, { blocks }) => blocks.reduce((lines, block) => lines + block.lines, sum),
      0,
    )
  }

  oldest(): { readonly ordinal: number; readonly at: number } | undefined {
    const first = this.#segments[0]?.blocks[0]
    if (first === undefined) return undefined
    let at = first.minAt
    for (const { blocks } of this.#segments) for (const block of blocks) at = Math.min(at, block.minAt)
    return { ordinal: first.firstOrdinal, at }
  }

  /** Appends a packed block with write(2). Throws what that answers. */
  append(packed: Buffer): void {
    const header = readHeader(packed)
    if (header === undefined) throw new Error('a packed block has a header')
    const segment = this.#room(header.firstOrdinal)
    const offset = segment.bytes
    for (let at = 0; at < packed.length;)
      at += writeSync(segment.fd, packed, at, packed.length - at, offset + at)
    segment.blocks.push({ ...header, offset })
    segment.bytes += packed.length
    this.#dirty = true
  }

  /** Resolves once everything appended before is on the disk. */
  async sync(): Promise<void> {
    const newest = this.#newest
    if (!this.#dirty || newest === undefined) return
    this.#dirty = false
    const retired = this.#retired
    this.#retired = []
    for (const { fd } of [...retired, newest]) await syncFile(fd)
    for (const { fd } of retired) closeSync(fd)
  }

  syncNow(): void {
    for (const segment of this.#retired) {
      fdatasyncSync(segment.fd)
      closeSync(segment.fd)
    }
    this.#retired = []
    if (this.#newest !== undefined && this.#dirty) fdatasyncSync(this.#newest.fd)
    this.#dirty = false
  }

  /** Drops oldest segments, never the newest, while they are beyond the bounds. */
  drop(olderThan: number, bytesMax: number): Dropped {
    let [lines, bytes] = [0, 0]
    while (this.#segments.length > 1) {
      const [oldest] = this.#segments
      if (oldest === undefined) break
      const newestAt = oldest.blocks.reduce(
        (most, block) => Math.max(most, block.maxAt),
        Number.NEGATIVE_INFINITY,
      )
      if (newestAt >= olderThan && this.bytes <= bytesMax) break
      this.#segments.shift()
      removeSegment(oldest.path)
      bytes += oldest.bytes
      lines += oldest.blocks.reduce((sum, block) => sum + block.lines, 0)
    }
    return { lines, bytes }
  }

  /** The blocks of this moment, read through files that the returned close gives up. */
  reading(): { readonly blocks: Block[]; close(): Promise<void> } {
    const files = new Map<Segment, Promise<FileHandle | undefined>>()
    const fileOf = (segment: Segment): Promise<FileHandle | undefined> => {
      // A segment that retention dropped meanwhile is gone, and so are its lines.
      const file = files.get(segment) ?? open(segment.path, 'r').catch(ifMissing)
      files.set(segment, file)
      return file
    }
    const blocks = this.#segments.flatMap((segment) =>
      segment.blocks.map((block) => ({
        minAt: block.minAt,
        maxAt: block.maxAt,
        lines: async (wanted: LineFilter, seriesPrefix: string) => {
          const packed = await readPacked(await fileOf(segment), block)
          const lines = packed === undefined ? [] : unpackBlock(block, packed, { wanted, seriesPrefix })
          if (lines === undefined) this.damagedLines += block.lines
          return lines ?? []
        },
      })),
    )
    const close = async (): Promise<void> => {
      for (const file of files.values()) await (await file)?.close()
    }
    return { blocks, close }
  }

  /** Closes and deletes everything. */
  clear(): void {
    this.close()
    for (const { path } of this.#segments) removeSegment(path)
    this.#segments = []
  }

  close(): void {
    for (const { fd } of this.#retired) closeSync(fd)
    this.#retired = []
    if (this.#newest !== undefined) closeSync(this.#newest.fd)
    this.#newest = undefined
    this.#dirty = false
  }

  #lastBlock(): Placed | undefined {
    return this.#segments.at(-1)?.blocks.at(-1)
  }

  #room(firstOrdinal: number): OpenSegment {
    const full = this.#newest
    if (full !== undefined && full.bytes < this.#segmentBytes) return full
    if (full !== undefined) {
      this.#retired.push(full)
      writeIndex(full)
    }
    const path = join(this.#folder, `${`${firstOrdinal}`.padStart(16, '0')}.seg`)
    this.#newest = { path, blocks: [], bytes: 0, fd: openSync(path, 'w+') }
    this.#segments.push(this.#newest)
    return this.#newest
  }

  /** True when the segment was cut. */
  #load(path: string, isLast: boolean, firstTail: number): boolean {
    const fd = openSync(path, 'r+')
    try {
      const size = fstatSync(fd).size
      const indexed = isLast ? undefined : readIndex(path, size)
      const blocks = indexed ?? walk(fd, size)
      const whole = wholeBlocks(fd, blocks, { firstTail, isLast })
      const last = whole.at(-1)
      const bytes = last === undefined ? 0 : last.offset + HEADER_BYTES + last.packedBytes
      if (whole.length < blocks.length || (isLast && bytes < size)) ftruncateSync(fd, bytes)
      this.#segments.push({ path, blocks: whole, bytes })
      return whole.length < blocks.length
    } finally {
      closeSync(fd)
    }
  }
}

async function readPacked(file: FileHandle | undefined, block: Placed): Promise<Buffer | undefined> {
  if (file === undefined) return undefined
  const packed = Buffer.allocUnsafe(block.packedBytes)
  const { bytesRead } = await file.read(packed, 0, packed.length, block.offset + HEADER_BYTES)
  return packed.subarray(0, bytesRead)
}

function walk(fd: number, size: number): Placed[] {
  const blocks: Placed[] = []
  const bytes = Buffer.alloc(HEADER_BYTES)
  for (let offset = 0; offset + HEADER_BYTES <= size;) {
    readSync(fd, bytes, 0, HEADER_BYTES, offset)
    const header = readHeader(bytes)
    if (header === undefined || offset + HEADER_BYTES + header.packedBytes > size) break
    blocks.push({ ...header, offset })
    offset += HEADER_BYTES + header.packedBytes
  }
  return blocks
}

function wholeBlocks(
  fd: number,
  blocks: readonly Placed[],
  { firstTail, isLast }: { readonly firstTail: number; readonly isLast: boolean },
): Placed[] {
  const broken = blocks.findIndex((block, index) => {
    const doubtful = block.sequence >= firstTail || (isLast && index === blocks.length - 1)
    if (!doubtful) return false
    const packed = Buffer.alloc(block.packedBytes)
    readSync(fd, packed, 0, packed.length, block.offset + HEADER_BYTES)
    return !isWhole(block, packed)
  })
  return broken === -1 ? [...blocks] : blocks.slice(0, broken)
}

const indexPath = (path: string): string => path.replace(/seg$/, 'idx')

function writeIndex(segment: OpenSegment): void {
  const headers = segment.blocks.map(({ offset }) => {
    const header = Buffer.alloc(HEADER_BYTES)
    readSync(segment.fd, header, 0, HEADER_BYTES, offset)
    return header
  })
  writeFileSync(indexPath(segment.path), Buffer.concat(headers))
}

/** The headers beside a segment, when they are there, whole, and cover all of the file. */
function readIndex(path: string, size: number): Placed[] | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(indexPath(path))
  } catch (error) {
    return ifMissing(error)
  }
  const blocks: Placed[] = []
  let offset = 0
  for (let at = 0; at < bytes.length; at += HEADER_BYTES) {
    const header = readHeader(bytes.subarray(at, at + HEADER_BYTES))
    if (header === undefined) return undefined
    blocks.push({ ...header, offset })
    offset += HEADER_BYTES + header.packedBytes
  }
  return offset === size ? blocks : undefined
}

function removeSegment(path: string): void {
  rmSync(path, { force: true })
  rmSync(indexPath(path), { force: true })
}

function ifMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}
