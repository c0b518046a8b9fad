/**
 * Policies of advanced parameters. Expiration is kept and acted upon; policies that only send events to EventBridge are
 * refused by name, because nobody would send them. Pure.
 */
import { isRecord, parseJson, stringAt, valueAt } from '#base/json.ts'
import { type Instant, parseIso } from '#base/time.ts'
import {
  incompatiblePolicies,
  invalidPolicyAttribute,
  invalidPolicyType,
  tooManyPolicies,
  validation,
} from '#services/ssm/faults.ts'
import { POLICIES_MAX } from '#services/ssm/limits.ts'

export interface Policy {
  /** As given. */
  readonly text: string
  readonly type: string
  readonly expiresAt: Instant | undefined
}

const NOTIFIES = new Set(['ExpirationNotification', 'NoChangeNotification'])

/** Faults for what is no list of policies. Source: Systems Manager user guide, Assigning parameter policies; texts inferred. */
export function policiesIn(json: string): Policy[] {
  const list = parseJson(json)
  if (!Array.isArray(list)) throw validation('The policies of a parameter must be a JSON array.')
  if (list.length > POLICIES_MAX) throw tooManyPolicies()
  const policies = list.map(policyOf)
  if (policies.length > 1) throw incompatiblePolicies()
  return policies
}

function policyOf(policy: unknown): Policy {
  const type = stringAt(policy, 'Type')
  if (!isRecord(policy) || type === undefined)
    throw invalidPolicyType('The policy type is missing. Parameter Store supports Expiration.')
  if (NOTIFIES.has(type))
    throw invalidPolicyType(
      `Windtunnel does not act on ${type} policies yet: it sends no events of Parameter Store.`,
    )
  if (type !== 'Expiration')
    throw invalidPolicyType(
      "The policy type isn't supported. Parameter Store supports the following policy types: Expiration, ExpirationNotification, and NoChangeNotification.",
    )
  const expiresAt = parseIso(stringAt(valueAt(policy, 'Attributes'), 'Timestamp') ?? '')
  if (expiresAt === undefined)
    throw invalidPolicyAttribute("A policy attribute or its value is invalid: Expiration's Timestamp.")
  return { text: JSON.stringify(policy), type, expiresAt }
}

/** As DescribeParameters and GetParameterHistory show them. */
export const shownPolicies = (
  policies: readonly Policy[],
): { readonly PolicyText: string; readonly PolicyType: string; readonly PolicyStatus: string }[] =>
  policies.map(({ text, type }) => ({ PolicyText: text, PolicyType: type, PolicyStatus: 'Pending' }))
