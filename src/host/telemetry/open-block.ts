/**
 * The open end of a stream on disk: lines as the rows that will be written, in one buffer outside the heap, in frames
 * as the tail file has them. Each line is encoded once and leaves no object behind but its series: text kept until the
 * block is sealed was half of what the collector had to do under load. Not here: files (`tail.ts`), the sealed form
 * (`block.ts`).
 */
import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import { type Line, type LineFilter, linesIn, rowHead } from '#host/telemetry/lines.ts'
import type { Block } from '#host/telemetry/select.ts'

/** Before the rows of a frame: their length and their checksum. */
export const FRAME_BYTES = 8
/** No character of a row needs more. */
const CHARACTER_BYTES_MAX = 3

export class OpenBlock implements Block {
  #buffer: Buffer
  #end = FRAME_BYTES
  // Columns instead of a row object each: numbers stand in such arrays as they are.
  readonly #at: number[] = []
  readonly #series: string[] = []
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  #firstOrdinal = 0
  /** Where the frame of what was not taken yet begins. */
  #frameAt = 0
  minAt = Number.POSITIVE_INFINITY
  maxAt = Number.NEGATIVE_INFINITY

  /** `room` in bytes: the buffer grows when it is not enough. */
  constructor(room: number) {
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(room, 2 * FRAME_BYTES))
  }

  get size(): number {
    return this.#at.length
  }

  /** Of all rows and frames. */
  get bytes(): number {
    return this.size === 0 ? 0 : this.#end
  }

  /** Of the rows that `frame` has not given out yet. */
  get waitingBytes(): number {
    return this.#end - this.#frameAt - FRAME_BYTES
  }

  get firstOrdinal(): number | undefined {
    return this.size === 0 ? undefined : this.#firstOrdinal
  }

  /** Ordinals follow each other. */
  push({ at, ordinal, series, text }: Line): void {
    if (this.size === 0) this.#firstOrdinal = ordinal
    const head = rowHead(at, ordinal, series)
    const most = CHARACTER_BYTES_MAX * (head.length + text.length + 1)
    if (this.#end + most > this.#buffer.length) this.#grow(most)
    this.#at.push(at)
    this.#series.push(series)
    this.#starts.push(this.#end)
    this.#end += this.#buffer.write(`${head}${text}\n`, this.#end)
    this.#ends.push(this.#end)
    if (at < this.minAt) this.minAt = at
    if (at > this.maxAt) this.maxAt = at
  }

  /** The rows that came since the last frame, as one: valid until the next call of anything. */
  frame(): Buffer | undefined {
    if (this.waitingBytes === 0) return undefined
    const frame = this.#buffer.subarray(this.#frameAt, this.#end)
    frame.writeUInt32LE(frame.length - FRAME_BYTES, 0)
    frame.writeUInt32LE(crc32(frame.subarray(FRAME_BYTES)), 4)
    if (this.#end + FRAME_BYTES > this.#buffer.length) this.#grow(FRAME_BYTES)
    this.#frameAt = this.#end
    this.#end += FRAME_BYTES
    return frame
  }

  /** All rows, sorted by series and then time, for a sealed block. */
  sorted(): Buffer {
    const order = [...this.#at.keys()].sort((a, b) => this.#compare(a, b))
    const rows = Buffer.allocUnsafe(this.#end)
    let to = 0
    for (const row of order) to += this.#buffer.copy(rows, to, this.#starts[row], this.#ends[row])
    return rows.subarray(0, to)
  }

  lines(wanted: LineFilter, seriesPrefix: string): readonly Line[] {
    const found: Line[] = []
    for (const [row, series] of this.#series.entries()) {
      if (!series.startsWith(seriesPrefix)) continue
      if (wanted(this.#at[row] ?? 0, this.#firstOrdinal + row, series)) found.push(...this.#line(row))
    }
    return found
  }

  #line(row: number): Line[] {
    return linesIn(this.#buffer.toString('utf8', this.#starts[row], this.#ends[row]), () => true)
  }

  #compare(a: number, b: number): number {
    const [one = '', other = ''] = [this.#series[a], this.#series[b]]
    if (one !== other) return one < other ? -1 : 1
    return (this.#at[a] ?? 0) - (this.#at[b] ?? 0) || a - b
  }

  #grow(by: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, this.#end + by))
    this.#buffer.copy(larger, 0, 0, this.#end)
    this.#buffer = larger
  }
}
