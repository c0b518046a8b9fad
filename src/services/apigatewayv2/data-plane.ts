/**
 * Requests to HTTP APIs, from the path below the API's address to the answer: stage, CORS preflight, route, function,
 * meter. No store is read once an API is known. Faults of the management API never come from here: a gateway's
 * errors are small JSON bodies of its own.
 */
import { type Bytes, EMPTY, base64, utf8 } from '#base/bytes.ts'
import type { JsonObject } from '#base/json.ts'
import type { DataPlane, DataPlaneCall } from '#ports/data-plane.ts'
import type { HttpResponse } from '#ports/http.ts'
import type { DeliveryOutcome } from '#ports/targets.ts'
import { withStageVariables } from '#engines/proxy-events/lambda-uri.ts'
import { payloadV1 } from '#engines/proxy-events/payload-v1.ts'
import { payloadV2 } from '#engines/proxy-events/payload-v2.ts'
import {
  type EventContext,
  type Incoming,
  eventBody,
  headerOf,
  isBinaryContent,
  percentDecode,
} from '#engines/proxy-events/request.ts'
import { forwarded, interpretV1, interpretV2, plainBody } from '#engines/proxy-events/response.ts'
import { functionArnOf } from '#engines/proxy-events/lambda-uri.ts'
import { preflightHeaders, withCors } from '#services/apigatewayv2/cors.ts'
import type { LambdaTarget, Target } from '#services/apigatewayv2/deployed.ts'
import { DEFAULT_STAGE, type HttpApi, type StoredStage, own } from '#services/apigatewayv2/document.ts'
import { BILLED_CHUNK_BYTES, PAYLOAD_MAX_BYTES } from '#services/apigatewayv2/limits.ts'
import { callService } from '#services/apigatewayv2/service-call.ts'
import type { ServiceTarget } from '#services/apigatewayv2/service-integrations.ts'
import type { ApiOwner, HttpState } from '#services/apigatewayv2/state.ts'

type Pair = readonly [name: string, value: string]
interface Answer {
  readonly status: number
  readonly headers: readonly Pair[]
  readonly body: Bytes
}

/** One request on its way. */
interface Passage {
  readonly call: DataPlaneCall
  readonly owner: ApiOwner
  readonly api: HttpApi
  readonly stage: StoredStage
  /** Below the stage. */
  readonly path: string
  /** As `apigw-requestid` and the events show it. */
  readonly requestId: string
}

export function httpDataPlane(state: HttpState): DataPlane {
  return {
    owner: async (id) => (await state.catalog.find(id))?.owner,
    handle: (call) => handle(state, call),
  }
}

async function handle(state: HttpState, call: DataPlaneCall): Promise<HttpResponse> {
  const found = await state.catalog.find(call.id)
  const staged = found === undefined ? undefined : stageOf(found.document, call.path)
  const requestId = extendedId(state)
  if (
    found === undefined ||
    staged === undefined ||
    found.document.settings.DisableExecuteApiEndpoint === true
  ) {
    return finished(plain(404, 'Not Found'), requestId)
  }
  const passage: Passage = { call, owner: found.owner, api: found.document, ...staged, requestId }
  call.span.set('apiId', call.id)
  call.span.set('stage', passage.stage.StageName)
  const { answer, bytesIn } = await answered(state, passage)
  meter(state, passage, { answer, bytesIn })
  call.span.set('status', answer.status)
  return finished(answer, requestId)
}

/** Fifteen characters and an equals sign, as AWS prints them. */
const extendedId = (state: HttpState): string => base64(state.ports.random.bytes(11))

/**
 * A first path part that names a stage chooses it, else `$default` answers. Source: API Gateway developer guide,
 * Routing API requests.
 */
function stageOf(
  api: HttpApi,
  path: string,
): { readonly stage: StoredStage; readonly path: string } | undefined {
  const end = path.indexOf('/', 1)
  const first = percentDecode(end === -1 ? path.slice(1) : path.slice(1, end))
  const named = first === DEFAULT_STAGE || first === '' ? undefined : own(api.stages, first)
  if (named !== undefined) return { stage: named, path: end === -1 ? '/' : path.slice(end) }
  const fallback = own(api.stages, DEFAULT_STAGE)
  return fallback === undefined ? undefined : { stage: fallback, path: path === '' ? '/' : path }
}

