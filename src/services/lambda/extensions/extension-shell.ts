/**
 * Extensions and telemetry of one environment at work: turns their requests and ends into what the environment asks
 * (has everybody registered, does everybody wait?), and ends them in order. What an end means for the invoke under way
 * is the environment's to decide.
 */
import type { Clock } from '#ports/clock.ts'
import type { Random } from '#ports/random.ts'
import type { ExtensionHooks, RuntimeReply, RuntimeRequest, SandboxExit } from '#ports/sandboxes.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import type { EnvironmentLog, LogSink } from '#services/lambda/environment-log.ts'
import { Extensions } from '#services/lambda/extensions/extensions.ts'
import { type ProcessFailure, extensionFailure } from '#services/lambda/extensions/failure.ts'
import { routeExtension } from '#services/lambda/extensions/routes.ts'
import { Telemetry } from '#services/lambda/extensions/telemetry.ts'
import type { FunctionProcess } from '#services/lambda/function-process.ts'
import { SHUTDOWN_GRACE_MS, SHUTDOWN_MS, SHUTDOWN_RUNTIME_SHARE } from '#services/lambda/limits.ts'
import { type InitializationType, systemEvent } from '#services/lambda/log-lines.ts'
import type { Run } from '#services/lambda/run.ts'
import type { Ms } from '#base/time.ts'

/** Source: Lambda developer guide, Extensions API, Shutdown. */
export type ShutdownReason = 'spindown' | 'timeout' | 'failure'

export interface ExtensionParts {
  readonly clock: Clock
  readonly random: Random
  readonly function: ActiveFunction
  readonly initializationType: InitializationType
  process(): FunctionProcess
  readonly log: EnvironmentLog
  /** One has asked for its next event. */
  settled(): void
  /** Nothing of telemetry is on its way. */
  quiet(): void
  crashed(failure: ProcessFailure): void
  /** The runtime has ended beside extensions that have not. */
  runtimeExited(exit: SandboxExit): void
}

export class ExtensionShell {
  readonly #parts: ExtensionParts
  readonly #extensions: Extensions
  readonly #telemetry: Telemetry
  readonly hooks: ExtensionHooks
  #shutdown: Promise<void> | undefined
  /** Goes on with the shutdown under way. */
  #progress: (() => void) | undefined
  #runtimeEnded = false

