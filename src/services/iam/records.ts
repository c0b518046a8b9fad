/**
 * What IAM keeps, in the store `control`, under the account and the region `aws-global`. A role holds its inline and
 * attached policies, so that each change of it is one record. A change here is a change of a persisted format.
 */
import type { AccountId } from '#base/ids.ts'
import { Records } from '#base/records.ts'
import type { Instant } from '#base/time.ts'
import type { Api } from '#ports/api.ts'
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

/** What users, groups and roles share: a name, and policies that hang on it. */
export interface Holder {
  readonly name: string
  readonly path: string
  readonly id: string
  readonly arn: string
  readonly createdAt: Instant
  /** Sorted by name. */
  readonly inline: readonly InlinePolicy[]
  /** ARNs in the order of their attachment. */
  readonly attached: readonly string[]
}

export interface LoginProfile {
  readonly createdAt: Instant
  readonly resetRequired: boolean
  /** SHA-256 of the password, in hexadecimal: compared by ChangePassword alone. */
  readonly digest: string
  readonly changedAt: Instant
}

export interface UserRecord extends Holder {
  readonly boundary?: string | undefined
  readonly tags: readonly Tag[]
  /** Names of its groups, sorted. */
  readonly groups: readonly string[]
  readonly login?: LoginProfile | undefined
}

export type GroupRecord = Holder

export interface RoleRecord extends Holder {
  readonly trust: string
  readonly description?: string | undefined
  readonly maxSessionSeconds: number
  readonly boundary?: string | undefined
  readonly tags: readonly Tag[]
  /** Made by CreateServiceLinkedRole for this service; changed by nobody else. */
  readonly linkedTo?: string | undefined
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
  /** Users, groups and roles it is attached to. */
  readonly attachments: number
  /** Users and roles it bounds. */
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

/** Who has keys that are no user's: the root of the account. */
export const ROOT = ''

export interface AccessKeyRecord {
  readonly keyId: string
  readonly secret: string
  /** A name, or `ROOT`. */
  readonly user: string
  readonly createdAt: Instant
  readonly status: 'Active' | 'Inactive'
  /** Counted only while IAM is enforced. */
  readonly lastUsed?: { readonly at: Instant; readonly service: string; readonly region: string } | undefined
}

export interface MfaRecord {
  readonly serial: string
  /** Virtual devices alone have a name of their own, a seed and tags. */
  readonly isVirtual: boolean
  readonly seed?: string | undefined
  readonly tags: readonly Tag[]
  readonly user?: string | undefined
  readonly enabledAt?: Instant | undefined
}

export interface SamlProviderRecord {
  readonly arn: string
  readonly name: string
  readonly uuid: string
  readonly metadata: string
  readonly createdAt: Instant
  readonly validUntil: Instant
  readonly tags: readonly Tag[]
}

export interface OidcProviderRecord {
  readonly arn: string
  /** Without its scheme. */
  readonly url: string
  readonly clients: readonly string[]
  readonly thumbprints: readonly string[]
  readonly createdAt: Instant
  readonly tags: readonly Tag[]
}

export interface ServerCertificateRecord {
  readonly name: string
  readonly path: string
  readonly id: string
  readonly arn: string
  readonly uploadedAt: Instant
  readonly expiresAt?: Instant | undefined
  readonly body: string
  readonly chain?: string | undefined
  readonly tags: readonly Tag[]
}

/** A signing certificate or a public SSH key of a user. */
export interface UserDocumentRecord {
  readonly id: string
  readonly user: string
  readonly body: string
  readonly status: 'Active' | 'Inactive' | 'Expired'
  readonly uploadedAt: Instant
}

export interface PasswordPolicy {
  readonly minimumLength: number
  readonly symbols: boolean
  readonly numbers: boolean
  readonly upper: boolean
  readonly lower: boolean
  readonly usersChange: boolean
  /** Days; none: passwords do not end. */
  readonly maxAgeDays?: number | undefined
  readonly reusePrevention?: number | undefined
  readonly hardExpiry?: boolean | undefined
}

/** What an account has once. */
export interface AccountRecord {
  readonly alias?: string | undefined
  readonly passwordPolicy?: PasswordPolicy | undefined
  /** When the last credential report was begun, and whether it was asked for again. */
  readonly report?: { readonly at: Instant; readonly text: string } | undefined
  readonly tokenVersion?: string | undefined
  /** Address under which keys of GetWebIdentityToken's tokens are published, as the caller that enabled it reached us. */
  readonly issuer?: string | undefined
  readonly issues?: boolean | undefined
}

/** Names of IAM differ by more than case. Source: IAM user guide, IAM identifiers. */
export const nameKey = (name: string): string => name.toLowerCase()

/** The first two parts of the keys of an account. */
export const ownerOf = (account: AccountId): readonly [string, string] => [account, 'aws-global']

export const users = new Records<UserRecord>('iam-user')
export const groups = new Records<GroupRecord>('iam-group')
export const roles = new Records<RoleRecord>('iam-role')
/** Name: [ARN's resource, without `policy/`, in lower case]. */
export const policies = new Records<PolicyRecord>('iam-policy')
export const instanceProfiles = new Records<InstanceProfileRecord>('iam-instance-profile')

/** Name: [key id]. */
export const accessKeys = new Records<AccessKeyRecord>('iam-access-key')
/** Name: [serial number]. */
export const mfaDevices = new Records<MfaRecord>('iam-mfa')
/** Name: [ARN]. */
export const samlProviders = new Records<SamlProviderRecord>('iam-saml-provider')
/** Name: [ARN]. */
export const oidcProviders = new Records<OidcProviderRecord>('iam-oidc-provider')
export const serverCertificates = new Records<ServerCertificateRecord>('iam-server-certificate')
/** Name: [id]. */
export const signingCertificates = new Records<UserDocumentRecord>('iam-signing-certificate')
/** Name: [id]. */
export const sshKeys = new Records<UserDocumentRecord>('iam-ssh-key')
/** Roles that DeleteServiceLinkedRole took away; name: [task id]. */
export const deletions = new Records<{ readonly task: string }>('iam-deletion')
/** Name: []: one an account. */
export const accounts = new Records<AccountRecord>('iam-account')

export interface IamPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  /** Asked for the policies of resources while IAM is enforced. */
  readonly api: Api
}

export interface IamState extends IamPorts {
  readonly store: Store
}

export function createIam(ports: IamPorts): IamState {
  return { ...ports, store: ports.stores.open('control') }
}
