/**
 * MFA devices as far as they are kept: made, given to a user, taken away. Authentication codes are not checked, and no
 * session is ever one with MFA.
 */
import { type AccountId } from '#base/ids.ts'
import { utf8 } from '#base/bytes.ts'
import type { Iam } from '#model/iam.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { Read, Tx } from '#ports/store.ts'
import { userMeant } from '#services/iam/callers.ts'
import { allOf, pageFor, pathOf, wholeSeconds, withoutTags, withTags } from '#services/iam/entities.ts'
import {
  alreadyExists,
  deleteConflict,
  noSuchMfa,
  noSuchVirtualMfa,
  quotaExceeded,
} from '#services/iam/faults.ts'
import { USERS, holderOf } from '#services/iam/holders.ts'
import { LISTED_MAX, MFA_DEVICES_MAX } from '#services/iam/limits.ts'
import {
  type IamState,
  type MfaRecord,
  type UserRecord,
  mfaDevices,
  nameKey,
  ownerOf,
  users,
} from '#services/iam/records.ts'
import { userView } from '#services/iam/views.ts'

type View = Iam['CreateVirtualMFADevice']['out']['VirtualMFADevice']

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const SEED_LETTERS = 64

/** Fault EntityAlreadyExists. The QR code is left out: a seed is enough for any authenticator. Source: IAM API, CreateVirtualMFADevice. */
export const createVirtualMFADevice: Operation<Iam['CreateVirtualMFADevice'], IamState> = async (
  input,
  state,
  call,
) => {
  const path = pathOf(input.Path)
  const bytes = state.random.bytes(SEED_LETTERS)
  const device: MfaRecord = {
    serial: `arn:aws:iam::${call.account}:mfa${path}${input.VirtualMFADeviceName}`,
    isVirtual: true,
    seed: Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join(''),
    tags: withTags([], input.Tags ?? [], 'TagsPerMFADevice'),
  }
  await state.store.tx(async (tx) => {
    const owner = ownerOf(call.account)
    if ((await mfaDevices.get(tx, owner, device.serial)) !== undefined)
      throw alreadyExists('MFADevice entity at the same path and name already exists.')
    mfaDevices.put(tx, owner, [device.serial], device)
  })
  return {
    VirtualMFADevice: {
      SerialNumber: device.serial,
      Base32StringSeed: utf8(device.seed ?? ''),
      QRCodePNG: new Uint8Array(0),
      Tags: device.tags.length > 0 ? device.tags : undefined,
    },
  }
}

async function virtualOf(read: Read, account: AccountId, serial: string): Promise<MfaRecord> {
  const device = await mfaDevices.get(read, ownerOf(account), serial)
  if (device?.isVirtual !== true) throw noSuchVirtualMfa(serial)
  return device
}

export const deleteVirtualMFADevice: Operation<Iam['DeleteVirtualMFADevice'], IamState> = async (
  input,
  state,
  call,
) => {
  await state.store.tx(async (tx) => {
    const device = await virtualOf(tx, call.account, input.SerialNumber)
    if (device.user !== undefined)
      throw deleteConflict('Virtual MFA device is currently in use, must deactivate it first.')
    mfaDevices.delete(tx, ownerOf(call.account), device.serial)
  })
  return {}
}

export const listVirtualMFADevices: Operation<Iam['ListVirtualMFADevices'], IamState> = async (
  input,
  state,
  call,
) => {
  const { read } = state.store
  const all = await allOf(read, mfaDevices, call.account, LISTED_MAX)
  const wanted = input.AssignmentStatus ?? 'Any'
  const shown = all.filter(
    (one) => one.isVirtual && (wanted === 'Any' || (wanted === 'Assigned') === (one.user !== undefined)),
  )
  const { items, ...page } = pageFor(shown, input, (one) => one.serial)
  const views = items.map(async (one): Promise<View> => {
    const user =
      one.user === undefined ? undefined : await users.get(read, ownerOf(call.account), nameKey(one.user))
    return {
      SerialNumber: one.serial,
      User: user === undefined ? undefined : userView(user),
      EnableDate: one.enabledAt,
    }
  })
  return { VirtualMFADevices: await Promise.all(views), ...page }
}

/** Devices of the user: the oldest first. */
export async function devicesOf(read: Read, account: AccountId, user: string): Promise<MfaRecord[]> {
  const all = await allOf(read, mfaDevices, account, LISTED_MAX)
  return all.filter((one) => one.user === user)
}

