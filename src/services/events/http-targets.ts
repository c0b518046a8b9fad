/**
 * Targets that are called by HTTP: API destinations, with their connections' credentials and rate, and stages of REST APIs
 * on this platform. Source: EventBridge user guide, API destinations: headers, time, which answers are tried again.
 */
import { text, utf8 } from '#base/bytes.ts'
import { parseArn } from '#base/arn.ts'
import { isRecord, parseJson } from '#base/json.ts'
import type { HttpParameters } from '#model/events.ts'
import type { OutboundOutcome } from '#ports/outbound.ts'
import type { Store } from '#ports/store.ts'
import { type Authorized, Credentials } from '#services/events/credentials.ts'
import type { Addressed, Delivered, Handed } from '#services/events/delivered.ts'
import {
  BURST_MS,
  HTTP_ANSWER_BYTES,
  HTTP_TIMEOUT_MS,
  INVOCATIONS_PER_SECOND,
  PACES_MAX,
} from '#services/events/limits.ts'
import { bill, chunksOf } from '#services/events/metering.ts'
import { type Named, namedBy, type Owner, ownerParts } from '#services/events/names.ts'
import { valuesOf, withQuery } from '#services/events/parameters.ts'
import type { EventsPorts } from '#services/events/ports.ts'
import {
  CONNECTIONS,
  type ConnectionRecord,
  type DestinationRecord,
  DESTINATIONS,
} from '#services/events/records.ts'

export interface HttpParts {
  readonly ports: EventsPorts
  control(): Store
}

interface Request {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const JSON_TYPE = 'application/json; charset=utf-8'
/** Cannot be changed by parameters. */
const OWN_HEADERS = {
  'User-Agent': 'Amazon/EventBridge/ApiDestinations',
  Range: 'bytes=0-1048575',
  'Accept-Encoding': 'gzip,deflate',
  Connection: 'close',
}

/** What HTTP takes. Source: RFC 9110, 5.1 and 5.5. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

const unsendable: Delivered = {
  kind: 'refused',
  code: 'INVALID_PARAMETER',
  why: 'A header of the request holds what HTTP does not take.',
}

export class HttpTargets {
  readonly #parts: HttpParts
  readonly #credentials: Credentials
  /** When each destination's next invocation may begin. */
  readonly #next = new Map<string, number>()

  constructor(parts: HttpParts) {
    this.#parts = parts
    this.#credentials = new Credentials(parts.ports)
  }

  forget(): void {
    this.#next.clear()
    this.#credentials.clear()
  }

