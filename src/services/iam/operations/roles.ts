/** Roles: create, read, list, change, delete, tag. Their policies are `role-policies.ts`. */
import { prefixedId } from '#base/ids.ts'
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import { checkDocument, checkSize } from '#services/iam/documents.ts'
import {
  allOf,
  boundaryArn,
  pageFor,
  pathOf,
  wholeSeconds,
  withoutTags,
  withTags,
} from '#services/iam/entities.ts'
import { deleteConflict, nameTaken, noBoundary, quotaExceeded } from '#services/iam/faults.ts'
import { ROLES, changeHolder, checkOwn, holderOf } from '#services/iam/holders.ts'
import {
  INSTANCE_PROFILES_MAX,
  ROLES_MAX,
  SESSION_SECONDS_DEFAULT,
  TRUST_POLICY_CHARACTERS_MAX,
} from '#services/iam/limits.ts'
import { checkBoundary, countUse } from '#services/iam/managed.ts'
import {
  type IamState,
  instanceProfiles,
  nameKey,
  ownerOf,
  type RoleRecord,
  roles,
} from '#services/iam/records.ts'
import { listedRole, roleView } from '#services/iam/views.ts'

/** Faults EntityAlreadyExists, MalformedPolicyDocument, LimitExceeded. Source: IAM API, CreateRole. */
export const createRole: Operation<Iam['CreateRole'], IamState> = async (input, state, call) => {
  const trust = input.AssumeRolePolicyDocument
  checkTrust(trust)
  const path = pathOf(input.Path)
  const role: RoleRecord = {
    name: input.RoleName,
    path,
    id: prefixedId(state.random, 'AROA'),
    arn: `arn:aws:iam::${call.account}:role${path}${input.RoleName}`,
    createdAt: wholeSeconds(state.clock.now()),
    trust,
    description: input.Description,
    maxSessionSeconds: input.MaxSessionDuration ?? SESSION_SECONDS_DEFAULT,
    boundary: boundaryArn(input.PermissionsBoundary),
    tags: withTags([], input.Tags ?? [], 'TagsPerRole'),
    inline: [],
    attached: [],
  }
  await state.store.tx(async (tx) => {
    const owner = ownerOf(call.account)
    if ((await roles.get(tx, owner, nameKey(role.name))) !== undefined) throw nameTaken('Role', role.name)
    if ((await allOf(tx, roles, call.account, ROLES_MAX)).length >= ROLES_MAX)
      throw quotaExceeded('RolesPerAccount', ROLES_MAX)
    if (role.boundary !== undefined) {
      await checkBoundary(tx, call.account, role.boundary)
      await countUse(tx, call.account, role.boundary, { boundaries: 1 })
    }
    roles.put(tx, owner, [nameKey(role.name)], role)
  })
  return { Role: { ...roleView(role), RoleLastUsed: undefined } }
}

function checkTrust(document: string): void {
  checkDocument(document, 'trust')
  checkSize([document], 'ACLSizePerRole', TRUST_POLICY_CHARACTERS_MAX)
}

export const getRole: Operation<Iam['GetRole'], IamState> = async (input, state, call) => ({
  Role: roleView(await holderOf(ROLES, state.store.read, call.account, input.RoleName)),
})

export const listRoles: Operation<Iam['ListRoles'], IamState> = async (input, state, call) => {
  const all = await allOf(state.store.read, roles, call.account, ROLES_MAX)
  const under = all.filter((role) => role.path.startsWith(input.PathPrefix ?? '/'))
  const { items, ...page } = pageFor(under, input, (role) => role.name)
  return { Roles: items.map(listedRole), ...page }
}

