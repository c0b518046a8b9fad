/** IAM roles with their policies, and instance profiles. Users and groups are `iam-users.ts`, policies `iam-policies.ts`. */
import { type Dict, memberOf, sameValue, textAt } from '#engines/templates/value.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { namesAt, ROLES, syncPolicies } from '#services/cloudformation/resources/iam-holders.ts'
import {
  changedTags,
  documentText,
  pick,
  request,
  tagList,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'

async function described(context: ResourceContext, name: string): Promise<Made> {
  const { Role: role } = await context.call('iam', 'GetRole', { RoleName: name })
  return { physicalId: name, attributes: { Arn: role.Arn, RoleId: role.RoleId } }
}

const roleName = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'RoleName') ?? context.name(64)

export const iamRole: ResourceHandler = {
  async create(context, properties) {
    const name = roleName(context, properties)
    await context.call(
      'iam',
      'CreateRole',
      request({
        RoleName: name,
        AssumeRolePolicyDocument: documentText(memberOf(properties, 'AssumeRolePolicyDocument')),
        ...pick(properties, ['Path', 'Description', 'MaxSessionDuration', 'PermissionsBoundary']),
        Tags: tagList(properties),
      }),
    )
    await syncPolicies(context, ROLES, { name, properties, before: {} })
    return await described(context, name)
  },

  async update(context, name, properties, before) {
    const trust = memberOf(properties, 'AssumeRolePolicyDocument')
    if (!sameValue(trust, memberOf(before, 'AssumeRolePolicyDocument'))) {
      await context.call('iam', 'UpdateAssumeRolePolicy', {
        RoleName: name,
        PolicyDocument: documentText(trust) ?? '{}',
      })
    }
    const settings = ['Description', 'MaxSessionDuration']
    if (settings.some((one) => !sameValue(properties[one], before[one]))) {
      await context.call('iam', 'UpdateRole', request({ RoleName: name, ...pick(properties, settings) }))
    }
    const boundary = textAt(properties, 'PermissionsBoundary')
    if (boundary !== textAt(before, 'PermissionsBoundary')) {
      if (boundary === undefined)
        await context.call('iam', 'DeleteRolePermissionsBoundary', { RoleName: name })
      else
        await context.call('iam', 'PutRolePermissionsBoundary', {
          RoleName: name,
          PermissionsBoundary: boundary,
        })
    }
    await syncPolicies(context, ROLES, { name, properties, before })
    await retag(context, name, properties, before)
    return await described(context, name)
  },

  async delete(context, name, properties) {
    await syncPolicies(context, ROLES, { name, properties: {}, before: properties })
    await unlessGone(() => context.call('iam', 'DeleteRole', { RoleName: name }))
  },

  existing: roleName,
}

async function retag(context: ResourceContext, name: string, properties: Dict, before: Dict): Promise<void> {
  const { set, gone } = changedTags(properties, before)
  const Tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }))
  if (Tags.length > 0) await context.call('iam', 'TagRole', { RoleName: name, Tags })
  if (gone.length > 0) await context.call('iam', 'UntagRole', { RoleName: name, TagKeys: [...gone] })
}

const profileName = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'InstanceProfileName') ?? context.name(128)

export const iamInstanceProfile: ResourceHandler = {
  async create(context, properties) {
    const name = profileName(context, properties)
    const { InstanceProfile: profile } = await context.call(
      'iam',
      'CreateInstanceProfile',
      request({ InstanceProfileName: name, ...pick(properties, ['Path']) }),
    )
    await setRoles(context, name, namesAt(properties, 'Roles'), [])
    return { physicalId: name, attributes: { Arn: profile?.Arn ?? '' } }
  },
  async update(context, name, properties, before) {
    await setRoles(context, name, namesAt(properties, 'Roles'), namesAt(before, 'Roles'))
    const { InstanceProfile: profile } = await context.call('iam', 'GetInstanceProfile', {
      InstanceProfileName: name,
    })
    return { physicalId: name, attributes: { Arn: profile?.Arn ?? '' } }
  },
  async delete(context, name, properties) {
    await setRoles(context, name, [], namesAt(properties, 'Roles'))
    await unlessGone(() => context.call('iam', 'DeleteInstanceProfile', { InstanceProfileName: name }))
  },
  existing: profileName,
}

async function setRoles(
  context: ResourceContext,
  name: string,
  shall: string[],
  was: string[],
): Promise<void> {
  for (const role of was.filter((one) => !shall.includes(one))) {
    await unlessGone(() =>
      context.call('iam', 'RemoveRoleFromInstanceProfile', { InstanceProfileName: name, RoleName: role }),
    )
  }
  for (const role of shall.filter((one) => !was.includes(one))) {
    await context.call('iam', 'AddRoleToInstanceProfile', { InstanceProfileName: name, RoleName: role })
  }
}
