/** Services as the platform holds them: a name, the operations that are written, and those that are not yet. */
import { Fault } from '#base/fault.ts'
import type { Accept } from '#ports/targets.ts'
import type { Call, Service, Shape } from '#ports/service.ts'
import type { DataPlane } from '#ports/data-plane.ts'

export interface Mounted {
  readonly name: string
  readonly written: ReadonlySet<string>
  readonly notYet: readonly string[]
  run(operation: string, input: unknown, call: Call): Promise<unknown>
}

/** What the wiring knows of a service beside its operations. */
export interface Wired {
  readonly service: Mounted
  /** Deliveries to ARNs whose third part is that name. */
  readonly accept?: Accept | undefined
  readonly dataPlane?: DataPlane | undefined
  /** Work before the first request, such as a sweep of orphans. */
  readonly start?: (() => Promise<void>) | undefined
  /** Work that needs the port, such as deployments that a crash cut off. */
  readonly ready?: (() => Promise<void>) | undefined
  /** Forgets what it holds in memory; the files are emptied by the platform. */
  readonly reset?: (() => Promise<void>) | undefined
  readonly stop?: (() => Promise<void>) | undefined
}

type AnyOperation<State> = (input: unknown, state: State, call: Call) => unknown

export function mount<Ops extends { readonly [K in keyof Ops]: Shape }, State, NotYet extends keyof Ops>(
  service: Service<Ops, State, NotYet>,
  state: State,
): Mounted {
  // The wire has validated the input against the model that the operation's type was generated from.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const operations = service.operations as unknown as Readonly<Record<string, AnyOperation<State>>>
  return {
    name: service.name,
    written: new Set(Object.keys(operations)),
    notYet: service.notYet.map(String),
    run: async (operation, input, call) => {
      const found = Object.hasOwn(operations, operation) ? operations[operation] : undefined
      if (found === undefined) throw notImplemented(service.name, operation)
      return await found(input, state, call)
    },
  }
}

/** The answer of an operation that AWS has and we do not have yet. */
export function notImplemented(service: string, operation: string): Fault {
  return new Fault('NotImplemented', `Windtunnel does not implement ${service}:${operation} yet.`, {
    status: 501,
    side: 'server',
  })
}
