/** Configuration that is kept and given back: tags, policy, cross-origin rules, encryption, ownership, public access. What acts on it is said in the README. */
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import { cannedGrants, canonicalUserId } from '#services/s3/acl.ts'
import { checkCorsRules } from '#services/s3/cors.ts'
import { absentConfiguration, aclWithOwnership, invalidArgument, malformedXml } from '#services/s3/faults.ts'
import { bucketFor, changeBucket, ownershipOf } from '#services/s3/operations/buckets.ts'
import { checkBucketPolicy, isPublicPolicy } from '#services/s3/policy.ts'
import type { EncryptionRule } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'
import { checkTags, plainTags } from '#services/s3/tags.ts'

export const putBucketTagging: Operation<S3['PutBucketTagging'], S3State> = async (input, state) => {
  const tags = plainTags(input.Tagging.TagSet)
  checkTags(tags, 'bucket')
  await changeBucket(state, input, (bucket) => ({ ...bucket, tags: tags.length > 0 ? tags : undefined }))
  return {}
}

export const getBucketTagging: Operation<S3['GetBucketTagging'], S3State> = async (input, state) => {
  const bucket = await bucketFor(state, input)
  if (bucket.tags === undefined) throw absentConfiguration('tagging', bucket.name)
  return { TagSet: bucket.tags }
}

export const deleteBucketTagging: Operation<S3['DeleteBucketTagging'], S3State> = async (input, state) => {
  await changeBucket(state, input, (bucket) => ({ ...bucket, tags: undefined }))
  return {}
}

export const putBucketPolicy: Operation<S3['PutBucketPolicy'], S3State> = async (input, state) => {
  await bucketFor(state, input)
  checkBucketPolicy(input.Policy, input.Bucket)
  await changeBucket(state, input, (bucket) => ({ ...bucket, policy: input.Policy }))
  return {}
}

export const getBucketPolicy: Operation<S3['GetBucketPolicy'], S3State> = async (input, state) => {
  const bucket = await bucketFor(state, input)
  if (bucket.policy === undefined) throw absentConfiguration('policy', bucket.name)
  return { Policy: bucket.policy }
}

export const getBucketPolicyStatus: Operation<S3['GetBucketPolicyStatus'], S3State> = async (
  input,
  state,
) => {
  const bucket = await bucketFor(state, input)
  if (bucket.policy === undefined) throw absentConfiguration('policy', bucket.name)
  return { PolicyStatus: { IsPublic: isPublicPolicy(bucket.policy) } }
}

export const deleteBucketPolicy: Operation<S3['DeleteBucketPolicy'], S3State> = async (input, state) => {
  await changeBucket(state, input, (bucket) => ({ ...bucket, policy: undefined }))
  return {}
}

export const putBucketCors: Operation<S3['PutBucketCors'], S3State> = async (input, state) => {
  const rules = input.CORSConfiguration.CORSRules
  checkCorsRules(rules)
  await changeBucket(state, input, (bucket) => ({ ...bucket, cors: rules }))
  return {}
}

export const getBucketCors: Operation<S3['GetBucketCors'], S3State> = async (input, state) => {
  const bucket = await bucketFor(state, input)
  if (bucket.cors === undefined) throw absentConfiguration('cors', bucket.name)
  return { CORSRules: bucket.cors }
}

export const deleteBucketCors: Operation<S3['DeleteBucketCors'], S3State> = async (input, state) => {
  await changeBucket(state, input, (bucket) => ({ ...bucket, cors: undefined }))
  return {}
}

const ENCRYPTIONS: readonly string[] = ['AES256', 'aws:kms', 'aws:kms:dsse']
const SSE_S3: EncryptionRule = { SSEAlgorithm: 'AES256', BucketKeyEnabled: false }

