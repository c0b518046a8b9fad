/** GetFunction, GetFunctionConfiguration, ListFunctions, ListVersionsByFunction and DeleteFunction. */
import { base64, fromBase64, strictText, utf8 } from '#base/bytes.ts'
import type { FunctionConfiguration, Lambda, ListFunctionsResponse } from '#model/lambda.ts'
import type { Call, Operation } from '#ports/service.ts'
import { aliasStays, invalidParameter, latestStays } from '#services/lambda/faults.ts'
import { PAGE_SIZE } from '#services/lambda/limits.ts'
import { LATEST, type Owner, isVersionNumber, referenceTo } from '#services/lambda/names.ts'
import { versionKey } from '#services/lambda/pool-state.ts'
import { versionMeant } from '#services/lambda/qualifiers.ts'
import {
  FUNCTIONS,
  type FunctionRecord,
  type VersionRecord,
  configurationOf,
  everyFunction,
  everyVersion,
  ownerParts,
  versionOf,
} from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

interface Named {
  readonly FunctionName: string
  readonly Qualifier?: string | undefined
}

async function read(
  input: Named,
  state: LambdaState,
  call: Call,
): Promise<{ of: FunctionRecord; record: VersionRecord; qualifier: string | undefined }> {
  const reference = referenceTo(input.FunctionName, input.Qualifier, call)
  const { of, version } = await versionMeant(state, call, reference)
  return { of: of.record, record: version.record, qualifier: reference.qualifier }
}

/** Code.Location leads to the package as it came, on the platform's own address. Source: Lambda API, GetFunction. */
export const getFunction: Operation<Lambda['GetFunction'], LambdaState> = async (input, state, call) => {
  const { of, record, qualifier } = await read(input, state, call)
  return {
    Configuration: configurationOf(record, call, qualifier),
    Code: {
      RepositoryType: 'S3',
      Location: `${call.endpoint}/_windtunnel/code/${record.package.blobId}`,
    },
    ...(Object.keys(of.tags).length === 0 ? {} : { Tags: of.tags }),
    ...(of.reserved === undefined ? {} : { Concurrency: { ReservedConcurrentExecutions: of.reserved } }),
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
  if (input.FunctionVersion === 'ALL') return await listAll(state, call, limit, after)
  const records = await FUNCTIONS.list(state.control.read, ownerParts(call), [], {
    limit: limit + 1,
    after: after === undefined ? undefined : [after],
  })
  const page = records.slice(0, limit)
  const last = page.at(-1)
  return {
    Functions: page.map((record) => stateless(configurationOf(record, call))),
    ...(records.length > limit && last !== undefined ? { NextMarker: base64(utf8(last.name)) } : {}),
  }
}

/** Every version of every function; markers are `name:version`. */
async function listAll(
  state: LambdaState,
  call: Call,
  limit: number,
  marker: string | undefined,
): Promise<ListFunctionsResponse> {
  const shown: FunctionConfiguration[] = []
  const [markedFunction, markedVersion = LATEST] = marker?.split(':') ?? []
  let last = ''
  for await (const record of everyFunction(state.control.read, call)) {
    if (markedFunction !== undefined && record.name < markedFunction) continue
    const after = record.name === markedFunction ? markedVersion : undefined
    for await (const each of versionsFrom(state, call, record, after)) {
      if (shown.length === limit) return { Functions: shown, NextMarker: base64(utf8(last)) }
      shown.push(stateless(configurationOf(each, call, versionOf(each))))
      last = versionKey(record.name, versionOf(each))
    }
  }
  return { Functions: shown }
}

/** `$LATEST` and then the published ones by number, those that come after one of them. */
async function* versionsFrom(
  state: LambdaState,
  owner: Owner,
  record: FunctionRecord,
  after: string | undefined,
): AsyncGenerator<VersionRecord> {
  if (after === undefined) yield record
  const least = after === undefined || after === LATEST ? 0 : Number(after)
  for await (const version of everyVersion(state.control.read, owner, record.name))
    if (Number(version.version) > least) yield version
}

/** By number, `$LATEST` first. Source: Lambda API, ListVersionsByFunction. */
export const listVersionsByFunction: Operation<Lambda['ListVersionsByFunction'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  const { record } = await state.get(call, name)
  const limit = Math.min(PAGE_SIZE, input.MaxItems ?? PAGE_SIZE)
  const shown: FunctionConfiguration[] = []
  let last = ''
  for await (const each of versionsFrom(state, call, record, markedName(input.Marker))) {
    if (shown.length === limit) return { Versions: shown, NextMarker: base64(utf8(last)) }
    shown.push(stateless(configurationOf(each, call, versionOf(each))))
    last = versionOf(each)
  }
  return { Versions: shown }
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

/** What a marker of a list says. Fault: it is none. */
export function markedName(marker: string | undefined): string | undefined {
  if (marker === undefined || marker === '') return undefined
  const bytes = fromBase64(marker)
  const name = bytes === undefined ? undefined : strictText(bytes)
  if (name === undefined || name === '') throw invalidParameter('Invalid Marker')
  return name
}

/** With a number, that version only. Source: Lambda API, DeleteFunction; recorded AWS answers for the faults. */
export const deleteFunction: Operation<Lambda['DeleteFunction'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const { name, qualifier } = referenceTo(input.FunctionName, input.Qualifier, call)
  if (qualifier === LATEST) throw latestStays()
  if (qualifier === undefined) await state.delete(call, name)
  else if (isVersionNumber(qualifier)) await state.versions.delete(call, name, qualifier)
  else throw aliasStays()
  return { StatusCode: 204 }
}
