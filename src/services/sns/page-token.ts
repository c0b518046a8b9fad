/** NextToken of the List operations: the name of the last item, in base64. */
import { fromBase64, base64, strictText, utf8 } from '#base/bytes.ts'
import { parseJson } from '#base/json.ts'
import { invalid } from '#services/sns/faults.ts'

export const pageToken = (place: readonly string[]): string => base64(utf8(JSON.stringify(place)))

/** Where to go on, or undefined at the beginning. Fault InvalidParameter: the token is none of ours. */
export function tokenPlace(token: string | undefined, parts: number): string[] | undefined {
  if (token === undefined || token === '') return undefined
  const bytes = fromBase64(token)
  const place = bytes === undefined ? undefined : parseJson(strictText(bytes) ?? '')
  if (!Array.isArray(place) || place.length !== parts) throw invalid('NextToken')
  return place.map(String)
}
