/**
 * CORS of HTTP APIs: the answer to a preflight, and the headers that are put over what a function sent. Pure.
 * Source: API Gateway developer guide, Configure CORS for HTTP APIs; which headers a preflight lists is inferred.
 */
import type { Cors } from '#model/apigatewayv2.ts'

type Pair = readonly [name: string, value: string]

/** The `access-control-allow-origin` for that origin, or undefined when it is not allowed. */
export function allowedOrigin(cors: Cors, origin: string): string | undefined {
  for (const allowed of cors.AllowOrigins ?? []) {
    if (allowed === '*') return '*'
    if (allowed.toLowerCase() === origin.toLowerCase()) return origin
    if (allowed.endsWith('*') && origin.toLowerCase().startsWith(allowed.slice(0, -1).toLowerCase()))
      return origin
  }
  return undefined
}

/** Headers of the 204 that answers a preflight; none when the origin is not allowed. */
export function preflightHeaders(cors: Cors, origin: string): Pair[] {
  const allowed = allowedOrigin(cors, origin)
  if (allowed === undefined) return []
  const headers = originHeaders(cors, allowed)
  if (cors.AllowMethods !== undefined)
    headers.push(['access-control-allow-methods', cors.AllowMethods.join(',')])
  if (cors.AllowHeaders !== undefined)
    headers.push(['access-control-allow-headers', cors.AllowHeaders.join(',')])
  if (cors.MaxAge !== undefined) headers.push(['access-control-max-age', String(cors.MaxAge)])
  return headers
}

/** The answer's headers with the function's own CORS headers replaced by the configured ones. */
export function withCors(
  headers: readonly Pair[],
  cors: Cors | undefined,
  origin: string | undefined,
): readonly Pair[] {
  if (cors === undefined) return headers
  const kept = headers.filter(([name]) => !name.toLowerCase().startsWith('access-control-'))
  if (origin === undefined) return kept
  const allowed = allowedOrigin(cors, origin)
  if (allowed === undefined) return kept
  const added = originHeaders(cors, allowed)
  if (cors.ExposeHeaders !== undefined)
    added.push(['access-control-expose-headers', cors.ExposeHeaders.join(',')])
  return [...kept, ...added]
}

function originHeaders(cors: Cors, allowed: string): Pair[] {
  const headers: Pair[] = [['access-control-allow-origin', allowed]]
  if (allowed !== '*') headers.push(['vary', 'origin'])
  if (cors.AllowCredentials === true) headers.push(['access-control-allow-credentials', 'true'])
  return headers
}
