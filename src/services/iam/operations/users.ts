/** Users: create, read, list, change, delete, tag, bound. Their policies, keys, passwords and devices are files of their own. */
import { type AccountId, prefixedId } from '#base/ids.ts'
import type { Iam } from '#model/iam.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { Tx } from '#ports/store.ts'
import { callingUser } from '#services/iam/callers.ts'
import {
  allOf,
  boundaryArn,
  pageFor,
  pathOf,
  wholeSeconds,
  withoutTags,
  withTags,
} from '#services/iam/entities.ts'
import { deleteConflict, nameTaken, noBoundary, notUser, quotaExceeded } from '#services/iam/faults.ts'
import { USERS, changeHolder, holderOf } from '#services/iam/holders.ts'
import { LISTED_MAX, USERS_MAX } from '#services/iam/limits.ts'
import { checkBoundary, countUse } from '#services/iam/managed.ts'
import {
  type IamState,
  type UserRecord,
  accessKeys,
  mfaDevices,
  nameKey,
  ownerOf,
  signingCertificates,
  sshKeys,
  users,
} from '#services/iam/records.ts'
import { listedUser, userView } from '#services/iam/views.ts'

/** Faults EntityAlreadyExists, LimitExceeded. Source: IAM API, CreateUser. */
export const createUser: Operation<Iam['CreateUser'], IamState> = async (input, state, call) => {
  const path = pathOf(input.Path)
  const user: UserRecord = {
    name: input.UserName,
    path,
    id: prefixedId(state.random, 'AIDA'),
    arn: `arn:aws:iam::${call.account}:user${path}${input.UserName}`,
    createdAt: wholeSeconds(state.clock.now()),
    boundary: boundaryArn(input.PermissionsBoundary),
    tags: withTags([], input.Tags ?? [], 'TagsPerUser'),
    groups: [],
    inline: [],
    attached: [],
  }
  await state.store.tx(async (tx) => {
    await checkFree(tx, call.account, user.name)
    if ((await allOf(tx, users, call.account, USERS_MAX)).length >= USERS_MAX)
      throw quotaExceeded('UsersPerAccount', USERS_MAX)
    if (user.boundary !== undefined) {
      await checkBoundary(tx, call.account, user.boundary)
      await countUse(tx, call.account, user.boundary, { boundaries: 1 })
    }
    users.put(tx, ownerOf(call.account), [nameKey(user.name)], user)
  })
  return { User: userView(user) }
}

async function checkFree(tx: Tx, account: AccountId, name: string): Promise<void> {
  if ((await users.get(tx, ownerOf(account), nameKey(name))) !== undefined) throw nameTaken('User', name)
}

/** Without a name: the user that calls, or the root of the account. Source: IAM API, GetUser. */
export const getUser: Operation<Iam['GetUser'], IamState> = async (input, state, call) => {
  if (input.UserName !== undefined)
    return { User: userView(await holderOf(USERS, state.store.read, call.account, input.UserName)) }
  const caller = await callingUser(state, call)
  if (caller !== undefined) return { User: userView(caller) }
  if (call.accessKeyId?.startsWith('ASIA') === true) throw notUser()
  return { User: rootView(call) }
}

/** The root has no name, and the account no day it began. */
const rootView = (call: Call): Iam['GetUser']['out']['User'] => ({
  Path: '/',
  UserName: call.account,
  UserId: call.account,
  Arn: `arn:aws:iam::${call.account}:root`,
  CreateDate: wholeSeconds(call.at),
})

export const listUsers: Operation<Iam['ListUsers'], IamState> = async (input, state, call) => {
  const all = await allOf(state.store.read, users, call.account, USERS_MAX)
  const under = all.filter((user) => user.path.startsWith(input.PathPrefix ?? '/'))
  const { items, ...page } = pageFor(under, input, (user) => user.name)
  return { Users: items.map(listedUser), ...page }
}

/** A new name or path makes a new ARN; keys and devices follow. Fault EntityAlreadyExists. Source: IAM API, UpdateUser. */
export const updateUser: Operation<Iam['UpdateUser'], IamState> = async (input, state, call) => {
  await state.store.tx(async (tx) => {
    const owner = ownerOf(call.account)
    const user = await holderOf(USERS, tx, call.account, input.UserName)
    const name = input.NewUserName ?? user.name
    const path = input.NewPath === undefined ? user.path : pathOf(input.NewPath)
    if (nameKey(name) !== nameKey(user.name)) await checkFree(tx, call.account, name)
    users.delete(tx, owner, nameKey(user.name))
    const arn = `arn:aws:iam::${call.account}:user${path}${name}`
    users.put(tx, owner, [nameKey(name)], { ...user, name, path, arn })
    if (name !== user.name) await renameOwned(tx, call.account, user.name, name)
  })
  return {}
}

