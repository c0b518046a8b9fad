/** What is kept of CodeDeploy, and under which keys of the control file. When you change a shape, old files must still read. */
import { Records } from '#base/records.ts'
import type { Instant } from '#base/time.ts'
import type { AlarmConfiguration, LastDeploymentInfo, RevisionLocation } from '#model/codedeploy.ts'
import type { Read, Tx } from '#ports/store.ts'
import type { AutoRollback, Deployment } from '#services/codedeploy/deployment.ts'
import { noApplication, noConfiguration, noDeployment, noGroup } from '#services/codedeploy/faults.ts'
import { LISTED_MAX } from '#services/codedeploy/limits.ts'
import type { Place } from '#services/codedeploy/names.ts'
import { PREDEFINED, type Routing } from '#services/codedeploy/routing.ts'

export interface ApplicationRecord {
  readonly id: string
  readonly name: string
  readonly createdAt: Instant
  readonly tags: Readonly<Record<string, string>>
}

export interface GroupRecord {
  readonly id: string
  readonly application: string
  readonly name: string
  readonly configuration: string
  readonly serviceRoleArn: string
  readonly autoRollback: AutoRollback | undefined
  /** Only one that is off: alarms are not watched here. */
  readonly alarms: AlarmConfiguration | undefined
  readonly tags: Readonly<Record<string, string>>
  readonly targetRevision?: RevisionLocation | undefined
  readonly lastSucceeded?: LastDeploymentInfo | undefined
  readonly lastAttempted?: LastDeploymentInfo | undefined
  /** The deployment under way. */
  readonly active?: string | undefined
}

export interface ConfigurationRecord {
  readonly id: string
  readonly name: string
  readonly routing: Routing
  readonly createdAt: Instant
}

/** By name. */
export const applications = new Records<ApplicationRecord>('codedeploy-application')
/** By application and name. */
export const groups = new Records<GroupRecord>('codedeploy-group')
/** Those that users made; by name. */
export const configurations = new Records<ConfigurationRecord>('codedeploy-config')
/** By id. */
export const deployments = new Records<Deployment>('codedeploy-deployment')
/** Deployments under way, of all accounts: what a start has to resume. By account, region and id. */
export const active = new Records<{ readonly owner: readonly [string, string]; readonly id: string }>(
  'codedeploy-active',
)

export type Owner = readonly [string, string]
export const ownerOf = ({ account, region }: Place): Owner => [account, region]

/** Fault ApplicationDoesNotExistException. */
export async function applicationNamed(read: Read, place: Place, name: string): Promise<ApplicationRecord> {
  const found = await applications.get(read, ownerOf(place), name)
  if (found === undefined) throw noApplication(name)
  return found
}

/** Faults: no such application, no such group. */
export async function groupNamed(
  read: Read,
  place: Place,
  application: string,
  name: string,
): Promise<GroupRecord> {
  await applicationNamed(read, place, application)
  const found = await groups.get(read, ownerOf(place), application, name)
  if (found === undefined) throw noGroup(name)
  return found
}

/** Fault DeploymentConfigDoesNotExistException. */
export async function routingNamed(read: Read, place: Place, name: string): Promise<Routing> {
  const routing = PREDEFINED.get(name) ?? (await configurations.get(read, ownerOf(place), name))?.routing
  if (routing === undefined) throw noConfiguration(name)
  return routing
}

/** Fault DeploymentDoesNotExistException. */
export async function deploymentOf(read: Read, place: Place, id: string): Promise<Deployment> {
  const found = await deployments.get(read, ownerOf(place), id)
  if (found === undefined) throw noDeployment(id)
  return found
}

export const groupsOf = (read: Read, place: Place, application: string): Promise<GroupRecord[]> =>
  groups.list(read, ownerOf(place), [application], { limit: LISTED_MAX })

/** Newest first. */
export async function deploymentsOf(read: Read, place: Place): Promise<Deployment[]> {
  const all = await deployments.list(read, ownerOf(place), [], { limit: LISTED_MAX })
  return all.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
}

export function putGroup(tx: Tx, owner: Owner, group: GroupRecord): void {
  groups.put(tx, owner, [group.application, group.name], group)
}

/** Writes a deployment, whether it is under way, and what its group knows of it. */
export async function putDeployment(tx: Tx, owner: Owner, deployment: Deployment): Promise<void> {
  const { id, status, createdAt, endedAt } = deployment
  deployments.put(tx, owner, [id], deployment)
  const over = endedAt !== undefined
  if (over) active.delete(tx, [], ...owner, id)
  else active.put(tx, [], [...owner, id], { owner, id })
  const group = await groups.get(tx, owner, deployment.application, deployment.group)
  if (group === undefined) return
  const last = { deploymentId: id, status, createTime: createdAt, endTime: endedAt }
  const succeeded = status === 'Succeeded'
  putGroup(tx, owner, {
    ...group,
    targetRevision: deployment.revision,
    active: over ? (group.active === id ? undefined : group.active) : id,
    ...(over ? { lastAttempted: last } : {}),
    ...(succeeded ? { lastSucceeded: last } : {}),
  })
}
