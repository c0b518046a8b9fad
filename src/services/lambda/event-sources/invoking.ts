/** A batch's invoke: the synchronous path of the service, on a span of its own below the batch's. */
import type { Bytes } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { uuid } from '#base/ids.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { InvokeResult } from '#services/lambda/invocation.ts'
import { execute, runnable, spanOutcome } from '#services/lambda/invoking.ts'
import type { FunctionReference, Owner } from '#services/lambda/names.ts'
import type { LambdaState } from '#services/lambda/state.ts'

export type BatchInvoke =
  | { readonly kind: 'answered'; readonly payload: Bytes; readonly failed: boolean }
  | { readonly kind: 'throttled' }
  /** The function is not active yet. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'gone'; readonly why: string }
  /** By the recursion guard, or by the machine. */
  | { readonly kind: 'refused'; readonly why: string }

export type InvokeFunction = (span: SpanScope, payload: Bytes) => Promise<BatchInvoke>

/** The invoke of that function; its Faults are outcomes. */
export function batchInvoker(state: LambdaState, owner: Owner, reference: FunctionReference): InvokeFunction {
  return async (span, payload) => {
    try {
      const of = await runnable(state, owner, reference)
      const invoking = span.open('lambda', 'Invoke', of.arn)
      const result = await execute(state, of, {
        requestId: uuid(state.ports.random),
        reference,
        payload,
        clientContext: undefined,
        span: invoking,
        tail: false,
        event: false,
      })
      invoking.end(spanOutcome(result), {
        bytesIn: payload.length,
        bytesOut: result.kind === 'answered' ? result.payload.length : 0,
      })
      return outcomeOf(result)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return refusal(error)
    }
  }
}

function outcomeOf(result: InvokeResult): BatchInvoke {
  switch (result.kind) {
    case 'answered':
      return { kind: 'answered', payload: result.payload, failed: result.functionError !== undefined }
    case 'throttled':
      return { kind: 'throttled' }
    case 'refused':
      return refusal(result.fault)
    default:
      return result satisfies never
  }
}

function refusal({ code, message }: Fault): BatchInvoke {
  if (code === 'ResourceNotFoundException') return { kind: 'gone', why: message }
  return code === 'ResourceConflictException' ? { kind: 'pending' } : { kind: 'refused', why: message }
}