async function renameOwned(tx: Tx, account: AccountId, old: string, user: string): Promise<void> {
  const owner = ownerOf(account)
  for (const one of await allOf(tx, accessKeys, account, LISTED_MAX))
    if (one.user === old) accessKeys.put(tx, owner, [one.keyId], { ...one, user })
  for (const one of await allOf(tx, mfaDevices, account, LISTED_MAX))
    if (one.user === old) mfaDevices.put(tx, owner, [one.serial], { ...one, user })
  for (const records of [signingCertificates, sshKeys])
    for (const one of await allOf(tx, records, account, LISTED_MAX))
      if (one.user === old) records.put(tx, owner, [one.id], { ...one, user })
}

/** Fault DeleteConflict while anything hangs on the user. Source: IAM API, DeleteUser; the texts are inferred. */
export const deleteUser: Operation<Iam['DeleteUser'], IamState> = async (input, state, call) => {
  await state.store.tx(async (tx) => {
    const user = await holderOf(USERS, tx, call.account, input.UserName)
    const owns = async (
      records: typeof accessKeys | typeof mfaDevices | typeof signingCertificates,
    ): Promise<boolean> => {
      const all = await allOf<{ readonly user?: string | undefined }>(tx, records, call.account, LISTED_MAX)
      return all.some((one) => one.user === user.name)
    }
    const refuse = (what: string): never => {
      throw deleteConflict(`Cannot delete entity, must ${what} first.`)
    }
    if (user.groups.length > 0) refuse('remove users from group')
    if (user.login !== undefined) refuse('delete login profile')
    if (await owns(accessKeys)) refuse('delete access keys')
    if (await owns(mfaDevices)) refuse('delete MFA device')
    if (await owns(signingCertificates)) refuse('delete signing certificates')
    if (await owns(sshKeys)) refuse('delete SSH public keys')
    if (user.attached.length > 0) refuse('detach all policies')
    if (user.inline.length > 0) refuse('delete policies')
    if (user.boundary !== undefined) await countUse(tx, call.account, user.boundary, { boundaries: -1 })
    users.delete(tx, ownerOf(call.account), nameKey(user.name))
  })
  return {}
}

export const putUserPermissionsBoundary: Operation<Iam['PutUserPermissionsBoundary'], IamState> = async (
  input,
  state,
  call,
) => {
  const boundary = boundaryArn(input.PermissionsBoundary) ?? ''
  await changeHolder(USERS, { state, call, name: input.UserName }, async (user, tx) => {
    await checkBoundary(tx, call.account, boundary)
    if (user.boundary !== undefined) await countUse(tx, call.account, user.boundary, { boundaries: -1 })
    await countUse(tx, call.account, boundary, { boundaries: 1 })
    return { ...user, boundary }
  })
  return {}
}

export const deleteUserPermissionsBoundary: Operation<
  Iam['DeleteUserPermissionsBoundary'],
  IamState
> = async (input, state, call) => {
  await changeHolder(USERS, { state, call, name: input.UserName }, async (user, tx) => {
    if (user.boundary === undefined) throw noBoundary('User', user.name)
    await countUse(tx, call.account, user.boundary, { boundaries: -1 })
    return { ...user, boundary: undefined }
  })
  return {}
}

export const tagUser: Operation<Iam['TagUser'], IamState> = async (input, state, call) => {
  await changeHolder(USERS, { state, call, name: input.UserName }, (user) => ({
    ...user,
    tags: withTags(user.tags, input.Tags, 'TagsPerUser'),
  }))
  return {}
}

export const untagUser: Operation<Iam['UntagUser'], IamState> = async (input, state, call) => {
  await changeHolder(USERS, { state, call, name: input.UserName }, (user) => ({
    ...user,
    tags: withoutTags(user.tags, input.TagKeys),
  }))
  return {}
}

export const listUserTags: Operation<Iam['ListUserTags'], IamState> = async (input, state, call) => {
  const user = await holderOf(USERS, state.store.read, call.account, input.UserName)
  const { items, ...page } = pageFor(user.tags, input, (tag) => tag.Key)
  return { Tags: items, ...page }
}
