/** Groups and who is in them. A user's record holds its groups, so that evaluation reads one record. */
import { type AccountId, prefixedId } from '#base/ids.ts'
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import type { Read } from '#ports/store.ts'
import { allOf, pageFor, pathOf, wholeSeconds } from '#services/iam/entities.ts'
import { deleteConflict, nameTaken, notInGroup, quotaExceeded } from '#services/iam/faults.ts'
import { GROUPS, USERS, changeHolder, holderOf } from '#services/iam/holders.ts'
import { GROUPS_MAX, GROUPS_OF_USER_MAX, USERS_MAX } from '#services/iam/limits.ts'
import {
  type GroupRecord,
  type IamState,
  type UserRecord,
  groups,
  nameKey,
  ownerOf,
  users,
} from '#services/iam/records.ts'
import { groupView, listedUser } from '#services/iam/views.ts'

/** Faults EntityAlreadyExists, LimitExceeded. Source: IAM API, CreateGroup. */
export const createGroup: Operation<Iam['CreateGroup'], IamState> = async (input, state, call) => {
  const path = pathOf(input.Path)
  const group: GroupRecord = {
    name: input.GroupName,
    path,
    id: prefixedId(state.random, 'AGPA'),
    arn: `arn:aws:iam::${call.account}:group${path}${input.GroupName}`,
    createdAt: wholeSeconds(state.clock.now()),
    inline: [],
    attached: [],
  }
  await state.store.tx(async (tx) => {
    const owner = ownerOf(call.account)
    if ((await groups.get(tx, owner, nameKey(group.name))) !== undefined) throw nameTaken('Group', group.name)
    if ((await allOf(tx, groups, call.account, GROUPS_MAX)).length >= GROUPS_MAX)
      throw quotaExceeded('GroupsPerAccount', GROUPS_MAX)
    groups.put(tx, owner, [nameKey(group.name)], group)
  })
  return { Group: groupView(group) }
}

async function membersOf(read: Read, account: AccountId, group: GroupRecord): Promise<UserRecord[]> {
  const all = await allOf(read, users, account, USERS_MAX)
  return all.filter((user) => user.groups.includes(group.name))
}

export const getGroup: Operation<Iam['GetGroup'], IamState> = async (input, state, call) => {
  const group = await holderOf(GROUPS, state.store.read, call.account, input.GroupName)
  const members = await membersOf(state.store.read, call.account, group)
  const { items, ...page } = pageFor(members, input, (user) => user.name)
  return { Group: groupView(group), Users: items.map(listedUser), ...page }
}

export const listGroups: Operation<Iam['ListGroups'], IamState> = async (input, state, call) => {
  const all = await allOf(state.store.read, groups, call.account, GROUPS_MAX)
  const under = all.filter((group) => group.path.startsWith(input.PathPrefix ?? '/'))
  const { items, ...page } = pageFor(under, input, (group) => group.name)
  return { Groups: items.map(groupView), ...page }
}

export const listGroupsForUser: Operation<Iam['ListGroupsForUser'], IamState> = async (
  input,
  state,
  call,
) => {
  const user = await holderOf(USERS, state.store.read, call.account, input.UserName)
  const all = await allOf(state.store.read, groups, call.account, GROUPS_MAX)
  const own = all.filter((group) => user.groups.includes(group.name))
  const { items, ...page } = pageFor(own, input, (group) => group.name)
  return { Groups: items.map(groupView), ...page }
}

/** Members keep their membership under a new name. Fault EntityAlreadyExists. Source: IAM API, UpdateGroup. */
export const updateGroup: Operation<Iam['UpdateGroup'], IamState> = async (input, state, call) => {
  await state.store.tx(async (tx) => {
    const owner = ownerOf(call.account)
    const group = await holderOf(GROUPS, tx, call.account, input.GroupName)
    const name = input.NewGroupName ?? group.name
    const path = input.NewPath === undefined ? group.path : pathOf(input.NewPath)
    const isFree =
      nameKey(name) === nameKey(group.name) || (await groups.get(tx, owner, nameKey(name))) === undefined
    if (!isFree) throw nameTaken('Group', name)
    const members = await membersOf(tx, call.account, group)
    groups.delete(tx, owner, nameKey(group.name))
    const arn = `arn:aws:iam::${call.account}:group${path}${name}`
    groups.put(tx, owner, [nameKey(name)], { ...group, name, path, arn })
    for (const user of members) {
      const renamed = user.groups.map((one) => (one === group.name ? name : one))
      users.put(tx, owner, [nameKey(user.name)], { ...user, groups: renamed.toSorted() })
    }
  })
  return {}
}

/** Fault DeleteConflict while users or policies hang on it. Source: IAM API, DeleteGroup. */
export const deleteGroup: Operation<Iam['DeleteGroup'], IamState> = async (input, state, call) => {
  await state.store.tx(async (tx) => {
    const group = await holderOf(GROUPS, tx, call.account, input.GroupName)
    if ((await membersOf(tx, call.account, group)).length > 0)
      throw deleteConflict('Cannot delete entity, must remove users from group first.')
    if (group.attached.length > 0)
      throw deleteConflict('Cannot delete entity, must detach all policies first.')
    if (group.inline.length > 0) throw deleteConflict('Cannot delete entity, must delete policies first.')
    groups.delete(tx, ownerOf(call.account), nameKey(group.name))
  })
  return {}
}

/** Twice is once. Faults NoSuchEntity, LimitExceeded. Source: IAM API, AddUserToGroup. */
export const addUserToGroup: Operation<Iam['AddUserToGroup'], IamState> = async (input, state, call) => {
  await state.store.tx(async (tx) => {
    const group = await holderOf(GROUPS, tx, call.account, input.GroupName)
    const user = await holderOf(USERS, tx, call.account, input.UserName)
    if (user.groups.includes(group.name)) return
    if (user.groups.length >= GROUPS_OF_USER_MAX) throw quotaExceeded('GroupsPerUser', GROUPS_OF_USER_MAX)
    const joined = [...user.groups, group.name].toSorted()
    users.put(tx, ownerOf(call.account), [nameKey(user.name)], { ...user, groups: joined })
  })
  return {}
}

/** Fault NoSuchEntity for one who is not in it (the text is inferred). */
export const removeUserFromGroup: Operation<Iam['RemoveUserFromGroup'], IamState> = async (
  input,
  state,
  call,
) => {
  const group = await holderOf(GROUPS, state.store.read, call.account, input.GroupName)
  await changeHolder(USERS, { state, call, name: input.UserName }, (user) => {
    if (!user.groups.includes(group.name)) throw notInGroup(user.name, group.name)
    return { ...user, groups: user.groups.filter((one) => one !== group.name) }
  })
  return {}
}
