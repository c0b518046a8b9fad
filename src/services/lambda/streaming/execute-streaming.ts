/**
 * Runs a function for a caller that takes its response while it comes: InvokeWithResponseStream, and function URLs in
 * the mode RESPONSE_STREAM. A function that answers in one piece, or not at all, is told apart from one that streams.
 */
import type { SpanScope } from '#ports/spans.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import type { InvokeResult } from '#services/lambda/invocation.ts'
import { type InvokeRequest, execute, spanOutcome } from '#services/lambda/invoking.ts'
import type { LambdaState } from '#services/lambda/state.ts'
import type { ResponseStream } from '#services/lambda/streaming/response-stream.ts'

export type Streaming =
  /** A response comes; `ended` tells how the invoke ended, once it has. */
  | { readonly kind: 'streaming'; readonly stream: ResponseStream; readonly ended: Promise<InvokeResult> }
  | { readonly kind: 'ended'; readonly result: InvokeResult }

export interface StreamingRequest extends Omit<InvokeRequest, 'span' | 'event' | 'streams'> {
  /** The invoke's own span hangs below it: it lasts as long as the response. */
  readonly below: SpanScope
  /** Aborts when the caller has gone: the function goes on, as on AWS, and its response goes nowhere. */
  readonly signal: AbortSignal
}

/** Resolves when a response begins, or the invoke has ended without one. */
export function executeStreaming(
  state: LambdaState,
  of: ActiveFunction,
  request: StreamingRequest,
): Promise<Streaming> {
  const { below, signal, ...rest } = request
  const span = below.open('lambda', 'Invoke', of.arn)
  return new Promise((resolve, reject) => {
    let bytesOut = 0
    const ended = execute(state, of, {
      ...rest,
      span,
      event: false,
      streams: (stream) => {
        const abandon = (): void => stream.abandon()
        if (signal.aborted) abandon()
        else signal.addEventListener('abort', abandon, { once: true })
        resolve({ kind: 'streaming', stream, ended })
      },
    }).then((result) => {
      if (result.kind === 'answered') bytesOut = result.payload.length
      span.end(spanOutcome(result), { bytesIn: request.payload.length, bytesOut })
      return result
    })
    ended.then((result) => resolve({ kind: 'ended', result }), reject)
  })
}
