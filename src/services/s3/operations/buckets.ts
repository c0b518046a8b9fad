/** Buckets as things: create, delete, look at, list. Their configuration is `bucket-*.ts`. */
import { DEFAULT_REGION, type Region, regionOf } from '#base/ids.ts'
import { base64, fromBase64, strictText, utf8 } from '#base/bytes.ts'
import { keysBelow } from '#base/key.ts'
import type { S3 } from '#model/s3.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { Tx } from '#ports/store.ts'
import {
  cannedGrants,
  canonicalUserId,
  type Grant,
  grantsAsked,
  type Ownership,
  OWNERSHIPS,
} from '#services/s3/acl.ts'
import type { Retired } from '#services/s3/bodies.ts'
import {
  aclWithOwnership,
  bucketAlreadyExists,
  bucketAlreadyOwnedByYou,
  bucketNotEmpty,
  illegalLocationConstraint,
  invalidArgument,
  invalidLocationConstraint,
  tooManyBuckets,
} from '#services/s3/faults.ts'
import { BUCKETS_MAX, BUCKETS_PAGE_MAX, SCAN_BATCH } from '#services/s3/limits.ts'
import { checkBucketName } from '#services/s3/names.ts'
import {
  type BucketRecord,
  buckets,
  GLOBAL,
  nullPointers,
  ownerOf,
  parts,
  uploads,
  versions,
} from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'
import { checkTags, plainTags } from '#services/s3/tags.ts'
import { bucketOf, wholeSeconds } from '#services/s3/versions.ts'

type CreateInput = S3['CreateBucket']['in']

export const createBucket: Operation<S3['CreateBucket'], S3State> = async (input, state, call) => {
  checkBucketName(input.Bucket)
  const constraint = input.CreateBucketConfiguration?.LocationConstraint
  const bucket: BucketRecord = {
    ...newBucket(input, state, call),
    region: regionAsked(constraint, call.region),
    locationConstraint: constraint,
  }
  await state.store.tx(async (tx) => {
    const existing = await buckets.get(tx, GLOBAL, bucket.name)
    if (existing === undefined) {
      const all = await buckets.list(tx, GLOBAL, [], { limit: BUCKETS_MAX })
      if (all.filter((one) => one.account === call.account).length >= BUCKETS_MAX) throw tooManyBuckets()
      buckets.put(tx, GLOBAL, [bucket.name], bucket)
    } else if (existing.account !== call.account) throw bucketAlreadyExists(bucket.name)
    else if (
      existing.region !== DEFAULT_REGION ||
      bucket.region !== DEFAULT_REGION ||
      bucket.tags !== undefined
    )
      throw bucketAlreadyOwnedByYou(bucket.name)
  })
  const local = bucket.region === DEFAULT_REGION
  return { Location: local ? `/${bucket.name}` : `http://${bucket.name}.s3.amazonaws.com/` }
}

/** A bucket as AWS makes one since 2023: ACLs off, public access blocked, SSE-S3. Source: S3 user guide, Creating a bucket. */
function newBucket(input: CreateInput, state: S3State, call: Call): BucketRecord {
  const ownership = ownershipOf(input.ObjectOwnership ?? 'BucketOwnerEnforced')
  const tags = plainTags(input.CreateBucketConfiguration?.Tags ?? [])
  checkTags(tags, 'new bucket')
  return {
    name: input.Bucket,
    account: call.account,
    region: call.region,
    createdAt: wholeSeconds(state.clock.now()),
    ownership,
    grants: grantsOf(input, call.account, ownership),
    encryption: { SSEAlgorithm: 'AES256', BucketKeyEnabled: false },
    publicAccessBlock: {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    },
    ...(tags.length > 0 ? { tags } : {}),
    ...(input.ObjectLockEnabledForBucket === true ? { versioning: 'Enabled', objectLock: {} } : {}),
  }
}

/** Fault InvalidArgument for a name that is none. */
export function ownershipOf(name: string): Ownership {
  const found = OWNERSHIPS.find((one) => one === name)
  if (found === undefined)
    throw invalidArgument(`Invalid x-amz-object-ownership header: ${name}`, 'x-amz-object-ownership')
  return found
}

function grantsOf(input: CreateInput, account: string, ownership: Ownership): readonly Grant[] {
  const owner = canonicalUserId(account)
  const asked = grantsAsked(input, owner, owner)
  if (asked === undefined || input.ACL === 'private') return cannedGrants('private', owner, owner)
  if (ownership === 'BucketOwnerEnforced') throw aclWithOwnership(ownership)
  return asked
}

/** Source: S3 API, CreateBucket, LocationConstraint; recorded AWS answers. */
function regionAsked(constraint: string | undefined, region: Region): Region {
  if (constraint === undefined || constraint === '') {
    if (region !== DEFAULT_REGION) throw illegalLocationConstraint(undefined)
    return region
  }
  const asked = constraint === 'EU' ? regionOf('eu-west-1') : regionOf(constraint)
  if (asked === undefined || asked === DEFAULT_REGION) throw invalidLocationConstraint(constraint)
  if (region !== DEFAULT_REGION && region !== asked) throw illegalLocationConstraint(constraint)
  return asked
}

