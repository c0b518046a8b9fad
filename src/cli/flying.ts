/**
 * One flight against a running platform: the plan placed on real addresses, the load from its own process, what the
 * platform recorded meanwhile, and the report. Deploying comes before, rendering after.
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isRecord, numberAt, parseJson, stringAt, valueAt } from '#base/json.ts'
import type { Application } from '#cli/application.ts'
import { UsageError } from '#cli/arguments.ts'
import type { PlatformClient } from '#cli/client.ts'
import { type Recorded, recordedSince } from '#cli/recorded.ts'
import { usEast1Prices } from '#engines/pricing/price-book.ts'
import { parseTemplate } from '#engines/templates/parse.ts'
import { processLoad } from '#host/load/load.ts'
import type { Flight } from '#lab/flight.ts'
import { type Endpoints, describeLoad, planOf } from '#lab/plan.ts'
import { parseFlight } from '#lab/read-flight.ts'
import { reportOf } from '#lab/result.ts'
import type { FlightReport, MachineReport } from '#lab/report.ts'
import type { LoadPlan, LoadProgress, LoadResult } from '#ports/load.ts'

export interface FlightFile {
  readonly flight: Flight
  readonly path: string
}

/** Reads and checks a flight; every problem names its line. */
export function readFlight(path: string): FlightFile {
  const text = fileText(path)
  const parsed = parseTemplate(text)
  if (!parsed.ok) {
    // the reader of templates is AWS's voice; a flight is no template
    const message = parsed.error.message.replace(/^Template format error: /, '')
    throw new UsageError(message, at(path, parsed.error.line), 'Correct the file.')
  }
  const flight = parseFlight(parsed.value.body, (where) => parsed.value.lineOf(...where))
  if (flight.ok) return { flight: flight.value, path }
  const [first, ...others] = flight.error
  const more = others.map((problem) => `\n       ${at(path, problem.line)}  ${problem.message}`).join('')
  throw new UsageError(
    `${first?.message ?? 'The flight is wrong.'}${more}`,
    at(path, first?.line),
    'docs/flight.schema.json describes every member of a flight.',
  )
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new UsageError(
      'There is no such flight.',
      path,
      'Name a flight.yaml, such as examples/first/flight.yaml.',
    )
  }
}

const at = (path: string, line: number | undefined): string => (line === undefined ? path : `${path}:${line}`)

export interface FlyRequest {
  readonly file: FlightFile
  readonly application: Application
  /** `durationMs` is when the last request is due. */
  onProgress(progress: LoadProgress, durationMs: number): void
  readonly signal: AbortSignal
  readonly warnings: readonly string[]
}

export async function fly(client: PlatformClient, request: FlyRequest): Promise<FlightReport> {
  const { flight } = request.file
  const plan = placed(client, request)
  await client.get('/_windtunnel/delay')
  const durationMs = plan.arrivals.at(-1)?.atMs ?? 0
  const result = await processLoad().run(
    plan,
    (progress) => request.onProgress(progress, durationMs),
    request.signal,
  )
  const delay = await client.get('/_windtunnel/delay')
  const recorded = await recordedSince(
    client,
    result.startedAt,
    result.samples.filter((sample) => sample.outcome === 'answered').length,
  )
  const health = await client.get('/_windtunnel/health')
  return reportOf({
    name: flight.name,
    design: flight.design,
    profile: 'native',
    targets: flight.targets.map(({ name, expect }) => ({ name, expect })),
    load: {
      description: describeLoad(flight.phases),
      seed: flight.seed,
      planned: plan.arrivals.length,
      warmUpMs: flight.warmUpMs,
    },
    ...measured(result, recorded),
    book: usEast1Prices,
    budgets: flight.budgets,
    machine: machineOf(health),
    eventLoopDelay: {
      p50Ms: numberAt(delay, 'p50Ms') ?? 0,
      p99Ms: numberAt(delay, 'p99Ms') ?? 0,
      maxMs: numberAt(delay, 'maxMs') ?? 0,
    },
    warnings: [...request.warnings, ...texts(valueAt(health, 'notices'))],
  })
}

function measured(result: LoadResult, recorded: Recorded): { result: LoadResult } & Recorded {
  return { result, spans: recorded.spans, usage: recorded.usage }
}

function placed(client: PlatformClient, request: FlyRequest): LoadPlan {
  const plan = planOf(request.file.flight, endpointsOf(client, request))
  if (plan.ok) return plan.value
  throw new UsageError(
    plan.error,
    request.file.path,
    'windtunnel deploy shows the endpoints of what is deployed.',
  )
}

function endpointsOf(client: PlatformClient, { application, file }: FlyRequest): Endpoints {
  const folder = dirname(file.path)
  return {
    api: (api) => {
      const matching = application.endpoints.filter(
        (each) => api === undefined || each.name === api || each.id === api,
      )
      const [only, second] = matching
      return only === undefined || (second !== undefined && second.id !== only.id)
        ? undefined
        : only.url.replace(/\/$/, '')
    },
    functionInvoke: (name) => {
      const found = application.functions.find((each) => each.name === name || each.functionName === name)
      const functionName = found?.functionName ?? (name.startsWith('arn:') ? name : undefined)
      if (functionName === undefined) return undefined
      return {
        url: `${client.endpoint}/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`,
        headers: client.signed('lambda'),
      }
    },
    recording: (recordedFile) => {
      const list = parseJson(fileText(resolve(folder, recordedFile)))
      return Array.isArray(list) && list.every((offset) => typeof offset === 'number') ? list : undefined
    },
  }
}

/** What the platform says of its machine, for the report's last section. */
export function machineOf(health: unknown): MachineReport {
  const modes = valueAt(health, 'modes')
  return {
    isolation: stringAt(modes, 'isolation') ?? 'unknown',
    cpu: stringAt(modes, 'cpu') ?? 'unknown',
    memory: stringAt(modes, 'memory') ?? 'unknown',
    freeze: stringAt(modes, 'freeze') ?? 'unknown',
    tmp: stringAt(modes, 'tmp') ?? 'unknown',
    cores: numberAt(health, 'cores') ?? 0,
    platform: stringAt(health, 'platform') ?? 'unknown',
    versions: texts(valueAt(health, 'versions')),
    notes: isRecord(modes) ? texts(modes['notes']) : [],
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}
