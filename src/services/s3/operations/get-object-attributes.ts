/** GetObjectAttributes: what HeadObject says and what the parts were. */
import type { S3 } from '#model/s3.ts'
import type { Operation } from '#ports/service.ts'
import { checksumMember, checksumMembers } from '#services/s3/checksums.ts'
import { customerKeyOf, holdCustomerKey } from '#services/s3/customer-key.ts'
import { invalidArgument } from '#services/s3/faults.ts'
import { pageLimit } from '#services/s3/listing.ts'
import { findObject, type Found } from '#services/s3/read.ts'
import type { S3State } from '#services/s3/state.ts'
import { shownVersionId } from '#services/s3/versions.ts'

const ATTRIBUTES: readonly string[] = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize']

type Input = S3['GetObjectAttributes']['in']
type Parts = S3['GetObjectAttributes']['out']['ObjectParts']

/** The ETag is without quotes here, and the class STANDARD is named, which no header does. Source: recorded AWS answers; S3 API, GetObjectAttributes, says otherwise of STANDARD. */
export const getObjectAttributes: Operation<S3['GetObjectAttributes'], S3State> = async (input, state) => {
  const customerKey = customerKeyOf(input)
  const asked = new Set<string>(input.ObjectAttributes)
  if (asked.size === 0 || [...asked].some((name) => !ATTRIBUTES.includes(name)))
    throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes')
  const found = await findObject(state, input, 'GET')
  const { bucket, record } = found
  holdCustomerKey(record.encryption, customerKey)
  return {
    LastModified: record.lastModified,
    VersionId: shownVersionId(bucket, record),
    ...(asked.has('ETag') ? { ETag: record.etag } : {}),
    ...(asked.has('Checksum') ? { Checksum: wholeChecksum(found) } : {}),
    ...(asked.has('ObjectParts') ? { ObjectParts: await partsOf(state, found, input) } : {}),
    ...(asked.has('StorageClass') ? { StorageClass: record.storageClass } : {}),
    ...(asked.has('ObjectSize') ? { ObjectSize: record.sizeBytes } : {}),
  }
}

/** A composite value is given without the number of its parts. Source: recorded AWS answer. */
function wholeChecksum({ record }: Found): ReturnType<typeof checksumMembers> {
  const { checksum } = record
  return checksumMembers({ ...checksum, value: checksum.value.replace(/-\d+$/, '') })
}

/** Only for objects that were uploaded in parts; the parts themselves only beside a composite checksum. Source: S3 API, GetObjectAttributes. */
async function partsOf(state: S3State, { bucket, record }: Found, input: Input): Promise<Parts> {
  if (record.content.kind !== 'parts') return undefined
  const { checksum } = record
  const total = record.content.count
  if (checksum.type !== 'COMPOSITE') return { TotalPartsCount: total }
  const manifest = await state.bodies.manifest(state.store.read, bucket, record.content.id)
  const limit = pageLimit(input.MaxParts, 'max-parts')
  const marker = input.PartNumberMarker ?? 0
  const rest = (manifest?.pieces ?? []).slice(marker)
  const page = rest.slice(0, limit)
  return {
    TotalPartsCount: total,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.partNumber ?? 0,
    MaxParts: limit,
    IsTruncated: rest.length > limit,
    Parts: page.map((piece) => ({
      PartNumber: piece.partNumber,
      Size: piece.sizeBytes,
      ...checksumMember(checksum.algorithm, piece.checksum),
    })),
  }
}
