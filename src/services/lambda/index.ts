/**
 * The Lambda service: what the platform mounts. Every operation of the model stands in `operations` or in `NOT_YET`,
 * or `tsc` names it. To add one: write it below `operations/`, move its name.
 */
import { parseArn } from '#base/arn.ts'
import type { Lambda } from '#model/lambda.ts'
import type { Service } from '#ports/service.ts'
import { acceptLambda } from '#services/lambda/accept.ts'
import type { EnvironmentView } from '#services/lambda/environment-options.ts'
import { runnable } from '#services/lambda/invoking.ts'
import { DEFAULT_SETTINGS, type LambdaSettings } from '#services/lambda/limits.ts'
import type { Owner } from '#services/lambda/names.ts'
import {
  createAlias,
  deleteAlias,
  getAlias,
  listAliases,
  updateAlias,
} from '#services/lambda/operations/aliases.ts'
import {
  deleteFunctionConcurrency,
  getAccountSettings,
  getFunctionConcurrency,
  putFunctionConcurrency,
} from '#services/lambda/operations/concurrency.ts'
import { createFunction } from '#services/lambda/operations/create-function.ts'
import {
  deleteFunctionEventInvokeConfig,
  getFunctionEventInvokeConfig,
  listFunctionEventInvokeConfigs,
  putFunctionEventInvokeConfig,
  updateFunctionEventInvokeConfig,
} from '#services/lambda/operations/event-invoke-config.ts'
import {
  createEventSourceMapping,
  deleteEventSourceMapping,
  getEventSourceMapping,
  listEventSourceMappings,
  updateEventSourceMapping,
} from '#services/lambda/operations/event-source-mapping.ts'
import {
  createCodeSigningConfig,
  deleteCodeSigningConfig,
  deleteFunctionCodeSigningConfig,
  getCodeSigningConfig,
  getFunctionCodeSigningConfig,
  listCodeSigningConfigs,
  listFunctionsByCodeSigningConfig,
  putFunctionCodeSigningConfig,
  updateCodeSigningConfig,
} from '#services/lambda/operations/code-signing.ts'
import {
  getRuntimeManagementConfig,
  putRuntimeManagementConfig,
} from '#services/lambda/operations/runtime-management.ts'
import { invoke, invokeAsync } from '#services/lambda/operations/invoke.ts'
import {
  addLayerVersionPermission,
  getLayerVersionPolicy,
  removeLayerVersionPermission,
} from '#services/lambda/operations/layer-permissions.ts'
import {
  deleteLayerVersion,
  getLayerVersion,
  getLayerVersionByArn,
  listLayerVersions,
  listLayers,
  publishLayerVersion,
} from '#services/lambda/operations/layers.ts'
import { addPermission, getPolicy, removePermission } from '#services/lambda/operations/permissions.ts'
import {
  deleteProvisionedConcurrencyConfig,
  getProvisionedConcurrencyConfig,
  listProvisionedConcurrencyConfigs,
  putProvisionedConcurrencyConfig,
} from '#services/lambda/operations/provisioned-concurrency.ts'
import { publishVersion } from '#services/lambda/operations/publish-version.ts'
import {
  deleteFunction,
  getFunction,
  getFunctionConfiguration,
  listFunctions,
  listVersionsByFunction,
} from '#services/lambda/operations/read-function.ts'
import {
  getFunctionRecursionConfig,
  putFunctionRecursionConfig,
} from '#services/lambda/operations/recursion-config.ts'
import { listTags, tagResource, untagResource } from '#services/lambda/operations/tags.ts'
import {
  updateFunctionCode,
  updateFunctionConfiguration,
} from '#services/lambda/operations/update-function.ts'
import type { LambdaPorts } from '#services/lambda/ports.ts'
import { LambdaState } from '#services/lambda/state.ts'
import { invokeWithResponseStream } from '#services/lambda/streaming/invoke-with-response-stream.ts'
import type { StartProfile, WatchOrder } from '#services/lambda/start-profile.ts'
import { urlDataPlane } from '#services/lambda/urls/data-plane.ts'
import {
  createFunctionUrlConfig,
  deleteFunctionUrlConfig,
  getFunctionUrlConfig,
  listFunctionUrlConfigs,
  updateFunctionUrlConfig,
} from '#services/lambda/urls/operations.ts'
import { sweepLambda } from '#services/lambda/sweep.ts'

