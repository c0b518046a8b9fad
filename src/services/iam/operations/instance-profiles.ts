/** Instance profiles: kept for templates that name them. Nothing here runs on instances. */
import { type AccountId, prefixedId } from '#base/ids.ts'
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import type { Read } from '#ports/store.ts'
import { allOf, pageFor, pathOf, wholeSeconds, withoutTags, withTags } from '#services/iam/entities.ts'
import {
  deleteConflict,
  instanceProfileExists,
  noSuchInstanceProfile,
  noSuchRole,
  quotaExceeded,
} from '#services/iam/faults.ts'
import { ROLES, holderOf } from '#services/iam/holders.ts'
import { INSTANCE_PROFILES_MAX } from '#services/iam/limits.ts'
import {
  type IamState,
  type InstanceProfileRecord,
  instanceProfiles,
  nameKey,
  ownerOf,
  roles,
} from '#services/iam/records.ts'
import { profileView } from '#services/iam/views.ts'

type View = Iam['GetInstanceProfile']['out']['InstanceProfile']

async function profileOf(read: Read, account: AccountId, name: string): Promise<InstanceProfileRecord> {
  const found = await instanceProfiles.get(read, ownerOf(account), nameKey(name))
  if (found === undefined) throw noSuchInstanceProfile(name)
  return found
}

async function viewOf(read: Read, account: AccountId, profile: InstanceProfileRecord): Promise<View> {
  const role =
    profile.role === undefined ? undefined : await roles.get(read, ownerOf(account), nameKey(profile.role))
  return profileView(profile, role)
}

async function changeProfile(
  state: IamState,
  account: AccountId,
  name: string,
  change: (
    profile: InstanceProfileRecord,
    read: Read,
  ) => InstanceProfileRecord | Promise<InstanceProfileRecord>,
): Promise<void> {
  await state.store.tx(async (tx) => {
    const changed = await change(await profileOf(tx, account, name), tx)
    instanceProfiles.put(tx, ownerOf(account), [nameKey(name)], changed)
  })
}

export const createInstanceProfile: Operation<Iam['CreateInstanceProfile'], IamState> = async (
  input,
  state,
  call,
) => {
  const path = pathOf(input.Path)
  const profile: InstanceProfileRecord = {
    name: input.InstanceProfileName,
    path,
    id: prefixedId(state.random, 'AIPA'),
    arn: `arn:aws:iam::${call.account}:instance-profile${path}${input.InstanceProfileName}`,
    createdAt: wholeSeconds(state.clock.now()),
    tags: withTags([], input.Tags ?? [], 'TagsPerInstanceProfile'),
  }
  await state.store.tx(async (tx) => {
    const owner = ownerOf(call.account)
    if ((await instanceProfiles.get(tx, owner, nameKey(profile.name))) !== undefined)
      throw instanceProfileExists(profile.name)
    if (
      (await allOf(tx, instanceProfiles, call.account, INSTANCE_PROFILES_MAX)).length >= INSTANCE_PROFILES_MAX
    )
      throw quotaExceeded('InstanceProfilesPerAccount', INSTANCE_PROFILES_MAX)
    instanceProfiles.put(tx, owner, [nameKey(profile.name)], profile)
  })
  return { InstanceProfile: profileView(profile, undefined) }
}

export const getInstanceProfile: Operation<Iam['GetInstanceProfile'], IamState> = async (
  input,
  state,
  call,
) => {
  const profile = await profileOf(state.store.read, call.account, input.InstanceProfileName)
  return { InstanceProfile: await viewOf(state.store.read, call.account, profile) }
}

export const listInstanceProfiles: Operation<Iam['ListInstanceProfiles'], IamState> = async (
  input,
  state,
  call,
) => {
  const all = await allOf(state.store.read, instanceProfiles, call.account, INSTANCE_PROFILES_MAX)
  const under = all.filter((profile) => profile.path.startsWith(input.PathPrefix ?? '/'))
  const { items, ...page } = pageFor(under, input, (profile) => profile.name)
  const views = await Promise.all(items.map((one) => viewOf(state.store.read, call.account, one)))
  return { InstanceProfiles: views, ...page }
}

export const listInstanceProfilesForRole: Operation<Iam['ListInstanceProfilesForRole'], IamState> = async (
  input,
  state,
  call,
) => {
  const role = await holderOf(ROLES, state.store.read, call.account, input.RoleName)
  const all = await allOf(state.store.read, instanceProfiles, call.account, INSTANCE_PROFILES_MAX)
  const having = all.filter((profile) => profile.role === role.name)
  const { items, ...page } = pageFor(having, input, (profile) => profile.name)
  return { InstanceProfiles: items.map((profile) => profileView(profile, role)), ...page }
}

export const deleteInstanceProfile: Operation<Iam['DeleteInstanceProfile'], IamState> = async (
  input,
  state,
  call,
) => {
  await state.store.tx(async (tx) => {
    const profile = await profileOf(tx, call.account, input.InstanceProfileName)
    if (profile.role !== undefined)
      throw deleteConflict('Cannot delete entity, must remove roles from instance profile first.')
    instanceProfiles.delete(tx, ownerOf(call.account), nameKey(profile.name))
  })
  return {}
}

export const addRoleToInstanceProfile: Operation<Iam['AddRoleToInstanceProfile'], IamState> = async (
  input,
  state,
  call,
) => {
  await changeProfile(state, call.account, input.InstanceProfileName, async (profile, read) => {
    const role = await holderOf(ROLES, read, call.account, input.RoleName)
    if (profile.role !== undefined) throw quotaExceeded('InstanceSessionsPerInstanceProfile', 1)
    return { ...profile, role: role.name }
  })
  return {}
}

export const removeRoleFromInstanceProfile: Operation<
  Iam['RemoveRoleFromInstanceProfile'],
  IamState
> = async (input, state, call) => {
  await changeProfile(state, call.account, input.InstanceProfileName, (profile) => {
    if (profile.role === undefined || nameKey(profile.role) !== nameKey(input.RoleName))
      throw noSuchRole(input.RoleName)
    return { ...profile, role: undefined }
  })
  return {}
}

export const tagInstanceProfile: Operation<Iam['TagInstanceProfile'], IamState> = async (
  input,
  state,
  call,
) => {
  await changeProfile(state, call.account, input.InstanceProfileName, (profile) => ({
    ...profile,
    tags: withTags(profile.tags, input.Tags, 'TagsPerInstanceProfile'),
  }))
  return {}
}

export const untagInstanceProfile: Operation<Iam['UntagInstanceProfile'], IamState> = async (
  input,
  state,
  call,
) => {
  await changeProfile(state, call.account, input.InstanceProfileName, (profile) => ({
    ...profile,
    tags: withoutTags(profile.tags, input.TagKeys),
  }))
  return {}
}

export const listInstanceProfileTags: Operation<Iam['ListInstanceProfileTags'], IamState> = async (
  input,
  state,
  call,
) => {
  const profile = await profileOf(state.store.read, call.account, input.InstanceProfileName)
  const { items, ...page } = pageFor(profile.tags, input, (tag) => tag.Key)
  return { Tags: items, ...page }
}
