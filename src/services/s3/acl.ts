/**
 * Access control lists: canned names, grant headers and documents become grants, and grants become documents. Pure.
 * Kept and given back; whether a request is allowed is decided elsewhere, and only when IAM is enforced.
 */
import { hash } from 'node:crypto'
import { aclNotSupported, invalidArgument, invalidRequest, malformedAcl } from '#services/s3/faults.ts'

export type Permission = 'FULL_CONTROL' | 'WRITE' | 'WRITE_ACP' | 'READ' | 'READ_ACP'

export type Grantee =
  | { readonly Type: 'CanonicalUser'; readonly ID: string }
  | { readonly Type: 'Group'; readonly URI: string }

export interface Grant {
  readonly Grantee: Grantee
  readonly Permission: Permission
}

/** Who may set access control lists. Source: S3 user guide, Controlling ownership of objects. */
export type Ownership = 'BucketOwnerEnforced' | 'BucketOwnerPreferred' | 'ObjectWriter'
export const OWNERSHIPS: readonly Ownership[] = [
  'BucketOwnerEnforced',
  'BucketOwnerPreferred',
  'ObjectWriter',
]

const GROUPS = 'http://acs.amazonaws.com/groups/'
const ALL_USERS: Grantee = { Type: 'Group', URI: `${GROUPS}global/AllUsers` }
const AUTHENTICATED: Grantee = { Type: 'Group', URI: `${GROUPS}global/AuthenticatedUsers` }
const GROUP_URIS: readonly string[] = [ALL_USERS.URI, AUTHENTICATED.URI, `${GROUPS}s3/LogDelivery`]

/** The 64 hex digits that stand for an account in S3. Made from the account id: the same in every run. */
export function canonicalUserId(account: string): string {
  return hash('sha256', `canonical user of ${account}`, 'hex')
}

const full = (id: string): Grant => ({
  Grantee: { Type: 'CanonicalUser', ID: id },
  Permission: 'FULL_CONTROL',
})

/** The grants of a canned name. Fault InvalidArgument for a name that is none. Source: S3 user guide, Canned ACL. */
export function cannedGrants(canned: string, owner: string, bucketOwner: string): Grant[] {
  const owned = full(owner)
  switch (canned) {
    case 'private':
    case 'aws-exec-read':
      return [owned]
    case 'public-read':
      return [owned, { Grantee: ALL_USERS, Permission: 'READ' }]
    case 'public-read-write':
      return [owned, { Grantee: ALL_USERS, Permission: 'READ' }, { Grantee: ALL_USERS, Permission: 'WRITE' }]
    case 'authenticated-read':
      return [owned, { Grantee: AUTHENTICATED, Permission: 'READ' }]
    case 'bucket-owner-read':
      return owner === bucketOwner
        ? [owned]
        : [owned, { Grantee: { Type: 'CanonicalUser', ID: bucketOwner }, Permission: 'READ' }]
    case 'bucket-owner-full-control':
      return owner === bucketOwner ? [owned] : [owned, full(bucketOwner)]
    case 'log-delivery-write':
      return [
        owned,
        { Grantee: { Type: 'Group', URI: `${GROUPS}s3/LogDelivery` }, Permission: 'WRITE' },
        { Grantee: { Type: 'Group', URI: `${GROUPS}s3/LogDelivery` }, Permission: 'READ_ACP' },
      ]
    default:
      throw invalidArgument('', 'x-amz-acl', canned)
  }
}

/** The members of inputs that carry an access control list. */
export interface AclMembers {
  readonly ACL?: string | undefined
  readonly GrantFullControl?: string | undefined
  readonly GrantRead?: string | undefined
  readonly GrantReadACP?: string | undefined
  readonly GrantWrite?: string | undefined
  readonly GrantWriteACP?: string | undefined
}

const HEADERS = [
  ['GrantFullControl', 'FULL_CONTROL'],
  ['GrantRead', 'READ'],
  ['GrantReadACP', 'READ_ACP'],
  ['GrantWrite', 'WRITE'],
  ['GrantWriteACP', 'WRITE_ACP'],
] as const

