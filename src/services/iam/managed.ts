/**
 * Managed policies by their ARN: those of the account are records, those that AWS keeps are a table. Of many of AWS's only
 * the name is known: they can be attached, not read.
 */
import { hash } from 'node:crypto'
import { Buffer } from 'node:buffer'
import type { AccountId } from '#base/ids.ts'
import { prefixedId } from '#base/ids.ts'
import { parseArn } from '#base/arn.ts'
import { type Instant, instant, parseIso } from '#base/time.ts'
import type { Read, Tx } from '#ports/store.ts'
import { AWS_POLICIES } from '#services/iam/aws-policies.ts'
import { AWS_POLICY_NAMES } from '#services/iam/aws-policy-names.ts'
import {
  accessDenied,
  awsManagedUnknown,
  noSuchPolicy,
  notAttachable,
  validationError,
} from '#services/iam/faults.ts'
import { LISTED_MAX } from '#services/iam/limits.ts'
import {
  type Holder,
  groups,
  nameKey,
  ownerOf,
  policies,
  type PolicyRecord,
  roles,
  users,
} from '#services/iam/records.ts'

/** A policy that AWS keeps. Source: IAM user guide, AWS managed policies. */
export const isAwsManaged = (arn: string): boolean => /^arn:aws:iam::aws:policy\/[\w+=,.@/-]+$/.test(arn)

/** The name of the record: the path and name in lower case. Fault ValidationError for what is no policy's ARN. Source: recorded AWS answer. */
export function policyKey(arn: string): string {
  const parsed = parseArn(arn)
  if (parsed?.service !== 'iam' || !parsed.resource.startsWith('policy/'))
    throw validationError(`ARN ${arn} is not valid.`)
  return nameKey(parsed.resource.slice('policy/'.length))
}

/** The last part of the ARN. */
export const policyName = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1)

/** `/service-role/` of `arn:aws:iam::aws:policy/service-role/X`. */
export const pathOfPolicy = (arn: string): string =>
  arn.slice(arn.indexOf(':policy/') + ':policy'.length, arn.lastIndexOf('/') + 1)

let awsTable: ReadonlyMap<string, PolicyRecord> | undefined

/** AWS's policies by name, as records without uses; a document that is not carried is empty. */
export function awsPolicies(): ReadonlyMap<string, PolicyRecord> {
  awsTable ??= new Map(AWS_POLICIES.map(awsPolicy).map((one) => [one.name, one]))
  return awsTable
}

function awsPolicy(row: string): PolicyRecord {
  const [place = '', id = '', date = '', ...rest] = row.split(' ')
  const name = place.slice(place.lastIndexOf('/') + 1)
  const arn = `arn:aws:iam::aws:policy${place}`
  const createdAt: Instant = parseIso(date) ?? instant(0)
  const document = rest.join(' ')
  const digest = Buffer.from(hash('sha256', arn, 'hex'), 'hex')
  return {
    name,
    path: place.slice(0, place.lastIndexOf('/') + 1),
    id: prefixedId({ bytes: (count) => digest.subarray(0, count) }, 'ANPA'),
    arn,
    createdAt,
    updatedAt: createdAt,
    tags: [],
    versions: [{ id, document: document === '-' ? '' : document, createdAt }],
    defaultVersion: id,
    nextVersion: Number(id.slice(1)) + 1,
    attachments: 0,
    boundaries: 0,
  }
}

async function find(read: Read, account: AccountId, arn: string): Promise<PolicyRecord | undefined> {
  const found = await policies.get(read, ownerOf(account), policyKey(arn))
  return found?.arn === arn ? found : undefined
}

/** Users, groups and roles. */
async function holders(
  read: Read,
  account: AccountId,
): Promise<(Holder & { boundary?: string | undefined })[]> {
  const owner = ownerOf(account)
  const all = await Promise.all([
    users.list(read, owner, [], { limit: LISTED_MAX }),
    groups.list(read, owner, [], { limit: LISTED_MAX }),
    roles.list(read, owner, [], { limit: LISTED_MAX }),
  ])
  return all.flat()
}

/** AWS's policies with their uses in this account. */
export async function countedAwsPolicies(read: Read, account: AccountId): Promise<PolicyRecord[]> {
  const all = await holders(read, account)
  return [...awsPolicies().values()].map((one) => ({
    ...one,
    attachments: all.filter(({ attached }) => attached.includes(one.arn)).length,
    boundaries: all.filter(({ boundary }) => boundary === one.arn).length,
  }))
}

/** A policy of the account or of AWS, to be read. Faults NoSuchEntity, NotImplemented for those of AWS that are names only. */
export async function policyOf(read: Read, account: AccountId, arn: string): Promise<PolicyRecord> {
  if (!isAwsManaged(arn)) {
    const found = await find(read, account, arn)
    if (found === undefined) throw noSuchPolicy(arn)
    return found
  }
  const known = awsPolicies().get(policyName(arn))
  if (known?.arn === arn) {
    const counted = await countedAwsPolicies(read, account)
    return counted.find((one) => one.arn === arn) ?? known
  }
  throw known === undefined && AWS_POLICY_NAMES.has(policyName(arn))
    ? awsManagedUnknown(arn)
    : noSuchPolicy(arn)
}

/** A policy of the account, to be changed. Fault AccessDenied for those of AWS. Source: recorded AWS answer. */
export async function ownPolicyOf(read: Read, account: AccountId, arn: string): Promise<PolicyRecord> {
  if (isAwsManaged(arn)) throw accessDenied(`Cannot change the policy ${arn}, which AWS manages.`)
  return await policyOf(read, account, arn)
}

/**
 * Fault NoSuchEntity unless it can be attached. Policies of AWS can by any ARN of their shape, as AWS adds new ones every
 * week; but those that are in the table only under the path they have.
 */
export async function checkAttachable(read: Read, account: AccountId, arn: string): Promise<void> {
  if (isAwsManaged(arn)) {
    const known = awsPolicies().get(policyName(arn))
    if (known !== undefined && known.arn !== arn) throw notAttachable(arn)
    return
  }
  if ((await find(read, account, arn)) === undefined) throw notAttachable(arn)
}

/** The same of a boundary, in the words AWS has for those. Source: recorded AWS answer. */
export async function checkBoundary(read: Read, account: AccountId, arn: string): Promise<void> {
  const isThere = isAwsManaged(arn) || (await find(read, account, arn)) !== undefined
  if (!isThere) throw notAttachable(`Scope ARN: ${arn}`, '')
}

/** Keeps the number of uses of a policy of the account; those of AWS are counted when they are asked for. */
export async function countUse(
  tx: Tx,
  account: AccountId,
  arn: string,
  more: { readonly attachments?: number; readonly boundaries?: number },
): Promise<void> {
  if (isAwsManaged(arn)) return
  const policy = await find(tx, account, arn)
  if (policy === undefined) return
  putPolicy(tx, account, {
    ...policy,
    attachments: policy.attachments + (more.attachments ?? 0),
    boundaries: policy.boundaries + (more.boundaries ?? 0),
  })
}

export const putPolicy = (tx: Tx, account: AccountId, policy: PolicyRecord): void =>
  policies.put(tx, ownerOf(account), [policyKey(policy.arn)], policy)
