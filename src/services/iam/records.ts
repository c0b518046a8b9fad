/**
 * What IAM keeps, in the store `control`, under the account and the region `aws-global`. A role holds its inline and
 * attached policies, so that each change of it is one record. A change here is a change of a persisted format.
 */
import type { AccountId } from '#base/ids.ts'
import { Records } from '#base/records.ts'
import type { Instant } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'
import type { Random } from '#ports/random.ts'
import type { Store, Stores } from '#ports/store.ts'

export interface Tag {
  readonly Key: string
  readonly Value: string
}

export interface InlinePolicy {
  readonly name: string
  readonly document: string
}

export interface RoleRecord {
  readonly name: string
  readonly path: string
  readonly id: string
  readonly arn: string
  readonly createdAt: Instant
  readonly trust: string
  readonly description?: string | undefined
  readonly maxSessionSeconds: number
  readonly boundary?: string | undefined
  readonly tags: readonly Tag[]
  /** Sorted by name. */
  readonly inline: readonly InlinePolicy[]
  /** ARNs in the order of their attachment. */
  readonly attached: readonly string[]
}

export interface PolicyVersionRecord {
  /** Such as `v1`. */
  readonly id: string
  readonly document: string
  readonly createdAt: Instant
}

export interface PolicyRecord {
  readonly name: string
  readonly path: string
  readonly id: string
  readonly arn: string
  readonly description?: string | undefined
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly tags: readonly Tag[]
  /** The newest first. */
  readonly versions: readonly PolicyVersionRecord[]
  readonly defaultVersion: string
  /** Number of the next version. */
  readonly nextVersion: number
  /** Roles it is attached to. */
  readonly attachments: number
  /** Roles it bounds. */
  readonly boundaries: number
}

export interface InstanceProfileRecord {
  readonly name: string
  readonly path: string
  readonly id: string
  readonly arn: string
  readonly createdAt: Instant
  readonly tags: readonly Tag[]
  /** Name of its role; AWS allows one. */
  readonly role?: string | undefined
}

/** Names of IAM differ by more than case. Source: IAM user guide, IAM identifiers. */
export const nameKey = (name: string): string => name.toLowerCase()

/** The first two parts of the keys of an account. */
export const ownerOf = (account: AccountId): readonly [string, string] => [account, 'aws-global']

export const roles = new Records<RoleRecord>('iam-role')
/** Name: [ARN's resource, without `policy/`, in lower case]. */
export const policies = new Records<PolicyRecord>('iam-policy')
export const instanceProfiles = new Records<InstanceProfileRecord>('iam-instance-profile')

export interface IamPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
}

export interface IamState extends IamPorts {
  readonly store: Store
}

export function createIam(ports: IamPorts): IamState {
  return { ...ports, store: ports.stores.open('control') }
}
