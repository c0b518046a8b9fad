/**
 * The way in: finds the command, parses its line, runs it, and turns every ending into an exit code. Commands are
 * loaded when they are called, so that `--help` is quick. When you add a command, also add its row below.
 */
import { Trouble } from '#base/trouble.ts'
import { COMMON, UsageError, parseArguments } from '#cli/arguments.ts'
import { ApiError } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { type Terminal, printTrouble, processTerminal } from '#cli/terminal.ts'
import { fileTrouble } from '#cli/files.ts'
import { Interrupted } from '#cli/interruption.ts'
import { wrapped } from '#cli/render/table.ts'
import { nearest } from '#engines/distance/distance.ts'

export const VERSION = '0.1.0'

/** In the order help shows them. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('#cli/start.ts')).start,
  up: async () => (await import('#cli/up.ts')).up,
  fly: async () => (await import('#cli/fly.ts')).fly,
  load: async () => (await import('#cli/fly.ts')).load,
  deploy: async () => (await import('#cli/deploy.ts')).deploy,
  invoke: async () => (await import('#cli/invoke.ts')).invoke,
  logs: async () => (await import('#cli/logs.ts')).logs,
  report: async () => (await import('#cli/report.ts')).report,
  compare: async () => (await import('#cli/compare.ts')).compare,
  tune: async () => (await import('#cli/tune.ts')).tune,
  imports: async () => (await import('#cli/imports.ts')).imports,
  trace: async () => (await import('#cli/trace.ts')).trace,
  bill: async () => (await import('#cli/bill.ts')).bill,
  doctor: async () => (await import('#cli/doctor.ts')).doctor,
  environments: async () => (await import('#cli/environments.ts')).environments,
  clock: async () => (await import('#cli/clock.ts')).clock,
  reset: async () => (await import('#cli/reset.ts')).reset,
}

const NAME_WIDTH = 13

async function help(terminal: Terminal): Promise<number> {
  const commands = await Promise.all(Object.values(COMMANDS).map(async (load) => await load()))
  terminal.out(`windtunnel ${VERSION}  a wind tunnel for AWS Lambda applications\n`)
  for (const command of commands) {
    const lines = [...wrapped(command.summary, terminal.width - NAME_WIDTH - 2), command.example]
    for (const [i, line] of lines.entries())
      terminal.out(`  ${(i === 0 ? command.name : '').padEnd(NAME_WIDTH)}${line}`)
  }
  terminal.out('\n  windtunnel COMMAND --help shows the options of a command.')
  for (const line of wrapped(EXIT_CODES, terminal.width - 4, '  ')) terminal.out(`  ${line}`)
  return EXIT.ok
}

const EXIT_CODES =
  'exit codes: 0 done, 1 failed or a budget broken, 2 wrong use, 3 the machine is in the way, 70 our defect, 130 stopped by Ctrl-C, 143 stopped by TERM (129 when the terminal has gone); a flight that is stopped still shows what it measured'

const FLAG_WIDTH = 26

function commandHelp(command: Command, terminal: Terminal): number {
  for (const line of wrapped(command.summary, terminal.width)) terminal.out(line)
  terminal.out('')
  for (const line of wrapped(`windtunnel ${command.usage}`, terminal.width - 2, '    '))
    terminal.out(`  ${line}`)
  terminal.out('')
  for (const option of [...command.options, ...COMMON]) {
    const flag = `--${option.name}${option.value === undefined ? '' : ` ${option.value}`}`
    for (const [i, line] of wrapped(option.sentence, terminal.width - FLAG_WIDTH - 2).entries())
      terminal.out(`  ${(i === 0 ? flag : '').padEnd(FLAG_WIDTH)}${line}`)
  }
  terminal.out(`\n  example  ${command.example}`)
  return EXIT.ok
}

async function dispatch(given: readonly string[], terminal: Terminal): Promise<number> {
  const [first = 'start', ...rest] = given
  const [second] = rest
  if (first === 'help' && second !== undefined && !second.startsWith('-'))
    return await dispatch([second, '--help'], terminal)
  if (first === 'help' || first === '--help' || first === '-h') return await help(terminal)
  if (first === 'version' || first === '--version') {
    terminal.out(VERSION)
    return EXIT.ok
  }
  const load = Object.hasOwn(COMMANDS, first)
    ? COMMANDS[first]
    : first.startsWith('-')
      ? COMMANDS['start']
      : undefined
  if (load === undefined) {
    const meant = nearest(first, Object.keys(COMMANDS))
    const next =
      meant === undefined ? 'windtunnel --help lists the commands.' : `Did you mean: windtunnel ${meant}`
    throw new UsageError(`There is no command "${first}".`, `windtunnel ${first}`, next)
  }
  const command = await load()
  const parsed = parseArguments(command, first.startsWith('-') ? given : rest)
  return parsed.has('help') ? commandHelp(command, terminal) : await command.run(parsed, terminal)
}

function ending(thrown: unknown, terminal: Terminal): number {
  const error = fileTrouble(thrown) ?? thrown
  if (error instanceof Interrupted) {
    printTrouble(terminal, error)
    return error.code
  }
  if (error instanceof UsageError) {
    printTrouble(terminal, error)
    return EXIT.usage
  }
  if (error instanceof Trouble) {
    printTrouble(terminal, error)
    return EXIT.trouble
  }
  if (error instanceof ApiError) {
    printTrouble(terminal, new Trouble(error.message, error.thing, error.remedy))
    return EXIT.failed
  }
  const text = error instanceof Error ? error.message : String(error)
  const where =
    error instanceof Error && terminal.debug
      ? (error.stack ?? text)
      : 'Run it again with --debug to see where.'
  printTrouble(
    terminal,
    new Trouble(`This is a defect of Windtunnel: ${text}`, process.argv.slice(2).join(' '), where),
  )
  return EXIT.defect
}

export async function main(given: readonly string[]): Promise<number> {
  const terminal = processTerminal({ json: given.includes('--json'), debug: given.includes('--debug') })
  try {
    return await dispatch(given, terminal)
  } catch (error) {
    return ending(error, terminal)
  }
}
