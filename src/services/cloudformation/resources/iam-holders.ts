/**
 * What users, groups and roles share: inline policies put on them, managed ones attached to them. Each kind has its own
 * operations in IAM's API; here they have one shape.
 * Source: IAM API, PutRolePolicy, AttachRolePolicy and their like.
 */
import { type Dict, listAt, memberOf, textAt } from '#engines/templates/value.ts'
import type { ResourceContext } from '#services/cloudformation/resources/handler.ts'
import { documentText, unlessGone } from '#services/cloudformation/resources/properties.ts'

export interface InlinePolicy {
  readonly name: string
  readonly document: string
}

/** One kind of thing that holds policies. All of these may be done twice; taking away what is gone is IAM's NoSuchEntity. */
export interface Holders {
  /** Member of policy resources that lists them by name. */
  readonly property: 'Roles' | 'Users' | 'Groups'
  put(context: ResourceContext, name: string, policy: InlinePolicy): Promise<unknown>
  remove(context: ResourceContext, name: string, policy: string): Promise<unknown>
  attach(context: ResourceContext, name: string, arn: string): Promise<unknown>
  detach(context: ResourceContext, name: string, arn: string): Promise<unknown>
}

export const ROLES: Holders = {
  property: 'Roles',
  put: (context, RoleName, { name, document }) =>
    context.call('iam', 'PutRolePolicy', { RoleName, PolicyName: name, PolicyDocument: document }),
  remove: (context, RoleName, PolicyName) =>
    context.call('iam', 'DeleteRolePolicy', { RoleName, PolicyName }),
  attach: (context, RoleName, PolicyArn) => context.call('iam', 'AttachRolePolicy', { RoleName, PolicyArn }),
  detach: (context, RoleName, PolicyArn) => context.call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }),
}

export const USERS: Holders = {
  property: 'Users',
  put: (context, UserName, { name, document }) =>
    context.call('iam', 'PutUserPolicy', { UserName, PolicyName: name, PolicyDocument: document }),
  remove: (context, UserName, PolicyName) =>
    context.call('iam', 'DeleteUserPolicy', { UserName, PolicyName }),
  attach: (context, UserName, PolicyArn) => context.call('iam', 'AttachUserPolicy', { UserName, PolicyArn }),
  detach: (context, UserName, PolicyArn) => context.call('iam', 'DetachUserPolicy', { UserName, PolicyArn }),
}

export const GROUPS: Holders = {
  property: 'Groups',
  put: (context, GroupName, { name, document }) =>
    context.call('iam', 'PutGroupPolicy', { GroupName, PolicyName: name, PolicyDocument: document }),
  remove: (context, GroupName, PolicyName) =>
    context.call('iam', 'DeleteGroupPolicy', { GroupName, PolicyName }),
  attach: (context, GroupName, PolicyArn) =>
    context.call('iam', 'AttachGroupPolicy', { GroupName, PolicyArn }),
  detach: (context, GroupName, PolicyArn) =>
    context.call('iam', 'DetachGroupPolicy', { GroupName, PolicyArn }),
}

export const HOLDERS: readonly Holders[] = [ROLES, USERS, GROUPS]

/** A list of names or ARNs among the properties; empty when there is none. */
export const namesAt = (properties: Dict, name: string): string[] =>
  (listAt(properties, name) ?? []).filter((one) => typeof one === 'string')

const inlinePolicies = (properties: Dict): InlinePolicy[] =>
  (listAt(properties, 'Policies') ?? []).flatMap((policy) => {
    const name = textAt(policy, 'PolicyName')
    const document = documentText(memberOf(policy, 'PolicyDocument'))
    return name === undefined || document === undefined ? [] : [{ name, document }]
  })

interface Change {
  readonly name: string
  readonly properties: Dict
  /** What it was made from; empty in a creation. */
  readonly before: Dict
}

/** Brings attached and inline policies (ManagedPolicyArns, Policies) from what they were to what they shall be. */
export async function syncPolicies(
  context: ResourceContext,
  holders: Holders,
  { name, properties, before }: Change,
): Promise<void> {
  const [old, fresh] = [namesAt(before, 'ManagedPolicyArns'), namesAt(properties, 'ManagedPolicyArns')]
  for (const arn of fresh.filter((one) => !old.includes(one))) await holders.attach(context, name, arn)
  for (const arn of old.filter((one) => !fresh.includes(one)))
    await unlessGone(() => holders.detach(context, name, arn))
  const [was, shall] = [inlinePolicies(before), inlinePolicies(properties)]
  for (const policy of shall) {
    if (was.some((one) => one.name === policy.name && one.document === policy.document)) continue
    await holders.put(context, name, policy)
  }
  for (const { name: policy } of was.filter((one) => !shall.some((other) => other.name === one.name)))
    await unlessGone(() => holders.remove(context, name, policy))
}
