/**
 * Requests to HTTP APIs, from the API's address or a custom domain to the answer: stage, CORS preflight, route,
 * throttle, authorizer, backend, meter, access log. No store is read once an API is known. Faults of the management
 * API never come from here: a gateway's errors are small JSON bodies of its own.
 */
import { EMPTY, base64 } from '#base/bytes.ts'
import { parseArn } from '#base/arn.ts'
import type { DataPlane, DataPlaneCall } from '#ports/data-plane.ts'
import type { HttpResponse } from '#ports/http.ts'
import { percentDecode } from '#engines/proxy-events/request.ts'
import { accessLine } from '#services/apigatewayv2/access-log.ts'
import { authorize } from '#services/apigatewayv2/authorize.ts'
import { preflightHeaders, withCors } from '#services/apigatewayv2/cors.ts'
import type { Target } from '#services/apigatewayv2/deployed.ts'
import { DEFAULT_STAGE, type HttpApi, type StoredStage, own } from '#services/apigatewayv2/document.ts'
import { mappingFor } from '#services/apigatewayv2/domains.ts'
import { invoke } from '#services/apigatewayv2/invoke.ts'
import { BILLED_CHUNK_BYTES, PAYLOAD_MAX_BYTES } from '#services/apigatewayv2/limits.ts'
import { type Answer, type Passage, incomingOf, refusal } from '#services/apigatewayv2/passage.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'
import { limitOf } from '#services/apigatewayv2/throttle.ts'

export interface HttpDataPlane extends DataPlane {
  /** The id to call `handle` with when that host, lower case and without a port, is a custom domain; else undefined. */
  ofHost(host: string): Promise<string | undefined>
}

export function httpDataPlane(state: HttpState): HttpDataPlane {
  return {
    owner: async (id) => (await state.catalog.find(id))?.owner ?? (await state.domains.find(id))?.owner,
    ofHost: (host) => state.domainOf(host),
    handle: (call) => handle(state, call),
  }
}

async function handle(state: HttpState, call: DataPlaneCall): Promise<HttpResponse> {
  const requestId = extendedId(state)
  const passage = await passageOf(state, call, requestId)
  if (passage === undefined) return finished(refusal(undefined, 404, 'Not Found'), requestId)
  if (passage === 'unmapped') return finished(refusal(undefined, 403, 'Forbidden'), requestId)
  call.span.set('apiId', passage.api.id)
  call.span.set('stage', passage.stage.StageName)
  const { answer, bytesIn } = await answered(state, passage)
  meter(state, passage, { answer, bytesIn })
  logAccess(state, passage, { answer, bytesIn })
  call.span.set('status', answer.status)
  return finished(answer, requestId)
}

/** Fifteen characters and an equals sign, as AWS prints them. */
const extendedId = (state: HttpState): string => base64(state.ports.random.bytes(11))

/**
 * The API and stage that a request is for. `unmapped` is a custom domain without a mapping for the path, which AWS
 * answers with 403 (inferred from REST APIs).
 */
async function passageOf(
  state: HttpState,
  call: DataPlaneCall,
  requestId: string,
): Promise<Passage | 'unmapped' | undefined> {
  const common = { call, requestId, at: state.ports.clock.now(), notes: {} }
  const found = await state.catalog.find(call.id)
  if (found !== undefined) {
    const { document, owner } = found
    if (document.settings.DisableExecuteApiEndpoint === true) return undefined
    const staged = stageOf(document, call.path)
    if (staged === undefined) return undefined
    return { ...common, ...staged, api: document, owner, shownPath: call.path, mappingKey: undefined }
  }
  const domain = await state.domains.find(call.id)
  if (domain === undefined) return undefined
  const mapped = mappingFor(domain.document, call.path)
  const target = mapped === undefined ? undefined : await state.catalog.find(mapped.mapping.ApiId)
  const stage = own(target?.document.stages ?? {}, mapped?.mapping.Stage ?? '')
  if (mapped === undefined || target === undefined || stage === undefined) return 'unmapped'
  const { path, mapping } = mapped
  const { document: api, owner } = target
  return { ...common, api, owner, stage, path, shownPath: path, mappingKey: mapping.ApiMappingKey }
}

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

interface Traffic {
  readonly answer: Answer
  readonly bytesIn: number
}

