/** IAM roles with their policies, policies of their own, managed policies and instance profiles. */
import { type Dict, listAt, memberOf, sameValue, textAt, type Value } from '#engines/templates/value.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import {
  documentText,
  isGone,
  pick,
  request,
  tagList,
  tagMap,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'
import { printArn } from '#base/arn.ts'
import { Fault } from '#base/fault.ts'

const texts = (properties: Dict, name: string): string[] =>
  (listAt(properties, name) ?? []).filter((one) => typeof one === 'string')

interface InlinePolicy {
  readonly name: string
  readonly document: string
}

const inlinePolicies = (properties: Dict): InlinePolicy[] =>
  (listAt(properties, 'Policies') ?? []).flatMap((policy) => {
    const name = textAt(policy, 'PolicyName')
    const document = documentText(memberOf(policy, 'PolicyDocument'))
    return name === undefined || document === undefined ? [] : [{ name, document }]
  })

async function described(context: ResourceContext, name: string): Promise<Made> {
  const { Role: role } = await context.call('iam', 'GetRole', { RoleName: name })
  return { physicalId: name, attributes: { Arn: role.Arn, RoleId: role.RoleId } }
}

const roleName = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'RoleName') ?? context.name(64)

/** Brings attached and inline policies from what they were to what they shall be. */
async function syncPolicies(
  context: ResourceContext,
  name: string,
  properties: Dict,
  before: Dict,
): Promise<void> {
  const [old, fresh] = [texts(before, 'ManagedPolicyArns'), texts(properties, 'ManagedPolicyArns')]
  for (const arn of fresh.filter((one) => !old.includes(one))) {
    await context.call('iam', 'AttachRolePolicy', { RoleName: name, PolicyArn: arn })
  }
  for (const arn of old.filter((one) => !fresh.includes(one))) {
    await unlessGone(() => context.call('iam', 'DetachRolePolicy', { RoleName: name, PolicyArn: arn }))
  }
  const [was, shall] = [inlinePolicies(before), inlinePolicies(properties)]
  for (const { name: policy, document } of shall) {
    if (was.some((one) => one.name === policy && one.document === document)) continue
    await context.call('iam', 'PutRolePolicy', {
      RoleName: name,
      PolicyName: policy,
      PolicyDocument: document,
    })
  }
  for (const { name: policy } of was.filter((one) => !shall.some((other) => other.name === one.name))) {
    await unlessGone(() => context.call('iam', 'DeleteRolePolicy', { RoleName: name, PolicyName: policy }))
  }
}

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
    await syncPolicies(context, name, properties, {})
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
    await syncPolicies(context, name, properties, before)
    await retag(context, name, properties, before)
    return await described(context, name)
  },

  async delete(context, name, properties) {
    await syncPolicies(context, name, {}, properties).catch((error: unknown) => {
      if (!(error instanceof Fault && isGone(error.code))) throw error
    })
    await unlessGone(() => context.call('iam', 'DeleteRole', { RoleName: name }))
  },

  existing: roleName,
}

async function retag(context: ResourceContext, name: string, properties: Dict, before: Dict): Promise<void> {
  const [old, fresh] = [tagMap(before), tagMap(properties)]
  const changed = Object.entries(fresh).filter(([key, value]) => old[key] !== value)
  const gone = Object.keys(old).filter((key) => !Object.hasOwn(fresh, key))
  if (changed.length > 0) {
    await context.call('iam', 'TagRole', {
      RoleName: name,
      Tags: changed.map(([Key, Value]) => ({ Key, Value })),
    })
  }
  if (gone.length > 0) await context.call('iam', 'UntagRole', { RoleName: name, TagKeys: gone })
}

/** AWS::IAM::Policy: an inline policy put on roles. Users and groups come with the rest of IAM. */
export const iamPolicy: ResourceHandler = {
  async create(context, properties) {
    await putOnRoles(context, properties, {})
    const id = context.name(64)
    return { physicalId: id, attributes: { Id: id } }
  },
  async update(context, physicalId, properties, before) {
    await putOnRoles(context, properties, before)
    return { physicalId, attributes: { Id: physicalId } }
  },
  async delete(context, _, properties) {
    await putOnRoles(context, { ...properties, Roles: [] }, properties)
  },
}

