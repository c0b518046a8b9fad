/**
 * AWS's words for a denied request. Pure.
 * Source: IAM user guide, Troubleshoot access denied error messages.
 */
import type { Decision, Layer } from '#engines/iam-policy/evaluate.ts'

const KINDS: Readonly<Record<Layer, string>> = {
  organization: 'service control policy',
  resource: 'resource-based policy',
  identity: 'identity-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
}

export interface Denied {
  /** ARN of the caller as GetCallerIdentity tells it; undefined for the unsigned. */
  readonly caller: string | undefined
  readonly action: string
  readonly resource: string
  readonly decision: Decision
}

/** Such as `User: arn:... is not authorized to perform: sqs:SendMessage on resource: arn:... because no identity-based policy allows the sqs:SendMessage action`. */
export function denialText({ caller, action, resource, decision }: Denied): string {
  const layer = KINDS[decision.deniedBy ?? 'identity']
  const article = /^[aeiou]/.test(layer) ? 'an' : 'a'
  const why =
    decision.kind === 'explicitDeny'
      ? `with an explicit deny in ${article} ${layer}`
      : `because no ${layer} allows the ${action} action`
  const user = caller === undefined ? 'User: anonymous' : `User: ${caller}`
  return `${user} is not authorized to perform: ${action} on resource: ${resource} ${why}`
}
