/** UpdateFunctionCode and UpdateFunctionConfiguration: a new generation, in force once it is prepared. */
import type { Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import { checkSignature } from '#services/lambda/code-signing.ts'
import { notActive, updateInProgress, wrongRevision } from '#services/lambda/faults.ts'
import { type Owner, functionArn, unqualified } from '#services/lambda/names.ts'
import { checkUnzipped, resolvedLayers, tellAbsentLayers } from '#services/lambda/layers.ts'
import { keepPackage, readPackage, stagePackage } from '#services/lambda/package-source.ts'
import { type FunctionRecord, configurationOf } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'
import type { Publication } from '#services/lambda/versions.ts'
import { changedSettings, checkDeadLetter, checkLogging, checkOptions } from '#services/lambda/validate.ts'

/** Source: recorded AWS answers; a function that never became active can be updated, which tries again. */
export function checkChangeable(record: FunctionRecord, owner: Owner, revisionId: string | undefined): void {
  if (record.state.kind === 'pending') throw notActive('Pending', '')
  if (record.state.kind === 'updating') throw updateInProgress(functionArn(owner, record.name))
  if (revisionId !== undefined && revisionId !== record.revisionId)
    throw wrongRevision('GetFunction/GetAlias')
}

/** The state from which a new generation is prepared: one that failed before it ever ran is pending again. */
const preparing = (record: FunctionRecord): FunctionRecord['state'] => ({
  kind: record.state.kind === 'failed' ? 'pending' : 'updating',
})

/** With `Publish` the answer shows the version. Source: Lambda API, UpdateFunctionCode. */
export const updateFunctionCode: Operation<Lambda['UpdateFunctionCode'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const name = unqualified(input.FunctionName, call)
  const live = await state.get(call, name)
  checkChangeable(live.record, call, input.RevisionId)
  await checkSignature(state.control.read, call, live.record.codeSigningArn)
  const zip = await readPackage(input, state.ports, call)
  const architecture = input.Architectures?.[0] ?? live.record.architecture
  if (input.DryRun === true) {
    const code = await stagePackage(zip, state.ports)
    return configurationOf({ ...live.record, architecture, package: { ...live.record.package, code } }, call)
  }
  const kept = await keepPackage(zip, state.ports)
  let replaced: string | undefined
  let publication: Publication | undefined
  try {
    const record = await state.change(call, name, async (before, tx) => {
      checkChangeable(before, call, input.RevisionId)
      checkUnzipped(kept.code, before.layers ?? [])
      replaced = before.package.blobId
      const next: FunctionRecord = {
        ...before,
        architecture,
        package: kept,
        ...state.marks(),
        generation: state.nextGeneration(),
        state: preparing(before),
      }
      if (input.Publish !== true) return next
      publication = await state.versions.next(tx, next, undefined)
      return publication.of
    })
    if (replaced !== undefined) await state.versions.releasePackage(call, name, replaced)
    state.prepare(call, live)
    if (publication === undefined) return configurationOf(record, call)
    state.versions.begin(call, publication)
    return configurationOf(publication.version, call, publication.version.version)
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
  const name = unqualified(input.FunctionName, call)
  const live = await state.get(call, name)
  checkOptions(input)
  const { Layers: arns } = input
  const layers = arns === undefined ? undefined : await resolvedLayers(state.control.read, call, arns)
  checkDeadLetter(input.DeadLetterConfig, call.region)
  const record = await state.change(call, name, (before) => {
    checkChangeable(before, call, input.RevisionId)
    const settings = changedSettings(before.settings, input)
    checkLogging(settings, input)
    checkUnzipped(before.package.code, layers ?? before.layers ?? [])
    return {
      ...before,
      settings,
      layers: layers ?? before.layers,
      ...state.marks(),
      generation: state.nextGeneration(),
      state: preparing(before),
    }
  })
  state.prepare(call, live)
  if (arns !== undefined) tellAbsentLayers(record, state)
  return configurationOf(record, call)
}
