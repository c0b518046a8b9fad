/**
 * Event streams of answers: each event is a message with a length prelude, two checksums, typed headers and a payload.
 * Only what services send; no service here takes events. Source: Smithy specification, Amazon event stream.
 */
import { crc32 } from 'node:zlib'
import { EMPTY, concat, utf8 } from '#base/bytes.ts'
import type { ByteStream } from '#ports/http.ts'

export interface EventMessage {
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly payload: Uint8Array
}

/** One message as bytes. All headers are strings (type 7). */
export function frame(message: EventMessage): Uint8Array {
  const headers = concat(
    message.headers.flatMap(([name, value]) => {
      const [key, content] = [utf8(name), utf8(value)]
      return [
        Uint8Array.of(key.length),
        key,
        Uint8Array.of(7, content.length >> 8, content.length & 255),
        content,
      ]
    }),
  )
  const total = 16 + headers.length + message.payload.length
  const bytes = new Uint8Array(total)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, total)
  view.setUint32(4, headers.length)
  view.setUint32(8, crc32(bytes.subarray(0, 8)))
  bytes.set(headers, 12)
  bytes.set(message.payload, 12 + headers.length)
  view.setUint32(total - 4, crc32(bytes.subarray(0, total - 4)))
  return bytes
}

/** The first event of a JSON service without REST bindings: what else the output holds. */
export const initialResponse = (payload: Uint8Array, type: string): EventMessage => ({
  headers: [
    [':message-type', 'event'],
    [':event-type', 'initial-response'],
    [':content-type', type],
  ],
  payload,
})

/** Frames events one by one as the service gives them. */
export async function* framed(events: AsyncIterable<EventMessage>): ByteStream {
  for await (const event of events) yield frame(event)
}

export const NO_PAYLOAD = EMPTY
