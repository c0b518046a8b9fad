/**
 * Layers of other accounts, which templates of others name and nobody has here: they are kept and shown, nothing of them is
 * in `/opt`, and log and notices say so. Layers of one's own account are not published yet, so none of them exists.
 */
import { parseArn } from '#base/arn.ts'
import { invalidParameter } from '#services/lambda/faults.ts'
import type { Owner } from '#services/lambda/names.ts'
import type { FunctionSettings } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

/** Source: Lambda quotas, Function layers; the text of the refusal is inferred. */
const LAYERS = 5

/** `layer:NAME:VERSION` of an account. */
const RESOURCE = /^layer:[\w-]+:\d+$/

/**
 * Refuses layers that cannot exist. AWS also refuses those of other accounts that are not shared with the caller; which
 * are is not known here, so all are taken.
 */
export function checkLayers(layers: readonly string[] | undefined, { account }: Owner): void {
  if (layers === undefined) return
  if (layers.length > LAYERS) throw invalidParameter(`Cannot reference more than ${LAYERS} layers.`)
  for (const layer of layers) {
    const arn = parseArn(layer)
    const isForeign = arn !== undefined && /^\d{12}$/.test(arn.account) && arn.account !== account
    if (!isForeign || arn.service !== 'lambda' || !RESOURCE.test(arn.resource))
      throw invalidParameter(`Layer version ${layer} does not exist.`)
  }
}

/** Says for each layer of a function that it runs without it. */
export function tellAbsentLayers(name: string, { layers }: FunctionSettings, state: LambdaState): void {
  for (const layer of layers ?? []) {
    state.ports.log.warn('lambda.layer.absent', { function: name, layer })
    state.notices.add(`The layer ${layer} of another account is not here: ${name} runs without it.`)
  }
}
