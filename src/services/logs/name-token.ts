/** Page tokens of lists by name: the last name of the page before, encoded so that nobody builds one by hand. */
import { base64, fromBase64, strictText, utf8 } from '#base/bytes.ts'
import { invalidToken } from '#services/logs/faults.ts'

export const nameToken = (name: string): string => base64(utf8(`n/${name}`))

/** Fault: the token is none of ours. */
export function namedToken(token: string | undefined): string | undefined {
  if (token === undefined) return undefined
  const bytes = fromBase64(token)
  const text = bytes === undefined ? undefined : strictText(bytes)
  if (text?.startsWith('n/') !== true) throw invalidToken()
  return text.slice(2)
}
