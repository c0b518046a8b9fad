/**
 * From a call or a delivery to a run: finds the function, checks state and payload, and hands it to its fleet.
 * The hot path of the service: no store, and one promise per invoke.
 */
import { type Bytes, fromBase64, strictText, utf8 } from '#base/bytes.ts'
import { isRecord, parseJson } from '#base/json.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import {
  clientContextInvalid,
  functionNotFound,
  notActive,
  payloadNotJson,
  payloadTooLarge,
  recursiveInvocation,
} from '#services/lambda/faults.ts'
import { hopsOf, withHop } from '#services/lambda/events/lineage.ts'
import type { Invocation, InvokeResult } from '#services/lambda/invocation.ts'
import {
  ASYNC_PAYLOAD_BYTES,
  CLIENT_CONTEXT_BYTES,
  RECURSION_MAX,
  SYNC_PAYLOAD_BYTES,
} from '#services/lambda/limits.ts'
import { type FunctionReference, LATEST, type Owner, functionArn } from '#services/lambda/names.ts'
import { versionRouted } from '#services/lambda/qualifiers.ts'
import type { LambdaState } from '#services/lambda/state.ts'

export interface InvokeRequest {
  readonly requestId: string
  readonly reference: FunctionReference
  readonly payload: Bytes
  readonly clientContext: string | undefined
  readonly span: SpanScope
  readonly tail: boolean
  readonly event: boolean
  /** Called when an environment has it. */
  readonly begun?: (() => void) | undefined
  /** See `Invocation.streams`. */
  readonly streams?: Invocation['streams']
}

/** What a function gets when the call had no body. */
const EMPTY_EVENT = utf8('{}')

/**
 * What is run, ready to run: an alias is one of its versions, chosen anew each time. Faults: not found, Pending, Failed.
 * A version that is being published is waited for. Source: recorded AWS answers, Lambda developer guide, Function states.
 */
export async function runnable(
  state: LambdaState,
  owner: Owner,
  reference: FunctionReference,
): Promise<ActiveFunction> {
  const { name, qualifier } = reference
  const of = await state.find(owner, name)
  if (of === undefined) throw functionNotFound(functionArn(owner, name, qualifier ?? LATEST))
  const version = versionRouted(of.record, qualifier, state.ports.random)
  const live =
    version === LATEST
      ? of
      : version === undefined
        ? undefined
        : await state.versions.find(owner, name, version)
  if (live === undefined) throw functionNotFound(functionArn(owner, name, qualifier))
  if (live.active !== undefined) return live.active
  const { state: recorded } = live.record
  if (recorded.kind === 'pending' && live === of) throw notActive('Pending', '')
  if (recorded.kind === 'failed') throw notActive('Failed', recorded.reason)
  return await state.ensureActive(owner, live)
}

/** The event as the function gets it. Faults: too large, no JSON. */
export function checkedPayload(payload: Bytes | undefined, event: boolean): Bytes {
  if (payload === undefined || payload.length === 0) return EMPTY_EVENT
  const limit = event ? ASYNC_PAYLOAD_BYTES : SYNC_PAYLOAD_BYTES
  if (payload.length > limit) throw payloadTooLarge(limit)
  const text = strictText(payload)
  if (text === undefined) throw payloadNotJson('Invalid UTF-8')
  try {
    JSON.parse(text)
  } catch (error) {
    throw payloadNotJson(error instanceof Error ? error.message : 'no JSON')
  }
  return payload
}

/** X-Amz-Client-Context as JSON text that fits a header: ASCII, no line breaks. */
export function decodedClientContext(encoded: string | undefined): string | undefined {
  if (encoded === undefined || encoded === '') return undefined
  const bytes = fromBase64(encoded)
  if (bytes === undefined || bytes.length > CLIENT_CONTEXT_BYTES) throw clientContextInvalid()
  const value = parseJson(strictText(bytes) ?? '')
  if (!isRecord(value)) throw clientContextInvalid()
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Unless its owner allows them. Source: Lambda API, PutFunctionRecursionConfig. */
const stopsLoops = (state: LambdaState, of: ActiveFunction): boolean =>
  state.known(of.owner, of.name)?.record.recursiveLoop !== 'Allow'

/** Runs it. Resolves when the caller may be answered. */
export function execute(
  state: LambdaState,
  of: ActiveFunction,
  request: InvokeRequest,
): Promise<InvokeResult> {
  const { clock } = state.ports
  const { span, reference } = request
  const header = span.header()
  span.set('functionName', of.name)
  if (of.version !== LATEST) span.set('executedVersion', of.version)
  if (hopsOf(header, of.lineageMark) >= RECURSION_MAX && stopsLoops(state, of)) {
    span.set('recursiveInvocationsDropped', 1)
    return Promise.resolve({ kind: 'refused', fault: recursiveInvocation() })
  }
  return new Promise((resolve) => {
    state.fleet(of.owner).invoke(of, reference.qualifier, {
      requestId: request.requestId,
      invokedArn: reference.qualifier === undefined ? of.arn : `${of.arn}:${reference.qualifier}`,
      payload: request.payload,
      clientContext: request.clientContext,
      span,
      arrivedAt: clock.elapsed(),
      at: clock.now(),
      tail: request.tail,
      trace: withHop(header, of.lineageMark),
      begun: request.begun,
      streams: request.streams,
      eventBytes: request.event ? request.payload.length : undefined,
      answer: (result) => {
        if (result.kind === 'throttled') span.set('throttleReason', result.reason)
        else if (result.kind === 'answered' && result.functionError !== undefined)
          span.set('functionError', result.functionError)
        resolve(result)
      },
    })
  })
}

export function spanOutcome(result: InvokeResult): 'ok' | 'error' | 'fault' | 'throttle' {
  if (result.kind === 'throttled') return 'throttle'
  if (result.kind === 'refused') return result.fault.side === 'server' ? 'fault' : 'error'
  return result.functionError === undefined ? 'ok' : 'error'
}
