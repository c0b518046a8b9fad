/**
 * One flight against a running platform: the plan placed on real addresses, the load from its own process, what the
 * platform recorded meanwhile, and the report. Deploying comes before, rendering after.
 */
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isRecord, numberAt, parseJson, stringAt, valueAt } from '#base/json.ts'
import { type Application, eventPlaceOf } from '#cli/application.ts'
import { UsageError } from '#cli/arguments.ts'
import type { PlatformClient } from '#cli/client.ts'
import { textOf } from '#cli/files.ts'
import { type Instant, instant } from '#base/time.ts'
import { type Recorded, type Since, recordedSince, spansSince, usageMark } from '#cli/recorded.ts'
import { usEast1Prices } from '#engines/pricing/price-book.ts'
import { parseTemplate } from '#engines/templates/parse.ts'
import { processLoad } from '#host/load/load.ts'
import { Drain, type Draining } from '#lab/drain.ts'
import { DEFAULT_DRAIN_MS, type Flight, isEvent } from '#lab/flight.ts'
import { namedBy } from '#lab/event-request.ts'
import { type Endpoints, describeLoad, planOf } from '#lab/plan.ts'
import { parseFlight } from '#lab/read-flight.ts'
import { type MeasuredTarget, reportOf } from '#lab/result.ts'
import type { FlightReport, MachineReport } from '#lab/report.ts'
import type { LoadPlan, LoadProgress, LoadResult, LoadTarget } from '#ports/load.ts'

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
    return textOf(path)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const what = existsSync(path) ? error.message : 'There is no such flight.'
    throw new UsageError(what, path, 'Name a flight.yaml, such as examples/first/flight.yaml.')
  }
}

const at = (path: string, line: number | undefined): string => (line === undefined ? path : `${path}:${line}`)

export interface FlyRequest {
  readonly file: FlightFile
  readonly application: Application
  /** `durationMs` is when the last request is due. */
  onProgress(progress: LoadProgress, durationMs: number): void
  /** The last answer is there, or the flight was stopped. */
  onLanded?(): void
  /** Events are still being worked on; they are waited for at most that long. */
  onDraining?(draining: Draining, leftMs: number): void
  readonly signal: AbortSignal
  readonly warnings: readonly string[]
}

