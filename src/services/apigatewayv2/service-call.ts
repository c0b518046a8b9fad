/** A request on its way to an AWS service: values for the integration's parameters, the call, the answer or a timeout. */
import { Fault } from '#base/fault.ts'
import type { MappingSource } from '#engines/proxy-events/parameter-mapping.ts'
import { type Incoming, headerOf, percentDecode, queryValues } from '#engines/proxy-events/request.ts'
import { type Instant, clfDate } from '#base/time.ts'
import type { SpanScope } from '#ports/spans.ts'
import {
  type ServiceAnswer,
  type ServiceTarget,
  refused,
  resolved,
} from '#services/apigatewayv2/service-integrations.ts'
import type { ApiOwner, HttpState } from '#services/apigatewayv2/state.ts'

export interface ServiceRequest {
  readonly target: ServiceTarget
  readonly owner: ApiOwner
  readonly span: SpanScope
  readonly signal: AbortSignal
  readonly incoming: Incoming
  /** Path variables, raw. */
  readonly parameters: Readonly<Record<string, string>>
  readonly stageVariables: Readonly<Record<string, string>>
  readonly context: ContextFacts
}

export interface ContextFacts {
  readonly apiId: string
  readonly stage: string
  readonly routeKey: string
  readonly requestId: string
  readonly time: Instant
}

export type ServiceOutcome =
  | { readonly kind: 'answered'; readonly answer: ServiceAnswer }
  | { readonly kind: 'bad-request'; readonly message: string }
  | { readonly kind: 'timed-out' }

export async function callService(state: HttpState, request: ServiceRequest): Promise<ServiceOutcome> {
  const { target, owner, span } = request
  const from = resolved(target, sourceOf(request))
  if (from.kind === 'missing') return { kind: 'bad-request', message: from.message }
  const { clock, api } = state.ports
  const late = new AbortController()
  const alarm = clock.after(target.timeoutMs, () => late.abort())
  const signal = AbortSignal.any([request.signal, late.signal])
  const timedOut = new Promise<ServiceOutcome>((resolve) => {
    late.signal.addEventListener('abort', () => resolve({ kind: 'timed-out' }), { once: true })
  })
  try {
    const running = target.subtype.run(api, from.values, { ...owner, span, signal })
    return await Promise.race([answered(target, running), timedOut])
  } finally {
    alarm.cancel()
  }
}

async function answered(target: ServiceTarget, running: Promise<ServiceAnswer>): Promise<ServiceOutcome> {
  try {
    return { kind: 'answered', answer: await running }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { kind: 'answered', answer: refused(target, error) }
  }
}

function sourceOf(request: ServiceRequest): MappingSource {
  const { incoming, parameters, stageVariables } = request
  const own = (map: Readonly<Record<string, string>>, name: string): string | undefined =>
    Object.hasOwn(map, name) ? map[name] : undefined
  return {
    header: (name) => {
      const values = incoming.rawHeaders.filter(([given]) => given.toLowerCase() === name)
      return values.length === 0 ? undefined : values.map(([, value]) => value).join(',')
    },
    query: (name) => queryValues(incoming.query).get(name)?.join(','),
    path: (name) => {
      if (name === undefined) return incoming.path
      const value = own(parameters, name)
      return value === undefined ? undefined : percentDecode(value)
    },
    context: (name) => own(contextOf(request), name),
    stageVariable: (name) => own(stageVariables, name),
    body: incoming.body,
  }
}

/** Source: API Gateway developer guide, Logging variables of HTTP APIs; those that exist without an authorizer. */
function contextOf({ incoming, owner, context }: ServiceRequest): Record<string, string> {
  return {
    accountId: owner.account,
    apiId: context.apiId,
    domainName: incoming.host,
    domainPrefix: incoming.host.split('.', 1)[0] ?? '',
    extendedRequestId: context.requestId,
    httpMethod: incoming.method,
    'identity.sourceIp': incoming.sourceIp,
    'identity.userAgent': headerOf(incoming, 'user-agent') ?? '',
    path: incoming.path,
    protocol: 'HTTP/1.1',
    requestId: context.requestId,
    requestTime: clfDate(context.time),
    requestTimeEpoch: String(context.time),
    routeKey: context.routeKey,
    stage: context.stage,
  }
}
