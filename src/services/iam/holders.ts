/**
 * What users, groups and roles share: finding and changing one, its inline policies, the managed ones attached to it. The
 * operations of each kind are a line over these.
 * Source: IAM API, PutRolePolicy, AttachRolePolicy and their like; IAM and STS quotas.
 */
import type { AccountId } from '#base/ids.ts'
import type { Records } from '#base/records.ts'
import type { Call } from '#ports/service.ts'
import type { Read, Tx } from '#ports/store.ts'
import { checkDocument, checkSize, encodedDocument } from '#services/iam/documents.ts'
import { type IamPage, type PageInput, pageFor } from '#services/iam/entities.ts'
import { noSuchPolicy, notFound, quotaExceeded, unmodifiable } from '#services/iam/faults.ts'
import {
  ATTACHED_POLICIES_MAX,
  GROUP_INLINE_CHARACTERS_MAX,
  INLINE_POLICIES_CHARACTERS_MAX,
  USER_INLINE_CHARACTERS_MAX,
} from '#services/iam/limits.ts'
import { checkAttachable, countUse, pathOfPolicy, policyName } from '#services/iam/managed.ts'
import {
  type GroupRecord,
  type Holder,
  type IamState,
  type RoleRecord,
  type UserRecord,
  groups,
  nameKey,
  ownerOf,
  roles,
  users,
} from '#services/iam/records.ts'

export interface Kind<T extends Holder> {
  readonly records: Records<T>
  /** As AWS spells it in errors; with a capital in names of quotas. */
  readonly noun: 'user' | 'group' | 'role'
  readonly title: 'User' | 'Group' | 'Role'
  readonly inlineMax: number
}

export const USERS: Kind<UserRecord> = {
  records: users,
  noun: 'user',
  title: 'User',
  inlineMax: USER_INLINE_CHARACTERS_MAX,
}
export const GROUPS: Kind<GroupRecord> = {
  records: groups,
  noun: 'group',
  title: 'Group',
  inlineMax: GROUP_INLINE_CHARACTERS_MAX,
}
export const ROLES: Kind<RoleRecord> = {
  records: roles,
  noun: 'role',
  title: 'Role',
  inlineMax: INLINE_POLICIES_CHARACTERS_MAX,
}

/** Fault NoSuchEntity. */
export async function holderOf<T extends Holder>(
  kind: Kind<T>,
  read: Read,
  account: AccountId,
  name: string,
): Promise<T> {
  const found = await kind.records.get(read, ownerOf(account), nameKey(name))
  if (found === undefined) throw notFound(kind.noun, name)
  return found
}

/** Which one of an account. */
export interface Named {
  readonly state: IamState
  readonly call: Call
  readonly name: string
}

/** One holder changed in a transaction of its own; `change` may use it for more. */
export function changeHolder<T extends Holder>(
  kind: Kind<T>,
  { state, call, name }: Named,
  change: (holder: T, tx: Tx) => T | Promise<T>,
): Promise<T> {
  return state.store.tx(async (tx) => {
    const changed = await change(await holderOf(kind, tx, call.account, name), tx)
    kind.records.put(tx, ownerOf(call.account), [nameKey(name)], changed)
    return changed
  })
}

/** Fault UnmodifiableEntity for a role that belongs to a service. */
export function checkOwn(holder: Holder & { readonly linkedTo?: string | undefined }): void {
  if (holder.linkedTo !== undefined) throw unmodifiable(holder.name)
}

/** Faults NoSuchEntity, MalformedPolicyDocument, LimitExceeded. */
export async function putInline<T extends Holder>(
  kind: Kind<T>,
  named: Named,
  policy: { readonly name: string; readonly document: string },
): Promise<void> {
  await changeHolder(kind, named, (holder) => {
    checkOwn(holder)
    checkDocument(policy.document, 'inline')
    const others = holder.inline.filter((one) => one.name !== policy.name)
    const inline = [...others, policy].toSorted((a, b) => (a.name < b.name ? -1 : 1))
    checkSize(
      inline.map((one) => one.document),
      `InlinePolicySizePer${kind.title}`,
      kind.inlineMax,
    )
    return { ...holder, inline }
  })
}

/** The name of the holder as it is spelled, and the document as answers carry it. Fault NoSuchEntity. */
export async function inlineOf<T extends Holder>(
  kind: Kind<T>,
  { state, call, name }: Named,
  policyName_: string,
): Promise<{ readonly holder: string; readonly PolicyName: string; readonly PolicyDocument: string }> {
  const holder = await holderOf(kind, state.store.read, call.account, name)
  const found = holder.inline.find((one) => one.name === policyName_)
  if (found === undefined) throw notFound(`${kind.noun} policy`, policyName_)
  return { holder: holder.name, PolicyName: found.name, PolicyDocument: encodedDocument(found.document) }
}

export async function deleteInline<T extends Holder>(
  kind: Kind<T>,
  named: Named,
  policy: string,
): Promise<void> {
  await changeHolder(kind, named, (holder) => {
    checkOwn(holder)
    const inline = holder.inline.filter((one) => one.name !== policy)
    if (inline.length === holder.inline.length) throw notFound(`${kind.noun} policy`, policy)
    return { ...holder, inline }
  })
}

export async function listInline<T extends Holder>(
  kind: Kind<T>,
  { state, call, name }: Named,
  input: PageInput,
): Promise<IamPage<string>> {
  const holder = await holderOf(kind, state.store.read, call.account, name)
  return pageFor(
    holder.inline.map((one) => one.name),
    input,
    (one) => one,
  )
}

/** Attaching twice is attaching once. Faults NoSuchEntity, LimitExceeded. */
export async function attach<T extends Holder>(kind: Kind<T>, named: Named, arn: string): Promise<void> {
  const { account } = named.call
  await changeHolder(kind, named, async (holder, tx) => {
    checkOwn(holder)
    await checkAttachable(tx, account, arn)
    if (holder.attached.includes(arn)) return holder
    if (holder.attached.length >= ATTACHED_POLICIES_MAX)
      throw quotaExceeded(`PoliciesPer${kind.title}`, ATTACHED_POLICIES_MAX)
    await countUse(tx, account, arn, { attachments: 1 })
    return { ...holder, attached: [...holder.attached, arn] }
  })
}

export async function detach<T extends Holder>(kind: Kind<T>, named: Named, arn: string): Promise<void> {
  const { account } = named.call
  await changeHolder(kind, named, async (holder, tx) => {
    checkOwn(holder)
    if (!holder.attached.includes(arn)) throw noSuchPolicy(arn)
    await countUse(tx, account, arn, { attachments: -1 })
    return { ...holder, attached: holder.attached.filter((one) => one !== arn) }
  })
}

export interface AttachedView {
  readonly PolicyName: string
  readonly PolicyArn: string
}

export const attachedViews = (holder: Holder): readonly AttachedView[] =>
  holder.attached.map((arn) => ({ PolicyName: policyName(arn), PolicyArn: arn }))

export async function listAttached<T extends Holder>(
  kind: Kind<T>,
  { state, call, name }: Named,
  input: PageInput & { readonly PathPrefix?: string | undefined },
): Promise<IamPage<AttachedView>> {
  const holder = await holderOf(kind, state.store.read, call.account, name)
  const under = attachedViews(holder).filter((one) =>
    pathOfPolicy(one.PolicyArn).startsWith(input.PathPrefix ?? '/'),
  )
  return pageFor(under, input, (one) => one.PolicyArn)
}
