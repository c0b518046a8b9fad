/**
 * Signature Version 4, recomputed: what a request claims (in its header or presigned in its query), and the signature that
 * a secret gives. Pure. Whose key it is, how old a request may be and what answers a wrong one are not known here;
 * asymmetric signatures (SigV4A), SigV2 and the signatures of single chunks are not either.
 * Source: IAM user guide, Create a signed AWS API request; S3 API reference, Authenticating requests.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { Buffer } from 'node:buffer'

/** A request as it came: nothing decoded, names of headers in lower case. */
export interface SignedRequest {
  readonly method: string
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  /** Pairs as they came, for headers that came more than once. */
  readonly rawHeaders?: readonly (readonly [name: string, value: string])[] | undefined
}

export interface Claim {
  readonly accessKeyId: string
  /** `20261125`. */
  readonly date: string
  readonly region: string
  readonly service: string
  /** In lower case, in the order in which they were signed. */
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** `20261125T030405Z`. */
  readonly timestamp: string
  readonly presigned: boolean
  /** The session token that came along. */
  readonly token: string | undefined
  /** Of a presigned request: how long it is good, in seconds; undefined when that is not said or no number. */
  readonly expiresSeconds?: number | undefined
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/** What the request claims to be signed with; undefined when it has no complete SigV4 signature. */
export function claimOf(request: SignedRequest): Claim | undefined {
  const authorization = request.headers['authorization']
  return authorization?.startsWith(`${ALGORITHM} `) === true
    ? inHeader(authorization, request)
    : inQuery(request)
}

function inHeader(authorization: string, { headers }: SignedRequest): Claim | undefined {
  const part = (name: string): string | undefined =>
    new RegExp(`[\\s,]${name}=([^,\\s]+)`).exec(authorization)?.[1]
  return claim({
    credential: part('Credential'),
    signedHeaders: part('SignedHeaders'),
    signature: part('Signature'),
    timestamp: headers['x-amz-date'],
    presigned: false,
    token: headers['x-amz-security-token'],
  })
}

function inQuery({ query }: SignedRequest): Claim | undefined {
  const values = new Map(pairsOf(query).map(([name, value]) => [name.toLowerCase(), value]))
  if (values.get('x-amz-algorithm') !== ALGORITHM) return undefined
  const expires = values.get('x-amz-expires') ?? ''
  const found = claim({
    credential: values.get('x-amz-credential'),
    signedHeaders: values.get('x-amz-signedheaders'),
    signature: values.get('x-amz-signature'),
    timestamp: values.get('x-amz-date'),
    presigned: true,
    token: values.get('x-amz-security-token'),
  })
  if (found === undefined || !/^\d{1,7}$/.test(expires)) return found
  return { ...found, expiresSeconds: Number(expires) }
}

interface Parts {
  readonly credential: string | undefined
  readonly signedHeaders: string | undefined
  readonly signature: string | undefined
  readonly timestamp: string | undefined
  readonly presigned: boolean
  readonly token: string | undefined
}

function claim({
  credential,
  signedHeaders,
  signature,
  timestamp,
  presigned,
  token,
}: Parts): Claim | undefined {
  const scope = credential?.split('/') ?? []
  if (scope.length < 5 || scope.at(-1) !== 'aws4_request') return undefined
  if (signedHeaders === undefined || signature === undefined || timestamp === undefined) return undefined
  const [date = '', region = '', service = ''] = scope.slice(-4)
  return {
    accessKeyId: scope.slice(0, -4).join('/'),
    date,
    region,
    service,
    signedHeaders: signedHeaders.toLowerCase().split(';'),
    signature,
    timestamp,
    presigned,
    token,
  }
}

const UNRESERVED = /[!'()*]/g

/** RFC 3986, as all of AWS's signers encode. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    UNRESERVED,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )

function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw)
  } catch {
    return raw
  }
}

/** A plus is a plus: signers write blanks as `%20`. */
function pairsOf(query: string): readonly (readonly [string, string])[] {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=')
      return at === -1 ? [decoded(part), ''] : [decoded(part.slice(0, at)), decoded(part.slice(at + 1))]
    })
}

/** Everything but the signature itself, sorted by name and value. */
function canonicalQuery(query: string): string {
  return pairsOf(query)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .toSorted(([a, x], [b, y]) => (a === b ? (x < y ? -1 : x > y ? 1 : 0) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** S3 takes the path as it was sent; all others take dots and double slashes out and encode once more. */
function canonicalPath(path: string, service: string): string {
  if (service === 's3')
    return path
      .split('/')
      .map((part) => encoded(decoded(part)))
      .join('/')
  const kept: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') kept.pop()
    else if (part !== '' && part !== '.') kept.push(part)
  }
  const ends = path.endsWith('/') && kept.length > 0 ? '/' : ''
  return `/${kept.map(encoded).join('/')}${ends}`
}

function headerValue(request: SignedRequest, name: string): string {
  const raw = request.rawHeaders?.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
  const values = raw === undefined || raw.length === 0 ? [request.headers[name] ?? ''] : raw
  return values.map((value) => value.trim().replaceAll(/ +/g, ' ')).join(',')
}

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

export interface Signing {
  readonly request: SignedRequest
  readonly claim: Claim
  readonly secret: string
  /** SHA-256 of the body in hexadecimal, or the word that stands for it, such as `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string
}

/** The text whose hash is signed. */
export function canonicalRequest({ request, claim: claimed, payloadHash }: Omit<Signing, 'secret'>): string {
  const headers = claimed.signedHeaders.map((name) => `${name}:${headerValue(request, name)}\n`).join('')
  return [
    request.method,
    canonicalPath(request.path, claimed.service),
    canonicalQuery(request.query),
    headers,
    claimed.signedHeaders.join(';'),
    payloadHash,
  ].join('\n')
}

/** The signature that the secret gives, in hexadecimal. */
export function signatureOf(signing: Signing): string {
  const { date, region, service, timestamp } = signing.claim
  const scope = `${date}/${region}/${service}/aws4_request`
  const text = [ALGORITHM, timestamp, scope, sha256(canonicalRequest(signing))].join('\n')
  const hmac = (key: Uint8Array | string, value: string): Uint8Array =>
    createHmac('sha256', key).update(value).digest()
  const key = [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${signing.secret}`, date))
  return Buffer.from(hmac(key, text)).toString('hex')
}

/** Whether the claimed signature is the secret's. Takes the same time for every wrong one. */
export function isSigned(signing: Signing): boolean {
  const wanted = Buffer.from(signatureOf(signing))
  const found = Buffer.from(signing.claim.signature)
  return wanted.length === found.length && timingSafeEqual(wanted, found)
}

/** Headers of AWS's that came unsigned, so that anybody could have added or changed them. Source: SigV4, signed headers. */
export const unsignedHeaders = ({ headers }: SignedRequest, { signedHeaders }: Claim): readonly string[] =>
  Object.keys(headers).filter((name) => name.startsWith('x-amz-') && !signedHeaders.includes(name))
