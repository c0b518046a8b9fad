/**
 * The Runtime API on one page: routes, refusals and answers. Pure: it knows the state that the runtime is in and
 * says what the request means; the environment acts on it. Extensions and telemetry are in `extensions/`.
 *
 * Order that matters: a response's request id is checked before the state, as AWS's own emulator does.
 * Source: Lambda developer guide, Runtime API; aws-lambda-runtime-interface-emulator for texts and states.
 */
import type { RuntimeReply, RuntimeRequest, StreamedBody } from '#ports/sandboxes.ts'

/** Where the runtime stands, in the words of its refusals. */
export type RuntimeState =
  | 'Started'
  | 'InitError'
  | 'Ready'
  | 'Running'
  /** A response in streaming mode is under way. */
  | 'InvocationResponse'
  | 'RuntimeResponseSentState'

export type RuntimeAction =
  /** The runtime wants work; the reply comes when there is some. */
  | { readonly kind: 'next' }
  | { readonly kind: 'response'; readonly body: Uint8Array; readonly truncated: boolean }
  /** A response in streaming mode begins. */
  | { readonly kind: 'stream'; readonly body: StreamedBody; readonly contentType: string | undefined }
  | {
      readonly kind: 'error'
      readonly body: Uint8Array
      readonly errorType: string
      readonly truncated: boolean
    }
  | { readonly kind: 'init-error'; readonly body: Uint8Array; readonly errorType: string }
  | { readonly kind: 'refused'; readonly reply: RuntimeReply }

const JSON_TYPE = { 'Content-Type': 'application/json' } as const

const problem = (status: number, errorType: string, errorMessage: string): RuntimeReply => ({
  status,
  headers: JSON_TYPE,
  body: `${JSON.stringify({ errorMessage, errorType })}\n`,
})

/** What every accepted post is answered. */
export const ACCEPTED: RuntimeReply = { status: 202, headers: JSON_TYPE, body: '{"status":"OK"}\n' }

/** For a response beyond the limit. Source: aws-lambda-runtime-interface-emulator. */
export const responseTooLarge = (limitBytes: number): RuntimeReply =>
  problem(413, 'RequestEntityTooLarge', `Exceeded maximum allowed payload size (${limitBytes} bytes).`)

/** For a request to an environment that is ending. */
export const ENDING: RuntimeReply = problem(
  403,
  'InvalidStateTransition',
  'The execution environment is ending.',
)

const INVALID_REQUEST_ID = problem(400, 'InvalidRequestID', 'Invalid request ID')
const NOT_FOUND: RuntimeReply = {
  status: 404,
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body: '404 page not found\n',
}
const NOT_ALLOWED: RuntimeReply = { status: 405, headers: {}, body: '' }
const forbidden = (from: RuntimeState, to: string): RuntimeAction => ({
  kind: 'refused',
  reply: problem(
    403,
    'InvalidStateTransition',
    `State transition from ${from} to ${to} failed for runtime. Error: State transition is not allowed`,
  ),
})

const refused = (reply: RuntimeReply): RuntimeAction => ({ kind: 'refused', reply })

/** From which states each action may come; what is not here is refused. */
const ALLOWED: Readonly<Record<'next' | 'answer' | 'init-error', readonly RuntimeState[]>> = {
  next: ['Started', 'Ready', 'Running', 'RuntimeResponseSentState'],
  answer: ['Running'],
  'init-error': ['Started'],
}

/** The type that AWS accepts from a runtime; anything else is unknown. Source: aws-lambda-runtime-interface-emulator. */
export function validErrorType(given: string | undefined): string {
  if (given !== undefined && /(Runtime|Function)\.[A-Z][a-zA-Z]+/.test(given)) return given
  return given?.startsWith('Function.') === true ? 'Function.Unknown' : 'Runtime.Unknown'
}

const RUNTIME = '/2018-06-01/runtime/'
const INVOCATION = `${RUNTIME}invocation/`

/** What a request means while the runtime is in `state` and works on `requestId` (none between invokes). */
export function routeRuntime(
  request: RuntimeRequest,
  state: RuntimeState,
  requestId: string | undefined,
): RuntimeAction {
  const path = request.path.split('?', 1)[0] ?? ''
  if (path === `${INVOCATION}next`) {
    if (request.method !== 'GET') return refused(NOT_ALLOWED)
    return ALLOWED.next.includes(state) ? { kind: 'next' } : forbidden(state, 'Ready')
  }
  if (path.startsWith(INVOCATION))
    return routeAnswer(request, path.slice(INVOCATION.length), state, requestId)
  if (path === `${RUNTIME}init/error`) {
    if (request.method !== 'POST') return refused(NOT_ALLOWED)
    if (!ALLOWED['init-error'].includes(state)) return forbidden(state, 'InitError')
    return { kind: 'init-error', body: request.body, errorType: errorTypeOf(request) }
  }
  return refused(NOT_FOUND)
}

function routeAnswer(
  request: RuntimeRequest,
  rest: string,
  state: RuntimeState,
  requestId: string | undefined,
): RuntimeAction {
  const slash = rest.indexOf('/')
  const id = slash === -1 ? rest : rest.slice(0, slash)
  const what = slash === -1 ? '' : rest.slice(slash + 1)
  if (what !== 'response' && what !== 'error') return refused(NOT_FOUND)
  if (request.method !== 'POST') return refused(NOT_ALLOWED)
  if (id !== requestId) return refused(INVALID_REQUEST_ID)
  const { body, truncated, stream } = request
  if (what === 'response') {
    if (!ALLOWED.answer.includes(state)) return forbidden(state, 'InvocationResponse')
    return stream === undefined
      ? { kind: 'response', body, truncated }
      : { kind: 'stream', body: stream, contentType: request.headers['content-type'] }
  }
  return ALLOWED.answer.includes(state)
    ? { kind: 'error', body, truncated, errorType: errorTypeOf(request) }
    : forbidden(state, 'InvocationErrorResponse')
}

function errorTypeOf(request: RuntimeRequest): string {
  const name = 'lambda-runtime-function-error-type'
  return validErrorType(Object.hasOwn(request.headers, name) ? request.headers[name] : undefined)
}
