/**
 * Cross-origin rules of a bucket: checked when put, matched for each request from a page. Pure. The platform's request
 * path asks through `corsAnswer` of `index.ts`, because OPTIONS is in no model.
 */
import { Fault } from '#base/fault.ts'
import { invalidRequest, malformedXml } from '#services/s3/faults.ts'
import { CORS_RULES_MAX } from '#services/s3/limits.ts'

export interface CorsRule {
  readonly ID?: string | undefined
  readonly AllowedHeaders?: readonly string[] | undefined
  readonly AllowedMethods: readonly string[]
  readonly AllowedOrigins: readonly string[]
  readonly ExposeHeaders?: readonly string[] | undefined
  readonly MaxAgeSeconds?: number | undefined
}

const METHODS: readonly string[] = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD']

/** Faults MalformedXML, InvalidRequest. Source: S3 user guide, Elements of a CORS configuration; recorded AWS answers. */
export function checkCorsRules(rules: readonly CorsRule[]): void {
  if (rules.length === 0 || rules.length > CORS_RULES_MAX) throw malformedXml()
  for (const rule of rules) {
    if (rule.AllowedMethods.length === 0 || rule.AllowedOrigins.length === 0) throw malformedXml()
    for (const method of rule.AllowedMethods)
      if (!METHODS.includes(method))
        throw invalidRequest(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`)
    for (const origin of rule.AllowedOrigins)
      if (stars(origin) > 1)
        throw invalidRequest(`AllowedOrigin "${origin}" can not have more than one wildcard.`)
    for (const header of rule.AllowedHeaders ?? [])
      if (stars(header) > 1)
        throw invalidRequest(`AllowedHeader "${header}" can not have more than one wildcard.`)
    for (const header of rule.ExposeHeaders ?? [])
      if (header.includes('*'))
        throw invalidRequest(
          `ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
        )
  }
}

const stars = (text: string): number => text.split('*').length - 1

/** What a page asks: a preflight, or a request that carries an Origin. */
export interface CorsAsk {
  readonly kind: 'preflight' | 'actual'
  readonly origin: string
  readonly method: string
  /** Lower case; empty for an actual request. */
  readonly headers: readonly string[]
}

export type CorsAnswer =
  /** Headers for the response (of a preflight: the whole answer, status 200). */
  | { readonly kind: 'allowed'; readonly headers: readonly (readonly [name: string, value: string])[] }
  /** An actual request goes on without headers; a preflight is answered with the fault. */
  | { readonly kind: 'refused'; readonly fault: Fault }
  /** No question of another origin: nothing to add. */
  | { readonly kind: 'none' }

const VARY = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method'

/** The first rule that fits decides. Source: S3 user guide, How does Amazon S3 evaluate the CORS configuration on a bucket. */
export function answerOfRules(rules: readonly CorsRule[] | undefined, ask: CorsAsk): CorsAnswer {
  if (rules === undefined) return refused('CORSResponse: CORS is not enabled for this bucket.', ask, 'BUCKET')
  for (const rule of rules) {
    const origin = rule.AllowedOrigins.find((pattern) => matches(pattern, ask.origin))
    if (origin === undefined || !rule.AllowedMethods.includes(ask.method)) continue
    const allowed = rule.AllowedHeaders ?? []
    const fits = (header: string): boolean =>
      allowed.some((pattern) => matches(pattern.toLowerCase(), header))
    if (ask.headers.every(fits)) return { kind: 'allowed', headers: headersOf(rule, origin, ask) }
  }
  return refused(
    'CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / ' +
      "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
    ask,
    'OBJECT',
  )
}

function headersOf(rule: CorsRule, pattern: string, ask: CorsAsk): [string, string][] {
  const headers: [string, string][] = [
    ['Access-Control-Allow-Origin', pattern === '*' ? '*' : ask.origin],
    ['Access-Control-Allow-Methods', rule.AllowedMethods.join(', ')],
  ]
  if (ask.headers.length > 0) headers.push(['Access-Control-Allow-Headers', ask.headers.join(', ')])
  if (rule.ExposeHeaders !== undefined && rule.ExposeHeaders.length > 0)
    headers.push(['Access-Control-Expose-Headers', rule.ExposeHeaders.join(', ')])
  if (rule.MaxAgeSeconds !== undefined) headers.push(['Access-Control-Max-Age', `${rule.MaxAgeSeconds}`])
  if (pattern !== '*') headers.push(['Access-Control-Allow-Credentials', 'true'])
  headers.push(['Vary', VARY])
  return headers
}

function matches(pattern: string, value: string): boolean {
  const star = pattern.indexOf('*')
  if (star === -1) return pattern === value
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return value.length >= head.length + tail.length && value.startsWith(head) && value.endsWith(tail)
}

const refused = (message: string, ask: CorsAsk, type: 'BUCKET' | 'OBJECT'): CorsAnswer => ({
  kind: 'refused',
  fault: new Fault('AccessForbidden', message, {
    status: 403,
    members: { Method: ask.method, ResourceType: type },
  }),
})

/** What the request asks, from its method and headers (names in lower case). Fault BadRequest for a preflight without its headers. Source: recorded AWS answers. */
export function corsAskOf(method: string, headers: Readonly<Record<string, string>>): CorsAsk | undefined {
  const origin = headers['origin']
  if (method !== 'OPTIONS')
    return origin === undefined ? undefined : { kind: 'actual', origin, method, headers: [] }
  if (origin === undefined)
    throw new Fault('BadRequest', 'Insufficient information. Origin request header needed.', { status: 400 })
  const asked = headers['access-control-request-method']
  if (asked === undefined || !METHODS.includes(asked))
    throw new Fault('BadRequest', `Invalid Access-Control-Request-Method: ${asked ?? 'null'}`, {
      status: 400,
    })
  const names = (headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
  return { kind: 'preflight', origin, method: asked, headers: names }
}
