/** Policies of users, groups and roles: inline ones, and the attachment of managed ones. A line each over `holders.ts`. */
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import {
  GROUPS,
  ROLES,
  USERS,
  attach,
  deleteInline,
  detach,
  inlineOf,
  listAttached,
  listInline,
  putInline,
} from '#services/iam/holders.ts'
import type { IamState } from '#services/iam/records.ts'

export const putUserPolicy: Operation<Iam['PutUserPolicy'], IamState> = async (input, state, call) => {
  const policy = { name: input.PolicyName, document: input.PolicyDocument }
  await putInline(USERS, { state, call, name: input.UserName }, policy)
  return {}
}

export const getUserPolicy: Operation<Iam['GetUserPolicy'], IamState> = async (input, state, call) => {
  const { holder, ...policy } = await inlineOf(USERS, { state, call, name: input.UserName }, input.PolicyName)
  return { UserName: holder, ...policy }
}

export const deleteUserPolicy: Operation<Iam['DeleteUserPolicy'], IamState> = async (input, state, call) => {
  await deleteInline(USERS, { state, call, name: input.UserName }, input.PolicyName)
  return {}
}

export const listUserPolicies: Operation<Iam['ListUserPolicies'], IamState> = async (input, state, call) => {
  const { items, ...page } = await listInline(USERS, { state, call, name: input.UserName }, input)
  return { PolicyNames: items, ...page }
}

export const attachUserPolicy: Operation<Iam['AttachUserPolicy'], IamState> = async (input, state, call) => {
  await attach(USERS, { state, call, name: input.UserName }, input.PolicyArn)
  return {}
}

export const detachUserPolicy: Operation<Iam['DetachUserPolicy'], IamState> = async (input, state, call) => {
  await detach(USERS, { state, call, name: input.UserName }, input.PolicyArn)
  return {}
}

export const listAttachedUserPolicies: Operation<Iam['ListAttachedUserPolicies'], IamState> = async (
  input,
  state,
  call,
) => {
  const { items, ...page } = await listAttached(USERS, { state, call, name: input.UserName }, input)
  return { AttachedPolicies: items, ...page }
}

export const putGroupPolicy: Operation<Iam['PutGroupPolicy'], IamState> = async (input, state, call) => {
  const policy = { name: input.PolicyName, document: input.PolicyDocument }
  await putInline(GROUPS, { state, call, name: input.GroupName }, policy)
  return {}
}

export const getGroupPolicy: Operation<Iam['GetGroupPolicy'], IamState> = async (input, state, call) => {
  const { holder, ...policy } = await inlineOf(
    GROUPS,
    { state, call, name: input.GroupName },
    input.PolicyName,
  )
  return { GroupName: holder, ...policy }
}

export const deleteGroupPolicy: Operation<Iam['DeleteGroupPolicy'], IamState> = async (
  input,
  state,
  call,
) => {
  await deleteInline(GROUPS, { state, call, name: input.GroupName }, input.PolicyName)
  return {}
}

export const listGroupPolicies: Operation<Iam['ListGroupPolicies'], IamState> = async (
  input,
  state,
  call,
) => {
  const { items, ...page } = await listInline(GROUPS, { state, call, name: input.GroupName }, input)
  return { PolicyNames: items, ...page }
}

export const attachGroupPolicy: Operation<Iam['AttachGroupPolicy'], IamState> = async (
  input,
  state,
  call,
) => {
  await attach(GROUPS, { state, call, name: input.GroupName }, input.PolicyArn)
  return {}
}

export const detachGroupPolicy: Operation<Iam['DetachGroupPolicy'], IamState> = async (
  input,
  state,
  call,
) => {
  await detach(GROUPS, { state, call, name: input.GroupName }, input.PolicyArn)
  return {}
}

export const listAttachedGroupPolicies: Operation<Iam['ListAttachedGroupPolicies'], IamState> = async (
  input,
  state,
  call,
) => {
  const { items, ...page } = await listAttached(GROUPS, { state, call, name: input.GroupName }, input)
  return { AttachedPolicies: items, ...page }
}

export const putRolePolicy: Operation<Iam['PutRolePolicy'], IamState> = async (input, state, call) => {
  const policy = { name: input.PolicyName, document: input.PolicyDocument }
  await putInline(ROLES, { state, call, name: input.RoleName }, policy)
  return {}
}

export const getRolePolicy: Operation<Iam['GetRolePolicy'], IamState> = async (input, state, call) => {
  const { holder, ...policy } = await inlineOf(ROLES, { state, call, name: input.RoleName }, input.PolicyName)
  return { RoleName: holder, ...policy }
}

export const deleteRolePolicy: Operation<Iam['DeleteRolePolicy'], IamState> = async (input, state, call) => {
  await deleteInline(ROLES, { state, call, name: input.RoleName }, input.PolicyName)
  return {}
}

export const listRolePolicies: Operation<Iam['ListRolePolicies'], IamState> = async (input, state, call) => {
  const { items, ...page } = await listInline(ROLES, { state, call, name: input.RoleName }, input)
  return { PolicyNames: items, ...page }
}

export const attachRolePolicy: Operation<Iam['AttachRolePolicy'], IamState> = async (input, state, call) => {
  await attach(ROLES, { state, call, name: input.RoleName }, input.PolicyArn)
  return {}
}

export const detachRolePolicy: Operation<Iam['DetachRolePolicy'], IamState> = async (input, state, call) => {
  await detach(ROLES, { state, call, name: input.RoleName }, input.PolicyArn)
  return {}
}

export const listAttachedRolePolicies: Operation<Iam['ListAttachedRolePolicies'], IamState> = async (
  input,
  state,
  call,
) => {
  const { items, ...page } = await listAttached(ROLES, { state, call, name: input.RoleName }, input)
  return { AttachedPolicies: items, ...page }
}
