/**
 * A client's request as both gateways read it before they make an event of it: query pairs, headers, cookies, the
 * body's text. Pure; which members an event has is in `payload-v1.ts` and `payload-v2.ts`.
 */
import { type Bytes, base64, strictText, text } from '#base/bytes.ts'
import type { JsonObject } from '#base/json.ts'
import type { Instant } from '#base/time.ts'

/** What the gateway knows of a request, free of any server's objects. */
export interface Incoming {
  readonly method: string
  /** The path that the client sent below the API's address, stage included, raw. */
  readonly path: string
  /** Raw, without the question mark. */
  readonly query: string
  /** Pairs as they came. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[]
  readonly body: Bytes
  /** Without port. */
  readonly sourceIp: string
  /** The host that the client wrote, without port. */
  readonly host: string
  /** Port of the address that the client used, as text. */
  readonly port: string
  /** The value of the trace header that the function sees. */
  readonly traceId: string
}

/** What the gateway itself adds to an event. */
export interface EventContext {
  readonly accountId: string
  readonly apiId: string
  readonly stage: string
  readonly requestId: string
  readonly time: Instant
  readonly stageVariables: Readonly<Record<string, string>>
  readonly pathParameters: Readonly<Record<string, string>>
  /** What an authorizer found out, as `requestContext.authorizer` shows it. */
  readonly authorizer?: JsonObject | undefined
}

/** Decodes a form-encoded part; what is no valid encoding stays as it is. */
export function formDecode(part: string): string {
  if (!part.includes('%') && !part.includes('+')) return part
  return percentDecode(part.replaceAll('+', ' '))
}

/** Decodes percent signs; what is no valid encoding stays as it is. */
export function percentDecode(part: string): string {
  if (!part.includes('%')) return part
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Values by name in the order they came, decoded. An empty query has none. */
export function queryValues(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>()
  if (query === '') return values
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const name = formDecode(at === -1 ? pair : pair.slice(0, at))
    push(values, name, at === -1 ? '' : formDecode(pair.slice(at + 1)))
  }
  return values
}

/** Adds to a list that is made when it is missing. */
export function push(values: Map<string, string[]>, name: string, value: string): void {
  const list = values.get(name)
  if (list === undefined) values.set(name, [value])
  else list.push(value)
}

/** Headers of one connection, which no gateway passes on. Source: RFC 9110, section 7.6.1. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
export const isHopByHop = (lowerName: string): boolean => HOP_BY_HOP.has(lowerName)

/** Name in lower case to value, for the headers that the gateway itself writes over what the client sent. */
export function gatewayHeaders(incoming: Incoming): Map<string, string> {
  const before = incoming.rawHeaders
    .filter(([name]) => name.toLowerCase() === 'x-forwarded-for')
    .map(([, value]) => value)
  return new Map([
    ['x-amzn-trace-id', incoming.traceId],
    ['x-forwarded-for', [...before, incoming.sourceIp].join(', ')],
    ['x-forwarded-port', incoming.port],
    ['x-forwarded-proto', 'http'],
  ])
}

/** The first value of a header, by its name in lower case. */
export function headerOf(incoming: Incoming, lowerName: string): string | undefined {
  return incoming.rawHeaders.find(([name]) => name.toLowerCase() === lowerName)?.[1]
}

/** The media type of a Content-Type or Accept value, lower case, without parameters. */
export function mediaType(value: string): string {
  return (value.split(';', 1)[0] ?? '').trim().toLowerCase()
}

export interface EventBody {
  readonly body: string | null
  readonly isBase64Encoded: boolean
}

/** The body of an event; `binary` says what the API's settings or the content type make of it. */
export function eventBody(bytes: Bytes, binary: boolean): EventBody {
  if (bytes.length === 0) return { body: null, isBase64Encoded: false }
  if (binary) return { body: base64(bytes), isBase64Encoded: true }
  return { body: text(bytes), isBase64Encoded: false }
}

/**
 * True when an HTTP API sends that body base64 encoded: everything but `text/*`, JSON, XML and JavaScript.
 * Inferred from the rule that AWS documents for Application Load Balancers; without a content type the bytes decide.
 */
export function isBinaryContent(contentType: string | undefined, bytes: Bytes): boolean {
  if (contentType === undefined) return strictText(bytes) === undefined
  const type = mediaType(contentType)
  if (type.startsWith('text/') || type.endsWith('+json') || type.endsWith('+xml')) return false
  return !TEXT_TYPES.has(type)
}
const TEXT_TYPES = new Set(['application/json', 'application/javascript', 'application/xml'])

/** True when a type is in the list; a star stands for any part. Source: REST API reference, binaryMediaTypes. */
export function matchesMediaType(patterns: readonly string[], type: string): boolean {
  const [group = '', kind = ''] = mediaType(type).split('/')
  return patterns.some((pattern) => {
    const [wantedGroup = '', wantedKind = ''] = mediaType(pattern).split('/')
    return (wantedGroup === '*' || wantedGroup === group) && (wantedKind === '*' || wantedKind === kind)
  })
}
