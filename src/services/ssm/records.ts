/** What is kept of parameters: one record for each with its newest version, and one for each older version. */
import { keysBeginning } from '#base/key.ts'
import { compareBytes } from '#base/bytes.ts'
import { Records } from '#base/records.ts'
import type { Instant } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'
import type { Random } from '#ports/random.ts'
import type { Read, Store, Stores, Tx } from '#ports/store.ts'
import type { Usage } from '#ports/usage.ts'
import { SCANNED_AT_ONCE } from '#services/ssm/limits.ts'
import type { Place } from '#services/ssm/names.ts'
import type { Policy } from '#services/ssm/policies.ts'

export interface SsmPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  readonly usage: Usage
}

export interface SsmState extends SsmPorts {
  readonly store: Store
}

export const createSsm = (ports: SsmPorts): SsmState => ({ ...ports, store: ports.stores.open('control') })

export type Type = 'String' | 'StringList' | 'SecureString'
export type Tier = 'Standard' | 'Advanced'

export interface Version {
  readonly version: number
  readonly type: Type
  /** Of a SecureString: sealed, base64. */
  readonly value: string
  readonly keyId: string | undefined
  readonly description: string | undefined
  readonly allowedPattern: string | undefined
  readonly tier: Tier
  readonly policies: readonly Policy[]
  readonly dataType: string
  readonly modifiedAt: Instant
  readonly user: string
}

export interface ParameterRecord {
  /** As it was first written. */
  readonly name: string
  readonly current: Version
  /** Number of the oldest version that is kept. */
  readonly oldest: number
  /** Version by label. */
  readonly labels: Readonly<Record<string, number>>
  readonly tags: Readonly<Record<string, string>>
}

/** By the name in its ARN. */
export const parameters = new Records<ParameterRecord>('ssm-parameter')
/** All but the newest; by the name in the ARN and the number. */
export const versions = new Records<Version>('ssm-version')
/** How many there are of each tier. */
export const tallies = new Records<Readonly<Record<Tier, number>>>('ssm-tally')
/** Keys of SecureStrings: 32 bytes, base64; by key id. */
export const keys = new Records<{ readonly key: string }>('ssm-key')

export const ownerOf = ({ account, region }: Place): readonly [string, string] => [account, region]

/** A parameter whose Expiration policy has come is gone. Source: Systems Manager user guide, Parameter policies. */
export const isExpired = ({ current }: ParameterRecord, now: Instant): boolean =>
  current.policies.some(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now)

/** The parameter of that key, unless it has expired. */
export async function parameterAt(
  read: Read,
  place: Place,
  key: string,
  now: Instant,
): Promise<ParameterRecord | undefined> {
  const found = await parameters.get(read, ownerOf(place), key)
  return found === undefined || isExpired(found, now) ? undefined : found
}

/** Takes a parameter with all its versions away. */
export async function removeParameter(tx: Tx, place: Place, key: string): Promise<void> {
  const owner = ownerOf(place)
  const record = await parameters.get(tx, owner, key)
  if (record === undefined) return
  parameters.delete(tx, owner, key)
  for (let version = record.oldest; version < record.current.version; version++)
    versions.delete(tx, owner, key, version)
  await tally(tx, place, record.current.tier, -1)
}

/** Counts parameters of a tier; the new count. */
export async function tally(tx: Tx, place: Place, tier: Tier, by: number): Promise<number> {
  const owner = ownerOf(place)
  const now = (await tallies.get(tx, owner)) ?? { Standard: 0, Advanced: 0 }
  const count = now[tier] + by
  tallies.put(tx, owner, [], { ...now, [tier]: count })
  return count
}

export interface Page {
  readonly records: readonly ParameterRecord[]
  /** Key of the last one, when more may follow. */
  readonly after: string | undefined
}

export interface Listing {
  /** Only keys that begin so. */
  readonly beginning: string
  readonly after: string | undefined
  readonly limit: number
  fits(record: ParameterRecord): boolean
}

/** Parameters in the order of their names, page by page. */
export async function pageOfParameters(read: Read, place: Place, listing: Listing): Promise<Page> {
  const owner = ownerOf(place)
  const range = keysBeginning(...owner, parameters.kind, listing.beginning)
  const found: { readonly key: string; readonly record: ParameterRecord }[] = []
  let from =
    listing.after === undefined ? range.from : later(range.from, parameters.key(owner, [listing.after]))
  for (;;) {
    const entries = await read.range({ from, to: range.to, limit: SCANNED_AT_ONCE })
    for (const [, value] of entries) {
      const record = parameters.decode(value)
      if (!listing.fits(record)) continue
      const last = found.at(-1)
      if (found.length === listing.limit)
        return { records: found.map(({ record: one }) => one), after: last?.key }
      found.push({ key: keyIn(record), record })
    }
    const end = entries.at(-1)?.[0]
    if (end === undefined || entries.length < SCANNED_AT_ONCE)
      return { records: found.map(({ record: one }) => one), after: undefined }
    from = behind(end)
  }
}

const keyIn = ({ name }: ParameterRecord): string => (name.startsWith('/') ? name.slice(1) : name)

/** The least key after this one. */
function behind(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}

const later = (from: Uint8Array, last: Uint8Array): Uint8Array => {
  const next = behind(last)
  return compareBytes(from, next) > 0 ? from : next
}
