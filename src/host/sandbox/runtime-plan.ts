/** What a runtime is to the rest of the host: what is mounted, what starts, and how it speaks. Which ones there are is `runtimes.ts`. */
import { fileURLToPath } from 'node:url'
import type { FoundRuntime } from '#ports/sandboxes.ts'
import type { Mount } from '#host/sandbox/confinement.ts'
import type { Python } from '#host/sandbox/pythons.ts'

export type RuntimeKind = 'node' | 'python' | 'java' | 'ruby' | 'custom'

/** What a command is made for. */
export interface CommandSource {
  readonly memoryMb: number
  readonly handler: string
}

/** What starts inside the sandbox for one runtime. */
export interface RuntimePlan {
  readonly identifier: string
  readonly kind: RuntimeKind
  readonly version: string
  readonly notice: string | undefined
  readonly mounts: readonly Mount[]
  readonly links: readonly (readonly [target: string, at: string])[]
  command(source: CommandSource): readonly string[]
  /** Variables of the runtime client's own. */
  readonly environment: Readonly<Record<string, string>>
  /** Our own clients speak over a unix socket, everything else over TCP. */
  readonly api: 'unix' | 'tcp'
  /** The client frames its log entries within the output: see `log-frames.ts`. */
  readonly framesLogs?: boolean
  /**
   * Memory of the runtime's program that is shared between environments, and so not in the group's count of one: added
   * to what is reported and taken from the limit. Resident less anonymous memory of an idle runtime, measured.
   */
  readonly sharedBytes: number
  readonly python: Python | undefined
  /** The interpreter's file, read once ahead so that the first environment is not charged for its pages. */
  readonly interpreter: string | undefined
}

export type Missing = Extract<FoundRuntime, { kind: 'missing' }>
export type PlannedRuntime = { readonly kind: 'planned'; readonly plan: RuntimePlan } | Missing

export interface RuntimeOptions {
  readonly cacheFolder: string
  readonly strict: boolean
  progress(line: string): void
  /** Whether a function's own user can run that file. */
  canRun(path: string): Promise<boolean>
}

/** The folder of the clients that boot inside. */
export const RUNTIMES_FOLDER = fileURLToPath(new URL('../../../runtimes', import.meta.url))
export const MIB = 1_048_576
/** Our own numbering of runtime versions; AWS counts its releases there. Inferred. */
export const OUR_RELEASE = 1
