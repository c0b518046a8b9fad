/** Layers: publish, show, list and delete their versions. Who else may use one is `layer-permissions.ts`. */
import { base64, utf8 } from '#base/bytes.ts'
import { uuid } from '#base/ids.ts'
import { pageOf } from '#base/result.ts'
import type { GetLayerVersionResponse, Lambda, LayersListItem } from '#model/lambda.ts'
import type { Call, Operation } from '#ports/service.ts'
import { layerNotAllowed, noSuchPolicy } from '#services/lambda/faults.ts'
import {
  LAYER_VERSIONS,
  type LayerName,
  type LayerVersionRecord,
  everyLayerVersion,
  findLayerVersion,
  isCompatible,
  layerArn,
  layerNamed,
  layerVersionArn,
  layerVersionNamed,
  lastNumber,
  shownLayerVersion,
} from '#services/lambda/layer-versions.ts'
import { isShared } from '#services/lambda/layers.ts'
import { PAGE_SIZE } from '#services/lambda/limits.ts'
import type { Owner } from '#services/lambda/names.ts'
import { markedName } from '#services/lambda/operations/read-function.ts'
import { keepPackage, readPackage } from '#services/lambda/package-source.ts'
import { ownerParts } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

function shown(call: Call, owner: Owner, record: LayerVersionRecord): GetLayerVersionResponse {
  const { package: kept } = record
  return {
    Content: {
      Location: `${call.endpoint}/_windtunnel/code/${kept.blobId}`,
      CodeSha256: kept.code.sha256Base64,
      CodeSize: kept.code.packageBytes,
    },
    LayerArn: layerArn(owner, record.name),
    ...shownLayerVersion(owner, record),
  }
}

/** Source: Lambda API, PublishLayerVersion. */
export const publishLayerVersion: Operation<Lambda['PublishLayerVersion'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const { name } = layerNamed(input.LayerName, call)
  const kept = await keepPackage(await readPackage(input.Content, state.ports, call), state.ports)
  const record = await state.control.tx(async (tx) => {
    const last = await lastNumber(tx, call, name)
    const made: LayerVersionRecord = {
      name,
      version: last + 1,
      description: input.Description ?? '',
      package: kept,
      runtimes: input.CompatibleRuntimes,
      architectures: input.CompatibleArchitectures,
      license: input.LicenseInfo,
      createdAt: state.now(),
      policy: [],
      policyRevisionId: uuid(state.ports.random),
      deleted: false,
    }
    LAYER_VERSIONS.put(tx, ownerParts(call), [name, made.version], made)
    return made
  })
  return shown(call, call, record)
}

/** Source: Lambda API, GetLayerVersion. Faults: there is none, or it is another account's and not shared. */
export const getLayerVersion: Operation<Lambda['GetLayerVersion'], LambdaState> = async (
  input,
  state,
  call,
) => await read(state, call, layerNamed(input.LayerName, call), input.VersionNumber)

/** Source: Lambda API, GetLayerVersionByArn. */
export const getLayerVersionByArn: Operation<Lambda['GetLayerVersionByArn'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const named = layerVersionNamed(input.Arn)
  if (named === undefined) throw noSuchPolicy()
  return await read(state, call, named, named.version)
}

async function read(
  state: LambdaState,
  call: Call,
  layer: LayerName,
  version: number,
): Promise<GetLayerVersionResponse> {
  const found = await findLayerVersion(state.control.read, layer, version)
  const { owner, name } = layer
  // Another account's layer that is not there looks like one that is not shared.
  const isOwn = owner.account === call.account
  if (found === undefined && isOwn) throw noSuchPolicy()
  if (found === undefined || (!isOwn && !isShared(found, call)))
    throw layerNotAllowed(call.account, layerVersionArn(owner, name, version))
  return shown(call, owner, found)
}

/** By name, each with its latest version that fits. Source: Lambda API, ListLayers. */
export const listLayers: Operation<Lambda['ListLayers'], LambdaState> = async (input, state, call) => {
  const wanted = { runtime: input.CompatibleRuntime, architecture: input.CompatibleArchitecture }
  const latest = new Map<string, LayerVersionRecord>()
  for await (const record of everyLayerVersion(state.control.read, call))
    if (isCompatible(record, wanted)) latest.set(record.name, record)
  const limit = Math.min(PAGE_SIZE, input.MaxItems ?? PAGE_SIZE)
  const page = pageOf([...latest.values()], limit, markedName(input.Marker), ({ name }) => name)
  return {
    Layers: page.items.map((record): LayersListItem => ({
      LayerName: record.name,
      LayerArn: layerArn(call, record.name),
      LatestMatchingVersion: shownLayerVersion(call, record),
    })),
    ...(page.next === undefined ? {} : { NextMarker: base64(utf8(page.next)) }),
  }
}

/** Newest first; none for a layer that is not there. Source: Lambda API, ListLayerVersions. */
export const listLayerVersions: Operation<Lambda['ListLayerVersions'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const { owner, name } = layerNamed(input.LayerName, call)
  const wanted = { runtime: input.CompatibleRuntime, architecture: input.CompatibleArchitecture }
  const below = Number(markedName(input.Marker) ?? Number.POSITIVE_INFINITY)
  const found: LayerVersionRecord[] = []
  for await (const record of everyLayerVersion(state.control.read, owner, name))
    if (record.version < below && isCompatible(record, wanted)) found.push(record)
  const limit = Math.min(PAGE_SIZE, input.MaxItems ?? PAGE_SIZE)
  const page = found.reverse().slice(0, limit)
  const last = page.at(-1)
  return {
    LayerVersions: page.map((record) => shownLayerVersion(owner, record)),
    ...(found.length > limit && last !== undefined ? { NextMarker: base64(utf8(`${last.version}`)) } : {}),
  }
}

/** Functions that have it keep it. Harmless when there is none. Source: Lambda API, DeleteLayerVersion. */
export const deleteLayerVersion: Operation<Lambda['DeleteLayerVersion'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const { owner, name } = layerNamed(input.LayerName, call)
  await state.control.tx(async (tx) => {
    const found = await LAYER_VERSIONS.get(tx, ownerParts(owner), name, input.VersionNumber)
    if (found !== undefined)
      LAYER_VERSIONS.put(tx, ownerParts(owner), [name, found.version], { ...found, deleted: true })
  })
  return {}
}
