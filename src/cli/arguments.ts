/** Options and words of a command line, checked against what the command declares; a typo names what was meant. */
import { Trouble } from '#base/trouble.ts'
import type { Command, OptionSpec } from '#cli/command.ts'
import { nearest } from '#engines/distance/distance.ts'

/** Options every command takes. */
export const COMMON: readonly OptionSpec[] = [
  { name: 'help', sentence: 'Show this help.' },
  { name: 'json', sentence: 'Print one JSON document, or one a line for long jobs, instead of text.' },
  { name: 'debug', sentence: 'Show stack traces of errors.' },
  {
    name: 'endpoint',
    value: 'URL',
    sentence: 'Platform to talk to (default http://127.0.0.1:4566, or WINDTUNNEL_ENDPOINT).',
  },
]

const PORT_MAX = 65_535

export class Parsed {
  readonly words: readonly string[]
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(words: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.words = words
    this.#values = values
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** The last value given. */
  value(name: string): string | undefined {
    return this.#values.get(name)?.at(-1)
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }

  /** A TCP port as the user gave it, checked. */
  port(): string | undefined {
    const given = this.value('port')
    if (given === undefined || (/^\d{1,5}$/.test(given) && Number(given) <= PORT_MAX)) return given
    throw new UsageError(
      `"${given}" is no port.`,
      '--port',
      `Give it a number from 0 to ${PORT_MAX}; 0 takes a free one.`,
    )
  }

  /** A whole number of at least `least`, or a Trouble that names the option. */
  integer(name: string, least = 0): number | undefined {
    const given = this.value(name)
    if (given === undefined) return undefined
    const number = Number(given)
    if (/^\d+$/.test(given) && number >= least) return number
    throw new UsageError(
      `"${given}" is not a whole number of at least ${least}.`,
      `--${name}`,
      `Give it a number, such as --${name} ${least + 1}.`,
    )
  }
}

/** A wrong command line or file: exit code 2. */
export class UsageError extends Trouble {}

export function parseArguments(command: Command, given: readonly string[]): Parsed {
  const specs = new Map([...COMMON, ...command.options].map((spec) => [spec.name, spec]))
  const values = new Map<string, string[]>()
  const words: string[] = []
  for (let i = 0; i < given.length; i++) {
    const argument = given[i] ?? ''
    if (argument === '--') {
      words.push(...given.slice(i + 1))
      break
    }
    if (!argument.startsWith('-') || argument === '-') {
      words.push(argument)
      continue
    }
    const [name, attached] = nameAndValue(argument)
    const spec = specs.get(name)
    if (spec === undefined) throw unknownOption(command, argument, [...specs.keys()])
    if (spec.value !== undefined && attached === undefined) i++
    const value = attached === undefined ? valueAfter(command, spec, given[i]) : valueIn(spec, attached)
    values.set(name, [...(values.get(name) ?? []), value])
  }
  if (!values.has('help')) countWords(command, words)
  return new Parsed(words, values)
}

/** The next word, unless that is an option too: then the value was forgotten. A switch takes none. */
function valueAfter(command: Command, spec: OptionSpec, next: string | undefined): string {
  if (spec.value === undefined) return ''
  if (next !== undefined && !/^--[a-z]/.test(next)) return next
  throw new UsageError(
    `--${spec.name} needs a value.`,
    `--${spec.name} ${spec.value}`,
    `windtunnel ${command.name} --help`,
  )
}

function valueIn(spec: OptionSpec, attached: string): string {
  if (spec.value !== undefined) return attached
  throw new UsageError(
    `--${spec.name} takes no value.`,
    `--${spec.name}=${attached}`,
    `Write --${spec.name} alone, or leave it out.`,
  )
}

function nameAndValue(argument: string): [string, string | undefined] {
  const bare = argument === '-h' ? 'help' : argument.replace(/^--?/, '')
  const at = bare.indexOf('=')
  return at === -1 ? [bare, undefined] : [bare.slice(0, at), bare.slice(at + 1)]
}

function unknownOption(command: Command, argument: string, known: readonly string[]): UsageError {
  const meant = nearest(nameAndValue(argument)[0], known)
  const next =
    meant === undefined ? `windtunnel ${command.name} --help lists its options.` : `Did you mean --${meant}?`
  return new UsageError(`windtunnel ${command.name} has no option ${argument}.`, argument, next)
}

function countWords(command: Command, words: readonly string[]): void {
  const { min, max } = command.words
  if (words.length >= min && words.length <= max) return
  const what =
    words.length < min
      ? `windtunnel ${command.name} needs more words.`
      : `"${words[max] ?? ''}" is one word too many.`
  throw new UsageError(what, `windtunnel ${command.usage}`, `For example: ${command.example}`)
}
