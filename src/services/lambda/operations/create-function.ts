/** CreateFunction: checks, extracts and keeps the package, then prepares the function while it is Pending. */
import { uuid } from '#base/ids.ts'
import type { Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import { checkSignature } from '#services/lambda/code-signing.ts'
import { functionExists } from '#services/lambda/faults.ts'
import { checkUnzipped, resolvedLayers, tellAbsentLayers } from '#services/lambda/layers.ts'
import { referenceTo } from '#services/lambda/names.ts'
import { keepPackage, readPackage } from '#services/lambda/package-source.ts'
import { configurationOf } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'
import type { Publication } from '#services/lambda/versions.ts'
import { checkDeadLetter, checkLogging, checkOptions, newSettings } from '#services/lambda/validate.ts'

/** With `Publish` the answer shows version 1. Source: Lambda API, CreateFunction. Faults: exists, invalid options, unreadable package. */
export const createFunction: Operation<Lambda['CreateFunction'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  checkOptions(input)
  checkDeadLetter(input.DeadLetterConfig, call.region)
  const settings = newSettings({ ...input, FunctionName: name })
  checkLogging(settings, input)
  await checkSignature(state.control.read, call, input.CodeSigningConfigArn)
  const layers = await resolvedLayers(state.control.read, call, input.Layers ?? [])
  if ((await state.find(call, name)) !== undefined) throw functionExists(name)
  const kept = await keepPackage(await readPackage(input.Code, state.ports, call), state.ports)
  const record = {
    account: call.account,
    region: call.region,
    name,
    settings,
    architecture: input.Architectures?.[0] ?? 'x86_64',
    package: kept,
    layers,
    tags: input.Tags ?? {},
    reserved: undefined,
    policy: [],
    policyRevisionId: uuid(state.ports.random),
    codeSigningArn: input.CodeSigningConfigArn,
    ...state.marks(),
    change: 1,
    generation: state.nextGeneration(),
    runtimeVersion: undefined,
    state: { kind: 'pending' },
  } as const
  const answer = configurationOf(record, call)
  let version: Publication | undefined
  try {
    checkUnzipped(kept.code, layers)
    version = await state.create(call, record, () => functionExists(name), input.Publish === true)
  } catch (error) {
    await state.ports.blobs.delete(kept.blobId)
    throw error
  }
  tellAbsentLayers(record, state)
  return version === undefined
    ? answer
    : { ...configurationOf(version.version, call), FunctionArn: answer.FunctionArn }
}
