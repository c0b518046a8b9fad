/** CodeUri, ContentUri, DefinitionUri: `s3://bucket/key?versionId=...` or an object with Bucket and Key. */
import { invalidResource } from '#engines/sam/sam-error.ts'
import { type Dict, isDict, memberOf, type Value } from '#engines/templates/value.ts'
import { given } from '#engines/sam/intrinsics.ts'

export interface S3Place {
  readonly bucket: Value
  readonly key: Value
  readonly version: Value | undefined
}

/** The place that an S3 address names, or undefined when the text is none. */
export function s3Place(uri: string): S3Place | undefined {
  const match = uri.match(/^s3:\/\/([^/?#[\]]+)\/([^?#]*)(?:\?([^#]*))?/i)
  if (match === null) return undefined
  const [, bucket = '', key = '', query = ''] = match
  const versions = query
    .split('&')
    .filter((part) => part.startsWith('versionId='))
    .map((part) => decodeURIComponent(part.slice('versionId='.length)))
  return { bucket, key: key.replace(/^\/+/, ''), version: versions.length === 1 ? versions[0] : undefined }
}

export function placeOf(id: string, property: string, value: Value | undefined): S3Place {
  if (isDict(value)) {
    const [bucket, key] = [memberOf(value, 'Bucket'), memberOf(value, 'Key')]
    if (bucket === undefined || key === undefined || !given(bucket) || !given(key)) {
      return invalidResource(id, `'${property}' requires Bucket and Key properties to be specified.`)
    }
    return { bucket, key, version: memberOf(value, 'Version') }
  }
  const place = typeof value === 'string' ? s3Place(value) : undefined
  return (
    place ??
    invalidResource(
      id,
      `'${property}' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.`,
    )
  )
}

/** As a function's or a layer's code. */
export function s3Code(id: string, property: string, value: Value): Dict {
  if (!isDict(value) && typeof value !== 'string') {
    return invalidResource(id, `'${property}' must be of type dict or string.`)
  }
  if (
    typeof value === 'string' &&
    /\{\{resolve:(ssm|ssm-secure|secretsmanager):[a-zA-Z0-9_.-]*\/[a-zA-Z0-9_./-]*(:\d+)?\}\}/.test(value)
  ) {
    return invalidResource(
      id,
      `Unsupported dynamic reference detected in '${property}'. Please consider using alternative 'FunctionCode' object format.`,
    )
  }
  const { bucket, key, version } = placeOf(id, property, value)
  return { S3Bucket: bucket, S3Key: key, ...(version === undefined ? {} : { S3ObjectVersion: version }) }
}

/** As an API's or a state machine's definition. */
export function s3Definition(id: string, value: Value): Dict {
  const { bucket, key, version } = placeOf(id, 'DefinitionUri', value)
  return { Bucket: bucket, Key: key, ...(version === undefined ? {} : { Version: version }) }
}
