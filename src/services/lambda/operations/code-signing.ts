/** Code signing configurations, and which of them a function has. */
import { base64, utf8 } from '#base/bytes.ts'
import { lowerId } from '#base/ids.ts'
import { pageOf } from '#base/result.ts'
import type { Lambda } from '#model/lambda.ts'
import type { Call, Operation } from '#ports/service.ts'
import {
  CODE_SIGNINGS,
  type CodeSigningRecord,
  codeSigningId,
  findCodeSigning,
  shownCodeSigning,
} from '#services/lambda/code-signing.ts'
import { codeSigningGone, codeSigningInUse, noCodeSigning, tooManyTags } from '#services/lambda/faults.ts'
import { PAGE_SIZE, TAGS } from '#services/lambda/limits.ts'
import { functionArn, referenceTo } from '#services/lambda/names.ts'
import { markedName } from '#services/lambda/operations/read-function.ts'
import { everyFunction, ownerParts } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

/** Changes the configuration of that ARN, or deletes it. Fault: there is none. */
export async function editCodeSigning(
  state: LambdaState,
  call: Call,
  arn: string,
  change: (record: CodeSigningRecord) => CodeSigningRecord | undefined,
): Promise<CodeSigningRecord | undefined> {
  const id = codeSigningId(arn, call)
  return await state.control.tx(async (tx) => {
    const found = id === undefined ? undefined : await CODE_SIGNINGS.get(tx, ownerParts(call), id)
    if (found === undefined) throw codeSigningGone(arn)
    const next = change(found)
    if (next === undefined) CODE_SIGNINGS.delete(tx, ownerParts(call), found.id)
    else CODE_SIGNINGS.put(tx, ownerParts(call), [found.id], next)
    return next
  })
}

/** Source: Lambda API, CreateCodeSigningConfig. */
export const createCodeSigningConfig: Operation<Lambda['CreateCodeSigningConfig'], LambdaState> = async (
  input,
  state,
  call,
) => {
  if (Object.keys(input.Tags ?? {}).length > TAGS) throw tooManyTags()
  const record: CodeSigningRecord = {
    id: `csc-${lowerId(state.ports.random, 17)}`,
    description: input.Description ?? '',
    publishers: input.AllowedPublishers.SigningProfileVersionArns,
    untrusted: input.CodeSigningPolicies?.UntrustedArtifactOnDeployment ?? 'Warn',
    lastModifiedAt: state.now(),
    tags: input.Tags ?? {},
  }
  await state.control.tx((tx) => CODE_SIGNINGS.put(tx, ownerParts(call), [record.id], record))
  return { CodeSigningConfig: shownCodeSigning(record, call) }
}

/** Source: Lambda API, GetCodeSigningConfig; recorded AWS answers. */
export const getCodeSigningConfig: Operation<Lambda['GetCodeSigningConfig'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const found = await findCodeSigning(state.control.read, call, input.CodeSigningConfigArn)
  if (found === undefined) throw codeSigningGone(input.CodeSigningConfigArn)
  return { CodeSigningConfig: shownCodeSigning(found, call) }
}

/** What the input leaves out stays. Source: Lambda API, UpdateCodeSigningConfig. */
export const updateCodeSigningConfig: Operation<Lambda['UpdateCodeSigningConfig'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const changed = await editCodeSigning(state, call, input.CodeSigningConfigArn, (record) => ({
    ...record,
    description: input.Description ?? record.description,
    publishers: input.AllowedPublishers?.SigningProfileVersionArns ?? record.publishers,
    untrusted: input.CodeSigningPolicies?.UntrustedArtifactOnDeployment ?? record.untrusted,
    lastModifiedAt: state.now(),
  }))
  if (changed === undefined) throw codeSigningGone(input.CodeSigningConfigArn)
  return { CodeSigningConfig: shownCodeSigning(changed, call) }
}

/** Only one that no function has. Source: Lambda API, DeleteCodeSigningConfig. */
export const deleteCodeSigningConfig: Operation<Lambda['DeleteCodeSigningConfig'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const arn = input.CodeSigningConfigArn
  for await (const { codeSigningArn } of everyFunction(state.control.read, call))
    if (codeSigningArn === arn) throw codeSigningInUse()
  await editCodeSigning(state, call, arn, () => undefined)
  return {}
}

/** By id. Source: Lambda API, ListCodeSigningConfigs. */
export const listCodeSigningConfigs: Operation<Lambda['ListCodeSigningConfigs'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const limit = Math.min(PAGE_SIZE, input.MaxItems ?? PAGE_SIZE)
  const marker = markedName(input.Marker)
  const after = marker === undefined ? undefined : [marker]
  const found = await CODE_SIGNINGS.list(state.control.read, ownerParts(call), [], {
    limit: limit + 1,
    after,
  })
  const last = found[limit - 1]
  return {
    CodeSigningConfigs: found.slice(0, limit).map((record) => shownCodeSigning(record, call)),
    ...(found.length > limit && last !== undefined ? { NextMarker: base64(utf8(last.id)) } : {}),
  }
}

/** Source: Lambda API, ListFunctionsByCodeSigningConfig. */
export const listFunctionsByCodeSigningConfig: Operation<
  Lambda['ListFunctionsByCodeSigningConfig'],
  LambdaState
> = async (input, state, call) => {
  const arn = input.CodeSigningConfigArn
  if ((await findCodeSigning(state.control.read, call, arn)) === undefined) throw codeSigningGone(arn)
  const names: string[] = []
  for await (const { name, codeSigningArn } of everyFunction(state.control.read, call))
    if (codeSigningArn === arn) names.push(name)
  const limit = Math.min(PAGE_SIZE, input.MaxItems ?? PAGE_SIZE)
  const page = pageOf(names, limit, markedName(input.Marker), (name) => name)
  return {
    FunctionArns: page.items.map((name) => functionArn(call, name)),
    ...(page.next === undefined ? {} : { NextMarker: base64(utf8(page.next)) }),
  }
}

/** Source: Lambda API, PutFunctionCodeSigningConfig: it counts from the next code on. */
export const putFunctionCodeSigningConfig: Operation<
  Lambda['PutFunctionCodeSigningConfig'],
  LambdaState
> = async (input, state, call) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  const arn = input.CodeSigningConfigArn
  if ((await findCodeSigning(state.control.read, call, arn)) === undefined) throw noCodeSigning(arn)
  await state.change(call, name, (record) => ({ ...record, codeSigningArn: arn }))
  return { CodeSigningConfigArn: arn, FunctionName: name }
}

/** An empty ARN for a function that has none: AWS leaves the member out, its model requires it. Source: Lambda API, GetFunctionCodeSigningConfig; recorded AWS answers. */
export const getFunctionCodeSigningConfig: Operation<
  Lambda['GetFunctionCodeSigningConfig'],
  LambdaState
> = async (input, state, call) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  const { record } = await state.get(call, name)
  return { CodeSigningConfigArn: record.codeSigningArn ?? '', FunctionName: name }
}

/** Source: Lambda API, DeleteFunctionCodeSigningConfig. */
export const deleteFunctionCodeSigningConfig: Operation<
  Lambda['DeleteFunctionCodeSigningConfig'],
  LambdaState
> = async (input, state, call) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  await state.change(call, name, (record) => ({ ...record, codeSigningArn: undefined }))
  return {}
}
