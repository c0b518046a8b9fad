/**
 * How the caller of a run is answered: as soon as the runtime has, a moment later so that the run's figures are on its
 * span, or with the log's tail when that was asked for. Once, whatever happens to the run afterwards.
 */
import type { Fault } from '#base/fault.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import { tailOf } from '#services/lambda/environment-log.ts'
import type { Outcome } from '#services/lambda/invocation.ts'
import { ANSWER_GRACE_MS } from '#services/lambda/limits.ts'
import type { Run } from '#services/lambda/run.ts'

export class Answering {
  readonly #clock: Clock
  readonly #version: string
  #alarm: Alarm | undefined

  constructor(clock: Clock, version: string) {
    this.#clock = clock
    this.#version = version
  }

  cancel(): void {
    this.#alarm?.cancel()
  }

  /** The runtime has answered. */
  responded(run: Run, outcome: Outcome): void {
    run.outcome = outcome
    run.respondedAt = this.#clock.elapsed()
    if (run.tail === undefined) this.#alarm = this.#clock.after(ANSWER_GRACE_MS, () => this.answer(run))
  }

  answer(run: Run): void {
    if (run.answered || run.outcome === undefined) return
    run.answered = true
    run.stream?.end()
    const { payload, functionError } = run.outcome
    const logTail = run.tail === undefined ? undefined : tailOf(run.tail)
    run.invocation.answer({ kind: 'answered', payload, functionError, logTail, version: this.#version })
  }

  refuse(run: Run, fault: Fault): void {
    if (run.answered) return
    run.answered = true
    run.stream?.end()
    run.invocation.answer({ kind: 'refused', fault })
  }
}