/** What the headers ask for, or undefined when they ask for nothing. Faults InvalidArgument, InvalidRequest. Source: S3 API, PutObjectAcl. */
export function grantsAsked(input: AclMembers, owner: string, bucketOwner: string): Grant[] | undefined {
  const granted = HEADERS.flatMap(([member, permission]) =>
    granteesOfHeader(input[member], member).map((grantee) => ({ Grantee: grantee, Permission: permission })),
  )
  if (input.ACL !== undefined && granted.length > 0)
    throw invalidRequest('Specifying both Canned ACLs and Header Grants is not allowed')
  if (input.ACL !== undefined) return cannedGrants(input.ACL, owner, bucketOwner)
  return granted.length > 0 ? granted : undefined
}

/** `id="...", uri="..."`. Grantees by e-mail address are refused: no account here has one. */
function granteesOfHeader(header: string | undefined, member: string): Grantee[] {
  if (header === undefined || header.trim() === '') return []
  return header.split(',').map((one) => {
    const [, kind = '', value = ''] = /^\s*(\w+)\s*=\s*"?([^"]*)"?\s*$/.exec(one) ?? []
    switch (kind.toLowerCase()) {
      case 'id':
        return canonical(value, 'id')
      case 'uri':
        return group(value, 'uri')
      default:
        throw invalidArgument('Argument format not recognized', headerOf(member), one.trim())
    }
  })
}

/** `GrantReadACP` is the header `x-amz-grant-read-acp`. */
const headerOf = (member: string): string =>
  `x-amz-${member.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}`

function canonical(id: string, argument = 'CanonicalUser/ID'): Grantee {
  if (!/^[0-9a-f]{64}$/.test(id)) throw invalidArgument('Invalid id', argument, id)
  return { Type: 'CanonicalUser', ID: id }
}

function group(uri: string, argument = 'Group/URI'): Grantee {
  if (!GROUP_URIS.includes(uri)) throw invalidArgument('Invalid group uri', argument, uri)
  return { Type: 'Group', URI: uri }
}

/** An AccessControlPolicy as the model gives it. */
export interface AclDocument {
  readonly Owner?: { readonly ID?: string | undefined } | undefined
  readonly Grants?:
    | readonly {
        readonly Permission?: string | undefined
        readonly Grantee?:
          | {
              readonly Type: string
              readonly ID?: string | undefined
              readonly URI?: string | undefined
            }
          | undefined
      }[]
    | undefined
}

/** Faults MalformedACLError, InvalidArgument. Source: S3 API, PutBucketAcl; recorded AWS answers. */
export function grantsOfDocument(document: AclDocument): Grant[] {
  if (document.Owner?.ID === undefined) throw malformedAcl()
  return (document.Grants ?? []).map(({ Permission, Grantee }) => {
    const permission = permissionOf(Permission)
    if (permission === undefined || Grantee === undefined) throw malformedAcl()
    if (Grantee.Type === 'CanonicalUser')
      return { Grantee: canonical(Grantee.ID ?? ''), Permission: permission }
    if (Grantee.Type === 'Group') return { Grantee: group(Grantee.URI ?? ''), Permission: permission }
    throw malformedAcl()
  })
}

const PERMISSIONS: readonly Permission[] = ['FULL_CONTROL', 'WRITE', 'WRITE_ACP', 'READ', 'READ_ACP']

const permissionOf = (name: string | undefined): Permission | undefined =>
  PERMISSIONS.find((one) => one === name)

/** With ACLs disabled only what changes nothing is accepted. Faults InvalidArgument for a canned name that is none, AccessControlListNotSupported. Source: S3 user guide, Controlling ownership of objects (`private` accepted: inferred). */
export function checkAclAllowed(input: AclMembers, ownership: Ownership | undefined): void {
  if (input.ACL !== undefined) cannedGrants(input.ACL, '', '')
  if (ownership !== 'BucketOwnerEnforced') return
  const canned = input.ACL === undefined || ['private', 'bucket-owner-full-control'].includes(input.ACL)
  if (!canned || HEADERS.some(([member]) => input[member] !== undefined)) throw aclNotSupported()
}
