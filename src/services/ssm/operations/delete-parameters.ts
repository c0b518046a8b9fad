/** DeleteParameter and DeleteParameters: the parameter with all its versions, labels and tags. */
import type { Ssm } from '#model/ssm.ts'
import type { Call, Operation } from '#ports/service.ts'
import { parameterNotFound, validation } from '#services/ssm/faults.ts'
import { billInteraction } from '#services/ssm/metering.ts'
import { keyOfName, NAME_REQUIREMENTS } from '#services/ssm/names.ts'
import { parameterAt, removeParameter, type SsmState } from '#services/ssm/records.ts'

/** False when there is none of that name. */
function remove(state: SsmState, call: Call, name: string): Promise<boolean> {
  return state.store.tx(async (tx) => {
    const key = keyOfName(name)
    const found = await parameterAt(tx, call, key, state.clock.now())
    if (found === undefined || found.name !== name) return false
    await removeParameter(tx, call, key)
    billInteraction(state.usage, call, name, found.current.tier)
    return true
  })
}

/** No selector, and no ARN. Source: Systems Manager API, DeleteParameter, Name. */
export const deleteParameter: Operation<Ssm['DeleteParameter'], SsmState> = async (input, state, call) => {
  if (!/^[a-zA-Z0-9_./-]+$/.test(input.Name)) throw validation(NAME_REQUIREMENTS)
  if (!(await remove(state, call, input.Name))) throw parameterNotFound(input.Name)
  return {}
}

/** Source: Systems Manager API, DeleteParameters. */
export const deleteParameters: Operation<Ssm['DeleteParameters'], SsmState> = async (input, state, call) => {
  const deleted: string[] = []
  const invalid: string[] = []
  for (const name of new Set(input.Names)) ((await remove(state, call, name)) ? deleted : invalid).push(name)
  return { DeletedParameters: deleted, InvalidParameters: invalid }
}
