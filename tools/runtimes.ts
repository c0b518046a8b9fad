/**
 * `npm run runtimes`: flies the function of examples/runtimes in every runtime that is on this machine, light and heavy work,
 * cold and warm, and writes docs/runtimes.md. `--quick` asks a tenth of it and leaves the page alone.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { parse, stringify } from 'yaml'
import { isRecord, parseJson, stringAt, valueAt } from '#base/json.ts'
import { PlatformClient } from '#cli/client.ts'
import { findJavas } from '#host/sandbox/javas.ts'
import { bestOfEach, findPythons } from '#host/sandbox/pythons.ts'
import { findRubies } from '#host/sandbox/rubies.ts'
import { readReport } from '#lab/read-report.ts'
import type { FlightReport } from '#lab/report.ts'
import { crossings, figures, type Measured, type Setting, type Warm } from './runtimes-page.ts'

const root = join(import.meta.dirname, '..')
const example = join(root, 'examples/runtimes')
const entry = join(root, 'src/cli/entry.ts')
const STACK = 'runtimes'
const BELOW = 200_000
const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const COLD_STARTS = values.quick ? 2 : 8
const HEAVY_COLD_STARTS = values.quick ? 1 : 3

interface Subject {
  readonly name: string
  readonly compiled: boolean
  /** Undefined where it runs here; else why not. */
  readonly missing: string | undefined
}

const isThere = (program: string, flag = '--version'): boolean =>
  spawnSync(program, [flag], { stdio: 'ignore' }).status === 0

async function subjects(): Promise<{ readonly all: readonly Subject[]; readonly parameters: string[] }> {
  const python = bestOfEach(await findPythons()).at(-1)
  const ruby = (await findRubies()).at(-1)
  const java = findJavas().findLast(({ major }) => [11, 17, 21, 25].includes(major))
  const noMake = isThere('make') ? undefined : 'make is not here'
  const needs = (is: boolean, what: string): string | undefined => (is ? noMake : `${what} is not here`)
  const all = [
    ...['Node20', 'Node22', 'Node24'].map((name) => ({ name, compiled: false, missing: undefined })),
    { name: 'Python', compiled: false, missing: python === undefined ? 'no Python is here' : undefined },
    { name: 'Ruby', compiled: false, missing: ruby === undefined ? 'no Ruby is here' : undefined },
    { name: 'Java', compiled: true, missing: needs(java !== undefined && isThere('javac'), 'a JDK') },
    { name: 'Go', compiled: true, missing: needs(isThere('go', 'version'), 'go') },
    { name: 'Rust', compiled: true, missing: needs(isThere('cargo'), 'cargo') },
    { name: 'C', compiled: true, missing: needs(isThere('cc'), 'a C compiler') },
  ]
  const parameters = all
    .filter(({ name }) => !name.startsWith('Node'))
    .map(({ name, missing }) => `With${name}=${missing === undefined ? 'yes' : 'no'}`)
  // the nearest that AWS has
  if (python !== undefined) parameters.push(`PythonRuntime=python3.${Math.min(14, python.minor)}`)
  if (ruby !== undefined) parameters.push(`RubyRuntime=ruby3.${Math.min(4, Math.max(2, ruby.minor))}`)
  if (java !== undefined) parameters.push(`JavaRuntime=java${java.major}`)
  parameters.push(`Architecture=${process.arch === 'arm64' ? 'arm64' : 'x86_64'}`)
  return { all, parameters }
}

/** A platform of its own in memory; ends with `stop`. */
async function platform(folder: string): Promise<{ readonly url: string; readonly stop: () => void }> {
  const child = spawn(
    process.execPath,
    [entry, 'up', '--memory', '--port', '0', '--log-level', 'error', '--json'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const url = await firstLine(child)
  return { url, stop: () => void child.kill('SIGTERM') }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      for (const line of text.split('\n')) {
        const url = stringAt(parseJson(line), 'url')
        if (url !== undefined) resolve(url)
      }
    })
    child.on('exit', () => reject(new Error(`the platform ended: ${text}`)))
  })
}

