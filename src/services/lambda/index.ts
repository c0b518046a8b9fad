/**
 * The Lambda service: what the platform mounts. Every operation of the model stands in `operations` or in `NOT_YET`,
 * or `tsc` names it. To add one: write it below `operations/`, move its name.
 */
import type { Lambda } from '#model/lambda.ts'
import type { Service } from '#ports/service.ts'
import { acceptLambda } from '#services/lambda/accept.ts'
import type { EnvironmentView } from '#services/lambda/environment-options.ts'
import { DEFAULT_SETTINGS, type LambdaSettings } from '#services/lambda/limits.ts'
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
import { invoke, invokeAsync } from '#services/lambda/operations/invoke.ts'
import { addPermission, getPolicy, removePermission } from '#services/lambda/operations/permissions.ts'
import {
  deleteFunction,
  getFunction,
  getFunctionConfiguration,
  listFunctions,
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
import { sweepLambda } from '#services/lambda/sweep.ts'

const NOT_YET = [
  'AddLayerVersionPermission',
  'CheckpointDurableExecution',
  'CreateAlias',
  'CreateCapacityProvider',
  'CreateCodeSigningConfig',
  'CreateFunctionUrlConfig',
  'DeleteAlias',
  'DeleteCapacityProvider',
  'DeleteCodeSigningConfig',
  'DeleteDurableExecution',
  'DeleteFunctionCodeSigningConfig',
  'DeleteFunctionUrlConfig',
  'DeleteLayerVersion',
  'DeleteProvisionedConcurrencyConfig',
  'DeleteResourcePolicy',
  'GetAlias',
  'GetCapacityProvider',
  'GetCodeSigningConfig',
  'GetDurableExecution',
  'GetDurableExecutionHistory',
  'GetDurableExecutionState',
  'GetFunctionCodeSigningConfig',
  'GetFunctionScalingConfig',
  'GetFunctionUrlConfig',
  'GetLayerVersion',
  'GetLayerVersionByArn',
  'GetLayerVersionPolicy',
  'GetProvisionedConcurrencyConfig',
  'GetResourcePolicy',
  'GetRuntimeManagementConfig',
  'InvokeWithResponseStream',
  'ListAliases',
  'ListCapacityProviders',
  'ListCodeSigningConfigs',
  'ListDurableExecutionsByFunction',
  'ListFunctionUrlConfigs',
  'ListFunctionVersionsByCapacityProvider',
  'ListFunctionsByCodeSigningConfig',
  'ListLayerVersions',
  'ListLayers',
  'ListProvisionedConcurrencyConfigs',
  'ListVersionsByFunction',
  'PauseDurableExecution',
  'PublishLayerVersion',
  'PublishVersion',
  'PutFunctionCodeSigningConfig',
  'PutFunctionScalingConfig',
  'PutProvisionedConcurrencyConfig',
  'PutResourcePolicy',
  'PutRuntimeManagementConfig',
  'RemoveLayerVersionPermission',
  'ResumeDurableExecution',
  'SendDurableExecutionCallbackFailure',
  'SendDurableExecutionCallbackHeartbeat',
  'SendDurableExecutionCallbackSuccess',
  'StopDurableExecution',
  'UpdateAlias',
  'UpdateCapacityProvider',
  'UpdateCodeSigningConfig',
  'UpdateFunctionUrlConfig',
] as const

export const lambda: Service<Lambda, LambdaState, (typeof NOT_YET)[number]> = {
  name: 'lambda',
  operations: {
    AddPermission: addPermission,
    CreateEventSourceMapping: createEventSourceMapping,
    CreateFunction: createFunction,
    DeleteEventSourceMapping: deleteEventSourceMapping,
    DeleteFunction: deleteFunction,
    DeleteFunctionConcurrency: deleteFunctionConcurrency,
    DeleteFunctionEventInvokeConfig: deleteFunctionEventInvokeConfig,
    GetAccountSettings: getAccountSettings,
    GetEventSourceMapping: getEventSourceMapping,
    GetFunction: getFunction,
    GetFunctionConcurrency: getFunctionConcurrency,
    GetFunctionConfiguration: getFunctionConfiguration,
    GetFunctionEventInvokeConfig: getFunctionEventInvokeConfig,
    GetFunctionRecursionConfig: getFunctionRecursionConfig,
    GetPolicy: getPolicy,
    Invoke: invoke,
    InvokeAsync: invokeAsync,
    ListEventSourceMappings: listEventSourceMappings,
    ListFunctionEventInvokeConfigs: listFunctionEventInvokeConfigs,
    ListFunctions: listFunctions,
    ListTags: listTags,
    PutFunctionConcurrency: putFunctionConcurrency,
    PutFunctionEventInvokeConfig: putFunctionEventInvokeConfig,
    PutFunctionRecursionConfig: putFunctionRecursionConfig,
    RemovePermission: removePermission,
    TagResource: tagResource,
    UntagResource: untagResource,
    UpdateEventSourceMapping: updateEventSourceMapping,
    UpdateFunctionCode: updateFunctionCode,
    UpdateFunctionConfiguration: updateFunctionConfiguration,
    UpdateFunctionEventInvokeConfig: updateFunctionEventInvokeConfig,
  },
  notYet: NOT_YET,
}

export const createLambda = (ports: LambdaPorts): LambdaState => new LambdaState(ports)

/** Goes on with the asynchronous events and event source mappings that an earlier process left. Functions can be run and receivers are there. */
export const resumeLambda = async (state: LambdaState): Promise<void> => {
  await Promise.all([state.events.resume(), state.eventSources.resume()])
}

/** Ends all environments and forgets what is in memory. The caller empties store, blobs and sandboxes. */
export const resetLambda = (state: LambdaState): Promise<void> => state.reset()

/** Ends all environments and writes their last log lines. */
export const stopLambda = (state: LambdaState): Promise<void> => state.stop()

/** All environments that are not gone, for the console and `windtunnel environments`. */
export const lambdaEnvironments = (state: LambdaState): EnvironmentView[] => state.environments()

export { acceptLambda, DEFAULT_SETTINGS, sweepLambda }
export type { EnvironmentView, LambdaPorts, LambdaSettings, LambdaState }

/** Sentences about runtimes that another version stands in for: said in every report. */
export const lambdaNotices = (state: LambdaState): string[] => [...state.notices]
