/** Managed policies by their ARN: those of the account are records, those that AWS keeps are known by their shape alone. */
import type { AccountId } from '#base/ids.ts'
import { parseArn } from '#base/arn.ts'
import type { Read, Tx } from '#ports/store.ts'
import { awsManagedUnknown, noSuchPolicy, notAttachable, validationError } from '#services/iam/faults.ts'
import { nameKey, ownerOf, policies, type PolicyRecord } from '#services/iam/records.ts'

/** A policy that AWS keeps. Source: IAM user guide, AWS managed policies. */
export const isAwsManaged = (arn: string): boolean => /^arn:aws:iam::aws:policy\/[\w+=,.@/-]+$/.test(arn)

/** The name of the record: the path and name in lower case. Fault ValidationError for what is no policy's ARN. Source: recorded AWS answer. */
export function policyKey(arn: string): string {
  const parsed = parseArn(arn)
  if (parsed?.service !== 'iam' || !parsed.resource.startsWith('policy/'))
    throw validationError(`ARN ${arn} is not valid.`)
  return nameKey(parsed.resource.slice('policy/'.length))
}

/** The last part of the ARN. */
export const policyName = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1)

async function find(read: Read, account: AccountId, arn: string): Promise<PolicyRecord | undefined> {
  const found = await policies.get(read, ownerOf(account), policyKey(arn))
  return found?.arn === arn ? found : undefined
}

/** A policy of the account. Faults NoSuchEntity, NotImplemented for those of AWS. */
export async function policyOf(read: Read, account: AccountId, arn: string): Promise<PolicyRecord> {
  const found = await find(read, account, arn)
  if (found !== undefined) return found
  throw isAwsManaged(arn) ? awsManagedUnknown(arn) : noSuchPolicy(arn)
}

/** Fault NoSuchEntity unless it can be attached. */
export async function checkAttachable(read: Read, account: AccountId, arn: string): Promise<void> {
  if (isAwsManaged(arn)) return
  if ((await find(read, account, arn)) === undefined) throw notAttachable(arn)
}

/** Keeps the number of uses of a policy of the account; those of AWS have none here. */
export async function countUse(
  tx: Tx,
  account: AccountId,
  arn: string,
  more: { readonly attachments?: number; readonly boundaries?: number },
): Promise<void> {
  if (isAwsManaged(arn)) return
  const policy = await find(tx, account, arn)
  if (policy === undefined) return
  putPolicy(tx, account, {
    ...policy,
    attachments: policy.attachments + (more.attachments ?? 0),
    boundaries: policy.boundaries + (more.boundaries ?? 0),
  })
}

export const putPolicy = (tx: Tx, account: AccountId, policy: PolicyRecord): void =>
  policies.put(tx, ownerOf(account), [policyKey(policy.arn)], policy)
