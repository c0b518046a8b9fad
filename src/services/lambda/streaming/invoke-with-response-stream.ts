/** InvokeWithResponseStream: the function's response as events, and one event at its end that tells how it went. */
import { base64, text, utf8 } from '#base/bytes.ts'
import type {
  InvokeWithResponseStreamCompleteEvent,
  InvokeWithResponseStreamResponseEvent,
  Lambda,
} from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import { optionNotWritten, tooManyRequests } from '#services/lambda/faults.ts'
import type { InvokeResult } from '#services/lambda/invocation.ts'
import { checkedPayload, decodedClientContext, runnable } from '#services/lambda/invoking.ts'
import { referenceTo } from '#services/lambda/names.ts'
import type { LambdaState } from '#services/lambda/state.ts'
import { type Streaming, executeStreaming } from '#services/lambda/streaming/execute-streaming.ts'
import { errorTypeOf } from '#services/lambda/streaming/receive.ts'

type Answered = InvokeResult & { readonly kind: 'answered' }
type Event = InvokeWithResponseStreamResponseEvent

/**
 * Source: Lambda API, InvokeWithResponseStream. A function that does not stream gives one chunk. Faults: as Invoke's,
 * before the first event; what goes wrong later is told in InvokeComplete.
 */
export const invokeWithResponseStream: Operation<Lambda['InvokeWithResponseStream'], LambdaState> = async (
  input,
  state,
  call,
) => {
  if (input.TenantId !== undefined) throw optionNotWritten('TenantId')
  const reference = referenceTo(input.FunctionName, input.Qualifier, call)
  const of = await runnable(state, call, reference)
  const payload = checkedPayload(input.Payload, false)
  const clientContext = decodedClientContext(input.ClientContext)
  if (input.InvocationType === 'DryRun') return { StatusCode: 204 }
  const streaming = await executeStreaming(state, of, {
    requestId: call.requestId,
    reference,
    payload,
    clientContext,
    below: call.span,
    signal: call.signal,
    tail: input.LogType === 'Tail',
  })
  return { StatusCode: 200, ExecutedVersion: of.version, EventStream: events(streaming) }
}

/** Faults of an invoke that ended before its response are thrown here, when there is still a status to answer. */
function events(streaming: Streaming): AsyncIterable<Event> {
  return streaming.kind === 'streaming' ? streamed(streaming) : whole(answered(streaming.result))
}

async function* streamed({ stream, ended }: Streaming & { kind: 'streaming' }): AsyncGenerator<Event> {
  for await (const Payload of stream) yield { PayloadChunk: { Payload } }
  yield { InvokeComplete: completeOf(await ended) }
}

async function* whole(result: Answered): AsyncGenerator<Event> {
  if (result.payload.length > 0) yield { PayloadChunk: { Payload: result.payload } }
  yield { InvokeComplete: complete(result) }
}

function answered(result: InvokeResult): Answered {
  if (result.kind === 'throttled') throw tooManyRequests(result.reason)
  if (result.kind === 'refused') throw result.fault
  return result
}

/** An invoke that was refused within its response can only be told as an error of its end. */
function completeOf(result: InvokeResult): InvokeWithResponseStreamCompleteEvent {
  if (result.kind === 'refused') return { ErrorCode: result.fault.code, ErrorDetails: result.fault.message }
  return complete(answered(result))
}

/** That the details are the error's JSON is inferred. */
function complete(result: Answered): InvokeWithResponseStreamCompleteEvent {
  const { functionError, logTail, payload } = result
  return {
    ...(functionError === undefined ? {} : { ErrorCode: errorTypeOf(payload), ErrorDetails: text(payload) }),
    ...(logTail === undefined ? {} : { LogResult: base64(utf8(logTail)) }),
  }
}
