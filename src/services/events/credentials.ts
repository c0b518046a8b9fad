/** What a connection adds to a request: basic credentials, a key, or a token that is fetched and kept while it lives. */
import { base64, text, utf8 } from '#base/bytes.ts'
import { numberAt, parseJson, stringAt } from '#base/json.ts'
import type { OutboundOutcome } from '#ports/outbound.ts'
import {
  HTTP_ANSWER_BYTES,
  HTTP_TIMEOUT_MS,
  PACES_MAX,
  TOKEN_MARGIN_MS,
  TOKEN_MS,
} from '#services/events/limits.ts'
import { valuesOf, withQuery } from '#services/events/parameters.ts'
import type { EventsPorts } from '#services/events/ports.ts'
import type { Authorization, ConnectionRecord } from '#services/events/records.ts'

export type Authorized =
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'failed'; readonly why: string }

interface Token {
  readonly header: string
  readonly expiresAt: number
}

type OAuth = Extract<Authorization, { kind: 'OAUTH_CLIENT_CREDENTIALS' }>

export class Credentials {
  readonly #ports: EventsPorts
  readonly #tokens = new Map<string, Token>()
  readonly #fetching = new Map<string, Promise<Token | string>>()

  constructor(ports: EventsPorts) {
    this.#ports = ports
  }

  clear(): void {
    this.#tokens.clear()
  }

  /** True when there was a token to drop: the next request fetches another. */
  drop(connection: ConnectionRecord): boolean {
    return this.#tokens.delete(keyOf(connection))
  }

  async of(connection: ConnectionRecord): Promise<Authorized> {
    const { authorization } = connection
    if (authorization === undefined) return { kind: 'failed', why: 'The connection is not authorized.' }
    if (authorization.kind === 'BASIC') {
      const pair = base64(utf8(`${authorization.username}:${authorization.password}`))
      return { kind: 'headers', headers: { Authorization: `Basic ${pair}` } }
    }
    if (authorization.kind === 'API_KEY')
      return { kind: 'headers', headers: { [authorization.name]: authorization.value } }
    const key = keyOf(connection)
    const known = this.#tokens.get(key)
    if (known !== undefined && known.expiresAt > this.#ports.clock.now())
      return { kind: 'headers', headers: { Authorization: known.header } }
    const fetched = await this.#fetchOnce(key, authorization)
    if (typeof fetched === 'string') return { kind: 'failed', why: fetched }
    if (this.#tokens.size >= PACES_MAX) this.#tokens.clear()
    this.#tokens.set(key, fetched)
    return { kind: 'headers', headers: { Authorization: fetched.header } }
  }

  /** Deliveries that come meanwhile wait for the same answer. */
  async #fetchOnce(key: string, by: OAuth): Promise<Token | string> {
    const running = this.#fetching.get(key)
    if (running !== undefined) return await running
    const fetching = this.#fetch(by)
    this.#fetching.set(key, fetching)
    try {
      return await fetching
    } finally {
      this.#fetching.delete(key)
    }
  }

  /** The token, or why there is none. Client and secret go as basic credentials (RFC 6749, 2.3.1; how AWS sends them is inferred). */
  async #fetch(by: OAuth): Promise<Token | string> {
    const { parameters } = by
    const pair = base64(utf8(`${encodeURIComponent(by.clientId)}:${encodeURIComponent(by.clientSecret)}`))
    const form = { grant_type: 'client_credentials', ...valuesOf(parameters?.BodyParameters) }
    const body = withQuery('', Object.entries(form)).slice(1)
    const url = withQuery(by.endpoint, [
      ...Object.entries(valuesOf(parameters?.QueryStringParameters)),
      ...(by.method === 'GET' ? Object.entries(form) : []),
    ])
    const outcome = await this.#ports.outbound.request({
      method: by.method,
      url,
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        Accept: 'application/json',
        'User-Agent': 'Amazon/EventBridge/ApiDestinations',
        ...valuesOf(parameters?.HeaderParameters),
        Authorization: `Basic ${pair}`,
      },
      ...(by.method === 'GET' ? {} : { body: utf8(body) }),
      timeoutMs: HTTP_TIMEOUT_MS,
      answerBytesMax: HTTP_ANSWER_BYTES,
    })
    return tokenOf(outcome, this.#ports.clock.now())
  }
}

/** A connection that is changed is another. */
const keyOf = ({ id, changedAt }: ConnectionRecord): string => `${id} ${changedAt}`

function tokenOf(outcome: OutboundOutcome, now: number): Token | string {
  if (outcome.kind !== 'answered') return 'The authorization endpoint was not reached.'
  const answer = parseJson(text(outcome.body))
  const token = stringAt(answer, 'access_token')
  if (outcome.status < 200 || outcome.status > 299 || token === undefined)
    return `The authorization endpoint answered ${outcome.status} without a token.`
  const seconds = numberAt(answer, 'expires_in')
  const life = seconds === undefined ? TOKEN_MS : seconds * 1_000
  const type = stringAt(answer, 'token_type') ?? 'Bearer'
  return {
    header: `${/^bearer$/i.test(type) ? 'Bearer' : type} ${token}`,
    expiresAt: now + Math.max(0, life - TOKEN_MARGIN_MS),
  }
}
