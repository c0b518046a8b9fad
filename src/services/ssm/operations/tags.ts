/** Tags of parameters: AddTagsToResource, ListTagsForResource, RemoveTagsFromResource. Other resource types are not here. */
import type { Ssm } from '#model/ssm.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { Read } from '#ports/store.ts'
import { invalidResourceId, invalidResourceType, tooManyTags } from '#services/ssm/faults.ts'
import { TAGS_MAX } from '#services/ssm/limits.ts'
import { namedBy } from '#services/ssm/names.ts'
import {
  ownerOf,
  parameterAt,
  type ParameterRecord,
  parameters,
  type SsmState,
} from '#services/ssm/records.ts'
import { keyOf } from '#services/ssm/versions.ts'

interface Tagged {
  readonly ResourceType: string
  readonly ResourceId: string
}

const OTHER_TYPES = [
  'Document',
  'ManagedInstance',
  'MaintenanceWindow',
  'PatchBaseline',
  'OpsItem',
  'OpsMetadata',
  'Automation',
  'Association',
]

/** Faults InvalidResourceType, InvalidResourceId. Source: Systems Manager API, AddTagsToResource. */
async function tagged(read: Read, state: SsmState, call: Call, input: Tagged): Promise<ParameterRecord> {
  if (input.ResourceType !== 'Parameter') {
    throw OTHER_TYPES.includes(input.ResourceType) ? invalidResourceId() : invalidResourceType()
  }
  const named = namedBy(input.ResourceId, call)
  const found =
    named === undefined || named.selector !== undefined
      ? undefined
      : await parameterAt(read, call, named.key, state.clock.now())
  if (found === undefined || (named?.name !== undefined && named.name !== found.name))
    throw invalidResourceId()
  return found
}

export const addTagsToResource: Operation<Ssm['AddTagsToResource'], SsmState> = (input, state, call) =>
  state.store.tx(async (tx) => {
    const record = await tagged(tx, state, call, input)
    const tags = { ...record.tags, ...Object.fromEntries(input.Tags.map(({ Key, Value }) => [Key, Value])) }
    if (Object.keys(tags).length > TAGS_MAX) throw tooManyTags()
    parameters.put(tx, ownerOf(call), [keyOf(record)], { ...record, tags })
    return {}
  })

export const removeTagsFromResource: Operation<Ssm['RemoveTagsFromResource'], SsmState> = (
  input,
  state,
  call,
) =>
  state.store.tx(async (tx) => {
    const record = await tagged(tx, state, call, input)
    const tags = Object.fromEntries(
      Object.entries(record.tags).filter(([key]) => !input.TagKeys.includes(key)),
    )
    parameters.put(tx, ownerOf(call), [keyOf(record)], { ...record, tags })
    return {}
  })

export const listTagsForResource: Operation<Ssm['ListTagsForResource'], SsmState> = async (
  input,
  state,
  call,
) => {
  const { tags } = await tagged(state.store.read, state, call, input)
  return { TagList: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }
}
