/**
 * The init of one environment, each time that its process starts: its limit, its lines in the log, its bill when nobody
 * waits for it. What follows from it is the environment's (`environment-shell.ts`).
 */
import type { Ms } from '#base/time.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { Usage } from '#ports/usage.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import type { EnvironmentLog } from '#services/lambda/environment-log.ts'
import { INIT_ERROR_GRACE_MS, INIT_MS, PROVISIONED_INIT_MS } from '#services/lambda/limits.ts'
import type { Ending, InitializationType, Phase } from '#services/lambda/log-lines.ts'
import { type Birth, recordInit } from '#services/lambda/run.ts'

interface InitParts {
  readonly clock: Clock
  readonly usage: Usage
  readonly log: EnvironmentLog
}

export class InitPhase {
  readonly #of: ActiveFunction
  readonly #type: InitializationType
  readonly #parts: InitParts
  #startedAt: Ms = 0
  #startMs: Ms = 0
  #alarm: Alarm | undefined
  #graceAlarm: Alarm | undefined
  /** Of the last one that no invoke waited in. */
  durationMs: Ms | undefined
  /** What the runtime reported of an init that failed. */
  error: { readonly errorType: string; readonly body: Uint8Array } | undefined

  constructor(of: ActiveFunction, type: InitializationType, parts: InitParts) {
    this.#of = of
    this.#type = type
    this.#parts = parts
  }

  /** How long it may take. Source: Lambda developer guide, Execution environment life cycle. */
  get #limitMs(): Ms {
    return this.#type === 'on-demand' ? INIT_MS : Math.max(PROVISIONED_INIT_MS, this.#of.timeoutMs)
  }

  /** The process exists; `beyond` is called at the limit, where there is one. */
  begin(startMs: Ms, phase: Phase, beyond: (() => void) | undefined): void {
    const { clock, log } = this.#parts
    this.#startedAt = clock.elapsed()
    this.#startMs = startMs
    this.error = undefined
    if (beyond !== undefined) this.#alarm = clock.after(this.#limitMs, beyond)
    const { version, versionArn } = this.#of.runtime
    log.system({ kind: 'init-start', phase, version, versionArn })
  }

  /** The runtime reported that it failed; it ends by itself after this, and one that does not is ended. */
  said(error: { readonly errorType: string; readonly body: Uint8Array }, end: () => void): void {
    this.error = { errorType: error.errorType, body: error.body }
    this.#graceAlarm = this.#parts.clock.after(INIT_ERROR_GRACE_MS, end)
  }

  cancel(): void {
    this.#alarm?.cancel()
    this.#graceAlarm?.cancel()
  }

  /** It went well, and no invoke waited in it. */
  done(): Birth {
    const { clock, log } = this.#parts
    const readyAt = clock.elapsed()
    const initMs = readyAt - this.#startedAt
    this.durationMs = initMs
    const ahead = this.#type === 'provisioned-concurrency'
    if (ahead) recordInit(this.#of, initMs, this.#parts)
    log.system({ kind: 'init-runtime-done', phase: 'init', ending: undefined })
    log.system({ kind: 'init-report', phase: 'init', initMs, ending: undefined })
    return { startedAt: this.#startedAt, startMs: this.#startMs, readyAt, ahead }
  }

  failed(phase: Phase, ending: Ending): void {
    const { clock, log } = this.#parts
    // A timer may be a little early: what ran into the limit took no less than the limit.
    const leastMs = phase === 'init' && ending.kind === 'timeout' ? this.#limitMs : 0
    const initMs = Math.max(leastMs, clock.elapsed() - this.#startedAt)
    log.system({ kind: 'init-report', phase, initMs, ending })
  }
}
