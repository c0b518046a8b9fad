/** Records as answers show them. Pure. */
import type { Iam } from '#model/iam.ts'
import { encodedDocument } from '#services/iam/documents.ts'
import type {
  GroupRecord,
  InstanceProfileRecord,
  PolicyRecord,
  PolicyVersionRecord,
  RoleRecord,
  UserRecord,
} from '#services/iam/records.ts'

type RoleView = Iam['GetRole']['out']['Role']
type PolicyView = NonNullable<Iam['GetPolicy']['out']['Policy']>
type VersionView = NonNullable<Iam['GetPolicyVersion']['out']['PolicyVersion']>
type ProfileView = Iam['GetInstanceProfile']['out']['InstanceProfile']

type UserView = Iam['GetUser']['out']['User']
type GroupView = Iam['CreateGroup']['out']['Group']

/** Lists leave out tags and boundary. The console does not exist here, so no password was ever used. Source: IAM API, ListUsers. */
export const listedUser = (user: UserRecord): UserView => ({
  Path: user.path,
  UserName: user.name,
  UserId: user.id,
  Arn: user.arn,
  CreateDate: user.createdAt,
})

export const userView = (user: UserRecord): UserView => ({
  ...listedUser(user),
  PermissionsBoundary: boundaryView(user.boundary),
  Tags: user.tags.length > 0 ? user.tags : undefined,
})

export const groupView = (group: GroupRecord): GroupView => ({
  Path: group.path,
  GroupName: group.name,
  GroupId: group.id,
  Arn: group.arn,
  CreateDate: group.createdAt,
})

interface BoundaryView {
  readonly PermissionsBoundaryType: 'PermissionsBoundaryPolicy'
  readonly PermissionsBoundaryArn: string
}

/** Source: IAM API, AttachedPermissionsBoundary. */
export const boundaryView = (arn: string | undefined): BoundaryView | undefined =>
  arn === undefined
    ? undefined
    : { PermissionsBoundaryType: 'PermissionsBoundaryPolicy', PermissionsBoundaryArn: arn }

/** Lists leave out tags, boundary and last use. Source: IAM API, ListRoles. */
export function listedRole(role: RoleRecord): RoleView {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: role.createdAt,
    AssumeRolePolicyDocument: encodedDocument(role.trust),
    Description: role.description,
    MaxSessionDuration: role.maxSessionSeconds,
  }
}

/** Last use is never known: nothing here counts it. */
export function roleView(role: RoleRecord): RoleView {
  return {
    ...listedRole(role),
    PermissionsBoundary: boundaryView(role.boundary),
    Tags: role.tags.length > 0 ? role.tags : undefined,
    RoleLastUsed: {},
  }
}

export function listedPolicy(policy: PolicyRecord): PolicyView {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: policy.attachments,
    PermissionsBoundaryUsageCount: policy.boundaries,
    IsAttachable: true,
    CreateDate: policy.createdAt,
    UpdateDate: policy.updatedAt,
  }
}

export function policyView(policy: PolicyRecord): PolicyView {
  return { ...listedPolicy(policy), Description: policy.description, Tags: policy.tags }
}

/** Lists of versions leave out the document. */
export function listedVersion(policy: PolicyRecord, version: PolicyVersionRecord): VersionView {
  return {
    VersionId: version.id,
    IsDefaultVersion: version.id === policy.defaultVersion,
    CreateDate: version.createdAt,
  }
}

export function versionView(policy: PolicyRecord, version: PolicyVersionRecord): VersionView {
  return { ...listedVersion(policy, version), Document: encodedDocument(version.document) }
}

export function profileView(profile: InstanceProfileRecord, role: RoleRecord | undefined): ProfileView {
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: profile.arn,
    CreateDate: profile.createdAt,
    Roles: role === undefined ? [] : [listedRole(role)],
    Tags: profile.tags.length > 0 ? profile.tags : undefined,
  }
}
