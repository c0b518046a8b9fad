/**
 * Keys of an issuer and what they have signed. Only RSA signatures are known, as API Gateway knows them: a token that
 * names another algorithm (none, a shared secret, an elliptic curve) is refused before any key is looked at, so that
 * a public key can never be taken for a secret. Fetching and keeping key sets is the caller's.
 */
import { type Bytes, strictText } from '#base/bytes.ts'
import { isRecord, parseJson, stringAt, valueAt } from '#base/json.ts'
import type { Token } from '#engines/jwt/token.ts'
import { createPublicKey, type KeyObject, verify } from 'node:crypto'

/** Source: API Gateway developer guide, JWT authorizers: only RSA-based algorithms. RFC 7518, section 3.3. */
const DIGESTS = new Map([
  ['RS256', 'RSA-SHA256'],
  ['RS384', 'RSA-SHA384'],
  ['RS512', 'RSA-SHA512'],
])

export interface IssuerKey {
  readonly kid: string
  /** The only algorithm that the issuer uses it with, when it says so. */
  readonly algorithm: string | undefined
  readonly key: KeyObject
}

/** The address of the key set in an issuer's discovery document, or undefined. Source: OpenID Connect Discovery 1.0. */
export function keySetAddress(document: Bytes): string | undefined {
  return stringAt(parseJson(strictText(document) ?? ''), 'jwks_uri')
}

/**
 * RSA keys of a key set by id; others are left out, as are keys that are broken or not for signatures. Undefined when
 * the text is no key set. Source: RFC 7517, section 5.
 */
export function readKeySet(document: Bytes): ReadonlyMap<string, IssuerKey> | undefined {
  const listed = valueAt(parseJson(strictText(document) ?? ''), 'keys')
  if (!Array.isArray(listed)) return undefined
  const keys = new Map<string, IssuerKey>()
  for (const jwk of listed) {
    const kid = stringAt(jwk, 'kid')
    const key = rsaKey(jwk)
    if (kid !== undefined && key !== undefined) keys.set(kid, { kid, algorithm: stringAt(jwk, 'alg'), key })
  }
  return keys
}

function rsaKey(jwk: unknown): KeyObject | undefined {
  if (!isRecord(jwk) || stringAt(jwk, 'kty') !== 'RSA') return undefined
  const [use, n, e] = [stringAt(jwk, 'use'), stringAt(jwk, 'n'), stringAt(jwk, 'e')]
  if ((use !== undefined && use !== 'sig') || n === undefined || e === undefined) return undefined
  try {
    return createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** Why no token of that algorithm can be good; undefined for the algorithms that are known. Text inferred. */
export function algorithmProblem(token: Token): string | undefined {
  return DIGESTS.has(token.algorithm) ? undefined : `signing method ${token.algorithm} is invalid`
}

/** True when that key signed the token. */
export function isSignedBy(token: Token, { key, algorithm }: IssuerKey): boolean {
  const digest = DIGESTS.get(token.algorithm)
  if (digest === undefined || (algorithm !== undefined && algorithm !== token.algorithm)) return false
  return verify(digest, token.signed, key, token.signature)
}
