/**
 * What a function's result is as the answer of its URL, whole or streamed. Source: Lambda developer guide, Invoking
 * function URLs; recorded AWS answers for what is no structured answer and for errors.
 */
import type { Bytes } from '#base/bytes.ts'
import type { HttpResponse } from '#ports/http.ts'
import { forwarded, interpretV2, plainBody } from '#engines/proxy-events/response.ts'
import type { InvokeResult } from '#services/lambda/invocation.ts'
import type { Streaming } from '#services/lambda/streaming/execute-streaming.ts'
import { PRELUDE_TYPE, type Prelude, splitStream, splitWhole } from '#services/lambda/urls/prelude.ts'

type Pair = readonly [name: string, value: string]
const JSON_TYPE = 'application/json'

export interface UrlAnswer {
  readonly status: number
  readonly headers: readonly Pair[]
  readonly body: NonNullable<HttpResponse['body']>
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  403: 'AccessDeniedException',
  413: 'RequestTooLargeException',
  429: 'TooManyRequestsException',
}

/** An error of the URL itself. Source: recorded AWS answers for 403; the others' bodies are inferred. */
export function failed(status: number, message: string | null): UrlAnswer {
  const type = ERROR_TYPES[status]
  return {
    status,
    headers: [
      ['Content-Type', JSON_TYPE],
      ...(type === undefined ? [] : [['x-amzn-ErrorType', type] as const]),
    ],
    body: JSON.stringify({ Message: message }),
  }
}

/** Source: recorded AWS answer to a function that failed. */
const BROKEN: UrlAnswer = {
  status: 502,
  headers: [['Content-Type', JSON_TYPE]],
  body: 'Internal Server Error',
}

/**
 * A whole answer. `raw` is for URLs that stream: they pass on what a function gave in one piece, as it is (inferred).
 */
export function answerOfResult(result: InvokeResult, raw = false): UrlAnswer {
  if (result.kind === 'throttled') return failed(429, 'Rate Exceeded.')
  if (result.kind === 'refused') {
    const { fault } = result
    if (fault.code === 'ResourceNotFoundException') return failed(403, null)
    return fault.side === 'server' ? BROKEN : failed(fault.status ?? 400, fault.message)
  }
  if (result.functionError !== undefined) return BROKEN
  if (raw) return { status: 200, headers: [['Content-Type', JSON_TYPE]], body: result.payload }
  const split = splitWhole(result.payload)
  if (split !== undefined) return split.prelude === undefined ? BROKEN : preluded(split.prelude, split.body)
  const response = interpretV2(result.payload, JSON_TYPE)
  const body = response === undefined ? undefined : plainBody(response)
  if (response === undefined || body === undefined) return BROKEN
  return { status: response.status, headers: forwarded(response.headers), body }
}

const preluded = ({ status, headers }: Prelude, body: UrlAnswer['body']): UrlAnswer => ({
  status,
  headers: forwarded(headers),
  body,
})

/** A streamed answer: begun when its head is known, cut off when the function fails within it. */
export async function answerOfStream(streaming: Streaming & { kind: 'streaming' }): Promise<UrlAnswer> {
  const parts = streaming.stream[Symbol.asyncIterator]()
  const { contentType } = streaming.stream
  if (contentType?.startsWith(PRELUDE_TYPE) === true) {
    const { prelude, first } = await splitStream(parts)
    if (prelude === undefined) {
      await parts.return(undefined)
      return BROKEN
    }
    return preluded(prelude, body(first, parts, streaming.ended))
  }
  const first = await parts.next()
  if (first.done === true && !isWell(await streaming.ended)) return BROKEN
  const headers: Pair[] = [['Content-Type', contentType ?? 'application/octet-stream']]
  const start = first.done === true ? new Uint8Array(0) : first.value
  return { status: 200, headers, body: body(start, parts, streaming.ended) }
}

const isWell = (result: InvokeResult): boolean =>
  result.kind === 'answered' && result.functionError === undefined

/** Throws at the end of a response that its function did not end well: whoever sends it cuts the connection. */
async function* body(
  first: Bytes,
  parts: AsyncGenerator<Bytes>,
  ended: Promise<InvokeResult>,
): AsyncGenerator<Bytes> {
  try {
    if (first.length > 0) yield first
    for (let next = await parts.next(); next.done !== true; next = await parts.next()) yield next.value
  } finally {
    await parts.return(undefined)
  }
  if (!isWell(await ended)) throw new Error('the function failed within its response')
}
