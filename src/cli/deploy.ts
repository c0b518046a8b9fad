/** `windtunnel deploy`: a SAM or CloudFormation template, local code and all, onto a running platform. */
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { cacheFolder } from '#cli/cache-folder.ts'
import { clientOf } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { type Deployed, deploy as deployTo, stackNameOf, templateIn } from '#cli/deployment.ts'
import { Interruption } from '#cli/interruption.ts'
import { asCalled, forPlatform } from '#cli/program.ts'
import type { Terminal } from '#cli/terminal.ts'

/** `Key=Value` pairs, each its own option or several in one, as the AWS tools take them. */
export function parametersOf(pairs: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const pair of pairs.flatMap((text) => text.split(/ +(?=[A-Za-z0-9]+=)/))) {
    const at = pair.indexOf('=')
    if (at < 1)
      throw new UsageError(
        `"${pair}" is no Key=Value pair.`,
        '--parameter',
        'For example: --parameter Stage=test',
      )
    found[pair.slice(0, at)] = pair.slice(at + 1)
  }
  return found
}

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const template = templateIn(parsed.words[0] ?? '.')
  const stack = parsed.value('stack') ?? stackNameOf(template)
  const client = clientOf(parsed)
  const parameters = parametersOf(parsed.all('parameter'))
  const started = Date.now()
  await client.get('/_windtunnel/health')
  using interruption = new Interruption()
  const deploying = deployTo(client, {
    template,
    stack,
    parameters,
    build: !parsed.has('no-build'),
    cacheFolder: cacheFolder(),
    step: (line) => {
      if (!terminal.json) terminal.step(line)
    },
  })
  const deployed = await interruption.race(deploying, {
    thing: `the deployment of ${stack}: what the platform has begun goes on there`,
    remedy: 'Run the same command again to see its end.',
  })
  terminal.settled()
  printDeployed(terminal, deployed, Date.now() - started)
  if (!terminal.json) printNext(terminal, deployed, client.endpoint)
  return EXIT.ok
}

/** Outputs as AWS would give them, each address of an API with the one that answers here below it. */
export function printDeployed(terminal: Terminal, deployed: Deployed, tookMs: number): void {
  if (terminal.json) {
    terminal.out(JSON.stringify({ ...deployed, tookMs }))
    return
  }
  const verb = deployed.unchanged ? 'unchanged' : 'deployed'
  terminal.out(
    `${verb} ${deployed.stack}   ${deployed.resources} resources in ${(tookMs / 1_000).toFixed(1)} s`,
  )
  const shown = new Set(deployed.outputs.map(({ localValue }) => localValue))
  const endpoints = deployed.endpoints.filter(({ url }) => !shown.has(url))
  const names = [...deployed.outputs.map(({ key }) => key), ...endpoints.map(({ name }) => name)]
  const width = Math.max(...names.map((name) => name.length), HERE.length)
  for (const { key, value, localValue } of deployed.outputs) {
    terminal.out(`  ${key.padEnd(width)}  ${value}`)
    if (localValue !== undefined) terminal.out(`  ${HERE.padStart(width)}  ${localValue}`)
  }
  for (const { name, url } of endpoints) terminal.out(`  ${name.padEnd(width)}  ${url}`)
}

const HERE = 'here:'

function printNext(terminal: Terminal, deployed: Deployed, endpoint: string): void {
  const name = deployed.functions[0]?.name
  if (name === undefined) return
  const next = [`windtunnel invoke ${name}`, `windtunnel logs ${name} --follow`, 'windtunnel bill']
  for (const [i, line] of next.entries())
    terminal.note(`${(i === 0 ? 'next' : '').padEnd(6)}${asCalled(forPlatform(line, endpoint))}`)
}

export const deploy: Command = {
  name: 'deploy',
  summary: 'Deploy a SAM or CloudFormation template, packaging its local code.',
  usage: 'deploy [TEMPLATE | FOLDER] [--stack NAME] [--parameter Key=Value]...',
  example: 'windtunnel deploy template.yaml --parameter Stage=test',
  options: [
    { name: 'stack', value: 'NAME', sentence: "Name of the stack (default: the folder's name)." },
    {
      name: 'parameter',
      value: 'Key=Value',
      sentence: 'A template parameter; may be repeated.',
      repeat: true,
    },
    { name: 'region', value: 'REGION', sentence: 'Region to deploy to (default us-east-1).' },
    { name: 'no-build', sentence: 'Package the code as it is: no make, npm or pip.' },
  ],
  words: { min: 0, max: 1 },
  run,
}
