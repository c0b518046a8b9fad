/** Temporary credentials: made, kept until they expire, and found again by their key id. */
import { Buffer } from 'node:buffer'
import type { AccountId } from '#base/ids.ts'
import { keysBelow } from '#base/key.ts'
import { Records } from '#base/records.ts'
import { type Instant, instant, later, seconds } from '#base/time.ts'
import { TEMPORARY, keyIdOf } from '#engines/iam-policy/access-key.ts'
import type { Api } from '#ports/api.ts'
import type { Clock } from '#ports/clock.ts'
import type { Outbound } from '#ports/outbound.ts'
import type { Random } from '#ports/random.ts'
import type { Call } from '#ports/service.ts'
import type { Store, Stores, Tx } from '#ports/store.ts'
import { expiredToken } from '#services/sts/faults.ts'
import { CLEARED_AT_ONCE, EXPIRED_KEPT_MS } from '#services/sts/limits.ts'
import { type Identity, rootOf, userOfKey } from '#services/sts/identities.ts'

export interface StsPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  /** Asked for roles, users and keys: IAM's operations. */
  readonly api: Api
  /** For the keys of token issuers, while IAM is enforced. */
  readonly outbound?: Outbound | undefined
  readonly settings?: { readonly enforceIam: boolean } | undefined
}

export interface StsState extends StsPorts {
  readonly store: Store
  /** Roles must exist, and tokens be signed by their issuer. Whether trust policies allow is asked before an operation runs. */
  readonly enforced: boolean
}

export function createSts(ports: StsPorts): StsState {
  return { ...ports, store: ports.stores.open('control'), enforced: ports.settings?.enforceIam === true }
}

/** What a session carries beside who it is; all of it bounds or describes, none of it gives. */
export interface SessionTraits {
  /** Inline session policies. */
  readonly policies?: readonly string[] | undefined
  readonly policyArns?: readonly string[] | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Keys of tags that sessions begun with this one inherit. */
  readonly transitive?: readonly string[] | undefined
  readonly sourceIdentity?: string | undefined
  /** A serial number and a code were given; the code is not checked. */
  readonly mfa?: boolean | undefined
  /** ARN of the identity provider that vouched for the holder. */
  readonly provider?: string | undefined
}

export interface SessionRecord extends Identity, SessionTraits {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly expiresAt: Instant
  /** Sessions of older platforms have none. */
  readonly token?: string | undefined
  readonly issuedAt?: Instant | undefined
}

/** Owner: account and no region; name: [key id]. */
export const sessions = new Records<SessionRecord>('sts-session')
/** The same sessions by when they end; name: [expiry, key id]. */
const endings = new Records<{ readonly accessKeyId: string; readonly expiresAt: Instant }>('sts-session-end')

const ownerOf = (account: AccountId): readonly [string, string] => [account, '']

/** The session of a temporary key; undefined when there is none. Fault ExpiredToken. */
export async function sessionOf(
  state: StsState,
  keyId: string,
  account: AccountId,
): Promise<SessionRecord | undefined> {
  const session = await sessions.get(state.store.read, ownerOf(account), keyId)
  if (session !== undefined && session.expiresAt <= state.clock.now()) throw expiredToken()
  return session
}

/**
 * Who calls: the session of a temporary key, the user whose key it is, else the account's root. Fault ExpiredToken.
 */
export async function identityOf(
  state: StsState,
  call: Pick<Call, 'accessKeyId' | 'account'> & Partial<Pick<Call, 'region' | 'span'>>,
): Promise<Identity & SessionTraits> {
  const keyId = call.accessKeyId
  if (keyId?.startsWith(TEMPORARY) === true)
    return (await sessionOf(state, keyId, call.account)) ?? rootOf(call.account)
  return (await userOfKey(state, call)) ?? rootOf(call.account)
}

export interface IssuedCredentials {
  readonly AccessKeyId: string
  readonly SecretAccessKey: string
  readonly SessionToken: string
  readonly Expiration: Instant
}

/** Expiry is told in whole seconds. Source: recorded AWS answers. */
const wholeSeconds = (at: Instant): Instant => instant(Math.floor(at / 1_000) * 1_000)

/** What is made known to the holder. */
export interface Issue {
  readonly account: AccountId
  readonly identity: Identity
  readonly durationSeconds: number
  readonly traits?: SessionTraits | undefined
}

/** New credentials, durable when they are given out; each clears away a few that have expired. */
export async function issue(
  state: StsState,
  { account, identity, durationSeconds, traits }: Issue,
): Promise<IssuedCredentials> {
  const owner = ownerOf(account)
  const now = state.clock.now()
  const token = `IQoJb3JpZ2luX2VjE${Buffer.from(state.random.bytes(240)).toString('base64')}`
  const { arn, userId, kind, user } = identity
  const session: SessionRecord = {
    ...traits,
    arn,
    userId,
    kind,
    ...(user === undefined ? {} : { user }),
    accessKeyId: keyIdOf(TEMPORARY, account, state.random),
    secretAccessKey: Buffer.from(state.random.bytes(30)).toString('base64'),
    expiresAt: wholeSeconds(later(now, seconds(durationSeconds))),
    token,
    issuedAt: wholeSeconds(now),
  }
  const { accessKeyId, expiresAt } = session
  await state.store.tx(async (tx) => {
    await clearExpired(tx, owner, now)
    sessions.put(tx, owner, [accessKeyId], session)
    endings.put(tx, owner, [expiresAt, accessKeyId], { accessKeyId, expiresAt })
  })
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: token,
    Expiration: expiresAt,
  }
}

async function clearExpired(tx: Tx, owner: readonly [string, string], now: Instant): Promise<void> {
  const { from } = keysBelow(...owner, endings.kind)
  const to = endings.key(owner, [later(now, -EXPIRED_KEPT_MS)])
  const entries = await tx.range({ from, to, limit: CLEARED_AT_ONCE })
  for (const [key, value] of entries) {
    tx.delete(key)
    sessions.delete(tx, owner, endings.decode(value).accessKeyId)
  }
}
