/** Provisioned concurrency of versions and aliases: asked for, shown, taken back. */
import { base64, utf8 } from '#base/bytes.ts'
import { pageOf } from '#base/result.ts'
import { instant } from '#base/time.ts'
import type { GetProvisionedConcurrencyConfigResponse, Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import {
  aliasOfProvisioned,
  aliasNotFound,
  functionNotFound,
  noProvisioned,
  onlyPublished,
  provisionedAboveReserved,
  provisionedAboveUnreserved,
  provisionedBelowMinimum,
  provisionedHasRouting,
  unpublishedNotProvisioned,
  versionOfProvisioned,
} from '#services/lambda/faults.ts'
import { PAGE_SIZE, UNRESERVED_MIN } from '#services/lambda/limits.ts'
import {
  type FunctionReference,
  LATEST,
  type Owner,
  functionArn,
  isVersionNumber,
  referenceTo,
} from '#services/lambda/names.ts'
import { markedName } from '#services/lambda/operations/read-function.ts'
import { aliasOf, versionNamed } from '#services/lambda/qualifiers.ts'
import {
  type FunctionRecord,
  type ProvisionedWish,
  VERSIONS,
  everyFunction,
  lastModified,
  ownerParts,
  provisionedOf,
} from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

type Named = FunctionReference & { readonly qualifier: string }

/** Source: recorded AWS answers: `$LATEST` has none, and each operation says so in its own words. */
function named(
  input: { readonly FunctionName: string; readonly Qualifier: string },
  owner: Owner,
  latest: () => Error,
): Named {
  const { name, qualifier = LATEST } = referenceTo(input.FunctionName, input.Qualifier, owner)
  if (qualifier === LATEST) throw latest()
  return { name, qualifier }
}

/** The function's record. Faults: the version or the alias is not there. Source: recorded AWS answers. */
async function existing(
  state: LambdaState,
  owner: Owner,
  { name, qualifier }: Named,
): Promise<FunctionRecord> {
  const live = await state.find(owner, name)
  const arn = functionArn(owner, name, qualifier)
  if (!isVersionNumber(qualifier)) {
    if (live === undefined || aliasOf(live.record, qualifier) === undefined) throw aliasNotFound(arn)
    return live.record
  }
  if (live === undefined || (await state.versions.find(owner, name, qualifier)) === undefined)
    throw functionNotFound(arn)
  return live.record
}

function shown(
  state: LambdaState,
  owner: Owner,
  { name, qualifier }: Named,
  wish: ProvisionedWish,
): GetProvisionedConcurrencyConfigResponse {
  const view = state.provisioned.view(owner, name, qualifier)
  return {
    RequestedProvisionedConcurrentExecutions: wish.count,
    AvailableProvisionedConcurrentExecutions: view?.available ?? 0,
    AllocatedProvisionedConcurrentExecutions: view?.allocated ?? 0,
    Status: view?.status ?? 'IN_PROGRESS',
    StatusReason: view?.reason,
    LastModified: lastModified(instant(wish.lastModifiedAt)),
  }
}

/** A version has one of its own or by an alias, not both. Source: recorded AWS answers. */
export function checkOverlap(record: FunctionRecord, qualifier: string): void {
  const enabled = record.provisioned ?? {}
  if (isVersionNumber(qualifier)) {
    const byAlias = Object.keys(enabled).some((each) => aliasOf(record, each)?.version === qualifier)
    if (byAlias) throw versionOfProvisioned()
    return
  }
  const alias = aliasOf(record, qualifier)
  if (alias?.version === LATEST) throw unpublishedNotProvisioned()
  if (alias !== undefined && enabled[alias.version] !== undefined) throw aliasOfProvisioned()
}

/** It is taken from the function's reservation, or else from what all others share. Source: recorded AWS answers. */
async function checkRoom(
  state: LambdaState,
  owner: Owner,
  of: FunctionRecord,
  wish: Named & { count: number },
): Promise<void> {
  const own = provisionedOf(of) - (of.provisioned?.[wish.qualifier]?.count ?? 0)
  if (of.reserved !== undefined) {
    if (own + wish.count > of.reserved) throw provisionedAboveReserved()
    return
  }
  let taken = own
  for await (const other of everyFunction(state.control.read, owner))
    if (other.reserved !== undefined) taken += other.reserved
    else if (other.name !== of.name) taken += provisionedOf(other)
  const left = state.ports.settings.accountConcurrency - taken
  if (wish.count > left) throw provisionedAboveUnreserved(left)
  if (wish.count > left - UNRESERVED_MIN) throw provisionedBelowMinimum(UNRESERVED_MIN)
}

/** Source: Lambda API, PutProvisionedConcurrencyConfig; recorded AWS answers. */
export const putProvisionedConcurrencyConfig: Operation<
  Lambda['PutProvisionedConcurrencyConfig'],
  LambdaState
> = async (input, state, call) => {
  const reference = named(input, call, unpublishedNotProvisioned)
  const { name, qualifier } = reference
  const count = input.ProvisionedConcurrentExecutions
  const of = await existing(state, call, reference)
  checkOverlap(of, qualifier)
  if (aliasOf(of, qualifier)?.second !== undefined) throw provisionedHasRouting()
  await checkRoom(state, call, of, { ...reference, count })
  await state.reservations(call)
  const wish = { count, lastModifiedAt: state.now() }
  const record = await state.change(call, name, async (before, tx) => {
    checkOverlap(before, qualifier)
    const version = versionNamed(before, qualifier)
    if ((await VERSIONS.get(tx, ownerParts(call), name, Number(version))) === undefined)
      throw functionNotFound(functionArn(call, name, qualifier))
    return { ...before, provisioned: { ...before.provisioned, [qualifier]: wish } }
  })
  state.provisioned.apply(call, record, qualifier)
  const { StatusReason: _none, ...answer } = shown(state, call, reference, wish)
  return { ...answer, Status: 'IN_PROGRESS' }
}

/** Source: Lambda API, GetProvisionedConcurrencyConfig; recorded AWS answers. */
export const getProvisionedConcurrencyConfig: Operation<
  Lambda['GetProvisionedConcurrencyConfig'],
  LambdaState
> = async (input, state, call) => {
  const reference = named(input, call, onlyPublished)
  const record = await existing(state, call, reference)
  const wish = record.provisioned?.[reference.qualifier]
  if (wish === undefined) throw noProvisioned()
  return shown(state, call, reference, wish)
}

/** Harmless when there is none. Source: Lambda API, DeleteProvisionedConcurrencyConfig; recorded AWS answers. */
export const deleteProvisionedConcurrencyConfig: Operation<
  Lambda['DeleteProvisionedConcurrencyConfig'],
  LambdaState
> = async (input, state, call) => {
  const reference = named(input, call, onlyPublished)
  const { name, qualifier } = reference
  await existing(state, call, reference)
  const record = await state.change(call, name, (before) => {
    const { [qualifier]: _gone, ...provisioned } = before.provisioned ?? {}
    return { ...before, provisioned }
  })
  state.provisioned.apply(call, record, qualifier)
  return {}
}

/** By qualifier. Source: Lambda API, ListProvisionedConcurrencyConfigs. */
export const listProvisionedConcurrencyConfigs: Operation<
  Lambda['ListProvisionedConcurrencyConfigs'],
  LambdaState
> = async (input, state, call) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  const { record } = await state.get(call, name)
  const all = Object.entries(record.provisioned ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const limit = Math.min(PAGE_SIZE, input.MaxItems ?? PAGE_SIZE)
  const page = pageOf(all, limit, markedName(input.Marker), ([qualifier]) => qualifier)
  return {
    ProvisionedConcurrencyConfigs: page.items.map(([qualifier, wish]) => ({
      FunctionArn: functionArn(call, name, qualifier),
      ...shown(state, call, { name, qualifier }, wish),
    })),
    ...(page.next === undefined ? {} : { NextMarker: base64(utf8(page.next)) }),
  }
}
