/**
 * multipart/form-data as it arrives: the fields before the file, then the file as a stream that is never held whole.
 * What comes after the file is read and dropped. Pure; a form that is none answers undefined.
 * Source: RFC 7578; S3 API, POST Object (the file is the last field).
 */
import { Buffer } from 'node:buffer'
import { type Bytes, strictText } from '#base/bytes.ts'

export interface FormFile {
  /** The last part of the file's name, without folders. */
  readonly name: string
  readonly contentType: string | undefined
  readonly body: AsyncIterable<Bytes>
}

export interface FormData {
  /** Names in lower case, in the form's order. */
  readonly fields: ReadonlyMap<string, string>
  readonly file: FormFile | undefined
}

/** The boundary of such a content type, or undefined when it is another. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  const found = /^\s*multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;,]{1,70}))/i.exec(
    contentType ?? '',
  )
  return found?.[1] ?? found?.[2]
}

const CRLF = '\r\n'
const EMPTY = Buffer.alloc(0)
/** Bytes of one part's headers; beyond, it is no form. Ours. */
const HEADERS_MAX = 8_192

interface PartHeaders {
  readonly name: string
  readonly filename: string | undefined
  readonly contentType: string | undefined
}

/** Takes from a stream up to a mark that may lie across its chunks. */
class Source {
  readonly #chunks: AsyncIterator<Bytes>
  #held: Buffer = EMPTY
  #ended = false

  constructor(stream: AsyncIterable<Bytes>) {
    this.#chunks = stream[Symbol.asyncIterator]()
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false
    const next = await this.#chunks.next()
    if (next.done === true) {
      this.#ended = true
      return false
    }
    this.#held = this.#held.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#held, next.value])
    return true
  }

  /** Everything before the mark, which is taken too; undefined when the stream ends or `max` is passed before it. */
  async until(mark: string, max: number): Promise<Buffer | undefined> {
    for (;;) {
      const at = this.#held.indexOf(mark)
      if (at !== -1) {
        if (at > max) return undefined
        const found = this.#held.subarray(0, at)
        this.#held = this.#held.subarray(at + mark.length)
        return found
      }
      if (this.#held.length > max + mark.length || !(await this.#more())) return undefined
    }
  }

  /** The same as a stream; a stream that ends before the mark throws what `broken` makes. */
  async *through(mark: string, broken: () => Error): AsyncGenerator<Bytes> {
    for (;;) {
      const at = this.#held.indexOf(mark)
      if (at !== -1) {
        if (at > 0) yield this.#held.subarray(0, at)
        this.#held = this.#held.subarray(at + mark.length)
        return
      }
      // The mark may have begun at the end of what is held.
      const safe = this.#held.length - mark.length + 1
      if (safe > 0) {
        yield this.#held.subarray(0, safe)
        this.#held = this.#held.subarray(safe)
      }
      if (!(await this.#more())) throw broken()
    }
  }

  async drain(): Promise<void> {
    do this.#held = EMPTY
    while (await this.#more())
  }
}

function headersIn(text: string): PartHeaders | undefined {
  let disposition: string | undefined
  let contentType: string | undefined
  for (const line of text.split(CRLF)) {
    const at = line.indexOf(':')
    const name = line.slice(0, at).trim().toLowerCase()
    if (name === 'content-disposition') disposition = line.slice(at + 1)
    if (name === 'content-type') contentType = line.slice(at + 1).trim()
  }
  const name = parameterOf(disposition, 'name')
  return name === undefined
    ? undefined
    : { name, filename: parameterOf(disposition, 'filename'), contentType }
}

/** Browsers leave the backslashes of a path as they are. */
function parameterOf(disposition: string | undefined, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, 'i').exec(disposition ?? '')
  return found?.[1]?.replaceAll('\\"', '"') ?? found?.[2]
}

/**
 * Reads the fields; `fieldsMax` bounds their bytes together. The file's body must be read before anything else is
 * done with the request; it throws what `broken` makes when the form ends within it.
 */
export async function readForm(
  stream: AsyncIterable<Bytes>,
  boundary: string,
  { fieldsMax, broken }: { readonly fieldsMax: number; readonly broken: () => Error },
): Promise<FormData | undefined> {
  const source = new Source(stream)
  const fields = new Map<string, string>()
  const end = `${CRLF}--${boundary}`
  if ((await source.until(`--${boundary}`, HEADERS_MAX)) === undefined) return undefined
  let left = fieldsMax
  for (;;) {
    const rest = await source.until(CRLF, HEADERS_MAX)
    if (rest === undefined || rest.toString('latin1').startsWith('--')) {
      await source.drain()
      return { fields, file: undefined }
    }
    const head = strictText((await source.until(`${CRLF}${CRLF}`, HEADERS_MAX)) ?? EMPTY)
    const part = head === undefined ? undefined : headersIn(head)
    if (part === undefined) return undefined
    if (part.name.toLowerCase() === 'file')
      return { fields, file: fileOf(source, part, () => source.through(end, broken)) }
    const value = await source.until(end, left)
    const text = value === undefined ? undefined : strictText(value)
    if (value === undefined || text === undefined) return undefined
    left -= value.length
    fields.set(part.name.toLowerCase(), text)
  }
}

function fileOf(source: Source, part: PartHeaders, body: () => AsyncGenerator<Bytes>): FormFile {
  return {
    name: /[^/\\]*$/.exec(part.filename ?? '')?.[0] ?? '',
    contentType: part.contentType,
    body: (async function* (): AsyncGenerator<Bytes> {
      yield* body()
      await source.drain()
    })(),
  }
}
