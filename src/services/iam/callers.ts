/** Who an operation is about when it names nobody: the user whose access key signed. */
import { TEMPORARY } from '#engines/iam-policy/access-key.ts'
import type { Call } from '#ports/service.ts'
import { notUser } from '#services/iam/faults.ts'
import { USERS, holderOf } from '#services/iam/holders.ts'
import {
  ROOT,
  type IamState,
  type UserRecord,
  accessKeys,
  nameKey,
  ownerOf,
  users,
} from '#services/iam/records.ts'

/** Undefined for the root, for sessions and for keys that nobody has. */
export async function callingUser(state: IamState, call: Call): Promise<UserRecord | undefined> {
  if (call.accessKeyId === undefined) return undefined
  const { read } = state.store
  const key = await accessKeys.get(read, ownerOf(call.account), call.accessKeyId)
  return key === undefined ? undefined : await users.get(read, ownerOf(call.account), nameKey(key.user))
}

/** The user of that name, else the one that calls. Faults NoSuchEntity, ValidationError. Source: recorded AWS answer. */
export async function userMeant(state: IamState, call: Call, name: string | undefined): Promise<UserRecord> {
  if (name !== undefined) return await holderOf(USERS, state.store.read, call.account, name)
  const caller = await callingUser(state, call)
  if (caller === undefined) throw notUser()
  return caller
}

/** Whose keys are meant: a user's name, or nothing for the root's own. Faults NoSuchEntity, ValidationError. Source: IAM API, DeleteAccessKey. */
export async function keyOwner(state: IamState, call: Call, name: string | undefined): Promise<string> {
  if (name !== undefined) return (await holderOf(USERS, state.store.read, call.account, name)).name
  if (call.accessKeyId?.startsWith(TEMPORARY) === true) throw notUser()
  return (await callingUser(state, call))?.name ?? ROOT
}