  constructor(parts: ExtensionParts) {
    this.#parts = parts
    const { clock, random, function: of, initializationType } = parts
    const { account } = of.owner
    const { name, version, handler } = of
    this.#extensions = new Extensions({ name, version, handler, account }, random)
    this.#telemetry = new Telemetry({
      clock,
      jsonLines: of.logFormat === 'JSON',
      send: (to, body, timeoutMs) => parts.process().send(to, body, timeoutMs),
      quiet: () => parts.quiet(),
    })
    this.hooks = {
      onOutput: (chunk, droppedBytes) => parts.log.extension(chunk, droppedBytes),
      onExit: (exited, exit) => this.#exited(exited, exit),
      onRuntimeExit: (exit) => this.#runtimeExited(exit),
    }
    const sink: LogSink = {
      system: (line, at) => {
        const event = systemEvent(line, initializationType)
        if (event !== undefined) this.#telemetry.emit({ kind: 'platform', ...event, at })
      },
      line: (kind, text, at) => this.#telemetry.emit({ kind, type: kind, record: text, at }),
    }
    parts.log.tell(sink)
  }

  get any(): boolean {
    return this.#extensions.any
  }

  /** All wait for their next event. */
  get ready(): boolean {
    return this.#extensions.ready
  }

  /** The process tree has started. */
  launched(names: readonly string[]): void {
    this.#shutdown = undefined
    this.#progress = undefined
    this.#runtimeEnded = false
    this.#telemetry.launched()
    this.#extensions.launched(names)
  }

  request(request: RuntimeRequest, reply: (reply: RuntimeReply) => void): void {
    const action = routeExtension(request)
    switch (action.kind) {
      case 'refused':
        reply(action.reply)
        break
      case 'subscribe': {
        const name = this.#extensions.nameOf(action.id)
        const [answer, to] = this.#telemetry.subscribe(name ?? '', action.body, action.api)
        if (to !== undefined && name !== undefined) {
          const { api, types } = to
          this.#parts.log.system({ kind: 'subscription', api, name, types })
        }
        reply(answer)
        break
      }
      case 'register':
      case 'next':
      case 'init-error':
      case 'exit-error':
        if (!this.#extensions.answer(action, reply)) break
        if (action.kind === 'register' && this.#extensions.registered) this.#parts.process().begin()
        if (action.kind === 'next') this.#parts.settled()
        break
      default:
        action satisfies never
    }
  }

  /** Init is over. */
  initialized(): void {
    this.#extensions.close()
    for (const { name, state, events } of this.#extensions.shown())
      this.#parts.log.system({ kind: 'extension', name, state, events })
    this.#telemetry.close()
  }

  /** An invoke is handed out. */
  invoke({ invocation, dispatchedAt }: Run): void {
    if (!this.#extensions.any) return
    const { clock, function: of } = this.#parts
    const deadline = clock.wall() - clock.elapsed() + dispatchedAt + of.timeoutMs
    this.#extensions.give('INVOKE', {
      deadlineMs: Math.floor(deadline),
      requestId: invocation.requestId,
      invokedFunctionArn: invocation.invokedArn,
      tracing: { type: 'X-Amzn-Trace-Id', value: invocation.trace },
    })
  }

  /** Before the environment is frozen: false while telemetry is on its way, and `quiet` follows then. */
  pause(): boolean {
    if (this.#telemetry.sending) return false
    this.#telemetry.pause()
    return true
  }

  /** After it is thawed. */
  resume(): void {
    this.#telemetry.resume()
  }

  /** Ends the process tree; extensions are told first, and a start after it waits for their end. */
  reset(reason: ShutdownReason): void {
    const process = this.#parts.process()
    if (!this.#extensions.external) {
      process.kill()
      return
    }
    process.abandon()
    void this.#inOrder(reason).then(() => process.finish())
  }

  /** Ends it for good, within the time that its extensions have. Resolves when nothing is left. */
  async retire(): Promise<void> {
    const process = this.#parts.process()
    if (!this.#extensions.external) {
      await process.destroy(this.#extensions.any ? SHUTDOWN_MS.internal : SHUTDOWN_GRACE_MS)
      return
    }
    process.wake()
    await this.#inOrder('spindown')
    await process.destroy(0)
  }

  /** Ends the runtime, then tells extensions. Resolves when they have ended too, or their time is over. */
  #inOrder(reason: ShutdownReason): Promise<void> {
    this.#shutdown ??= this.#end(reason)
    return this.#shutdown
  }

  /** The process tree is gone. */
  gone(): void {
    this.#telemetry.forget()
    this.#runtimeEnded = true
    this.#extensions.launched([])
    this.#progress?.()
  }

  async #end(reason: ShutdownReason): Promise<void> {
    const { clock } = this.#parts
    const graceMs = SHUTDOWN_MS.external
    const until = clock.elapsed() + graceMs
    if (!this.#runtimeEnded) {
      this.#parts.process().terminate()
      await this.#until(until - graceMs * (1 - SHUTDOWN_RUNTIME_SHARE), () => this.#runtimeEnded)
    }
    this.#telemetry.flush()
    const deadlineMs = Math.floor(clock.wall() + until - clock.elapsed())
    this.#extensions.give('SHUTDOWN', { deadlineMs, shutdownReason: reason })
    await this.#until(until, () => !this.#extensions.wantsShutdown)
  }

  /** Resolves when it holds, at the latest then. */
  async #until(at: Ms, holds: () => boolean): Promise<void> {
    if (holds()) return
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        alarm.cancel()
        this.#progress = undefined
        resolve()
      }
      const alarm = this.#parts.clock.after(Math.max(0, at - this.#parts.clock.elapsed()), finish)
      this.#progress = () => {
        if (holds()) finish()
      }
    })
  }

  #exited(name: string, exit: SandboxExit): void {
    const extension = this.#extensions.exited(name)
    if (this.#shutdown !== undefined) this.#progress?.()
    else if (extension !== undefined) this.#parts.crashed(extensionFailure(exit, extension))
  }

  #runtimeExited(exit: SandboxExit): void {
    this.#runtimeEnded = true
    if (this.#shutdown === undefined) this.#parts.runtimeExited(exit)
    else this.#progress?.()
  }
}
