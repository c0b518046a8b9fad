/** The message that a target's dead-letter queue gets. Source: EventBridge user guide, Dead-letter queues. */
import { utf8 } from '#base/bytes.ts'
import type { DeliveryAttribute } from '#ports/targets.ts'
import type { Addressed } from '#services/events/delivered.ts'
import type { EventsPorts } from '#services/events/ports.ts'

export interface DeadLetter {
  /** One of AWS's codes, such as NO_RESOURCE. */
  readonly code: string
  readonly message: string
  readonly retries: number
  /** Absent where no retry was made because none would help. */
  readonly condition: 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds' | undefined
}

/** What came of it: `none` when the target has no such queue (the event is dropped, as on AWS). */
export type Told = 'sent' | 'none' | `refused: ${string}`

const text = (stringValue: string): DeliveryAttribute => ({ dataType: 'String', stringValue })

/** The event itself, not what the target would have been given. Attribute types are inferred. */
export async function deliverDead(ports: EventsPorts, to: Addressed, letter: DeadLetter): Promise<Told> {
  const queue = to.target.DeadLetterConfig?.Arn
  if (queue === undefined) return 'none'
  const { account, region } = to.item.bus
  const work = { account, region, service: 'events', operation: 'DeadLetter', resource: to.ruleArn }
  const span = ports.tracer.begin(work, to.item.trace)
  const payload = utf8(to.item.text)
  const outcome = await ports.targets.deliver({
    arn: queue,
    payload,
    mode: 'hand-over',
    principal: 'events.amazonaws.com',
    sourceArn: to.ruleArn,
    message: {
      attributes: {
        RULE_ARN: text(to.ruleArn),
        TARGET_ARN: text(to.target.Arn),
        ERROR_CODE: text(letter.code),
        ERROR_MESSAGE: text(letter.message),
        ...(letter.condition === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: text(letter.condition) }),
        RETRY_ATTEMPTS: text(`${letter.retries}`),
      },
    },
    account,
    region,
    span,
  })
  const isSent = outcome.kind === 'accepted' || outcome.kind === 'delivered'
  span.end(isSent ? 'ok' : 'error', { bytesOut: isSent ? payload.length : 0 })
  if (isSent) return 'sent'
  return outcome.kind === 'refused' ? `refused: ${outcome.code}` : `refused: ${outcome.kind}`
}