async function putOnRoles(context: ResourceContext, properties: Dict, before: Dict): Promise<void> {
  refuseOthers(properties)
  const name = text(properties, 'PolicyName')
  const document = documentText(memberOf(properties, 'PolicyDocument')) ?? '{}'
  for (const role of texts(properties, 'Roles')) {
    await context.call('iam', 'PutRolePolicy', { RoleName: role, PolicyName: name, PolicyDocument: document })
  }
  const oldName = textAt(before, 'PolicyName')
  for (const role of texts(before, 'Roles')) {
    const stays = oldName === name && texts(properties, 'Roles').includes(role)
    if (stays || oldName === undefined) continue
    await unlessGone(() => context.call('iam', 'DeleteRolePolicy', { RoleName: role, PolicyName: oldName }))
  }
}

function refuseOthers(properties: Dict): void {
  for (const name of ['Users', 'Groups']) {
    if (texts(properties, name).length > 0) {
      throw new Fault('ValidationError', `Windtunnel does not put policies on ${name.toLowerCase()} yet.`)
    }
  }
}

/** AWS::IAM::ManagedPolicy. Its Ref is its ARN. */
export const iamManagedPolicy: ResourceHandler = {
  async create(context, properties) {
    refuseOthers(properties)
    const { Policy: policy } = await context.call(
      'iam',
      'CreatePolicy',
      request({
        PolicyName: policyName(context, properties),
        ...pick(properties, ['Path', 'Description']),
        PolicyDocument: documentText(memberOf(properties, 'PolicyDocument')),
      }),
    )
    const arn = policy?.Arn ?? ''
    await attach(context, arn, texts(properties, 'Roles'), [])
    return managed(arn, policy?.PolicyId)
  },
  async update(context, arn, properties, before) {
    refuseOthers(properties)
    const document: Value | undefined = memberOf(properties, 'PolicyDocument')
    if (!sameValue(document, memberOf(before, 'PolicyDocument'))) {
      await newVersion(context, arn, documentText(document) ?? '{}')
    }
    await attach(context, arn, texts(properties, 'Roles'), texts(before, 'Roles'))
    return managed(arn, undefined)
  },
  async delete(context, arn, properties) {
    await attach(context, arn, [], texts(properties, 'Roles'))
    await unlessGone(async () => {
      const { Versions: versions } = await context.call('iam', 'ListPolicyVersions', { PolicyArn: arn })
      for (const version of versions ?? []) {
        if (version.IsDefaultVersion === true || version.VersionId === undefined) continue
        await context.call('iam', 'DeletePolicyVersion', { PolicyArn: arn, VersionId: version.VersionId })
      }
      await context.call('iam', 'DeletePolicy', { PolicyArn: arn })
    })
  },
  existing(context, properties) {
    const { partition, account } = context.stack
    const resource = `policy${textAt(properties, 'Path') ?? '/'}${policyName(context, properties)}`
    return printArn({ partition, service: 'iam', region: '', account, resource })
  },
}

const policyName = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'ManagedPolicyName') ?? context.name(128)

const managed = (arn: string, id: string | undefined): Made => ({
  physicalId: arn,
  attributes: { PolicyArn: arn, ...(id === undefined ? {} : { PolicyId: id }) },
})

/** A policy has at most five versions: the oldest that is not the default goes first. */
async function newVersion(context: ResourceContext, arn: string, document: string): Promise<void> {
  const { Versions: versions = [] } = await context.call('iam', 'ListPolicyVersions', { PolicyArn: arn })
  const spare = versions.filter((one) => one.IsDefaultVersion !== true).at(-1)?.VersionId
  if (versions.length >= 5 && spare !== undefined) {
    await context.call('iam', 'DeletePolicyVersion', { PolicyArn: arn, VersionId: spare })
  }
  await context.call('iam', 'CreatePolicyVersion', {
    PolicyArn: arn,
    PolicyDocument: document,
    SetAsDefault: true,
  })
}

async function attach(context: ResourceContext, arn: string, shall: string[], was: string[]): Promise<void> {
  for (const role of shall.filter((one) => !was.includes(one))) {
    await context.call('iam', 'AttachRolePolicy', { RoleName: role, PolicyArn: arn })
  }
  for (const role of was.filter((one) => !shall.includes(one))) {
    await unlessGone(() => context.call('iam', 'DetachRolePolicy', { RoleName: role, PolicyArn: arn }))
  }
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
    await setRoles(context, name, texts(properties, 'Roles'), [])
    return { physicalId: name, attributes: { Arn: profile?.Arn ?? '' } }
  },
  async update(context, name, properties, before) {
    await setRoles(context, name, texts(properties, 'Roles'), texts(before, 'Roles'))
    const { InstanceProfile: profile } = await context.call('iam', 'GetInstanceProfile', {
      InstanceProfileName: name,
    })
    return { physicalId: name, attributes: { Arn: profile?.Arn ?? '' } }
  },
  async delete(context, name, properties) {
    await setRoles(context, name, [], texts(properties, 'Roles'))
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
