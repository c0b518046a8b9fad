/** Tags of buses and rules: the rules. Pure. Source: EventBridge API, TagResource. */
import { limitExceeded } from '#services/events/faults.ts'
import { TAGS_MAX } from '#services/events/limits.ts'
import type { Tags } from '#services/events/records.ts'

export interface Tag {
  readonly Key: string
  readonly Value: string
}

/** The tags with these added. Fault LimitExceeded. */
export function withTags(tags: Tags, added: readonly Tag[]): Tags {
  const all = { ...tags, ...Object.fromEntries(added.map(({ Key, Value }) => [Key, Value])) }
  if (Object.keys(all).length > TAGS_MAX) throw limitExceeded()
  return all
}

export function withoutTags(tags: Tags, keys: readonly string[]): Tags {
  const gone = new Set(keys)
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key)))
}

export const tagList = (tags: Tags): Tag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
