/**
 * `/_windtunnel/`: what the command line and the console ask of a running platform. JSON, or newline-separated JSON
 * for lists. Peers inside an execution environment are refused before they come here.
 */
import {
  type AccountId,
  accountId,
  DEFAULT_ACCOUNT,
  DEFAULT_REGION,
  type Region,
  regionOf,
} from '#base/ids.ts'
import { isRecord, numberAt, parseJson, stringAt, valueAt } from '#base/json.ts'
import { Fault } from '#base/fault.ts'
import { text } from '#base/bytes.ts'
import { instant } from '#base/time.ts'
import type { ClockControl } from '#ports/clock.ts'
import type { HttpRequest, HttpResponse } from '#ports/http.ts'
import type { SpanQuery, Spans } from '#ports/spans.ts'
import type { Usage } from '#ports/usage.ts'

/** One answer never lists more than this; the next page begins at the last one's time. */
const LIST_MAX = 1_000_000
const BODY_MAX = 16 * 1024 * 1024

export interface ControlParts {
  readonly clock: ClockControl
  readonly spans: Spans
  readonly usage: Usage
  health(): unknown
  environments(): unknown
  /** Longest stalls of the event loop since the last reading, in ms. */
  delay(): unknown
  reset(): Promise<void>
  call(request: {
    service: string
    operation: string
    input: unknown
    account: string
    region: string
  }): Promise<unknown>
  /** How many environments were told to end. */
  endEnvironments(
    how: 'recycle' | 'kill',
    what: { functionName?: string | undefined; id?: string | undefined },
  ): number
  /** One start of a function that is only looked at. */
  profile(request: ProfileRequest): Promise<unknown>
  page(path: string): Promise<HttpResponse>
  code(id: string): Promise<HttpResponse | undefined>
}

export interface ProfileRequest {
  readonly functionName: string
  /** For the runtime client; undefined for a start as all others are. */
  readonly watch: Readonly<Record<string, unknown>> | undefined
  readonly account: AccountId
  readonly region: Region
}

export const CONTROL_PREFIX = '/_windtunnel/'

export async function control(parts: ControlParts, request: HttpRequest): Promise<HttpResponse> {
  const path = request.path.slice(CONTROL_PREFIX.length)
  const query = new URLSearchParams(request.query)
  if (request.method === 'POST') return await change(parts, request, path)
  if (request.method !== 'GET')
    return wrong(405, `${request.method} is not understood here.`, 'Use GET or POST.')
  if (path === 'health') return json(parts.health())
  if (path === 'environments') return json(parts.environments())
  if (path === 'delay') return json(parts.delay())
  if (path === 'clock') return json(clockState(parts.clock))
  if (path === 'spans') return lines(await parts.spans.read(spanQuery(query)))
  if (path === 'usage') return lines(await parts.usage.read(spanQuery(query)))
  if (path.startsWith('code/'))
    return (
      (await parts.code(path.slice(5))) ??
      wrong(404, 'No package has that id.', 'Take the address from GetFunction.')
    )
  return await parts.page(path)
}

async function change(parts: ControlParts, request: HttpRequest, path: string): Promise<HttpResponse> {
  const collected = await request.body.collect(BODY_MAX)
  if (collected === 'too-large') return wrong(413, `The body is larger than ${BODY_MAX} bytes.`, 'Send less.')
  const body = collected.length === 0 ? {} : parseJson(text(collected))
  if (body === undefined) return wrong(400, 'The body is no JSON.', 'Send a JSON object.')
  if (path === 'reset') {
    await parts.reset()
    return json({ reset: true })
  }
  if (path === 'clock') return await moveClock(parts.clock, body)
  if (path === 'environments') {
    const action = stringAt(body, 'action')
    if (action !== 'recycle' && action !== 'kill')
      return wrong(
        400,
        'The action is recycle or kill.',
        'For example {"action":"recycle","function":"hello"}.',
      )
    const what = { functionName: stringAt(body, 'function'), id: stringAt(body, 'id') }
    return json({ ended: parts.endEnvironments(action, what) })
  }
  if (path === 'start') {
    const watch = valueAt(body, 'watch')
    const functionName = stringAt(body, 'function') ?? ''
    const what = { functionName, watch: isRecord(watch) ? watch : undefined }
    return await orFault(() => parts.profile({ ...what, ...ownerOf(request) }))
  }
  const api = /^api\/([a-z0-9]+)\/([A-Za-z0-9]+)$/.exec(path)
  if (api !== null)
    return await callApi(parts, request, { service: api[1] ?? '', operation: api[2] ?? '', input: body })
  return wrong(404, `There is no ${CONTROL_PREFIX}${path}.`, 'GET /_windtunnel/health shows what is there.')
}

