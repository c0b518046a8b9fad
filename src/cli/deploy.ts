/** `windtunnel deploy`: a SAM or CloudFormation template, local code and all, onto a running platform. */
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { cacheFolder } from '#cli/cache-folder.ts'
import { clientOf } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { type Deployed, deploy as deployTo, stackNameOf, templateIn } from '#cli/deployment.ts'
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
  const started = Date.now()
  const deployed = await deployTo(clientOf(parsed), {
    template,
    stack: parsed.value('stack') ?? stackNameOf(template),
    parameters: parametersOf(parsed.all('parameter')),
    build: !parsed.has('no-build'),
    cacheFolder: cacheFolder(),
    step: (line) => {
      if (!terminal.json) terminal.step(line)
    },
  })
  terminal.settled()
  printDeployed(terminal, deployed, Date.now() - started)
  return EXIT.ok
}

export function printDeployed(terminal: Terminal, deployed: Deployed, tookMs: number): void {
  if (terminal.json) {
    terminal.out(JSON.stringify({ ...deployed, tookMs }))
    return
  }
  const verb = deployed.unchanged ? 'unchanged' : 'deployed'
  terminal.out(
    `${verb} ${deployed.stack}   ${deployed.resources} resources in ${(tookMs / 1_000).toFixed(1)} s`,
  )
  for (const output of deployed.outputs) terminal.out(`  ${output.key.padEnd(16)} ${output.value}`)
  for (const endpoint of deployed.endpoints) terminal.out(`  ${endpoint.name.padEnd(16)} ${endpoint.url}`)
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
