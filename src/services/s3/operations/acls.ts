/** Access control lists of buckets and objects: kept and given back (what they decide is IAM's evaluator's, later). */
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import {
  type AclDocument,
  type AclMembers,
  cannedGrants,
  canonicalUserId,
  checkAclAllowed,
  type Grant,
  grantsAsked,
  grantsOfDocument,
} from '#services/s3/acl.ts'
import { aclNotSupported, missingAclHeader, unexpectedContent } from '#services/s3/faults.ts'
import { bucketFor, changeBucket } from '#services/s3/operations/buckets.ts'
import { changeObject } from '#services/s3/operations/change-object.ts'
import { findObject } from '#services/s3/read.ts'
import type { BucketRecord, ObjectRecord } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'
import { shownVersionId } from '#services/s3/versions.ts'

interface AclInput extends AclMembers {
  readonly AccessControlPolicy?: AclDocument | undefined
}

/** Faults AccessControlListNotSupported, MissingSecurityHeader, UnexpectedContent, and those of the form that was used. */
function grantsIn(input: AclInput, bucket: BucketRecord): readonly Grant[] {
  const owner = canonicalUserId(bucket.account)
  checkAclAllowed(input, bucket.ownership)
  const asked = grantsAsked(input, owner, owner)
  if (input.AccessControlPolicy !== undefined) {
    if (asked !== undefined) throw unexpectedContent()
    const grants = grantsOfDocument(input.AccessControlPolicy)
    const plain = JSON.stringify(cannedGrants('private', owner, owner))
    if (bucket.ownership === 'BucketOwnerEnforced' && JSON.stringify(grants) !== plain)
      throw aclNotSupported()
    return grants
  }
  if (asked === undefined) throw missingAclHeader()
  return asked
}

export const putBucketAcl: Operation<S3['PutBucketAcl'], S3State> = async (input, state) => {
  await changeBucket(state, input, (bucket) => ({ ...bucket, grants: grantsIn(input, bucket) }))
  return {}
}

export const getBucketAcl: Operation<S3['GetBucketAcl'], S3State> = async (input, state) => {
  const bucket = await bucketFor(state, input)
  return { Owner: { ID: canonicalUserId(bucket.account) }, Grants: bucket.grants }
}

export const putObjectAcl: Operation<S3['PutObjectAcl'], S3State> = async (input, state, call) => {
  const change = (record: ObjectRecord, bucket: BucketRecord): ObjectRecord => ({
    ...record,
    grants: grantsIn(input, bucket),
  })
  await changeObject(state, input, change, { event: 'ObjectAcl:Put', call })
  return {}
}

export const getObjectAcl: Operation<S3['GetObjectAcl'], S3State> = async (input, state) => {
  const { bucket, record } = await findObject(state, input, 'GET')
  const owner = canonicalUserId(bucket.account)
  return {
    Owner: { ID: owner },
    Grants: record.grants ?? cannedGrants('private', owner, owner),
    VersionId: shownVersionId(bucket, record),
  }
}
