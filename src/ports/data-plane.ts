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
  /** Whose an access key is. Fault for temporary credentials whose time is over. */
  readonly identityOf?: ((accessKeyId: string) => Promise<DataPlaneIdentity>) | undefined
}

export interface DataPlaneIdentity {
  readonly account: AccountId
  readonly arn: string
  readonly userId: string
}

export type DataPlaneKind = 'execute-api' | 'lambda-url' | 'cloudformation-answer'

export interface DataPlane {
  /** Which addresses lead to it; `execute-api` unless said. */
  readonly kind?: DataPlaneKind | undefined
  /** Account and region of the thing with that id, or undefined when this service has none. */
  owner(id: string): Promise<{ readonly account: AccountId; readonly region: Region } | undefined>
  /** The id of what answers at that whole host, lower case and without a port, such as a custom domain. */
  ofHost?(host: string): Promise<string | undefined>
  handle(call: DataPlaneCall): Promise<HttpResponse>
}
