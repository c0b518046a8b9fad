/** Tags as they are kept and as the API shows them. Pure. */
import type { Tag } from '#model/codedeploy.ts'
import { tooManyTags } from '#services/codedeploy/faults.ts'
import { TAGS_MAX } from '#services/codedeploy/limits.ts'

/** Fault InvalidTagsToAddException beyond 50. */
export function withTags(
  before: Readonly<Record<string, string>>,
  tags: readonly Tag[],
): Record<string, string> {
  const out: Record<string, string> = { ...before }
  for (const { Key, Value } of tags) if (Key !== undefined) out[Key] = Value ?? ''
  if (Object.keys(out).length > TAGS_MAX) throw tooManyTags(TAGS_MAX)
  return out
}

export const shownTags = (tags: Readonly<Record<string, string>>): Tag[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
