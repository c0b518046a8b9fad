/**
 * The sealed form of about 1 MB of lines: a header of 64 bytes and the rows, sorted by series and then time,
 * compressed with zstd. A block whose checksums do not hold is no block. Little-endian; the format's version is in the
 * magic. Not here: where blocks stand (`segments.ts`).
 */
import { promisify } from 'node:util'
import { constants, crc32, zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type Line, type LineFilter, linesIn, seriesColumn } from '#host/telemetry/lines.ts'
import { OpenBlock } from '#host/telemetry/open-block.ts'

export const HEADER_BYTES = 64
const MAGIC = 0x3162_5457 // WTb1

export interface BlockHeader {
  /** Counts the blocks of a stream; the tail file with this number has the same lines. */
  readonly sequence: number
  /** Least ordinal; the block has the `lines` ordinals from there, in another order. */
  readonly firstOrdinal: number
  readonly minAt: number
  readonly maxAt: number
  readonly lines: number
  readonly rawBytes: number
  readonly packedBytes: number
  readonly packedCrc: number
}

const compress = promisify(zstdCompress)
/** Level 1 makes blocks of spans smaller than level 3 does, in two thirds of its time; one chunk is one turn on the pool. */
const PACKING = { chunkSize: 512 * 1_024, params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** Header and body as they are written. Compresses off this thread. */
export async function packBlock(sequence: number, open: OpenBlock): Promise<Buffer> {
  const raw = open.sorted()
  return assemble(sequence, open, { raw, packed: await compress(raw, PACKING) })
}

/** Lines whose ordinals follow each other. */
export function packBlockSync(sequence: number, lines: readonly Line[]): Buffer {
  const open = new OpenBlock(0)
  for (const line of lines) open.push(line)
  const raw = open.sorted()
  return assemble(sequence, open, { raw, packed: zstdCompressSync(raw, PACKING) })
}

export function readHeader(bytes: Buffer): BlockHeader | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC) return undefined
  if (bytes.readUInt32LE(4) !== crc32(bytes.subarray(8, HEADER_BYTES))) return undefined
  return {
    sequence: bytes.readDoubleLE(8),
    firstOrdinal: bytes.readDoubleLE(16),
    minAt: bytes.readDoubleLE(24),
    maxAt: bytes.readDoubleLE(32),
    lines: bytes.readUInt32LE(40),
    rawBytes: bytes.readUInt32LE(44),
    packedBytes: bytes.readUInt32LE(48),
    packedCrc: bytes.readUInt32LE(52),
  }
}

export const isWhole = (header: BlockHeader, packed: Buffer): boolean =>
  packed.length === header.packedBytes && crc32(packed) === header.packedCrc

/** The wanted lines; undefined when the body is damaged. */
export function unpackBlock(
  header: BlockHeader,
  packed: Buffer,
  { wanted, seriesPrefix = '' }: { readonly wanted: LineFilter; readonly seriesPrefix?: string },
): Line[] | undefined {
  if (!isWhole(header, packed)) return undefined
  const raw = zstdDecompressSync(packed)
  if (seriesPrefix !== '' && !raw.includes(seriesColumn(seriesPrefix))) return []
  return linesIn(raw.toString('utf8'), wanted, seriesPrefix)
}

function assemble(
  sequence: number,
  open: OpenBlock,
  { raw, packed }: { readonly raw: Buffer; readonly packed: Buffer },
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(MAGIC, 0)
  header.writeDoubleLE(sequence, 8)
  header.writeDoubleLE(open.firstOrdinal ?? 0, 16)
  header.writeDoubleLE(open.minAt, 24)
  header.writeDoubleLE(open.maxAt, 32)
  header.writeUInt32LE(open.size, 40)
  header.writeUInt32LE(raw.length, 44)
  header.writeUInt32LE(packed.length, 48)
  header.writeUInt32LE(crc32(packed), 52)
  header.writeUInt32LE(crc32(header.subarray(8)), 4)
  return Buffer.concat([header, packed])
}