async function callApi(
  parts: ControlParts,
  request: HttpRequest,
  what: { service: string; operation: string; input: unknown },
): Promise<HttpResponse> {
  return await orFault(() => parts.call({ ...what, ...ownerOf(request) }))
}

function ownerOf(request: HttpRequest): { readonly account: AccountId; readonly region: Region } {
  const query = new URLSearchParams(request.query)
  const account = accountId(query.get('account') ?? '') ?? DEFAULT_ACCOUNT
  return { account, region: regionOf(query.get('region') ?? '') ?? DEFAULT_REGION }
}

async function orFault(answer: () => Promise<unknown>): Promise<HttpResponse> {
  try {
    return json((await answer()) ?? {})
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return json({ error: { code: error.code, message: error.message } }, error.status ?? 400)
  }
}

async function moveClock(clock: ClockControl, body: unknown): Promise<HttpResponse> {
  const action = stringAt(body, 'action')
  if (!clock.state().virtual) {
    return wrong(409, 'This platform runs on real time.', 'Start it with --virtual-time to move its clock.')
  }
  if (action === 'freeze') clock.freeze()
  else if (action === 'resume') clock.resume()
  else if (action === 'advance') {
    const ms = numberAt(body, 'ms')
    if (ms === undefined || !(ms >= 0 && ms <= 400 * 86_400_000)) {
      return wrong(
        400,
        'advance needs ms, from 0 to 400 days.',
        'For example {"action":"advance","ms":900000}.',
      )
    }
    await clock.advance(ms)
  } else
    return wrong(
      400,
      'The action of a clock is advance, freeze or resume.',
      'For example {"action":"freeze"}.',
    )
  return json(clockState(clock))
}

function clockState(clock: ClockControl): unknown {
  const { now, ...rest } = clock.state()
  return { ...rest, nowMs: now }
}

function spanQuery(query: URLSearchParams): SpanQuery {
  const number = (name: string): number | undefined => {
    const value = Number(query.get(name) ?? Number.NaN)
    return Number.isFinite(value) ? value : undefined
  }
  const from = number('from')
  const to = number('to')
  return {
    from: from === undefined ? undefined : instant(from),
    to: to === undefined ? undefined : instant(to),
    traceId: query.get('trace') ?? undefined,
    limit: Math.min(LIST_MAX, number('limit') ?? LIST_MAX),
  }
}

export function json(value: unknown, status = 200): HttpResponse {
  return {
    status,
    headers: [
      ['Content-Type', 'application/json'],
      ['Cache-Control', 'no-store'],
    ],
    body: `${JSON.stringify(value)}\n`,
  }
}

/** An error of ours: what happened and what to do next. */
export function wrong(status: number, message: string, remedy: string): HttpResponse {
  return json({ error: { message, remedy } }, status)
}

/** Lines in blocks, so that a million records never become one string. */
const LINES_A_BLOCK = 2_000

function lines(records: readonly unknown[]): HttpResponse {
  const encoder = new TextEncoder()
  async function* blocks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < records.length; at += LINES_A_BLOCK) {
      const block = records.slice(at, at + LINES_A_BLOCK)
      yield encoder.encode(block.map((record) => `${JSON.stringify(record)}\n`).join(''))
      await Promise.resolve()
    }
  }
  return { status: 200, headers: [['Content-Type', 'application/x-ndjson']], body: blocks() }
}
