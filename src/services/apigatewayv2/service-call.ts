/** A request on its way to an AWS service: values for the integration's parameters, the call, the answer or a timeout. */
import { Fault } from '#base/fault.ts'
import type { MappingSource } from '#engines/proxy-events/parameter-mapping.ts'
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
  readonly source: MappingSource
}

export type ServiceOutcome =
  | { readonly kind: 'answered'; readonly answer: ServiceAnswer }
  | { readonly kind: 'bad-request'; readonly message: string }
  | { readonly kind: 'timed-out' }

export async function callService(state: HttpState, request: ServiceRequest): Promise<ServiceOutcome> {
  const { target, owner, span } = request
  const from = resolved(target, request.source)
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
