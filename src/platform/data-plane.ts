/**
 * Which requests are a user's traffic and not AWS API calls: execute-api hosts, and path forms for clients whose DNS
 * does not resolve names below localhost. This must be asked before any signature is read: an API with IAM
 * authorisation is signed too.
 */
import type { HttpRequest } from '#ports/http.ts'

export interface DataPlaneAddress {
  /** Such as an API id. */
  readonly id: string
  /** The raw path below the API, beginning with a slash. */
  readonly path: string
}

/** `{id}.execute-api.localhost`, and AWS's own spelling for clients that send it. */
const EXECUTE_API_HOST = /^([a-z0-9]+)\.execute-api\./
/** Our path form. */
const PATH_FORM = /^\/_aws\/execute-api\/([a-z0-9]+)(\/.*)?$/
/** A path form that other local clouds taught people; kept so that their scripts work. */
const USER_REQUEST_FORM = /^\/restapis\/([a-z0-9]+)\/([^/]+)\/_user_request_(\/.*)?$/

export function dataPlaneAddress(request: HttpRequest): DataPlaneAddress | undefined {
  const byHost = EXECUTE_API_HOST.exec(request.host)
  if (byHost?.[1] !== undefined) return { id: byHost[1], path: request.path }
  const byPath = PATH_FORM.exec(request.path)
  if (byPath?.[1] !== undefined) return { id: byPath[1], path: byPath[2] ?? '/' }
  const byUserRequest = USER_REQUEST_FORM.exec(request.path)
  if (byUserRequest?.[1] === undefined) return undefined
  return { id: byUserRequest[1], path: `/${byUserRequest[2] ?? ''}${byUserRequest[3] ?? '/'}` }
}
