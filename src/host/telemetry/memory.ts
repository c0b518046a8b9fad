/** Telemetry of `--memory` and of tests: bounded chunks of lines in memory; beyond the bound the oldest chunk goes. */
import { assert } from '#base/assert.ts'
import type { Line, LineFilter } from '#host/telemetry/lines.ts'
import { type Block, type LineQuery, select } from '#host/telemetry/select.ts'
import type { LineStream, StreamName, StreamStats, Telemetry } from '#host/telemetry/stream.ts'

const CHUNK_LINES = 1_024
/** Bytes of a line that are not its text: the object and its numbers. */
const LINE_OVERHEAD_BYTES = 96

export interface MemoryTelemetryOptions {
  /** Bound of each stream, in characters of text and overhead; 64 MB unless said. */
  readonly bytesMax?: number
}

/** A run of lines in the order they came; also the unsealed end of a stream on disk. */
export class Chunk implements Block {
  readonly held: Line[] = []
  minAt = Number.POSITIVE_INFINITY
  maxAt = Number.NEGATIVE_INFINITY
  /** Estimated: characters and overhead. */
  bytes = 0

  push(line: Line): void {
    this.held.push(line)
    if (line.at < this.minAt) this.minAt = line.at
    if (line.at > this.maxAt) this.maxAt = line.at
    this.bytes += line.text.length + line.series.length + LINE_OVERHEAD_BYTES
  }

  lines(wanted: LineFilter, seriesPrefix: string): readonly Line[] {
    return this.held.filter(
      ({ at, ordinal, series }) => series.startsWith(seriesPrefix) && wanted(at, ordinal, series),
    )
  }
}

export function memoryTelemetry(options: MemoryTelemetryOptions = {}): Telemetry {
  const streams = new Map<StreamName, MemoryStream>()
  return {
    stream: (name) => {
      const found = streams.get(name) ?? new MemoryStream(options.bytesMax ?? 64 * 1_024 * 1_024)
      streams.set(name, found)
      return found
    },
    sweep: async () => undefined,
    clear: async () => {
      for (const stream of streams.values()) stream.clear()
    },
    close: async () => undefined,
  }
}

class MemoryStream implements LineStream {
  readonly #bytesMax: number
  #chunks: Chunk[] = []
  #bytes = 0
  #lines = 0
  #dropped = { lines: 0, bytes: 0 }
  #memo: string | undefined
  nextOrdinal = 1

  constructor(bytesMax: number) {
    assert(bytesMax > 0, 'a stream has room')
    this.#bytesMax = bytesMax
  }

  append(series: string, at: number, text: string): number {
    let chunk = this.#chunks.at(-1)
    if (chunk === undefined || chunk.held.length >= CHUNK_LINES) this.#chunks.push((chunk = new Chunk()))
    const before = chunk.bytes
    const ordinal = this.nextOrdinal++
    chunk.push({ at, ordinal, series, text })
    this.#bytes += chunk.bytes - before
    this.#lines++
    while (this.#bytes > this.#bytesMax && this.#chunks.length > 1) this.#drop()
    return ordinal
  }

  read(query: LineQuery): Promise<readonly Line[]> {
    return select(this.#chunks, query)
  }

  oldest(): { readonly ordinal: number; readonly at: number } {
    return {
      ordinal: this.#chunks[0]?.held[0]?.ordinal ?? this.nextOrdinal,
      at: this.#chunks.reduce((least, chunk) => Math.min(least, chunk.minAt), Number.POSITIVE_INFINITY),
    }
  }

  stats(): StreamStats {
    return {
      lines: this.#lines,
      bytes: this.#bytes,
      droppedLines: this.#dropped.lines,
      droppedBytes: this.#dropped.bytes,
    }
  }

  memo(): string | undefined {
    return this.#memo
  }

  async writeMemo(text: string): Promise<void> {
    this.#memo = text
  }

  clear(): void {
    this.#chunks = []
    this.#bytes = 0
    this.#lines = 0
    this.#memo = undefined
  }

  #drop(): void {
    const oldest = this.#chunks.shift()
    if (oldest === undefined) return
    this.#bytes -= oldest.bytes
    this.#lines -= oldest.held.length
    this.#dropped.bytes += oldest.bytes
    this.#dropped.lines += oldest.held.length
  }
}
