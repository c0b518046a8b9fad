/**
 * The `api` port: AWS's own operations called from inside. Validated by the model and traced below the caller's span,
 * like a call from outside; no HTTP, no encoding.
 */
import { Fault } from '#base/fault.ts'
import { type AccountId, type Region, requestId } from '#base/ids.ts'
import type { Services } from '#model/services.ts'
import type { Mounted } from '#platform/mounted.ts'
import { OpenSpan, type Tracing } from '#platform/tracing.ts'
import type { Api, ApiIdentity } from '#ports/api.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Wires } from '#wire/wire.ts'
import { traceIdAt } from '#base/ids.ts'

type In<S extends keyof Services, O extends keyof Services[S]> = Services[S][O] extends { in: infer I }
  ? I
  : never
type Out<S extends keyof Services, O extends keyof Services[S]> = Services[S][O] extends { out: infer I }
  ? I
  : never

export class InternalApi implements Api {
  readonly #services: ReadonlyMap<string, Mounted>
  readonly #wires: Wires
  readonly #tracing: Tracing
  readonly #endpoint: () => string
  readonly #never = new AbortController().signal

  constructor(parts: {
    services: ReadonlyMap<string, Mounted>
    wires: Wires
    tracing: Tracing
    endpoint: () => string
  }) {
    this.#services = parts.services
    this.#wires = parts.wires
    this.#tracing = parts.tracing
    this.#endpoint = parts.endpoint
  }

  has(service: string, operation: string): boolean {
    return this.#services.get(service)?.written.has(operation) === true
  }

  async call<S extends keyof Services, O extends keyof Services[S] & string>(
    service: S,
    operation: O,
    input: In<S, O>,
    as: ApiIdentity,
  ): Promise<Out<S, O>> {
    const output = await this.run(
      { service, operation, input, account: as.account, region: as.region, signal: as.signal },
      as.span,
    )
    // What the operation answers is of the type generated from the same model as `Out`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return output as Out<S, O>
  }

  /** The untyped form, for the console and the command line. Throws Faults. */
  async run(
    what: {
      service: string
      operation: string
      input: unknown
      account: AccountId
      region: Region
      signal?: AbortSignal | undefined
    },
    below?: SpanScope,
  ): Promise<unknown> {
    const { service, operation, input, account, region } = what
    const mounted = this.#services.get(service)
    if (mounted === undefined)
      throw new Fault('UnknownService', `There is no service ${service} here.`, { status: 404 })
    const wire = this.#wires.of(service)
    if (wire.model.operation(operation) === undefined)
      throw new Fault('UnknownOperationException', `${service} has no operation ${operation}.`, {
        status: 404,
      })
    if (!mounted.written.has(operation)) throw wire.notImplemented(operation)
    const invalid = wire.validate(operation, input)
    if (invalid !== undefined) throw invalid
    const span = below?.open(service, operation) ?? this.#unkept(service, operation, { account, region })
    try {
      const endpoint = this.#endpoint()
      const output = await mounted.run(operation, input, {
        account,
        region,
        requestId: requestId(this.#tracing.random),
        at: this.#tracing.clock.now(),
        span,
        accessKeyId: account,
        endpoint,
        host: 'localhost',
        headers: {},
        presigned: false,
        signal: what.signal ?? this.#never,
      })
      span.end('ok')
      return output
    } catch (error) {
      span.end(error instanceof Fault ? 'error' : 'fault')
      throw error
    }
  }

  /** Work that nobody's request asked for, such as writing log lines, makes no trace. */
  #unkept(service: string, operation: string, owner: { account: string; region: string }): SpanScope {
    const tracing: Tracing = {
      ...this.#tracing,
      spans: { record: () => undefined, read: () => Promise.resolve([]) },
    }
    const root = traceIdAt(tracing.clock.wall(), tracing.random)
    return new OpenSpan(tracing, owner, { root }, { service, operation })
  }
}
