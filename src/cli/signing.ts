/**
 * Requests of the command line signed with SigV4, by the credentials that the AWS tools read from the environment, or as the
 * root of the account. Profiles, files and metadata services are not asked: what is there belongs to the real AWS.
 */
import { type Claim, sha256, signatureOf } from '#engines/sigv4/sigv4.ts'
import { accountOfKeyId } from '#engines/iam-policy/access-key.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secret: string
  readonly token: string | undefined
}

/** What enforcement takes the account's root by: its digits, and this. Ours. */
const ROOT_SECRET = 'test'
/** The account of keys that carry none. */
const DEFAULT_ACCOUNT = '000000000000'

/**
 * The environment's, if they are whole and of this account: keys of another one (those for the real AWS, say) would ask
 * for things of that account. Else the root's.
 */
export function credentialsOf(
  environment: Readonly<Record<string, string | undefined>>,
  account: string,
): Credentials {
  const accessKeyId = environment['AWS_ACCESS_KEY_ID'] ?? ''
  const secret = environment['AWS_SECRET_ACCESS_KEY'] ?? ''
  const isWhole = accessKeyId !== '' && secret !== ''
  if (!isWhole || (accountOfKeyId(accessKeyId) ?? DEFAULT_ACCOUNT) !== account)
    return { accessKeyId: account, secret: ROOT_SECRET, token: undefined }
  const token = environment['AWS_SESSION_TOKEN'] ?? ''
  return { accessKeyId, secret, token: token === '' ? undefined : token }
}

export interface Outgoing {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

export interface Signer {
  readonly credentials: Credentials
  readonly region: string
  /** Signing name, such as `lambda`. */
  readonly service: string
  /** When it is sent: a signature is taken for five minutes (S3: fifteen) around that. */
  readonly at: Date
}

/**
 * The request's headers with those of the signature. The host and all of AWS's own headers are signed; what the client
 * adds on its way (length, agent, trace id) is not. Source: IAM user guide, Create a signed AWS API request.
 */
export function signedHeaders(outgoing: Outgoing, signer: Signer): Record<string, string> {
  const { credentials, region, service, at } = signer
  const given = Object.entries(outgoing.headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  const headers: Record<string, string> = Object.fromEntries(
    given.filter(([name]) => name !== 'authorization'),
  )
  const url = new URL(outgoing.url)
  const payloadHash = headers['x-amz-content-sha256'] ?? sha256(outgoing.body)
  const timestamp = at.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  headers['x-amz-date'] = timestamp
  if (service === 's3') headers['x-amz-content-sha256'] = payloadHash
  if (credentials.token !== undefined) headers['x-amz-security-token'] = credentials.token
  const all = { host: url.host, ...headers }
  const claim: Claim = {
    accessKeyId: credentials.accessKeyId,
    date: timestamp.slice(0, 8),
    region,
    service,
    signedHeaders: Object.keys(all)
      .filter((name) => name === 'host' || name.startsWith('x-amz-'))
      .toSorted(),
    signature: '',
    timestamp,
    presigned: false,
    token: credentials.token,
  }
  const request = { method: outgoing.method, path: url.pathname, query: url.search.slice(1), headers: all }
  const signature = signatureOf({ request, claim, secret: credentials.secret, payloadHash })
  const scope = `${credentials.accessKeyId}/${claim.date}/${region}/${service}/aws4_request`
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${claim.signedHeaders.join(';')}, Signature=${signature}`,
  }
}
