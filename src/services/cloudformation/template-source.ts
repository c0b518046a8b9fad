/** Where a template comes from: the request's text, or an object of our own S3 named by its address. */
import { utf8, text } from '#base/bytes.ts'
import { concat } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import { TEMPLATE_BODY_BYTES_MAX, TEMPLATE_OBJECT_BYTES_MAX } from '#services/cloudformation/limits.ts'
import type { Api, ApiIdentity } from '#ports/api.ts'

export interface ObjectAddress {
  readonly bucket: string
  readonly key: string
  readonly version: string | undefined
}

/**
 * Bucket and key of an S3 address: path style (`http://host/bucket/key`), virtual-host style
 * (`http://bucket.s3.region.amazonaws.com/key`, `http://bucket.localhost:4566/key`) or `s3://bucket/key`.
 */
export function objectAddress(address: string): ObjectAddress | undefined {
  const match = address.match(/^(https?|s3):\/\/([^/?#]+)\/?([^?#]*)(?:\?([^#]*))?/)
  if (match === null) return undefined
  const [, scheme = '', authority = '', path = '', query = ''] = match
  const version = query
    .split('&')
    .find((part) => part.startsWith('versionId='))
    ?.slice('versionId='.length)
  if (scheme === 's3') return { bucket: authority, key: decoded(path), version }
  const host = authority.replace(/:\d+$/, '').replace(/^.*@/, '')
  const virtual = host.match(
    /^(.+?)\.(?:s3[.-](?:[a-z0-9.-]+\.)?amazonaws\.com(?:\.cn)?|s3\..*|localhost(?:\..*)?)$/,
  )
  const bucket = virtual?.[1]
  if (bucket !== undefined && bucket !== 's3') return { bucket, key: decoded(path), version }
  const slash = path.indexOf('/')
  if (slash < 1) return undefined
  return { bucket: decoded(path.slice(0, slash)), key: decoded(path.slice(slash + 1)), version }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

export interface TemplateSource {
  readonly TemplateBody?: string | undefined
  readonly TemplateURL?: string | undefined
}

/** The text, or undefined when neither is given. Faults: ValidationError. Source: CloudFormation API, CreateStack. */
export async function templateText(
  source: TemplateSource,
  api: Api,
  identity: ApiIdentity,
): Promise<string | undefined> {
  const { TemplateBody: body, TemplateURL: address } = source
  if (body !== undefined && address !== undefined) {
    throw validationError('Only one of TemplateBody or TemplateUrl may be specified.')
  }
  if (body !== undefined) {
    if (utf8(body).length > TEMPLATE_BODY_BYTES_MAX) {
      throw validationError(
        `1 validation error detected: Value '${body.slice(0, 40)}...' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${TEMPLATE_BODY_BYTES_MAX}`,
      )
    }
    return body
  }
  if (address === undefined) return undefined
  const place = objectAddress(address)
  if (place === undefined || place.key === '') {
    throw validationError('TemplateURL must be a supported URL.')
  }
  return text(await objectBytes(place, api, identity))
}

/** The object's bytes, at most `TEMPLATE_OBJECT_BYTES_MAX`. Faults: ValidationError in S3's words. */
export async function objectBytes(
  place: ObjectAddress,
  api: Api,
  identity: ApiIdentity,
): Promise<Uint8Array> {
  try {
    const found = await api.call(
      's3',
      'GetObject',
      {
        Bucket: place.bucket,
        Key: place.key,
        ...(place.version === undefined ? {} : { VersionId: place.version }),
      },
      identity,
    )
    return await collected(found.Body)
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'ValidationError') throw error
    throw validationError(
      `S3 error: ${error.message}\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html`,
    )
  }
}

type Body = Uint8Array | string | AsyncIterable<Uint8Array> | undefined

async function collected(body: Body): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array(0)
  if (typeof body === 'string') return utf8(body)
  if (body instanceof Uint8Array) return body
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size > TEMPLATE_OBJECT_BYTES_MAX) {
      throw validationError('Template may not exceed 1000000 bytes in size.')
    }
  }
  return concat(chunks)
}
