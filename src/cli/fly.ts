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
import { type Doing, Interrupted, Interruption } from '#cli/interruption.ts'
import { asCalled } from '#cli/program.ts'
import { type Show, paced, progressLine } from '#cli/progress.ts'
import { renderReport } from '#cli/render/report.ts'
import { readyLines } from '#cli/ready.ts'
import { spawnPlatform } from '#cli/spawned.ts'
import type { Terminal } from '#cli/terminal.ts'
import { watchParent } from '#host/parent.ts'
import { plural } from '#lab/figures.ts'
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
    step: (line) => {
      if (!terminal.json) terminal.step(line)
    },
  })
  terminal.settled()
  if (!terminal.json) printDeployed(terminal, result, Date.now() - started)
  return result
}

interface Flying {
  readonly file: FlightFile
  readonly application: Application
  readonly terminal: Terminal
  readonly interruption: Interruption
}

/** What is said of a signal that comes before the load does. */
export const NOTHING_FLOWN: Doing = {
  thing: 'before the first request: nothing was measured',
  remedy: 'Run the same command again.',
}

/** The load and the report; Ctrl-C stops it and gives what was measured until then. */
export async function flown(
  client: PlatformClient,
  { file, application, terminal, interruption }: Flying,
): Promise<FlightReport> {
  const step = (line: string): void => {
    if (!terminal.json) terminal.step(line)
  }
  const report = await flyOn(client, {
    file,
    application,
    onProgress: pacedFor(terminal, (line) => step(line)),
    onLanded: () => step('reading what the platform recorded'),
    onDraining: ({ unfinished }, leftMs) =>
      step(
        `${plural(unfinished, 'event')} not finished yet, waiting at most ${Math.ceil(leftMs / 1_000)} s more`,
      ),
    signal: interruption.signal,
    warnings: [],
  })
  terminal.settled()
  return report
}

/** The line of a flight's progress, as often as a terminal or a log can bear it. */
export function pacedFor(terminal: Terminal, show: (line: string) => void): Show {
  const pace = terminal.live ? TERMINAL_STEP_MS : LOG_STEP_MS
  return paced(pace, (progress, durationMs) => show(progressLine(progress, durationMs)))
}

interface Ending {
  readonly interruption: Interruption
  /** The platform lives on: what to do with it. */
  readonly stays?: readonly string[]
}

/** Commands that go on from here; none that needs a platform which ends with this command. */
function nextOf(report: FlightReport, stays: readonly string[]): readonly string[] {
  const page = 'windtunnel report --html report.html'
  if (report.partial) return [page]
  return stays.length > 0 ? [...stays, page] : [page, 'windtunnel compare previous latest']
}

/** Shows and saves the report. Resolves to the exit code: that of a signal before that of a budget. */
export function showReport(
  report: FlightReport,
  terminal: Terminal,
  { interruption, stays = [] }: Ending,
): number {
  if (interruption.code !== undefined && report.load.sent === 0)
    throw new Interrupted(interruption.code, NOTHING_FLOWN.thing, NOTHING_FLOWN.remedy)
  const next = nextOf(report, stays).map(asCalled)
  if (terminal.json) terminal.out(JSON.stringify(report))
  else terminal.out(renderReport(report, { width: terminal.width, color: terminal.color, next }))
  const saved = saveReport(report)
  if (!terminal.json || saved.path === undefined) terminal.note(saved.said)
  if (interruption.code !== undefined) return interruption.code
  return report.budgetsOutcome === 'broken' ? EXIT.failed : EXIT.ok
}

async function runFly(parsed: Parsed, terminal: Terminal): Promise<number> {
  const file = readFlight(parsed.words[0] ?? 'flight.yaml')
  using interruption = new Interruption()
  const unwatch = watchParent(process.env, interruption.end)
  const starting = spawnPlatform(['--memory', '--port', parsed.port() ?? '0'], (line) => terminal.step(line))
  const platform = await interruption.race(starting, NOTHING_FLOWN)
  try {
    if (!terminal.json) for (const line of readyLines(platform, terminal.width)) terminal.note(line)
    const client = new PlatformClient(platform.url, identityOf(parsed))
    const application = await interruption.race(deployed(client, file, terminal), NOTHING_FLOWN)
    const report = await flown(client, { file, application, terminal, interruption })
    return showReport(report, terminal, { interruption })
  } finally {
    unwatch()
    await platform.stop()
  }
}

async function runLoad(parsed: Parsed, terminal: Terminal): Promise<number> {
  const file = readFlight(parsed.words[0] ?? 'flight.yaml')
  const client = clientOf(parsed)
  await client.get('/_windtunnel/health')
  using interruption = new Interruption()
  const application = await interruption.race(
    parsed.has('deploy') ? deployed(client, file, terminal) : everything(client),
    NOTHING_FLOWN,
  )
  const report = await flown(client, { file, application, terminal, interruption })
  return showReport(report, terminal, { interruption, stays: ['windtunnel trace --slowest'] })
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
