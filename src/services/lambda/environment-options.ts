/** What an environment is made with, what it tells its fleet, and what others may see of it. */
import type { Ms } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'
import type { Sandboxes } from '#ports/sandboxes.ts'
import type { Usage } from '#ports/usage.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import type { EnvironmentState } from '#services/lambda/environment.ts'
import type { LogWriter } from '#services/lambda/log-writer.ts'

export interface EnvironmentPorts {
  readonly clock: Clock
  readonly sandboxes: Sandboxes
  readonly usage: Usage
}

export interface EnvironmentHooks {
  /** It takes work: after init, after an invoke, after a failure of either. */
  ready(): void
  /** It could not be started; the text is the machine's. */
  gone(trouble: string): void
}

export interface EnvironmentOptions {
  readonly id: string
  readonly function: ActiveFunction
  readonly variables: Readonly<Record<string, string>>
  readonly writer: LogWriter
  readonly freezeAfterMs: Ms
}

/** What consoles show of an environment. */
export interface EnvironmentView {
  readonly id: string
  readonly functionArn: string
  readonly state: EnvironmentState
  readonly frozen: boolean
  readonly invokes: number
  readonly initMs: Ms | undefined
  readonly requestId: string | undefined
}
