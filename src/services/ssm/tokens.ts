/** Tokens of pages: where a listing goes on, as opaque text. */
import { base64, fromBase64, strictText, utf8 } from '#base/bytes.ts'
import { invalidNextToken } from '#services/ssm/faults.ts'

const MARK = 'ssm:'

export const tokenOf = (after: string | undefined): string | undefined =>
  after === undefined ? undefined : base64(utf8(MARK + after))

/** Fault InvalidNextToken for what no page gave. */
export function afterOf(token: string | undefined): string | undefined {
  if (token === undefined) return undefined
  const bytes = fromBase64(token)
  const text = bytes === undefined ? undefined : strictText(bytes)
  if (text === undefined || !text.startsWith(MARK)) throw invalidNextToken()
  return text.slice(MARK.length)
}
