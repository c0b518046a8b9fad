/**
 * `windtunnel tune`: one function flown at several memory sizes. Each size gets a fresh configuration, two calls to see
 * how long it takes, then an open-loop load below its saturation, so that sizes do not queue behind themselves.
 */
import { numberAt, stringAt } from '#base/json.ts'
import { seconds } from '#base/time.ts'
import { type Application, everything } from '#cli/application.ts'
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { type PlatformClient, clientOf } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { fly } from '#cli/flying.ts'
import { renderTune } from '#cli/render/compare.ts'
import type { Terminal } from '#cli/terminal.ts'
import { DEFAULT_IN_FLIGHT_MAX, type Flight } from '#lab/flight.ts'
import { type TuneFlight, tuneReport } from '#lab/tune.ts'

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

/** The function by name or by logical id of any stack. */
async function functionNamed(
  client: PlatformClient,
  name: string,
): Promise<{ functionName: string; memoryMb: number }> {
  const { functions } = await everything(client)
  const exact = functions.find((each) => each.functionName === name)
  const like = functions.filter((each) => each.functionName.toLowerCase().includes(`-${name.toLowerCase()}-`))
  const found = exact ?? (like.length === 1 ? like[0] : undefined)
  if (found === undefined) {
    const known = functions.map((each) => each.functionName).join(', ')
    throw new UsageError(
      'There is no such function.',
      name,
      known === '' ? 'Deploy one first: windtunnel deploy template.yaml' : `Deployed are: ${known}`,
    )
  }
  const configuration = await client.call('lambda', 'GetFunctionConfiguration', {
    FunctionName: found.functionName,
  })
  return { functionName: found.functionName, memoryMb: numberAt(configuration, 'MemorySize') ?? 128 }
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
    const response = await client.fetch(path, {
      method: 'POST',
      headers: client.signed('lambda'),
      body: payload,
    })
    const answer = await response.text()
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

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const client = clientOf(parsed)
  const payload = parsed.value('payload') ?? '{}'
  const forMs = seconds(parsed.integer('seconds', 1) ?? DEFAULT_SECONDS)
  const sizes = sizesOf(parsed)
  const { functionName, memoryMb: before } = await functionNamed(client, parsed.words[0] ?? '')
  const application: Application = {
    stack: '',
    status: '',
    resources: 1,
    outputs: [],
    endpoints: [],
    functions: [{ name: functionName, functionName }],
  }
  const stop = new AbortController()
  process.on('SIGINT', () => stop.abort()) // not once: under npm it comes twice
  const flights: TuneFlight[] = []
  try {
    for (const memoryMb of sizes) {
      if (stop.signal.aborted) break
      terminal.step(`flying ${functionName} at ${memoryMb} MB (${flights.length + 1} of ${sizes.length})`)
      await resize(client, functionName, memoryMb)
      const flight = flightOf(functionName, payload, await warmMs(client, functionName, payload), forMs)
      const report = await fly(client, {
        file: { flight, path: functionName },
        application,
        onProgress: () => undefined,
        signal: stop.signal,
        warnings: [],
      })
      flights.push({ memoryMb, report })
    }
  } finally {
    await resize(client, functionName, before)
    terminal.settled()
  }
  const tuned = tuneReport(functionName, flights)
  if (tuned === undefined)
    throw new UsageError('No size was measured.', functionName, 'Let it run to its end.')
  if (terminal.json) terminal.out(JSON.stringify(tuned))
  else {
    terminal.out(renderTune(tuned, { width: terminal.width, color: terminal.color }))
    terminal.note(`${functionName} has its ${before} MB again`)
  }
  return stop.signal.aborted ? EXIT.interrupted : EXIT.ok
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
