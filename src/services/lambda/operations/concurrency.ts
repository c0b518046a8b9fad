/** Reserved concurrency and the account's settings. */
import type { Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import {
  functionNotFound,
  functionsOnly,
  reservedBelowProvisioned,
  tooMuchReserved,
} from '#services/lambda/faults.ts'
import { CODE_STORAGE_BYTES, UNRESERVED_MIN, UNZIPPED_BYTES, ZIP_BYTES } from '#services/lambda/limits.ts'
import { LATEST, type Owner, functionArn, referenceTo } from '#services/lambda/names.ts'
import { everyLayerVersion } from '#services/lambda/layer-versions.ts'
import { everyFunction, everyVersion, provisionedOf } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

/** What other functions keep for themselves: reservations, and provisioned concurrency without one. */
async function keptByOthers(state: LambdaState, owner: Owner, name: string): Promise<number> {
  let sum = 0
  for await (const record of everyFunction(state.control.read, owner))
    if (record.name !== name) sum += record.reserved ?? provisionedOf(record)
  return sum
}

async function named(state: LambdaState, owner: Owner, spelled: string): Promise<string> {
  const { name, qualifier } = referenceTo(spelled, undefined, owner)
  if (qualifier !== undefined) throw functionsOnly()
  if ((await state.find(owner, name)) === undefined) throw functionNotFound(functionArn(owner, name, LATEST))
  return name
}

async function reserve(
  state: LambdaState,
  owner: Owner,
  name: string,
  reserved: number | undefined,
): Promise<void> {
  await state.reservations(owner)
  await state.change(owner, name, (record) => ({ ...record, reserved }))
  state.fleet(owner).reserve(name, reserved)
}

/** Source: Lambda API, PutFunctionConcurrency. Faults: too little would stay unreserved; less than is provisioned. */
export const putFunctionConcurrency: Operation<Lambda['PutFunctionConcurrency'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const name = await named(state, call, input.FunctionName)
  const reserved = input.ReservedConcurrentExecutions
  const provisioned = provisionedOf((await state.get(call, name)).record)
  if (reserved < provisioned) throw reservedBelowProvisioned(reserved, provisioned)
  const total = (await keptByOthers(state, call, name)) + reserved
  if (reserved > 0 && state.ports.settings.accountConcurrency - total < UNRESERVED_MIN)
    throw tooMuchReserved(UNRESERVED_MIN)
  await reserve(state, call, name, reserved)
  return { ReservedConcurrentExecutions: reserved }
}

/** Source: Lambda API, GetFunctionConcurrency. */
export const getFunctionConcurrency: Operation<Lambda['GetFunctionConcurrency'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const name = await named(state, call, input.FunctionName)
  const { record } = await state.get(call, name)
  return record.reserved === undefined ? {} : { ReservedConcurrentExecutions: record.reserved }
}

/** Source: Lambda API, DeleteFunctionConcurrency. */
export const deleteFunctionConcurrency: Operation<Lambda['DeleteFunctionConcurrency'], LambdaState> = async (
  input,
  state,
  call,
) => {
  await reserve(state, call, await named(state, call, input.FunctionName), undefined)
  return {}
}

/** Each version's package counts. Source: Lambda API, GetAccountSettings. */
export const getAccountSettings: Operation<Lambda['GetAccountSettings'], LambdaState> = async (
  _input,
  state,
  call,
) => {
  const { accountConcurrency } = state.ports.settings
  let codeSize = 0
  let functions = 0
  let reserved = 0
  for await (const record of everyFunction(state.control.read, call)) {
    functions++
    codeSize += record.package.code.packageBytes
    reserved += record.reserved ?? 0
    for await (const version of everyVersion(state.control.read, call, record.name))
      codeSize += version.package.code.packageBytes
  }
  for await (const layer of everyLayerVersion(state.control.read, call))
    codeSize += layer.package.code.packageBytes
  return {
    AccountLimit: {
      TotalCodeSize: CODE_STORAGE_BYTES,
      CodeSizeUnzipped: UNZIPPED_BYTES,
      CodeSizeZipped: ZIP_BYTES,
      ConcurrentExecutions: accountConcurrency,
      UnreservedConcurrentExecutions: accountConcurrency - reserved,
    },
    AccountUsage: { TotalCodeSize: codeSize, FunctionCount: functions },
  }
}
