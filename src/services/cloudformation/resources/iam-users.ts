/**
 * IAM users and groups with their policies, who is in which group, and access keys. Of a key CloudFormation keeps the
 * secret, because IAM tells it once. Passwords are handed to IAM and kept nowhere else than in the stack's properties.
 */
import { type Dict, dictAt, memberOf, sameValue, textAt } from '#engines/templates/value.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { GROUPS, namesAt, syncPolicies, USERS } from '#services/cloudformation/resources/iam-holders.ts'
import {
  changedTags,
  exists,
  pick,
  request,
  tagList,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'
import { firstOf, madeSince } from '#services/cloudformation/resources/search.ts'
import { Fault } from '#base/fault.ts'

const userName = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'UserName') ?? context.name(64)

async function describedUser(context: ResourceContext, name: string): Promise<Made> {
  const { User: user } = await context.call('iam', 'GetUser', { UserName: name })
  return { physicalId: name, attributes: { Arn: user.Arn } }
}

/** AWS::IAM::User. Its Ref is its name. Source: CloudFormation template reference, AWS::IAM::User. */
export const iamUser: ResourceHandler = {
  async create(context, properties) {
    const name = userName(context, properties)
    const settings = pick(properties, ['Path', 'PermissionsBoundary'])
    await context.call(
      'iam',
      'CreateUser',
      request({ UserName: name, ...settings, Tags: tagList(properties) }),
    )
    await syncPolicies(context, USERS, { name, properties, before: {} })
    await syncGroups(context, name, namesAt(properties, 'Groups'), [])
    await setLogin(context, name, properties, {})
    return await describedUser(context, name)
  },

  async update(context, name, properties, before) {
    const path = textAt(properties, 'Path') ?? '/'
    if (path !== (textAt(before, 'Path') ?? '/'))
      await context.call('iam', 'UpdateUser', { UserName: name, NewPath: path })
    await setBoundary(context, name, properties, before)
    await syncPolicies(context, USERS, { name, properties, before })
    await syncGroups(context, name, namesAt(properties, 'Groups'), namesAt(before, 'Groups'))
    await setLogin(context, name, properties, before)
    await retag(context, name, properties, before)
    return await describedUser(context, name)
  },

  async delete(context, name, properties) {
    await syncPolicies(context, USERS, { name, properties: {}, before: properties })
    await syncGroups(context, name, [], namesAt(properties, 'Groups'))
    await setLogin(context, name, {}, properties)
    await unlessGone(() => context.call('iam', 'DeleteUser', { UserName: name }))
  },

  existing: userName,
}

async function setBoundary(
  context: ResourceContext,
  name: string,
  properties: Dict,
  before: Dict,
): Promise<void> {
  const boundary = textAt(properties, 'PermissionsBoundary')
  if (boundary === textAt(before, 'PermissionsBoundary')) return
  if (boundary === undefined)
    await unlessGone(() => context.call('iam', 'DeleteUserPermissionsBoundary', { UserName: name }))
  else
    await context.call('iam', 'PutUserPermissionsBoundary', { UserName: name, PermissionsBoundary: boundary })
}

async function syncGroups(
  context: ResourceContext,
  name: string,
  shall: readonly string[],
  was: readonly string[],
): Promise<void> {
  for (const group of shall.filter((one) => !was.includes(one)))
    await context.call('iam', 'AddUserToGroup', { GroupName: group, UserName: name })
  for (const group of was.filter((one) => !shall.includes(one)))
    await unlessGone(() => context.call('iam', 'RemoveUserFromGroup', { GroupName: group, UserName: name }))
}

/** A repeated creation may find the profile made already. */
async function setLogin(
  context: ResourceContext,
  name: string,
  properties: Dict,
  before: Dict,
): Promise<void> {
  const [old, fresh] = [dictAt(before, 'LoginProfile'), dictAt(properties, 'LoginProfile')]
  if (sameValue(old, fresh)) return
  if (fresh === undefined) {
    await unlessGone(() => context.call('iam', 'DeleteLoginProfile', { UserName: name }))
    return
  }
  const profile = {
    UserName: name,
    Password: text(fresh, 'Password'),
    PasswordResetRequired: memberOf(fresh, 'PasswordResetRequired') === true,
  }
  try {
    await context.call('iam', old === undefined ? 'CreateLoginProfile' : 'UpdateLoginProfile', profile)
  } catch (error) {
    if (!(error instanceof Fault && exists(error.code))) throw error
    await context.call('iam', 'UpdateLoginProfile', profile)
  }
}

async function retag(context: ResourceContext, name: string, properties: Dict, before: Dict): Promise<void> {
  const { set, gone } = changedTags(properties, before)
  const Tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }))
  if (Tags.length > 0) await context.call('iam', 'TagUser', { UserName: name, Tags })
  if (gone.length > 0) await context.call('iam', 'UntagUser', { UserName: name, TagKeys: [...gone] })
}

