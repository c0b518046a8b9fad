/** Extensions in a test's hands: they register, ask for events and subscribe as a process of theirs would. */
import { present } from '#base/assert.ts'
import { EMPTY, text, utf8 } from '#base/bytes.ts'
import { parseJson } from '#base/json.ts'
import type { RuntimeReply, SandboxExit } from '#ports/sandboxes.ts'
import { CLEAN_EXIT, type FakeSandbox } from '#services/lambda/fake-sandboxes.ts'

const API = '/2020-01-01/extension'

/** The process tree starts with these external extensions. */
export function startedWith(sandbox: FakeSandbox, names: readonly string[]): FakeExtension[] {
  sandbox.spec.onStarted({ queuedMs: 0, startedMs: 3, extensions: names })
  return names.map((name) => new FakeExtension(sandbox, name))
}

export class FakeExtension {
  readonly name: string
  readonly #sandbox: FakeSandbox
  id = ''
  /** Bodies of the events that it got. */
  readonly events: Record<string, unknown>[] = []
  last: RuntimeReply | undefined

  constructor(sandbox: FakeSandbox, name: string) {
    this.#sandbox = sandbox
    this.name = name
  }

  register(
    events: readonly string[] = ['INVOKE', 'SHUTDOWN'],
    more: Readonly<Record<string, string>> = {},
  ): this {
    const headers = { 'lambda-extension-name': this.name, ...more }
    const reply = this.#ask('POST', `${API}/register`, { headers, body: { events } })
    this.id = reply?.headers['Lambda-Extension-Identifier'] ?? this.id
    return this
  }

  next(): this {
    this.#ask('GET', `${API}/event/next`, {}, (reply) => {
      if (reply.status === 200) this.events.push(record(reply))
    })
    return this
  }

  /** Registered, and waiting for an event. */
  boot(events?: readonly string[]): this {
    return this.register(events).next()
  }

  fail(when: 'init' | 'exit', errorType = 'Extension.Mine'): this {
    const headers = { 'lambda-extension-function-error-type': errorType }
    this.#ask('POST', `${API}/${when}/error`, { headers })
    return this
  }

  subscribe(body: object, path = '/2022-07-01/telemetry'): this {
    this.#ask('PUT', path, { body })
    return this
  }

  exit(exit: Partial<SandboxExit> = CLEAN_EXIT): void {
    const whole = { code: null, signal: null, oomKilled: false, ...exit }
    present(this.#sandbox.spec.extensions, 'extensions are wanted').onExit(this.name, whole)
  }

  /** Status and what the last reply said. */
  said(): [status: number | undefined, errorType: unknown] {
    return [this.last?.status, this.last === undefined ? undefined : record(this.last)['errorType']]
  }

  #ask(
    method: string,
    path: string,
    of: { readonly headers?: Readonly<Record<string, string>>; readonly body?: object },
    onReply?: (reply: RuntimeReply) => void,
  ): RuntimeReply | undefined {
    const identifier = this.id === '' ? {} : { 'lambda-extension-identifier': this.id }
    this.last = undefined
    const body = of.body === undefined ? EMPTY : utf8(JSON.stringify(of.body))
    const headers = { ...identifier, ...of.headers }
    this.#sandbox.spec.onRequest({ method, path, headers, body, truncated: false }, (reply) => {
      this.last = reply
      onReply?.(reply)
    })
    return this.last
  }
}

function record(reply: RuntimeReply): Record<string, unknown> {
  const body = typeof reply.body === 'string' ? reply.body : text(reply.body)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (parseJson(body) ?? {}) as Record<string, unknown>
}
