/**
 * The `aws-chunked` body of S3 uploads as a stream: sizes in hex, chunk extensions (signatures are accepted unread), and
 * trailers after the last chunk, which are handed over when they come. Nothing is collected. Signature verification is
 * not here. Source: S3 API reference, Signature calculations for chunked uploads.
 */
import { concat, text } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import type { ByteStream } from '#ports/http.ts'

/** Longest line of sizes, signatures or trailers; ours. */
const LINE_MAX = 8_192

/** Source: S3 API reference, list of error codes, IncompleteBody. */
const incomplete = (): Fault =>
  new Fault('IncompleteBody', 'The request body terminated unexpectedly', { status: 400 })

/** True when the headers say that the body is chunked in this way; some clients send only one of the two. */
export function isAwsChunked(headers: Readonly<Record<string, string>>): boolean {
  if (headers['x-amz-content-sha256']?.startsWith('STREAMING-') === true) return true
  return headers['content-encoding']?.split(',').some((coding) => coding.trim() === 'aws-chunked') === true
}

/** The headers as they would be without chunking: real length, and no `aws-chunked` in the stored coding. */
export function unchunkedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { 'content-encoding': coding, 'content-length': _, ...rest } = headers
  // The others stay as they were written, commas and blanks included.
  const others = (coding ?? '')
    .replace(/(^|,)\s*aws-chunked\s*(?=,|$)/g, '')
    .replace(/^[\s,]+/, '')
    .trimEnd()
  const length = headers['x-amz-decoded-content-length']
  return {
    ...rest,
    ...(others === '' ? {} : { 'content-encoding': others }),
    ...(length === undefined ? {} : { 'content-length': length }),
  }
}

/** Reads lines and counted bytes from a stream without joining its parts. */
class Source {
  readonly #parts: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(stream: ByteStream) {
    this.#parts = stream[Symbol.asyncIterator]()
  }

  async #more(): Promise<boolean> {
    const next = await this.#parts.next()
    if (next.done === true) return false
    this.#rest = this.#rest.length === 0 ? next.value : concat([this.#rest, next.value])
    return true
  }

  /** A line without its end; undefined at the end of the body. */
  async line(): Promise<string | undefined> {
    let from = 0
    for (;;) {
      const at = this.#rest.indexOf(10, from)
      if (at !== -1) {
        const end = at > 0 && this.#rest[at - 1] === 13 ? at - 1 : at
        const line = text(this.#rest.subarray(0, end))
        this.#rest = this.#rest.subarray(at + 1)
        return line
      }
      if (this.#rest.length > LINE_MAX) throw incomplete()
      from = this.#rest.length
      if (!(await this.#more())) return undefined
    }
  }

  /** At most that many bytes, at least one; undefined at the end of the body. */
  async some(most: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) if (!(await this.#more())) return undefined
    const part = this.#rest.subarray(0, most)
    this.#rest = this.#rest.subarray(part.length)
    return part
  }

  async close(): Promise<void> {
    await this.#parts.return?.()
  }
}

export interface Unchunking {
  /** `x-amz-decoded-content-length`, if the request had one: fewer or more bytes are refused. */
  readonly length: number | undefined
  /** Called once, after the last chunk, with names in lower case. */
  readonly onTrailers: (trailers: Readonly<Record<string, string>>) => void
}

/** The bytes inside the chunks. Throws IncompleteBody when the chunks end early or are no chunks. */
export async function* unchunked(stream: ByteStream, options: Unchunking): ByteStream {
  const source = new Source(stream)
  let total = 0
  try {
    for (;;) {
      const line = await source.line()
      const size = /^([0-9a-fA-F]{1,8})\s*(?:;.*)?$/.exec(line ?? '')?.[1]
      if (size === undefined) throw incomplete()
      let left = Number.parseInt(size, 16)
      if (left === 0) break
      total += left
      while (left > 0) {
        const part = await source.some(left)
        if (part === undefined) throw incomplete()
        left -= part.length
        yield part
      }
      if ((await source.line()) !== '') throw incomplete()
    }
    if (options.length !== undefined && options.length !== total) throw incomplete()
    options.onTrailers(await trailersOf(source))
  } finally {
    await source.close()
  }
}

async function trailersOf(source: Source): Promise<Record<string, string>> {
  const trailers: Record<string, string> = {}
  let read = 0
  for (let line = await source.line(); line !== undefined && read < LINE_MAX; line = await source.line()) {
    read += line.length
    const at = line.indexOf(':')
    if (at > 0) trailers[line.slice(0, at).trim().toLowerCase()] = line.slice(at + 1).trim()
  }
  return trailers
}
