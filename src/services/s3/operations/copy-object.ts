/** CopyObject: the source's bytes under a new name, with its metadata or new ones. */
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import { type Algorithm, algorithmOf, checksumMembers } from '#services/s3/checksums.ts'
import { checkCopySize, openSource, type SourceFound } from '#services/s3/copy-source.ts'
import { holdCustomerKey, sourceKeyOf } from '#services/s3/customer-key.ts'
import { quoted } from '#services/s3/etag.ts'
import { invalidArgument, invalidRequest } from '#services/s3/faults.ts'
import { expirationHeader } from '#services/s3/lifecycle.ts'
import { COPY_BYTES_MAX } from '#services/s3/limits.ts'
import { checkKey } from '#services/s3/names.ts'
import type { ObjectSettings } from '#services/s3/records.ts'
import { encryptionMembers, settingsOf } from '#services/s3/settings.ts'
import type { S3State } from '#services/s3/state.ts'
import { bucketOf, newVersionId, shownVersionId } from '#services/s3/versions.ts'
import { checkWriteConditions, writeObject } from '#services/s3/write.ts'

type Input = S3['CopyObject']['in']

export const copyObject: Operation<S3['CopyObject'], S3State> = async (input, state, call) => {
  checkKey(input.Key)
  const conditions = { ifMatch: input.IfMatch, ifNoneMatch: input.IfNoneMatch }
  checkWriteConditions(conditions)
  const sourceKey = sourceKeyOf(input)
  const bucket = await bucketOf(state.store.read, input.Bucket, input.ExpectedBucketOwner)
  const asked = settingsOf(input, bucket, { account: call.account, now: state.clock.now() })
  const algorithmAsked = algorithmOf(input.ChecksumAlgorithm)
  const opened = await openSource(state, input, (found) => {
    holdCustomerKey(found.record.encryption, sourceKey)
    checkCopySize(found.record.sizeBytes)
    refuseCopyOntoItself(input, found)
    return undefined
  })
  const algorithm: Algorithm = algorithmAsked ?? opened.record.checksum.algorithm
  const received = await state.bodies.receive(opened.body, {
    algorithms: [algorithm],
    sha256: false,
    maxBytes: COPY_BYTES_MAX,
  })
  const settings = { ...asked, ...takenOver(input, asked, opened.record) }
  const value = received.checksums.get(algorithm) ?? ''
  const written = await writeObject(state, input.Bucket, {
    draft: {
      ...settings,
      kind: 'object',
      key: input.Key,
      sizeBytes: received.sizeBytes,
      etag: received.md5,
      checksum: { algorithm, type: 'FULL_OBJECT', value },
    },
    fresh: received.fresh,
    conditions,
    making: { event: 'ObjectCreated:Copy', call },
  })
  return {
    CopyObjectResult: {
      ETag: quoted(received.md5),
      LastModified: written.record.lastModified,
      ...checksumMembers(written.record.checksum),
    },
    Expiration: expirationHeader(written.bucket, written.record),
    CopySourceVersionId: shownVersionId(opened.bucket, opened.record),
    VersionId: newVersionId(written.bucket, written.record),
    ...encryptionMembers(settings.encryption),
  }
}

/** What the directives leave as it is at the source. A redirect is never copied. Source: S3 API, CopyObject. */
function takenOver(input: Input, asked: ObjectSettings, source: ObjectSettings): Partial<ObjectSettings> {
  const metadata = directiveOf(input.MetadataDirective, 'metadata')
  const tagging = directiveOf(input.TaggingDirective, 'tagging')
  const { websiteRedirectLocation } = asked.headers
  return {
    ...(metadata === 'COPY'
      ? { metadata: source.metadata, headers: { ...source.headers, websiteRedirectLocation } }
      : {}),
    tags: tagging === 'COPY' ? source.tags : asked.tags,
  }
}

function directiveOf(asked: string | undefined, what: 'metadata' | 'tagging'): 'COPY' | 'REPLACE' {
  if (asked === undefined || asked === 'COPY') return 'COPY'
  if (asked === 'REPLACE') return 'REPLACE'
  throw invalidArgument(`Unknown ${what} directive.`, `x-amz-${what}-directive`, asked)
}

/** Naming a storage class or having chosen the bucket's encryption counts as a change, even to the same. Source: recorded AWS answers. */
function refuseCopyOntoItself(input: Input, { source, bucket }: SourceFound): void {
  const itself = bucket.name === input.Bucket && source.key === input.Key && source.versionId === undefined
  const changes =
    input.MetadataDirective === 'REPLACE' ||
    input.WebsiteRedirectLocation !== undefined ||
    input.ServerSideEncryption !== undefined ||
    input.SSECustomerAlgorithm !== undefined ||
    input.ChecksumAlgorithm !== undefined ||
    input.StorageClass !== undefined ||
    bucket.encryptionChosen === true
  if (itself && !changes)
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's " +
        'metadata, storage class, website redirect location or encryption attributes.',
    )
}
