/** Deliveries to function ARNs: gateways that wait for an answer, services that hand an event over. */
import { parseArn } from '#base/arn.ts'
import { Fault } from '#base/fault.ts'
import { accountId, regionOf, uuid } from '#base/ids.ts'
import type { Accept, Delivery, DeliveryOutcome } from '#ports/targets.ts'
import { functionNotFound, notAllowed, tooManyRequests } from '#services/lambda/faults.ts'
import type { InvokeResult } from '#services/lambda/invocation.ts'
import {
  type InvokeRequest,
  checkedPayload,
  execute,
  runnable,
  spanOutcome,
} from '#services/lambda/invoking.ts'
import {
  type FunctionReference,
  LATEST,
  type Owner,
  functionArn,
  referenceTo,
} from '#services/lambda/names.ts'
import { versionMeant } from '#services/lambda/qualifiers.ts'
import { allows, statementsOf } from '#services/lambda/resource-policy.ts'
import type { LambdaState } from '#services/lambda/state.ts'

/** Whose function the ARN names, or undefined when it names none. */
function targetOf(arn: string): { readonly owner: Owner; readonly reference: FunctionReference } | undefined {
  const parts = parseArn(arn)
  const account = accountId(parts?.account ?? '')
  const region = regionOf(parts?.region ?? '')
  if (account === undefined || region === undefined || parts?.resource.startsWith('function:') !== true)
    return undefined
  const owner = { account, region }
  return { owner, reference: referenceTo(arn, undefined, owner) }
}

/** Destinations of events are told with the role of the function that they are of. Source: Lambda developer guide. */
const BY_ROLE = 'lambda.amazonaws.com'

/**
 * A service that acts for a resource needs a statement of the policy; a delivery that names none goes by a role, which
 * is not judged here. Fault: AccessDeniedException.
 */
async function checkAllowed(
  state: LambdaState,
  { owner, reference }: { readonly owner: Owner; readonly reference: FunctionReference },
  { arn, principal, sourceArn, account }: Delivery,
): Promise<void> {
  if (!state.ports.settings.policiesEnforced || sourceArn === undefined || principal === BY_ROLE) return
  const live = await state.find(owner, reference.name)
  if (live === undefined) return
  const statements = statementsOf(live.record, reference.qualifier)
  if (!allows(statements, { principal, sourceArn, sourceAccount: account })) throw notAllowed(principal, arn)
}

/** What the platform registers for ARNs of the service `lambda`. */
export function acceptLambda(state: LambdaState): Accept {
  return async (delivery) => {
    const target = targetOf(delivery.arn)
    if (target === undefined)
      return {
        kind: 'refused',
        code: 'InvalidParameterValueException',
        message: `${delivery.arn} is no ARN of a function.`,
      }
    try {
      await checkAllowed(state, target, delivery)
      const hand = delivery.mode === 'hand-over'
      const request: InvokeRequest = {
        requestId: uuid(state.ports.random),
        reference: target.reference,
        payload: checkedPayload(delivery.payload, hand),
        clientContext: undefined,
        span: delivery.span,
        tail: false,
        event: hand,
      }
      if (hand) return await handedOver(state, target.owner, request)
      const of = await runnable(state, target.owner, target.reference)
      const span = delivery.span.open('lambda', 'Invoke', of.arn)
      const running = execute(state, of, { ...request, span }).then((result) => {
        span.end(spanOutcome(result), {
          bytesIn: delivery.payload.length,
          bytesOut: result.kind === 'answered' ? result.payload.length : 0,
        })
        return outcomeOf(result)
      })
      return await withTimeout(state, delivery, running)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return { kind: 'refused', code: error.code, message: error.message }
    }
  }
}

/** Durable when it resolves. A function that cannot run yet gets the event when it can. */
async function handedOver(
  state: LambdaState,
  owner: Owner,
  request: InvokeRequest,
): Promise<DeliveryOutcome> {
  const { name, qualifier } = request.reference
  if ((await state.find(owner, name)) === undefined)
    throw functionNotFound(functionArn(owner, name, qualifier ?? LATEST))
  await versionMeant(state, owner, request.reference)
  if (state.events.full) return throttled(tooManyRequests('CallerRateLimitExceeded'))
  await state.events.accept(owner, name, request)
  return { kind: 'accepted' }
}

const throttled = (fault: Fault): DeliveryOutcome => ({ kind: 'throttled', message: fault.message })

function outcomeOf(result: InvokeResult): DeliveryOutcome {
  switch (result.kind) {
    case 'answered':
      return { kind: 'delivered', payload: result.payload, functionError: result.functionError }
    case 'throttled':
      return throttled(tooManyRequests(result.reason))
    case 'refused':
      return { kind: 'refused', code: result.fault.code, message: result.fault.message }
    default:
      return result satisfies never
  }
}

/** The caller's patience ends before the function does: it goes on, as on AWS, and nobody hears of it. */
function withTimeout(
  state: LambdaState,
  delivery: Delivery,
  running: Promise<DeliveryOutcome>,
): Promise<DeliveryOutcome> {
  if (delivery.timeoutMs === undefined) return running
  const { timeoutMs } = delivery
  return new Promise((resolve, reject) => {
    const alarm = state.ports.clock.after(timeoutMs, () => resolve({ kind: 'timed-out' }))
    running.finally(() => alarm.cancel()).then(resolve, reject)
  })
}
