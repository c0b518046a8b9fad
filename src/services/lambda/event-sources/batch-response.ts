/** What a function's answer says of its batch when it reports failures itself. Pure. */
import { type Bytes, strictText } from '#base/bytes.ts'
import { isRecord, valueAt } from '#base/json.ts'

/** `all` failed, or those with these ids. */
export type FailedItems = 'all' | ReadonlySet<string>

const NONE: ReadonlySet<string> = new Set()

/**
 * Success: an empty or missing list, null, an empty answer. Everything has failed: an answer that is no JSON or no
 * object, a list that is none, an item without an `itemIdentifier` of this batch. That null is a success and an unknown
 * id a failure is AWS's; that answers of other JSON types fail is inferred.
 * Source: Lambda developer guide, Implementing partial batch responses; recorded AWS outcomes.
 */
export function failedItems(answer: Bytes, ids: ReadonlySet<string>): FailedItems {
  const parsed = parsedAnswer(answer)
  if (parsed === null) return NONE
  if (!isRecord(parsed)) return 'all'
  const list = valueAt(parsed, 'batchItemFailures')
  if (list === undefined || list === null) return NONE
  if (!Array.isArray(list)) return 'all'
  const failed = new Set<string>()
  for (const item of list) {
    const id = valueAt(item, 'itemIdentifier')
    if (typeof id !== 'string' || !ids.has(id)) return 'all'
    failed.add(id)
  }
  return failed
}

/** Null stands for an empty answer too, undefined for one that is no JSON. */
function parsedAnswer(answer: Bytes): unknown {
  if (answer.length === 0) return null
  const text = strictText(answer)
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}