const NOT_YET = [
  'CheckpointDurableExecution',
  'CreateCapacityProvider',
  'DeleteCapacityProvider',
  'DeleteDurableExecution',
  'DeleteResourcePolicy',
  'GetCapacityProvider',
  'GetDurableExecution',
  'GetDurableExecutionHistory',
  'GetDurableExecutionState',
  'GetFunctionScalingConfig',
  'GetResourcePolicy',
  'ListCapacityProviders',
  'ListDurableExecutionsByFunction',
  'ListFunctionVersionsByCapacityProvider',
  'PauseDurableExecution',
  'PutFunctionScalingConfig',
  'PutResourcePolicy',
  'ResumeDurableExecution',
  'SendDurableExecutionCallbackFailure',
  'SendDurableExecutionCallbackHeartbeat',
  'SendDurableExecutionCallbackSuccess',
  'StopDurableExecution',
  'UpdateCapacityProvider',
] as const

export const lambda: Service<Lambda, LambdaState, (typeof NOT_YET)[number]> = {
  name: 'lambda',
  operations: {
    AddLayerVersionPermission: addLayerVersionPermission,
    AddPermission: addPermission,
    CreateAlias: createAlias,
    CreateCodeSigningConfig: createCodeSigningConfig,
    CreateEventSourceMapping: createEventSourceMapping,
    CreateFunction: createFunction,
    CreateFunctionUrlConfig: createFunctionUrlConfig,
    DeleteAlias: deleteAlias,
    DeleteCodeSigningConfig: deleteCodeSigningConfig,
    DeleteEventSourceMapping: deleteEventSourceMapping,
    DeleteFunction: deleteFunction,
    DeleteFunctionCodeSigningConfig: deleteFunctionCodeSigningConfig,
    DeleteFunctionConcurrency: deleteFunctionConcurrency,
    DeleteFunctionEventInvokeConfig: deleteFunctionEventInvokeConfig,
    DeleteFunctionUrlConfig: deleteFunctionUrlConfig,
    DeleteLayerVersion: deleteLayerVersion,
    DeleteProvisionedConcurrencyConfig: deleteProvisionedConcurrencyConfig,
    GetAccountSettings: getAccountSettings,
    GetAlias: getAlias,
    GetCodeSigningConfig: getCodeSigningConfig,
    GetEventSourceMapping: getEventSourceMapping,
    GetFunction: getFunction,
    GetFunctionCodeSigningConfig: getFunctionCodeSigningConfig,
    GetFunctionConcurrency: getFunctionConcurrency,
    GetFunctionConfiguration: getFunctionConfiguration,
    GetFunctionEventInvokeConfig: getFunctionEventInvokeConfig,
    GetFunctionRecursionConfig: getFunctionRecursionConfig,
    GetFunctionUrlConfig: getFunctionUrlConfig,
    GetLayerVersion: getLayerVersion,
    GetLayerVersionByArn: getLayerVersionByArn,
    GetLayerVersionPolicy: getLayerVersionPolicy,
    GetPolicy: getPolicy,
    GetProvisionedConcurrencyConfig: getProvisionedConcurrencyConfig,
    GetRuntimeManagementConfig: getRuntimeManagementConfig,
    Invoke: invoke,
    InvokeAsync: invokeAsync,
    InvokeWithResponseStream: invokeWithResponseStream,
    ListAliases: listAliases,
    ListCodeSigningConfigs: listCodeSigningConfigs,
    ListEventSourceMappings: listEventSourceMappings,
    ListFunctionEventInvokeConfigs: listFunctionEventInvokeConfigs,
    ListFunctionUrlConfigs: listFunctionUrlConfigs,
    ListFunctions: listFunctions,
    ListFunctionsByCodeSigningConfig: listFunctionsByCodeSigningConfig,
    ListLayerVersions: listLayerVersions,
    ListLayers: listLayers,
    ListProvisionedConcurrencyConfigs: listProvisionedConcurrencyConfigs,
    ListTags: listTags,
    ListVersionsByFunction: listVersionsByFunction,
    PublishLayerVersion: publishLayerVersion,
    PublishVersion: publishVersion,
    PutFunctionCodeSigningConfig: putFunctionCodeSigningConfig,
    PutFunctionConcurrency: putFunctionConcurrency,
    PutFunctionEventInvokeConfig: putFunctionEventInvokeConfig,
    PutFunctionRecursionConfig: putFunctionRecursionConfig,
    PutProvisionedConcurrencyConfig: putProvisionedConcurrencyConfig,
    PutRuntimeManagementConfig: putRuntimeManagementConfig,
    RemoveLayerVersionPermission: removeLayerVersionPermission,
    RemovePermission: removePermission,
    TagResource: tagResource,
    UntagResource: untagResource,
    UpdateAlias: updateAlias,
    UpdateCodeSigningConfig: updateCodeSigningConfig,
    UpdateEventSourceMapping: updateEventSourceMapping,
    UpdateFunctionCode: updateFunctionCode,
    UpdateFunctionConfiguration: updateFunctionConfiguration,
    UpdateFunctionEventInvokeConfig: updateFunctionEventInvokeConfig,
    UpdateFunctionUrlConfig: updateFunctionUrlConfig,
  },
  notYet: NOT_YET,
}

