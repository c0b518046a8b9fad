/**
 * Lambda authorizers: what the function is asked, how its answer is read in both formats, and how long an answer is
 * kept for the same identity. Source: API Gateway developer guide, Control access to HTTP APIs with Lambda authorizers.
 */
import { strictText, utf8 } from '#base/bytes.ts'
import { type JsonObject, isRecord, parseJson, stringAt, valueAt } from '#base/json.ts'
import { type Instant, later } from '#base/time.ts'
import { contextOf as policyContext } from '#engines/iam-policy/glob.ts'
import { type Policy, readPolicy } from '#engines/iam-policy/document.ts'
import { evaluate } from '#engines/iam-policy/evaluate.ts'
import { authorizerEventV1, authorizerEventV2 } from '#engines/proxy-events/authorizer-event.ts'
import { functionArnOf, withStageVariables } from '#engines/proxy-events/lambda-uri.ts'
import type { DeliveryOutcome } from '#ports/targets.ts'
import { variablesBelow } from '#services/apigatewayv2/access-log.ts'
import type { Asked, Verdict } from '#services/apigatewayv2/authorize.ts'
import type { LambdaGuard } from '#services/apigatewayv2/deployed.ts'
import { AUTHORIZER_ANSWERS_MAX, AUTHORIZER_TIMEOUT } from '#services/apigatewayv2/limits.ts'
import {
  decodedParameters,
  executeArn,
  mappingSource,
  refusal,
  routeArn,
} from '#services/apigatewayv2/passage.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

/** What a function answered: to everything, or by a policy that each route is held against. */
type Opinion =
  | { readonly kind: 'simple'; readonly allows: boolean; readonly context: JsonObject }
  | {
      readonly kind: 'policy'
      readonly policy: Policy
      readonly principalId: string
      readonly context: JsonObject
    }

/** Answers of authorizers by API, stage, authorizer and identity. */
export class Opinions {
  readonly #kept = new Map<string, { readonly opinion: Opinion; readonly until: Instant }>()

  get(name: string, now: Instant): Opinion | undefined {
    const found = this.#kept.get(name)
    if (found === undefined || found.until > now) return found?.opinion
    this.#kept.delete(name)
    return undefined
  }

  keep(name: string, opinion: Opinion, until: Instant): void {
    if (this.#kept.size >= AUTHORIZER_ANSWERS_MAX) {
      for (const oldest of this.#kept.keys()) {
        this.#kept.delete(oldest)
        break
      }
    }
    this.#kept.set(name, { opinion, until })
  }

