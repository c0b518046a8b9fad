/**
 * What a function's answer means as an HTTP response, for both payload formats, and which headers may leave.
 * Status and body of the gateway's own errors are the services': an answer that is none is `undefined` here.
 */
import { type Bytes, fromBase64, strictText, utf8 } from '#base/bytes.ts'
import { isRecord, parseJson, valueAt } from '#base/json.ts'
import { isHopByHop } from '#engines/proxy-events/request.ts'

export interface ProxyResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Bytes
  /** The function said that `body` is base64; whether that is undone depends on the API. */
  readonly isBase64Encoded: boolean
}

const V1_MEMBERS = new Set(['statusCode', 'headers', 'multiValueHeaders', 'body', 'isBase64Encoded'])

/**
 * Format 1.0, strictly: any other member, an empty object, a non-numeric status or a multi-value header that is no
 * list make it malformed. Without a content type it is `application/json`. Source: recorded AWS answers of REST APIs.
 */
export function interpretV1(payload: Bytes): ProxyResponse | undefined {
  const answer = parsed(payload)
  if (!isRecord(answer)) return undefined
  const names = Object.keys(answer)
  if (names.length === 0 || names.some((name) => !V1_MEMBERS.has(name))) return undefined
  const status = statusOf(valueAt(answer, 'statusCode') ?? 200)
  const headers = mergedHeaders(valueAt(answer, 'headers'), valueAt(answer, 'multiValueHeaders'))
  const body = bodyOf(answer)
  if (status === undefined || headers === undefined || body === undefined) return undefined
  return { status, headers: withDefaultType(headers, 'application/json'), ...body }
}

/**
 * Format 2.0: an answer without `statusCode` is the body of a 200 in JSON, a text without its quotes. Source: API
 * Gateway developer guide, Lambda function response for format 2.0. The content type of a structured answer that
 * names none is inferred for HTTP APIs; a caller that knows another passes it.
 */
export function interpretV2(
  payload: Bytes,
  defaultType = 'text/plain;charset=UTF-8',
): ProxyResponse | undefined {
  const answer = parsed(payload)
  if (answer === undefined) return undefined
  if (!isRecord(answer) || !Object.hasOwn(answer, 'statusCode')) {
    const body = typeof answer === 'string' ? utf8(answer) : payload
    return { status: 200, headers: [['content-type', 'application/json']], body, isBase64Encoded: false }
  }
  const status = statusOf(answer['statusCode'])
  const headers = mergedHeaders(valueAt(answer, 'headers'), valueAt(answer, 'multiValueHeaders'))
  const cookies = cookieHeaders(valueAt(answer, 'cookies'))
  const body = bodyOf(answer)
  if (status === undefined || headers === undefined || cookies === undefined || body === undefined) {
    return undefined
  }
  return { status, headers: [...withDefaultType(headers, defaultType), ...cookies], ...body }
}

/** The body as bytes, its base64 undone where the API says so; undefined when it is no base64. */
export function plainBody(response: ProxyResponse): Bytes | undefined {
  if (!response.isBase64Encoded) return response.body
  return fromBase64(strictText(response.body) ?? '')
}

function parsed(payload: Bytes): unknown {
  const json = strictText(payload)
  return json === undefined ? undefined : parseJson(json)
}

/** A whole number from 100 to 599, also as text; a status below 200 cannot end an exchange and is refused too. */
function statusOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined
  return number >= 200 && number <= 599 ? number : undefined
}

function bodyOf(
  answer: Readonly<Record<string, unknown>>,
): { body: Bytes; isBase64Encoded: boolean } | undefined {
  const body = valueAt(answer, 'body') ?? ''
  const isBase64Encoded = valueAt(answer, 'isBase64Encoded') ?? false
  if (typeof body !== 'string' || typeof isBase64Encoded !== 'boolean') return undefined
  return { body: utf8(body), isBase64Encoded }
}

type Pairs = [name: string, value: string][]

/** Values of both maps under the multi-value spelling, multi-value ones first, a pair of both once. */
function mergedHeaders(single: unknown, multi: unknown): Pairs | undefined {
  const lists = entriesOf(multi)
  const singles = entriesOf(single)
  if (lists === undefined || singles === undefined) return undefined
  const pairs: Pairs = []
  const spellings = new Map<string, string>()
  for (const [name, list] of lists) {
    if (!Array.isArray(list)) return undefined
    spellings.set(name.toLowerCase(), name)
    for (const item of list) {
      const value = scalar(item)
      if (value === undefined) return undefined
      pairs.push([name, value])
    }
  }
  for (const [name, item] of singles) {
    const value = scalar(item)
    if (value === undefined) return undefined
    const spelled = spellings.get(name.toLowerCase()) ?? name
    if (!pairs.some(([known, other]) => known === spelled && other === value)) pairs.push([spelled, value])
  }
  return pairs.every(isSendable) ? pairs : undefined
}

function entriesOf(map: unknown): [string, unknown][] | undefined {
  if (map === undefined || map === null) return []
  return isRecord(map) ? Object.entries(map) : undefined
}

/** The value's text; undefined for lists and objects, which no header can hold. */
function scalar(value: unknown): string | undefined {
  if (value === null) return ''
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

function cookieHeaders(cookies: unknown): Pairs | undefined {
  if (cookies === undefined || cookies === null) return []
  if (!Array.isArray(cookies)) return undefined
  const pairs = cookies.map((cookie): [string, string] => ['set-cookie', String(cookie)])
  return pairs.every(isSendable) ? pairs : undefined
}

/** HTTP's own grammar, so that no answer breaks the connection. Source: RFC 9110, sections 5.1 and 5.5. */
const isSendable = ([name, value]: readonly [string, string]): boolean =>
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)

const withDefaultType = (headers: Pairs, type: string): Pairs =>
  headers.some(([name]) => name.toLowerCase() === 'content-type')
    ? headers
    : [['Content-Type', type], ...headers]

/** Names that REST APIs rename on the way out. Source: recorded AWS answers. */
const REMAPPED = [
  'Authorization',
  'Connection',
  'Content-Length',
  'Content-MD5',
  'Date',
  'Expect',
  'Host',
  'Max-Forwards',
  'Proxy-Authenticate',
  'Server',
  'Trailer',
  'Upgrade',
  'User-Agent',
  'WWW-Authenticate',
] as const
const REMAPPED_BY_NAME = new Map(REMAPPED.map((name) => [name.toLowerCase(), `x-amzn-Remapped-${name}`]))

/** Headers of a REST API's answer: the reserved ones renamed, those of the connection dropped. */
export function remapped(
  headers: readonly (readonly [name: string, value: string])[],
): (readonly [name: string, value: string])[] {
  const out: (readonly [string, string])[] = []
  for (const pair of headers) {
    const lower = pair[0].toLowerCase()
    const renamed = REMAPPED_BY_NAME.get(lower)
    if (renamed !== undefined) out.push([renamed, pair[1]])
    else if (!isHopByHop(lower)) out.push(pair)
  }
  return out
}

/** Headers of an HTTP API's answer: without those of the connection and the length, which the server writes. */
export function forwarded(
  headers: readonly (readonly [name: string, value: string])[],
): (readonly [name: string, value: string])[] {
  return headers.filter(([name]) => {
    const lower = name.toLowerCase()
    return lower !== 'content-length' && !isHopByHop(lower)
  })
}
