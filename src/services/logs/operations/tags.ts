/** Tags of log groups, by name (the older operations) and by ARN. */
import { parseArn } from '#base/arn.ts'
import type { Logs } from '#model/logs.ts'
import type { Operation } from '#ports/service.ts'
import { groupNotFound, tooManyTags } from '#services/logs/faults.ts'
import { TAGS } from '#services/logs/limits.ts'
import { type Owner, groupOfIdentifier } from '#services/logs/names.ts'
import type { LogsState } from '#services/logs/state.ts'

function taggedGroup(arn: string): string {
  if (parseArn(arn)?.service !== 'logs') throw groupNotFound()
  return groupOfIdentifier(arn)
}

async function tag(
  state: LogsState,
  owner: Owner,
  group: string,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  await state.change(owner, group, (record) => {
    const all = { ...record.tags, ...tags }
    if (Object.keys(all).length > TAGS) throw tooManyTags()
    return { ...record, tags: all }
  })
}

async function untag(state: LogsState, owner: Owner, group: string, keys: readonly string[]): Promise<void> {
  await state.change(owner, group, (record) => ({
    ...record,
    tags: Object.fromEntries(Object.entries(record.tags).filter(([key]) => !keys.includes(key))),
  }))
}

/** Source: CloudWatch Logs API, TagLogGroup. */
export const tagLogGroup: Operation<Logs['TagLogGroup'], LogsState> = async (input, state, call) => {
  await tag(state, call, input.logGroupName, input.tags)
  return {}
}

/** Source: CloudWatch Logs API, UntagLogGroup. */
export const untagLogGroup: Operation<Logs['UntagLogGroup'], LogsState> = async (input, state, call) => {
  await untag(state, call, input.logGroupName, input.tags)
  return {}
}

/** Source: CloudWatch Logs API, ListTagsLogGroup. */
export const listTagsLogGroup: Operation<Logs['ListTagsLogGroup'], LogsState> = async (
  input,
  state,
  call,
) => ({
  tags: (await state.group(call, input.logGroupName)).tags,
})

/** Source: CloudWatch Logs API, TagResource. */
export const tagResource: Operation<Logs['TagResource'], LogsState> = async (input, state, call) => {
  await tag(state, call, taggedGroup(input.resourceArn), input.tags)
  return {}
}

/** Source: CloudWatch Logs API, UntagResource. */
export const untagResource: Operation<Logs['UntagResource'], LogsState> = async (input, state, call) => {
  await untag(state, call, taggedGroup(input.resourceArn), input.tagKeys)
  return {}
}

/** Source: CloudWatch Logs API, ListTagsForResource. */
export const listTagsForResource: Operation<Logs['ListTagsForResource'], LogsState> = async (
  input,
  state,
  call,
) => ({ tags: (await state.group(call, taggedGroup(input.resourceArn))).tags })
