/**
 * One execution environment at work: turns what its process does (starts, asks, answers, writes, ends) and what the
 * pool wants (dispatch, retire) into moves of the life-cycle table, and tells callers, log and bill what came of it.
 * Which environment gets which invoke is not decided here (`pool.ts`), nor how a process is made (ports).
 */
import { assert, present } from '#base/assert.ts'
import type { Fault } from '#base/fault.ts'
import type { Ms } from '#base/time.ts'
import type { Alarm } from '#ports/clock.ts'
import type { RuntimeReply, RuntimeRequest, SandboxExit } from '#ports/sandboxes.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import { EnvironmentLog, tailOf } from '#services/lambda/environment-log.ts'
import type {
  EnvironmentHooks,
  EnvironmentOptions,
  EnvironmentPorts,
  EnvironmentView,
} from '#services/lambda/environment-options.ts'
import { type EnvironmentEvent, type EnvironmentState, nextState } from '#services/lambda/environment.ts'
import { serviceTrouble } from '#services/lambda/faults.ts'
import { FunctionProcess } from '#services/lambda/function-process.ts'
import * as invocations from '#services/lambda/invocation.ts'
import type { Invocation, Outcome } from '#services/lambda/invocation.ts'
import { ANSWER_GRACE_MS, INIT_ERROR_GRACE_MS, INIT_MS, RESPONSE_BYTES } from '#services/lambda/limits.ts'
import type { Ending, Phase } from '#services/lambda/log-lines.ts'
import { type Birth, type Run, conclude, eventOf, newRun } from '#services/lambda/run.ts'
import * as runtimeApi from '#services/lambda/runtime-api.ts'

type Reply = (reply: RuntimeReply) => void

export class Environment {
  readonly id: string
  readonly function: ActiveFunction
  readonly #ports: EnvironmentPorts
  readonly #hooks: EnvironmentHooks
  readonly #log: EnvironmentLog
  readonly #process: FunctionProcess
  readonly #freezeAfterMs: Ms
  #state: EnvironmentState = 'provisioning'
  #runtime: runtimeApi.RuntimeState = 'Started'
  #parked: Reply | undefined
  #run: Run | undefined
  #birth: Birth | undefined
  #startedAt: Ms = 0
  #startMs: Ms = 0
  #initMs: Ms | undefined
  #initError: { readonly errorType: string; readonly body: Uint8Array } | undefined
  #invokes = 0
  #initAlarm: Alarm | undefined
  #timeoutAlarm: Alarm | undefined
  #graceAlarm: Alarm | undefined
  #restAlarm: Alarm | undefined

  constructor(ports: EnvironmentPorts, options: EnvironmentOptions, hooks: EnvironmentHooks) {
    const of = options.function
    this.id = options.id
    this.function = of
    this.#ports = ports
    this.#hooks = hooks
    this.#freezeAfterMs = options.freezeAfterMs
    this.#log = new EnvironmentLog(ports.clock, options.writer, of)
    const sandbox = ports.sandboxes.start({
      id: options.id,
      runtime: of.runtime.identifier,
      code: of.code,
      layers: [],
      handler: of.handler,
      environment: options.variables,
      memoryMb: of.memoryMb,
      tmpMb: of.ephemeralMb,
      onRequest: (request, reply) => this.#request(request, reply),
      onOutput: (chunk, droppedBytes) => this.#log.output(chunk, droppedBytes),
      onStarted: (timing) => this.#started(timing.startedMs),
      onExit: (exit) => this.#exited(exit),
    })
    this.#process = new FunctionProcess(sandbox)
  }

