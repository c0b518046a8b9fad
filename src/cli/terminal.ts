/** Where a command writes: width, colour, and progress that is never silent for more than a second. */
import type { Trouble } from '#base/trouble.ts'

export interface Terminal {
  /** Columns; 80 when the output is no terminal. */
  readonly width: number
  readonly color: boolean
  readonly json: boolean
  readonly debug: boolean
  /** Results. */
  out(line: string): void
  /** Progress and errors. */
  note(line: string): void
  /** Long work: a line that rewrites itself on a terminal, else one plain line a step. */
  step(line: string): void
  /** Ends the rewritten line. */
  settled(): void
}

export function processTerminal(options: { readonly json: boolean; readonly debug: boolean }): Terminal {
  const live = process.stderr.isTTY && !options.json
  let open = false
  const clear = (): void => {
    if (open) process.stderr.write('\r\u001b[2K')
    open = false
  }
  const terminal: Terminal = {
    width: Math.max(60, process.stdout.columns || 80),
    color:
      process.stdout.isTTY &&
      process.env['NO_COLOR'] === undefined &&
      process.env['TERM'] !== 'dumb' &&
      !options.json,
    json: options.json,
    debug: options.debug,
    out: (line) => {
      clear()
      process.stdout.write(`${line}\n`)
    },
    note: (line) => {
      clear()
      process.stderr.write(`${line}\n`)
    },
    step: (line) => {
      if (!live) {
        process.stderr.write(`${line}\n`)
        return
      }
      clear()
      process.stderr.write(line.slice(0, Math.max(20, (process.stderr.columns || 80) - 1)))
      open = true
    },
    settled: clear,
  }
  return terminal
}

/** Three lines: what happened, to which thing, what to do next. */
export function printTrouble(terminal: Terminal, trouble: Trouble): void {
  terminal.settled()
  if (terminal.json) {
    terminal.out(
      JSON.stringify({ error: { message: trouble.message, thing: trouble.thing, remedy: trouble.remedy } }),
    )
    return
  }
  terminal.note(`error  ${trouble.message}`)
  terminal.note(`  in   ${trouble.thing}`)
  terminal.note(`  next ${trouble.remedy}`)
  if (terminal.debug && trouble.stack !== undefined) terminal.note(trouble.stack)
}
