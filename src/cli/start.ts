/**
 * `windtunnel start`, what `npm start` does: the platform, the first example deployed, ten seconds of load, the report,
 * and then the platform stays until Ctrl-C, which is then a clean end. What the machine lacks (Python, a compiler) is left out and said.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Trouble } from '#base/trouble.ts'
import type { Parsed } from '#cli/arguments.ts'
import { PlatformClient, identityOf } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { NOTHING_FLOWN, deployed, flown, showReport } from '#cli/fly.ts'
import { type FlightFile, readFlight } from '#cli/flying.ts'
import { Interruption } from '#cli/interruption.ts'
import { forPlatform } from '#cli/program.ts'
import { readyLines } from '#cli/ready.ts'
import { type SpawnedPlatform, spawnPlatform } from '#cli/spawned.ts'
import type { Terminal } from '#cli/terminal.ts'
import { watchParent } from '#host/parent.ts'

const EXAMPLE = fileURLToPath(new URL('../../examples/first/flight.yaml', import.meta.url))

interface Fitted {
  readonly file: FlightFile
  readonly parameters: Readonly<Record<string, string>>
  readonly leftOut: readonly string[]
}

const runs = (program: string, ...args: string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore' }).status === 0

/** The example, without the functions this machine cannot run. */
function fitted(): Fitted {
  const file = readFlight(EXAMPLE)
  const hasPython = runs('python3', '--version')
  const hasCompiler = runs('make', '--version') && runs('cc', '--version')
  const leftOut = [
    ...(hasPython ? [] : ['GET /python: no python3 on PATH']),
    ...(hasCompiler ? [] : ['GET /compiled: no make and cc on PATH']),
  ]
  const targets = file.flight.targets.filter(
    (target) =>
      target.kind !== 'route' ||
      ((hasPython || target.path !== '/python') && (hasCompiler || target.path !== '/compiled')),
  )
  return {
    file: { ...file, flight: { ...file.flight, targets } },
    parameters: { WithPython: hasPython ? 'yes' : 'no', WithCompiled: hasCompiler ? 'yes' : 'no' },
    leftOut,
  }
}

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  using interruption = new Interruption()
  const unwatch = watchParent(process.env, interruption.end)
  const storage = parsed.has('memory') ? ['--memory'] : ['--data', parsed.value('data') ?? '.windtunnel']
  const starting = spawnPlatform(['--port', parsed.port() ?? '4566', ...storage], (line) =>
    terminal.step(line),
  )
  const platform = await interruption.race(starting, NOTHING_FLOWN)
  try {
    const code = await mainJob({ parsed, terminal, platform, interruption })
    if (parsed.has('once') || interruption.code !== undefined) return code
    terminal.note(`the platform stays up at ${platform.url} until Ctrl-C`)
    const ended = await Promise.race([interruption.arrived.then(() => undefined), platform.ended])
    if (ended === undefined) return EXIT.ok
    throw new Trouble(
      `The platform ended by itself, with code ${ended}.`,
      platform.url,
      'Its last lines above say why; start it again with: windtunnel up',
    )
  } finally {
    unwatch()
    await platform.stop()
  }
}

interface MainJob {
  readonly parsed: Parsed
  readonly terminal: Terminal
  readonly platform: SpawnedPlatform
  readonly interruption: Interruption
}

async function mainJob({ parsed, terminal, platform, interruption }: MainJob): Promise<number> {
  if (!terminal.json) for (const line of readyLines(platform, terminal.width)) terminal.out(line)
  const client = new PlatformClient(platform.url, identityOf(parsed))
  const { file, parameters, leftOut } = fitted()
  for (const reason of leftOut) terminal.note(`left out  ${reason}`)
  const deploying = deployed(client, file, terminal, parameters)
  const application = await interruption.race(deploying, NOTHING_FLOWN)
  const report = await flown(client, { file, application, terminal, interruption })
  const stays = [`open ${platform.url}/_windtunnel/`, forPlatform('windtunnel tune Node', platform.url)]
  return showReport(report, terminal, { interruption, stays: parsed.has('once') ? [] : stays })
}

export const start: Command = {
  name: 'start',
  summary: 'The platform, a first example, ten seconds of load and the report; what npm start does.',
  usage: 'start [--once]',
  example: 'npm start',
  options: [
    { name: 'once', sentence: 'End after the report.' },
    { name: 'port', value: 'N', sentence: 'Port of the platform (default 4566).' },
    { name: 'data', value: 'DIR', sentence: 'Folder for everything durable (default .windtunnel).' },
    { name: 'memory', sentence: 'Keep everything in memory.' },
  ],
  words: { min: 0, max: 0 },
  run,
}
