/**
 * Receives the body of a put or a part and holds it against what the request announced: length, Content-MD5,
 * payload hash, one additional checksum (in a header, or in a trailer that comes after the body).
 */
import { base64, fromBase64, type Bytes } from '#base/bytes.ts'
import { Buffer } from 'node:buffer'
import type { Call } from '#ports/service.ts'
import type { Received } from '#services/s3/bodies.ts'
import {
  type Algorithm,
  algorithmOf,
  announcedValue,
  CHECKSUM_HEADERS,
  type ChecksumMembers,
  checkValue,
} from '#services/s3/checksums.ts'
import {
  badChecksum,
  badContentMd5,
  contentSha256Mismatch,
  entityTooLarge,
  incompleteBody,
  invalidDigest,
} from '#services/s3/faults.ts'
import { PUT_BYTES_MAX } from '#services/s3/limits.ts'
import type { S3State } from '#services/s3/state.ts'

export interface BodyInput extends ChecksumMembers {
  readonly Body?: AsyncIterable<Bytes> | undefined
  readonly ContentLength?: number | undefined
  readonly ContentMD5?: string | undefined
  readonly ChecksumAlgorithm?: string | undefined
}

const HEX_SHA256 = /^[0-9a-f]{64}$/

/** The algorithm that the request speaks of, by value, trailer or name. Faults InvalidRequest, NotImplemented. */
export function announcedAlgorithm(input: BodyInput, call: Call): Algorithm | undefined {
  const value = announcedValue(input)
  if (value !== undefined) {
    checkValue(value.algorithm, value.value)
    return value.algorithm
  }
  const trailers = call.headers['x-amz-trailer']
  const trailer = trailers === undefined ? undefined : /x-amz-checksum-(\w+)/i.exec(trailers)?.[1]
  return algorithmOf(trailer ?? input.ChecksumAlgorithm)
}

/**
 * Reads the body and verifies it; a body that fails is gone when the fault is thrown. Faults EntityTooLarge,
 * IncompleteBody, InvalidDigest, BadDigest, XAmzContentSHA256Mismatch. Source: S3 API, PutObject and UploadPart.
 */
export async function receiveBody(
  state: S3State,
  input: BodyInput,
  call: Call,
  algorithms: readonly Algorithm[],
): Promise<Received> {
  const announcedMd5 = input.ContentMD5
  if (announcedMd5 !== undefined && fromBase64(announcedMd5)?.length !== 16) throw invalidDigest(announcedMd5)
  const decodedLength = Number(call.headers['x-amz-decoded-content-length'] ?? Number.NaN)
  const length = Number.isNaN(decodedLength) ? input.ContentLength : decodedLength
  if (length !== undefined && length > PUT_BYTES_MAX) throw entityTooLarge(length, PUT_BYTES_MAX)
  const payloadHash = call.headers['x-amz-content-sha256'] ?? ''
  const hashed = !call.presigned && HEX_SHA256.test(payloadHash)
  const received = await state.bodies.receive(input.Body ?? nothing(), {
    algorithms,
    sha256: hashed,
    maxBytes: PUT_BYTES_MAX,
  })
  try {
    if (!Number.isNaN(decodedLength) && decodedLength !== received.sizeBytes) throw incompleteBody()
    if (hashed && received.sha256 !== payloadHash)
      throw contentSha256Mismatch(payloadHash, received.sha256 ?? '')
    verifyMd5(announcedMd5, received)
    verifyChecksum(input, call, received)
  } catch (fault) {
    await state.bodies.discard(received.fresh)
    throw fault
  }
  return received
}

function verifyMd5(announced: string | undefined, received: Received): void {
  if (announced === undefined) return
  const calculated = base64(Buffer.from(received.md5, 'hex'))
  if (calculated !== announced) throw badContentMd5(announced, calculated)
}

/** Looked up again after the body: trailers have arrived only now. */
function verifyChecksum(input: BodyInput, call: Call, received: Received): void {
  const announced = announcedValue(input) ?? trailingValue(call)
  if (announced === undefined) return
  checkValue(announced.algorithm, announced.value)
  const calculated = received.checksums.get(announced.algorithm)
  if (calculated !== announced.value) throw badChecksum(announced.algorithm)
}

function trailingValue(call: Call): { readonly algorithm: Algorithm; readonly value: string } | undefined {
  for (const [header, algorithm] of CHECKSUM_HEADERS) {
    const value = call.headers[header]
    if (value !== undefined) return { algorithm, value }
  }
  return undefined
}

// oxlint-disable-next-line require-yield -- an empty body is a stream without chunks
async function* nothing(): AsyncGenerator<Bytes> {}
