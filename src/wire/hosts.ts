/**
 * What a host name says by itself: buckets in virtual-hosted-style requests and ids of data-plane hosts. Never a service:
 * a presigned URL of a bucket named like another service's host must stay S3's.
 */
import type { HttpRequest } from '#ports/http.ts'

/** Below these, AWS's own names and the local ones are alike: `amazonaws.com`, `localhost`, `localhost.localstack.cloud`. */
const BUCKET_HOST =
  /^(.+?)\.s3(-website)?(?:[.-](?:[a-z]{2,4}(?:-[a-z]+)+-\d|dualstack|accelerate))*\.[a-z0-9.-]+$/

export interface BucketHost {
  readonly bucket: string
  readonly isWebsite: boolean
}

/** The bucket of `<bucket>.s3[-website][.region].<domain>`, or undefined. `host` is lower case and has no port. */
export function bucketOfHost(host: string): BucketHost | undefined {
  const found = BUCKET_HOST.exec(host)
  if (found?.[1] === undefined) return undefined
  return { bucket: found[1], isWebsite: found[2] !== undefined }
}

/**
 * The bucket of `<bucket>.localhost`: SDKs put it before whatever host they are given. Only for requests that are known
 * to be for buckets: other services' clients use names below localhost too.
 */
export function bucketOfLocalHost(host: string): string | undefined {
  const bucket = /^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.localhost$/.exec(host)?.[1]
  const isNone = bucket === undefined || /^s3(?:[.-]|$)/.test(bucket) || bucketOfHost(host) !== undefined
  return isNone ? undefined : bucket
}

/** The request as a path-style client would have sent it. */
export function withBucket(request: HttpRequest, bucket: string): HttpRequest {
  const { method, path, query, headers, host, hostPort, body } = request
  // Requests are not plain objects: what is behind an accessor is taken over by name.
  const { rawHeaders, remote } = request
  const below = `/${bucket}${path.startsWith('/') ? path : `/${path}`}`
  return { method, path: below, query, headers, rawHeaders, host, hostPort, body, remote }
}

export interface DataPlaneHost {
  readonly kind: 'execute-api' | 'lambda-url'
  readonly id: string
}

/** The id of `<id>.execute-api.*` and `<id>.lambda-url.*`, or undefined. `host` is lower case and has no port. */
export function dataPlaneOfHost(host: string): DataPlaneHost | undefined {
  const found = /^([a-z0-9-]+)\.(execute-api|lambda-url)\./.exec(`${host}.`)
  const [, id, kind] = found ?? []
  if (id === undefined || (kind !== 'execute-api' && kind !== 'lambda-url')) return undefined
  return { kind, id }
}
