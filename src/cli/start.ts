/**
 * `windtunnel start`, what `npm start` does: the platform, the first example deployed, ten seconds of load, the report,
 * and then the platform stays until Ctrl-C. What the machine lacks (Python, a compiler) is left out and said.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Parsed } from '#cli/arguments.ts'
import { PlatformClient, identityOf } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { deployed, flown, showReport } from '#cli/fly.ts'
import { type FlightFile, readFlight } from '#cli/flying.ts'
import { type SpawnedPlatform, spawnPlatform } from '#cli/spawned.ts'
import type { Terminal } from '#cli/terminal.ts'
import { watchParent } from '#host/parent.ts'

const EXAMPLE = fileURLToPath(new URL('../../examples/first/flight.yaml', import.meta.url))

/** How long a stopped flight may take to print its report. */
const REPORT_GRACE_MS = 5_000

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
  const ending = Promise.withResolvers<void>()
  const unwatch = watchParent(process.env, () => ending.resolve())
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => ending.resolve())
  const storage = parsed.has('memory') ? ['--memory'] : ['--data', parsed.value('data') ?? '.windtunnel']
  const platform = await spawnPlatform(['--port', parsed.value('port') ?? '4566', ...storage], (line) =>
    terminal.step(line),
  )
  try {
    const job = mainJob(parsed, terminal, platform)
    const code = await Promise.race([job, ending.promise.then(async () => await interrupted(job))])
    if (parsed.has('once') || code === EXIT.interrupted) return code
    terminal.note(`the platform stays up at ${platform.url} until Ctrl-C`)
    await Promise.race([ending.promise, platform.ended])
    return EXIT.ok
  } finally {
    unwatch()
    await platform.stop()
  }
}

/** A flight that is stopped still prints what it measured; a deployment is not waited for. */
async function interrupted(job: Promise<number>): Promise<number> {
  const bound = new Promise<number>((resolve) =>
    setTimeout(() => resolve(EXIT.interrupted), REPORT_GRACE_MS).unref(),
  )
  await Promise.race([job, bound])
  return EXIT.interrupted
}

async function mainJob(parsed: Parsed, terminal: Terminal, platform: SpawnedPlatform): Promise<number> {
  if (!terminal.json)
    terminal.out(
      `windtunnel ready in ${(platform.readyMs / 1_000).toFixed(2)} s   ${platform.url}   console ${platform.url}/_windtunnel/`,
    )
  const client = new PlatformClient(platform.url, identityOf(parsed))
  const { file, parameters, leftOut } = fitted()
  for (const reason of leftOut) terminal.note(`left out  ${reason}`)
  const application = await deployed(client, file, terminal, parameters)
  const report = await flown(client, file, application, terminal)
  return showReport(report, terminal, [
    `open ${platform.url}/_windtunnel/`,
    'windtunnel tune Node',
    'windtunnel report --html report.html',
  ])
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
