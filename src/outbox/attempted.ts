/** What one delivery by ARN came to, as an outbox sees it. */
import type { Attempted } from '#outbox/outbox.ts'
import type { DeliveryOutcome } from '#ports/targets.ts'

/** `isFinal` says of the receiver's error code whether trying again would not help. */
export function attemptedBy(
  outcome: DeliveryOutcome,
  isFinal: (code: string) => boolean,
): Exclude<Attempted<never>, { readonly kind: 'split' }> {
  switch (outcome.kind) {
    case 'accepted':
    case 'delivered':
      return { kind: 'done' }
    case 'throttled':
      return { kind: 'later', why: outcome.message }
    case 'timed-out':
      return { kind: 'later', why: 'The receiver did not answer in time.' }
    case 'refused':
      return {
        kind: isFinal(outcome.code) ? 'refused' : 'later',
        why: `${outcome.code}: ${outcome.message}`,
      }
    default:
      return outcome satisfies never
  }
}
