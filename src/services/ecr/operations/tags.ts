/** Tags of repositories. */
import type { Ecr } from '#model/ecr.ts'
import type { Operation } from '#ports/service.ts'
import { tooManyTags } from '#services/ecr/faults.ts'
import { TAGS_MAX } from '#services/ecr/limits.ts'
import { changeRepository, type EcrState, nameInArn, repositoryOf } from '#services/ecr/repositories.ts'

export const tagResource: Operation<Ecr['TagResource'], EcrState> = async (input, state, call) => {
  const aimed = { repositoryName: nameInArn(input.resourceArn, call) }
  await changeRepository(state, call, aimed, (before) => {
    const tags = { ...before.tags, ...Object.fromEntries(input.tags.map(({ Key, Value }) => [Key, Value])) }
    if (Object.keys(tags).length > TAGS_MAX) throw tooManyTags()
    return { ...before, tags }
  })
  return {}
}

export const untagResource: Operation<Ecr['UntagResource'], EcrState> = async (input, state, call) => {
  const aimed = { repositoryName: nameInArn(input.resourceArn, call) }
  await changeRepository(state, call, aimed, (before) => ({
    ...before,
    tags: Object.fromEntries(Object.entries(before.tags).filter(([key]) => !input.tagKeys.includes(key))),
  }))
  return {}
}

export const listTagsForResource: Operation<Ecr['ListTagsForResource'], EcrState> = async (
  input,
  state,
  call,
) => {
  const aimed = { repositoryName: nameInArn(input.resourceArn, call) }
  const { tags } = await repositoryOf(state.store.read, call, aimed)
  return { tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }
}
