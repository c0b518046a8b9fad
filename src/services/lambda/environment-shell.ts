/**
 * One execution environment at work: turns what its process does (starts, asks, answers, writes, ends) and what the
 * pool wants (dispatch, retire) into moves of the life-cycle table, and tells callers, log and bill what came of it.
 * Which environment gets which invoke is not decided here (`pool.ts`), nor how a process is made (ports).
 */
import { assert, present } from '#base/assert.ts'
import type { Ms } from '#base/time.ts'
import type { Alarm } from '#ports/clock.ts'
import type { RuntimeReply, RuntimeRequest, SandboxExit, SandboxStart } from '#ports/sandboxes.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import { InitPhase } from '#services/lambda/environment-init.ts'
import { EnvironmentLog } from '#services/lambda/environment-log.ts'
import {
  type EnvironmentHooks,
  type EnvironmentOptions,
  type EnvironmentPorts,
  type EnvironmentView,
  processOf,
} from '#services/lambda/environment-options.ts'
import { type EnvironmentEvent, type EnvironmentState, nextState } from '#services/lambda/environment.ts'
import { serviceTrouble } from '#services/lambda/faults.ts'
import { ExtensionShell, type ShutdownReason } from '#services/lambda/extensions/extension-shell.ts'
import { type ProcessFailure, runtimeFailure } from '#services/lambda/extensions/failure.ts'
import { isExtensionPath } from '#services/lambda/extensions/routes.ts'
import { FunctionProcess } from '#services/lambda/function-process.ts'
import * as invocations from '#services/lambda/invocation.ts'
import type { Invocation } from '#services/lambda/invocation.ts'
import type { Ending, InitializationType } from '#services/lambda/log-lines.ts'
import { type Birth, type Run, conclude, eventOf, newRun, runtimeDone } from '#services/lambda/run.ts'
import * as runtimeApi from '#services/lambda/runtime-api.ts'
import { Answering } from '#services/lambda/streaming/answering.ts'
import { streamRun, wholeRun } from '#services/lambda/streaming/streamed-run.ts'

type Reply = (reply: RuntimeReply) => void

export class Environment {
  readonly id: string
  readonly function: ActiveFunction
  readonly #ports: EnvironmentPorts
  readonly #hooks: EnvironmentHooks
  readonly #log: EnvironmentLog
  readonly #init: InitPhase
  readonly #process: FunctionProcess
  readonly #extensions: ExtensionShell
  readonly #answering: Answering
  readonly #freezeAfterMs: Ms
  readonly #type: InitializationType
  #state: EnvironmentState = 'provisioning'
  #runtime: runtimeApi.RuntimeState = 'Started'
  #parked: Reply | undefined
  #run: Run | undefined
  #birth: Birth | undefined
  #invokes = 0
  #timeoutAlarm: Alarm | undefined
  #restAlarm: Alarm | undefined
  readonly #ending = (): boolean => this.#state === 'shutting-down' || this.#state === 'gone'
  /** Ends its process as a crash of its own would. */
  readonly kill = (): void => this.#process.end()

