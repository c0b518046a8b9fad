/** `windtunnel doctor`: what this machine can and cannot do for functions, and the remedy for each lack. */
import { lookup } from 'node:dns/promises'
import { availableParallelism, totalmem } from 'node:os'
import { cacheFolder } from '#cli/cache-folder.ts'
import type { Parsed } from '#cli/arguments.ts'
import { endpointOf, identityOf, PlatformClient } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { asCalled } from '#cli/program.ts'
import { painter } from '#cli/render/palette.ts'
import { type Column, table, wrapped } from '#cli/render/table.ts'
import type { Terminal } from '#cli/terminal.ts'
import { HostClock } from '#host/clock.ts'
import { type MachineFact, probeMachine } from '#host/sandbox/machine.ts'

const MB = 1_048_576

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const endpoint = endpointOf(parsed)
  const clock = new HostClock({ virtual: false })
  try {
    const machine = await probeMachine({ cacheFolder: cacheFolder(), clock })
    const facts = [coresFact(), ...machine.facts, await namesFact(endpoint), await platformFact(parsed)]
    if (terminal.json) terminal.out(JSON.stringify({ modes: machine.modes, facts }))
    else print(facts, machine.modes.notes, terminal)
    return facts.some(({ name, level }) => name === 'isolation' && level === 'missing')
      ? EXIT.failed
      : EXIT.ok
  } finally {
    clock.stop()
  }
}

function coresFact(): MachineFact {
  const cores = availableParallelism()
  const found = `${cores} cores, ${Math.round(totalmem() / MB)} MB, ${process.platform} ${process.arch}, Node ${process.versions.node}`
  const remedy =
    cores >= 4
      ? undefined
      : 'figures of high load need more cores: reports say when the tunnel measured itself'
  return { name: 'machine', level: cores >= 4 ? 'full' : 'reduced', found, remedy }
}

/** Clients of their own resolve API hosts; browsers and our load do it without DNS. */
async function namesFact(endpoint: string): Promise<MachineFact> {
  const name = 'abc.execute-api.localhost'
  const found = await lookup(name).catch(() => undefined)
  if (found !== undefined)
    return {
      name: 'api hosts',
      level: 'full',
      found: `${name} resolves to ${found.address}`,
      remedy: undefined,
    }
  return {
    name: 'api hosts',
    level: 'reduced',
    found: `names such as ${name} do not resolve here`,
    remedy: `use the path form ${endpoint}/_aws/execute-api/{apiId}/..., or install nss-myhostname; curl and browsers do it by themselves`,
  }
}

async function platformFact(parsed: Parsed): Promise<MachineFact> {
  const endpoint = endpointOf(parsed)
  try {
    await new PlatformClient(endpoint, identityOf(parsed)).get('/_windtunnel/health')
    return { name: 'platform', level: 'full', found: `one runs at ${endpoint}`, remedy: undefined }
  } catch {
    return {
      name: 'platform',
      level: 'reduced',
      found: `none answers at ${endpoint}`,
      remedy: asCalled('windtunnel up'),
    }
  }
}

const HOST_PREFIXES =
  'Clients that put `sync-` or `stream-` before the host need AWS_DISABLE_HOST_PREFIX_INJECTION=true (CLI, boto3) or disableHostPrefix (JavaScript).'

const SAID: Readonly<Record<MachineFact['level'], string>> = { full: 'yes', reduced: 'partly', missing: 'no' }

function print(facts: readonly MachineFact[], notes: readonly string[], terminal: Terminal): void {
  const columns: Column[] = [
    { title: 'what', align: 'left', cells: facts.map(({ name }) => name), leaves: 0 },
    { title: 'as on AWS', align: 'left', cells: facts.map(({ level }) => SAID[level]), leaves: 0 },
    { title: 'found', align: 'left', cells: facts.map(({ found }) => found), leaves: 0 },
  ]
  for (const line of table(columns, terminal.width, painter(terminal.color))) terminal.out(line)
  const lacking = facts.filter(({ remedy }) => remedy !== undefined)
  if (lacking.length > 0) terminal.out('\nremedies')
  for (const { name, remedy } of lacking) {
    for (const [i, line] of wrapped(remedy ?? '', terminal.width - 14).entries())
      terminal.out(`  ${(i === 0 ? name : '').padEnd(12)}${line}`)
  }
  for (const note of [...notes, HOST_PREFIXES]) {
    terminal.out('')
    for (const [i, line] of wrapped(note, terminal.width - 6).entries())
      terminal.out(`${(i === 0 ? 'note' : '').padEnd(6)}${line}`)
  }
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'Say what this machine can and cannot do, and the remedy for each.',
  usage: 'doctor',
  example: 'windtunnel doctor',
  options: [],
  words: { min: 0, max: 0 },
  run,
}
