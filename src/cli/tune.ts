/**
 * `windtunnel tune`: one function flown at several memory sizes. Each size gets a fresh configuration, two calls to see
 * how long it takes, then an open-loop load below its saturation, so that sizes do not queue behind themselves.
 */
import { numberAt, stringAt } from '#base/json.ts'
import { seconds } from '#base/time.ts'
import { Trouble } from '#base/trouble.ts'
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { type PlatformClient, clientOf } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { pacedFor } from '#cli/fly.ts'
import { fly } from '#cli/flying.ts'
import { functionNamed } from '#cli/functions.ts'
import { Interrupted, Interruption } from '#cli/interruption.ts'
import { renderTune } from '#cli/render/compare.ts'
import type { Terminal } from '#cli/terminal.ts'
import { DEFAULT_IN_FLIGHT_MAX, type Flight } from '#lab/flight.ts'
import type { FlightReport } from '#lab/report.ts'
import { type TuneFlight, type TuneReport, tuneReport } from '#lab/tune.ts'

const DEFAULT_SIZES = [128, 256, 512, 1_024, 1_769]
const DEFAULT_SECONDS = 10
/** Share of the time that one environment is busy; below one, requests do not wait for each other. */
const BUSY_SHARE = 0.7
const RATE_MAX = 60
const TIMEOUT_MS = seconds(900)
const POLL_MS = 50

function sizesOf(parsed: Parsed): number[] {
  const given = parsed.value('memory')
  if (given === undefined) return DEFAULT_SIZES
  const sizes = given.split(',').map(Number)
  if (sizes.every((size) => Number.isInteger(size) && size >= 128 && size <= 10_240)) return sizes
  throw new UsageError(
    `"${given}" is no list of memory sizes.`,
    '--memory',
    'Sizes are whole MB from 128 to 10240, such as --memory 128,512,1024.',
  )
}

async function memoryOf(client: PlatformClient, functionName: string): Promise<number> {
  const configuration = await client.call('lambda', 'GetFunctionConfiguration', {
    FunctionName: functionName,
  })
  return numberAt(configuration, 'MemorySize') ?? 128
}

async function resize(client: PlatformClient, functionName: string, memoryMb: number): Promise<void> {
  await client.call('lambda', 'UpdateFunctionConfiguration', {
    FunctionName: functionName,
    MemorySize: memoryMb,
  })
  for (;;) {
    const state = await client.call('lambda', 'GetFunctionConfiguration', { FunctionName: functionName })
    if (stringAt(state, 'LastUpdateStatus') !== 'InProgress') return
    await new Promise((resume) => setTimeout(resume, POLL_MS))
  }
}

/** How long a warm call takes, in ms; the first one started the environment. */
async function warmMs(client: PlatformClient, functionName: string, payload: string): Promise<number> {
  let tookMs = 0
  for (let call = 0; call < 2; call++) {
    const started = performance.now()
    const path = `/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`
    const response = await client.send('lambda', path, { method: 'POST', body: payload })
    const answer = await client.text(response)
    if (!response.ok || response.headers.get('x-amz-function-error') !== null) {
      throw new UsageError(
        `The function fails, so there is nothing to tune: ${answer.slice(0, 200)}`,
        functionName,
        `windtunnel logs ${functionName}`,
      )
    }
    tookMs = performance.now() - started
  }
  return tookMs
}

function flightOf(functionName: string, payload: string, perCallMs: number, forMs: number): Flight {
  const ratePerS = Math.min(RATE_MAX, (BUSY_SHARE * 1_000) / Math.max(1, perCallMs))
  return {
    name: `tune ${functionName}`,
    template: undefined,
    design: '',
    parameters: {},
    seed: 1,
    timeoutMs: TIMEOUT_MS,
    warmUpMs: 0,
    inFlightMax: DEFAULT_IN_FLIGHT_MAX,
    phases: [{ kind: 'constant', ratePerS, durationMs: Math.max(forMs, 5_000 / ratePerS) }],
    targets: [
      {
        kind: 'function',
        name: functionName,
        functionName,
        weight: 1,
        headers: {},
        body: payload,
        expect: [],
      },
    ],
    budgets: [],
  }
}

interface Tuning {
  readonly client: PlatformClient
  readonly functionName: string
  readonly payload: string
  readonly forMs: number
  readonly terminal: Terminal
  readonly interruption: Interruption
}

