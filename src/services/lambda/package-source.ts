/** A function's package: from the request or from S3, checked, extracted, and kept as it came. */
import { type Bytes, concat } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import type { FunctionCode } from '#model/lambda.ts'
import type { Call } from '#ports/service.ts'
import {
  codeNotReadable,
  emptyZip,
  invalidParameter,
  notAZip,
  optionNotWritten,
  unsafeZip,
  unzippedTooLarge,
  zipTooLarge,
} from '#services/lambda/faults.ts'
import { UNZIPPED_BYTES, ZIP_BYTES } from '#services/lambda/limits.ts'
import type { LambdaPorts } from '#services/lambda/ports.ts'
import type { FunctionPackage } from '#services/lambda/record.ts'
import type { StagedCode } from '#ports/sandboxes.ts'

/** The zip that the input means. Source of the texts: Lambda API, CreateFunction. */
export async function readPackage(code: FunctionCode, ports: LambdaPorts, call: Call): Promise<Bytes> {
  if (code.ImageUri !== undefined)
    throw invalidParameter("Please don't provide ImageUri when updating a function with packageType Zip.")
  if (code.SourceKMSKeyArn !== undefined) throw optionNotWritten('SourceKMSKeyArn')
  if (code.ZipFile !== undefined) {
    if (code.S3Bucket !== undefined || code.S3Key !== undefined)
      throw invalidParameter('Please do not provide other FunctionCode parameters when providing a ZipFile.')
    if (code.ZipFile.length > ZIP_BYTES) throw zipTooLarge(ZIP_BYTES)
    return code.ZipFile
  }
  if (code.S3Bucket === undefined || code.S3Key === undefined)
    throw invalidParameter('Please provide a source for function code.')
  return await readObject(code.S3Bucket, code.S3Key, code.S3ObjectVersion, { ports, call })
}

async function readObject(
  bucket: string,
  key: string,
  version: string | undefined,
  via: { readonly ports: LambdaPorts; readonly call: Call },
): Promise<Bytes> {
  const { account, region, span } = via.call
  try {
    const object = await via.ports.api.call(
      's3',
      'GetObject',
      { Bucket: bucket, Key: key, VersionId: version },
      { account, region, span },
    )
    return await collect(object.Body ?? new Uint8Array(0))
  } catch (error) {
    if (error instanceof Fault && !error.message.startsWith('Unzipped'))
      throw codeNotReadable(error.code, error.message)
    throw error
  }
}

async function collect(body: Bytes | AsyncIterable<Bytes>): Promise<Bytes> {
  if (body instanceof Uint8Array) return body
  const parts: Bytes[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > UNZIPPED_BYTES) throw unzippedTooLarge(UNZIPPED_BYTES)
    parts.push(part)
  }
  return concat(parts)
}

/** Extracts and checks it; a refusal is AWS's fault about the package. */
export async function stagePackage(zip: Bytes, ports: LambdaPorts): Promise<StagedCode> {
  const staging = await ports.sandboxes.stage(zip, UNZIPPED_BYTES)
  if (staging.kind === 'staged') return staging.code
  switch (staging.reason) {
    case 'too-large':
      throw unzippedTooLarge(UNZIPPED_BYTES)
    case 'empty':
      throw emptyZip()
    case 'not-a-zip':
      throw notAZip()
    case 'unsafe-name':
    case 'link':
    case 'encrypted':
      throw unsafeZip(`${staging.reason}: ${staging.detail}`)
    default:
      return staging.reason satisfies never
  }
}

/** Staged and kept: what a function's record points to. */
export async function keepPackage(zip: Bytes, ports: LambdaPorts): Promise<FunctionPackage> {
  const code = await stagePackage(zip, ports)
  const { id } = await ports.blobs.write(oneChunk(zip))
  return { blobId: id, code }
}

async function* oneChunk(bytes: Bytes): AsyncGenerator<Bytes> {
  yield await Promise.resolve(bytes)
}

/** The package as it came, from where `keepPackage` put it. */
export async function keptPackage(blobId: string, ports: LambdaPorts): Promise<Bytes | undefined> {
  const body = await ports.blobs.read(blobId)
  return body === undefined ? undefined : await collect(body)
}
