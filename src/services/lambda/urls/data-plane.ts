/**
 * Requests to function URLs, from the id in the host to the answer: CORS, access, the event, the function, the answer
 * in either invoke mode. No store is read once a URL is known. Errors are small JSON bodies of the URL's own.
 */
import { type Bytes, EMPTY, utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { type AccountId, accountId, regionOf } from '#base/ids.ts'
import type { DataPlane, DataPlaneCall } from '#ports/data-plane.ts'
import type { HttpResponse } from '#ports/http.ts'
import type { InvokeResult } from '#services/lambda/invocation.ts'
import { checkedPayload, execute, runnable, spanOutcome } from '#services/lambda/invoking.ts'
import { SYNC_PAYLOAD_BYTES } from '#services/lambda/limits.ts'
import { LATEST, type Owner } from '#services/lambda/names.ts'
import { statementsOf } from '#services/lambda/resource-policy.ts'
import type { LambdaState } from '#services/lambda/state.ts'
import { executeStreaming } from '#services/lambda/streaming/execute-streaming.ts'
import { type Caller, callerOf, missingPermissions } from '#services/lambda/urls/access.ts'
import { corsHeaders, isPreflight, preflightHeaders } from '#services/lambda/urls/cors.ts'
import { urlEvent } from '#services/lambda/urls/event.ts'
import { type UrlAnswer, failed, answerOfResult, answerOfStream } from '#services/lambda/urls/answer.ts'
import { type UrlPlace, type UrlRecord, placeOf, urlArn } from '#services/lambda/urls/record.ts'

interface Found {
  readonly owner: Owner
  readonly place: UrlPlace
}

/** One request on its way. */
interface Passage extends Found {
  readonly call: DataPlaneCall
  readonly url: UrlRecord
}

/** What `Platform` mounts for `{id}.lambda-url.{region}.*`. */
export function urlDataPlane(state: LambdaState): DataPlane {
  const known = new Map<string, Found>()
  const find = async (id: string): Promise<Found | undefined> => {
    const hit = known.get(id)
    if (hit !== undefined) return hit
    const place = await placeOf(state.control.read, id)
    const account = accountId(place?.account ?? '')
    const region = regionOf(place?.region ?? '')
    if (place === undefined || account === undefined || region === undefined) return undefined
    const found = { place, owner: { account, region } }
    known.set(id, found)
    return found
  }
  /** The URL, as long as its function has it. */
  const passage = async (id: string): Promise<Omit<Passage, 'call'> | undefined> => {
    const found = await find(id)
    if (found === undefined) return undefined
    const live = await state.find(found.owner, found.place.name)
    const url = live?.record.urls?.[found.place.qualifier]
    if (url?.id === id) return { ...found, url }
    known.delete(id)
    return undefined
  }
  return {
    kind: 'lambda-url',
    owner: async (id) => (await passage(id))?.owner,
    handle: async (call) => {
      const found = await passage(call.id)
      if (found === undefined) return finished(call, failed(403, null))
      return await handle(state, { ...found, call })
    },
  }
}

async function handle(state: LambdaState, passage: Passage): Promise<HttpResponse> {
  const { call, url, place } = passage
  const { method, headers } = call.request
  call.span.set('functionName', place.name)
  if (url.cors !== undefined && isPreflight(method, headers)) {
    const preflight = { status: 200, headers: preflightHeaders(url.cors, headers), body: EMPTY }
    return finished(call, preflight)
  }
  const answer = await answered(state, passage)
  call.span.set('status', answer.status)
  return finished(call, { ...answer, headers: [...answer.headers, ...corsHeaders(url.cors, headers)] })
}

const finished = (call: DataPlaneCall, answer: UrlAnswer): HttpResponse => ({
  status: answer.status,
  headers: [
    ...answer.headers,
    ['x-amzn-RequestId', call.requestId],
    ['x-amzn-trace-id', `Root=${call.span.traceId}`],
  ],
  body: answer.body,
})

async function answered(state: LambdaState, passage: Passage): Promise<UrlAnswer> {
  const { call, url } = passage
  let caller: Caller | undefined
  if (url.authType === 'AWS_IAM') {
    caller = await callerOf(call)
    if (caller === undefined) return failed(403, 'Forbidden')
  }
  if (!(await isPermitted(state, passage, caller?.account))) return failed(403, FORBIDDEN)
  const body = await call.request.body.collect(SYNC_PAYLOAD_BYTES)
  if (body === 'too-large') return failed(413, 'Request Entity Too Large')
  try {
    return await invoked(state, passage, { body, caller })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return answerOfResult({ kind: 'refused', fault: error })
  }
}

/** Source: recorded AWS answer. */
const FORBIDDEN =
  'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html'

/** The owner's own account needs no grant for signed requests: what it may do is IAM's. */
async function isPermitted(
  state: LambdaState,
  { url, owner, place }: Passage,
  account: AccountId | undefined,
): Promise<boolean> {
  const live = await state.find(owner, place.name)
  const isAlias = place.qualifier !== LATEST
  if (live === undefined || (isAlias && live.record.aliases?.[place.qualifier] === undefined)) return false
  if (account === owner.account) return true
  const arn = urlArn(owner, place.name, place.qualifier)
  const statements = statementsOf(live.record, place.qualifier)
  const missing = missingPermissions(statements, { authType: url.authType, arn, account })
  if (missing.length === 0) return true
  state.ports.log.warn('lambda.url.forbidden', { function: arn, missing: missing.join(' ') })
  return false
}

async function invoked(
  state: LambdaState,
  passage: Passage,
  from: { readonly body: Bytes; readonly caller: Caller | undefined },
): Promise<UrlAnswer> {
  const { call, url, owner, place } = passage
  const reference = { name: place.name, qualifier: place.qualifier === LATEST ? undefined : place.qualifier }
  const of = await runnable(state, owner, reference)
  const event = urlEvent(call, { ...from, owner, now: state.ports.clock.now() })
  const request = {
    requestId: call.requestId,
    reference,
    payload: checkedPayload(utf8(JSON.stringify(event)), false),
    clientContext: undefined,
    tail: false,
  }
  if (url.invokeMode === 'RESPONSE_STREAM') {
    const streaming = await executeStreaming(state, of, { ...request, below: call.span, signal: call.signal })
    return streaming.kind === 'ended' ? answerOfResult(streaming.result, true) : answerOfStream(streaming)
  }
  const span = call.span.open('lambda', 'Invoke', of.arn)
  const result: InvokeResult = await execute(state, of, { ...request, span, event: false })
  const bytesOut = result.kind === 'answered' ? result.payload.length : 0
  span.end(spanOutcome(result), { bytesIn: request.payload.length, bytesOut })
  return answerOfResult(result)
}