export const deleteBucket: Operation<S3['DeleteBucket'], S3State> = async (input, state) => {
  const retired = await state.store.tx(async (tx) => {
    const bucket = await bucketOf(tx, input.Bucket, input.ExpectedBucketOwner)
    const below = keysBelow(...ownerOf(bucket), versions.kind, bucket.name)
    if ((await tx.range({ ...below, limit: 1 })).length > 0)
      throw bucketNotEmpty(bucket.name, bucket.versioning !== undefined)
    const left = await dropUploads(state, tx, bucket)
    await dropAll(tx, keysBelow(...ownerOf(bucket), nullPointers.kind, bucket.name))
    buckets.delete(tx, GLOBAL, bucket.name)
    return left
  })
  await state.bodies.retire(retired)
  return {}
}

/** Uploads that were never completed go with their bucket. Source: inferred (AWS deletes a bucket that has some). */
async function dropUploads(state: S3State, tx: Tx, bucket: BucketRecord): Promise<readonly Retired[]> {
  const retired: Retired[] = []
  const below = keysBelow(...ownerOf(bucket), parts.kind, bucket.name)
  for (;;) {
    const entries = await tx.range({ ...below, limit: SCAN_BATCH })
    for (const [key, value] of entries) {
      retired.push(...(await state.bodies.unplace(tx, bucket, parts.decode(value).content)))
      tx.delete(key)
    }
    if (entries.length < SCAN_BATCH) break
  }
  await dropAll(tx, keysBelow(...ownerOf(bucket), uploads.kind, bucket.name))
  return retired
}

async function dropAll(tx: Tx, below: ReturnType<typeof keysBelow>): Promise<void> {
  for (;;) {
    const entries = await tx.range({ ...below, limit: SCAN_BATCH })
    for (const [key] of entries) tx.delete(key)
    if (entries.length < SCAN_BATCH) return
  }
}

export const headBucket: Operation<S3['HeadBucket'], S3State> = async (input, state) => {
  const bucket = await bucketOf(state.store.read, input.Bucket, input.ExpectedBucketOwner)
  return { BucketRegion: bucket.region, AccessPointAlias: false }
}

export const getBucketLocation: Operation<S3['GetBucketLocation'], S3State> = async (input, state) => {
  const bucket = await bucketOf(state.store.read, input.Bucket, input.ExpectedBucketOwner)
  return { LocationConstraint: bucket.locationConstraint }
}

export const listBuckets: Operation<S3['ListBuckets'], S3State> = async (input, state, call) => {
  const { MaxBuckets: asked, Prefix: prefix = '', BucketRegion: region } = input
  if (asked !== undefined && (asked < 1 || asked > BUCKETS_PAGE_MAX))
    throw invalidArgument('Argument max-buckets must be an integer between 1 and 10000', 'max-buckets', asked)
  const after = input.ContinuationToken === undefined ? undefined : textOfToken(input.ContinuationToken)
  const limit = asked ?? BUCKETS_PAGE_MAX
  const shown: BucketRecord[] = []
  let last = after
  while (shown.length <= limit) {
    const batch = await buckets.list(state.store.read, GLOBAL, [], {
      limit: SCAN_BATCH,
      after: last === undefined ? undefined : [last],
    })
    shown.push(
      ...batch.filter(
        (one) =>
          one.account === call.account &&
          one.name.startsWith(prefix) &&
          (region === undefined || one.region === region),
      ),
    )
    last = batch.at(-1)?.name
    if (batch.length < SCAN_BATCH) break
  }
  const page = shown.slice(0, limit)
  const more = shown.length > limit ? page.at(-1) : undefined
  return {
    Buckets: page.map((one) => ({
      Name: one.name,
      CreationDate: one.createdAt,
      ...(asked === undefined && input.Prefix === undefined && region === undefined
        ? {}
        : { BucketRegion: one.region }),
    })),
    Owner: { ID: canonicalUserId(call.account) },
    Prefix: input.Prefix,
    ContinuationToken: more === undefined ? undefined : tokenOf(more.name),
  }
}

/** Continuation tokens are the last name in base64. */
export const tokenOf = (name: string): string => base64(utf8(name))

/** Fault InvalidArgument. Source: recorded AWS answer. */
export function textOfToken(token: string): string {
  const bytes = fromBase64(token)
  const text = bytes === undefined || bytes.length === 0 ? undefined : strictText(bytes)
  if (text === undefined)
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token)
  return text
}

/** One configuration of a bucket changed in a transaction of its own. */
export async function changeBucket(
  state: S3State,
  input: { readonly Bucket: string; readonly ExpectedBucketOwner?: string | undefined },
  change: (bucket: BucketRecord) => BucketRecord,
): Promise<void> {
  await state.store.tx(async (tx) => {
    const bucket = await bucketOf(tx, input.Bucket, input.ExpectedBucketOwner)
    buckets.put(tx, GLOBAL, [bucket.name], change(bucket))
  })
}

/** The bucket of a request that reads its configuration. */
export const bucketFor = (
  state: S3State,
  input: { readonly Bucket: string; readonly ExpectedBucketOwner?: string | undefined },
): BucketRecord | Promise<BucketRecord> => bucketOf(state.store.read, input.Bucket, input.ExpectedBucketOwner)
