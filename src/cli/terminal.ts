/** Where a command writes: width, colour, and progress that is never silent for more than a second. */
import type { Trouble } from '#base/trouble.ts'
import { asCalled } from '#cli/program.ts'

export interface Terminal {
  /** Columns; where the output is no terminal what COLUMNS says, else 80. */
  readonly width: number
  readonly color: boolean
  /** Progress rewrites its line, so it may come often. */
  readonly live: boolean
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
  const isDumb = process.env['TERM'] === 'dumb'
  const live = process.stderr.isTTY && !isDumb && !options.json
  let open = false
  const clear = (): void => {
    if (open) process.stderr.write('\r\u001b[2K')
    open = false
  }
  const terminal: Terminal = {
    width: Math.max(60, process.stdout.columns || Number(process.env['COLUMNS']) || 80),
    color: process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '' && !isDumb && !options.json,
    live,
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
  const { message, thing } = trouble
  const remedy = asCalled(trouble.remedy)
  if (terminal.json) {
    terminal.out(JSON.stringify({ error: { message, thing, remedy } }))
    return
  }
  terminal.note(`error  ${message}`)
  terminal.note(`  in   ${thing}`)
  terminal.note(`  next ${remedy}`)
  if (terminal.debug && trouble.stack !== undefined) terminal.note(trouble.stack)
}
