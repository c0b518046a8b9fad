/** Pages of lists of names: tokens say, as opaque text, after which name a listing goes on. Pure. */
import { base64, fromBase64, strictText, utf8 } from '#base/bytes.ts'
import { batchTooLarge, invalidNextToken } from '#services/codedeploy/faults.ts'
import { PAGE } from '#services/codedeploy/limits.ts'

const MARK = 'codedeploy:'

export interface NamesPage {
  readonly names: readonly string[]
  readonly nextToken?: string
}

/** Fault InvalidNextTokenException for what no page gave, or when the name it stands at is gone. */
export function namesPage(all: readonly string[], token: string | undefined): NamesPage {
  let from = 0
  if (token !== undefined) {
    const bytes = fromBase64(token)
    const marked = bytes === undefined ? undefined : strictText(bytes)
    const at = marked?.startsWith(MARK) === true ? all.indexOf(marked.slice(MARK.length)) : -1
    if (at === -1) throw invalidNextToken()
    from = at + 1
  }
  const names = all.slice(from, from + PAGE)
  const last = names.at(-1)
  return from + PAGE < all.length && last !== undefined
    ? { names, nextToken: base64(utf8(MARK + last)) }
    : { names }
}

/** Fault BatchLimitExceededException. */
export function checkBatch(names: readonly string[], max: number): void {
  if (names.length > max) throw batchTooLarge(max)
}
