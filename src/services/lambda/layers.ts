/**
 * The layers that a function names, as they are when it names them: up to five, later ones over earlier ones in `/opt`. A
 * version that is deleted afterwards stays with the functions that have it. Layers of accounts that nobody has here are
 * kept and shown, nothing of them is in `/opt`, and log and notices say so.
 */
import type { Read } from '#ports/store.ts'
import {
  codeWithLayersTooLarge,
  layerNotAllowed,
  layerTwice,
  noLayerVersion,
  tooManyLayers,
} from '#services/lambda/faults.ts'
import {
  LAYER_VERSIONS,
  type LayerVersionRecord,
  layerVersionNamed,
} from '#services/lambda/layer-versions.ts'
import { LAYERS, UNZIPPED_BYTES } from '#services/lambda/limits.ts'
import type { Owner } from '#services/lambda/names.ts'
import { type LayerUse, type VersionRecord, ownerParts } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'
import type { StagedCode } from '#ports/sandboxes.ts'

/**
 * Looks up what the function is to have. Faults: too many, no such version, two versions of one layer, not shared with
 * the caller. Source: recorded AWS answers; Lambda quotas, Function layers.
 */
export async function resolvedLayers(
  from: Read,
  caller: Owner,
  arns: readonly string[],
): Promise<LayerUse[]> {
  if (arns.length > LAYERS) throw tooManyLayers(LAYERS)
  const seen = new Map<string, string>()
  const uses: LayerUse[] = []
  for (const arn of arns) {
    const named = layerVersionNamed(arn)
    if (named === undefined || named.owner.region !== caller.region) throw noLayerVersion(arn)
    const layer = `${named.owner.account}:${named.name}`
    const other = seen.get(layer)
    if (other !== undefined) throw layerTwice(arn, other)
    seen.set(layer, arn)
    const { owner, name, version } = named
    const found = await LAYER_VERSIONS.get(from, ownerParts(owner), name, version)
    if (found === undefined || found.deleted) {
      // Whether another account has such a layer on AWS is not known here.
      if (owner.account === caller.account || found !== undefined) throw noLayerVersion(arn)
      uses.push({ arn, package: undefined })
      continue
    }
    if (owner.account !== caller.account && !isShared(found, caller))
      throw layerNotAllowed(caller.account, arn)
    uses.push({ arn, package: found.package })
  }
  return uses
}

/** With everyone, or with the caller's account. Organisations are not known here: they count as everyone. */
export const isShared = ({ policy }: LayerVersionRecord, { account }: Owner): boolean =>
  policy.some(
    ({ Principal: principal }) => principal === '*' || JSON.stringify(principal).includes(`:${account}:`),
  )

/** Function and layers together. Source: AWS answers that public issue threads quote. */
export function checkUnzipped(code: StagedCode, layers: readonly LayerUse[]): void {
  const total = layers.reduce(
    (sum, layer) => sum + (layer.package?.code.unzippedBytes ?? 0),
    code.unzippedBytes,
  )
  if (layers.length > 0 && total > UNZIPPED_BYTES) throw codeWithLayersTooLarge(UNZIPPED_BYTES, total)
}

/** What is in `/opt`, in its order. */
export const layerCode = ({ layers = [] }: VersionRecord): StagedCode[] =>
  layers.flatMap((layer) => (layer.package === undefined ? [] : [layer.package.code]))

/** Says for each layer of a function that it runs without it. */
export function tellAbsentLayers({ name, layers = [] }: VersionRecord, state: LambdaState): void {
  for (const { arn, package: found } of layers) {
    if (found !== undefined) continue
    state.ports.log.warn('lambda.layer.absent', { function: name, layer: arn })
    state.notices.add(`The layer ${arn} of another account is not here: ${name} runs without it.`)
  }
}
