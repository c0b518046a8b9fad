/** Bytes of answers: what both ways to a socket share (`server.ts`, `direct.ts`). */
import type { Writable } from 'node:stream'
import { lowerName } from '#host/http/names.ts'
import type { ByteStream, HttpResponse } from '#ports/http.ts'

/** Bodies up to this leave together with their head: a second write costs as much as all else of a small answer. */
export const ONE_WRITE_MAX = 64 * 1_024

/** Node joins a head only with text: each byte as the character of its number. */
export const bytesAsText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

/** What the answer says of its length. */
export function lengthOf(response: HttpResponse): number | undefined {
  for (const [name, value] of response.headers)
    if (name.length === 14 && lowerName(name) === 'content-length') return Number(value)
  return undefined
}

export async function collected(body: ByteStream): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
}

/** Resolves when more may be written, or nothing more will leave. */
export function drained(outgoing: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done)
      outgoing.off('close', done)
      resolve()
    }
    outgoing.on('drain', done)
    outgoing.on('close', done)
  })
}
