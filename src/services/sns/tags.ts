/** Tags of topics: the rules. Pure. Source: SNS API, TagResource; recorded AWS answers. */
import { invalid, tooManyTags } from '#services/sns/faults.ts'
import { TAGS_MAX } from '#services/sns/limits.ts'

export interface Tag {
  readonly Key: string
  readonly Value: string
}

export type Tags = Readonly<Record<string, string>>

/** The tags with these added. Faults InvalidParameter, TagLimitExceeded. */
export function checkedTags(tags: Tags, added: readonly Tag[]): Tags {
  if (new Set(added.map((tag) => tag.Key)).size < added.length)
    throw invalid('Duplicated keys are not allowed.')
  const all = { ...tags, ...Object.fromEntries(added.map(({ Key, Value }) => [Key, Value])) }
  if (Object.keys(all).length > TAGS_MAX) throw tooManyTags()
  return all
}

export function isSameTags(a: Tags, b: Tags): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => b[name] === a[name])
}
