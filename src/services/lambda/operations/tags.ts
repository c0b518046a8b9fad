/** Tags of functions and event source mappings; the other taggable resources come with their own operations. */
import { parseArn } from '#base/arn.ts'
import type { Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import { noTags, optionNotWritten, tagsOnFunctionsOnly, tooManyTags } from '#services/lambda/faults.ts'
import { TAGS } from '#services/lambda/limits.ts'
import { type Owner, referenceTo } from '#services/lambda/names.ts'
import {
  changeMappingTags,
  mappingOfArn,
  mappingTags,
} from '#services/lambda/operations/event-source-mapping-tags.ts'
import type { LambdaState } from '#services/lambda/state.ts'

function taggedFunction(arn: string, owner: Owner): string {
  const resource = parseArn(arn)?.resource ?? ''
  if (!resource.startsWith('function:')) throw optionNotWritten(`Tagging of ${arn}`)
  const { name, qualifier } = referenceTo(arn, undefined, owner)
  if (qualifier !== undefined) throw tagsOnFunctionsOnly()
  return name
}

/** Source: Lambda API, TagResource; recorded AWS answers. */
export const tagResource: Operation<Lambda['TagResource'], LambdaState> = async (input, state, call) => {
  if (Object.keys(input.Tags).length === 0) throw noTags()
  const mapping = mappingOfArn(input.Resource, call)
  if (mapping !== undefined) {
    await changeMappingTags(state, call, mapping, (tags) => ({ ...tags, ...input.Tags }))
    return {}
  }
  const name = taggedFunction(input.Resource, call)
  await state.change(call, name, (record) => {
    const tags = { ...record.tags, ...input.Tags }
    if (Object.keys(tags).length > TAGS) throw tooManyTags()
    return { ...record, tags, ...state.marks(), lastModifiedAt: record.lastModifiedAt }
  })
  return {}
}

/** Source: Lambda API, UntagResource: keys that are not there do no harm. */
export const untagResource: Operation<Lambda['UntagResource'], LambdaState> = async (input, state, call) => {
  const left = (tags: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(tags).filter(([key]) => !input.TagKeys.includes(key)))
  const mapping = mappingOfArn(input.Resource, call)
  if (mapping !== undefined) {
    await changeMappingTags(state, call, mapping, left)
    return {}
  }
  const name = taggedFunction(input.Resource, call)
  await state.change(call, name, (record) => ({
    ...record,
    tags: left(record.tags),
    ...state.marks(),
    lastModifiedAt: record.lastModifiedAt,
  }))
  return {}
}

/** Source: Lambda API, ListTags. */
export const listTags: Operation<Lambda['ListTags'], LambdaState> = async (input, state, call) => {
  const mapping = mappingOfArn(input.Resource, call)
  if (mapping !== undefined) return { Tags: await mappingTags(state, call, mapping) }
  const { record } = await state.get(call, taggedFunction(input.Resource, call))
  return { Tags: record.tags }
}