const groupName = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'GroupName') ?? context.name(128)

async function describedGroup(context: ResourceContext, name: string): Promise<Made> {
  const { Group: group } = await context.call('iam', 'GetGroup', { GroupName: name })
  return { physicalId: name, attributes: { Arn: group.Arn } }
}

/** AWS::IAM::Group. Its Ref is its name. Source: CloudFormation template reference, AWS::IAM::Group. */
export const iamGroup: ResourceHandler = {
  async create(context, properties) {
    const name = groupName(context, properties)
    await context.call('iam', 'CreateGroup', request({ GroupName: name, ...pick(properties, ['Path']) }))
    await syncPolicies(context, GROUPS, { name, properties, before: {} })
    return await describedGroup(context, name)
  },
  async update(context, name, properties, before) {
    const path = textAt(properties, 'Path') ?? '/'
    if (path !== (textAt(before, 'Path') ?? '/'))
      await context.call('iam', 'UpdateGroup', { GroupName: name, NewPath: path })
    await syncPolicies(context, GROUPS, { name, properties, before })
    return await describedGroup(context, name)
  },
  async delete(context, name, properties) {
    await syncPolicies(context, GROUPS, { name, properties: {}, before: properties })
    await unlessGone(() => context.call('iam', 'DeleteGroup', { GroupName: name }))
  },
  existing: groupName,
}

/** AWS::IAM::UserToGroupAddition. Its Ref is a generated name. */
export const iamUserToGroupAddition: ResourceHandler = {
  async create(context, properties) {
    await syncMembers(context, properties, {})
    return addition(context.name(128))
  },
  async update(context, physicalId, properties, before) {
    await syncMembers(context, properties, before)
    return addition(physicalId)
  },
  async delete(context, _, properties) {
    await syncMembers(context, {}, properties)
  },
}

const addition = (id: string): Made => ({ physicalId: id, attributes: { Id: id } })

/** Into the new group first: who moves is never in none. */
async function syncMembers(context: ResourceContext, properties: Dict, before: Dict): Promise<void> {
  const [group, old] = [textAt(properties, 'GroupName'), textAt(before, 'GroupName')]
  const [shall, was] = [namesAt(properties, 'Users'), namesAt(before, 'Users')]
  const isSame = group === old
  for (const user of shall) {
    if (group === undefined || (isSame && was.includes(user))) continue
    await context.call('iam', 'AddUserToGroup', { GroupName: group, UserName: user })
  }
  for (const user of was) {
    if (old === undefined || (isSame && shall.includes(user))) continue
    await unlessGone(() => context.call('iam', 'RemoveUserFromGroup', { GroupName: old, UserName: user }))
  }
}

/** AWS::IAM::AccessKey. Its Ref is the key's id; another Serial makes another key. */
export const iamAccessKey: ResourceHandler = {
  async create(context, properties) {
    const UserName = text(properties, 'UserName')
    const { AccessKey: key } = await context.call('iam', 'CreateAccessKey', { UserName })
    if (textAt(properties, 'Status') === 'Inactive')
      await setStatus(context, key.AccessKeyId, UserName, 'Inactive')
    return {
      physicalId: key.AccessKeyId,
      attributes: { Id: key.AccessKeyId, SecretAccessKey: key.SecretAccessKey },
    }
  },
  async update(context, physicalId, properties) {
    const status = textAt(properties, 'Status') ?? 'Active'
    await setStatus(context, physicalId, text(properties, 'UserName'), status)
    return { physicalId, attributes: { ...context.attributes, Id: physicalId } }
  },
  async delete(context, physicalId, properties) {
    const UserName = text(properties, 'UserName')
    await unlessGone(() => context.call('iam', 'DeleteAccessKey', { UserName, AccessKeyId: physicalId }))
  },
  /** The secret of a key whose creation was interrupted is lost: such a key is taken away, and the creation made anew. */
  async find(context, properties, { taken, since }) {
    const UserName = text(properties, 'UserName')
    const lost = await firstOf(
      async (after) => {
        const page = await context.call('iam', 'ListAccessKeys', request({ UserName, Marker: after }))
        return { items: page.AccessKeyMetadata, next: page.Marker }
      },
      (key) => !taken.has(key.AccessKeyId ?? '') && madeSince(key.CreateDate, since),
    )
    const id = lost?.AccessKeyId
    if (id !== undefined) await context.call('iam', 'DeleteAccessKey', { UserName, AccessKeyId: id })
    return undefined
  },
}

async function setStatus(
  context: ResourceContext,
  keyId: string,
  user: string,
  status: string,
): Promise<void> {
  const Status = status === 'Inactive' ? 'Inactive' : 'Active'
  await context.call('iam', 'UpdateAccessKey', { UserName: user, AccessKeyId: keyId, Status })
}
