/**
 * What API Gateway asks of a token's claims, and how it prints them for functions. Pure; `now` comes in.
 * Source: API Gateway developer guide, Control access to HTTP APIs with JWT authorizers, unless said otherwise.
 */
import type { Instant } from '#base/time.ts'
import { isRecord, valueAt } from '#base/json.ts'
import type { Claims } from '#engines/jwt/token.ts'

export interface Expected {
  readonly issuer: string
  readonly audience: readonly string[]
  readonly now: Instant
}

/**
 * What is wrong with the claims, or undefined. The audience's text is documented, the others are as clients have shown
 * them or inferred from these. That a token without `exp` is refused is inferred.
 */
export function claimsProblem(claims: Claims, { issuer, audience, now }: Expected): string | undefined {
  if (claims['iss'] !== issuer) return 'the token does not have a valid issuer'
  const named = textsOf(claims['aud'] ?? claims['client_id'])
  if (!named.some((one) => audience.includes(one))) return 'the token does not have a valid audience'
  const [expires, begins, issued] = [claims['exp'], claims['nbf'], claims['iat']]
  if (typeof expires !== 'number' || expires * 1_000 <= now) return 'the token has expired'
  if (begins !== undefined && !isPast(begins, now)) return 'the token is not valid yet'
  if (issued !== undefined && !isPast(issued, now)) return 'the token was issued in the future'
  return undefined
}

const isPast = (seconds: unknown, now: Instant): boolean =>
  typeof seconds === 'number' && seconds * 1_000 <= now

/** A text, or the texts of a list. */
const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string')

/** Scopes of `scope` or, without it, `scp`: a list, or texts with blanks between. */
export function scopesOf(claims: Claims): string[] {
  return textsOf(claims['scope'] ?? claims['scp'])
    .flatMap((text) => text.split(' '))
    .filter((scope) => scope !== '')
}

/**
 * Claims as functions get them: every value a text, lists in brackets with blanks between, maps as `map[a:b]`.
 * Source: events that functions behind JWT authorizers have recorded; maps inferred.
 */
export function printedClaims(claims: Claims): Record<string, string> {
  return Object.fromEntries(Object.keys(claims).map((name) => [name, printed(valueAt(claims, name))]))
}

function printed(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return `[${value.map(printed).join(' ')}]`
  if (!isRecord(value)) return String(value)
  const pairs = Object.entries(value).map(([name, item]) => `${name}:${printed(item)}`)
  return `map[${pairs.join(' ')}]`
}