  constructor(ports: EnvironmentPorts, options: EnvironmentOptions, hooks: EnvironmentHooks) {
    const of = options.function
    this.id = options.id
    this.function = of
    this.#ports = ports
    this.#hooks = hooks
    this.#freezeAfterMs = options.freezeAfterMs
    this.#type = options.initializationType
    this.#log = new EnvironmentLog(ports.clock, options.writer, of, this.#type)
    this.#init = new InitPhase(of, this.#type, { ...ports, log: this.#log })
    this.#answering = new Answering(ports.clock, of.version)
    this.#extensions = new ExtensionShell({
      ...ports,
      function: of,
      initializationType: this.#type,
      log: this.#log,
      process: () => this.#process,
      settled: () => this.#settle(),
      quiet: () => this.#rest(),
      crashed: (failure) => this.#failed(failure),
      runtimeExited: (exit) => this.#failed(runtimeFailure(exit, this.#init.error)),
    })
    const sandbox = ports.sandboxes.start({
      ...processOf(options),
      onRequest: (request, reply) => this.#request(request, reply),
      onOutput: (chunk, droppedBytes) => this.#log.output(chunk, droppedBytes),
      onStarted: (start) => this.#started(start),
      onExit: (exit) => this.#exited(exit),
      extensions: this.#extensions.hooks,
    })
    this.#process = new FunctionProcess(sandbox)
  }

  view(): EnvironmentView {
    return {
      id: this.id,
      functionArn: this.function.arn,
      version: this.function.version,
      initializationType: this.#type,
      state: this.#state,
      frozen: this.#process.frozen,
      invokes: this.#invokes,
      initMs: this.#init.durationMs,
      requestId: this.#run?.invocation.requestId,
    }
  }

  /** Hands it an invoke. Only for environments that the pool holds to be available. */
  dispatch(invocation: Invocation): void {
    const suppressed = this.#state === 'resetting'
    this.#restAlarm?.cancel()
    this.#move('dispatched')
    this.#run = newRun(invocation, this.#ports.clock.elapsed(), { birth: this.#birth, suppressed })
    this.#birth = undefined
    this.#invokes++
    invocation.begun?.()
    this.#timeoutAlarm = this.#ports.clock.after(this.function.timeoutMs, () => this.#timedOut())
    this.#process.wake()
    this.#extensions.resume()
    if (suppressed) this.#process.restart()
    else this.#hand(this.#run)
  }

  /** Ends it; extensions have their time. Resolves when nothing is left of it and its log is written. */
  async retire(): Promise<void> {
    if (nextState(this.#state, 'retired') === undefined) return
    this.#move('retired')
    for (const each of [this.#init, this.#answering, this.#timeoutAlarm, this.#restAlarm]) each?.cancel()
    this.#parked = undefined
    const run = this.#run
    this.#run = undefined
    if (run !== undefined) this.#answering.refuse(run, serviceTrouble('The execution environment was ended.'))
    await this.#extensions.retire()
    await this.#log.flush()
    this.#move('removed')
  }

  #move(event: EnvironmentEvent): void {
    const next = nextState(this.#state, event)
    assert(next !== undefined, `an environment that is ${this.#state} is not ${event}`)
    this.#state = next
  }

  #started({ startedMs, extensions = [] }: SandboxStart): void {
    if (this.#ending() || !this.#process.current) return
    this.#extensions.launched(extensions)
    this.#runtime = 'Started'
    const first = this.#state === 'provisioning'
    if (first) this.#move('started')
    const phase = this.#state === 'invoking' ? 'invoke' : 'init'
    this.#init.begin(startedMs, phase, first ? () => this.#initTimedOut() : undefined)
  }

  #request(request: RuntimeRequest, reply: Reply): void {
    if (isExtensionPath(request.path)) {
      this.#extensions.request(request, reply)
      return
    }
    if (this.#ending() || !this.#process.current) {
      reply(runtimeApi.ENDING)
      return
    }
    const run = this.#run?.handed === true ? this.#run : undefined
    const action = runtimeApi.routeRuntime(request, this.#runtime, run?.invocation.requestId)
    switch (action.kind) {
      case 'next':
        this.#next(reply)
        break
      case 'response':
      case 'error': {
        const { outcome, answer } = wholeRun(action)
        this.#runtime = 'RuntimeResponseSentState'
        this.#answering.responded(present(run, 'only a handed invoke is answered'), outcome)
        // Last: a client that sends its next request ahead is served from within this reply.
        reply(answer)
        break
      }
      case 'stream':
        void this.#stream(present(run, 'only a handed invoke is answered'), action, reply)
        break
      case 'init-error':
        this.#runtime = 'InitError'
        this.#init.said(action, () => this.#process.end())
        reply(runtimeApi.ACCEPTED)
        break
      case 'refused':
        reply(action.reply)
        break
      default:
        action satisfies never
    }
  }

  #next(reply: Reply): void {
    const run = this.#run
    this.#parked = reply
    switch (this.#runtime) {
      case 'Started':
        this.#runtime = 'Ready'
        this.#settle()
        break
      case 'Running':
        // As AWS's emulator: a runtime that lost its answer gets the same invoke again.
        if (run !== undefined) this.#deliver(run)
        break
      case 'RuntimeResponseSentState':
        this.#runtime = 'Ready'
        if (run !== undefined) {
          run.outcome ??= invocations.truncated(run.invocation.requestId)
          if (this.#extensions.any) this.#done(run)
          this.#settle()
        }
        break
      case 'InvocationResponse':
      case 'Ready':
      case 'InitError':
        break
      default:
        this.#runtime satisfies never
    }
  }

  /** Goes on when the runtime and all extensions wait for more. */
  #settle(): void {
    if (this.#runtime !== 'Ready' || !this.#extensions.ready || this.#parked === undefined) return
    const run = this.#run
    if (this.#state === 'initializing' || run?.handed === false) this.#initialized()
    else if (run?.outcome !== undefined) this.#finish(run, undefined)
  }

  /** The runtime is done with the invoke; extensions may go on. */
  #done(run: Run): void {
    run.doneAt = this.#ports.clock.elapsed()
    this.#log.system(runtimeDone(run, { durationMs: run.doneAt - run.dispatchedAt }, this.#ports.clock))
  }

  #initialized(): void {
    this.#init.cancel()
    this.#extensions.initialized()
    const run = this.#run
    if (run !== undefined) {
      this.#hand(run)
      return
    }
    this.#birth = this.#init.done()
    this.#process.measure()
    this.#move('ready')
    this.#rest()
    this.#hooks.ready(false)
  }

  /** Nothing to do: freezes unless an invoke comes first. */
  #rest(): void {
    if (this.#process.frozen) return
    this.#restAlarm?.cancel()
    this.#restAlarm = this.#ports.clock.after(this.#freezeAfterMs, () => {
      if (this.#state !== 'idle' || !this.#extensions.pause()) return
      this.#process.freeze()
    })
  }

  /** The invoke proper begins: its log lines, and its tail, start here. */
  #begin(run: Run): void {
    run.handed = true
    this.#log.begin(run.tail)
    const { requestId } = run.invocation
    this.#log.system({ kind: 'start', requestId, version: this.function.version })
  }

  #hand(run: Run): void {
    this.#begin(run)
    this.#extensions.invoke(run)
    this.#deliver(run)
  }

  #deliver(run: Run): void {
    const reply = present(this.#parked, 'a runtime that is ready has asked for work')
    this.#parked = undefined
    this.#runtime = 'Running'
    reply(eventOf(run, this.function.timeoutMs, this.#ports.clock))
  }

  /** A response in streaming mode: the invoke goes on until it has ended. */
  async #stream(
    run: Run,
    action: runtimeApi.RuntimeAction & { kind: 'stream' },
    reply: Reply,
  ): Promise<void> {
    this.#runtime = 'InvocationResponse'
    const { outcome, answer } = await streamRun(run, action, this.#ports.clock)
    if (this.#run !== run || this.#runtime !== 'InvocationResponse') {
      reply(runtimeApi.ENDING)
      return
    }
    this.#runtime = 'RuntimeResponseSentState'
    if (outcome !== undefined) this.#answering.responded(run, outcome)
    reply(answer)
  }

  /** The invoke is over, well (`ending` undefined) or not; `durationMs` when it is not what was measured. */
  #finish(run: Run, ending: Ending | undefined, durationMs?: Ms): void {
    this.#timeoutAlarm?.cancel()
    this.#answering.cancel()
    this.#run = undefined
    const endedAt = this.#ports.clock.elapsed()
    const report = conclude(run, this.function, this.#ports, {
      environmentId: this.id,
      initializationType: this.#type,
      endedAt,
      durationMs: durationMs ?? endedAt - run.dispatchedAt,
      ...this.#process.measure(),
      ending,
    })
    this.#log.close([
      ...(run.doneAt === undefined ? [runtimeDone(run, report, this.#ports.clock)] : []),
      { kind: 'end', requestId: report.requestId },
      { kind: 'report', report },
    ])
    this.#answering.answer(run)
    this.#move(ending === undefined ? 'ready' : 'failed')
    this.#rest()
    this.#hooks.ready(ending !== undefined)
  }

  #timedOut(): void {
    const run = this.#run
    if (run === undefined) return
    const ending: Ending = { kind: 'timeout' }
    if (!run.handed) this.#initFailed(run, ending)
    run.outcome ??= invocations.timedOut(run.invocation.requestId, this.function.timeoutMs)
    this.#reset('timeout')
    this.#finish(run, ending, this.function.timeoutMs)
  }

  /** Init inside an invoke did not succeed: its line comes before the invoke's own START. */
  #initFailed(run: Run, ending: Ending): void {
    this.#init.failed('invoke', ending)
    this.#begin(run)
  }

  #initTimedOut(): void {
    if (this.#state !== 'initializing') return
    this.#init.failed('init', { kind: 'timeout' })
    this.#reset('timeout')
    this.#move('failed')
    this.#hooks.ready(true)
  }

  #reset(reason: ShutdownReason): void {
    this.#parked = undefined
    this.#extensions.reset(reason)
  }

  #exited(exit: SandboxExit): void {
    this.#extensions.gone()
    const ours = this.#process.exited()
    this.#parked = undefined
    if (this.#ending()) return
    if (exit.trouble !== undefined || this.#state === 'provisioning')
      this.#notStarted(exit.trouble ?? 'The process ended before it began.')
    else if (!ours) this.#crashed(runtimeFailure(exit, this.#init.error))
  }

  /** The runtime or an extension has ended, and the rest of the tree has not. */
  #failed(failure: ProcessFailure): void {
    if (this.#ending() || !this.#process.current) return
    this.#reset('failure')
    this.#crashed(failure)
  }

  /** The machine could not make the process. */
  #notStarted(trouble: string): void {
    const run = this.#run
    this.#run = undefined
    if (run !== undefined) this.#answering.refuse(run, serviceTrouble(trouble))
    this.#hooks.gone(trouble)
  }

  #crashed({ errorType, logText, outcome }: ProcessFailure): void {
    this.#init.cancel()
    this.#answering.cancel()
    const run = this.#run
    const ending: Ending = { kind: 'error', errorType }
    if (run !== undefined) {
      if (!run.handed) this.#initFailed(run, ending)
      const text = logText(run.invocation.requestId)
      if (text !== undefined) this.#log.note(text)
      run.outcome ??= outcome(run.invocation.requestId)
      this.#finish(run, ending)
      return
    }
    const wasInit = this.#state === 'initializing'
    if (wasInit) this.#init.failed('init', ending)
    this.#birth = undefined
    this.#restAlarm?.cancel()
    this.#move('failed')
    if (wasInit) this.#hooks.ready(true)
    else this.#hooks.died()
  }
}