async function answered(state: HttpState, passage: Passage): Promise<{ answer: Answer; bytesIn: number }> {
  const { call, api, stage } = passage
  const { method, headers } = call.request
  const cors = api.settings.CorsConfiguration
  const origin = headers['origin']
  if (cors !== undefined && method === 'OPTIONS' && origin !== undefined) {
    if (headers['access-control-request-method'] !== undefined) {
      call.span.set('route', 'OPTIONS (CORS preflight)')
      return { answer: { status: 204, headers: preflightHeaders(cors, origin), body: EMPTY }, bytesIn: 0 }
    }
  }
  const deployed =
    stage.DeploymentId === undefined
      ? undefined
      : await state.deployed(passage.owner, api.id, stage.DeploymentId)
  const matched = deployed?.table.match(method, passage.path)
  const target = matched?.target ?? deployed?.fallback
  if (target === undefined) return { answer: plain(404, 'Not Found'), bytesIn: 0 }
  call.span.set('route', target.routeKey)
  const body = await call.request.body.collect(PAYLOAD_MAX_BYTES)
  if (body === 'too-large')
    return { answer: plain(413, 'Request Entity Too Large'), bytesIn: PAYLOAD_MAX_BYTES }
  const answer = await invoke(state, passage, { target, parameters: matched?.parameters ?? {}, body })
  return { answer: { ...answer, headers: withCors(answer.headers, cors, origin) }, bytesIn: body.length }
}

interface Matched {
  readonly target: Target
  readonly parameters: Readonly<Record<string, string>>
  readonly body: Bytes
}

async function invoke(state: HttpState, passage: Passage, matched: Matched): Promise<Answer> {
  const { integration } = matched.target
  if (integration === undefined) return plain(500, 'Internal Server Error')
  const { clock } = state.ports
  const before = clock.elapsed()
  const answer =
    integration.kind === 'lambda'
      ? await invokeFunction(state, passage, { ...matched, lambda: integration })
      : await throughService(state, passage, { ...matched, service: integration })
  passage.call.span.set('integrationMs', clock.elapsed() - before)
  return answer
}

async function invokeFunction(
  state: HttpState,
  passage: Passage,
  matched: Matched & { lambda: LambdaTarget },
): Promise<Answer> {
  const { lambda } = matched
  const { call, owner, stage } = passage
  const arn =
    functionArnOf(withStageVariables(lambda.functionArn, stage.StageVariables ?? {})) ?? lambda.functionArn
  const outcome = await state.ports.targets.deliver({
    arn,
    payload: utf8(JSON.stringify(eventOf(state, passage, matched))),
    mode: 'wait',
    principal: 'apigateway.amazonaws.com',
    account: owner.account,
    region: owner.region,
    span: call.span,
    timeoutMs: lambda.timeoutMs,
    signal: call.signal,
  })
  return answerOf(state, outcome, { format: lambda.format, arn })
}

async function throughService(
  state: HttpState,
  passage: Passage,
  matched: Matched & { service: ServiceTarget },
): Promise<Answer> {
  const { call, api, stage, owner, requestId } = passage
  const outcome = await callService(state, {
    target: matched.service,
    owner,
    span: call.span,
    signal: call.signal,
    incoming: incomingOf(passage, matched.body),
    parameters: matched.parameters,
    stageVariables: stage.StageVariables ?? {},
    context: {
      apiId: api.id,
      stage: stage.StageName,
      routeKey: matched.target.routeKey,
      requestId,
      time: state.ports.clock.now(),
    },
  })
  if (outcome.kind === 'timed-out') return plain(503, 'Service Unavailable')
  if (outcome.kind === 'bad-request') return plain(400, outcome.message)
  const { status, contentType, body } = outcome.answer
  return { status, headers: [['content-type', contentType]], body: utf8(body) }
}

