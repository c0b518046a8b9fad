/**
 * Requests to REST APIs, from the path below the API's address to the answer: stage, resource and method, backend,
 * meter. No store is read once an API and its deployment are known. What the gateway answers by itself is in
 * `gateway-responses.ts`.
 */
import { type Bytes, base64, text, utf8 } from '#base/bytes.ts'
import type { DataPlane, DataPlaneCall } from '#ports/data-plane.ts'
import type { HttpResponse } from '#ports/http.ts'
import type { DeliveryOutcome } from '#ports/targets.ts'
import { functionArnOf, withStageVariables } from '#engines/proxy-events/lambda-uri.ts'
import { payloadV1 } from '#engines/proxy-events/payload-v1.ts'
import {
  type Incoming,
  eventBody,
  headerOf,
  matchesMediaType,
  mediaType,
} from '#engines/proxy-events/request.ts'
import { type ProxyResponse, interpretV1, plainBody, remapped } from '#engines/proxy-events/response.ts'
import type { Backend, Deployed, Target } from '#services/apigateway/deployed.ts'
import { type RestDocument, type StoredStage, own } from '#services/apigateway/document.ts'
import {
  FORBIDDEN,
  type GatewayError,
  INVALID_API_KEY,
  MALFORMED,
  MISCONFIGURED,
  MISSING_TOKEN,
  REFUSED,
  TIMED_OUT,
  TOO_LARGE,
  UNSUPPORTED_MEDIA_TYPE,
  writeGatewayError,
} from '#services/apigateway/gateway-responses.ts'
import { PAYLOAD_MAX_BYTES } from '#services/apigateway/limits.ts'
import { mockAnswer } from '#services/apigateway/mock.ts'
import { type Passage, mappingSource, meter } from '#services/apigateway/passage.ts'
import type { RestState } from '#services/apigateway/state.ts'

type Pair = readonly [name: string, value: string]
interface Answer {
  readonly status: number
  readonly headers: readonly Pair[]
  readonly body: Bytes
}

export function restDataPlane(state: RestState): DataPlane {
  return {
    owner: async (id) => (await state.catalog.find(id))?.owner,
    handle: (call) => handle(state, call),
  }
}

async function handle(state: RestState, call: DataPlaneCall): Promise<HttpResponse> {
  const extendedId = base64(state.ports.random.bytes(11))
  const passage = await passageOf(state, call, extendedId)
  const answer =
    passage === undefined
      ? writeGatewayError(FORBIDDEN, new Map(), { context: {}, stageVariables: {}, method: NO_REQUEST })
      : await answered(state, passage)
  call.span.set('status', answer.status)
  return {
    status: answer.status,
    headers: [...answer.headers, ['x-amzn-RequestId', call.requestId], ['x-amz-apigw-id', extendedId]],
    body: answer.body,
  }
}
const NO_REQUEST = { headers: {}, query: '', path: {} }

/** The stage that the first part of the path names, with what it shows; undefined when there is none. */
async function passageOf(
  state: RestState,
  call: DataPlaneCall,
  extendedId: string,
): Promise<Passage | undefined> {
  const found = await state.catalog.find(call.id)
  if (found === undefined || found.document.settings.disableExecuteApiEndpoint === true) return undefined
  const split = splitStage(found.document, call.path)
  if (split === undefined) return undefined
  const deployed = await state.deployed(found.owner, call.id, split.stage.deploymentId)
  if (deployed === undefined) return undefined
  call.span.set('apiId', call.id)
  call.span.set('stage', split.stage.stageName)
  return { call, owner: found.owner, extendedId, deployed, ...split }
}

