/**
 * Bodies of requests to the Runtime API: sized or chunked, collected up to a limit or handed on part by part. Which
 * request has which is `runtime-api.ts`'s; what a body means is not known here.
 */
import type { StreamedBody, StreamPart } from '#ports/sandboxes.ts'

/** Longest body that is kept; beyond it the rest is read, dropped and told. Lambda's limit is 6 MB and 100 bytes, plus room to see it broken. */
export const BODY_MAX = 6_291_556 + 65_536
/** So much of a streamed body is read ahead of its reader. */
const READ_AHEAD_BYTES = 65_536
/** All trailers of one body; what is beyond is dropped. Lambda's are an error's type and its body. */
const TRAILERS_MAX = 1_048_576
const EMPTY = Buffer.alloc(0)

type Trailers = Readonly<Record<string, string>>

/** Where the bytes of a body go. */
export interface Sink {
  add(bytes: Buffer): void
  end(trailers: Trailers): void
}

/** A body on its way through the connection. `take` answers what follows it, or undefined while it goes on. */
export interface BodyReader {
  readonly isEmpty: boolean
  take(bytes: Buffer): Buffer | undefined
}

/** The reader that the headers ask for. */
export function bodyReader(headers: Readonly<Record<string, string>>, sink: Sink): BodyReader {
  if (/\bchunked\b/i.test(headers['transfer-encoding'] ?? '')) return new ChunkedReader(sink)
  const length = Number(headers['content-length'] ?? 0)
  return new SizedReader(Number.isSafeInteger(length) && length > 0 ? length : 0, sink)
}

/** Keeps a body up to the limit. */
export class Collected implements Sink {
  truncated = false
  #parts: Buffer[] = []
  #size = 0

  add(bytes: Buffer): void {
    if (bytes.length === 0) return
    const room = BODY_MAX - this.#size
    if (bytes.length > room) this.truncated = true
    if (room <= 0) return
    const kept = bytes.length > room ? bytes.subarray(0, room) : bytes
    this.#parts.push(kept)
    this.#size += kept.length
  }

  end(): void {}

  bytes(): Buffer {
    return this.#parts.length === 1 ? (this.#parts[0] ?? EMPTY) : Buffer.concat(this.#parts)
  }
}

/** What a streamed body does to the socket that it comes from. */
export interface Flow {
  pause(): void
  resume(): void
}

/** Hands a body on part by part, and lets its sender wait when nobody takes them. */
export class Streamed implements Sink, StreamedBody {
  readonly #flow: Flow
  #parts: Buffer[] = []
  #size = 0
  #last: StreamPart | undefined
  #waiting: ((part: StreamPart) => void) | undefined
  #dropping = false

  constructor(flow: Flow) {
    this.#flow = flow
  }

  add(bytes: Buffer): void {
    if (this.#dropping || bytes.length === 0) return
    if (this.#waiting !== undefined) {
      this.#give({ kind: 'bytes', bytes })
      return
    }
    this.#parts.push(bytes)
    this.#size += bytes.length
    if (this.#size >= READ_AHEAD_BYTES) this.#flow.pause()
  }

  end(trailers: Trailers): void {
    this.#finish({ kind: 'end', trailers })
  }

  /** The connection is gone. */
  broke(): void {
    this.#finish({ kind: 'broken' })
  }

  /** Nobody wants the rest: it is read and dropped, so that its sender does not wait for ever. */
  drop(): void {
    this.#dropping = true
    this.#parts = []
    this.#flow.resume()
  }

  next(): Promise<StreamPart> {
    const bytes = this.#parts.shift()
    if (bytes !== undefined) {
      this.#size -= bytes.length
      if (this.#size < READ_AHEAD_BYTES) this.#flow.resume()
      return Promise.resolve({ kind: 'bytes', bytes })
    }
    if (this.#last !== undefined) return Promise.resolve(this.#last)
    return new Promise((resolve) => (this.#waiting = resolve))
  }

  #finish(last: StreamPart): void {
    this.#last ??= last
    if (this.#waiting !== undefined) this.#give(this.#last)
  }

  #give(part: StreamPart): void {
    const give = this.#waiting
    this.#waiting = undefined
    give?.(part)
  }
}

class SizedReader implements BodyReader {
  readonly #sink: Sink
  #left: number

  constructor(length: number, sink: Sink) {
    this.#left = length
    this.#sink = sink
  }

  get isEmpty(): boolean {
    return this.#left === 0
  }

  take(bytes: Buffer): Buffer | undefined {
    const mine = bytes.subarray(0, this.#left)
    this.#left -= mine.length
    this.#sink.add(mine)
    if (this.#left > 0) return undefined
    this.#sink.end({})
    return bytes.subarray(mine.length)
  }
}

/** Chunked transfer coding with trailers. */
class ChunkedReader implements BodyReader {
  readonly isEmpty = false
  readonly #sink: Sink
  #held: Buffer = EMPTY
  #left = -1
  #inTrailers = false
  #trailers: Record<string, string> = {}
  #trailerBytes = 0

  constructor(sink: Sink) {
    this.#sink = sink
  }

  take(bytes: Buffer): Buffer | undefined {
    let at = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    this.#held = EMPTY
    for (;;) {
      if (this.#left > 0) {
        const mine = at.subarray(0, this.#left)
        this.#left -= mine.length
        this.#sink.add(mine)
        at = at.subarray(mine.length)
        if (this.#left > 0) return undefined
      }
      const end = at.indexOf('\r\n')
      if (end === -1) {
        this.#held = at.length > TRAILERS_MAX ? EMPTY : at
        return undefined
      }
      const line = at.toString('latin1', 0, end)
      at = at.subarray(end + 2)
      if (this.#inTrailers) {
        if (line === '') {
          this.#sink.end(this.#trailers)
          return at
        }
        this.#trailer(line)
      } else if (line !== '') {
        this.#left = parseInt(line, 16)
        if (this.#left === 0 || Number.isNaN(this.#left)) this.#inTrailers = true
      }
    }
  }

  #trailer(line: string): void {
    const colon = line.indexOf(':')
    this.#trailerBytes += line.length
    if (colon <= 0 || this.#trailerBytes > TRAILERS_MAX) return
    this.#trailers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
}
