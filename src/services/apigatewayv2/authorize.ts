/**
 * Who passes a route: tokens, functions, signatures. Each kind gives what it found out, or the answer that refuses.
 * The time it takes is a span of its own below the request's. Source of statuses: API Gateway developer guide,
 * Control access to HTTP APIs; texts of `www-authenticate` as clients have shown them.
 */
import { claimsProblem, printedClaims, scopesOf } from '#engines/jwt/claims.ts'
import { algorithmProblem, isSignedBy } from '#engines/jwt/keys.ts'
import { type Token, parseToken } from '#engines/jwt/token.ts'
import type { Incoming } from '#engines/proxy-events/request.ts'
import type { SpanScope } from '#ports/spans.ts'
import { authorizeByLambda } from '#services/apigatewayv2/authorize-lambda.ts'
import { authorizeBySignature } from '#services/apigatewayv2/authorize-signature.ts'
import type { Guard, JwtGuard, Target } from '#services/apigatewayv2/deployed.ts'
import {
  type Answer,
  type Authorized,
  type Passage,
  mappingSource,
  refusal,
} from '#services/apigatewayv2/passage.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

export type Verdict =
  | { readonly kind: 'passes'; readonly authorized: Authorized }
  /** `error` is for the access log. `isFree` tells authorisation failures, which are not billed, from our troubles. */
  | { readonly kind: 'refused'; readonly answer: Answer; readonly error: string; readonly isFree: boolean }

export interface Asked {
  readonly passage: Passage
  readonly incoming: Incoming
  readonly target: Target
  /** Of the authorizer's time. */
  readonly span: SpanScope
}

/** The answer that refuses, or undefined when the request may go on; what was found out is noted. */
export async function authorize(
  state: HttpState,
  passage: Passage,
  target: Target,
  incoming: Incoming,
): Promise<Answer | undefined> {
  const { guard } = target
  if (guard === undefined) return undefined
  const before = state.ports.clock.elapsed()
  const span = passage.call.span.open(
    'apigateway',
    'authorizer',
    guard.kind === 'iam' ? 'AWS_IAM' : guard.name,
  )
  const verdict = await verdictOf(state, guard, { passage, incoming, target, span })
  passage.call.span.set('authorizerMs', state.ports.clock.elapsed() - before)
  if (verdict.kind === 'passes') {
    span.end('ok')
    passage.notes.authorized = verdict.authorized
    return undefined
  }
  const { answer, error, isFree } = verdict
  span.set('error', error)
  span.end(answer.status < 500 ? 'error' : 'fault', { status: answer.status })
  passage.notes.authorizerError = error
  passage.notes.isFree = isFree
  return answer
}

function verdictOf(state: HttpState, guard: Guard, asked: Asked): Promise<Verdict> {
  switch (guard.kind) {
    case 'iam':
      return authorizeBySignature(asked)
    case 'jwt':
      return authorizeByToken(state, guard, asked)
    case 'lambda':
      return authorizeByLambda(state, guard, asked)
    default:
      return guard satisfies never
  }
}

async function authorizeByToken(state: HttpState, guard: JwtGuard, asked: Asked): Promise<Verdict> {
  const { passage, incoming } = asked
  const given = guard.source(mappingSource(passage, incoming))?.trim() ?? ''
  if (given === '') return unauthorized(passage, 'no token was sent', 'Bearer')
  const token = parseToken(given.replace(/^bearer +/i, ''))
  if (!token.ok) return invalidToken(passage, token.error)
  const problem = await problemOf(state, guard, token.value)
  if (problem !== undefined) return invalidToken(passage, problem)
  const { claims } = token.value
  const granted = scopesOf(claims)
  const scopes = guard.scopes.filter((scope) => granted.includes(scope))
  if (guard.scopes.length > 0 && scopes.length === 0) return insufficientScope(passage, guard.scopes)
  const shown = printedClaims(claims)
  const found = { claims: shown, scopes: guard.scopes.length === 0 ? null : scopes }
  const variables = Object.entries(shown).map(
    ([name, value]) => [`authorizer.claims.${name}`, value] as const,
  )
  return {
    kind: 'passes',
    authorized: { v2: { jwt: found }, v1: found, variables: Object.fromEntries(variables) },
  }
}

async function problemOf(state: HttpState, guard: JwtGuard, token: Token): Promise<string | undefined> {
  const wrong = algorithmProblem(token)
  if (wrong !== undefined) return wrong
  if (token.kid === undefined) return 'kid claim is missing'
  const key = await state.issuerKeys.find(guard.issuer, token.kid)
  if (!key.ok) return key.error
  if (!isSignedBy(token, key.value)) return 'crypto/rsa: verification error'
  const { issuer, audience } = guard
  return claimsProblem(token.claims, { issuer, audience, now: state.ports.clock.now() })
}

const invalidToken = (passage: Passage, why: string): Verdict =>
  unauthorized(passage, why, `Bearer scope="" error="invalid_token" error_description="${quotable(why)}"`)

/** What stands within quotes of a header. */
const quotable = (text: string): string => text.replaceAll(/["\\]|[^\x20-\x7e]/g, "'")

function unauthorized(passage: Passage, error: string, challenge: string): Verdict {
  const plain = refusal(passage, 401, 'Unauthorized')
  const answer = { ...plain, headers: [...plain.headers, ['www-authenticate', challenge] as const] }
  return { kind: 'refused', answer, error, isFree: true }
}

function insufficientScope(passage: Passage, scopes: readonly string[]): Verdict {
  const plain = refusal(passage, 403, 'Forbidden')
  const error = 'the token does not have a scope of the route'
  const challenge = `Bearer scope="${quotable(scopes.join(' '))}" error="insufficient_scope" error_description="${error}"`
  const answer = { ...plain, headers: [...plain.headers, ['www-authenticate', challenge] as const] }
  return { kind: 'refused', answer, error, isFree: true }
}
