/**
 * Versions of layers as the store keeps them. One that is deleted stays as a mark, so that its number is not used again;
 * functions that have it keep a copy of what it was (`layers.ts`).
 */
import { parseArn, printArn } from '#base/arn.ts'
import { accountId, regionOf } from '#base/ids.ts'
import { keysBelow } from '#base/key.ts'
import { Records } from '#base/records.ts'
import { instant } from '#base/time.ts'
import type { LayerVersionsListItem } from '#model/lambda.ts'
import type { Read } from '#ports/store.ts'
import type { Owner } from '#services/lambda/names.ts'
import { type FunctionPackage, lastModified, ownerParts } from '#services/lambda/record.ts'

export interface LayerStatement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Principal: unknown
  readonly Action: string
  readonly Resource: string
  readonly Condition?: unknown
}

export interface LayerVersionRecord {
  readonly name: string
  readonly version: number
  readonly description: string
  readonly package: FunctionPackage
  readonly runtimes: readonly string[] | undefined
  readonly architectures: readonly string[] | undefined
  readonly license: string | undefined
  readonly createdAt: number
  readonly policy: readonly LayerStatement[]
  readonly policyRevisionId: string
  readonly deleted: boolean
}

/** By name and number. */
export const LAYER_VERSIONS = new Records<LayerVersionRecord>('lambda-layer-version')

export const layerArn = (owner: Owner, name: string): string =>
  printArn({ service: 'lambda', region: owner.region, account: owner.account, resource: `layer:${name}` })

export const layerVersionArn = (owner: Owner, name: string, version: number): string =>
  `${layerArn(owner, name)}:${version}`

export interface LayerName {
  readonly owner: Owner
  readonly name: string
}

/** The layer that a name or an ARN means, seen from the caller. */
export function layerNamed(spelled: string, caller: Owner): LayerName {
  const arn = parseArn(spelled)
  const name = /^layer:([\w-]+)$/.exec(arn?.resource ?? '')?.[1]
  const account = accountId(arn?.account ?? '')
  const region = regionOf(arn?.region ?? '')
  if (name === undefined || account === undefined || region === undefined)
    return { owner: caller, name: spelled }
  return { owner: { account, region }, name }
}

/** The version of a layer that an ARN means; undefined when it means none. */
export function layerVersionNamed(arn: string): (LayerName & { readonly version: number }) | undefined {
  const parts = parseArn(arn)
  const [, name, version] = /^layer:([\w-]+):(\d+)$/.exec(parts?.resource ?? '') ?? []
  const account = accountId(parts?.account ?? '')
  const region = regionOf(parts?.region ?? '')
  if (parts?.service !== 'lambda' || name === undefined || account === undefined || region === undefined)
    return undefined
  return { owner: { account, region }, name, version: Number(version) }
}

/** A version that is there and not deleted. */
export async function findLayerVersion(
  from: Read,
  { owner, name }: LayerName,
  version: number,
): Promise<LayerVersionRecord | undefined> {
  const found = await LAYER_VERSIONS.get(from, ownerParts(owner), name, version)
  return found?.deleted === false ? found : undefined
}

/** The highest number that a version of the layer ever had; 0 for none. */
export async function lastNumber(from: Read, owner: Owner, name: string): Promise<number> {
  const key = keysBelow(...ownerParts(owner), LAYER_VERSIONS.kind, name)
  const [last] = await from.range({ ...key, limit: 1, reverse: true })
  return last === undefined ? 0 : LAYER_VERSIONS.decode(last[1]).version
}

const SCAN = 1_000

/** Versions that are not deleted, by name and number: of one layer, or of all. */
export async function* everyLayerVersion(
  from: Read,
  owner: Owner,
  name?: string,
): AsyncGenerator<LayerVersionRecord> {
  const below = name === undefined ? [] : [name]
  let after: [string, number] | undefined
  for (;;) {
    const page = await LAYER_VERSIONS.list(from, ownerParts(owner), below, { limit: SCAN, after })
    for (const record of page) if (!record.deleted) yield record
    const last = page.at(-1)
    if (page.length < SCAN || last === undefined) return
    after = [last.name, last.version]
  }
}

/** As lists show it. */
export const shownLayerVersion = (owner: Owner, record: LayerVersionRecord): LayerVersionsListItem => ({
  LayerVersionArn: layerVersionArn(owner, record.name, record.version),
  Version: record.version,
  Description: record.description,
  CreatedDate: lastModified(instant(record.createdAt)),
  CompatibleRuntimes: record.runtimes,
  CompatibleArchitectures: record.architectures,
  LicenseInfo: record.license,
})

/** What a list asks for. A layer that names no runtimes or architectures fits none that is asked for. */
export const isCompatible = (
  { runtimes, architectures }: LayerVersionRecord,
  wanted: { readonly runtime: string | undefined; readonly architecture: string | undefined },
): boolean =>
  (wanted.runtime === undefined || runtimes?.includes(wanted.runtime) === true) &&
  (wanted.architecture === undefined || architectures?.includes(wanted.architecture) === true)
