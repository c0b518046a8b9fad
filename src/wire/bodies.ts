/** Bodies from requests: collected under a bound, unpacked (gzip, aws-chunked), and the two forms tests and callers make. */
import { gunzipSync } from 'node:zlib'
import { EMPTY, WholeBody, concat } from '#base/bytes.ts'
import type { Body, ByteStream, HttpRequest } from '#ports/http.ts'
import { isAwsChunked, unchunked, unchunkedHeaders } from '#wire/chunked.ts'
import { serialization, tooLarge } from '#wire/malformed.ts'

/** A body that is already here, such as a form that was read to identify its request. */
export function bodyOf(bytes: Uint8Array): Body {
  return {
    length: bytes.length,
    collect: (limitBytes) => Promise.resolve(bytes.length > limitBytes ? 'too-large' : bytes),
    stream: () => new WholeBody(bytes),
  }
}

/** A short body of known length is taken at once where a stream is asked for: its machinery costs more than its bytes. */
const WHOLE_MAX = 64 * 1_024

/** The request's bytes as `WholeBody` when that is cheap, undefined when they are long, of unknown length or chunked. */
export async function wholeOf(request: HttpRequest): Promise<WholeBody | undefined> {
  const { length } = request.body
  if (length === undefined || !(length <= WHOLE_MAX) || isAwsChunked(request.headers)) return undefined
  const bytes = await request.body.collect(WHOLE_MAX)
  return bytes === 'too-large' ? undefined : new WholeBody(bytes)
}

/** How much of a body is taken, and for which operation. */
export interface Bound {
  readonly limitBytes: number
  readonly operation: string
}

/** All bytes of a stream, or the refusal when there are more than the bound. */
async function collect(stream: ByteStream, { limitBytes, operation }: Bound): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of stream) {
    size += part.length
    if (size > limitBytes) throw tooLarge(limitBytes, operation)
    parts.push(part)
  }
  return parts.length === 0 ? EMPTY : concat(parts)
}

/** Headers and bytes as the operation should see them. */
export interface Unpacked {
  readonly headers: Readonly<Record<string, string>>
  readonly stream: ByteStream
}

export type OnTrailers = (trailers: Readonly<Record<string, string>>) => void

/** The stream of a request without `aws-chunked`, and its headers likewise. */
export function unpacked(request: HttpRequest, onTrailers: OnTrailers): Unpacked {
  if (!isAwsChunked(request.headers)) return { headers: request.headers, stream: request.body.stream() }
  const said = request.headers['x-amz-decoded-content-length']
  const length = said !== undefined && /^\d{1,15}$/.test(said) ? Number(said) : undefined
  return {
    headers: unchunkedHeaders(request.headers),
    stream: unchunked(request.body.stream(), { length, onTrailers }),
  }
}

/** A whole body under a bound; `Content-Encoding: gzip` is taken off where the content is a document of ours. */
export async function documentOf(request: HttpRequest, bound: Bound): Promise<Uint8Array> {
  const bytes = await rawOf(request, bound)
  if (request.headers['content-encoding']?.trim() !== 'gzip' || bytes.length === 0) return bytes
  return inflated(bytes, bound)
}

/** A whole body under a bound, as it was sent. */
export async function rawOf(request: HttpRequest, bound: Bound): Promise<Uint8Array> {
  const { limitBytes, operation } = bound
  const announced = request.body.length
  if (announced !== undefined && announced > limitBytes) throw tooLarge(limitBytes, operation)
  if (isAwsChunked(request.headers)) return collect(unpacked(request, () => undefined).stream, bound)
  const bytes = await request.body.collect(limitBytes)
  if (bytes === 'too-large') throw tooLarge(limitBytes, operation)
  return bytes
}

function inflated(bytes: Uint8Array, { limitBytes, operation }: Bound): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: limitBytes })
  } catch (error) {
    throw error instanceof RangeError
      ? tooLarge(limitBytes, operation)
      : serialization('The body is not gzip')
  }
}
