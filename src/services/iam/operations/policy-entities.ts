/** Who uses a managed policy. */
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import { allOf, pageFor } from '#services/iam/entities.ts'
import { LISTED_MAX } from '#services/iam/limits.ts'
import { isAwsManaged, policyOf } from '#services/iam/managed.ts'
import { type Holder, type IamState, groups, roles, users } from '#services/iam/records.ts'

type Entry = Holder & { readonly boundary?: string | undefined; readonly entity: 'User' | 'Group' | 'Role' }

/** Groups first, then users, then roles, in one list of pages. Fault NoSuchEntity. Source: IAM API, ListEntitiesForPolicy. */
export const listEntitiesForPolicy: Operation<Iam['ListEntitiesForPolicy'], IamState> = async (
  input,
  state,
  call,
) => {
  const arn = input.PolicyArn
  const { read } = state.store
  if (!isAwsManaged(arn)) await policyOf(read, call.account, arn)
  const of = (entity: Entry['entity'], all: readonly Holder[]): Entry[] =>
    all.map((one) => ({ ...one, entity }))
  const all = [
    ...of('Group', await allOf(read, groups, call.account, LISTED_MAX)),
    ...of('User', await allOf(read, users, call.account, LISTED_MAX)),
    ...of('Role', await allOf(read, roles, call.account, LISTED_MAX)),
  ]
  const asBoundary = input.PolicyUsageFilter === 'PermissionsBoundary'
  const filter = input.EntityFilter
  const using = all.filter(
    (one) =>
      (filter === undefined || filter === one.entity) &&
      one.path.startsWith(input.PathPrefix ?? '/') &&
      (asBoundary ? one.boundary === arn : one.attached.includes(arn)),
  )
  const { items, ...page } = pageFor(using, input, (one) => `${one.entity} ${one.name}`)
  const only = (entity: Entry['entity']): Entry[] => items.filter((one) => one.entity === entity)
  return {
    PolicyGroups: only('Group').map((one) => ({ GroupName: one.name, GroupId: one.id })),
    PolicyUsers: only('User').map((one) => ({ UserName: one.name, UserId: one.id })),
    PolicyRoles: only('Role').map((one) => ({ RoleName: one.name, RoleId: one.id })),
    ...page,
  }
}
