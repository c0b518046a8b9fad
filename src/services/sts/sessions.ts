/** Temporary credentials: made, kept until they expire, and found again by their key id. */
import { Buffer } from 'node:buffer'
import type { AccountId } from '#base/ids.ts'
import { keysBelow } from '#base/key.ts'
import { Records } from '#base/records.ts'
import { type Instant, instant, later, seconds } from '#base/time.ts'
import type { Api } from '#ports/api.ts'
import type { Clock } from '#ports/clock.ts'
import type { Random } from '#ports/random.ts'
import type { Call } from '#ports/service.ts'
import type { Store, Stores, Tx } from '#ports/store.ts'
import { TEMPORARY, temporaryKeyId } from '#services/sts/access-key.ts'
import { expiredToken } from '#services/sts/faults.ts'
import { CLEARED_AT_ONCE, EXPIRED_KEPT_MS } from '#services/sts/limits.ts'

export interface StsPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  /** Asked for the role that is assumed: its id and longest session. */
  readonly api: Api
}

export interface StsState extends StsPorts {
  readonly store: Store
}

export function createSts(ports: StsPorts): StsState {
  return { ...ports, store: ports.stores.open('control') }
}

/** Who the holder of a key is. */
export interface Identity {
  readonly arn: string
  readonly userId: string
  readonly kind: 'root' | 'assumed-role' | 'federated-user'
}

export interface SessionRecord extends Identity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly expiresAt: Instant
}

/** Owner: account and no region; name: [key id]. */
export const sessions = new Records<SessionRecord>('sts-session')
/** The same sessions by when they end; name: [expiry, key id]. */
const endings = new Records<{ readonly accessKeyId: string; readonly expiresAt: Instant }>('sts-session-end')

const ownerOf = (account: AccountId): readonly [string, string] => [account, '']

/** The root of the account: who a plain key stands for. */
export const rootOf = (account: AccountId): Identity => ({
  arn: `arn:aws:iam::${account}:root`,
  userId: account,
  kind: 'root',
})

/**
 * Who calls: the session of a temporary key, else the account's root; other keys are not looked up. Fault ExpiredToken.
 */
export async function identityOf(
  state: StsState,
  call: Pick<Call, 'accessKeyId' | 'account'>,
): Promise<Identity> {
  const keyId = call.accessKeyId
  if (keyId?.startsWith(TEMPORARY) !== true) return rootOf(call.account)
  const session = await sessions.get(state.store.read, ownerOf(call.account), keyId)
  if (session === undefined) return rootOf(call.account)
  if (session.expiresAt <= state.clock.now()) throw expiredToken()
  return session
}

export interface IssuedCredentials {
  readonly AccessKeyId: string
  readonly SecretAccessKey: string
  readonly SessionToken: string
  readonly Expiration: Instant
}

/** Expiry is told in whole seconds. Source: recorded AWS answers. */
const wholeSeconds = (at: Instant): Instant => instant(Math.floor(at / 1_000) * 1_000)

/** New credentials, durable when they are given out; each clears away a few that have expired. */
export async function issue(
  state: StsState,
  account: AccountId,
  identity: Identity,
  durationSeconds: number,
): Promise<IssuedCredentials> {
  const owner = ownerOf(account)
  const now = state.clock.now()
  const session: SessionRecord = {
    arn: identity.arn,
    userId: identity.userId,
    kind: identity.kind,
    accessKeyId: temporaryKeyId(account, state.random),
    secretAccessKey: Buffer.from(state.random.bytes(30)).toString('base64'),
    expiresAt: wholeSeconds(later(now, seconds(durationSeconds))),
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
    SessionToken: `IQoJb3JpZ2luX2VjE${Buffer.from(state.random.bytes(240)).toString('base64')}`,
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
