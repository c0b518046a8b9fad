/** Packages that no function, version or layer names, such as one that was written when the platform was killed: deleted at start. */
import { partsOf } from '#base/key.ts'
import { LAYER_VERSIONS } from '#services/lambda/layer-versions.ts'
import { FUNCTIONS, VERSIONS } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

const PAGE = 1_000
/** Beyond every key that is made of texts and numbers. */
const END = Uint8Array.of(0xff)

/** Resolves to how many were deleted. For the platform's start, before anything is created. */
export async function sweepLambda(state: LambdaState): Promise<number> {
  const named = await namedPackages(state)
  const { blobs, log } = state.ports
  let swept = 0
  for await (const id of blobs.ids()) {
    if (named.has(id)) continue
    await blobs.delete(id)
    swept++
  }
  if (swept > 0) log.info('lambda.packages.swept', { packages: swept })
  return swept
}

async function namedPackages(state: LambdaState): Promise<Set<string>> {
  const named = new Set<string>()
  let from: Uint8Array = new Uint8Array(0)
  for (;;) {
    const page = await state.control.read.range({ from, to: END, limit: PAGE })
    for (const [key, value] of page) {
      const kind = partsOf(key)[2]
      if (kind === FUNCTIONS.kind || kind === VERSIONS.kind) {
        const record = VERSIONS.decode(value)
        named.add(record.package.blobId)
        for (const layer of record.layers ?? []) if (layer.package) named.add(layer.package.blobId)
      } else if (kind === LAYER_VERSIONS.kind) {
        const layer = LAYER_VERSIONS.decode(value)
        if (!layer.deleted) named.add(layer.package.blobId)
      }
    }
    const last = page.at(-1)?.[0]
    if (page.length < PAGE || last === undefined) return named
    from = new Uint8Array([...last, 0])
  }
}
