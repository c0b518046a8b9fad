/** Deployments, which freeze an API, and stages, which show one to clients. */
import type { ApiGateway, Deployment, MethodSnapshot, Stage } from '#model/apigateway.ts'
import type { Operation } from '#ports/service.ts'
import {
  type RestDocument,
  type StoredDeployment,
  type StoredStage,
  own,
  texts,
} from '#services/apigateway/document.ts'
import { badRequest, conflict, limitExceeded, noDeployment, noStage } from '#services/apigateway/faults.ts'
import { DEPLOYMENTS_MAX, STAGES_MAX } from '#services/apigateway/limits.ts'
import { pageOfParts } from '#services/apigateway/paging.ts'
import { applyPatches } from '#services/apigateway/patches.ts'
import { type StageWish, patchStage, stageFrom } from '#services/apigateway/stages.ts'
import type { RestState } from '#services/apigateway/state.ts'

type Op<K extends keyof ApiGateway> = Operation<ApiGateway[K], RestState>

const deploymentAt = (api: RestDocument, id: string): StoredDeployment => {
  const deployment = own(api.deployments, id)
  if (deployment === undefined) throw noDeployment()
  return deployment
}
const stageAt = (api: RestDocument, name: string): StoredStage => {
  const stage = own(api.stages, name)
  if (stage === undefined) throw noStage()
  return stage
}

/** Source of the texts: AWS answers as quoted in public issue reports. */
function checkDeployable(api: RestDocument): void {
  const methods = Object.values(api.resources).flatMap((resource) => Object.values(resource.methods))
  if (methods.length === 0) throw badRequest("The REST API doesn't contain any methods")
  if (methods.some((method) => method.methodIntegration === undefined)) {
    throw badRequest('No integration defined for method')
  }
}

function addStage(api: RestDocument, stage: StoredStage): StoredStage {
  if (Object.keys(api.stages).length >= STAGES_MAX) {
    throw limitExceeded('Maximum number of stages for this API has been reached.')
  }
  return (api.stages[stage.stageName] = stage)
}

/** With `stageName` it also makes that stage, or moves it when there is one. */
export const createDeployment: Op<'CreateDeployment'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft, tx): Deployment => {
    checkDeployable(draft)
    if (Object.keys(draft.deployments).length >= DEPLOYMENTS_MAX) {
      throw limitExceeded(
        `An API keeps at most ${DEPLOYMENTS_MAX} deployments. Delete some that no stage uses.`,
      )
    }
    const now = state.ports.clock.now()
    const id = state.newId()
    const { description, stageName } = input
    const deployment: StoredDeployment = { id, description, createdDate: now }
    draft.deployments[id] = deployment
    if (stageName !== undefined && stageName !== '') {
      const { stageDescription, variables, tracingEnabled, cacheClusterEnabled, canarySettings } = input
      const wish: StageWish = { stageName, deploymentId: id, variables, tracingEnabled, cacheClusterEnabled }
      const made = stageFrom({ ...wish, description: stageDescription, canarySettings }, now)
      const before = own(draft.stages, stageName)
      if (before === undefined) addStage(draft, made)
      else {
        draft.stages[stageName] = {
          ...before,
          deploymentId: id,
          lastUpdatedDate: now,
          description: stageDescription ?? before.description,
          variables:
            variables === undefined ? before.variables : { ...before.variables, ...texts(variables) },
        }
      }
    }
    state.freeze(tx, call, draft, id)
    return deployment
  })

/** `embed=apisummary` shows the frozen methods. */
export const getDeployment: Op<'GetDeployment'> = async (input, state, call) => {
  const deployment = deploymentAt(await state.api(call, input.restApiId), input.deploymentId)
  if (input.embed?.includes('apisummary') !== true) return deployment
  const snapshot = await state.snapshot(call, input.restApiId, deployment.id)
  const apiSummary: Record<string, Record<string, MethodSnapshot>> = {}
  for (const { path, methods } of snapshot?.resources ?? []) {
    const shown = Object.entries(methods).map(([name, method]): [string, MethodSnapshot] => [
      name,
      { authorizationType: method.authorizationType, apiKeyRequired: method.apiKeyRequired },
    ])
    if (shown.length > 0) apiSummary[path] = Object.fromEntries(shown)
  }
  return { ...deployment, apiSummary }
}

export const getDeployments: Op<'GetDeployments'> = async (input, state, call) =>
  pageOfParts(Object.values((await state.api(call, input.restApiId)).deployments), input, (one) => one.id)

export const updateDeployment: Op<'UpdateDeployment'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    let deployment = deploymentAt(draft, input.deploymentId)
    applyPatches(
      input.patchOperations,
      [
        {
          path: '/description',
          ops: ['replace'],
          run: ({ value }) => void (deployment = { ...deployment, description: value }),
        },
      ],
      'plain',
    )
    return (draft.deployments[deployment.id] = deployment)
  })

export const deleteDeployment: Op<'DeleteDeployment'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft, tx) => {
    const { id } = deploymentAt(draft, input.deploymentId)
    if (Object.values(draft.stages).some((stage) => stage.deploymentId === id)) {
      throw badRequest('Active stages pointing to this deployment must be moved or deleted')
    }
    delete draft.deployments[id]
    state.dropSnapshot(tx, call, [draft.id, id])
    return {}
  })

export const createStage: Op<'CreateStage'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft): Stage => {
    if (own(draft.deployments, input.deploymentId) === undefined) {
      throw badRequest('Deployment id does not exist')
    }
    const stage = stageFrom(input, state.ports.clock.now())
    if (own(draft.stages, input.stageName) !== undefined) throw conflict('Stage already exists')
    return addStage(draft, stage)
  })

export const getStage: Op<'GetStage'> = async (input, state, call) =>
  stageAt(await state.api(call, input.restApiId), input.stageName)

export const getStages: Op<'GetStages'> = async (input, state, call) => {
  const stages = Object.values((await state.api(call, input.restApiId)).stages)
  const { deploymentId } = input
  return {
    item: deploymentId === undefined ? stages : stages.filter((one) => one.deploymentId === deploymentId),
  }
}

export const updateStage: Op<'UpdateStage'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft): Stage => {
    const patched = patchStage(draft, stageAt(draft, input.stageName), input.patchOperations)
    return (draft.stages[input.stageName] = { ...patched, lastUpdatedDate: state.ports.clock.now() })
  })

export const deleteStage: Op<'DeleteStage'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    delete draft.stages[stageAt(draft, input.stageName).stageName]
    return {}
  })
