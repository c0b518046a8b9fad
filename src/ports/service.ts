/** What a service is to the platform: a table of typed operations. Every operation of the model is in one of the two lists, or `tsc` names it. */
import type { AccountId, Region, RequestId } from '#base/ids.ts'
import type { Instant } from '#base/time.ts'
import type { SpanScope } from '#ports/spans.ts'

/** Who calls, and within what: given to each operation beside its input. */
export interface Call {
  readonly account: AccountId
  readonly region: Region
  readonly requestId: RequestId
  /** When the platform accepted it. */
  readonly at: Instant
  /** The request's own span: where operations hang phases and attributes. */
  readonly span: SpanScope
  /** The access key id that signed, if any. */
  readonly accessKeyId: string | undefined
  /** Where the caller reached us, such as `http://localhost:4566`: for addresses in answers. */
  readonly endpoint: string
  /** Host as the caller wrote it, without a port. */
  readonly host: string
  /** Request headers, names in lower case; empty for calls from inside. */
  readonly headers: Readonly<Record<string, string>>
  /** True for a presigned request. */
  readonly presigned: boolean
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal
  /** Adds a header of ours to the answer; absent for calls from inside, which have none. */
  readonly header?: ((name: string, value: string) => void) | undefined
}

export interface Shape {
  readonly in: unknown
  readonly out: unknown
}

export type Operation<O extends Shape, State> = (
  input: O['in'],
  state: State,
  call: Call,
) => O['out'] | Promise<O['out']>

/** `Ops` is the generated interface of the service; `NotYet` the union of names it gives up, each also in `notYet`. */
export interface Service<
  Ops extends { readonly [K in keyof Ops]: Shape },
  State,
  NotYet extends keyof Ops = never,
> {
  readonly name: string
  readonly operations: { readonly [K in Exclude<keyof Ops, NotYet>]: Operation<Ops[K], State> }
  readonly notYet: readonly NotYet[]
}
