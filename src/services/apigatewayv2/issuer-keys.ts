/**
 * Keys of token issuers, found as OpenID Connect says and kept for two hours of the platform's clock. Requests for one
 * issuer that come while its keys are on the way wait for the same answer, so that an issuer that hangs is asked once
 * at a time. An issuer on this machine may speak plain HTTP; AWS asks for HTTPS.
 */
import { type Result, failed, ok } from '#base/result.ts'
import type { Instant } from '#base/time.ts'
import { type IssuerKey, keySetAddress, readKeySet } from '#engines/jwt/keys.ts'
import type { Clock } from '#ports/clock.ts'
import type { Outbound } from '#ports/outbound.ts'
import {
  ISSUERS_MAX,
  ISSUER_ANSWER_MAX_BYTES,
  ISSUER_KEYS_AGE,
  ISSUER_KEYS_RETRY,
  ISSUER_TIMEOUT,
} from '#services/apigatewayv2/limits.ts'

interface Kept {
  readonly keys: ReadonlyMap<string, IssuerKey>
  readonly at: Instant
}
type Fetched = Result<ReadonlyMap<string, IssuerKey>, string>

/** As clients of API Gateway have seen them in `error_description`. */
const NO_DISCOVERY = 'OIDC discovery endpoint communication error'
const NO_KEYS = 'JWKS communication error'

export class IssuerKeys {
  readonly #ports: { readonly clock: Clock; readonly outbound: Outbound }
  readonly #kept = new Map<string, Kept>()
  readonly #coming = new Map<string, Promise<Fetched>>()

  constructor(ports: { readonly clock: Clock; readonly outbound: Outbound }) {
    this.#ports = ports
  }

  /** The issuer's key with that id, or why there is none; texts beside the discovery error are inferred. */
  async find(issuer: string, kid: string): Promise<Result<IssuerKey, string>> {
    const kept = this.#kept.get(issuer)
    const ageMs = kept === undefined ? Infinity : this.#ports.clock.now() - kept.at
    const known = kept?.keys.get(kid)
    if (known !== undefined && ageMs < ISSUER_KEYS_AGE) return ok(known)
    if (ageMs < ISSUER_KEYS_RETRY) return failed('kid is not known to the issuer')
    const fetched = await this.#fetched(issuer)
    if (!fetched.ok) return fetched
    const found = fetched.value.get(kid)
    return found === undefined ? failed('kid is not known to the issuer') : ok(found)
  }

  clear(): void {
    this.#kept.clear()
  }

  #fetched(issuer: string): Promise<Fetched> {
    const coming = this.#coming.get(issuer)
    if (coming !== undefined) return coming
    const fetching = this.#fetch(issuer).finally(() => this.#coming.delete(issuer))
    this.#coming.set(issuer, fetching)
    return fetching
  }

  async #fetch(issuer: string): Promise<Fetched> {
    const discovery = await this.#get(`${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`)
    const address = discovery === undefined ? undefined : keySetAddress(discovery)
    if (address === undefined) return failed(NO_DISCOVERY)
    const document = await this.#get(address)
    const keys = document === undefined ? undefined : readKeySet(document)
    if (keys === undefined) return failed(NO_KEYS)
    if (this.#kept.size >= ISSUERS_MAX) this.#kept.clear()
    this.#kept.set(issuer, { keys, at: this.#ports.clock.now() })
    return ok(keys)
  }

  /** The document, or undefined when there is none in time or it is too large. */
  async #get(url: string): Promise<Uint8Array | undefined> {
    const outcome = await this.#ports.outbound.request({
      method: 'GET',
      url,
      headers: { accept: 'application/json' },
      timeoutMs: ISSUER_TIMEOUT,
      answerBytesMax: ISSUER_ANSWER_MAX_BYTES + 1,
    })
    if (outcome.kind !== 'answered' || outcome.status !== 200) return undefined
    return outcome.body.length > ISSUER_ANSWER_MAX_BYTES ? undefined : outcome.body
  }
}
