/** UpdateFunctionCode and UpdateFunctionConfiguration: a new generation, in force once it is prepared. */
import type { Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import { notActive, optionNotWritten, updateInProgress, wrongRevision } from '#services/lambda/faults.ts'
import { type Owner, functionArn, referenceTo } from '#services/lambda/names.ts'
import { checkLayers, tellAbsentLayers } from '#services/lambda/layers.ts'
import { keepPackage, readPackage, stagePackage } from '#services/lambda/package-source.ts'
import { type FunctionRecord, configurationOf } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'
import { changedSettings, checkDeadLetter, checkOptions } from '#services/lambda/validate.ts'

/** Source: recorded AWS answers; a function that never became active can be updated, which tries again. */
function checkChangeable(record: FunctionRecord, owner: Owner, revisionId: string | undefined): void {
  if (record.state.kind === 'pending') throw notActive('Pending', '')
  if (record.state.kind === 'updating') throw updateInProgress(functionArn(owner, record.name))
  if (revisionId !== undefined && revisionId !== record.revisionId)
    throw wrongRevision('GetFunction/GetAlias')
}

/** The state from which a new generation is prepared: one that failed before it ever ran is pending again. */
const preparing = (record: FunctionRecord): FunctionRecord['state'] => ({
  kind: record.state.kind === 'failed' ? 'pending' : 'updating',
})

/** Source: Lambda API, UpdateFunctionCode. */
export const updateFunctionCode: Operation<Lambda['UpdateFunctionCode'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  if (input.Publish === true) throw optionNotWritten('Publish: versions')
  const live = await state.get(call, name)
  checkChangeable(live.record, call, input.RevisionId)
  const zip = await readPackage(input, state.ports, call)
  const architecture = input.Architectures?.[0] ?? live.record.architecture
  if (input.DryRun === true) {
    const code = await stagePackage(zip, state.ports)
    return configurationOf({ ...live.record, architecture, package: { ...live.record.package, code } }, call)
  }
  const kept = await keepPackage(zip, state.ports)
  let replaced: string | undefined
  try {
    const record = await state.change(call, name, (before) => {
      checkChangeable(before, call, input.RevisionId)
      replaced = before.package.blobId
      return {
        ...before,
        architecture,
        package: kept,
        ...state.marks(),
        generation: state.nextGeneration(),
        state: preparing(before),
      }
    })
    if (replaced !== undefined) await state.ports.blobs.delete(replaced)
    state.prepare(call, live)
    return configurationOf(record, call)
  } catch (error) {
    if (replaced === undefined) await state.ports.blobs.delete(kept.blobId)
    throw error
  }
}

/** Source: Lambda API, UpdateFunctionConfiguration. */
export const updateFunctionConfiguration: Operation<
  Lambda['UpdateFunctionConfiguration'],
  LambdaState
> = async (input, state, call) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  const live = await state.get(call, name)
  checkOptions(input)
  checkLayers(input.Layers, call)
  checkDeadLetter(input.DeadLetterConfig, call.region)
  const record = await state.change(call, name, (before) => {
    checkChangeable(before, call, input.RevisionId)
    return {
      ...before,
      settings: changedSettings(before.settings, input),
      ...state.marks(),
      generation: state.nextGeneration(),
      state: preparing(before),
    }
  })
  state.prepare(call, live)
  if (input.Layers !== undefined) tellAbsentLayers(name, record.settings, state)
  return configurationOf(record, call)
}
