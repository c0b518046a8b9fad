/**
 * The Extensions API on one page: what a request asks for, and the refusals that need no state. Pure. Source: Lambda
 * developer guide, Extensions API reference; texts of aws-lambda-runtime-interface-emulator.
 */
import { strictText } from '#base/bytes.ts'
import { isRecord, parseJson, valueAt } from '#base/json.ts'
import type { RuntimeReply, RuntimeRequest } from '#ports/sandboxes.ts'

const EXTENSION = '/2020-01-01/extension/'
export const TELEMETRY = '/2022-07-01/telemetry'
export const LOGS = '/2020-08-15/logs'

/** True for what this folder answers. */
export const isExtensionPath = (path: string): boolean =>
  path.startsWith(EXTENSION) || path.startsWith(TELEMETRY) || path.startsWith(LOGS)

export type ExtensionAction =
  | {
      readonly kind: 'register'
      readonly name: string
      readonly events: readonly unknown[]
      readonly wantsAccount: boolean
    }
  | { readonly kind: 'next'; readonly id: string }
  | { readonly kind: 'init-error' | 'exit-error'; readonly id: string; readonly errorType: string }
  | {
      readonly kind: 'subscribe'
      readonly id: string
      readonly api: 'telemetry' | 'logs'
      readonly body: unknown
    }
  | { readonly kind: 'refused'; readonly reply: RuntimeReply }

const JSON_TYPE = { 'Content-Type': 'application/json' } as const

export const problem = (status: number, errorType: string, errorMessage: string): RuntimeReply => ({
  status,
  headers: JSON_TYPE,
  body: `${JSON.stringify({ errorMessage, errorType })}\n`,
})

const refused = (reply: RuntimeReply): ExtensionAction => ({ kind: 'refused', reply })
const NOT_ALLOWED: RuntimeReply = { status: 405, headers: {}, body: '' }
const NOT_FOUND: RuntimeReply = {
  status: 404,
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body: '404 page not found\n',
}
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What the request means. */
export function routeExtension(request: RuntimeRequest): ExtensionAction {
  const path = (request.path.split('?', 1)[0] ?? '').replace(/\/$/, '')
  if (path === TELEMETRY || path === LOGS) return subscribing(request, path === LOGS ? 'logs' : 'telemetry')
  switch (path.slice(EXTENSION.length)) {
    case 'register':
      return request.method === 'POST' ? registering(request) : refused(NOT_ALLOWED)
    case 'event/next':
      return request.method === 'GET'
        ? identified(request, (id) => ({ kind: 'next', id }))
        : refused(NOT_ALLOWED)
    case 'init/error':
      return failing(request, 'init-error')
    case 'exit/error':
      return failing(request, 'exit-error')
    default:
      return refused(NOT_FOUND)
  }
}

function registering({ headers, body }: RuntimeRequest): ExtensionAction {
  const name = headers['lambda-extension-name'] ?? ''
  if (name === '') return refused(problem(403, 'Extension.InvalidExtensionName', 'Empty extension name'))
  const input = body.length === 0 ? {} : parseJson(strictText(body) ?? '')
  const events = valueAt(input, 'events') ?? []
  if (!isRecord(input) || !Array.isArray(events))
    return refused(problem(403, 'InvalidRequestFormat', 'The body is no JSON object with a list of events'))
  const features = (headers['lambda-extension-accept-feature'] ?? '').split(',').map((each) => each.trim())
  return { kind: 'register', name, events, wantsAccount: features.includes('accountId') }
}

function failing(request: RuntimeRequest, kind: 'init-error' | 'exit-error'): ExtensionAction {
  if (request.method !== 'POST') return refused(NOT_ALLOWED)
  return identified(request, (id) => {
    const name = 'Lambda-Extension-Function-Error-Type'
    const errorType = request.headers[name.toLowerCase()] ?? ''
    return errorType === ''
      ? refused(problem(403, 'Extension.MissingHeader', `${name} not found`))
      : { kind, id, errorType }
  })
}

function subscribing(request: RuntimeRequest, api: 'telemetry' | 'logs'): ExtensionAction {
  if (request.method !== 'PUT') return refused(NOT_ALLOWED)
  const body = parseJson(strictText(request.body) ?? '')
  return identified(request, (id) => ({ kind: 'subscribe', id, api, body }))
}

function identified(request: RuntimeRequest, then: (id: string) => ExtensionAction): ExtensionAction {
  const name = 'Lambda-Extension-Identifier'
  const id = request.headers[name.toLowerCase()] ?? ''
  if (id === '')
    return refused(problem(403, 'Extension.MissingExtensionIdentifier', `Missing ${name} header`))
  if (!UUID.test(id)) return refused(problem(403, 'Extension.InvalidExtensionIdentifier', `Invalid ${name}`))
  return then(id.toLowerCase())
}
