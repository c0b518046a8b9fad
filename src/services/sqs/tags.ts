/** Tags of queues. Source: SQS developer guide, Amazon SQS cost allocation tags; texts inferred. */
import type { Fault } from '#base/fault.ts'
import { invalidParameter } from '#services/sqs/faults.ts'
import { TAG_KEY_MAX, TAG_VALUE_MAX, TAGS_MAX } from '#services/sqs/limits.ts'

export const wrongTagKey = (): Fault =>
  invalidParameter(`Tag keys must be between 1 and ${TAG_KEY_MAX} characters in length.`)

type Tags = Readonly<Record<string, string>>

/** What is there after setting these; throws when one may not be or there are too many. */
export function checkTags(queue: string, before: Tags, given: Tags): Tags {
  for (const [key, value] of Object.entries(given)) {
    if (key === '' || key.length > TAG_KEY_MAX) throw wrongTagKey()
    if (typeof value !== 'string' || value.length > TAG_VALUE_MAX)
      throw invalidParameter(`Tag values must be between 0 and ${TAG_VALUE_MAX} characters in length.`)
  }
  const after = { ...before, ...given }
  if (Object.keys(after).length > TAGS_MAX) throw invalidParameter(`Too many tags added for queue ${queue}.`)
  return after
}
