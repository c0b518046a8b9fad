/**
 * What stands before the body of a streamed HTTP answer: status, headers and cookies as JSON, ended by eight zero
 * bytes. Source: Lambda developer guide, Response streaming; AWS's public Node.js interface client.
 */
import { type Bytes, EMPTY, concat, text, utf8 } from '#base/bytes.ts'
import { isRecord, parseJson } from '#base/json.ts'
import { interpretV2 } from '#engines/proxy-events/response.ts'
import { PRELUDE_BYTES } from '#services/lambda/limits.ts'

/** The content type of a response that has one. */
export const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response'
const DELIMITER_LENGTH = 8

export interface Prelude {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** Where eight zero bytes begin, or -1. */
function delimiterOf(bytes: Bytes): number {
  let zeros = 0
  for (let at = 0; at < bytes.length; at++) {
    zeros = bytes[at] === 0 ? zeros + 1 : 0
    if (zeros === DELIMITER_LENGTH) return at + 1 - DELIMITER_LENGTH
  }
  return -1
}

/** Undefined when it is no JSON object, or a member of it no header can hold. */
function preludeOf(bytes: Bytes): Prelude | undefined {
  const metadata = parseJson(text(bytes))
  if (!isRecord(metadata)) return undefined
  const { statusCode = 200, headers, cookies } = metadata
  const answer = utf8(JSON.stringify({ statusCode, headers, cookies, body: '' }))
  const response = interpretV2(answer, 'application/octet-stream')
  return response === undefined ? undefined : { status: response.status, headers: response.headers }
}

export interface SplitBytes {
  readonly prelude: Prelude | undefined
  readonly body: Bytes
}

/** A whole response, when it begins with a prelude. */
export function splitWhole(bytes: Bytes): SplitBytes | undefined {
  if (bytes[0] !== 0x7b) return undefined // `{`
  const at = delimiterOf(bytes.subarray(0, PRELUDE_BYTES))
  if (at === -1) return undefined
  return { prelude: preludeOf(bytes.subarray(0, at)), body: bytes.subarray(at + DELIMITER_LENGTH) }
}

export interface Split {
  /** Undefined when there is none, or it is malformed. */
  readonly prelude: Prelude | undefined
  /** What was read beyond it. */
  readonly first: Bytes
}

/** Reads from the stream until the prelude has ended. */
export async function splitStream(parts: AsyncIterator<Bytes>): Promise<Split> {
  let held: Bytes = EMPTY
  for (;;) {
    const next = await parts.next()
    if (next.done === true) return { prelude: undefined, first: held }
    held = concat([held, next.value])
    const at = delimiterOf(held)
    if (at !== -1) {
      const first = held.subarray(at + DELIMITER_LENGTH)
      return { prelude: preludeOf(held.subarray(0, at)), first }
    }
    if (held.length > PRELUDE_BYTES) return { prelude: undefined, first: EMPTY }
  }
}