  view(): EnvironmentView {
    return {
      id: this.id,
      functionArn: this.function.arn,
      state: this.#state,
      frozen: this.#process.frozen,
      invokes: this.#invokes,
      initMs: this.#initMs,
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
    if (suppressed) this.#process.restart()
    else this.#hand(this.#run)
  }

  /** Ends it. Resolves when nothing is left of it and its log is written. */
  async retire(graceMs: Ms): Promise<void> {
    if (nextState(this.#state, 'retired') === undefined) return
    this.#move('retired')
    for (const alarm of [this.#initAlarm, this.#timeoutAlarm, this.#graceAlarm, this.#restAlarm])
      alarm?.cancel()
    this.#parked = undefined
    const run = this.#run
    this.#run = undefined
    if (run !== undefined && !run.answered)
      this.#refuse(run, serviceTrouble('The execution environment was ended.'))
    await this.#process.destroy(graceMs)
    await this.#log.flush()
    this.#move('removed')
  }

  #move(event: EnvironmentEvent): void {
    const next = nextState(this.#state, event)
    assert(next !== undefined, `an environment that is ${this.#state} is not ${event}`)
    this.#state = next
  }

  #ending(): boolean {
    return this.#state === 'shutting-down' || this.#state === 'gone'
  }

  #phase(): Phase {
    return this.#state === 'invoking' ? 'invoke' : 'init'
  }

  #started(startMs: Ms): void {
    if (this.#ending() || !this.#process.current) return
    this.#startedAt = this.#ports.clock.elapsed()
    this.#startMs = startMs
    this.#runtime = 'Started'
    this.#initError = undefined
    const { version, versionArn } = this.function.runtime
    if (this.#state === 'provisioning') {
      this.#move('started')
      this.#initAlarm = this.#ports.clock.after(INIT_MS, () => this.#initTimedOut())
    }
    this.#log.system({ kind: 'init-start', phase: this.#phase(), version, versionArn })
  }

  #request(request: RuntimeRequest, reply: Reply): void {
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
        const tooLarge = action.truncated || action.body.length > RESPONSE_BYTES
        this.#runtime = 'RuntimeResponseSentState'
        this.#responded(
          present(run, 'only a handed invoke is answered'),
          tooLarge
            ? invocations.answerTooLarge()
            : { payload: action.body, functionError: action.kind === 'error' ? 'Unhandled' : undefined },
        )
        // Last: a client that sends its next request ahead is served from within this reply.
        reply(tooLarge ? runtimeApi.responseTooLarge(RESPONSE_BYTES) : runtimeApi.ACCEPTED)
        break
      }
      case 'init-error':
        this.#runtime = 'InitError'
        this.#initError = { errorType: action.errorType, body: action.body }
        // The runtime ends by itself after this; one that does not is ended.
        this.#graceAlarm = this.#ports.clock.after(INIT_ERROR_GRACE_MS, () => this.#process.end())
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
        this.#initialized()
        break
      case 'Running':
        // As AWS's emulator: a runtime that lost its answer gets the same invoke again.
        if (run !== undefined) this.#deliver(run)
        break
      case 'RuntimeResponseSentState':
        this.#runtime = 'Ready'
        if (run !== undefined) this.#finish(run, undefined)
        break
      case 'Ready':
      case 'InitError':
        break
      default:
        this.#runtime satisfies never
    }
  }

  #initialized(): void {
    this.#initAlarm?.cancel()
    const readyAt = this.#ports.clock.elapsed()
    const run = this.#run
    if (run !== undefined) {
      this.#hand(run)
      return
    }
    this.#initMs = readyAt - this.#startedAt
    this.#birth = { startedAt: this.#startedAt, startMs: this.#startMs, readyAt }
    this.#process.measure()
    this.#move('ready')
    this.#rest()
    this.#hooks.ready()
  }

  /** Nothing to do: freezes unless an invoke comes first. */
  #rest(): void {
    this.#restAlarm = this.#ports.clock.after(this.#freezeAfterMs, () => {
      if (this.#state === 'idle') this.#process.freeze()
    })
  }

  /** The invoke proper begins: its log lines, and its tail, start here. */
  #begin(run: Run): void {
    run.handed = true
    this.#log.begin(run.tail)
    this.#log.system({ kind: 'start', requestId: run.invocation.requestId })
  }

  #hand(run: Run): void {
    this.#begin(run)
    this.#deliver(run)
  }

  #deliver(run: Run): void {
    const reply = present(this.#parked, 'a runtime that is ready has asked for work')
    this.#parked = undefined
    this.#runtime = 'Running'
    reply(eventOf(run, this.function.timeoutMs, this.#ports.clock))
  }

  #responded(run: Run, outcome: Outcome): void {
    run.outcome = outcome
    run.respondedAt = this.#ports.clock.elapsed()
    if (run.tail === undefined)
      this.#graceAlarm = this.#ports.clock.after(ANSWER_GRACE_MS, () => this.#answer(run))
  }

  #answer(run: Run): void {
    if (run.answered || run.outcome === undefined) return
    run.answered = true
    const { payload, functionError } = run.outcome
    const logTail = run.tail === undefined ? undefined : tailOf(run.tail)
    run.invocation.answer({ kind: 'answered', payload, functionError, logTail })
  }

  #refuse(run: Run, fault: Fault): void {
    run.answered = true
    run.invocation.answer({ kind: 'refused', fault })
  }

  /** The invoke is over, well (`ending` undefined) or not; `durationMs` when it is not what was measured. */
  #finish(run: Run, ending: Ending | undefined, durationMs?: Ms): void {
    this.#timeoutAlarm?.cancel()
    this.#graceAlarm?.cancel()
    this.#run = undefined
    const endedAt = this.#ports.clock.elapsed()
    const report = conclude(run, this.function, this.#ports, {
      environmentId: this.id,
      endedAt,
      durationMs: durationMs ?? endedAt - run.dispatchedAt,
      ...this.#process.measure(),
      ending,
    })
    this.#log.close([
      { kind: 'end', requestId: report.requestId },
      { kind: 'report', report },
    ])
    this.#answer(run)
    this.#move(ending === undefined ? 'ready' : 'failed')
    this.#rest()
    this.#hooks.ready()
  }

  #timedOut(): void {
    const run = this.#run
    if (run === undefined) return
    const ending: Ending = { kind: 'timeout' }
    if (!run.handed) this.#initFailed(run, ending)
    run.outcome ??= invocations.timedOut(run.invocation.requestId, this.function.timeoutMs)
    this.#kill()
    this.#finish(run, ending, this.function.timeoutMs)
  }

  /** Init inside an invoke did not succeed: its line comes before the invoke's own START. */
  #initFailed(run: Run, ending: Ending): void {
    this.#reportInit('invoke', ending)
    this.#begin(run)
  }

  #reportInit(phase: Phase, ending: Ending, leastMs: Ms = 0): void {
    const initMs = Math.max(leastMs, this.#ports.clock.elapsed() - this.#startedAt)
    this.#log.system({ kind: 'init-report', phase, initMs, ending })
  }

  #initTimedOut(): void {
    if (this.#state !== 'initializing') return
    // A timer may be a little early: what ran into the limit took no less than the limit.
    this.#reportInit('init', { kind: 'timeout' }, INIT_MS)
    this.#kill()
    this.#move('failed')
    this.#hooks.ready()
  }

  #kill(): void {
    this.#parked = undefined
    this.#process.kill()
  }

  #exited(exit: SandboxExit): void {
    const ours = this.#process.exited()
    this.#parked = undefined
    if (this.#ending()) return
    if (exit.trouble !== undefined || this.#state === 'provisioning')
      this.#notStarted(exit.trouble ?? 'The process ended before it began.')
    else if (!ours) this.#crashed(exit)
  }

  /** The machine could not make the process. */
  #notStarted(trouble: string): void {
    const run = this.#run
    this.#run = undefined
    if (run !== undefined && !run.answered) this.#refuse(run, serviceTrouble(trouble))
    this.#hooks.gone(trouble)
  }

  #crashed(exit: SandboxExit): void {
    this.#graceAlarm?.cancel()
    const run = this.#run
    const initError = this.#runtime === 'InitError' ? this.#initError : undefined
    const ending: Ending = { kind: 'error', errorType: initError?.errorType ?? invocations.exitType(exit) }
    if (run !== undefined) {
      if (!run.handed) this.#initFailed(run, ending)
      if (initError === undefined) this.#log.note(invocations.exitLogText(run.invocation.requestId, exit))
      run.outcome ??=
        initError === undefined
          ? invocations.exited(run.invocation.requestId, exit)
          : { payload: initError.body, functionError: 'Unhandled' }
      this.#finish(run, ending)
      return
    }
    const wasInit = this.#state === 'initializing'
    if (wasInit) {
      this.#initAlarm?.cancel()
      this.#reportInit('init', ending)
    }
    this.#birth = undefined
    this.#restAlarm?.cancel()
    this.#move('failed')
    if (wasInit) this.#hooks.ready()
  }
}
