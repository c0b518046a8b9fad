/** Applications: names for what is deployed, all of the compute platform Lambda. */
import { uuid } from '#base/ids.ts'
import type { CodeDeploy } from '#model/codedeploy.ts'
import type { Operation } from '#ports/service.ts'
import type { Tx } from '#ports/store.ts'
import { applicationExists, onlyLambda } from '#services/codedeploy/faults.ts'
import { BATCH_MAX, LISTED_MAX } from '#services/codedeploy/limits.ts'
import { checkName, type Place } from '#services/codedeploy/names.ts'
import { checkBatch, namesPage } from '#services/codedeploy/pages.ts'
import {
  applicationNamed,
  applications,
  deployments,
  deploymentsOf,
  groups,
  groupsOf,
  ownerOf,
  putGroup,
} from '#services/codedeploy/records.ts'
import { shownApplication } from '#services/codedeploy/shown.ts'
import type { CodeDeployState } from '#services/codedeploy/state.ts'
import { withTags } from '#services/codedeploy/tag-list.ts'

type Op<Name extends keyof CodeDeploy> = Operation<CodeDeploy[Name], CodeDeployState>

/** Source: CodeDeploy API, CreateApplication. Faults: exists, another compute platform than Lambda. */
export const createApplication: Op<'CreateApplication'> = async (input, state, call) => {
  const { applicationName: name, computePlatform = 'Server' } = input
  checkName('Application', name)
  if (computePlatform !== 'Lambda') throw onlyLambda(computePlatform)
  const id = uuid(state.random)
  const tags = withTags({}, input.tags ?? [])
  await state.store.tx(async (tx) => {
    const owner = ownerOf(call)
    if ((await applications.get(tx, owner, name)) !== undefined) throw applicationExists(name)
    applications.put(tx, owner, [name], { id, name, createdAt: state.clock.now(), tags })
  })
  return { applicationId: id }
}

/** Source: CodeDeploy API, GetApplication. */
export const getApplication: Op<'GetApplication'> = async ({ applicationName: name }, state, call) => ({
  application: shownApplication(await applicationNamed(state.store.read, call, name)),
})

/** Source: CodeDeploy API, BatchGetApplications. Fault: one of them does not exist. */
export const batchGetApplications: Op<'BatchGetApplications'> = async (input, state, call) => {
  checkBatch(input.applicationNames, BATCH_MAX)
  const found = input.applicationNames.map((name) => applicationNamed(state.store.read, call, name))
  return { applicationsInfo: (await Promise.all(found)).map(shownApplication) }
}

/** By name. Source: CodeDeploy API, ListApplications. */
export const listApplications: Op<'ListApplications'> = async (input, state, call) => {
  const all = await applications.list(state.store.read, ownerOf(call), [], { limit: LISTED_MAX })
  const { names, ...rest } = namesPage(
    all.map(({ name }) => name),
    input.nextToken,
  )
  return { applications: names, ...rest }
}

/** A new name. Source: CodeDeploy API, UpdateApplication. */
export const updateApplication: Op<'UpdateApplication'> = async (input, state, call) => {
  const { applicationName: name = '', newApplicationName: fresh } = input
  if (fresh !== undefined) checkName('Application', fresh)
  await state.store.tx(async (tx) => {
    const record = await applicationNamed(tx, call, name)
    if (fresh === undefined || fresh === name) return
    const owner = ownerOf(call)
    if ((await applications.get(tx, owner, fresh)) !== undefined) throw applicationExists(fresh)
    applications.delete(tx, owner, name)
    applications.put(tx, owner, [fresh], { ...record, name: fresh })
    for (const group of await groupsOf(tx, call, name)) {
      groups.delete(tx, owner, name, group.name)
      putGroup(tx, owner, { ...group, application: fresh })
    }
    await renameInDeployments(tx, call, name, fresh)
  })
  return {}
}

async function renameInDeployments(tx: Tx, place: Place, name: string, fresh: string): Promise<void> {
  for (const deployment of await deploymentsOf(tx, place)) {
    if (deployment.application !== name) continue
    deployments.put(tx, ownerOf(place), [deployment.id], { ...deployment, application: fresh })
  }
}

/** With its groups; harmless when there is none. What is under way goes on. Source: CodeDeploy API, DeleteApplication. */
export const deleteApplication: Op<'DeleteApplication'> = async ({ applicationName: name }, state, call) => {
  await state.store.tx(async (tx) => {
    const owner = ownerOf(call)
    for (const group of await groupsOf(tx, call, name)) groups.delete(tx, owner, name, group.name)
    applications.delete(tx, owner, name)
  })
  return {}
}
