/** Public SSH keys of users, as CodeCommit takes them: kept and given back. Nothing here logs in with them. */
import { createHash, createPublicKey } from 'node:crypto'
import { Buffer } from 'node:buffer'
import { Fault } from '#base/fault.ts'
import { type AccountId, prefixedId } from '#base/ids.ts'
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import type { Read } from '#ports/store.ts'
import { userMeant } from '#services/iam/callers.ts'
import { allOf, pageFor, wholeSeconds } from '#services/iam/entities.ts'
import { noSuchSshKey, quotaExceeded } from '#services/iam/faults.ts'
import { USERS, holderOf } from '#services/iam/holders.ts'
import { LISTED_MAX, SSH_KEYS_MAX } from '#services/iam/limits.ts'
import { type IamState, type UserDocumentRecord, ownerOf, sshKeys } from '#services/iam/records.ts'

type View = NonNullable<Iam['UploadSSHPublicKey']['out']['SSHPublicKey']>

/** MD5 of the key in pairs, as AWS prints fingerprints. Source: IAM API, SSHPublicKey. */
function fingerprintOf(body: string): string {
  const [, blob = body] = body.split(' ')
  const digest = createHash('md5').update(Buffer.from(blob, 'base64')).digest('hex')
  return digest.match(/../g)?.join(':') ?? ''
}

/** Fault InvalidPublicKey for what is neither `ssh-rsa ...` nor PEM. Source: IAM API, UploadSSHPublicKey. */
function checkKey(body: string): void {
  if (/^ssh-rsa [A-Za-z0-9+/]{200,}={0,2}( .*)?\s*$/.test(body)) return
  try {
    if (createPublicKey(body).asymmetricKeyType === 'rsa') return
  } catch {
    throw invalidKey()
  }
  throw invalidKey()
}

const invalidKey = (): Fault =>
  new Fault('InvalidPublicKeyException', 'The public key is malformed or otherwise invalid.')

const viewOf = (key: UserDocumentRecord): View => ({
  UserName: key.user,
  SSHPublicKeyId: key.id,
  Fingerprint: fingerprintOf(key.body),
  SSHPublicKeyBody: key.body,
  Status: key.status,
  UploadDate: key.uploadedAt,
})

async function keysOf(read: Read, account: AccountId, user: string): Promise<UserDocumentRecord[]> {
  const all = await allOf(read, sshKeys, account, LISTED_MAX)
  return all.filter((one) => one.user === user)
}

async function keyOf(read: Read, account: AccountId, user: string, id: string): Promise<UserDocumentRecord> {
  const holder = await holderOf(USERS, read, account, user)
  const key = await sshKeys.get(read, ownerOf(account), id)
  if (key?.user !== holder.name) throw noSuchSshKey(id)
  return key
}

export const uploadSSHPublicKey: Operation<Iam['UploadSSHPublicKey'], IamState> = async (
  input,
  state,
  call,
) => {
  checkKey(input.SSHPublicKeyBody)
  const key: UserDocumentRecord = {
    id: prefixedId(state.random, 'APKA', 16),
    user: input.UserName,
    body: input.SSHPublicKeyBody,
    status: 'Active',
    uploadedAt: wholeSeconds(state.clock.now()),
  }
  return await state.store.tx(async (tx) => {
    const { name } = await holderOf(USERS, tx, call.account, input.UserName)
    if ((await keysOf(tx, call.account, name)).length >= SSH_KEYS_MAX)
      throw quotaExceeded('SSHPublicKeysPerUser', SSH_KEYS_MAX)
    const own = { ...key, user: name }
    sshKeys.put(tx, ownerOf(call.account), [own.id], own)
    return { SSHPublicKey: viewOf(own) }
  })
}

/** In the encoding it was uploaded in: the other one is not made. */
export const getSSHPublicKey: Operation<Iam['GetSSHPublicKey'], IamState> = async (input, state, call) => ({
  SSHPublicKey: viewOf(await keyOf(state.store.read, call.account, input.UserName, input.SSHPublicKeyId)),
})

export const listSSHPublicKeys: Operation<Iam['ListSSHPublicKeys'], IamState> = async (
  input,
  state,
  call,
) => {
  const user = await userMeant(state, call, input.UserName)
  const keys = await keysOf(state.store.read, call.account, user.name)
  const { items, ...page } = pageFor(keys, input, (key) => key.id)
  const views = items.map((key) => ({
    UserName: key.user,
    SSHPublicKeyId: key.id,
    Status: key.status,
    UploadDate: key.uploadedAt,
  }))
  return { SSHPublicKeys: views, ...page }
}

export const updateSSHPublicKey: Operation<Iam['UpdateSSHPublicKey'], IamState> = async (
  input,
  state,
  call,
) => {
  await state.store.tx(async (tx) => {
    const key = await keyOf(tx, call.account, input.UserName, input.SSHPublicKeyId)
    const status = input.Status === 'Active' ? 'Active' : 'Inactive'
    sshKeys.put(tx, ownerOf(call.account), [key.id], { ...key, status })
  })
  return {}
}

export const deleteSSHPublicKey: Operation<Iam['DeleteSSHPublicKey'], IamState> = async (
  input,
  state,
  call,
) => {
  await state.store.tx(async (tx) => {
    const key = await keyOf(tx, call.account, input.UserName, input.SSHPublicKeyId)
    sshKeys.delete(tx, ownerOf(call.account), key.id)
  })
  return {}
}
