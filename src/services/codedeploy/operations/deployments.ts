/** Deployments under way and over: looked at, stopped, and told what their hooks came to. */
import type { CodeDeploy } from '#model/codedeploy.ts'
import type { Operation } from '#ports/service.ts'
import { HOOK_NAMES } from '#services/codedeploy/app-spec.ts'
import { after, type Deployment, isOver } from '#services/codedeploy/deployment.ts'
import { putEnded, wake } from '#services/codedeploy/drive.ts'
import {
  deploymentIdRequired,
  deploymentOver,
  groupNameRequired,
  hookOver,
  invalidDeploymentId,
  invalidHookId,
  invalidHookStatus,
  noTarget,
} from '#services/codedeploy/faults.ts'
import { BATCH_DEPLOYMENTS_MAX, BATCH_MAX } from '#services/codedeploy/limits.ts'
import { checkBatch, namesPage } from '#services/codedeploy/pages.ts'
import {
  deploymentOf,
  deployments,
  deploymentsOf,
  groupNamed,
  ownerOf,
  putDeployment,
} from '#services/codedeploy/records.ts'
import { shownDeployment, shownTarget, targetIdOf } from '#services/codedeploy/shown.ts'
import type { CodeDeployState } from '#services/codedeploy/state.ts'

type Op<Name extends keyof CodeDeploy> = Operation<CodeDeploy[Name], CodeDeployState>

/** Fault InvalidDeploymentIdException. */
function checkId(id: string): void {
  if (!/^d-[A-Z0-9]{9}$/.test(id)) throw invalidDeploymentId(id)
}

/** Source: CodeDeploy API, GetDeployment. */
export const getDeployment: Op<'GetDeployment'> = async ({ deploymentId: id }, state, call) => {
  checkId(id)
  return { deploymentInfo: shownDeployment(await deploymentOf(state.store.read, call, id)) }
}

/** Those that exist. Source: CodeDeploy API, BatchGetDeployments. */
export const batchGetDeployments: Op<'BatchGetDeployments'> = async (input, state, call) => {
  checkBatch(input.deploymentIds, BATCH_DEPLOYMENTS_MAX)
  const found = input.deploymentIds.map((id) => deployments.get(state.store.read, ownerOf(call), id))
  const there = (await Promise.all(found)).filter((deployment) => deployment !== undefined)
  return { deploymentsInfo: there.map(shownDeployment) }
}

/** Newest first. Source: CodeDeploy API, ListDeployments. */
export const listDeployments: Op<'ListDeployments'> = async (input, state, call) => {
  const { applicationName: application, deploymentGroupName: group, createTimeRange: range } = input
  if (application !== undefined && group === undefined) throw groupNameRequired()
  if (application !== undefined && group !== undefined)
    await groupNamed(state.store.read, call, application, group)
  const statuses: readonly string[] = input.includeOnlyStatuses ?? []
  const fits = (one: Deployment): boolean =>
    (application === undefined || (one.application === application && one.group === group)) &&
    (statuses.length === 0 || statuses.includes(one.status)) &&
    // Ids of stacks that made a deployment by a hook of their own: none does here.
    input.externalId === undefined &&
    (range?.start === undefined || one.createdAt >= range.start) &&
    (range?.end === undefined || one.createdAt <= range.end)
  const all = (await deploymentsOf(state.store.read, call)).filter(fits)
  const { names, ...rest } = namesPage(
    all.map(({ id }) => id),
    input.nextToken,
  )
  return { deployments: names, ...rest }
}

/** Its step is let end. Source: CodeDeploy API, StopDeployment. Faults: no such deployment, over already. */
export const stopDeployment: Op<'StopDeployment'> = async (input, state, call) => {
  const { deploymentId: id, autoRollbackEnabled } = input
  checkId(id)
  await state.store.tx(async (tx) => {
    const found = await deploymentOf(tx, call, id)
    if (isOver(found)) throw deploymentOver(id)
    const { enabled, events } = found.autoRollback
    const rollback = autoRollbackEnabled ?? (enabled && events.includes('DEPLOYMENT_STOP_ON_REQUEST'))
    await putDeployment(tx, ownerOf(call), { ...found, stop: { rollback } })
  })
  wake(state, call, id)
  return { status: 'Pending', statusMessage: `The deployment ${id} is being stopped.` }
}

/**
 * What a hook's function says of itself. Source: CodeDeploy API, PutLifecycleEventHookExecutionStatus. Faults: no such
 * deployment or hook, a status that is neither Succeeded nor Failed, an event that is over.
 */
export const putLifecycleEventHookExecutionStatus: Op<'PutLifecycleEventHookExecutionStatus'> = async (
  input,
  state,
  call,
) => {
  const { deploymentId: id, lifecycleEventHookExecutionId: execution, status } = input
  if (id === undefined) throw deploymentIdRequired()
  checkId(id)
  if (status !== 'Succeeded' && status !== 'Failed') throw invalidHookStatus()
  const undoing = await state.store.tx(async (tx) => {
    const found = await deploymentOf(tx, call, id)
    const hook = HOOK_NAMES.find((name) => found.executionIds[name] === execution)
    if (hook === undefined || found.hooks[hook] === undefined) throw invalidHookId()
    if (isOver(found) || found.phase !== hook) throw hookOver()
    const happened = { kind: 'reported', hook, succeeded: status === 'Succeeded' } as const
    const next = after(found, happened, state.clock.now())
    return await putEnded(state, next, (one) => putDeployment(tx, ownerOf(call), one))
  })
  wake(state, call, id)
  if (undoing !== undefined) wake(state, call, undoing.id)
  return { lifecycleEventHookExecutionId: execution }
}

/** Source: CodeDeploy API, GetDeploymentTarget. */
export const getDeploymentTarget: Op<'GetDeploymentTarget'> = async (input, state, call) => {
  checkId(input.deploymentId)
  const found = await deploymentOf(state.store.read, call, input.deploymentId)
  if (targetIdOf(found) !== input.targetId) throw noTarget(input.targetId)
  return { deploymentTarget: shownTarget(found, call) }
}

/** Those that exist. Source: CodeDeploy API, BatchGetDeploymentTargets. */
export const batchGetDeploymentTargets: Op<'BatchGetDeploymentTargets'> = async (input, state, call) => {
  checkId(input.deploymentId)
  checkBatch(input.targetIds, BATCH_MAX)
  const found = await deploymentOf(state.store.read, call, input.deploymentId)
  const id = targetIdOf(found)
  return {
    deploymentTargets: id !== undefined && input.targetIds.includes(id) ? [shownTarget(found, call)] : [],
  }
}

/** One, unless its filters leave it out. Source: CodeDeploy API, ListDeploymentTargets. */
export const listDeploymentTargets: Op<'ListDeploymentTargets'> = async (input, state, call) => {
  checkId(input.deploymentId)
  const found = await deploymentOf(state.store.read, call, input.deploymentId)
  const statuses = input.targetFilters?.['TargetStatus']
  const status = shownTarget(found, call).lambdaTarget?.status ?? ''
  const id = targetIdOf(found)
  const fits = id !== undefined && (statuses === undefined || statuses.includes(status))
  const { names, ...rest } = namesPage(fits ? [id] : [], input.nextToken)
  return { targetIds: names, ...rest }
}