function incomingOf({ call }: Passage, body: Bytes): Incoming {
  return {
    method: call.request.method,
    path: call.path === '' ? '/' : call.path,
    query: call.request.query,
    rawHeaders: call.request.rawHeaders,
    body,
    sourceIp: call.request.remote.address.replace(/^::ffff:/, ''),
    host: call.request.host,
    port: /:(\d+)$/.exec(call.request.hostPort)?.[1] ?? '80',
    traceId: `Root=${call.span.traceId}`,
  }
}

function eventOf(
  state: HttpState,
  passage: Passage,
  matched: Matched & { lambda: LambdaTarget },
): JsonObject {
  const { api, stage, owner } = passage
  const incoming = incomingOf(passage, matched.body)
  const parameters = Object.entries(matched.parameters).map(
    ([name, value]) => [name, percentDecode(value)] as const,
  )
  const context: EventContext = {
    accountId: owner.account,
    apiId: api.id,
    stage: stage.StageName,
    requestId: passage.requestId,
    time: state.ports.clock.now(),
    stageVariables: stage.StageVariables ?? {},
    pathParameters: Object.fromEntries(parameters),
  }
  const body = eventBody(matched.body, isBinaryContent(headerOf(incoming, 'content-type'), matched.body))
  if (matched.lambda.format === '2.0') {
    return payloadV2(incoming, body, { ...context, routeKey: matched.target.routeKey })
  }
  return payloadV1(incoming, body, {
    ...context,
    kind: 'http',
    extendedRequestId: passage.requestId,
    resourcePath: matched.target.resourcePath,
    resourceId: null,
    deploymentId: undefined,
    path: incoming.path,
  })
}

/**
 * Source of 500 and 503: developer guide, Troubleshooting HTTP API Lambda integrations, and recorded timeouts. That
 * a throttled function answers 503 is inferred.
 */
function answerOf(
  state: HttpState,
  outcome: DeliveryOutcome,
  lambda: { readonly format: '1.0' | '2.0'; readonly arn: string },
): Answer {
  switch (outcome.kind) {
    case 'delivered': {
      if (outcome.functionError !== undefined) return plain(500, 'Internal Server Error')
      const response = lambda.format === '2.0' ? interpretV2(outcome.payload) : interpretV1(outcome.payload)
      const body = response === undefined ? undefined : plainBody(response)
      if (response === undefined || body === undefined) return plain(500, 'Internal Server Error')
      return { status: response.status, headers: forwarded(response.headers), body }
    }
    case 'timed-out':
    case 'throttled':
      return plain(503, 'Service Unavailable')
    case 'refused':
    case 'accepted': {
      const why = outcome.kind === 'refused' ? `${outcome.code}: ${outcome.message}` : 'no answer'
      state.ports.log.warn('apigatewayv2.integration.refused', { function: lambda.arn, why })
      return plain(500, 'Internal Server Error')
    }
    default:
      return outcome satisfies never
  }
}

const plain = (status: number, message: string): Answer => ({
  status,
  headers: [['content-type', 'application/json']],
  body: utf8(JSON.stringify({ message })),
})

const finished = (answer: Answer, requestId: string): HttpResponse => ({
  status: answer.status,
  headers: [...answer.headers, ['apigw-requestid', requestId]],
  body: answer.body,
})

/** Requests per started 512 KB of request body, and bytes out: body and header lines without what the server adds. */
function meter(state: HttpState, passage: Passage, traffic: { answer: Answer; bytesIn: number }): void {
  const { owner, api, call } = passage
  const common = {
    at: state.ports.clock.now(),
    account: owner.account,
    region: owner.region,
    resource: api.id,
    traceId: call.span.traceId,
  }
  const { answer } = traffic
  const headerBytes = answer.headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
  state.ports.usage.record({
    ...common,
    service: 'apiGatewayHttp',
    dimension: 'requests',
    quantity: Math.max(1, Math.ceil(traffic.bytesIn / BILLED_CHUNK_BYTES)),
    unit: 'count',
  })
  state.ports.usage.record({
    ...common,
    service: 'dataTransfer',
    dimension: 'internetOut',
    quantity: answer.body.length + headerBytes,
    unit: 'bytes',
  })
}