/** Fault DeleteConflict while policies or an instance profile hang on it. Source: recorded AWS answers. */
export const deleteRole: Operation<Iam['DeleteRole'], IamState> = async (input, state, call) => {
  await state.store.tx(async (tx) => {
    const role = await holderOf(ROLES, tx, call.account, input.RoleName)
    checkOwn(role)
    const profiles = await allOf(tx, instanceProfiles, call.account, INSTANCE_PROFILES_MAX)
    if (profiles.some((profile) => profile.role === role.name))
      throw deleteConflict('Cannot delete entity, must remove roles from instance profile first.')
    if (role.attached.length > 0)
      throw deleteConflict('Cannot delete entity, must detach all policies first.')
    if (role.inline.length > 0) throw deleteConflict('Cannot delete entity, must delete policies first.')
    if (role.boundary !== undefined) await countUse(tx, call.account, role.boundary, { boundaries: -1 })
    roles.delete(tx, ownerOf(call.account), nameKey(role.name))
  })
  return {}
}

export const updateRole: Operation<Iam['UpdateRole'], IamState> = async (input, state, call) => {
  await changeHolder(ROLES, { state, call, name: input.RoleName }, (role) => {
    checkOwn(role)
    return {
      ...role,
      description: input.Description ?? role.description,
      maxSessionSeconds: input.MaxSessionDuration ?? role.maxSessionSeconds,
    }
  })
  return {}
}

export const updateRoleDescription: Operation<Iam['UpdateRoleDescription'], IamState> = async (
  input,
  state,
  call,
) => {
  const description = input.Description
  const role = await changeHolder(ROLES, { state, call, name: input.RoleName }, (old) => ({
    ...old,
    description,
  }))
  return { Role: roleView(role) }
}

export const updateAssumeRolePolicy: Operation<Iam['UpdateAssumeRolePolicy'], IamState> = async (
  input,
  state,
  call,
) => {
  await changeHolder(ROLES, { state, call, name: input.RoleName }, (role) => {
    checkOwn(role)
    checkTrust(input.PolicyDocument)
    return { ...role, trust: input.PolicyDocument }
  })
  return {}
}

export const putRolePermissionsBoundary: Operation<Iam['PutRolePermissionsBoundary'], IamState> = async (
  input,
  state,
  call,
) => {
  const boundary = boundaryArn(input.PermissionsBoundary) ?? ''
  await changeHolder(ROLES, { state, call, name: input.RoleName }, async (role, tx) => {
    await checkBoundary(tx, call.account, boundary)
    if (role.boundary !== undefined) await countUse(tx, call.account, role.boundary, { boundaries: -1 })
    await countUse(tx, call.account, boundary, { boundaries: 1 })
    return { ...role, boundary }
  })
  return {}
}

export const deleteRolePermissionsBoundary: Operation<
  Iam['DeleteRolePermissionsBoundary'],
  IamState
> = async (input, state, call) => {
  await changeHolder(ROLES, { state, call, name: input.RoleName }, async (role, tx) => {
    if (role.boundary === undefined) throw noBoundary('Role', role.name)
    await countUse(tx, call.account, role.boundary, { boundaries: -1 })
    return { ...role, boundary: undefined }
  })
  return {}
}

export const tagRole: Operation<Iam['TagRole'], IamState> = async (input, state, call) => {
  await changeHolder(ROLES, { state, call, name: input.RoleName }, (role) => ({
    ...role,
    tags: withTags(role.tags, input.Tags, 'TagsPerRole'),
  }))
  return {}
}

export const untagRole: Operation<Iam['UntagRole'], IamState> = async (input, state, call) => {
  await changeHolder(ROLES, { state, call, name: input.RoleName }, (role) => ({
    ...role,
    tags: withoutTags(role.tags, input.TagKeys),
  }))
  return {}
}

export const listRoleTags: Operation<Iam['ListRoleTags'], IamState> = async (input, state, call) => {
  const role = await holderOf(ROLES, state.store.read, call.account, input.RoleName)
  const { items, ...page } = pageFor(role.tags, input, (tag) => tag.Key)
  return { Tags: items, ...page }
}
