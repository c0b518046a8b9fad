/** Checks of the three attributes that are documents: Policy, RedrivePolicy, RedriveAllowPolicy. */
import { isRecord, parseJson } from '#base/json.ts'
import { utf8 } from '#base/bytes.ts'
import type { Attributes } from '#services/sqs/attributes.ts'
import { invalidAttributeValue } from '#services/sqs/faults.ts'
import { POLICY_BYTES_MAX } from '#services/sqs/limits.ts'
import type { Queues } from '#services/sqs/queues.ts'
import { checkRedrive, checkRedriveAllow } from '#services/sqs/redrive.ts'

/** Throws for the first that may not be; empty values take an attribute away. `source`: ARN of the queue. */
export function checkPolicies(
  given: Attributes,
  { source, queues }: { readonly source: string; readonly queues: Queues },
): void {
  const { Policy: policy, RedrivePolicy: redrive, RedriveAllowPolicy: allow } = given
  if (policy !== undefined && policy !== '') checkPolicy(policy)
  const faults = [
    redrive === undefined || redrive === ''
      ? undefined
      : checkRedrive(redrive, {
          source,
          allowOf: (arn) => queues.byArn(arn)?.settings.redriveAllow ?? ownAllow(arn, source),
        }),
    allow === undefined || allow === '' ? undefined : checkRedriveAllow(allow),
  ]
  for (const fault of faults) if (fault !== undefined) throw fault
}

/** A queue that is about to be made may name itself. */
const ownAllow = (arn: string, source: string): { kind: 'all' } | undefined =>
  arn === source ? { kind: 'all' } : undefined

/** Source: SQS developer guide, Basic examples of policies: a JSON document with statements. */
function checkPolicy(policy: string): void {
  const parsed = parseJson(policy)
  const wrong = invalidAttributeValue('Policy')
  if (utf8(policy).length > POLICY_BYTES_MAX || !isRecord(parsed)) throw wrong
  const { Statement: statement } = parsed
  const statements = Array.isArray(statement) ? statement : [statement]
  for (const each of statements) {
    if (!isRecord(each)) throw wrong
    if (each['Effect'] !== 'Allow' && each['Effect'] !== 'Deny') throw wrong
    if (each['Action'] === undefined && each['NotAction'] === undefined) throw wrong
    if (each['Principal'] === undefined && each['NotPrincipal'] === undefined) throw wrong
  }
}
