/** Policies of a role: inline ones, and the attachment of managed ones. */
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import { checkDocument, checkSize, encodedDocument } from '#services/iam/documents.ts'
import { allOf, changeRole, pageFor, roleOf } from '#services/iam/entities.ts'
import { noSuchRolePolicy, notAttachable, quotaExceeded } from '#services/iam/faults.ts'
import { ATTACHED_POLICIES_MAX, INLINE_POLICIES_CHARACTERS_MAX, ROLES_MAX } from '#services/iam/limits.ts'
import { checkAttachable, countUse, isAwsManaged, policyName, policyOf } from '#services/iam/managed.ts'
import { type IamState, roles } from '#services/iam/records.ts'

/** Faults NoSuchEntity, MalformedPolicyDocument, LimitExceeded. Source: IAM API, PutRolePolicy. */
export const putRolePolicy: Operation<Iam['PutRolePolicy'], IamState> = async (input, state, call) => {
  await changeRole(state, call.account, input.RoleName, (role) => {
    checkDocument(input.PolicyDocument, 'inline')
    const others = role.inline.filter((one) => one.name !== input.PolicyName)
    const inline = [...others, { name: input.PolicyName, document: input.PolicyDocument }]
    checkSize(
      inline.map((one) => one.document),
      'InlinePolicySizePerRole',
      INLINE_POLICIES_CHARACTERS_MAX,
    )
    return { ...role, inline: inline.toSorted((a, b) => (a.name < b.name ? -1 : 1)) }
  })
  return {}
}

export const getRolePolicy: Operation<Iam['GetRolePolicy'], IamState> = async (input, state, call) => {
  const role = await roleOf(state.store.read, call.account, input.RoleName)
  const found = role.inline.find((one) => one.name === input.PolicyName)
  if (found === undefined) throw noSuchRolePolicy(input.PolicyName)
  return { RoleName: role.name, PolicyName: found.name, PolicyDocument: encodedDocument(found.document) }
}

export const deleteRolePolicy: Operation<Iam['DeleteRolePolicy'], IamState> = async (input, state, call) => {
  await changeRole(state, call.account, input.RoleName, (role) => {
    const inline = role.inline.filter((one) => one.name !== input.PolicyName)
    if (inline.length === role.inline.length) throw noSuchRolePolicy(input.PolicyName)
    return { ...role, inline }
  })
  return {}
}

export const listRolePolicies: Operation<Iam['ListRolePolicies'], IamState> = async (input, state, call) => {
  const role = await roleOf(state.store.read, call.account, input.RoleName)
  const { items, ...page } = pageFor(role.inline, input, (one) => one.name)
  return { PolicyNames: items.map((one) => one.name), ...page }
}

/** Attaching twice is attaching once. Faults NoSuchEntity, LimitExceeded. Source: IAM API, AttachRolePolicy. */
export const attachRolePolicy: Operation<Iam['AttachRolePolicy'], IamState> = async (input, state, call) => {
  const arn = input.PolicyArn
  await changeRole(state, call.account, input.RoleName, async (role, tx) => {
    await checkAttachable(tx, call.account, arn)
    if (role.attached.includes(arn)) return role
    if (role.attached.length >= ATTACHED_POLICIES_MAX)
      throw quotaExceeded('PoliciesPerRole', ATTACHED_POLICIES_MAX)
    await countUse(tx, call.account, arn, { attachments: 1 })
    return { ...role, attached: [...role.attached, arn] }
  })
  return {}
}

export const detachRolePolicy: Operation<Iam['DetachRolePolicy'], IamState> = async (input, state, call) => {
  const arn = input.PolicyArn
  await changeRole(state, call.account, input.RoleName, async (role, tx) => {
    if (!role.attached.includes(arn)) throw notAttachable(arn)
    await countUse(tx, call.account, arn, { attachments: -1 })
    return { ...role, attached: role.attached.filter((one) => one !== arn) }
  })
  return {}
}

export const listAttachedRolePolicies: Operation<Iam['ListAttachedRolePolicies'], IamState> = async (
  input,
  state,
  call,
) => {
  const role = await roleOf(state.store.read, call.account, input.RoleName)
  const under = role.attached.filter((arn) => pathOfPolicy(arn).startsWith(input.PathPrefix ?? '/'))
  const { items, ...page } = pageFor(under, input, (arn) => arn)
  return {
    AttachedPolicies: items.map((arn) => ({ PolicyName: policyName(arn), PolicyArn: arn })),
    ...page,
  }
}

/** `/service-role/` of `arn:aws:iam::aws:policy/service-role/X`. */
const pathOfPolicy = (arn: string): string =>
  arn.slice(arn.indexOf(':policy/') + ':policy'.length, arn.lastIndexOf('/') + 1)

/** Roles alone: users and groups are not here. */
export const listEntitiesForPolicy: Operation<Iam['ListEntitiesForPolicy'], IamState> = async (
  input,
  state,
  call,
) => {
  const arn = input.PolicyArn
  if (!isAwsManaged(arn)) await policyOf(state.store.read, call.account, arn)
  const wanted = input.EntityFilter === undefined || input.EntityFilter === 'Role'
  const asBoundary = input.PolicyUsageFilter === 'PermissionsBoundary'
  const all = wanted ? await allOf(state.store.read, roles, call.account, ROLES_MAX) : []
  const using = all.filter(
    (role) =>
      (asBoundary ? role.boundary === arn : role.attached.includes(arn)) &&
      role.path.startsWith(input.PathPrefix ?? '/'),
  )
  const { items, ...page } = pageFor(using, input, (role) => role.name)
  return {
    PolicyRoles: items.map((role) => ({ RoleName: role.name, RoleId: role.id })),
    PolicyUsers: [],
    PolicyGroups: [],
    ...page,
  }
}
