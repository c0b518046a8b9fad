/**
 * One service calling another through AWS's own API, in process: validated, metered and traced like a call from
 * outside, without HTTP. CloudFormation makes its resources this way, Lambda writes its log lines.
 */
import type { AccountId, Region } from '#base/ids.ts'
import type { Services } from '#model/services.ts'
import type { SpanScope } from '#ports/spans.ts'

export interface ApiIdentity {
  readonly account: AccountId
  readonly region: Region
  /** The span below which the call hangs; none starts a trace that is not kept. */
  readonly span?: SpanScope | undefined
  /** Ends a call that waits, such as a long poll. */
  readonly signal?: AbortSignal | undefined
}

type In<S extends keyof Services, O extends keyof Services[S]> = Services[S][O] extends { in: infer I }
  ? I
  : never
type Out<S extends keyof Services, O extends keyof Services[S]> = Services[S][O] extends { out: infer I }
  ? I
  : never

export interface Api {
  /** Throws the Fault that the service answers. */
  call<S extends keyof Services, O extends keyof Services[S] & string>(
    service: S,
    operation: O,
    input: In<S, O>,
    as: ApiIdentity,
  ): Promise<Out<S, O>>
  /** True when the service exists here and that operation is written. */
  has(service: string, operation: string): boolean
}
