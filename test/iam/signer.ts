/** Requests signed as clients sign them, with any key, for tests that attack the verification. */
import { signatureOf, sha256 } from '#engines/sigv4/sigv4.ts'
import { type Answer, type Sent, send } from '../support/aws.ts'
import type { Platform } from '../support/platform.ts'

export interface Keys {
  readonly keyId: string
  readonly secret: string
  readonly token?: string | undefined
}

export const ROOT: Keys = { keyId: 'test', secret: 'test' }

export interface Signing extends Omit<Sent, 'service' | 'account'> {
  readonly service: string
  /** `20261125T030405Z`; now unless said. */
  readonly timestamp?: string
  /** Sent beside the headers that were signed. */
  readonly sentHeaders?: Readonly<Record<string, string>>
  /** Sent in place of the body that was signed. */
  readonly sentBody?: string
}

const compact = (at: Date): string => at.toISOString().replaceAll(/[-:]|\.\d+/g, '')

/** Signs and sends. */
export async function signed(to: Platform, keys: Keys, signing: Signing): Promise<Answer> {
  const { service, method = 'POST', path = '/', body = '', region = 'us-east-1' } = signing
  const timestamp = signing.timestamp ?? compact(new Date())
  const date = timestamp.slice(0, 8)
  const payloadHash = sha256(body)
  const headers: Record<string, string> = {
    host: `127.0.0.1:${to.port}`,
    'x-amz-date': timestamp,
    'x-amz-content-sha256': payloadHash,
    ...(keys.token === undefined ? {} : { 'x-amz-security-token': keys.token }),
    ...signing.headers,
  }
  const signedHeaders = Object.keys(headers).toSorted()
  const [rawPath = '/', query = ''] = path.split('?')
  const claim = {
    accessKeyId: keys.keyId,
    date,
    region,
    service,
    signedHeaders,
    signature: '',
    timestamp,
    presigned: false,
    token: keys.token,
  }
  const request = { method, path: rawPath, query, headers }
  const signature = signatureOf({ request, claim, secret: keys.secret, payloadHash })
  const authorization = `AWS4-HMAC-SHA256 Credential=${keys.keyId}/${date}/${region}/${service}/aws4_request, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`
  return await send(to, {
    method,
    path,
    body: signing.sentBody ?? body,
    headers: { ...headers, ...signing.sentHeaders, authorization },
  })
}

/** A presigned path of S3, good for a minute. */
export function presigned(to: Platform, keys: Keys, path: string): string {
  const timestamp = compact(new Date())
  const date = timestamp.slice(0, 8)
  const credential = `${keys.keyId}/${date}/us-east-1/s3/aws4_request`
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': credential,
    'X-Amz-Date': timestamp,
    'X-Amz-Expires': '60',
    'X-Amz-SignedHeaders': 'host',
  }).toString()
  const request = { method: 'GET', path, query, headers: { host: `127.0.0.1:${to.port}` } }
  const claim = {
    accessKeyId: keys.keyId,
    date,
    region: 'us-east-1',
    service: 's3',
    signedHeaders: ['host'],
    signature: '',
    timestamp,
    presigned: true,
    token: undefined,
  }
  const payloadHash = 'UNSIGNED-PAYLOAD'
  return `${path}?${query}&X-Amz-Signature=${signatureOf({ request, claim, secret: keys.secret, payloadHash })}`
}

/** An awsQuery operation, signed. */
export const query = (
  to: Platform,
  keys: Keys,
  service: string,
  fields: Readonly<Record<string, string>>,
): Promise<Answer> =>
  signed(to, keys, {
    service,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  })

/** An SQS operation, signed. */
export const sqs = (to: Platform, keys: Keys, operation: string, input: object): Promise<Answer> =>
  signed(to, keys, {
    service: 'sqs',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` },
    body: JSON.stringify(input),
  })
