/** Aliases: names for a version, or for two with the share of invokes that the second gets. */
import { present } from '#base/assert.ts'
import { base64, utf8 } from '#base/bytes.ts'
import { uuid } from '#base/ids.ts'
import { pageOf } from '#base/result.ts'
import type { AliasConfiguration, AliasRoutingConfiguration, Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import type { Tx } from '#ports/store.ts'
import {
  aliasExists,
  aliasNotFound,
  functionNotFound,
  latestHasNoRouting,
  routedTwice,
  tooManyRoutes,
  weightInvalid,
  wrongRevision,
} from '#services/lambda/faults.ts'
import { PAGE_SIZE } from '#services/lambda/limits.ts'
import { LATEST, type Owner, functionArn, isVersionNumber, referenceTo } from '#services/lambda/names.ts'
import { checkOverlap } from '#services/lambda/operations/provisioned-concurrency.ts'
import { markedName } from '#services/lambda/operations/read-function.ts'
import { aliasOf } from '#services/lambda/qualifiers.ts'
import {
  type AliasRecord,
  type FunctionRecord,
  VERSIONS,
  ownerParts,
  withoutQualifier,
} from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

function shown(owner: Owner, functionName: string, name: string, alias: AliasRecord): AliasConfiguration {
  const { version, description, second, revisionId } = alias
  return {
    AliasArn: functionArn(owner, functionName, name),
    Name: name,
    FunctionVersion: version,
    Description: description,
    ...(second === undefined
      ? {}
      : { RoutingConfig: { AdditionalVersionWeights: { [second.version]: second.weight } } }),
    RevisionId: revisionId,
  }
}

interface Target {
  readonly owner: Owner
  readonly name: string
}

/** Fault: no such version. Source: recorded AWS answers. */
async function checkVersion(tx: Tx, { owner, name }: Target, version: string): Promise<void> {
  if (version === LATEST) return
  const found = isVersionNumber(version)
    ? await VERSIONS.get(tx, ownerParts(owner), name, Number(version))
    : undefined
  if (found?.version !== version) throw functionNotFound(functionArn(owner, name, version))
}

/** The second version that the input asks for; `before` stays when it does not speak of it. Source: recorded AWS answers. */
async function secondOf(
  routing: AliasRoutingConfiguration | undefined,
  before: AliasRecord['second'],
  first: string,
  within: { readonly tx: Tx; readonly target: Target },
): Promise<AliasRecord['second']> {
  if (routing === undefined) {
    if (before?.version === first) throw routedTwice(first)
    return before
  }
  const weights = Object.entries(routing.AdditionalVersionWeights ?? {})
  if (weights.length > 1) throw tooManyRoutes()
  const [only] = weights
  if (only === undefined) return undefined
  const [version, weight] = only
  if (weight < 0 || weight > 1) throw weightInvalid(version, weight)
  if (version === first) throw routedTwice(version)
  if (first === LATEST || version === LATEST) throw latestHasNoRouting()
  await checkVersion(within.tx, within.target, version)
  return { version, weight }
}

const withAlias = (record: FunctionRecord, name: string, alias: AliasRecord): FunctionRecord => ({
  ...record,
  aliases: { ...record.aliases, [name]: alias },
})

/** Source: Lambda API, CreateAlias; recorded AWS answers. Faults: exists, no such version, invalid routing. */
export const createAlias: Operation<Lambda['CreateAlias'], LambdaState> = async (input, state, call) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  const record = await state.change(call, name, async (of, tx) => {
    const target = { owner: call, name }
    await checkVersion(tx, target, input.FunctionVersion)
    if (aliasOf(of, input.Name) !== undefined) throw aliasExists(functionArn(call, name, input.Name))
    const second = await secondOf(input.RoutingConfig, undefined, input.FunctionVersion, { tx, target })
    return withAlias(of, input.Name, {
      version: input.FunctionVersion,
      description: input.Description ?? '',
      second,
      revisionId: uuid(state.ports.random),
    })
  })
  return shown(call, name, input.Name, present(aliasOf(record, input.Name), 'it has just been made'))
}

/** What the input leaves out stays. Source: Lambda API, UpdateAlias; recorded AWS answers. */
export const updateAlias: Operation<Lambda['UpdateAlias'], LambdaState> = async (input, state, call) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  let moved = false
  const record = await state.change(call, name, async (of, tx) => {
    const before = aliasOf(of, input.Name)
    if (before === undefined) throw aliasNotFound(functionArn(call, name, input.Name))
    if (input.RevisionId !== undefined && input.RevisionId !== before.revisionId)
      throw wrongRevision('GetFunction/GetAlias')
    const target = { owner: call, name }
    const version = input.FunctionVersion ?? before.version
    await checkVersion(tx, target, version)
    moved = version !== before.version
    const next = withAlias(of, input.Name, {
      version,
      description: input.Description ?? before.description,
      second: await secondOf(input.RoutingConfig, before.second, version, { tx, target }),
      revisionId: uuid(state.ports.random),
    })
    if (of.provisioned?.[input.Name] !== undefined) checkOverlap(next, input.Name)
    return next
  })
  if (moved) state.provisioned.apply(call, record, input.Name)
  return shown(call, name, input.Name, present(aliasOf(record, input.Name), 'it has just been changed'))
}

/** Source: Lambda API, GetAlias; recorded AWS answers. */
export const getAlias: Operation<Lambda['GetAlias'], LambdaState> = async (input, state, call) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  const live = await state.find(call, name)
  const alias = live === undefined ? undefined : aliasOf(live.record, input.Name)
  if (alias === undefined) throw aliasNotFound(functionArn(call, name, input.Name))
  return shown(call, name, input.Name, alias)
}

/** By name. Source: Lambda API, ListAliases. */
export const listAliases: Operation<Lambda['ListAliases'], LambdaState> = async (input, state, call) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  const { record } = await state.get(call, name)
  const all = Object.entries(record.aliases ?? {})
    .filter(
      ([, { version, second }]) =>
        input.FunctionVersion === undefined ||
        version === input.FunctionVersion ||
        second?.version === input.FunctionVersion,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const limit = Math.min(PAGE_SIZE, input.MaxItems ?? PAGE_SIZE)
  const page = pageOf(all, limit, markedName(input.Marker), ([alias]) => alias)
  return {
    Aliases: page.items.map(([alias, of]) => shown(call, name, alias, of)),
    ...(page.next === undefined ? {} : { NextMarker: base64(utf8(page.next)) }),
  }
}

/** Harmless when there is none; what belongs to the alias goes with it. Source: Lambda API, DeleteAlias; recorded AWS answers. */
export const deleteAlias: Operation<Lambda['DeleteAlias'], LambdaState> = async (input, state, call) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  await state.change(call, name, (record) => {
    const { [input.Name]: _gone, ...aliases } = record.aliases ?? {}
    return { ...withoutQualifier(record, input.Name), aliases }
  })
  state.provisioned.forget(call, name, input.Name)
  return {}
}
