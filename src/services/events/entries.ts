/** One entry of PutEvents: what it must have, how much it counts, and the event it becomes. Pure. */
import { Buffer } from 'node:buffer'
import { isRecord, type JsonObject, parseJson } from '#base/json.ts'
import type { PutEventsRequestEntry } from '#model/events.ts'
import { TIME_BYTES } from '#services/events/limits.ts'

/** Code and text of an entry's own failure. */
export interface Refused {
  readonly code: 'InvalidArgument' | 'MalformedDetail' | 'NotAuthorizedForSourceException'
  readonly message: string
}

export type CheckedEntry =
  | { readonly kind: 'refused'; readonly refused: Refused }
  | {
      readonly kind: 'good'
      readonly source: string
      readonly detailType: string
      readonly detail: string
      readonly value: JsonObject
    }

/** Source: EventBridge user guide, Calculating PutEvents event entry size. */
export function sizeOf(entry: PutEventsRequestEntry): number {
  const resources = entry.Resources ?? []
  return (
    (entry.Time === undefined ? 0 : TIME_BYTES) +
    Buffer.byteLength(entry.Source ?? '') +
    Buffer.byteLength(entry.DetailType ?? '') +
    Buffer.byteLength(entry.Detail ?? '') +
    resources.reduce((sum, each) => sum + Buffer.byteLength(each), 0)
  )
}

const missing = (name: string): CheckedEntry => ({
  kind: 'refused',
  refused: {
    code: 'InvalidArgument',
    message: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
  },
})

/** Source: recorded AWS answers of PutEvents. `isService`: only services may name sources that begin with `aws.`. */
export function checkedEntry(entry: PutEventsRequestEntry, isService: boolean): CheckedEntry {
  const { Source: source, DetailType: detailType, Detail: detail } = entry
  if (source === undefined || source === '') return missing('Source')
  if (detailType === undefined || detailType === '') return missing('DetailType')
  if (detail === undefined || detail === '') return missing('Detail')
  if (source.startsWith('aws.') && !isService)
    return {
      kind: 'refused',
      refused: { code: 'NotAuthorizedForSourceException', message: 'Not authorized for the source.' },
    }
  const value = parseJson(detail)
  if (!isJsonObject(value))
    return { kind: 'refused', refused: { code: 'MalformedDetail', message: 'Detail is malformed.' } }
  return { kind: 'good', source, detailType, detail, value }
}

/** What a JSON text gave. */
export const isJsonObject = (value: unknown): value is JsonObject => isRecord(value)
