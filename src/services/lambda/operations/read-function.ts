/** GetFunction, GetFunctionConfiguration, ListFunctions and DeleteFunction. */
import { base64, fromBase64, strictText, utf8 } from '#base/bytes.ts'
import type { Lambda } from '#model/lambda.ts'
import type { Call, Operation } from '#ports/service.ts'
import { functionNotFound, invalidParameter, latestStays } from '#services/lambda/faults.ts'
import { PAGE_SIZE } from '#services/lambda/limits.ts'
import { LATEST, functionArn, isLatest, referenceTo } from '#services/lambda/names.ts'
import { FUNCTIONS, type FunctionRecord, configurationOf, ownerParts } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

interface Named {
  readonly FunctionName: string
  readonly Qualifier?: string | undefined
}

async function read(
  input: Named,
  state: LambdaState,
  call: Call,
): Promise<{ record: FunctionRecord; qualifier: string | undefined }> {
  const { name, qualifier } = referenceTo(input.FunctionName, input.Qualifier, call)
  if (!isLatest(qualifier)) throw functionNotFound(functionArn(call, name, qualifier))
  const { record } = await state.get(call, name, qualifier)
  return { record, qualifier }
}

/** Code.Location leads to the package as it came, on the platform's own address. Source: Lambda API, GetFunction. */
export const getFunction: Operation<Lambda['GetFunction'], LambdaState> = async (input, state, call) => {
  const { record, qualifier } = await read(input, state, call)
  return {
    Configuration: configurationOf(record, call, qualifier),
    Code: {
      RepositoryType: 'S3',
      Location: `${call.endpoint}/_windtunnel/code/${record.package.blobId}`,
    },
    ...(Object.keys(record.tags).length === 0 ? {} : { Tags: record.tags }),
    ...(record.reserved === undefined
      ? {}
      : { Concurrency: { ReservedConcurrentExecutions: record.reserved } }),
  }
}

/** Source: Lambda API, GetFunctionConfiguration. */
export const getFunctionConfiguration: Operation<Lambda['GetFunctionConfiguration'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const { record, qualifier } = await read(input, state, call)
  return configurationOf(record, call, qualifier)
}

/** By name; the marker is the last name of the page before, encoded. Source: Lambda API, ListFunctions. */
export const listFunctions: Operation<Lambda['ListFunctions'], LambdaState> = async (input, state, call) => {
  const limit = Math.min(PAGE_SIZE, input.MaxItems ?? PAGE_SIZE)
  const after = markedName(input.Marker)
  const records = await FUNCTIONS.list(state.control.read, ownerParts(call), [], {
    limit: limit + 1,
    after: after === undefined ? undefined : [after],
  })
  const page = records.slice(0, limit)
  const last = page.at(-1)
  const qualifier = input.FunctionVersion === 'ALL' ? LATEST : undefined
  return {
    Functions: page.map((record) => stateless(configurationOf(record, call, qualifier))),
    ...(records.length > limit && last !== undefined ? { NextMarker: base64(utf8(last.name)) } : {}),
  }
}

/** Lists show neither state nor update status. Source: Lambda API, ListFunctions. */
function stateless(shown: ReturnType<typeof configurationOf>): ReturnType<typeof configurationOf> {
  const {
    State: _state,
    StateReason: _reason,
    StateReasonCode: _code,
    LastUpdateStatus: _status,
    LastUpdateStatusReason: _statusReason,
    LastUpdateStatusReasonCode: _statusCode,
    ...rest
  } = shown
  return rest
}

function markedName(marker: string | undefined): string | undefined {
  if (marker === undefined || marker === '') return undefined
  const bytes = fromBase64(marker)
  const name = bytes === undefined ? undefined : strictText(bytes)
  if (name === undefined || name === '') throw invalidParameter('Invalid Marker')
  return name
}

/** Source: Lambda API, DeleteFunction; recorded AWS answers for the faults. */
export const deleteFunction: Operation<Lambda['DeleteFunction'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const { name, qualifier } = referenceTo(input.FunctionName, input.Qualifier, call)
  if (qualifier === LATEST) throw latestStays()
  if (qualifier !== undefined) throw functionNotFound(functionArn(call, name))
  await state.delete(call, name)
  return { StatusCode: 204 }
}
