/**
 * `windtunnel fly`: deploy, load and report in one platform that lives as long as the flight, or (`--keep`) until
 * Ctrl-C. `windtunnel load` is the same against a platform that runs already.
 */
import { dirname, resolve } from 'node:path'
import { type Application, everything } from '#cli/application.ts'
import { type Parsed } from '#cli/arguments.ts'
import { cacheFolder } from '#cli/cache-folder.ts'
import { PlatformClient, clientOf, identityOf } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { deploy, stackNameOf, templateIn } from '#cli/deployment.ts'
import { printDeployed } from '#cli/deploy.ts'
import { saveReport } from '#cli/flights.ts'
import { type FlightFile, fly as flyOn, readFlight } from '#cli/flying.ts'
import { paced, progressLine } from '#cli/progress.ts'
import { renderReport } from '#cli/render/report.ts'
import { spawnPlatform } from '#cli/spawned.ts'
import type { Terminal } from '#cli/terminal.ts'
import { watchParent } from '#host/parent.ts'
import type { FlightReport } from '#lab/report.ts'

/** A terminal's bar moves often; a log gets a line every so often. */
const TERMINAL_STEP_MS = 200
const LOG_STEP_MS = 2_000

/** Deploys the flight's template, if it has one. */
export async function deployed(
  client: PlatformClient,
  file: FlightFile,
  terminal: Terminal,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Application> {
  const { template } = file.flight
  if (template === undefined) return await everything(client)
  const path = templateIn(resolve(dirname(file.path), template))
  const started = Date.now()
  const result = await deploy(client, {
    template: path,
    stack: stackNameOf(path),
    parameters: { ...file.flight.parameters, ...parameters },
    build: true,
    cacheFolder: cacheFolder(),
    step: (line) => terminal.step(line),
  })
  terminal.settled()
  if (!terminal.json) printDeployed(terminal, result, Date.now() - started)
  return result
}

/** The load and the report; Ctrl-C stops it and prints what was measured until then. */
export async function flown(
  client: PlatformClient,
  file: FlightFile,
  application: Application,
  terminal: Terminal,
): Promise<FlightReport> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  // not once: npm passes on the Ctrl-C that the terminal has sent already
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  const pace = process.stderr.isTTY ? TERMINAL_STEP_MS : LOG_STEP_MS
  const onProgress = paced(pace, (progress, durationMs) => {
    if (!terminal.json) terminal.step(progressLine(progress, durationMs))
  })
  const report = await flyOn(client, { file, application, onProgress, signal: stop.signal, warnings: [] })
  terminal.settled()
  process.off('SIGINT', interrupt)
  process.off('SIGTERM', interrupt)
  return report
}

export function showReport(report: FlightReport, terminal: Terminal, next: readonly string[]): number {
  const path = saveReport(report)
  if (terminal.json) terminal.out(JSON.stringify(report))
  else {
    terminal.out(renderReport(report, { width: terminal.width, color: terminal.color, next }))
    terminal.note(`saved as ${path}`)
  }
  return report.budgetsOutcome === 'broken' ? EXIT.failed : EXIT.ok
}

async function runFly(parsed: Parsed, terminal: Terminal): Promise<number> {
  const file = readFlight(parsed.words[0] ?? 'flight.yaml')
  // as if TERM had come: the flight stops, or the process ends, and the platform with it
  const unwatch = watchParent(process.env, () => void process.kill(process.pid, 'SIGTERM'))
  const platform = await spawnPlatform(['--memory', '--port', parsed.value('port') ?? '0'], (line) =>
    terminal.step(line),
  )
  try {
    if (!terminal.json)
      terminal.note(`windtunnel ready in ${(platform.readyMs / 1_000).toFixed(2)} s at ${platform.url}`)
    const client = new PlatformClient(platform.url, identityOf(parsed))
    const report = await flown(client, file, await deployed(client, file, terminal), terminal)
    return showReport(report, terminal, [
      'windtunnel report --html report.html',
      'windtunnel compare previous latest',
    ])
  } finally {
    unwatch()
    await platform.stop()
  }
}

async function runLoad(parsed: Parsed, terminal: Terminal): Promise<number> {
  const file = readFlight(parsed.words[0] ?? 'flight.yaml')
  const client = clientOf(parsed)
  await client.get('/_windtunnel/health')
  const application = parsed.has('deploy') ? await deployed(client, file, terminal) : await everything(client)
  const report = await flown(client, file, application, terminal)
  return showReport(report, terminal, ['windtunnel report --html report.html', 'windtunnel trace --slowest'])
}

export const fly: Command = {
  name: 'fly',
  summary: 'Deploy, load and report in a platform of its own; exit 1 when a budget is broken.',
  usage: 'fly [FLIGHT.yaml]',
  example: 'windtunnel fly examples/first/flight.yaml',
  options: [{ name: 'port', value: 'N', sentence: 'Port of the platform (default: a free one).' }],
  words: { min: 0, max: 1 },
  run: runFly,
}

export const load: Command = {
  name: 'load',
  summary: 'Blow the load of a flight at a platform that runs.',
  usage: 'load [FLIGHT.yaml] [--deploy]',
  example: 'windtunnel load flight.yaml --endpoint http://127.0.0.1:4566',
  options: [
    { name: 'deploy', sentence: "Deploy the flight's template first." },
    { name: 'region', value: 'REGION', sentence: 'Region of what is deployed (default us-east-1).' },
  ],
  words: { min: 0, max: 1 },
  run: runLoad,
}
