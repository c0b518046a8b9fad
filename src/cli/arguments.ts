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
    let value = attached ?? ''
    if (spec.value !== undefined && attached === undefined) {
      const next = given[++i]
      if (next === undefined)
        throw new UsageError(
          `--${name} needs a value.`,
          `--${name} ${spec.value}`,
          `windtunnel ${command.name} --help`,
        )
      value = next
    }
    values.set(name, [...(values.get(name) ?? []), value])
  }
  if (!values.has('help')) countWords(command, words)
  return new Parsed(words, values)
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
  const what = words.length < min ? 'Something is missing.' : `"${words[max] ?? ''}" is one word too many.`
  throw new UsageError(what, `windtunnel ${command.usage}`, `For example: ${command.example}`)
}
