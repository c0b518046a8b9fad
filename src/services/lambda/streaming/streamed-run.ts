/** What came of a run's response: one in streaming mode, whose way to its caller is opened here, or one in one piece. */
import type { Clock } from '#ports/clock.ts'
import type { RuntimeReply } from '#ports/sandboxes.ts'
import * as invocations from '#services/lambda/invocation.ts'
import type { Outcome } from '#services/lambda/invocation.ts'
import { RESPONSE_BYTES } from '#services/lambda/limits.ts'
import type { Run } from '#services/lambda/run.ts'
import { ACCEPTED, type RuntimeAction, responseTooLarge } from '#services/lambda/runtime-api.ts'
import { receive } from '#services/lambda/streaming/receive.ts'
import { ResponseStream } from '#services/lambda/streaming/response-stream.ts'

export interface StreamedRun {
  /** Undefined for a response that broke off: how its process ended says more, unless it goes on. */
  readonly outcome: Outcome | undefined
  readonly answer: RuntimeReply
}

/** A response in one piece, or the error in its place. */
export function wholeRun(
  action: RuntimeAction & { kind: 'response' | 'error' },
): StreamedRun & { readonly outcome: Outcome } {
  if (action.truncated || action.body.length > RESPONSE_BYTES)
    return { outcome: invocations.answerTooLarge(), answer: responseTooLarge(RESPONSE_BYTES) }
  const functionError = action.kind === 'error' ? 'Unhandled' : undefined
  return { outcome: { payload: action.body, functionError }, answer: ACCEPTED }
}

/** Resolves at the end of the response. Never throws. */
export async function streamRun(
  run: Run,
  { body, contentType }: RuntimeAction & { kind: 'stream' },
  clock: Clock,
): Promise<StreamedRun> {
  run.openedAt = clock.elapsed()
  if (run.invocation.streams !== undefined) {
    run.stream = new ResponseStream(contentType)
    run.invocation.streams(run.stream)
  }
  const received = await receive(body, { clock, stream: run.stream })
  run.streamedBytes = received.bytes
  const answer = received.kind === 'too-large' ? responseTooLarge(received.limitBytes) : ACCEPTED
  return { outcome: invocations.streamOutcome(received), answer }
}
