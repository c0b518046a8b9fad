/**
 * Fills the parts of `docs/` that stand in the code: options of commands, keys of flights, settings, and what each
 * service does. A part lies between `<!-- options fly -->` and `<!-- end -->`; all else on a page is written by hand.
 *
 *   npm run docs              rewrites the pages
 *   npm run docs -- --check   only says which are out of step, and fails then
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { COMMON } from '#cli/arguments.ts'
import { type Command, EXIT, type OptionSpec } from '#cli/command.ts'
import { FLIGHT, METRICS, PHASES, TARGET } from '#lab/flight-schema.ts'
import { SETTINGS } from '#platform/config.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const PAGES = ['commands', 'flights', 'settings', 'services']

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) throw new Error(`nothing was found for the table of ${head.join(', ')}`)
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

/** The commands in the order of the table that `windtunnel --help` is made from. */
async function commands(): Promise<Command[]> {
  const source = readFileSync(join(root, 'src/cli/main.ts'), 'utf8')
  const rows = [...source.matchAll(/import\('#cli\/([\w-]+\.ts)'\)\)\.(\w+)/g)]
  return await Promise.all(
    rows.map(async ([, file = '', name = '']) => {
      const module = (await import(`../src/cli/${file}`)) as Readonly<Record<string, Command>>
      const command = module[name]
      if (command === undefined) throw new Error(`src/cli/${file} has no command ${name}`)
      return command
    }),
  )
}

const optionTable = (options: readonly OptionSpec[]): string =>
  table(
    ['option', ''],
    options.map(({ name, value, sentence, repeat }) => [
      `\`--${name}${value === undefined ? '' : ` ${value}`}\``,
      repeat === true && !/repeat/.test(sentence) ? `${sentence} May be repeated.` : sentence,
    ]),
  )

/** Codes and meanings as they stand at their constants. */
function exitCodes(): string {
  const source = readFileSync(join(root, 'src/cli/command.ts'), 'utf8')
  const found = [...source.matchAll(/\/\*\* (.+) \*\/\n {2}(\w+): (\d+),/g)]
  const missing = Object.values(EXIT).filter(
    (code) => !found.some(([, , , listed]) => listed === String(code)),
  )
  if (missing.length > 0) throw new Error(`EXIT has codes without a comment: ${missing.join(', ')}`)
  return table(
    ['code', ''],
    found.map(([, meaning = '', , code = '']) => [code, meaning]),
  )
}

type Parts = ReadonlyMap<string, string>

async function commandParts(): Promise<Parts> {
  const all = await commands()
  const list = all.map(({ name, summary }) => [`[\`${name}\`](#${name})`, summary])
  return new Map([
    ['commands', table(['command', ''], list)],
    ['exit codes', exitCodes()],
    ['options common', optionTable(COMMON)],
    ...all.map(({ name, summary, usage, options }): [string, string] => [
      `options ${name}`,
      `${summary}\n\n\`\`\`\nwindtunnel ${usage}\n\`\`\`\n\n${options.length === 0 ? 'No options of its own.' : optionTable(options)}`,
    ]),
  ])
}

const fieldText = (field: unknown, name: string): string =>
  typeof field === 'object' && field !== null && name in field
    ? String((field as Readonly<Record<string, unknown>>)[name])
    : ''

/** The sentence about durations stands once on the page, not at every key. */
const withoutDurations = (text: string): string =>
  text.replace(' Such as 500ms, 10s, 2m, or a number of seconds.', '')

function keyTable(fields: Readonly<Record<string, unknown>>): string {
  return table(
    ['key', ''],
    Object.entries(fields).map(([name, field]) => [
      `\`${name}\``,
      withoutDurations(fieldText(field, 'description')),
    ]),
  )
}

function flightParts(): Parts {
  const phases = Object.entries(PHASES).map(([kind, phase]) => [
    `\`${kind}\``,
    fieldText(phase, 'description'),
    Object.entries(phase.properties)
      .map(([name, field]) => `\`${name}\`: ${withoutDurations(fieldText(field, 'description'))}`)
      .join(' '),
  ])
  return new Map([
    ['keys flight', keyTable(FLIGHT)],
    ['keys targets', keyTable(TARGET)],
    ['keys load', table(['phase', '', 'its keys'], phases)],
    ['metrics', METRICS.map((metric) => `\`${metric}\``).join(', ')],
  ])
}

