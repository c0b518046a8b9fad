/** Deployment configurations: AWS's own for Lambda, and those that users make. */
import { uuid } from '#base/ids.ts'
import type { CodeDeploy } from '#model/codedeploy.ts'
import type { Operation } from '#ports/service.ts'
import {
  configurationExists,
  configurationInUse,
  notForLambda,
  onlyLambda,
  predefinedConfiguration,
} from '#services/codedeploy/faults.ts'
import { LISTED_MAX } from '#services/codedeploy/limits.ts'
import { checkName } from '#services/codedeploy/names.ts'
import { namesPage } from '#services/codedeploy/pages.ts'
import { configurations, groups, ownerOf, routingNamed } from '#services/codedeploy/records.ts'
import { PREDEFINED, routingOf } from '#services/codedeploy/routing.ts'
import { shownConfiguration } from '#services/codedeploy/shown.ts'
import type { CodeDeployState } from '#services/codedeploy/state.ts'

type Op<Name extends keyof CodeDeploy> = Operation<CodeDeploy[Name], CodeDeployState>

/** Source: CodeDeploy API, CreateDeploymentConfig. Faults: exists, not of Lambda, a routing that cannot be. */
export const createDeploymentConfig: Op<'CreateDeploymentConfig'> = async (input, state, call) => {
  const { deploymentConfigName: name, computePlatform = 'Server' } = input
  checkName('DeploymentConfig', name)
  if (computePlatform !== 'Lambda') throw onlyLambda(computePlatform)
  const foreign = [
    ...(input.minimumHealthyHosts === undefined ? [] : ['minimumHealthyHosts']),
    ...(input.zonalConfig === undefined ? [] : ['zonalConfig']),
  ]
  if (foreign.length > 0) throw notForLambda('InvalidMinimumHealthyHostValueException', foreign)
  const routing = routingOf(input.trafficRoutingConfig)
  const id = uuid(state.random)
  await state.store.tx(async (tx) => {
    const owner = ownerOf(call)
    if (PREDEFINED.has(name) || (await configurations.get(tx, owner, name)) !== undefined)
      throw configurationExists(name)
    configurations.put(tx, owner, [name], { id, name, routing, createdAt: state.clock.now() })
  })
  return { deploymentConfigId: id }
}

/** Source: CodeDeploy API, GetDeploymentConfig. */
export const getDeploymentConfig: Op<'GetDeploymentConfig'> = async (input, state, call) => {
  const { deploymentConfigName: name } = input
  const routing = await routingNamed(state.store.read, call, name)
  const made = await configurations.get(state.store.read, ownerOf(call), name)
  return { deploymentConfigInfo: shownConfiguration(name, routing, made) }
}

/** AWS's own first. Source: CodeDeploy API, ListDeploymentConfigs. */
export const listDeploymentConfigs: Op<'ListDeploymentConfigs'> = async (input, state, call) => {
  const made = await configurations.list(state.store.read, ownerOf(call), [], { limit: LISTED_MAX })
  const all = [...PREDEFINED.keys(), ...made.map(({ name }) => name)]
  const { names, ...rest } = namesPage(all, input.nextToken)
  return { deploymentConfigsList: names, ...rest }
}

/** Source: CodeDeploy API, DeleteDeploymentConfig. Faults: AWS's own, one that a group has. */
export const deleteDeploymentConfig: Op<'DeleteDeploymentConfig'> = async (input, state, call) => {
  const { deploymentConfigName: name } = input
  if (PREDEFINED.has(name)) throw predefinedConfiguration(name)
  await state.store.tx(async (tx) => {
    const owner = ownerOf(call)
    const all = await groups.list(tx, owner, [], { limit: LISTED_MAX })
    if (all.some(({ configuration }) => configuration === name)) throw configurationInUse(name)
    configurations.delete(tx, owner, name)
  })
  return {}
}