/** One flight a size, as far as it gets: a signal cuts the last one short. */
async function flySizes(tuning: Tuning, sizes: readonly number[]): Promise<readonly TuneFlight[]> {
  const flights: TuneFlight[] = []
  for (const memoryMb of sizes) {
    const at = `${memoryMb} MB (${flights.length + 1} of ${sizes.length})`
    try {
      flights.push({ memoryMb, report: await flySize(tuning, memoryMb, at) })
    } catch (error) {
      if (error instanceof Interrupted) return flights
      throw error
    }
    if (tuning.interruption.code !== undefined) return flights
  }
  return flights
}

async function flySize(tuning: Tuning, memoryMb: number, at: string): Promise<FlightReport> {
  const { client, functionName, payload, terminal, interruption } = tuning
  const step = (line: string): void => {
    if (!terminal.json) terminal.step(`${at}  ${line}`)
  }
  step(`calling ${functionName} twice`)
  await resize(client, functionName, memoryMb)
  const doing = { thing: `tuning ${functionName}`, remedy: 'Let it run to its end.' }
  const perCallMs = await interruption.race(warmMs(client, functionName, payload), doing)
  return await fly(client, {
    file: { flight: flightOf(functionName, payload, perCallMs, tuning.forMs), path: functionName },
    application: {
      stack: '',
      status: '',
      resources: 1,
      outputs: [],
      endpoints: [],
      functions: [{ name: functionName, functionName }],
    },
    onProgress: pacedFor(terminal, step),
    signal: interruption.signal,
    warnings: [],
  })
}

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const client = clientOf(parsed)
  const payload = parsed.value('payload') ?? '{}'
  const forMs = seconds(parsed.integer('seconds', 1) ?? DEFAULT_SECONDS)
  const sizes = sizesOf(parsed)
  const functionName = await functionNamed(client, parsed.words[0] ?? '')
  const before = await memoryOf(client, functionName)
  using interruption = new Interruption()
  let flights: readonly TuneFlight[]
  try {
    flights = await flySizes({ client, functionName, payload, forMs, terminal, interruption }, sizes)
  } finally {
    await resize(client, functionName, before)
    terminal.settled()
  }
  const tuned = tuneReport(functionName, flights)
  const { code } = interruption
  if (tuned === undefined) {
    const again = 'Let it run to its end.'
    if (code !== undefined) throw new Interrupted(code, `tuning ${functionName}: no size was measured`, again)
    throw new Trouble('No size was measured.', functionName, `windtunnel logs ${functionName}`)
  }
  show(terminal, partly(tuned, { done: flights, of: sizes.length, isPartial: code !== undefined }))
  if (!terminal.json) terminal.note(`${functionName} has its ${before} MB again`)
  return code ?? EXIT.ok
}

interface Extent {
  readonly done: readonly TuneFlight[]
  readonly of: number
  readonly isPartial: boolean
}

/** Says first that a report is of fewer sizes than were asked for. */
function partly(tuned: TuneReport, { done, of, isPartial }: Extent): TuneReport & { partial: boolean } {
  if (!isPartial) return { ...tuned, partial: false }
  const cut = done.filter(({ report }) => report.partial).map(({ memoryMb }) => `${memoryMb} MB`)
  const whole = done.length - cut.length
  const short = cut.length === 0 ? '' : `; that at ${cut.join(', ')} was cut short`
  const said = `Partial: stopped early, ${whole} of ${of} flights ran to their end${short}.`
  return { ...tuned, verdict: `${said} ${tuned.verdict}`, partial: true }
}

function show(terminal: Terminal, tuned: TuneReport & { partial: boolean }): void {
  if (terminal.json) terminal.out(JSON.stringify(tuned))
  else terminal.out(renderTune(tuned, { width: terminal.width, color: terminal.color }))
}

export const tune: Command = {
  name: 'tune',
  summary: 'Fly one function at several memory sizes and name the cheapest, fastest and balanced one.',
  usage: 'tune FUNCTION [--memory 128,256,...] [--payload JSON] [--seconds N]',
  example: 'windtunnel tune primes --memory 128,256,512,1024',
  options: [
    { name: 'memory', value: 'MB,MB', sentence: `Sizes to fly (default ${DEFAULT_SIZES.join(',')}).` },
    { name: 'payload', value: 'JSON', sentence: 'The event of each call (default {}).' },
    {
      name: 'seconds',
      value: 'N',
      sentence: `Length of each flight (default ${DEFAULT_SECONDS}); slow functions get at least five calls.`,
    },
    { name: 'region', value: 'REGION', sentence: 'Region of the function (default us-east-1).' },
  ],
  words: { min: 1, max: 1 },
  run,
}
