/** GetAccountAuthorizationDetails: users, groups, roles and managed policies with all that hangs on them, in pages. */
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import { encodedDocument } from '#services/iam/documents.ts'
import { allOf, pageFor } from '#services/iam/entities.ts'
import { attachedViews } from '#services/iam/holders.ts'
import { INSTANCE_PROFILES_MAX, LISTED_MAX } from '#services/iam/limits.ts'
import { countedAwsPolicies } from '#services/iam/managed.ts'
import {
  type GroupRecord,
  type Holder,
  type IamState,
  type InstanceProfileRecord,
  type PolicyRecord,
  type RoleRecord,
  type UserRecord,
  groups,
  instanceProfiles,
  policies,
  roles,
  users,
} from '#services/iam/records.ts'
import { boundaryView, listedPolicy, profileView, versionView } from '#services/iam/views.ts'

type Out = Iam['GetAccountAuthorizationDetails']['out']
type UserDetail = NonNullable<Out['UserDetailList']>[number]
type GroupDetail = NonNullable<Out['GroupDetailList']>[number]
type RoleDetail = NonNullable<Out['RoleDetailList']>[number]
type PolicyDetail = NonNullable<Out['Policies']>[number]

type Entry =
  | { readonly kind: 'Group'; readonly key: string; readonly view: GroupDetail }
  | { readonly kind: 'Policy'; readonly key: string; readonly view: PolicyDetail }
  | { readonly kind: 'Role'; readonly key: string; readonly view: RoleDetail }
  | { readonly kind: 'User'; readonly key: string; readonly view: UserDetail }

const inlineViews = (holder: Holder): readonly { PolicyName: string; PolicyDocument: string }[] =>
  holder.inline.map((one) => ({ PolicyName: one.name, PolicyDocument: encodedDocument(one.document) }))

const userDetail = (user: UserRecord): UserDetail => ({
  Path: user.path,
  UserName: user.name,
  UserId: user.id,
  Arn: user.arn,
  CreateDate: user.createdAt,
  UserPolicyList: user.inline.length > 0 ? inlineViews(user) : undefined,
  GroupList: user.groups,
  AttachedManagedPolicies: attachedViews(user),
  PermissionsBoundary: boundaryView(user.boundary),
  Tags: user.tags,
})

const groupDetail = (group: GroupRecord): GroupDetail => ({
  Path: group.path,
  GroupName: group.name,
  GroupId: group.id,
  Arn: group.arn,
  CreateDate: group.createdAt,
  GroupPolicyList: inlineViews(group),
  AttachedManagedPolicies: attachedViews(group),
})

const roleDetail = (role: RoleRecord, profiles: readonly InstanceProfileRecord[]): RoleDetail => ({
  Path: role.path,
  RoleName: role.name,
  RoleId: role.id,
  Arn: role.arn,
  CreateDate: role.createdAt,
  AssumeRolePolicyDocument: encodedDocument(role.trust),
  InstanceProfileList: profiles
    .filter((profile) => profile.role === role.name)
    .map((profile) => profileView(profile, role)),
  RolePolicyList: inlineViews(role),
  AttachedManagedPolicies: attachedViews(role),
  PermissionsBoundary: boundaryView(role.boundary),
  Tags: role.tags,
  RoleLastUsed: {},
})

const policyDetail = (policy: PolicyRecord): PolicyDetail => ({
  ...listedPolicy(policy),
  Description: policy.description,
  PolicyVersionList: policy.versions
    .filter((one) => one.document !== '')
    .map((one) => versionView(policy, one)),
})

/** AWS's own policies are told when something uses them. Source: IAM API, GetAccountAuthorizationDetails. */
export const getAccountAuthorizationDetails: Operation<
  Iam['GetAccountAuthorizationDetails'],
  IamState
> = async (input, state, call) => {
  const { read } = state.store
  const { account } = call
  const wants = (kind: string): boolean =>
    (input.Filter ?? []).length === 0 || input.Filter?.includes(kind) === true
  const entries: Entry[] = []
  if (wants('Group'))
    for (const one of await allOf(read, groups, account, LISTED_MAX))
      entries.push({ kind: 'Group', key: one.name, view: groupDetail(one) })
  if (wants('LocalManagedPolicy'))
    for (const one of await allOf(read, policies, account, LISTED_MAX))
      entries.push({ kind: 'Policy', key: one.arn, view: policyDetail(one) })
  if (wants('AWSManagedPolicy'))
    for (const one of await countedAwsPolicies(read, account))
      if (one.attachments + one.boundaries > 0)
        entries.push({ kind: 'Policy', key: one.arn, view: policyDetail(one) })
  if (wants('Role')) {
    const profiles = await allOf(read, instanceProfiles, account, INSTANCE_PROFILES_MAX)
    for (const one of await allOf(read, roles, account, LISTED_MAX))
      entries.push({ kind: 'Role', key: one.name, view: roleDetail(one, profiles) })
  }
  if (wants('User'))
    for (const one of await allOf(read, users, account, LISTED_MAX))
      entries.push({ kind: 'User', key: one.name, view: userDetail(one) })
  const { items, ...page } = pageFor(entries, input, (one) => `${one.kind} ${one.key}`)
  return {
    UserDetailList: items.flatMap((one) => (one.kind === 'User' ? [one.view] : [])),
    GroupDetailList: items.flatMap((one) => (one.kind === 'Group' ? [one.view] : [])),
    RoleDetailList: items.flatMap((one) => (one.kind === 'Role' ? [one.view] : [])),
    Policies: items.flatMap((one) => (one.kind === 'Policy' ? [one.view] : [])),
    ...page,
  }
}
