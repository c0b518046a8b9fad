/**
 * The extensions of one environment, external and internal: who has registered, who waits for an event, who works. It
 * answers the Extensions API and hands out events; when an environment begins, runs and ends is not decided here.
 */
import { uuid } from '#base/ids.ts'
import type { Random } from '#ports/random.ts'
import type { RuntimeReply } from '#ports/sandboxes.ts'
import {
  type ExtensionEventType,
  type ExtensionMove,
  type ExtensionState,
  nextExtensionState,
  refusedEvent,
} from '#services/lambda/extensions/extension.ts'
import { type ExtensionAction, problem } from '#services/lambda/extensions/routes.ts'
import { EXTENSIONS_MAX } from '#services/lambda/limits.ts'
import { ACCEPTED } from '#services/lambda/runtime-api.ts'

type Reply = (reply: RuntimeReply) => void

interface Extension {
  readonly name: string
  readonly external: boolean
  id: string
  state: ExtensionState
  events: ReadonlySet<ExtensionEventType>
  parked: Reply | undefined
  errorType: string | undefined
}

/** What an extension learns of its function. */
export interface ExtensionFunction {
  readonly name: string
  readonly version: string
  readonly handler: string
  readonly account: string
}

/** One as logs and telemetry name it. */
export interface ShownExtension {
  readonly name: string
  readonly state: string
  readonly events: readonly string[]
  /** What it said of its failure. */
  readonly errorType: string | undefined
}

type Answered = Exclude<ExtensionAction, { readonly kind: 'refused' | 'subscribe' }>

export class Extensions {
  readonly #function: ExtensionFunction
  readonly #random: Random
  #all: Extension[] = []
  #open = true

  constructor(of: ExtensionFunction, random: Random) {
    this.#function = of
    this.#random = random
  }

  /** The process tree starts, with these external extensions in it. */
  launched(names: readonly string[]): void {
    this.#open = true
    this.#all = names.map((name) => this.#made(name, true))
  }

  get any(): boolean {
    return this.#all.length > 0
  }

  get external(): boolean {
    return this.#all.some((each) => each.external)
  }

  /** All that were launched have registered. */
  get registered(): boolean {
    return this.#all.every((each) => each.state !== 'Started')
  }

  /** All have asked for their next event. */
  get ready(): boolean {
    return this.#all.every((each) => each.state === 'Ready')
  }

  /** Whether any of them is told of the end. */
  get wantsShutdown(): boolean {
    return this.#all.some((each) => each.events.has('SHUTDOWN'))
  }

  shown(): ShownExtension[] {
    return this.#all.map(({ name, state, events, errorType }) => ({
      name,
      state,
      events: [...events].sort(),
      errorType,
    }))
  }

  /** From now on nobody can register. */
  close(): void {
    this.#open = false
  }

  nameOf(id: string): string | undefined {
    return this.#all.find((each) => each.id === id)?.name
  }

  /** Answers; true when the state of one has changed. */
  answer(action: Answered, reply: Reply): boolean {
    if (action.kind === 'register') return this.#register(action, reply)
    const found = this.#all.find(({ id }) => id === action.id)
    if (found === undefined) {
      reply(problem(403, 'Extension.UnknownExtensionIdentifier', `Unknown extension ${action.id}`))
      return false
    }
    const target = { next: 'Ready', 'init-error': 'InitError', 'exit-error': 'ExitError' } as const
    if (!this.#move(found, action.kind, { reply, target: target[action.kind], label: found.id })) return false
    if (action.kind === 'next') found.parked = reply
    else {
      found.errorType = action.errorType
      reply(ACCEPTED)
    }
    return true
  }

  /** Hands an event to those who asked for its kind and wait. */
  give(kind: ExtensionEventType, event: object): void {
    const body = JSON.stringify({ eventType: kind, ...event })
    for (const each of this.#all) {
      const { parked } = each
      if (!each.events.has(kind) || parked === undefined) continue
      each.parked = undefined
      each.state = nextExtensionState(each.state, 'given') ?? each.state
      parked({
        status: 200,
        headers: {
          'Content-Type': 'application/json',
          'Lambda-Extension-Event-Identifier': uuid(this.#random),
        },
        body,
      })
    }
  }

  /** An external one has ended: what it was when it did. */
  exited(name: string): ShownExtension | undefined {
    const shown = this.shown().find((each) => each.name === name)
    this.#all = this.#all.filter((each) => each.name !== name)
    return shown
  }

  #made(name: string, external: boolean): Extension {
    const id = uuid(this.#random)
    const events = new Set<ExtensionEventType>()
    return { name, external, id, state: 'Started', events, parked: undefined, errorType: undefined }
  }

  #register(action: Answered & { kind: 'register' }, reply: Reply): boolean {
    const { name, events } = action
    const known = this.#all.find((each) => each.name === name)
    const external = known?.external === true
    for (const event of events) {
      const why = refusedEvent(event, external)
      if (why === undefined) continue
      reply(problem(403, 'Extension.InvalidEventType', `${String(event)}: ${why}`))
      return false
    }
    const refusal = external ? undefined : this.#refusal(known)
    if (refusal !== undefined) {
      reply(refusal)
      return false
    }
    const extension = known ?? this.#made(name, false)
    if (!this.#move(extension, 'register', { reply, target: 'Registered', label: name })) return false
    if (known === undefined) this.#all.push(extension)
    extension.events = new Set(events.filter((each) => each === 'INVOKE' || each === 'SHUTDOWN'))
    const { account, version, handler, name: functionName } = this.#function
    reply({
      status: 200,
      headers: { 'Content-Type': 'application/json', 'Lambda-Extension-Identifier': extension.id },
      body: JSON.stringify({
        functionVersion: version,
        functionName,
        handler,
        ...(action.wantsAccount ? { accountId: account } : {}),
      }),
    })
    return true
  }

  /** Why an internal one cannot register. */
  #refusal(known: Extension | undefined): RuntimeReply | undefined {
    if (!this.#open)
      return problem(403, 'Extension.RegistrationClosed', 'Extension registration closed already')
    if (known !== undefined)
      return problem(403, 'Extension.InvalidExtensionState', 'Extension with this name already registered')
    if (this.#all.length < EXTENSIONS_MAX) return undefined
    return problem(403, 'Extension.TooManyExtensions', `Extension limit (${EXTENSIONS_MAX}) reached`)
  }

  #move(
    extension: Extension,
    move: ExtensionMove,
    { reply, target, label }: { reply: Reply; target: string; label: string },
  ): boolean {
    const next = nextExtensionState(extension.state, move)
    if (next === undefined) {
      const text = `State transition from ${extension.state} to ${target} failed for extension ${label}. Error: State transition is not allowed`
      reply(problem(403, 'Extension.InvalidExtensionState', text))
      return false
    }
    extension.state = next
    return true
  }
}
