/** Requests that are not AWS API calls but a user's traffic: execute-api hosts, function URLs. */
import type { AccountId, Region, RequestId } from '#base/ids.ts'
import type { HttpRequest, HttpResponse } from '#ports/http.ts'
import type { SpanScope } from '#ports/spans.ts'

export interface DataPlaneCall {
  readonly request: HttpRequest
  /** The id that the host or the path form named, such as an API id. */
  readonly id: string
  /** The path below it: with the path form, what follows the id. Raw. */
  readonly path: string
  readonly requestId: RequestId
  readonly span: SpanScope
  /** Real ms at which the platform accepted the request. */
  readonly acceptedAt: number
  readonly signal: AbortSignal
}

export interface DataPlane {
  /** Account and region of the thing with that id, or undefined when this service has none. */
  owner(id: string): Promise<{ readonly account: AccountId; readonly region: Region } | undefined>
  handle(call: DataPlaneCall): Promise<HttpResponse>
}
