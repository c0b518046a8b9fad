/** Access keys of users. The secret leaves once, at creation; enforcement reads it to verify signatures. */
import { Buffer } from 'node:buffer'
import { LASTING, accountOfKeyId, keyIdOf } from '#engines/iam-policy/access-key.ts'
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import type { Read } from '#ports/store.ts'
import type { AccountId } from '#base/ids.ts'
import { keyOwner } from '#services/iam/callers.ts'
import { allOf, pageFor, wholeSeconds } from '#services/iam/entities.ts'
import { noSuchId, quotaExceeded } from '#services/iam/faults.ts'
import { ACCESS_KEYS_MAX, LISTED_MAX } from '#services/iam/limits.ts'
import { type AccessKeyRecord, type IamState, accessKeys, ownerOf } from '#services/iam/records.ts'

/** The oldest first, as AWS lists them. */
export async function keysOf(read: Read, account: AccountId, user: string): Promise<AccessKeyRecord[]> {
  const all = await allOf(read, accessKeys, account, LISTED_MAX)
  return all.filter((key) => key.user === user).toSorted((a, b) => a.createdAt - b.createdAt)
}

/** Faults NoSuchEntity, LimitExceeded. Source: IAM API, CreateAccessKey. */
export const createAccessKey: Operation<Iam['CreateAccessKey'], IamState> = async (input, state, call) => {
  const user = await keyOwner(state, call, input.UserName)
  const key: AccessKeyRecord = {
    keyId: keyIdOf(LASTING, call.account, state.random),
    secret: Buffer.from(state.random.bytes(30)).toString('base64'),
    user,
    createdAt: wholeSeconds(state.clock.now()),
    status: 'Active',
  }
  await state.store.tx(async (tx) => {
    if ((await keysOf(tx, call.account, user)).length >= ACCESS_KEYS_MAX)
      throw quotaExceeded('AccessKeysPerUser', ACCESS_KEYS_MAX)
    accessKeys.put(tx, ownerOf(call.account), [key.keyId], key)
  })
  return {
    AccessKey: {
      UserName: key.user,
      AccessKeyId: key.keyId,
      Status: key.status,
      SecretAccessKey: key.secret,
      CreateDate: key.createdAt,
    },
  }
}

export const listAccessKeys: Operation<Iam['ListAccessKeys'], IamState> = async (input, state, call) => {
  const user = await keyOwner(state, call, input.UserName)
  const keys = await keysOf(state.store.read, call.account, user)
  const { items, ...page } = pageFor(keys, input, (key) => `${key.createdAt} ${key.keyId}`)
  return {
    AccessKeyMetadata: items.map((key) => ({
      UserName: key.user,
      AccessKeyId: key.keyId,
      Status: key.status,
      CreateDate: key.createdAt,
    })),
    ...page,
  }
}

async function keyOfUser(
  read: Read,
  account: AccountId,
  user: string,
  keyId: string,
): Promise<AccessKeyRecord> {
  const key = await accessKeys.get(read, ownerOf(account), keyId)
  if (key?.user !== user) throw noSuchId('Access Key', keyId)
  return key
}

export const updateAccessKey: Operation<Iam['UpdateAccessKey'], IamState> = async (input, state, call) => {
  const status = input.Status === 'Active' ? 'Active' : 'Inactive'
  const user = await keyOwner(state, call, input.UserName)
  await state.store.tx(async (tx) => {
    const key = await keyOfUser(tx, call.account, user, input.AccessKeyId)
    accessKeys.put(tx, ownerOf(call.account), [key.keyId], { ...key, status })
  })
  return {}
}

export const deleteAccessKey: Operation<Iam['DeleteAccessKey'], IamState> = async (input, state, call) => {
  const user = await keyOwner(state, call, input.UserName)
  await state.store.tx(async (tx) => {
    const key = await keyOfUser(tx, call.account, user, input.AccessKeyId)
    accessKeys.delete(tx, ownerOf(call.account), key.keyId)
  })
  return {}
}

/** Use is counted only while IAM is enforced; else it is `N/A`, as of a key that was never used. Source: IAM API, AccessKeyLastUsed. */
export const getAccessKeyLastUsed: Operation<Iam['GetAccessKeyLastUsed'], IamState> = async (
  input,
  state,
  call,
) => {
  const account = accountOfKeyId(input.AccessKeyId) ?? call.account
  const key = await accessKeys.get(state.store.read, ownerOf(account), input.AccessKeyId)
  if (key === undefined) throw noSuchId('Access Key', input.AccessKeyId)
  const { lastUsed } = key
  return {
    UserName: key.user,
    AccessKeyLastUsed: {
      LastUsedDate: lastUsed?.at,
      ServiceName: lastUsed?.service ?? 'N/A',
      Region: lastUsed?.region ?? 'N/A',
    },
  }
}