/** Names the default in answers; nothing is encrypted at rest. Source: S3 API, PutBucketEncryption. */
export const putBucketEncryption: Operation<S3['PutBucketEncryption'], S3State> = async (input, state) => {
  const rules = input.ServerSideEncryptionConfiguration.Rules
  const [rule] = rules
  if (rule === undefined || rules.length > 1) throw malformedXml()
  // A rule may set the bucket key alone. Source: CloudFormation's AWS::S3::Bucket in AWS's own templates.
  const { SSEAlgorithm, KMSMasterKeyID } = rule.ApplyServerSideEncryptionByDefault ?? SSE_S3
  if (!ENCRYPTIONS.includes(SSEAlgorithm)) throw malformedXml()
  if (SSEAlgorithm === 'AES256' && KMSMasterKeyID !== undefined)
    throw invalidArgument(
      'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
      'ApplyServerSideEncryptionByDefault',
    )
  const encryption: EncryptionRule = {
    SSEAlgorithm,
    KMSMasterKeyID,
    BucketKeyEnabled: rule.BucketKeyEnabled ?? false,
  }
  await changeBucket(state, input, (bucket) => ({ ...bucket, encryption, encryptionChosen: true }))
  return {}
}

export const getBucketEncryption: Operation<S3['GetBucketEncryption'], S3State> = async (input, state) => {
  const { encryption } = await bucketFor(state, input)
  const { SSEAlgorithm, KMSMasterKeyID, BucketKeyEnabled } = encryption
  const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm, KMSMasterKeyID }, BucketKeyEnabled }
  return { ServerSideEncryptionConfiguration: { Rules: [rule] } }
}

/** Back to SSE-S3, which no bucket is without. Source: S3 API, DeleteBucketEncryption. */
export const deleteBucketEncryption: Operation<S3['DeleteBucketEncryption'], S3State> = async (
  input,
  state,
) => {
  await changeBucket(state, input, (bucket) => ({
    ...bucket,
    encryption: SSE_S3,
    encryptionChosen: undefined,
  }))
  return {}
}

/** Switching ACLs off needs a list that grants nobody else anything. Source: S3 user guide, Controlling ownership of objects. */
export const putBucketOwnershipControls: Operation<S3['PutBucketOwnershipControls'], S3State> = async (
  input,
  state,
) => {
  const [rule, ...more] = input.OwnershipControls.Rules
  if (rule === undefined || more.length > 0) throw malformedXml()
  const ownership = ownershipOf(rule.ObjectOwnership)
  await changeBucket(state, input, (bucket) => {
    const owner = canonicalUserId(bucket.account)
    const plain = JSON.stringify(cannedGrants('private', owner, owner))
    if (ownership === 'BucketOwnerEnforced' && JSON.stringify(bucket.grants) !== plain)
      throw aclWithOwnership(ownership)
    return { ...bucket, ownership }
  })
  return {}
}

export const getBucketOwnershipControls: Operation<S3['GetBucketOwnershipControls'], S3State> = async (
  input,
  state,
) => {
  const bucket = await bucketFor(state, input)
  if (bucket.ownership === undefined) throw absentConfiguration('ownership', bucket.name)
  return { OwnershipControls: { Rules: [{ ObjectOwnership: bucket.ownership }] } }
}

export const deleteBucketOwnershipControls: Operation<S3['DeleteBucketOwnershipControls'], S3State> = async (
  input,
  state,
) => {
  await changeBucket(state, input, (bucket) => ({ ...bucket, ownership: undefined }))
  return {}
}

export const putPublicAccessBlock: Operation<S3['PutPublicAccessBlock'], S3State> = async (input, state) => {
  const asked = input.PublicAccessBlockConfiguration
  await changeBucket(state, input, (bucket) => ({
    ...bucket,
    publicAccessBlock: {
      BlockPublicAcls: asked.BlockPublicAcls ?? false,
      IgnorePublicAcls: asked.IgnorePublicAcls ?? false,
      BlockPublicPolicy: asked.BlockPublicPolicy ?? false,
      RestrictPublicBuckets: asked.RestrictPublicBuckets ?? false,
    },
  }))
  return {}
}

export const getPublicAccessBlock: Operation<S3['GetPublicAccessBlock'], S3State> = async (input, state) => {
  const bucket = await bucketFor(state, input)
  if (bucket.publicAccessBlock === undefined) throw absentConfiguration('publicAccessBlock', bucket.name)
  return { PublicAccessBlockConfiguration: bucket.publicAccessBlock }
}

export const deletePublicAccessBlock: Operation<S3['DeletePublicAccessBlock'], S3State> = async (
  input,
  state,
) => {
  await changeBucket(state, input, (bucket) => ({ ...bucket, publicAccessBlock: undefined }))
  return {}
}