/** The command line against that platform; what it printed. */
function windtunnel(url: string, folder: string, args: readonly string[]): string {
  const run = spawnSync(process.execPath, [entry, ...args, '--endpoint', url], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (run.status !== 0) throw new Error(`${args.join(' ')}: ${run.stdout.slice(-2_000)}${run.stderr}`)
  return run.stdout
}

interface Run {
  readonly folder: string
  readonly url: string
  readonly client: PlatformClient
  /** Physical names by logical ids. */
  readonly names: ReadonlyMap<string, string>
}

/** What a REPORT line says, in ms and MB. */
interface Report {
  readonly initMs: number
  readonly billedMs: number
  readonly memoryMb: number
}

/** One invocation in a new environment: a changed variable ends the old ones. */
async function cold({ client, names }: Run, name: string, event: unknown, mark: string): Promise<Report> {
  const functionName = names.get(name) ?? name
  await client.call('lambda', 'UpdateFunctionConfiguration', {
    FunctionName: functionName,
    Environment: { Variables: { MARK: mark } },
  })
  for (;;) {
    const shown = await client.call('lambda', 'GetFunctionConfiguration', { FunctionName: functionName })
    const status = stringAt(shown, 'LastUpdateStatus')
    if (status === 'Failed') throw new Error(`${name}: ${stringAt(shown, 'LastUpdateStatusReason')}`)
    if (status === 'Successful') break
    await delay(20)
  }
  const response = await client.send('lambda', `/2015-03-31/functions/${functionName}/invocations`, {
    method: 'POST',
    headers: { 'x-amz-log-type': 'Tail' },
    body: JSON.stringify(event),
  })
  const answer = await response.text()
  const log = Buffer.from(response.headers.get('x-amz-log-result') ?? '', 'base64').toString()
  const figure = (label: string): number =>
    Number(new RegExp(`\\t${label}: ([\\d.]+) `).exec(log)?.[1] ?? 'NaN')
  const report = {
    initMs: figure('Init Duration'),
    billedMs: figure('Billed Duration'),
    memoryMb: figure('Max Memory Used'),
  }
  if (response.headers.has('x-amz-function-error') || Number.isNaN(report.initMs))
    throw new Error(`${name} was not cold, or failed: ${answer} ${log}`)
  return report
}

interface Colds {
  readonly light: readonly Report[]
  readonly heavy: readonly Report[]
}

/** In turn, so that what the machine does meanwhile falls on all of them. */
async function coldStarts(run: Run, flown: readonly Subject[]): Promise<Map<string, Colds>> {
  const found = new Map(flown.map(({ name }) => [name, { light: [] as Report[], heavy: [] as Report[] }]))
  for (let round = 0; round < COLD_STARTS; round++) {
    for (const [name, { light, heavy }] of found) {
      if (round < HEAVY_COLD_STARTS)
        heavy.push(await cold(run, name, { work: 'heavy', below: BELOW }, `heavy ${round}`))
      light.push(await cold(run, name, { work: 'light', items: [] }, `light ${round}`))
    }
  }
  return found
}

/** Flies one of the example's flights against what is deployed, without the runtimes that are not here. */
function flight(run: Run, which: string, flown: readonly Subject[]): FlightReport {
  const path = join(run.folder, `${which}.flight.yaml`)
  const text = readFileSync(join(example, `${which}.flight.yaml`), 'utf8')
  const file: unknown = parse(
    values.quick ? text.replace(/duration: (\d+)s/, (_, s: string) => `duration: ${Number(s) / 10}s`) : text,
  )
  const targets = valueAt(file, 'targets')
  const here = (Array.isArray(targets) ? targets.filter(isRecord) : []).flatMap((target) => {
    const name = stringAt(target, 'function') ?? ''
    const isFlown = flown.some((subject) => subject.name === name)
    return isFlown ? [{ ...target, name, function: run.names.get(name) ?? name }] : []
  })
  // what is deployed is flown: no template
  writeFileSync(path, stringify({ ...(isRecord(file) ? file : {}), template: undefined, targets: here }))
  const out = windtunnel(run.url, run.folder, ['load', path, '--json'])
  const document = out.split('\n').findLast((line) => line.includes('"windtunnel-report/'))
  const report = readReport(document ?? '')
  if (!report.ok) throw new Error(`${which}: ${report.error}\n${out.slice(0, 500)}`)
  return report.value
}

function warmOf(
  report: FlightReport,
  target: string,
  functionName: string,
): Warm & { readonly memoryMb: number } {
  const found = report.functions.find(({ name }) => name.endsWith(functionName))
  if (found === undefined) throw new Error(`the flight does not know ${functionName}`)
  return {
    n: found.n,
    p50Ms: found.p50Ms,
    p99Ms: found.p99Ms,
    measurable: report.routes.find(({ name }) => name === target)?.self.measurable ?? false,
    billedMeanMs: found.billedMeanMs ?? Number.NaN,
    memoryMb: found.maxMemoryMb ?? 0,
  }
}

async function namesOf(client: PlatformClient): Promise<ReadonlyMap<string, string>> {
  const answer = await client.call('cloudformation', 'DescribeStackResources', { StackName: STACK })
  const resources = valueAt(answer, 'StackResources')
  const rows = Array.isArray(resources) ? resources.filter(isRecord) : []
  return new Map(
    rows.map((row) => [stringAt(row, 'LogicalResourceId') ?? '', stringAt(row, 'PhysicalResourceId') ?? '']),
  )
}

async function runtimeOf({ client, names }: Run, name: string): Promise<string> {
  const functionName = names.get(name) ?? name
  const shown = await client.call('lambda', 'GetFunctionConfiguration', { FunctionName: functionName })
  const runtime = stringAt(shown, 'Runtime') ?? ''
  return runtime.startsWith('provided') ? `${name} (${runtime})` : runtime
}

interface Results {
  readonly all: readonly Measured[]
  readonly report: FlightReport
}

async function measured(run: Run, flown: readonly Subject[]): Promise<Results> {
  process.stderr.write(`${COLD_STARTS + HEAVY_COLD_STARTS} cold starts of each\n`)
  const colds = await coldStarts(run, flown)
  process.stderr.write('light work\n')
  const light = flight(run, 'light', flown)
  process.stderr.write('heavy work\n')
  const heavy = flight(run, 'heavy', flown)
  const results = await Promise.all(
    flown.map(async ({ name, compiled }) => {
      const of = colds.get(name) ?? { light: [], heavy: [] }
      const functionName = run.names.get(name) ?? name
      const warm = { light: warmOf(light, name, functionName), heavy: warmOf(heavy, name, functionName) }
      const reports = [...of.light, ...of.heavy]
      return {
        name,
        runtime: await runtimeOf(run, name),
        compiled,
        initsMs: reports.map(({ initMs }) => initMs).toSorted((a, b) => a - b),
        coldLightMs: of.light.map(({ billedMs }) => billedMs),
        coldHeavyMs: of.heavy.map(({ billedMs }) => billedMs),
        ...warm,
        maxMemoryMb: Math.max(
          warm.light.memoryMb,
          warm.heavy.memoryMb,
          ...reports.map(({ memoryMb }) => memoryMb),
        ),
      }
    }),
  )
  return { all: results, report: light }
}

interface Written {
  readonly all: readonly Measured[]
  readonly missing: readonly Subject[]
  readonly setting: Setting
  readonly report: FlightReport
}

/** Another version that stood in, as the platform says it. */
const standIns = ({ warnings }: FlightReport): readonly string[] =>
  warnings.filter((warning) => / runs on .* is not on this machine/.test(warning))

function page({ all, missing, setting, report }: Written): string {
  const { isolation, cpu, memory, freeze } = report.machine
  const absent = missing.map(({ name, missing: why }) => `${name} (${why ?? ''})`).join(', ')
  const notes = [...standIns(report), ...(absent === '' ? [] : [`Not flown: ${absent}`])].map(
    (note) => ` ${note}.`,
  )
  return `# One function in each runtime

Written by \`npm run runtimes\`: [the function](../examples/runtimes/node/index.mjs) in each runtime of this machine, with
${setting.memoryMb} MB (one virtual CPU), native profile, ${availableParallelism()} cores, isolation by ${isolation}, CPU ${cpu}, memory ${memory}, freeze ${freeze}.
Take the ratios; the milliseconds are this machine's.${notes.join('')}

_Light_ work answers with a little JSON; _heavy_ work counts the primes below ${BELOW.toLocaleString('en')} by trial division, the same code in each
language. Go and Rust use AWS's public libraries, Java AWS's own runtime interface client, C speaks the Runtime API itself.

| column | what it is |
| --- | --- |
| init | Init Duration of REPORT, n ${(all[0]?.initsMs.length ?? 0).toString()} of each: the least and the median |
| light, heavy | the handler's own time, warm, as REPORT says; _not measurable_: a tenth of the tail and more was this machine's doing |
| memory | the highest Max Memory Used |
| $ | AWS's dollars for a million requests that are all warm, or all cold, free tiers left out |

\`\`\`
${figures(all, setting)}
\`\`\`

## Where the compiled one becomes cheaper

Dollars for the same work, when so many of the requests are cold: _from 12 ms_ says that the compiled one costs less for work
that takes the other runtime's handler 12 ms or more, _below_ for less, _always_ for any, _never_ for none, _same_ that both cost
the same. By medians, billed in whole milliseconds; work between light and heavy, and beyond, is taken to cost in proportion. All
have the same memory: a function that needs less may be given less, and its CPU with it.

\`\`\`
${crossings(all)}
\`\`\`
`
}

const { all, parameters } = await subjects()
const flown = all.filter(({ missing }) => missing === undefined)
const folder = mkdtempSync(join(tmpdir(), 'windtunnel-runtimes-'))
const { url, stop } = await platform(folder)
try {
  process.stderr.write(`building and deploying ${flown.map(({ name }) => name).join(', ')}\n`)
  const template = join(example, 'template.yaml')
  const options = parameters.flatMap((pair) => ['--parameter', pair])
  windtunnel(url, folder, ['deploy', template, '--stack', STACK, ...options])
  const client = new PlatformClient(url, { account: '000000000000', region: 'us-east-1' })
  const names = await namesOf(client)
  const results = await measured({ folder, url, client, names }, flown)
  const shown = await client.call('lambda', 'GetFunctionConfiguration', { FunctionName: names.get('Node24') })
  const memory = valueAt(shown, 'MemorySize')
  const setting: Setting = {
    memoryMb: typeof memory === 'number' ? memory : Number.NaN,
    isArm: process.arch === 'arm64',
    below: BELOW,
  }
  process.stdout.write(`${figures(results.all, setting)}\n\n${crossings(results.all)}\n`)
  const missing = all.filter((subject) => subject.missing !== undefined)
  const written = page({ ...results, missing, setting })
  if (!values.quick) {
    writeFileSync(join(root, 'docs/runtimes.md'), written)
    process.stdout.write('\nwrote docs/runtimes.md\n')
  }
} finally {
  stop()
  rmSync(folder, { recursive: true, force: true })
}
