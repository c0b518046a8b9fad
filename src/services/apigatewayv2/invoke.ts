/**
 * From a matched route to its backend and back: a function, an HTTP address, an AWS service. Changes of the request
 * before and of the answer after it are made here; who may come this far is decided before.
 */
import { type Bytes, utf8 } from '#base/bytes.ts'
import type { JsonObject } from '#base/json.ts'
import type { DeliveryOutcome } from '#ports/targets.ts'
import { functionArnOf, withStageVariables } from '#engines/proxy-events/lambda-uri.ts'
import { type MessageMapping, mapRequest, mapResponse } from '#engines/proxy-events/message-mapping.ts'
import { payloadV1 } from '#engines/proxy-events/payload-v1.ts'
import { payloadV2 } from '#engines/proxy-events/payload-v2.ts'
import {
  type EventContext,
  type Incoming,
  eventBody,
  headerOf,
  isBinaryContent,
} from '#engines/proxy-events/request.ts'
import { forwarded, interpretV1, interpretV2, plainBody } from '#engines/proxy-events/response.ts'
import type { LambdaTarget, Target } from '#services/apigatewayv2/deployed.ts'
import { callBackend } from '#services/apigatewayv2/http-proxy.ts'
import {
  type Answer,
  type Passage,
  decodedParameters,
  mappingSource,
  refusal,
  sourceArnOf,
} from '#services/apigatewayv2/passage.ts'
import { callService } from '#services/apigatewayv2/service-call.ts'
import type { ServiceTarget } from '#services/apigatewayv2/service-integrations.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

export interface Matched {
  readonly target: Target
  readonly incoming: Incoming
}

/** The backend's answer, changed as the integration says. Times and outcome are noted. */
export async function invoke(
  state: HttpState,
  passage: Passage,
  { target, incoming }: Matched,
): Promise<Answer> {
  const { integration } = target
  if (integration === undefined) return refusal(passage, 500, 'Internal Server Error')
  const { clock } = state.ports
  const before = clock.elapsed()
  const answer = await through(state, passage, integration, { target, incoming })
  const took = clock.elapsed() - before
  passage.call.span.set('integrationMs', took)
  passage.notes.integrationMs = took
  passage.notes.integrationStatus ??= answer.status
  return answer
}

async function through(
  state: HttpState,
  passage: Passage,
  integration: NonNullable<Target['integration']>,
  matched: Matched,
): Promise<Answer> {
  if (integration.kind === 'service') return throughService(state, passage, integration, matched.incoming)
  const source = mappingSource(passage, matched.incoming)
  const incoming = mapRequest(integration.request, source, matched.incoming)
  const answer =
    integration.kind === 'lambda'
      ? await invokeFunction(state, passage, integration, { ...matched, incoming })
      : await callBackend(state, passage, integration, {
          incoming,
          isPathMapped: incoming.path !== matched.incoming.path,
        })
  passage.notes.integrationStatus ??= answer.status
  // The gateway's own refusals are no answers of the backend.
  if (passage.notes.errorMessage !== undefined) return answer
  return withChanges(passage, integration.answers.get(answer.status), answer, matched.incoming)
}

function withChanges(
  passage: Passage,
  rules: MessageMapping | undefined,
  answer: Answer,
  incoming: Incoming,
): Answer {
  if (rules === undefined) return answer
  const header = (name: string): string | undefined => {
    const values = answer.headers.filter(([given]) => given.toLowerCase() === name)
    return values.length === 0 ? undefined : values.map(([, value]) => value).join(',')
  }
  const source = { ...mappingSource(passage, incoming), response: { header, body: answer.body } }
  return mapResponse(rules, source, answer)
}