export const createLambda = (ports: LambdaPorts): LambdaState => new LambdaState(ports)

/** Goes on with the asynchronous events, event source mappings and provisioned concurrency that an earlier process left. Functions can be run and receivers are there. */
export const resumeLambda = async (state: LambdaState): Promise<void> => {
  await Promise.all([state.events.resume(), state.eventSources.resume(), state.provisioned.resume()])
}

/** Ends all environments and forgets what is in memory. The caller empties store, blobs and sandboxes. */
export const resetLambda = (state: LambdaState): Promise<void> => state.reset()

/** Ends all environments and writes their last log lines. */
export const stopLambda = (state: LambdaState): Promise<void> => state.stop()

/** All environments that are not gone, for the console and `windtunnel environments`. */
export const lambdaEnvironments = (state: LambdaState): EnvironmentView[] => state.environments()

/** Ends environments on demand: those of a function, or those whose id begins so; all without either. */
export const endLambdaEnvironments = (
  state: LambdaState,
  how: 'recycle' | 'kill',
  { functionName, id }: { readonly functionName?: string | undefined; readonly id?: string | undefined },
): number =>
  state.endEnvironments(
    how,
    (view) =>
      (functionName === undefined ||
        (parseArn(view.functionArn)?.resource.split(':')[1] ?? '') === functionName) &&
      (id === undefined || view.id.startsWith(id)),
  )

/** One start of a function beside its pool, for `windtunnel imports`. Faults: those of an invoke. */
export async function profileLambdaStart(
  state: LambdaState,
  owner: Owner,
  functionName: string,
  order: WatchOrder,
): Promise<StartProfile> {
  const reference = { name: functionName, qualifier: undefined }
  const of = await runnable(state, owner, reference)
  return await state.fleet(owner).profile(of, order)
}

export { acceptLambda, DEFAULT_SETTINGS, sweepLambda, urlDataPlane }
export type { EnvironmentView, StartProfile, LambdaPorts, LambdaSettings, LambdaState }

/** Sentences about runtimes that another version stands in for: said in every report. */
export const lambdaNotices = (state: LambdaState): string[] => [...state.notices]