/** Fault EntityAlreadyExists for a device that somebody has. Source: IAM API, EnableMFADevice. */
export const enableMFADevice: Operation<Iam['EnableMFADevice'], IamState> = async (input, state, call) => {
  const serial = input.SerialNumber
  await state.store.tx(async (tx) => {
    const user = await holderOf(USERS, tx, call.account, input.UserName)
    const known = await mfaDevices.get(tx, ownerOf(call.account), serial)
    if (known === undefined && serial.startsWith('arn:')) throw noSuchVirtualMfa(serial)
    if (known?.user !== undefined) throw alreadyExists('MFA Device is already in use.')
    if ((await devicesOf(tx, call.account, user.name)).length >= MFA_DEVICES_MAX)
      throw quotaExceeded('MFADevicesPerUser', MFA_DEVICES_MAX)
    const device = known ?? { serial, isVirtual: false, tags: [] }
    const enabledAt = wholeSeconds(state.clock.now())
    mfaDevices.put(tx, ownerOf(call.account), [serial], { ...device, user: user.name, enabledAt })
  })
  return {}
}

/** A hardware device is forgotten; a virtual one is free again. */
export const deactivateMFADevice: Operation<Iam['DeactivateMFADevice'], IamState> = async (
  input,
  state,
  call,
) => {
  const user = await userMeant(state, call, input.UserName)
  await state.store.tx(async (tx) => {
    const device = await deviceOf(tx, call.account, user, input.SerialNumber)
    const owner = ownerOf(call.account)
    const free = { ...device, user: undefined, enabledAt: undefined }
    if (device.isVirtual) mfaDevices.put(tx, owner, [device.serial], free)
    else mfaDevices.delete(tx, owner, device.serial)
  })
  return {}
}

async function deviceOf(
  read: Read,
  account: AccountId,
  user: UserRecord,
  serial: string,
): Promise<MfaRecord> {
  const device = await mfaDevices.get(read, ownerOf(account), serial)
  if (device?.user !== user.name) throw noSuchMfa(serial)
  return device
}

export const resyncMFADevice: Operation<Iam['ResyncMFADevice'], IamState> = async (input, state, call) => {
  const user = await holderOf(USERS, state.store.read, call.account, input.UserName)
  await deviceOf(state.store.read, call.account, user, input.SerialNumber)
  return {}
}

export const getMFADevice: Operation<Iam['GetMFADevice'], IamState> = async (input, state, call) => {
  const device = await mfaDevices.get(state.store.read, ownerOf(call.account), input.SerialNumber)
  if (device === undefined || (input.UserName !== undefined && device.user !== input.UserName))
    throw noSuchMfa(input.SerialNumber)
  return { UserName: device.user, SerialNumber: device.serial, EnableDate: device.enabledAt }
}

export const listMFADevices: Operation<Iam['ListMFADevices'], IamState> = async (input, state, call) => {
  const user = await userMeant(state, call, input.UserName)
  const all = await devicesOf(state.store.read, call.account, user.name)
  const { items, ...page } = pageFor(all, input, (one) => one.serial)
  return {
    MFADevices: items.map((one) => ({
      UserName: user.name,
      SerialNumber: one.serial,
      EnableDate: one.enabledAt ?? user.createdAt,
    })),
    ...page,
  }
}

const changeVirtual = (
  state: IamState,
  call: Call,
  serial: string,
  change: (device: MfaRecord) => MfaRecord,
): Promise<void> =>
  state.store.tx(async (tx: Tx) => {
    const device = await virtualOf(tx, call.account, serial)
    mfaDevices.put(tx, ownerOf(call.account), [serial], change(device))
  })

export const tagMFADevice: Operation<Iam['TagMFADevice'], IamState> = async (input, state, call) => {
  await changeVirtual(state, call, input.SerialNumber, (device) => ({
    ...device,
    tags: withTags(device.tags, input.Tags, 'TagsPerMFADevice'),
  }))
  return {}
}

export const untagMFADevice: Operation<Iam['UntagMFADevice'], IamState> = async (input, state, call) => {
  await changeVirtual(state, call, input.SerialNumber, (device) => ({
    ...device,
    tags: withoutTags(device.tags, input.TagKeys),
  }))
  return {}
}

export const listMFADeviceTags: Operation<Iam['ListMFADeviceTags'], IamState> = async (
  input,
  state,
  call,
) => {
  const device = await virtualOf(state.store.read, call.account, input.SerialNumber)
  const { items, ...page } = pageFor(device.tags, input, (tag) => tag.Key)
  return { Tags: items, ...page }
}