/** Slashes before the stage and before the path count once. Source: recorded AWS events. */
function splitStage(
  api: RestDocument,
  path: string,
): { readonly stage: StoredStage; readonly rest: string; readonly path: string } | undefined {
  const [, name = '', rest = ''] = /^\/*([^/]*)(.*)$/s.exec(path) ?? []
  const stage = own(api.stages, name)
  return stage === undefined ? undefined : { stage, rest, path: `/${rest.replace(/^\/+/, '')}` }
}

async function answered(state: RestState, passage: Passage): Promise<Answer> {
  const { call, deployed, path } = passage
  const isClosed = path.length > 1 && path.endsWith('/')
  const matched = deployed.table.match(call.request.method, isClosed ? path.slice(0, -1) : path)
  if (matched === undefined) return refused(passage, MISSING_TOKEN)
  const { target, parameters } = matched
  call.span.set('route', `${target.httpMethod} ${target.resourcePath}`)
  const at = { ...passage, target, parameters }
  // No API key exists here, so no request can carry a valid one.
  if (target.apiKeyRequired) return refused(at, INVALID_API_KEY)
  const body = await call.request.body.collect(PAYLOAD_MAX_BYTES)
  const answer = body === 'too-large' ? refused(at, TOO_LARGE) : await backed(state, at, body)
  meter(state.ports, at, answer)
  return answer
}

type Matched = Passage & {
  readonly target: Target
  readonly parameters: Readonly<Record<string, string>>
}

const refused = (passage: Passage, fault: GatewayError): Answer =>
  writeGatewayError(fault, passage.deployed.gatewayResponses, mappingSource(passage))

async function backed(state: RestState, at: Matched, body: Bytes): Promise<Answer> {
  const { integration } = at.target
  switch (integration.kind) {
    case 'lambda':
      return await invoke(state, at, { integration, body })
    case 'mock':
      return mocked(at, integration, body)
    case 'misconfigured':
      return refused(at, REFUSED)
    default:
      return integration satisfies never
  }
}

function mocked(at: Matched, backend: Extract<Backend, { kind: 'mock' }>, body: Bytes): Answer {
  const request = { contentType: at.call.request.headers['content-type'], body: text(body) }
  const answer = mockAnswer(backend.integration, request, mappingSource(at))
  if (answer.kind === 'misconfigured') return refused(at, MISCONFIGURED)
  return answer.kind === 'answer' ? answer : refused(at, UNSUPPORTED_MEDIA_TYPE)
}

async function invoke(
  state: RestState,
  at: Matched,
  wish: { readonly integration: Extract<Backend, { kind: 'lambda' }>; readonly body: Bytes },
): Promise<Answer> {
  const { call, owner, stage } = at
  const template = wish.integration.functionArn
  const arn = functionArnOf(withStageVariables(template, stage.variables ?? {})) ?? template
  const payload = eventOf(state, at, wish.body)
  const { clock, targets } = state.ports
  const before = clock.elapsed()
  const outcome = await targets.deliver({
    arn,
    payload,
    mode: 'wait',
    principal: 'apigateway.amazonaws.com',
    account: owner.account,
    region: owner.region,
    span: call.span,
    timeoutMs: wish.integration.timeoutMs,
    signal: call.signal,
  })
  call.span.set('integrationMs', clock.elapsed() - before)
  return answerOf(state, at, { outcome, arn })
}

function eventOf(state: RestState, at: Matched, bytes: Bytes): Bytes {
  const { call, owner, stage, target } = at
  const incoming: Incoming = {
    method: call.request.method,
    path: `/${stage.stageName}${at.rest}`,
    query: call.request.query,
    rawHeaders: call.request.rawHeaders,
    body: bytes,
    sourceIp: call.request.remote.address.replace(/^::ffff:/, ''),
    host: call.request.host,
    port: /:(\d+)$/.exec(call.request.hostPort)?.[1] ?? '80',
    traceId: `Root=${call.span.traceId}`,
  }
  const contentType = headerOf(incoming, 'content-type')
  const isBinary = contentType !== undefined && matchesMediaType(at.deployed.binaryMediaTypes, contentType)
  const event = payloadV1(incoming, eventBody(bytes, isBinary), {
    kind: 'rest',
    accountId: owner.account,
    apiId: call.id,
    stage: stage.stageName,
    requestId: call.requestId,
    extendedRequestId: at.extendedId,
    time: state.ports.clock.now(),
    stageVariables: stage.variables ?? {},
    pathParameters: at.parameters,
    resourcePath: target.resourcePath,
    resourceId: target.resourceId,
    deploymentId: stage.deploymentId,
    path: at.path,
  })
  return utf8(JSON.stringify(event))
}

/**
 * Source: Lambda developer guide, Errors with an API Gateway API: a refused call is 500, a failed function or an
 * answer in another form 502. A throttled call is 500 too. Source: AWS re:Post, proxy integrations and throttling.
 */
function answerOf(
  state: RestState,
  at: Matched,
  sent: { readonly outcome: DeliveryOutcome; readonly arn: string },
): Answer {
  const { outcome } = sent
  switch (outcome.kind) {
    case 'delivered': {
      const response = outcome.functionError === undefined ? interpretV1(outcome.payload) : undefined
      const body = response === undefined ? undefined : bodyOf(response, at)
      if (response === undefined || body === undefined) return refused(at, MALFORMED)
      const headers: Pair[] = [
        ...remapped(response.headers),
        ['X-Amzn-Trace-Id', `Root=${at.call.span.traceId}`],
      ]
      return { status: response.status, headers, body }
    }
    case 'timed-out':
      return refused(at, TIMED_OUT)
    case 'throttled':
      return refused(at, REFUSED)
    case 'refused':
    case 'accepted': {
      const why = outcome.kind === 'refused' ? `${outcome.code}: ${outcome.message}` : 'no answer'
      state.ports.log.warn('apigateway.integration.refused', { function: sent.arn, why })
      return refused(at, REFUSED)
    }
    default:
      return outcome satisfies never
  }
}

/**
 * Base64 is undone only when the API lists the type that the client accepts first, or, without Accept, the answer's.
 * Source: developer guide, Return binary media from a Lambda proxy integration.
 */
function bodyOf(
  response: ProxyResponse,
  at: { readonly call: DataPlaneCall; readonly deployed: Deployed },
): Bytes | undefined {
  const types = at.deployed.binaryMediaTypes
  if (!response.isBase64Encoded || types.length === 0) return response.body
  const accept = at.call.request.headers['accept']?.split(',', 1)[0]
  const own = response.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  const wanted = mediaType(accept ?? own ?? 'application/json')
  return matchesMediaType(types, wanted) ? plainBody(response) : response.body
}
