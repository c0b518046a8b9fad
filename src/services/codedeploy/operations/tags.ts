/** Tags of applications and deployment groups, by ARN. */
import type { CodeDeploy } from '#model/codedeploy.ts'
import type { Operation } from '#ports/service.ts'
import type { Read, Tx } from '#ports/store.ts'
import { type Place, taggedOf } from '#services/codedeploy/names.ts'
import {
  applicationNamed,
  applications,
  groupNamed,
  ownerOf,
  putGroup,
} from '#services/codedeploy/records.ts'
import type { CodeDeployState } from '#services/codedeploy/state.ts'
import { shownTags, withTags } from '#services/codedeploy/tag-list.ts'

type Op<Name extends keyof CodeDeploy> = Operation<CodeDeploy[Name], CodeDeployState>
type Tags = Readonly<Record<string, string>>

async function tagsOf(read: Read, place: Place, arn: string): Promise<Tags> {
  const of = taggedOf(arn, place)
  return of.kind === 'application'
    ? (await applicationNamed(read, place, of.application)).tags
    : (await groupNamed(read, place, of.application, of.group)).tags
}

async function change(tx: Tx, place: Place, arn: string, next: (tags: Tags) => Tags): Promise<void> {
  const of = taggedOf(arn, place)
  if (of.kind === 'application') {
    const found = await applicationNamed(tx, place, of.application)
    applications.put(tx, ownerOf(place), [found.name], { ...found, tags: next(found.tags) })
    return
  }
  const found = await groupNamed(tx, place, of.application, of.group)
  putGroup(tx, ownerOf(place), { ...found, tags: next(found.tags) })
}

/** Source: CodeDeploy API, ListTagsForResource. */
export const listTagsForResource: Op<'ListTagsForResource'> = async ({ ResourceArn }, state, call) => ({
  Tags: shownTags(await tagsOf(state.store.read, call, ResourceArn)),
})

/** Source: CodeDeploy API, TagResource. */
export const tagResource: Op<'TagResource'> = async ({ ResourceArn, Tags }, state, call) => {
  await state.store.tx((tx) => change(tx, call, ResourceArn, (tags) => withTags(tags, Tags)))
  return {}
}

/** Source: CodeDeploy API, UntagResource. */
export const untagResource: Op<'UntagResource'> = async ({ ResourceArn, TagKeys }, state, call) => {
  await state.store.tx((tx) =>
    change(tx, call, ResourceArn, (tags) =>
      Object.fromEntries(Object.entries(tags).filter(([key]) => !TagKeys.includes(key))),
    ),
  )
  return {}
}
