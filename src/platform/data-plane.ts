/**
 * Which requests are a user's traffic and not AWS API calls: execute-api hosts, function URLs, and path forms for clients whose DNS
 * does not resolve names below localhost. This must be asked before any signature is read: an API with IAM
 * authorisation is signed too.
 */
import type { DataPlane, DataPlaneKind } from '#ports/data-plane.ts'
import type { HttpRequest, HttpResponse } from '#ports/http.ts'

export interface DataPlaneAddress {
  readonly kind: DataPlaneKind
  /** Such as an API id. */
  readonly id: string
  /** The raw path below the API, beginning with a slash. */
  readonly path: string
}

/** `{id}.execute-api.localhost`, `{id}.lambda-url.{region}.localhost`, and AWS's own spelling for clients that send it. */
const HOST = /^([a-z0-9]+)\.(execute-api|lambda-url)\./
/** Our path form. */
const PATH_FORM = /^\/_aws\/(execute-api|lambda-url)\/([a-z0-9]+)(\/.*)?$/
/** A path form that other local clouds taught people; kept so that their scripts work. */
const USER_REQUEST_FORM = /^\/restapis\/([a-z0-9]+)\/([^/]+)\/_user_request_(\/.*)?$/

/** Buckets of CloudFormation's own, to which providers put their answers. */
const ANSWERS = /^\/(cloudformation-(?:custom-resource-response|waitcondition)-[a-z0-9]+)(\/.*)$/

export function dataPlaneAddress(request: HttpRequest): DataPlaneAddress | undefined {
  const answers = ANSWERS.exec(request.path)
  if (answers?.[1] !== undefined)
    return { kind: 'cloudformation-answer', id: answers[1], path: answers[2] ?? '/' }
  const byHost = HOST.exec(request.host)
  if (byHost?.[1] !== undefined) return { kind: kindOf(byHost[2]), id: byHost[1], path: request.path }
  const byPath = PATH_FORM.exec(request.path)
  if (byPath?.[2] !== undefined) return { kind: kindOf(byPath[1]), id: byPath[2], path: byPath[3] ?? '/' }
  const byUserRequest = USER_REQUEST_FORM.exec(request.path)
  if (byUserRequest?.[1] === undefined) return undefined
  const path = `/${byUserRequest[2] ?? ''}${byUserRequest[3] ?? '/'}`
  return { kind: 'execute-api', id: byUserRequest[1], path }
}

/** Our own names are no custom domains, so that AWS's API waits for no look-up. */
const OWN_HOST = /^(?:localhost|[0-9.]+|\[.*|.*\.amazonaws\.com)$/
export const isOwnHost = ({ host }: Pick<HttpRequest, 'host'>): boolean => OWN_HOST.test(host)

/** The same, and custom domains of APIs, which the whole host names. */
export async function trafficAddress(
  request: HttpRequest,
  planes: readonly DataPlane[],
): Promise<DataPlaneAddress | undefined> {
  const address = dataPlaneAddress(request)
  if (address !== undefined || isOwnHost(request)) return address
  for (const plane of planes) {
    const id = await plane.ofHost?.(request.host)
    if (id !== undefined) return { kind: plane.kind ?? 'execute-api', id, path: request.path }
  }
  return undefined
}

const kindOf = (text: string | undefined): DataPlaneKind =>
  text === 'lambda-url' ? 'lambda-url' : 'execute-api'

/** Service and operation of the spans. */
export const DATA_PLANE_NAMES = {
  'execute-api': ['apigateway', 'request'],
  'lambda-url': ['lambda', 'FunctionUrl'],
  'cloudformation-answer': ['cloudformation', 'Answer'],
} as const

/** Source: recorded AWS answer to a function URL that is not there. */
export const noSuchUrl = (id: string): HttpResponse => ({
  status: 403,
  headers: [
    ['Content-Type', 'application/json'],
    ['x-amzn-RequestId', id],
    ['x-amzn-ErrorType', 'AccessDeniedException'],
  ],
  body: '{"Message":null}',
})
