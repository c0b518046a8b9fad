/**
 * One compact JSON Web Token taken apart. Nothing here is checked against a key or a clock: that is `keys.ts` and
 * `claims.ts`. Encrypted tokens are refused like any text that is no token.
 */
import { type Bytes, strictText, utf8 } from '#base/bytes.ts'
import { isRecord, parseJson, stringAt } from '#base/json.ts'
import { type Result, failed, ok } from '#base/result.ts'
import { Buffer } from 'node:buffer'

export type Claims = Readonly<Record<string, unknown>>

export interface Token {
  /** As the token's header says; never believed without a key of that kind. */
  readonly algorithm: string
  readonly kid: string | undefined
  readonly claims: Claims
  /** What the signature is over. */
  readonly signed: Bytes
  readonly signature: Bytes
}

/** Bytes of base64url without padding, or undefined for any other text. Source: RFC 7515, section 2. */
export function fromBase64url(text: string): Bytes | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined
  return new Uint8Array(Buffer.from(text, 'base64url'))
}

/**
 * The token, or what is wrong with it. The first text is API Gateway's own as clients have shown it, the others are
 * inferred from it.
 */
export function parseToken(text: string): Result<Token, string> {
  const parts = text.split('.')
  const [header = '', payload = '', tail = ''] = parts
  if (parts.length !== 3) return failed('token contains an invalid number of segments')
  const head = objectOf(header)
  const claims = objectOf(payload)
  const signature = fromBase64url(tail)
  if (head === undefined || claims === undefined || signature === undefined) {
    return failed('the token could not be decoded')
  }
  return ok({
    algorithm: stringAt(head, 'alg') ?? '',
    kid: stringAt(head, 'kid'),
    claims,
    signed: utf8(`${header}.${payload}`),
    signature,
  })
}

function objectOf(segment: string): Claims | undefined {
  const bytes = fromBase64url(segment)
  const json = bytes === undefined ? undefined : strictText(bytes)
  const parsed = json === undefined ? undefined : parseJson(json)
  return isRecord(parsed) ? parsed : undefined
}