function settingParts(): Parts {
  const rows = Object.values(SETTINGS).map(({ flag, variable, fallback, sentence }) => [
    `\`${flag}\``,
    `\`${variable}\``,
    fallback === '' ? '' : `\`${fallback}\``,
    sentence,
  ])
  return new Map([['settings', table(['flag', 'variable', 'default', ''], rows)]])
}

interface Described {
  readonly name: string
  readonly written: readonly string[]
  readonly notYet: readonly string[]
}

/** The services that the platform mounts, from its own list. */
async function services(): Promise<Described[]> {
  const source = readFileSync(join(root, 'src/platform/services.ts'), 'utf8')
  const names = [...source.matchAll(/\bmount\((\w+),/g)].map((hit) => hit[1] ?? '')
  const found = names.map(async (name): Promise<Described> => {
    const module = (await import(`../src/services/${name}/index.ts`)) as Readonly<Record<string, unknown>>
    const service = module[name] as { operations: object; notYet: readonly unknown[] }
    return {
      name,
      written: Object.keys(service.operations).sort(),
      notYet: service.notYet.map(String).sort(),
    }
  })
  return (await Promise.all(found)).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Models that nothing is written for. */
function othersThan(known: readonly string[]): Described[] {
  const list = readFileSync(join(root, 'src/model/services.ts'), 'utf8')
  const names = [...list.matchAll(/^ {2}(\w+): \w+$/gm)].map((hit) => hit[1] ?? '')
  return names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const model = JSON.parse(readFileSync(join(root, `src/model/data/${name}.json`), 'utf8')) as {
        operations: object
      }
      return { name, written: [], notYet: Object.keys(model.operations) }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

const named = (operations: readonly string[]): string =>
  operations.length === 0 ? 'none' : operations.join(', ')

async function serviceParts(): Promise<Parts> {
  const mounted = await services()
  const others = othersThan(mounted.map(({ name }) => name))
  const counts = [...mounted, ...others].map(({ name, written, notYet }) => [
    written.length === 0 ? name : `[${name}](#${name})`,
    String(written.length),
    String(written.length + notYet.length),
  ])
  const sections = mounted.map(({ name, written, notYet }) => {
    const readme = `src/services/${name}/README.md`
    const more = existsSync(join(root, readme))
      ? `How it is built, its limits and differences from AWS: [README](../${readme}).\n\n`
      : ''
    return `## ${name}\n\n${more}**Written (${written.length}):** ${named(written)}.\n\n**Not yet (${notYet.length}):** ${named(notYet)}.`
  })
  return new Map([
    ['counts', table(['service', 'operations written', 'of'], counts)],
    ['services', sections.join('\n\n')],
  ])
}

/** A page with its parts filled in. A part that nothing knows, and one that a page forgot, are mistakes. */
function filled(page: string, text: string, parts: Parts): string {
  const used = new Set<string>()
  const result = text.replace(/<!-- ([a-z ]+) -->\n[\s\S]*?<!-- end -->/g, (_, name: string) => {
    const part = parts.get(name)
    if (part === undefined) throw new Error(`${page} asks for "${name}", which nothing makes`)
    used.add(name)
    return `<!-- ${name} -->\n${part}\n<!-- end -->`
  })
  const forgotten = [...parts.keys()].filter((name) => !used.has(name))
  if (forgotten.length > 0) throw new Error(`${page} has no place for ${forgotten.join(', ')}`)
  return result
}

const check = process.argv.includes('--check')
const parts: Readonly<Record<string, Parts>> = {
  commands: await commandParts(),
  flights: flightParts(),
  settings: settingParts(),
  services: await serviceParts(),
}
let outOfStep = 0
for (const name of PAGES) {
  const page = `docs/${name}.md`
  const before = readFileSync(join(root, page), 'utf8')
  const after = filled(page, before, parts[name] ?? new Map())
  if (before === after) continue
  outOfStep++
  if (!check) writeFileSync(join(root, page), after)
  console.log(check ? `${page} is out of step with the code: npm run docs` : `wrote ${page}`)
}
if (check && outOfStep > 0) process.exitCode = 1
console.log(`${PAGES.length} pages looked at, ${outOfStep} ${check ? 'out of step' : 'written'}`)