export async function fly(client: PlatformClient, request: FlyRequest): Promise<FlightReport> {
  const { flight } = request.file
  const plan = placed(client, request, await eventIds(client, request))
  await client.get('/_windtunnel/delay')
  const durationMs = plan.arrivals.at(-1)?.atMs ?? 0
  const mark = await usageMark(client)
  const result = await processLoad().run(
    plan,
    (progress) => request.onProgress(progress, durationMs),
    request.signal,
  )
  request.onLanded?.()
  const delay = await client.get('/_windtunnel/delay')
  const targets = flight.targets.map((target) => ({
    name: target.name,
    expect: target.expect,
    isEvent: isEvent(target),
  }))
  const { recorded, observedUntil } = await drained(client, request, {
    result,
    targets,
    since: { ...mark, spans: result.startedAt },
  })
  const health = await client.get('/_windtunnel/health')
  return reportOf({
    name: flight.name,
    design: flight.design,
    profile: 'native',
    targets,
    observedUntil,
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

/** The least and the most of a pause between two looks at events that are under way. */
const DRAIN_STEP_MS = 500
const DRAIN_STEP_MAX_MS = 5_000

interface Flown {
  readonly result: LoadResult
  readonly targets: readonly MeasuredTarget[]
  readonly since: Since
}

/** What was recorded once all events were done with, or the time for that was over, or the flight was stopped. */
async function drained(
  client: PlatformClient,
  request: FlyRequest,
  { result, targets, since }: Flown,
): Promise<{ readonly recorded: Recorded; readonly observedUntil: Instant }> {
  const { file, signal } = request
  const read = async (): Promise<{ recorded: Recorded; observedUntil: Instant }> => {
    const observedUntil = instant(Date.now())
    return { recorded: await recordedSince(client, since, result.samples.length), observedUntil }
  }
  const first = await read()
  const drain = new Drain(result, targets)
  let state = drain.add(first.recorded.spans)
  if (state.unfinished === 0) return first
  const until = Date.now() + (file.flight.drainMs ?? DEFAULT_DRAIN_MS)
  while (state.unfinished > 0 && Date.now() < until && !signal.aborted) {
    request.onDraining?.(state, until - Date.now())
    const before = Date.now()
    state = drain.add(await spansSince(client, state.from))
    // Looking takes the platform's time too: most of the time nobody looks.
    const pauseMs = Math.min(DRAIN_STEP_MAX_MS, Math.max(DRAIN_STEP_MS, 4 * (Date.now() - before)))
    if (state.unfinished > 0) await pause(Math.min(pauseMs, Math.max(0, until - Date.now())), signal)
  }
  return await read()
}

/** Ends early when the flight is stopped. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resume) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resume()
    }
    signal.addEventListener('abort', done)
  })
}

function measured(result: LoadResult, recorded: Recorded): { result: LoadResult } & Recorded {
  return { result, spans: recorded.spans, usage: recorded.usage }
}

type EventIds = ReadonlyMap<string, string>
const eventKey = (kind: string, name: string): string => `${kind} ${name}`

/** Whose API a target's requests are; APIs and addresses of the user's are not signed here. */
const SERVICE_OF = { function: 'lambda', queue: 'sqs', topic: 'sns', bus: 'events', bucket: 's3' } as const

/** What the queues, topics, buses and buckets of the flight are called on the platform. */
async function eventIds(client: PlatformClient, { application, file }: FlyRequest): Promise<EventIds> {
  const ids = new Map<string, string>()
  for (const target of file.flight.targets) {
    if (target.kind === 'route' || target.kind === 'url' || target.kind === 'function') continue
    const name = namedBy(target)
    const id = await eventPlaceOf(client, application, { kind: target.kind, name })
    if (id !== undefined) ids.set(eventKey(target.kind, name), id)
  }
  return ids
}

function placed(client: PlatformClient, request: FlyRequest, ids: EventIds): LoadPlan {
  const plan = planOf(request.file.flight, endpointsOf(client, request, ids))
  if (plan.ok)
    return { ...plan.value, targets: signedTargets(client, request.file.flight, plan.value.targets) }
  throw new UsageError(
    plan.error,
    request.file.path,
    request.application.endpoints.length + request.application.functions.length === 0
      ? `Nothing is deployed: windtunnel load ${request.file.path} --deploy`
      : 'windtunnel deploy shows the endpoints of what is deployed.',
  )
}

/**
 * Each target's request is signed once, before the load begins: its signature is good for five minutes (S3: fifteen).
 * What differs from one request to the next is not signed. Both matter only where IAM is enforced.
 */
function signedTargets(
  client: PlatformClient,
  flight: Flight,
  targets: readonly LoadTarget[],
): readonly LoadTarget[] {
  return targets.map((target, i) => {
    const kind = flight.targets[i]?.kind
    if (kind === undefined || kind === 'route' || kind === 'url' || target.numbered === true) return target
    return { ...target, headers: client.signed(SERVICE_OF[kind], target) }
  })
}

function endpointsOf(client: PlatformClient, { application, file }: FlyRequest, ids: EventIds): Endpoints {
  const folder = dirname(file.path)
  return {
    api: (api) => apiAddress(application.endpoints, api),
    functionInvoke: (name) => {
      const found = application.functions.find((each) => each.name === name || each.functionName === name)
      const functionName = found?.functionName ?? (name.startsWith('arn:') ? name : undefined)
      if (functionName === undefined) return undefined
      return {
        url: `${client.endpoint}/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`,
        headers: client.addressed('lambda'),
      }
    },
    event: (kind, name) => {
      const id = ids.get(eventKey(kind, name))
      return id === undefined
        ? undefined
        : { endpoint: client.endpoint, id, headers: client.addressed(SERVICE_OF[kind]) }
    },
    recording: (recordedFile) => {
      const list = parseJson(fileText(resolve(folder, recordedFile)))
      return Array.isArray(list) && list.every((offset) => typeof offset === 'number') ? list : undefined
    },
  }
}

/** Where a route is sent, without a slash at its end: to the API or function URL it names, else to the only API. */
export function apiAddress(endpoints: Application['endpoints'], api: string | undefined): string | undefined {
  const [only, second] = endpoints.filter((each) =>
    api === undefined ? each.isFunctionUrl !== true : each.name === api || each.id === api,
  )
  return only === undefined || (second !== undefined && second.id !== only.id)
    ? undefined
    : only.url.replace(/\/$/, '')
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
