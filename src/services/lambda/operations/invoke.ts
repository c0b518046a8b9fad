/** Invoke: RequestResponse, Event and DryRun. */
import { EMPTY, base64, concat, utf8 } from '#base/bytes.ts'
import type { InvocationResponse, Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import { optionNotWritten, payloadTooLarge, tooManyRequests } from '#services/lambda/faults.ts'
import type { InvokeResult } from '#services/lambda/invocation.ts'
import { checkedPayload, decodedClientContext, execute, runnable } from '#services/lambda/invoking.ts'
import { ASYNC_PAYLOAD_BYTES } from '#services/lambda/limits.ts'
import { referenceTo } from '#services/lambda/names.ts'
import type { LambdaState } from '#services/lambda/state.ts'

/**
 * Answers when the runtime has answered; a function error is a success with `FunctionError`. Source: Lambda API,
 * Invoke. Faults: not found, not active, payload too large or no JSON, too many requests.
 */
export const invoke: Operation<Lambda['Invoke'], LambdaState> = async (input, state, call) => {
  if (input.TenantId !== undefined) throw optionNotWritten('TenantId')
  if (input.DurableExecutionName !== undefined) throw optionNotWritten('DurableExecutionName')
  const reference = referenceTo(input.FunctionName, input.Qualifier, call)
  const type = input.InvocationType ?? 'RequestResponse'
  const event = type === 'Event'
  const of = await runnable(state, call, reference)
  const request = {
    requestId: call.requestId,
    reference,
    payload: checkedPayload(input.Payload, event),
    clientContext: decodedClientContext(input.ClientContext),
    span: call.span,
    tail: input.LogType === 'Tail' && !event,
    event,
  }
  if (type === 'DryRun') return { StatusCode: 204, Payload: EMPTY }
  if (event) {
    if (state.events.full) throw tooManyRequests('CallerRateLimitExceeded')
    await state.events.accept(call, of.name, request)
    return { StatusCode: 202, Payload: EMPTY }
  }
  return answerOf(await execute(state, of, request))
}

/** The old form of an Event. Source: Lambda API, InvokeAsync. */
export const invokeAsync: Operation<Lambda['InvokeAsync'], LambdaState> = async (input, state, call) => {
  const payload = await collected(input.InvokeArgs)
  const event = { FunctionName: input.FunctionName, InvocationType: 'Event', Payload: payload }
  const { StatusCode: status } = await invoke(event, state, call)
  return { Status: status }
}

/** All of it, up to the limit of an event. Fault: too large. */
async function collected(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > ASYNC_PAYLOAD_BYTES) throw payloadTooLarge(ASYNC_PAYLOAD_BYTES)
    chunks.push(chunk)
  }
  return concat(chunks)
}

function answerOf(result: InvokeResult): InvocationResponse {
  switch (result.kind) {
    case 'throttled':
      throw tooManyRequests(result.reason)
    case 'refused':
      throw result.fault
    case 'answered':
      return {
        StatusCode: 200,
        Payload: result.payload,
        ExecutedVersion: result.version,
        FunctionError: result.functionError,
        LogResult: result.logTail === undefined ? undefined : base64(utf8(result.logTail)),
      }
    default:
      return result satisfies never
  }
}
