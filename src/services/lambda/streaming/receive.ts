/**
 * Takes a streamed response from a runtime: to a caller that streams at AWS's pace, or together into one payload for a
 * caller that does not. What it means for the invoke is the environment's to decide.
 */
import { type Bytes, concat, fromBase64, utf8 } from '#base/bytes.ts'
import { isRecord, parseJson, stringAt } from '#base/json.ts'
import { strictText } from '#base/bytes.ts'
import type { Clock } from '#ports/clock.ts'
import type { StreamedBody } from '#ports/sandboxes.ts'
import { RESPONSE_BYTES, STREAMED_RESPONSE_BYTES } from '#services/lambda/limits.ts'
import { Pace } from '#services/lambda/streaming/pace.ts'
import type { ResponseStream } from '#services/lambda/streaming/response-stream.ts'

export interface Failure {
  readonly errorType: string
  /** JSON text of the error, as the runtime gave it. */
  readonly body: Bytes
}

export type Received =
  /** All of it; `payload` is empty when it was streamed on. A failure is what the runtime said in its trailers. */
  | {
      readonly kind: 'whole'
      readonly payload: Bytes
      readonly bytes: number
      readonly failure: Failure | undefined
    }
  | { readonly kind: 'too-large'; readonly bytes: number; readonly limitBytes: number }
  /** The connection ended within the response. */
  | { readonly kind: 'broken'; readonly bytes: number }

export interface Receiving {
  readonly clock: Clock
  /** Where it goes; undefined when the caller wants one payload. */
  readonly stream: ResponseStream | undefined
}

/** Resolves when the response has ended, one way or another. Never throws. */
export async function receive(body: StreamedBody, { clock, stream }: Receiving): Promise<Received> {
  const limitBytes = stream === undefined ? RESPONSE_BYTES : STREAMED_RESPONSE_BYTES
  const pace = new Pace(clock.elapsed())
  const parts: Bytes[] = []
  let bytes = 0
  for (;;) {
    const part = await body.next()
    if (part.kind === 'broken') return { kind: 'broken', bytes }
    if (part.kind === 'end') {
      const payload = concat(parts)
      return { kind: 'whole', payload, bytes, failure: failureOf(part.trailers) }
    }
    bytes += part.bytes.length
    if (bytes > limitBytes) return { kind: 'too-large', bytes, limitBytes }
    if (stream === undefined) parts.push(part.bytes)
    else if (!stream.abandoned) {
      const waitMs = pace.take(part.bytes.length, clock.elapsed())
      if (waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, resolve))
      await stream.write(part.bytes)
    }
  }
}

/** Source: Lambda developer guide, Response streaming for custom runtimes: error type, and error body in base64. */
function failureOf(trailers: Readonly<Record<string, string>>): Failure | undefined {
  const errorType = trailers['lambda-runtime-function-error-type']
  const encoded = trailers['lambda-runtime-function-error-body']
  if (errorType === undefined && encoded === undefined) return undefined
  const body = encoded === undefined ? undefined : fromBase64(encoded)
  const type = errorType ?? 'Runtime.Unknown'
  return { errorType: type, body: body ?? utf8(JSON.stringify({ errorType: type })) }
}

/** The type that an error payload names, for those who are told it apart. */
export function errorTypeOf(payload: Bytes): string {
  const error = parseJson(strictText(payload) ?? '')
  return (isRecord(error) ? stringAt(error, 'errorType') : undefined) ?? 'Unhandled'
}
