/** What a command is to the command line: its help, its options, and what it does. One file a command. */
import type { Parsed } from '#cli/arguments.ts'
import type { Terminal } from '#cli/terminal.ts'

export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string
  /** What stands for its value in help; absent for a switch. */
  readonly value?: string
  readonly sentence: string
  /** May be given more than once. */
  readonly repeat?: boolean
}

export interface Command {
  readonly name: string
  readonly summary: string
  /** What follows `windtunnel`. */
  readonly usage: string
  /** One line, ready to paste. */
  readonly example: string
  readonly options: readonly OptionSpec[]
  /** How many words it takes beside its options. */
  readonly words: { readonly min: number; readonly max: number }
  /** Resolves to the exit code. */
  run(parsed: Parsed, terminal: Terminal): Promise<number>
}

/** Documented exit codes of every command. */
export const EXIT = {
  /** It did what was asked. */
  ok: 0,
  /** The application failed, or a budget is broken. */
  failed: 1,
  /** The command line or a file of the user's is wrong. */
  usage: 2,
  /** The machine is in the way: a port in use, a missing program, no platform. */
  trouble: 3,
  /** Our defect. */
  defect: 70,
  /** The terminal was closed, or whoever started it ended. */
  hungUp: 129,
  /** Stopped by Ctrl-C; what was measured until then is shown. */
  interrupted: 130,
  /** Stopped by TERM, likewise. */
  terminated: 143,
} as const