  /** Forgets what begins so; everything without a beginning. */
  clear(beginning = ''): void {
    for (const name of this.#kept.keys()) if (name.startsWith(beginning)) this.#kept.delete(name)
  }
}

export async function authorizeByLambda(
  state: HttpState,
  guard: LambdaGuard,
  asked: Asked,
): Promise<Verdict> {
  const { passage, incoming } = asked
  const source = mappingSource(passage, incoming)
  const identity: string[] = []
  for (const mapping of guard.sources) {
    const value = mapping(source)
    if (value === undefined || value === '') {
      const answer = refusal(passage, 401, 'Unauthorized')
      return { kind: 'refused', answer, error: 'an identity source is missing', isFree: true }
    }
    identity.push(value)
  }
  const { clock } = state.ports
  const keeps = guard.ttlMs > 0 && identity.length > 0
  const { api, stage } = passage
  const name = `${api.id}/${stage.StageName}/${guard.authorizerId}/${JSON.stringify(identity)}`
  const kept = keeps ? state.opinions.get(name, clock.now()) : undefined
  if (kept !== undefined) {
    asked.span.set('cached', true)
    return verdictOn(kept, asked)
  }
  const given = await ask(state, guard, asked, identity)
  if (given.kind !== 'simple' && given.kind !== 'policy') return given
  if (keeps) state.opinions.keep(name, given, later(clock.now(), guard.ttlMs))
  return verdictOn(given, asked)
}

async function ask(
  state: HttpState,
  guard: LambdaGuard,
  asked: Asked,
  identity: readonly string[],
): Promise<Opinion | Extract<Verdict, { kind: 'refused' }>> {
  const { passage, span } = asked
  const { owner, api, stage, call } = passage
  const uri = withStageVariables(guard.uri, stage.StageVariables ?? {})
  const outcome = await state.ports.targets.deliver({
    arn: functionArnOf(uri) ?? uri,
    payload: utf8(JSON.stringify(eventOf(guard, asked, identity))),
    mode: 'wait',
    principal: 'apigateway.amazonaws.com',
    sourceArn: guard.isByRole ? undefined : executeArn(owner, `${api.id}/authorizers/${guard.authorizerId}`),
    account: owner.account,
    region: owner.region,
    span,
    timeoutMs: AUTHORIZER_TIMEOUT,
    signal: call.signal,
  })
  const answer = outcome.kind === 'delivered' ? parseJson(strictText(outcome.payload) ?? '') : undefined
  const opinion = outcome.kind === 'delivered' ? opinionOf(guard, outcome, answer) : undefined
  if (opinion !== undefined) return opinion
  const error = problemOf(outcome, answer)
  // As with REST APIs, a function that fails with this very word refuses (inferred for HTTP APIs).
  if (stringAt(answer, 'errorMessage') === 'Unauthorized')
    return { kind: 'refused', answer: refusal(passage, 401, 'Unauthorized'), error, isFree: true }
  state.ports.log.warn('apigatewayv2.authorizer.failed', { api: api.id, authorizer: guard.name, why: error })
  return { kind: 'refused', answer: refusal(passage, 500, 'Internal Server Error'), error, isFree: false }
}

function eventOf(
  guard: LambdaGuard,
  { passage, incoming, target }: Asked,
  identity: readonly string[],
): JsonObject {
  const { owner, api, stage, requestId, at, notes } = passage
  const context = {
    accountId: owner.account,
    apiId: api.id,
    stage: stage.StageName,
    requestId,
    time: at,
    stageVariables: stage.StageVariables ?? {},
    pathParameters: decodedParameters(notes.parameters ?? {}),
    routeArn: routeArn(passage),
    routeKey: target.routeKey,
    resourcePath: target.resourcePath,
    identitySource: identity.length === 0 ? undefined : identity,
  }
  return guard.format === '2.0' ? authorizerEventV2(incoming, context) : authorizerEventV1(incoming, context)
}

/** Undefined for a failure and for an answer of another form. */
function opinionOf(
  guard: LambdaGuard,
  outcome: Extract<DeliveryOutcome, { kind: 'delivered' }>,
  answer: unknown,
): Opinion | undefined {
  if (outcome.functionError !== undefined || !isRecord(answer)) return undefined
  const context = contextIn(answer)
  if (guard.format === '2.0' && guard.isSimple) {
    const allows = answer['isAuthorized']
    return typeof allows === 'boolean' ? { kind: 'simple', allows, context } : undefined
  }
  const principalId = stringAt(answer, 'principalId')
  const policy = readPolicy(JSON.stringify(valueAt(answer, 'policyDocument') ?? null))
  if (principalId === undefined || policy === undefined) return undefined
  return { kind: 'policy', policy, principalId, context }
}

/** The answer came as JSON, so that what is no map stands for none. */
function contextIn(answer: Readonly<Record<string, unknown>>): JsonObject {
  const found: unknown = JSON.parse(JSON.stringify(answer['context'] ?? {}))
  return isJsonObject(found) ? found : {}
}
const isJsonObject = (value: unknown): value is JsonObject => isRecord(value)

function problemOf(outcome: DeliveryOutcome, answer: unknown): string {
  switch (outcome.kind) {
    case 'delivered':
      if (outcome.functionError === undefined) return 'the authorizer answered in another form'
      return stringAt(answer, 'errorMessage') ?? outcome.functionError
    case 'refused':
      return `${outcome.code}: ${outcome.message}`
    case 'throttled':
      return outcome.message
    case 'timed-out':
      return 'the authorizer did not answer in time'
    case 'accepted':
      return 'the authorizer gave no answer'
    default:
      return outcome satisfies never
  }
}

function verdictOn(opinion: Opinion, { passage }: Asked): Verdict {
  const allows =
    opinion.kind === 'simple' ? opinion.allows : isAllowed(opinion, routeArn(passage), passage.owner.account)
  if (!allows) {
    const error = 'the authorizer refused the request'
    return { kind: 'refused', answer: refusal(passage, 403, 'Forbidden'), error, isFree: true }
  }
  const { context } = opinion
  const principal = opinion.kind === 'simple' ? {} : { principalId: opinion.principalId }
  return {
    kind: 'passes',
    authorized: {
      v2: { lambda: context },
      v1: { ...context, ...principal },
      variables: variablesBelow('authorizer', { ...context, ...principal }),
    },
  }
}

function isAllowed(
  opinion: Extract<Opinion, { kind: 'policy' }>,
  resource: string,
  account: string,
): boolean {
  const access = {
    principal: { kind: 'user', account, arn: resource },
    action: 'execute-api:Invoke',
    resource,
    context: policyContext([]),
  } as const
  return evaluate(access, { identity: [{ id: 'authorizer', policy: opinion.policy }] }).kind === 'allowed'
}
