/**
 * External extensions of one environment: which there are, the program that runs them beside the runtime, and the FIFOs
 * by which it is told to begin and tells who has ended. When they start, and what their end means, is decided by
 * `services/lambda`; what the program does is `runtimes/extensions/supervise.sh`.
 */
import { closeSync, constants, openSync, readdirSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '#ports/clock.ts'
import type { ExtensionHooks } from '#ports/sandboxes.ts'
import type { Mount } from '#host/sandbox/confinement.ts'
import { exitOf } from '#host/sandbox/exit.ts'
import { emptied, Output } from '#host/sandbox/output.ts'
import { RUNTIMES_FOLDER } from '#host/sandbox/runtime-plan.ts'

/** Where functions see what supervision needs. */
const INSIDE = '/run/windtunnel'
const NAMES = {
  script: 'supervise.sh',
  commands: 'commands',
  reports: 'reports',
  output: 'extensions',
} as const
/** Places that a prepared view keeps for it. */
export const SUPERVISION_FILES: readonly string[] = Object.values(NAMES)
const FOLDER = '/opt/extensions'
/** A line of a report is short; the function's own user could write more. */
const REPORT_MAX = 4_096
/** There is one for each process. */
const EARLY_MAX = 100

/** File names of the extensions that a folder of layers has, in the order in which they start. */
export function extensionsOf(opt: string | undefined): readonly string[] {
  if (opt === undefined) return []
  const folder = join(opt, 'extensions')
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.') && isExecutable(join(folder, name)))
      .sort()
  } catch {
    return [] // there is no such folder
  }
}

function isExecutable(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true && (found.mode & 0o111) !== 0
}

export interface SupervisionParts {
  readonly names: readonly string[]
  readonly hooks: ExtensionHooks
  readonly clock: Clock
  readonly outputBytesPerSecond: number
  /** A FIFO of the environment's own user. */
  takePipe(): Promise<string>
  /** Whether the kernel ended one of the processes for its memory. */
  wasOutOfMemory(): boolean
}

export class Supervision {
  readonly names: readonly string[]
  readonly pipes: readonly string[]
  readonly mounts: readonly Mount[]
  readonly #commandsPath: string
  readonly #commands: number
  readonly #reports: Output
  readonly #output: Output
  readonly #hooks: ExtensionHooks
  readonly #wasOutOfMemory: () => boolean
  #held = ''
  /** Ends that were told before the start was. */
  #early: string[] | undefined
  #began = false
  #runtimeEnded = false

  static async open(parts: SupervisionParts): Promise<Supervision> {
    const commands = await parts.takePipe()
    const reports = await parts.takePipe()
    return new Supervision(parts, [commands, reports, await parts.takePipe()])
  }

  private constructor(parts: SupervisionParts, pipes: readonly [string, string, string]) {
    const [commands, reports, output] = pipes
    const { clock, outputBytesPerSecond, hooks } = parts
    this.names = parts.names
    this.pipes = pipes
    this.#hooks = hooks
    this.#wasOutOfMemory = () => parts.wasOutOfMemory()
    this.#commandsPath = commands
    this.#commands = openSync(commands, constants.O_RDWR | constants.O_NONBLOCK)
    this.#reports = new Output(reports, clock, outputBytesPerSecond, (chunk) => this.#report(chunk))
    this.#output = new Output(output, clock, outputBytesPerSecond, (chunk, dropped) =>
      hooks.onOutput(chunk, dropped),
    )
    const writable = true
    this.mounts = [
      { from: join(RUNTIMES_FOLDER, 'extensions', NAMES.script), to: `${INSIDE}/${NAMES.script}` },
      { from: commands, to: `${INSIDE}/${NAMES.commands}`, writable },
      { from: reports, to: `${INSIDE}/${NAMES.reports}`, writable },
      { from: output, to: `${INSIDE}/${NAMES.output}`, writable },
    ]
  }

  /** The runtime's command behind the program that runs it. */
  command(runtime: readonly string[]): readonly string[] {
    const inside = (name: string): string => `${INSIDE}/${name}`
    const fifos = [NAMES.commands, NAMES.reports, NAMES.output].map(inside)
    return ['/bin/sh', inside(NAMES.script), FOLDER, ...fifos, ...runtime]
  }

  /** A start of all of it: a runtime that an earlier start has not taken must not begin with this one. */
  starting(): void {
    this.#began = false
    this.#runtimeEnded = false
    this.#held = ''
    this.#early = []
    emptied(this.#commandsPath)
  }

  /** The start has been told: now ends are too, also those that came sooner. */
  started(): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const line of early) this.#line(line)
  }

  /** Lets the runtime begin, once a start. */
  begin(): void {
    if (this.#began) return
    this.#began = true
    writeSync(this.#commands, 'go\n')
  }

  /** Hands on what was written before this moment. */
  drain(): void {
    this.#output.drain()
    this.#reports.drain()
  }

  close(): void {
    this.#reports.close()
    this.#output.close()
    closeSync(this.#commands)
  }

  #report(chunk: Uint8Array): void {
    const lines = (this.#held + Buffer.from(chunk).toString()).split('\n')
    this.#held = (lines.pop() ?? '').slice(-REPORT_MAX)
    for (const line of lines) this.#line(line)
  }

  #line(line: string): void {
    if (this.#early !== undefined) {
      if (this.#early.length < EARLY_MAX) this.#early.push(line)
      return
    }
    const [who = '', status = '', ...name] = line.split(' ')
    const code = Number(status)
    if (!/^\d{1,3}$/.test(status)) return
    const exit = { code, signal: null, oomKilled: false, trouble: undefined }
    // shells tell a signal as bubblewrap does
    const told = exitOf(exit, 1, code === 137 && this.#wasOutOfMemory())
    if (who === 'extension' && this.names.includes(name.join(' '))) this.#hooks.onExit(name.join(' '), told)
    if (who !== 'runtime' || this.#runtimeEnded) return
    this.#runtimeEnded = true
    this.#hooks.onRuntimeExit(told)
  }
}
