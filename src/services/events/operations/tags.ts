/** Tags of buses and rules. */
import type { Events } from '#model/events.ts'
import type { Operation } from '#ports/service.ts'
import { busRecord, changeBus, changeRule, ruleRecord } from '#services/events/change.ts'
import { invalidParameter } from '#services/events/faults.ts'
import { type BusName, busOfArn, type RuleName, ruleOfArn } from '#services/events/names.ts'
import { refuseManaged } from '#services/events/operations/rules.ts'
import type { Tags } from '#services/events/records.ts'
import type { EventsState } from '#services/events/state.ts'
import { tagList, withoutTags, withTags } from '#services/events/tags.ts'

type Tagged =
  | { readonly kind: 'bus'; readonly name: BusName }
  | { readonly kind: 'rule'; readonly name: RuleName }

/** Source: EventBridge API, TagResource: buses and rules. The text is inferred. */
function tagged(arn: string): Tagged {
  const rule = ruleOfArn(arn)
  if (rule !== undefined) return { kind: 'rule', name: rule }
  const bus = busOfArn(arn)
  if (bus !== undefined) return { kind: 'bus', name: bus }
  throw invalidParameter('ResourceARN', 'Provided Arn is not in correct format.')
}

async function retag(state: EventsState, arn: string, edit: (tags: Tags) => Tags): Promise<void> {
  const of = tagged(arn)
  if (of.kind === 'bus') {
    await changeBus(state, of.name, (record) => ({ ...record, tags: edit(record.tags) }))
    return
  }
  await changeRule(state, of.name, (record) => {
    refuseManaged(record)
    return { ...record, tags: edit(record.tags) }
  })
}

export const tagResource: Operation<Events['TagResource'], EventsState> = async (input, state) => {
  await retag(state, input.ResourceARN, (tags) => withTags(tags, input.Tags))
  return {}
}

export const untagResource: Operation<Events['UntagResource'], EventsState> = async (input, state) => {
  await retag(state, input.ResourceARN, (tags) => withoutTags(tags, input.TagKeys))
  return {}
}

export const listTagsForResource: Operation<Events['ListTagsForResource'], EventsState> = async (
  input,
  state,
) => {
  const of = tagged(input.ResourceARN)
  const { read } = state.control
  const record = of.kind === 'bus' ? await busRecord(state, read, of.name) : await ruleRecord(read, of.name)
  return { Tags: tagList(record.tags) }
}
