/** What an operation is told of its request (`ports/service.ts`), for requests that came through the port. */
import type { AccountId, Region, RequestId } from '#base/ids.ts'
import type { Instant } from '#base/time.ts'
import type { Context, Found } from '#platform/request-path.ts'
import type { Call } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'

/** A class, because an object literal with an accessor costs more than the whole rest of the list. */
export class RequestCall implements Call {
  readonly account: AccountId
  readonly region: Region
  readonly requestId: RequestId
  readonly at: Instant
  readonly span: SpanScope
  readonly accessKeyId: string | undefined
  readonly endpoint: string
  readonly host: string
  readonly headers: Readonly<Record<string, string>>
  readonly presigned: boolean
  readonly #context: Context

  constructor(context: Context, found: Found) {
    const { request, parts } = context
    this.#context = context
    this.account = context.account
    this.region = context.region
    this.requestId = context.requestId
    this.at = parts.tracing.clock.now()
    this.span = context.span
    this.accessKeyId = found.scope?.accessKeyId
    this.endpoint = `http://${request.hostPort}`
    this.host = request.host
    this.headers = request.headers
    this.presigned = found.scope?.presigned ?? false
  }

  get signal(): AbortSignal {
    return this.#context.caller.signal
  }

  header(name: string, value: string): void {
    this.#context.extraHeaders = [...this.#context.extraHeaders, [name, value]]
  }
}
