/**
 * CORS of function URLs: the answer to a preflight, and the headers that join those of the function. Pure.
 * Source: Lambda developer guide, Function URLs, Cross-origin resource sharing: a preflight is answered by the
 * configuration alone; other answers carry the function's headers and the configured ones, repetitions included.
 */
import type { Cors } from '#model/lambda.ts'

type Pair = readonly [name: string, value: string]

/** The allowed origin, which is always echoed. Wildcards stand for whole origins only. */
function allowed(cors: Cors, origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined
  const isAllowed = (cors.AllowOrigins ?? []).some((each) => each === '*' || each === origin)
  return isAllowed ? origin : undefined
}

function originHeaders(cors: Cors, origin: string): Pair[] {
  const headers: Pair[] = [
    ['Access-Control-Allow-Origin', origin],
    ['Vary', 'Origin'],
  ]
  if (cors.AllowCredentials === true) headers.push(['Access-Control-Allow-Credentials', 'true'])
  return headers
}

/** True for requests that browsers send ahead. */
export const isPreflight = (method: string, headers: Readonly<Record<string, string>>): boolean =>
  method === 'OPTIONS' &&
  headers['origin'] !== undefined &&
  headers['access-control-request-method'] !== undefined

/** Headers of the 200 that answers a preflight; none of them for an origin that is not allowed. */
export function preflightHeaders(cors: Cors, headers: Readonly<Record<string, string>>): Pair[] {
  const origin = allowed(cors, headers['origin'])
  if (origin === undefined) return []
  const out = originHeaders(cors, origin)
  const listed = (name: string, values: readonly string[] | undefined): void => {
    if (values !== undefined && values.length > 0) out.push([name, values.join(',')])
  }
  listed('Access-Control-Allow-Methods', cors.AllowMethods)
  listed('Access-Control-Allow-Headers', cors.AllowHeaders)
  listed('Access-Control-Expose-Headers', cors.ExposeHeaders)
  if (cors.MaxAge !== undefined && cors.MaxAge > 0) out.push(['Access-Control-Max-Age', String(cors.MaxAge)])
  return out
}

/** What joins the headers of an answer. */
export function corsHeaders(cors: Cors | undefined, headers: Readonly<Record<string, string>>): Pair[] {
  const origin = cors === undefined ? undefined : allowed(cors, headers['origin'])
  if (cors === undefined || origin === undefined) return []
  const out = originHeaders(cors, origin)
  const exposed = cors.ExposeHeaders ?? []
  if (exposed.length > 0) out.push(['Access-Control-Expose-Headers', exposed.join(',')])
  return out
}