  async toDestination(handed: Handed, named: Named): Promise<Delivered> {
    const { to } = handed
    const destination = await this.#destination(named)
    const connection = destination && (await this.#connection(destination.connectionArn))
    if (destination === undefined || connection === undefined)
      return { kind: 'refused', code: 'NO_RESOURCE', why: `${to.target.Arn} does not exist.` }
    if (connection.authorization === undefined)
      return {
        kind: 'refused',
        code: 'NO_PERMISSIONS',
        why: `Connection ${connection.name} is not authorized.`,
      }
    const slot = this.#slot(to, destination)
    if (slot !== undefined) return { kind: 'wait', notBefore: slot }
    const authorized = await this.#authorized(named, connection)
    if (authorized.kind === 'failed') return { kind: 'later', code: 'ERROR_FROM_TARGET', why: authorized.why }
    const request = destinationRequest(handed, destination, { connection, headers: authorized.headers })
    const outcome = await this.#send(request, { Host: hostOf(request.url) })
    if (outcome === undefined) return unsendable
    const { bus, trace } = to.item
    const quantity = chunksOf(request.body.length)
    bill(this.#parts.ports, bus, { dimension: 'apiDestinations', quantity, resource: to.target.Arn, trace })
    if (outcome.kind === 'answered' && (outcome.status === 401 || outcome.status === 407))
      return this.#credentials.drop(connection)
        ? { kind: 'later', code: 'ERROR_FROM_TARGET', why: `The endpoint answered ${outcome.status}.` }
        : judged(outcome, this.#parts.ports.clock.now())
    return judged(outcome, this.#parts.ports.clock.now())
  }

  /** Fetches a new connection's first token. Connections of other kinds are authorized as they are. */
  async authorize(owner: Owner, name: string): Promise<void> {
    const connection = await CONNECTIONS.get(this.#parts.control().read, ownerParts(owner), name)
    if (connection?.state === 'AUTHORIZING') await this.#authorized(owner, connection)
  }

  /** The credentials; whether there are any is noted with the connection. */
  async #authorized(owner: Owner, connection: ConnectionRecord): Promise<Authorized> {
    const authorized = await this.#credentials.of(connection)
    const state = authorized.kind === 'failed' ? 'DEAUTHORIZED' : 'AUTHORIZED'
    const why = authorized.kind === 'failed' ? authorized.why : undefined
    if (connection.state === state || connection.authorization === undefined) return authorized
    const authorizedAt = Math.floor(this.#parts.ports.clock.now())
    await this.#parts.control().tx(async (tx) => {
      const now = await CONNECTIONS.get(tx, ownerParts(owner), connection.name)
      if (now?.id !== connection.id || now.changedAt !== connection.changedAt) return
      CONNECTIONS.put(tx, ownerParts(owner), [now.name], { ...now, state, why, authorizedAt })
    })
    return authorized
  }

  /** Source: EventBridge user guide, API Gateway targets; recorded AWS requests. Calls are not signed, the agent is inferred. */
  async toGateway(handed: Handed): Promise<Delivered> {
    const { to, span } = handed
    const [api = '', stage = '', method = '', ...path] = (parseArn(to.target.Arn)?.resource ?? '').split('/')
    if (!/^[a-z0-9]+$/.test(api) || method === '')
      return {
        kind: 'refused',
        code: 'INVALID_PARAMETER',
        why: `${to.target.Arn} names no method of an API.`,
      }
    const { HttpParameters: parameters } = to.target
    const base = `${this.#parts.ports.endpoint()}/_aws/execute-api/${api}/${stage}/${path.join('/')}`
    const outcome = await this.#send({
      method: method === '*' ? 'POST' : method,
      url: withQuery(withPath(base, parameters), Object.entries(parameters?.QueryStringParameters ?? {})),
      headers: {
        'Content-Type': 'application/json',
        ...parameters?.HeaderParameters,
        'User-Agent': 'AmazonEventBridge',
        'X-Amz-Source-Account': to.item.bus.account,
        'X-Amz-Source-Arn': to.ruleArn,
        'X-Amzn-Trace-Id': span.header(),
      },
      body: handed.payload,
    })
    return outcome === undefined ? unsendable : judged(outcome, this.#parts.ports.clock.now())
  }

  /** Undefined when a header cannot be sent. */
  async #send(
    { method, url, headers, body }: Request,
    more: Readonly<Record<string, string>> = {},
  ): Promise<OutboundOutcome | undefined> {
    if (!Object.entries(headers).every(([name, value]) => NAME.test(name) && VALUE.test(value)))
      return undefined
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const bytes = utf8(body)
    return await this.#parts.ports.outbound.request({
      method,
      url,
      headers: { ...headers, ...more, ...(hasBody ? { 'Content-Length': `${bytes.length}` } : {}) },
      ...(hasBody ? { body: bytes } : {}),
      timeoutMs: HTTP_TIMEOUT_MS,
      answerBytesMax: HTTP_ANSWER_BYTES,
    })
  }

  async #destination(named: Named): Promise<DestinationRecord | undefined> {
    const [name = '', id = ''] = named.name.split('/')
    const found = await DESTINATIONS.get(this.#parts.control().read, ownerParts(named), name)
    return found?.id === id ? found : undefined
  }

  async #connection(arn: string): Promise<ConnectionRecord | undefined> {
    const named = namedBy(arn)
    if (named?.kind !== 'connection') return undefined
    const [name = '', id = ''] = named.name.split('/')
    const found = await CONNECTIONS.get(this.#parts.control().read, ownerParts(named), name)
    return found?.id === id ? found : undefined
  }

  /** When its turn comes, or undefined when that is now. One that has waited for its turn has it. */
  #slot(
    { item, target }: Addressed,
    { perSecond = INVOCATIONS_PER_SECOND }: DestinationRecord,
  ): number | undefined {
    const now = this.#parts.ports.clock.now()
    if (item.one !== undefined && item.one.waits > 0) return undefined
    const periodMs = 1_000 / perSecond
    const from = periodMs < BURST_MS ? now - BURST_MS : now
    const slot = Math.max(from, this.#next.get(target.Arn) ?? 0)
    if (this.#next.size >= PACES_MAX) this.#next.clear()
    this.#next.set(target.Arn, slot + periodMs)
    return slot > now ? slot : undefined
  }
}

function destinationRequest(
  { to, payload, span }: Handed,
  destination: DestinationRecord,
  by: { readonly connection: ConnectionRecord; readonly headers: Readonly<Record<string, string>> },
): Request {
  const { HttpParameters: parameters } = to.target
  const { parameters: added } = by.connection
  const query = { ...parameters?.QueryStringParameters, ...valuesOf(added?.QueryStringParameters) }
  return {
    method: destination.method,
    url: withQuery(withPath(withScheme(destination.endpoint), parameters), Object.entries(query)),
    headers: {
      'Content-Type': JSON_TYPE,
      ...parameters?.HeaderParameters,
      ...valuesOf(added?.HeaderParameters),
      ...by.headers,
      ...OWN_HEADERS,
      'X-Amzn-Trace-Id': span.header(),
    },
    body: withBody(payload, valuesOf(added?.BodyParameters)),
  }
}

/** A connection's parameters are added to a body that is a JSON object; other bodies stay as they are (inferred). */
function withBody(payload: string, added: Readonly<Record<string, string>>): string {
  if (Object.keys(added).length === 0) return payload
  const value = parseJson(payload)
  return isRecord(value) ? JSON.stringify({ ...value, ...added }) : payload
}

const withScheme = (endpoint: string): string =>
  /^https?:\/\//.test(endpoint) ? endpoint : `https://${endpoint}`

/** Stars in the address are filled in order. Source: EventBridge API, HttpParameters. */
function withPath(url: string, parameters: HttpParameters | undefined): string {
  const values = [...(parameters?.PathParameterValues ?? [])]
  return url.replaceAll('*', () => encodeURIComponent(values.shift() ?? '*'))
}

const hostOf = (url: string): string => /^https?:\/\/([^/?#]+)/.exec(url)?.[1] ?? ''

/** 429 and 5xx, silence and broken connections are tried again, others not. Source: EventBridge user guide, API destination error codes. */
function judged(outcome: OutboundOutcome, now: number): Delivered {
  if (outcome.kind === 'timed-out')
    return {
      kind: 'later',
      code: 'TIMEOUT',
      why: `The endpoint did not answer within ${HTTP_TIMEOUT_MS / 1_000} s.`,
    }
  if (outcome.kind === 'unreachable')
    return {
      kind: 'later',
      code: 'CONNECTION_FAILURE',
      why: `The endpoint was not reached: ${outcome.reason}.`,
    }
  const { status, headers, body } = outcome
  if (status >= 200 && status < 300) return { kind: 'done' }
  const why = `The endpoint answered ${status}. ${text(body.subarray(0, 200))}`.trim()
  if (status < 500 && status !== 429) return { kind: 'refused', code: 'ERROR_FROM_TARGET', why }
  const code = status === 429 ? 'THROTTLING' : 'ERROR_FROM_TARGET'
  const wait = Number(headers['retry-after'] ?? '')
  if (wait < 0) return { kind: 'refused', code, why }
  return wait > 0 ? { kind: 'later', code, why, notBefore: now + wait * 1_000 } : { kind: 'later', code, why }
}
