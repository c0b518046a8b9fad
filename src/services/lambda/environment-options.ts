/** What an environment is made with, what it tells its fleet, and what others may see of it. */
import type { Ms } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'
import type { Random } from '#ports/random.ts'
import type { SandboxSpec, Sandboxes } from '#ports/sandboxes.ts'
import type { Usage } from '#ports/usage.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import type { EnvironmentState } from '#services/lambda/environment.ts'
import type { InitializationType } from '#services/lambda/log-lines.ts'
import type { LogWriter } from '#services/lambda/log-writer.ts'

export interface EnvironmentPorts {
  readonly clock: Clock
  readonly sandboxes: Sandboxes
  readonly usage: Usage
  /** For ids of extensions and their events. */
  readonly random: Random
}

export interface EnvironmentHooks {
  /** It takes work: after init, after an invoke, after a failure of either. `broken`: after a failure. */
  ready(broken: boolean): void
  /** Its process has ended while it had nothing to do; it would init again for the next invoke. */
  died(): void
  /** It could not be started; the text is the machine's. */
  gone(trouble: string): void
}

export interface EnvironmentOptions {
  readonly id: string
  readonly function: ActiveFunction
  readonly variables: Readonly<Record<string, string>>
  readonly writer: LogWriter
  readonly freezeAfterMs: Ms
  readonly initializationType: InitializationType
}

/** What its process is made of. */
export const processOf = ({
  id,
  function: of,
  variables,
}: EnvironmentOptions): Omit<SandboxSpec, 'onRequest' | 'onOutput' | 'onStarted' | 'onExit'> => ({
  id,
  runtime: of.runtime.identifier,
  code: of.code,
  layers: of.layers,
  handler: of.handler,
  environment: variables,
  memoryMb: of.memoryMb,
  tmpMb: of.ephemeralMb,
})

/** What consoles show of an environment. */
export interface EnvironmentView {
  readonly id: string
  readonly functionArn: string
  /** `$LATEST` or a number. */
  readonly version: string
  readonly initializationType: InitializationType
  readonly state: EnvironmentState
  readonly frozen: boolean
  readonly invokes: number
  readonly initMs: Ms | undefined
  readonly requestId: string | undefined
}