async function invokeFunction(
  state: HttpState,
  passage: Passage,
  lambda: LambdaTarget,
  matched: Matched,
): Promise<Answer> {
  const { call, owner, stage } = passage
  const named = withStageVariables(lambda.functionArn, stage.StageVariables ?? {})
  const arn = functionArnOf(named) ?? named
  const outcome = await state.ports.targets.deliver({
    arn,
    payload: utf8(JSON.stringify(eventOf(passage, lambda, matched))),
    mode: 'wait',
    principal: 'apigateway.amazonaws.com',
    sourceArn: lambda.isByRole ? undefined : sourceArnOf(passage, matched.target),
    account: owner.account,
    region: owner.region,
    span: call.span,
    timeoutMs: lambda.timeoutMs,
    signal: call.signal,
  })
  return answerOf(state, passage, outcome, { format: lambda.format, arn })
}

function eventOf(passage: Passage, lambda: LambdaTarget, { target, incoming }: Matched): JsonObject {
  const { api, stage, owner, requestId, at, notes, call } = passage
  const context: EventContext = {
    accountId: owner.account,
    apiId: api.id,
    stage: stage.StageName,
    requestId,
    time: at,
    stageVariables: stage.StageVariables ?? {},
    pathParameters: decodedParameters(notes.parameters ?? {}),
  }
  const { authorized } = notes
  const body = eventBody(incoming.body, isBinaryContent(headerOf(incoming, 'content-type'), incoming.body))
  if (lambda.format === '2.0')
    return payloadV2(incoming, body, { ...context, authorizer: authorized?.v2, routeKey: target.routeKey })
  // Format 1.0 shows a custom domain's whole path. Source: developer guide, Lambda proxy integrations for HTTP APIs.
  const path = incoming.path === passage.shownPath || passage.shownPath === '' ? call.path : incoming.path
  return payloadV1(incoming, body, {
    ...context,
    authorizer: authorized?.v1,
    identity: authorized?.identity,
    kind: 'http',
    extendedRequestId: requestId,
    resourcePath: target.resourcePath,
    resourceId: null,
    deploymentId: undefined,
    path: path === '' ? '/' : path,
  })
}

/**
 * Source of 500 and 503: developer guide, Troubleshooting HTTP API Lambda integrations, and recorded timeouts. That
 * a throttled function answers 503 is inferred.
 */
function answerOf(
  state: HttpState,
  passage: Passage,
  outcome: DeliveryOutcome,
  lambda: { readonly format: '1.0' | '2.0'; readonly arn: string },
): Answer {
  const failure = (status: number, message: string, why: string): Answer => {
    passage.notes.integrationError = why
    return refusal(passage, status, message)
  }
  switch (outcome.kind) {
    case 'delivered': {
      passage.notes.integrationStatus = 200
      if (outcome.functionError !== undefined)
        return failure(500, 'Internal Server Error', 'The Lambda function returned an error.')
      const response = lambda.format === '2.0' ? interpretV2(outcome.payload) : interpretV1(outcome.payload)
      const body = response === undefined ? undefined : plainBody(response)
      if (response === undefined || body === undefined)
        return failure(
          500,
          'Internal Server Error',
          'The response of the Lambda function is not formatted properly.',
        )
      return { status: response.status, headers: forwarded(response.headers), body }
    }
    case 'timed-out':
    case 'throttled':
      return failure(
        503,
        'Service Unavailable',
        outcome.kind === 'throttled' ? outcome.message : 'Request timed out',
      )
    case 'refused':
    case 'accepted': {
      const why = outcome.kind === 'refused' ? `${outcome.code}: ${outcome.message}` : 'no answer'
      state.ports.log.warn('apigatewayv2.integration.refused', { function: lambda.arn, why })
      return failure(500, 'Internal Server Error', why)
    }
    default:
      return outcome satisfies never
  }
}

async function throughService(
  state: HttpState,
  passage: Passage,
  target: ServiceTarget,
  incoming: Incoming,
): Promise<Answer> {
  const { call, owner } = passage
  const outcome = await callService(state, {
    target,
    owner,
    span: call.span,
    signal: call.signal,
    source: mappingSource(passage, incoming),
  })
  if (outcome.kind === 'timed-out') return refusal(passage, 503, 'Service Unavailable')
  if (outcome.kind === 'bad-request') return refusal(passage, 400, outcome.message)
  const { status, contentType, body } = outcome.answer
  const bytes: Bytes = utf8(body)
  return { status, headers: [['content-type', contentType]], body: bytes }
}
