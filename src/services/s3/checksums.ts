/**
 * The additional checksums of objects and parts: which algorithm a request speaks of, running digests, and the
 * value of a multipart object. Pure. Comparing what came with what was announced is `receive.ts`.
 */
import { createHash, hash } from 'node:crypto'
import { base64, concat, fromBase64, hex, type Bytes } from '#base/bytes.ts'
import { type CrcName, combineCrcs, crcBytes, runningCrc } from '#services/s3/crc.ts'
import { headerNotImplemented, invalidRequest } from '#services/s3/faults.ts'

export const ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256', 'SHA512', 'MD5'] as const
export type Algorithm = (typeof ALGORITHMS)[number]
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

/** In the model, and not computed here: asking for one is answered NotImplemented. */
const NOT_COMPUTED = ['XXHASH64', 'XXHASH3', 'XXHASH128'] as const

/** What is kept with an object. */
export interface StoredChecksum {
  readonly algorithm: Algorithm
  readonly type: ChecksumType
  /** Base64; of a composite one with the number of parts behind a hyphen. */
  readonly value: string
}

/** The members `ChecksumCRC32` and so on of inputs and outputs. */
export type ChecksumMembers = { readonly [A in Algorithm as `Checksum${A}`]?: string | undefined }
type Uncomputed = { readonly [A in (typeof NOT_COMPUTED)[number] as `Checksum${A}`]?: string | undefined }

const BYTES: Readonly<Record<Algorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
  MD5: 16,
}

/** S3 computes this one when the client names none. Source: S3 user guide, Checking object integrity. */
export const DEFAULT_ALGORITHM: Algorithm = 'CRC64NVME'

/** The algorithm by its name in any case, undefined for none. Faults NotImplemented, InvalidRequest. */
export function algorithmOf(name: string | undefined): Algorithm | undefined {
  if (name === undefined || name === '') return undefined
  const upper = name.toUpperCase()
  if (NOT_COMPUTED.some((one) => one === upper))
    throw headerNotImplemented('x-amz-checksum-algorithm', `${upper} is not computed here`)
  const found = ALGORITHMS.find((one) => one === upper)
  if (found === undefined)
    throw invalidRequest(
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    )
  return found
}

/** The one value that members of the input announce. Fault InvalidRequest for two of them or one that cannot be. Source: recorded AWS answers. */
export function announcedValue(
  members: ChecksumMembers & Uncomputed,
): { readonly algorithm: Algorithm; readonly value: string } | undefined {
  for (const [member, name] of UNCOMPUTED_MEMBERS)
    if (members[member] !== undefined)
      throw headerNotImplemented(`x-amz-checksum-${name.toLowerCase()}`, `${name} is not computed here`)
  let found: { readonly algorithm: Algorithm; readonly value: string } | undefined
  for (const [member, algorithm] of MEMBERS) {
    const value = members[member]
    if (value === undefined) continue
    if (found !== undefined)
      throw invalidRequest(
        'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
      )
    found = { algorithm, value }
  }
  return found
}

/** The names are made once: they are looked up in every request. */
const MEMBERS = ALGORITHMS.map((name) => [`Checksum${name}`, name] as const)
const UNCOMPUTED_MEMBERS = NOT_COMPUTED.map((name) => [`Checksum${name}`, name] as const)
/** `x-amz-checksum-crc32` and so on, with what they name. */
export const CHECKSUM_HEADERS = ALGORITHMS.map((name): readonly [header: string, algorithm: Algorithm] => [
  `x-amz-checksum-${name.toLowerCase()}`,
  name,
])

/** Fault InvalidRequest when the text cannot be a value of the algorithm. Source: recorded AWS answer. */
export function checkValue(algorithm: Algorithm, value: string): void {
  if (fromBase64(value)?.length !== BYTES[algorithm])
    throw invalidRequest(`Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`)
}

export interface RunningChecksum {
  update(chunk: Bytes): void
  /** Base64. Once only. */
  digest(): string
}

