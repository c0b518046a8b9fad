/** Invoke: RequestResponse, Event and DryRun. */
import { EMPTY, base64, utf8 } from '#base/bytes.ts'
import type { InvocationResponse, Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import { optionNotWritten, tooManyRequests } from '#services/lambda/faults.ts'
import { EVENT_QUEUE_HEADER } from '#services/lambda/limits.ts'
import type { InvokeResult } from '#services/lambda/invocation.ts'
import {
  checkedPayload,
  decodedClientContext,
  enqueue,
  execute,
  runnable,
} from '#services/lambda/invoking.ts'
import { LATEST, referenceTo } from '#services/lambda/names.ts'
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
    enqueue(state, of, request)
    call.header?.(...EVENT_QUEUE_HEADER)
    return { StatusCode: 202, Payload: EMPTY }
  }
  return answerOf(await execute(state, of, request))
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
        ExecutedVersion: LATEST,
        FunctionError: result.functionError,
        LogResult: result.logTail === undefined ? undefined : base64(utf8(result.logTail)),
      }
    default:
      return result satisfies never
  }
}
