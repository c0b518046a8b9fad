/** Pages of the List operations: NextToken is the name of the last item, in base64. */
import { base64, fromBase64, strictText, utf8 } from '#base/bytes.ts'
import { pageOf } from '#base/result.ts'
import { invalidParameter } from '#services/events/faults.ts'
import { PAGE } from '#services/events/limits.ts'

export interface Paged<T> {
  readonly items: readonly T[]
  readonly NextToken?: string
}

/** Fault ValidationException: the token is none of ours. */
export function paged<T>(
  all: readonly T[],
  asked: { readonly Limit?: number | undefined; readonly NextToken?: string | undefined },
  nameOf: (item: T) => string,
): Paged<T> {
  const { items, next } = pageOf(all, asked.Limit ?? PAGE, placeOf(asked.NextToken), nameOf)
  return next === undefined ? { items } : { items, NextToken: base64(utf8(next)) }
}

function placeOf(token: string | undefined): string | undefined {
  if (token === undefined || token === '') return undefined
  const bytes = fromBase64(token)
  const place = bytes === undefined ? undefined : strictText(bytes)
  if (place === undefined || place === '') throw invalidParameter('NextToken', 'Invalid token.')
  return place
}
