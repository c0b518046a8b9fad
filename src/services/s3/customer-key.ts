/**
 * Keys that customers send with each request (SSE-C): checked, remembered by their MD5, asked for again at every read.
 * Nothing is encrypted at rest here; what the key decides is who may read. Source: S3 user guide, Using server-side
 * encryption with customer-provided keys; texts from answers of AWS that users of other tools quote.
 */
import { hash } from 'node:crypto'
import { base64, fromBase64 } from '#base/bytes.ts'
import { Buffer } from 'node:buffer'
import {
  accessDenied,
  customerKeyNotApplicable,
  customerKeyRequired,
  invalidArgument,
  invalidEncryptionAlgorithm,
  invalidRequest,
} from '#services/s3/faults.ts'
import type { StoredEncryption } from '#services/s3/records.ts'

export interface CustomerKeyMembers {
  readonly SSECustomerAlgorithm?: string | undefined
  readonly SSECustomerKey?: string | undefined
  readonly SSECustomerKeyMD5?: string | undefined
}

export interface SourceKeyMembers {
  readonly CopySourceSSECustomerAlgorithm?: string | undefined
  readonly CopySourceSSECustomerKey?: string | undefined
  readonly CopySourceSSECustomerKeyMD5?: string | undefined
}

/** Bytes of a key for AES256. */
const KEY_BYTES = 32
const HEADER = 'x-amz-server-side-encryption'

/** The MD5 (base64) of the key in the request, or undefined when it has none. Faults InvalidArgument, InvalidEncryptionAlgorithmError. */
export function customerKeyOf(input: CustomerKeyMembers): string | undefined {
  const { SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: md5 } = input
  if (algorithm === undefined && key === undefined && md5 === undefined) return undefined
  const must = 'Requests specifying Server Side Encryption with Customer provided keys must provide'
  if (algorithm === undefined) throw invalidArgument(`${must} a valid encryption algorithm.`, HEADER, 'null')
  if (algorithm !== 'AES256') throw invalidEncryptionAlgorithm(algorithm)
  if (key === undefined) throw invalidArgument(`${must} an appropriate secret key.`, HEADER, 'null')
  if (md5 === undefined)
    throw invalidArgument(`${must} the client calculated MD5 of the secret key.`, HEADER, 'null')
  const bytes = fromBase64(key)
  if (bytes?.length !== KEY_BYTES)
    throw invalidArgument('The secret key was invalid for the specified algorithm.', HEADER, 'null')
  const calculated = base64(Buffer.from(hash('md5', bytes, 'hex'), 'hex'))
  if (calculated !== md5)
    throw invalidArgument(
      'The calculated MD5 hash of the key did not match the hash that was provided.',
      `${HEADER}-customer-key-MD5`,
      md5,
    )
  return calculated
}

/** Of the source of a copy. */
export const sourceKeyOf = (input: SourceKeyMembers): string | undefined =>
  customerKeyOf({
    SSECustomerAlgorithm: input.CopySourceSSECustomerAlgorithm,
    SSECustomerKey: input.CopySourceSSECustomerKey,
    SSECustomerKeyMD5: input.CopySourceSSECustomerKeyMD5,
  })

/** For reads. Faults InvalidRequest, AccessDenied. */
export function holdCustomerKey(stored: StoredEncryption, given: string | undefined): void {
  if (stored.customerKeyMd5 === given) return
  if (given === undefined) throw customerKeyRequired()
  if (stored.customerKeyMd5 === undefined) throw customerKeyNotApplicable()
  throw accessDenied()
}

/** For parts and the completion of an upload. Fault InvalidRequest. */
export function holdUploadKey(stored: StoredEncryption, given: string | undefined): void {
  if (stored.customerKeyMd5 === given) return
  if (stored.customerKeyMd5 === undefined) throw customerKeyNotApplicable()
  throw invalidRequest(
    given === undefined
      ? 'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.'
      : 'The provided encryption parameters did not match the ones used originally.',
  )
}