const isCrc = (algorithm: Algorithm): algorithm is CrcName => algorithm.startsWith('CRC')

export function runningChecksum(algorithm: Algorithm): RunningChecksum {
  if (isCrc(algorithm)) {
    const crc = runningCrc(algorithm)
    return {
      update: (chunk) => crc.update(chunk),
      digest: () => base64(crc.bytes()),
    }
  }
  const digest = createHash(algorithm.toLowerCase())
  return { update: (chunk) => void digest.update(chunk), digest: () => digest.digest('base64') }
}

/** The checksum of bytes that are all here, in base64. */
export function checksumOf(algorithm: Algorithm, bytes: Bytes): string {
  if (!isCrc(algorithm)) return hash(algorithm.toLowerCase(), bytes, 'base64')
  const running = runningChecksum(algorithm)
  running.update(bytes)
  return running.digest()
}

export interface PartChecksum {
  /** Base64. */
  readonly value: string
  readonly sizeBytes: number
}

/**
 * The checksum of an object made of parts. Full object: joined from the parts' CRCs; composite: the digest of the
 * parts' digests, `-` and their number. Source: S3 user guide, Checking object integrity for multipart uploads.
 */
export function checksumOfParts(
  algorithm: Algorithm,
  type: ChecksumType,
  parts: readonly PartChecksum[],
): StoredChecksum {
  const digests = parts.map((part) => fromBase64(part.value) ?? new Uint8Array(BYTES[algorithm]))
  if (type === 'FULL_OBJECT' && isCrc(algorithm)) {
    const whole = combineCrcs(
      algorithm,
      digests.map((bytes, i) => ({ crc: crcOf(bytes), sizeBytes: parts[i]?.sizeBytes ?? 0 })),
    )
    return { algorithm, type, value: base64(crcBytes(algorithm, whole)) }
  }
  const running = runningChecksum(algorithm)
  running.update(concat(digests))
  return { algorithm, type, value: `${running.digest()}-${parts.length}` }
}

const crcOf = (bytes: Bytes): bigint => BigInt(`0x${hex(bytes)}`)

/** The type of a multipart upload's checksum: what was asked for, else the algorithm's own. Fault InvalidRequest. Source: S3 API, CreateMultipartUpload. */
export function checksumTypeOf(algorithm: Algorithm, asked: string | undefined): ChecksumType {
  const own: ChecksumType = algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE'
  if (asked === undefined) return own
  const type = asked.toUpperCase()
  if (type !== 'FULL_OBJECT' && type !== 'COMPOSITE')
    throw invalidRequest('Value for x-amz-checksum-type header is invalid.')
  const possible = type === 'FULL_OBJECT' ? isCrc(algorithm) : algorithm !== 'CRC64NVME'
  if (!possible)
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    )
  return type
}

/** As members of an output; nothing when there is none. */
export function checksumMembers(
  checksum: StoredChecksum | undefined,
): ChecksumMembers & { readonly ChecksumType?: ChecksumType } {
  if (checksum === undefined) return {}
  return { ...checksumMember(checksum.algorithm, checksum.value), ChecksumType: checksum.type }
}

/** The value alone, as parts carry it. */
export function checksumMember(algorithm: Algorithm, value: string): ChecksumMembers {
  switch (algorithm) {
    case 'CRC32':
      return { ChecksumCRC32: value }
    case 'CRC32C':
      return { ChecksumCRC32C: value }
    case 'CRC64NVME':
      return { ChecksumCRC64NVME: value }
    case 'SHA1':
      return { ChecksumSHA1: value }
    case 'SHA256':
      return { ChecksumSHA256: value }
    case 'SHA512':
      return { ChecksumSHA512: value }
    case 'MD5':
      return { ChecksumMD5: value }
    default:
      return algorithm satisfies never
  }
}

/** MD5 of the bytes in base64, as Content-MD5 carries it. */
export const contentMd5 = (bytes: Bytes): string => hash('md5', bytes, 'base64')