async function answered(state: HttpState, passage: Passage): Promise<Traffic> {
  const { call, api } = passage
  const { method, headers } = call.request
  const cors = api.settings.CorsConfiguration
  const origin = headers['origin']
  if (cors !== undefined && method === 'OPTIONS' && origin !== undefined) {
    if (headers['access-control-request-method'] !== undefined) {
      call.span.set('route', 'OPTIONS (CORS preflight)')
      return { answer: { status: 204, headers: preflightHeaders(cors, origin), body: EMPTY }, bytesIn: 0 }
    }
  }
  const { answer, bytesIn } = await routed(state, passage)
  return { answer: { ...answer, headers: withCors(answer.headers, cors, origin) }, bytesIn }
}

async function routed(state: HttpState, passage: Passage): Promise<Traffic> {
  const { call, api, stage, notes } = passage
  const deployed =
    stage.DeploymentId === undefined
      ? undefined
      : await state.deployed(passage.owner, api.id, stage.DeploymentId)
  const matched = deployed?.table.match(call.request.method, passage.path)
  const target = matched?.target ?? deployed?.fallback
  if (target === undefined) {
    notes.isFree = true
    return { answer: refusal(passage, 404, 'Not Found'), bytesIn: 0 }
  }
  call.span.set('route', target.routeKey)
  notes.target = target
  notes.parameters = matched?.parameters ?? {}
  if (!admits(state, passage, target)) {
    notes.isFree = true
    return { answer: refusal(passage, 429, 'Too Many Requests'), bytesIn: 0 }
  }
  const refused = await authorize(state, passage, target, incomingOf(passage, EMPTY))
  if (refused !== undefined) return { answer: refused, bytesIn: 0 }
  const body = await call.request.body.collect(PAYLOAD_MAX_BYTES)
  if (body === 'too-large')
    return { answer: refusal(passage, 413, 'Request Entity Too Large'), bytesIn: PAYLOAD_MAX_BYTES }
  const answer = await invoke(state, passage, { target, incoming: incomingOf(passage, body) })
  return { answer, bytesIn: body.length }
}

function admits(state: HttpState, { api, stage, at }: Passage, target: Target): boolean {
  const limit = limitOf(own(stage.RouteSettings ?? {}, target.routeKey), stage.DefaultRouteSettings)
  if (limit === undefined) return true
  return state.throttles.admits(`${api.id}/${stage.StageName}/${target.routeKey}`, limit, at)
}

const finished = (answer: Answer, requestId: string): HttpResponse => ({
  status: answer.status,
  headers: [...answer.headers, ['apigw-requestid', requestId]],
  body: answer.body,
})

/**
 * Requests per started 512 KB of request body, and bytes out: body and header lines without what the server adds.
 * A request that has no route or that an authorizer or a throttle refuses costs nothing. Source: answers of AWS's own
 * people on re:Post, and the developer guide's page on pricing while it was there.
 */
function meter(state: HttpState, passage: Passage, traffic: Traffic): void {
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
  if (passage.notes.isFree !== true) {
    state.ports.usage.record({
      ...common,
      service: 'apiGatewayHttp',
      dimension: 'requests',
      quantity: Math.max(1, Math.ceil(traffic.bytesIn / BILLED_CHUNK_BYTES)),
      unit: 'count',
    })
  }
  state.ports.usage.record({
    ...common,
    service: 'dataTransfer',
    dimension: 'internetOut',
    quantity: answer.body.length + headerBytes,
    unit: 'bytes',
  })
}

function logAccess(state: HttpState, passage: Passage, { answer, bytesIn }: Traffic): void {
  const { api, stage, owner, call, at } = passage
  const { DestinationArn, Format } = stage.AccessLogSettings ?? {}
  const group = /^log-group:([^:]+)/.exec(parseArn(DestinationArn ?? '')?.resource ?? '')?.[1]
  if (group === undefined || Format === undefined) return
  const latencyMs = state.ports.clock.elapsed() - call.acceptedAt
  const message = accessLine(Format, passage, { answer, latencyMs, bytesIn })
  const source = `${api.id}/${stage.StageName}`
  state.accessLogs.add({ group, source, owner }, { timestamp: Math.floor(at), message })
}
