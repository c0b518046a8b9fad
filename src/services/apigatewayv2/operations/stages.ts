/** Stages and deployments. A stage with automatic deployment gets its deployment from `state.change`. */
import type { ApiGatewayV2, CreateStageRequest, Stage, UpdateStageRequest } from '#model/apigatewayv2.ts'
import type { Operation } from '#ports/service.ts'
import { checkStageName, checkStageSettings } from '#services/apigatewayv2/checks.ts'
import { NO_ROUTE, deploy } from '#services/apigatewayv2/deployments.ts'
import {
  type HttpApi,
  type StoredDeployment,
  type StoredStage,
  own,
} from '#services/apigatewayv2/document.ts'
import { badRequest, conflict, noPart, noStage } from '#services/apigatewayv2/faults.ts'
import { STAGES_MAX } from '#services/apigatewayv2/limits.ts'
import { pageOfParts } from '#services/apigatewayv2/paging.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

type Op<K extends keyof ApiGatewayV2> = Operation<ApiGatewayV2[K], HttpState>

const stageAt = (api: HttpApi, name: string): StoredStage => {
  const stage = own(api.stages, name)
  if (stage === undefined) throw noStage()
  return stage
}
const deploymentAt = (api: HttpApi, id: string): StoredDeployment => {
  const deployment = own(api.deployments, id)
  if (deployment === undefined) throw noPart('deployment', id)
  return deployment
}

function checkStage(wish: CreateStageRequest | UpdateStageRequest, api: HttpApi): void {
  checkStageSettings(wish)
  if (wish.DeploymentId !== undefined) {
    if (wish.AutoDeploy === true) throw badRequest('Deployment ID cannot be set while auto-deploy is on')
    deploymentAt(api, wish.DeploymentId)
  }
}

export const createStage: Op<'CreateStage'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft): Stage => {
    checkStageName(input.StageName)
    checkStage(input, draft)
    if (own(draft.stages, input.StageName) !== undefined) throw conflict('Stage already exists')
    if (Object.keys(draft.stages).length >= STAGES_MAX) {
      throw badRequest(`Unable to create stage: an API has at most ${STAGES_MAX} stages`)
    }
    const now = state.ports.clock.now()
    return (draft.stages[input.StageName] = {
      StageName: input.StageName,
      AccessLogSettings: input.AccessLogSettings,
      AutoDeploy: input.AutoDeploy ?? false,
      CreatedDate: now,
      DefaultRouteSettings: { DetailedMetricsEnabled: false, ...input.DefaultRouteSettings },
      DeploymentId: input.DeploymentId,
      Description: input.Description,
      LastUpdatedDate: now,
      RouteSettings: input.RouteSettings ?? {},
      StageVariables: input.StageVariables ?? {},
      Tags: input.Tags ?? {},
    })
  })

export const getStage: Op<'GetStage'> = async (input, state, call) =>
  stageAt(await state.api(call, input.ApiId), input.StageName)

export const getStages: Op<'GetStages'> = async (input, state, call) =>
  pageOfParts((await state.api(call, input.ApiId)).stages, input)

export const updateStage: Op<'UpdateStage'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft): Stage => {
    const before = stageAt(draft, input.StageName)
    checkStage(input, draft)
    if (input.DeploymentId !== undefined && (input.AutoDeploy ?? before.AutoDeploy) === true) {
      throw badRequest('Deployment ID cannot be set while auto-deploy is on')
    }
    return (draft.stages[before.StageName] = {
      ...before,
      AccessLogSettings: input.AccessLogSettings ?? before.AccessLogSettings,
      AutoDeploy: input.AutoDeploy ?? before.AutoDeploy,
      DefaultRouteSettings: { ...before.DefaultRouteSettings, ...input.DefaultRouteSettings },
      DeploymentId: input.DeploymentId ?? before.DeploymentId,
      Description: input.Description ?? before.Description,
      LastUpdatedDate: state.ports.clock.now(),
      RouteSettings: { ...before.RouteSettings, ...input.RouteSettings },
      StageVariables: merged(before.StageVariables, input.StageVariables),
    })
  })

/** A variable with an empty value is removed. Inferred from the console's behaviour. */
function merged(
  before: Readonly<Record<string, string>> | undefined,
  wish: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const entries = Object.entries({ ...before, ...wish })
  return Object.fromEntries(entries.filter(([, value]) => value !== ''))
}

export const deleteStage: Op<'DeleteStage'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft) => {
    delete draft.stages[stageAt(draft, input.StageName).StageName]
    return {}
  })

export const deleteAccessLogSettings: Op<'DeleteAccessLogSettings'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft) => {
    const { AccessLogSettings: _, ...rest } = stageAt(draft, input.StageName)
    draft.stages[rest.StageName] = rest
    return {}
  })

export const deleteRouteSettings: Op<'DeleteRouteSettings'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft) => {
    const stage = stageAt(draft, input.StageName)
    const settings = { ...stage.RouteSettings }
    if (!Object.hasOwn(settings, input.RouteKey)) throw noPart('route settings', input.RouteKey)
    delete settings[input.RouteKey]
    draft.stages[stage.StageName] = { ...stage, RouteSettings: settings }
    return {}
  })

/** Fault BadRequestException when the API has no route. Source: recorded AWS answer. */
export const createDeployment: Op<'CreateDeployment'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft, tx) => {
    if (Object.keys(draft.routes).length === 0) throw badRequest(NO_ROUTE)
    if (input.StageName !== undefined && stageAt(draft, input.StageName).AutoDeploy === true) {
      throw badRequest(`Stage ${input.StageName} deploys automatically and cannot be deployed to.`)
    }
    const id = state.newId(6)
    const order = { id, at: state.ports.clock.now(), automatic: false, description: input.Description }
    const { dropped } = deploy(draft, { ...order, stage: input.StageName })
    state.freeze(tx, call, draft, id)
    for (const old of dropped) state.dropSnapshot(tx, call, [draft.id, old])
    return deploymentAt(draft, id)
  })

export const getDeployment: Op<'GetDeployment'> = async (input, state, call) =>
  deploymentAt(await state.api(call, input.ApiId), input.DeploymentId)

export const getDeployments: Op<'GetDeployments'> = async (input, state, call) =>
  pageOfParts((await state.api(call, input.ApiId)).deployments, input)

export const updateDeployment: Op<'UpdateDeployment'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft) => {
    const before = deploymentAt(draft, input.DeploymentId)
    const Description = input.Description ?? before.Description
    return (draft.deployments[before.DeploymentId] = { ...before, Description })
  })

export const deleteDeployment: Op<'DeleteDeployment'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft, tx) => {
    const { DeploymentId } = deploymentAt(draft, input.DeploymentId)
    if (Object.values(draft.stages).some((stage) => stage.DeploymentId === DeploymentId)) {
      throw badRequest('Active stages pointing to this deployment must be moved or deleted')
    }
    delete draft.deployments[DeploymentId]
    state.dropSnapshot(tx, call, [draft.id, DeploymentId])
    return {}
  })
