/** The policies of a user, group or role, gathered for the evaluator; documents that are not carried here count as empty. */
import type { AccountId } from '#base/ids.ts'
import { readPolicy } from '#engines/iam-policy/document.ts'
import type { Sourced } from '#engines/iam-policy/evaluate.ts'
import type { Read } from '#ports/store.ts'
import { awsPolicies, isAwsManaged, policyKey, policyName } from '#services/iam/managed.ts'
import { type Holder, type UserRecord, groups, nameKey, ownerOf, policies } from '#services/iam/records.ts'

/** A policy together with the text it was read from. */
export interface TextPolicy extends Sourced {
  readonly text: string
}

/** Undefined when the text is no policy: inline documents are checked when they are put, so that is AWS's own empty one. */
export function textPolicy(id: string, type: string, text: string): TextPolicy | undefined {
  const policy = readPolicy(text)
  return policy === undefined ? undefined : { id, type, policy, text }
}

const present = (all: readonly (TextPolicy | undefined)[]): readonly TextPolicy[] =>
  all.filter((one) => one !== undefined)

/** The default version's text of a managed policy; undefined when there is none. */
export async function managedText(read: Read, account: AccountId, arn: string): Promise<string | undefined> {
  const record = isAwsManaged(arn)
    ? awsPolicies().get(policyName(arn))
    : await policies.get(read, ownerOf(account), policyKey(arn))
  return record?.versions.find((one) => one.id === record.defaultVersion)?.document
}

/** Managed policies by their ARNs. */
export async function managedPolicies(
  read: Read,
  account: AccountId,
  arns: readonly string[],
): Promise<readonly TextPolicy[]> {
  const found = arns.map(async (arn) => {
    const text = await managedText(read, account, arn)
    const type = isAwsManaged(arn) ? 'aws-managed' : 'user-managed'
    return text === undefined ? undefined : textPolicy(policyName(arn), type, text)
  })
  return present(await Promise.all(found))
}

/** Inline and attached policies of one holder; `type` is `user`, `group` or `role`. */
export async function policiesOf(
  read: Read,
  account: AccountId,
  holder: Holder,
  type: 'user' | 'group' | 'role',
): Promise<readonly TextPolicy[]> {
  const inline = holder.inline.map((one) =>
    textPolicy(`${type}_${holder.name}_${one.name}`, type, one.document),
  )
  return [...present(inline), ...(await managedPolicies(read, account, holder.attached))]
}

/** A user's own policies and those of its groups. */
export async function policiesOfUser(
  read: Read,
  account: AccountId,
  user: UserRecord,
): Promise<readonly TextPolicy[]> {
  const found = await Promise.all(
    user.groups.map(async (name) => {
      const group = await groups.get(read, ownerOf(account), nameKey(name))
      return group === undefined ? [] : await policiesOf(read, account, group, 'group')
    }),
  )
  return [...(await policiesOf(read, account, user, 'user')), ...found.flat()]
}

/** Undefined when nothing bounds. */
export const boundaryOf = async (
  read: Read,
  account: AccountId,
  arn: string | undefined,
): Promise<readonly TextPolicy[] | undefined> =>
  arn === undefined ? undefined : await managedPolicies(read, account, [arn])
