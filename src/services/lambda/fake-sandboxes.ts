/**
 * Sandboxes for Lambda's own tests: a scripted runtime per environment, driven by hand or by a script, on a clock
 * that the test moves. Never part of a platform.
 */
import { createHash } from 'node:crypto'
import { EMPTY, base64, hex, text, utf8 } from '#base/bytes.ts'
import { present } from '#base/assert.ts'
import type {
  FoundRuntime,
  RuntimeReply,
  Sandbox,
  SandboxExit,
  SandboxListener,
  SandboxSpec,
  SandboxUsage,
  Sandboxes,
  Staging,
} from '#ports/sandboxes.ts'

const INVOCATION = '/2018-06-01/runtime/invocation/'
export const CLEAN_EXIT: SandboxExit = { code: 0, signal: null, oomKilled: false }

/** One environment's process in the test's hands. */
export class FakeSandbox implements Sandbox {
  readonly id: string
  readonly spec: SandboxSpec
  /** Calls in order, such as `cpu burst`, `freeze`, `thaw`, `kill`, `restart`, `destroy`. */
  readonly calls: string[] = []
  readonly replies: RuntimeReply[] = []
  /** What was sent to listeners inside. */
  readonly sent: { readonly to: SandboxListener; readonly body: string }[] = []
  /** Whether listeners take it. */
  takes = true
  counters: SandboxUsage = {
    cpuMs: 0,
    throttledMs: 0,
    runQueueMs: 0,
    peakMemoryBytes: 40 * 1_048_576,
    tmpBytes: 0,
  }
  /** The last reply to `next`: the invoke under way. */
  event: RuntimeReply | undefined

  constructor(spec: SandboxSpec) {
    this.id = spec.id
    this.spec = spec
  }

  cpu(share: 'proportional' | 'burst'): void {
    this.calls.push(`cpu ${share}`)
  }
  freeze(): void {
    this.calls.push('freeze')
  }
  thaw(): void {
    this.calls.push('thaw')
  }
  usage(): SandboxUsage {
    return this.counters
  }
  restart(): void {
    this.calls.push('restart')
  }
  kill(): void {
    this.calls.push('kill')
  }
  begin(): void {
    this.calls.push('begin')
  }
  terminate(): void {
    this.calls.push('terminate')
  }
  send(to: SandboxListener, body: Uint8Array): Promise<boolean> {
    this.sent.push({ to, body: text(body) })
    return Promise.resolve(this.takes)
  }
  destroy(): Promise<void> {
    this.calls.push('destroy')
    return Promise.resolve()
  }

  started(startedMs = 3, queuedMs = 0): void {
    this.spec.onStarted({ queuedMs, startedMs })
  }

  /** The runtime asks for work. */
  next(): void {
    this.request('GET', `${INVOCATION}next`, EMPTY, (reply) => {
      this.event = reply
    })
  }

  /** Started and initialised at once. */
  boot(): void {
    this.started()
    this.next()
  }

  get requestId(): string {
    return present(this.event?.headers['Lambda-Runtime-Aws-Request-Id'], 'the runtime has an event')
  }

  respond(body: string | Uint8Array, id = this.requestId): void {
    this.request('POST', `${INVOCATION}${id}/response`, typeof body === 'string' ? utf8(body) : body)
  }

  fail(body: string, errorType = 'Function.Error', id = this.requestId): void {
    this.request('POST', `${INVOCATION}${id}/error`, utf8(body), undefined, errorType)
  }

  initError(body: string, errorType: string): void {
    this.request('POST', '/2018-06-01/runtime/init/error', utf8(body), undefined, errorType)
  }

  /** Responds and asks for the next, as a well-behaved runtime does. */
  work(body = 'null'): void {
    this.respond(body)
    this.next()
  }

  /** As `work`, with the request for the next sent ahead of the answer to the response. */
  workAhead(body = 'null'): void {
    this.request('POST', `${INVOCATION}${this.requestId}/response`, utf8(body), () => this.next())
  }

  write(output: string): void {
    this.spec.onOutput(utf8(output), 0)
  }

  exit(exit: Partial<SandboxExit>): void {
    this.spec.onExit({ code: null, signal: null, oomKilled: false, ...exit })
  }

  // oxlint-disable-next-line max-params
  request(
    method: string,
    path: string,
    body: Uint8Array = EMPTY,
    onReply?: (reply: RuntimeReply) => void,
    errorType?: string,
  ): void {
    this.spec.onRequest(
      {
        method,
        path,
        body,
        truncated: false,
        headers: errorType === undefined ? {} : { 'lambda-runtime-function-error-type': errorType },
      },
      (reply) => {
        this.replies.push(reply)
        onReply?.(reply)
      },
    )
  }

  /** What the last reply said, as text. */
  lastReply(): { status: number; body: string } {
    const reply = present(this.replies.at(-1), 'there was a reply')
    return { status: reply.status, body: typeof reply.body === 'string' ? reply.body : text(reply.body) }
  }
}

export class FakeSandboxes implements Sandboxes {
  readonly started: FakeSandbox[] = []
  /** Called for each new sandbox, after the environment has been made. */
  onStart: ((sandbox: FakeSandbox) => void) | undefined
  /** What `runtime` answers; by default every identifier is found. */
  runtimes: (identifier: string) => FoundRuntime | Promise<FoundRuntime> = (identifier) => ({
    kind: 'found',
    identifier,
    version: `${identifier}:v1`,
  })
  stagings: (zip: Uint8Array) => Staging = (zip) => {
    const sha256 = createHash('sha256').update(zip).digest()
    return {
      kind: 'staged',
      code: {
        id: hex(sha256),
        sha256Base64: base64(sha256),
        packageBytes: zip.length,
        unzippedBytes: zip.length * 2,
      },
    }
  }
  readonly folders = new Set<string>()

  modes(): ReturnType<Sandboxes['modes']> {
    return { isolation: 'process', cpu: 'none', memory: 'none', freeze: 'none', tmp: 'directory', notes: [] }
  }
  async stage(zip: Uint8Array): Promise<Staging> {
    const staging = this.stagings(zip)
    if (staging.kind === 'staged') this.folders.add(staging.code.id)
    return staging
  }
  async staged(id: string): Promise<boolean> {
    return this.folders.has(id)
  }
  async runtime(identifier: string): Promise<FoundRuntime> {
    return await this.runtimes(identifier)
  }
  start(spec: SandboxSpec): Sandbox {
    const sandbox = new FakeSandbox(spec)
    this.started.push(sandbox)
    if (this.onStart !== undefined) queueMicrotask(() => this.onStart?.(sandbox))
    return sandbox
  }
  async clear(): Promise<void> {
    this.started.length = 0
  }

  /** The sandbox that was started last. */
  last(): FakeSandbox {
    return present(this.started.at(-1), 'a sandbox was started')
  }
}
