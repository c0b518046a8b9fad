/** Deployment groups: how deployments of an application go, and what becomes of those that fail. */
import { uuid } from '#base/ids.ts'
import type { CodeDeploy } from '#model/codedeploy.ts'
import type { Operation } from '#ports/service.ts'
import { groupExists } from '#services/codedeploy/faults.ts'
import { BATCH_MAX } from '#services/codedeploy/limits.ts'
import { checkName } from '#services/codedeploy/names.ts'
import { checkBatch, namesPage } from '#services/codedeploy/pages.ts'
import {
  applicationNamed,
  deployments,
  deploymentsOf,
  type GroupRecord,
  groupNamed,
  groups,
  groupsOf,
  ownerOf,
  putGroup,
  routingNamed,
} from '#services/codedeploy/records.ts'
import { DEFAULT_CONFIGURATION } from '#services/codedeploy/routing.ts'
import { autoRollbackOf, checkGroup } from '#services/codedeploy/settings.ts'
import { shownGroup } from '#services/codedeploy/shown.ts'
import type { CodeDeployState } from '#services/codedeploy/state.ts'
import { withTags } from '#services/codedeploy/tag-list.ts'

type Op<Name extends keyof CodeDeploy> = Operation<CodeDeploy[Name], CodeDeployState>

/** Source: CodeDeploy API, CreateDeploymentGroup. Faults: exists, no such application or configuration, settings that do not fit. */
export const createDeploymentGroup: Op<'CreateDeploymentGroup'> = async (input, state, call) => {
  const { applicationName: application, deploymentGroupName: name } = input
  checkName('DeploymentGroup', name)
  checkGroup(input)
  const { autoRollbackConfiguration: rollback } = input
  const record: GroupRecord = {
    id: uuid(state.random),
    application,
    name,
    configuration: input.deploymentConfigName ?? DEFAULT_CONFIGURATION,
    serviceRoleArn: input.serviceRoleArn,
    autoRollback: rollback === undefined ? undefined : autoRollbackOf(rollback),
    alarms: input.alarmConfiguration,
    tags: withTags({}, input.tags ?? []),
  }
  await state.store.tx(async (tx) => {
    await applicationNamed(tx, call, application)
    await routingNamed(tx, call, record.configuration)
    const owner = ownerOf(call)
    if ((await groups.get(tx, owner, application, name)) !== undefined) throw groupExists(name)
    putGroup(tx, owner, record)
  })
  return { deploymentGroupId: record.id }
}

/** Source: CodeDeploy API, GetDeploymentGroup. */
export const getDeploymentGroup: Op<'GetDeploymentGroup'> = async (input, state, call) => {
  const { applicationName, deploymentGroupName } = input
  const found = await groupNamed(state.store.read, call, applicationName, deploymentGroupName)
  return { deploymentGroupInfo: shownGroup(found) }
}

/** Those that exist. Source: CodeDeploy API, BatchGetDeploymentGroups. */
export const batchGetDeploymentGroups: Op<'BatchGetDeploymentGroups'> = async (input, state, call) => {
  checkBatch(input.deploymentGroupNames, BATCH_MAX)
  await applicationNamed(state.store.read, call, input.applicationName)
  const found = input.deploymentGroupNames.map((name) =>
    groups.get(state.store.read, ownerOf(call), input.applicationName, name),
  )
  const there = (await Promise.all(found)).filter((group) => group !== undefined)
  return { deploymentGroupsInfo: there.map(shownGroup) }
}

/** By name. Source: CodeDeploy API, ListDeploymentGroups. */
export const listDeploymentGroups: Op<'ListDeploymentGroups'> = async (input, state, call) => {
  const { applicationName } = input
  await applicationNamed(state.store.read, call, applicationName)
  const all = await groupsOf(state.store.read, call, applicationName)
  const { names, ...rest } = namesPage(
    all.map(({ name }) => name),
    input.nextToken,
  )
  return { applicationName, deploymentGroups: names, ...rest }
}

/** What the input leaves out stays. Source: CodeDeploy API, UpdateDeploymentGroup. */
export const updateDeploymentGroup: Op<'UpdateDeploymentGroup'> = async (input, state, call) => {
  const { applicationName: application, currentDeploymentGroupName: current } = input
  const name = input.newDeploymentGroupName ?? current
  checkName('DeploymentGroup', name)
  checkGroup(input)
  const { autoRollbackConfiguration: rollback } = input
  await state.store.tx(async (tx) => {
    const owner = ownerOf(call)
    const before = await groupNamed(tx, call, application, current)
    const configuration = input.deploymentConfigName ?? before.configuration
    await routingNamed(tx, call, configuration)
    if (name !== current) {
      if ((await groups.get(tx, owner, application, name)) !== undefined) throw groupExists(name)
      groups.delete(tx, owner, application, current)
      for (const one of await deploymentsOf(tx, call)) {
        if (one.application === application && one.group === current)
          deployments.put(tx, owner, [one.id], { ...one, group: name })
      }
    }
    putGroup(tx, owner, {
      ...before,
      name,
      configuration,
      serviceRoleArn: input.serviceRoleArn ?? before.serviceRoleArn,
      autoRollback: rollback === undefined ? before.autoRollback : autoRollbackOf(rollback),
      alarms: input.alarmConfiguration ?? before.alarms,
    })
  })
  return { hooksNotCleanedUp: [] }
}

/** Harmless when there is none. What is under way goes on. Source: CodeDeploy API, DeleteDeploymentGroup. */
export const deleteDeploymentGroup: Op<'DeleteDeploymentGroup'> = async (input, state, call) => {
  const { applicationName, deploymentGroupName } = input
  await state.store.tx((tx) => groups.delete(tx, ownerOf(call), applicationName, deploymentGroupName))
  return { hooksNotCleanedUp: [] }
}
