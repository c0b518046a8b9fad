/**
 * When the runtime of a function may change: stored and shown for `$LATEST` and each version. Here the runtime is the one
 * of this machine, so a version of it that is asked for by ARN must be that one.
 */
import type { Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import { runtimeVersionArn } from '#services/lambda/active-function.ts'
import {
  aliasHasNoRuntime,
  manualNeedsArn,
  onlyManualHasArn,
  optionNotWritten,
} from '#services/lambda/faults.ts'
import { LATEST, functionArn, isVersionNumber, referenceTo } from '#services/lambda/names.ts'
import { versionMeant } from '#services/lambda/qualifiers.ts'
import type { LambdaState } from '#services/lambda/state.ts'

/** Source: Lambda API, PutRuntimeManagementConfig; the texts of refusals are inferred. */
export const putRuntimeManagementConfig: Operation<
  Lambda['PutRuntimeManagementConfig'],
  LambdaState
> = async (input, state, call) => {
  const reference = referenceTo(input.FunctionName, input.Qualifier, call)
  const { name, qualifier = LATEST } = reference
  if (qualifier !== LATEST && !isVersionNumber(qualifier)) throw aliasHasNoRuntime()
  const { version } = await versionMeant(state, call, reference)
  const arn = input.RuntimeVersionArn
  if (input.UpdateRuntimeOn === 'Manual' && arn === undefined) throw manualNeedsArn()
  if (input.UpdateRuntimeOn !== 'Manual' && arn !== undefined) throw onlyManualHasArn()
  const { runtimeVersion, settings } = version.record
  if (arn !== undefined && arn !== runtimeVersionArn(call.region, runtimeVersion ?? settings.runtime))
    throw optionNotWritten(`Runtime version ${arn}, which is not the one on this machine,`)
  const config = { on: input.UpdateRuntimeOn, versionArn: arn }
  await state.change(call, name, (record) => ({
    ...record,
    runtimeManagement: { ...record.runtimeManagement, [qualifier]: config },
  }))
  return {
    UpdateRuntimeOn: config.on,
    FunctionArn: functionArn(call, name, qualifier),
    RuntimeVersionArn: arn,
  }
}

/** Auto unless it was set. Source: Lambda API, GetRuntimeManagementConfig; recorded AWS answers. */
export const getRuntimeManagementConfig: Operation<
  Lambda['GetRuntimeManagementConfig'],
  LambdaState
> = async (input, state, call) => {
  const reference = referenceTo(input.FunctionName, input.Qualifier, call)
  const { name, qualifier = LATEST } = reference
  if (qualifier !== LATEST && !isVersionNumber(qualifier)) throw aliasHasNoRuntime()
  const { of } = await versionMeant(state, call, reference)
  const config = of.record.runtimeManagement?.[qualifier]
  return {
    UpdateRuntimeOn: config?.on ?? 'Auto',
    FunctionArn: functionArn(call, name, qualifier),
    RuntimeVersionArn: config?.versionArn,
  }
}
