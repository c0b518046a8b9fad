/**
 * What `--enforce-iam` adds to the request path: who signed, verified with the secret of the key, and whether policies
 * allow what the request asks. Absent without the option. Policies are not asked about calls between services, users'
 * traffic to their own APIs (its signatures are verified) and the platform's own pages; chunk signatures of streamed uploads and SigV2 are not verified.
 * Source: IAM user guide, Signing AWS API requests; common errors of each protocol.
 */
import { Fault } from '#base/fault.ts'
import { type AccountId, DEFAULT_ACCOUNT, type Region, accountId } from '#base/ids.ts'
import { isRecord, stringAt, valueAt } from '#base/json.ts'
import { type Instant, isoSeconds, minutes } from '#base/time.ts'
import { TEMPORARY } from '#engines/iam-policy/access-key.ts'
import { neededFor } from '#engines/iam-policy/actions.ts'
import { parseToken } from '#engines/jwt/token.ts'
import { type Claim, claimOf, isSigned, unsignedHeaders } from '#engines/sigv4/sigv4.ts'
import type { Clock } from '#ports/clock.ts'
import type { HttpRequest } from '#ports/http.ts'
import {
  type Caller,
  type IamState,
  type Session,
  authorize,
  holderOfKey,
  noteUse,
} from '#services/iam/index.ts'
import { type SessionRecord, type StsState, sessionOf } from '#services/sts/index.ts'
import { basicIso } from '#wire/scope.ts'
import type { Identified } from '#wire/wire.ts'

type Protocol = (Identified & { kind: 'service' })['protocol']

/** One request as far as it is read. */
export interface Signed {
  /** As the client sent it, before hosts were read. */
  readonly request: HttpRequest
  /** SHA-256 of the body in hexadecimal; undefined where the body is left to the operation. */
  readonly bodyHash: string | undefined
  readonly service: string
  /** What the service is called in credential scopes. */
  readonly signingName: string
  readonly protocol: Protocol
  /** The account and the key by which the request was identified. */
  readonly account: AccountId
  readonly accessKeyId: string | undefined
}

export interface Asking {
  readonly caller: Caller
  readonly service: string
  readonly protocol: Protocol
  readonly operation: string
  readonly input: unknown
  readonly account: AccountId
  readonly region: Region
  readonly request: HttpRequest
}

export interface Enforcement {
  /** Faults of the signature in the words of the protocol. */
  authenticate(signed: Signed): Promise<Caller>
  /** Fault AccessDenied. */
  permit(asking: Asking): Promise<void>
}

/** The root of an account signs with the account's twelve digits, or `test` for the default one, and this. Ours. */
const ROOT_SECRET = 'test'
const ROOT_KEY = 'test'

/** How far the time of a signature may be from ours. Source: S3 API, RequestTimeTooSkewed; 5 minutes elsewhere. */
const SKEW = minutes(5)
const SKEW_S3 = minutes(15)

interface Parts {
  readonly iam: IamState
  readonly sts: StsState
  readonly clock: Clock
}

export function enforcementOf(parts: Parts): Enforcement {
  return {
    authenticate: (signed) => authenticate(parts, signed),
    permit: (asking) => permit(parts, asking),
  }
}

interface Key {
  readonly secret: string
  readonly token: string | undefined
  readonly caller: Caller
}

async function authenticate(parts: Parts, signed: Signed): Promise<Caller> {
  const { request, account } = signed
  const claim = claimOf(request)
  if (claim === undefined) {
    if (isUnsigned(request)) return { kind: 'anonymous' }
    throw refused(signed, 'IncompleteSignature')
  }
  if (claim.accessKeyId !== signed.accessKeyId) throw refused(signed, 'IncompleteSignature')
  const key = await keyOf(parts, claim, account)
  if (key === undefined || (key.token !== undefined && key.token !== claim.token))
    throw refused(signed, 'InvalidClientTokenId')
  checkScope(parts.clock, signed, claim)
  const payloadHash = payloadHashOf(signed, claim)
  if (!isSigned({ request, claim, secret: key.secret, payloadHash }))
    throw refused(signed, 'SignatureDoesNotMatch')
  if (key.caller.kind === 'user' && key.token === undefined)
    await noteUse(parts.iam, account, claim.accessKeyId, { service: claim.service, region: claim.region })
  return key.caller
}

const isUnsigned = ({ headers, query }: HttpRequest): boolean =>
  headers['authorization'] === undefined &&
  !/(?:^|&)(X-Amz-(Signature|Credential|Algorithm)|AWSAccessKeyId)=/i.test(query)

/** Fault ExpiredToken; undefined for keys that nobody has, or that are inactive. */
async function keyOf(
  { iam, sts }: Parts,
  { accessKeyId }: Claim,
  account: AccountId,
): Promise<Key | undefined> {
  if (accountId(accessKeyId) !== undefined || accessKeyId === ROOT_KEY) {
    const owner = accountId(accessKeyId) ?? DEFAULT_ACCOUNT
    return { secret: ROOT_SECRET, token: undefined, caller: { kind: 'root', account: owner } }
  }
  if (accessKeyId.startsWith(TEMPORARY)) {
    const session = await sessionOf(sts, accessKeyId, account)
    if (session?.token === undefined) return undefined
    return { secret: session.secretAccessKey, token: session.token, caller: callerOf(session, account) }
  }
  const holder = await holderOfKey(iam, account, accessKeyId)
  if (holder?.isActive !== true) return undefined
  const { secret, user } = holder
  const caller: Caller = user === undefined ? { kind: 'root', account } : { kind: 'user', account, user }
  return { secret, token: undefined, caller }
}

function callerOf(record: SessionRecord, account: AccountId): Caller {
  const session: Session = record
  const { kind, arn: sessionArn, userId, user } = record
  if (kind === 'assumed-role') return { kind: 'role', account, sessionArn, userId, session }
  if (kind === 'federated-user') return { kind, account, sessionArn, userId, user, session }
  return user === undefined ? { kind: 'root', account, session } : { kind: 'user', account, user, session }
}

/** Signed for this service, on the day it says, not long ago. Presigned requests have an end of their own. */
function checkScope(clock: Clock, signed: Signed, claim: Claim): void {
  if (claim.service !== signed.signingName)
    throw refused(
      signed,
      'SignatureDoesNotMatch',
      `Credential should be scoped to correct service: '${signed.signingName}'. `,
    )
  const at = basicIso(claim.timestamp)
  if (at === undefined || !claim.timestamp.startsWith(claim.date))
    throw refused(
      signed,
      'SignatureDoesNotMatch',
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${claim.date}' != '${claim.timestamp.slice(0, 8)}', from '${claim.timestamp}'.`,
    )
  if (unsignedHeaders(signed.request, claim).length > 0) throw unsigned(signed)
  if (claim.presigned) return checkExpiry(signed, claim)
  const limit = signed.service === 's3' ? SKEW_S3 : SKEW
  const distance = Math.min(...[clock.now(), clock.wall()].map((now) => Math.abs(now - at)))
  if (distance > limit) throw tooOld(signed, claim, clock.wall())
}

/** A week at most. That it is over is found later, with the clock. Source: S3 API, Authenticating requests: query parameters. */
const PRESIGNED_MAX_SECONDS = 604_800

function checkExpiry(signed: Signed, { expiresSeconds = 0 }: Claim): void {
  if (expiresSeconds > 0 && expiresSeconds <= PRESIGNED_MAX_SECONDS) return
  if (signed.service !== 's3') throw refused(signed, 'IncompleteSignature')
  throw new Fault(
    'AuthorizationQueryParametersError',
    'X-Amz-Expires must be a number from 1 to 604800 (seconds)',
    { status: 400 },
  )
}

/** Source: recorded AWS answer of S3; of others inferred. */
const unsigned = (signed: Signed): Fault =>
  signed.service === 's3'
    ? new Fault('AccessDenied', 'There were headers present in the request which were not signed', {
        status: 403,
      })
    : refused(signed, 'SignatureDoesNotMatch')

function tooOld(signed: Signed, claim: Claim, now: Instant): Fault {
  if (signed.service === 's3')
    return new Fault(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      { status: 403 },
    )
  const compact = (text: string): string => text.replaceAll(/[-:]/g, '')
  return refused(
    signed,
    'SignatureDoesNotMatch',
    `Signature expired: ${claim.timestamp} is now earlier than ${compact(isoSeconds(now))} - 5 min.`,
  )
}

/** What stands for the body in the signature: S3 takes the client's word for what it compares itself, all others the body. */
function payloadHashOf(signed: Signed, claim: Claim): string {
  const { request, bodyHash, service } = signed
  const claimed = request.headers['x-amz-content-sha256']
  const isHash = claimed !== undefined && /^[0-9a-f]{64}$/.test(claimed)
  if (isHash && bodyHash !== undefined && bodyHash !== claimed) throw refused(signed, 'SignatureDoesNotMatch')
  if (service !== 's3') return bodyHash ?? ''
  return claimed ?? (claim.presigned ? 'UNSIGNED-PAYLOAD' : (bodyHash ?? ''))
}

type Problem =
  | 'IncompleteSignature'
  | 'InvalidClientTokenId'
  | 'SignatureDoesNotMatch'
  | 'MissingAuthenticationToken'

const TEXTS: Readonly<Record<Problem, string>> = {
  IncompleteSignature: 'The request signature does not conform to AWS standards.',
  InvalidClientTokenId: 'The security token included in the request is invalid.',
  SignatureDoesNotMatch:
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  MissingAuthenticationToken: 'Request is missing Authentication Token',
}

/** What JSON services call the same problem. */
const JSON_CODES: Readonly<Record<Problem, string>> = {
  IncompleteSignature: 'IncompleteSignatureException',
  InvalidClientTokenId: 'UnrecognizedClientException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
  MissingAuthenticationToken: 'MissingAuthenticationTokenException',
}

const S3_FAULTS: Readonly<Record<Problem, readonly [code: string, text: string]>> = {
  IncompleteSignature: [
    'InvalidRequest',
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  ],
  InvalidClientTokenId: [
    'InvalidAccessKeyId',
    'The AWS Access Key Id you provided does not exist in our records.',
  ],
  SignatureDoesNotMatch: [
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
  MissingAuthenticationToken: ['AccessDenied', 'Access Denied'],
}

/** SQS keeps the codes it had before it spoke JSON. Source: recorded answers to its clients. */
const speaksQuery = ({ service, protocol }: Pick<Signed, 'service' | 'protocol'>): boolean =>
  service === 'sqs' || protocol === 'awsQuery'

const isJsonRpc = (protocol: Protocol): boolean => protocol.startsWith('awsJson') || protocol === 'rpcv2Cbor'

function refused(
  signed: Pick<Signed, 'service' | 'protocol'>,
  problem: Problem,
  text = TEXTS[problem],
): Fault {
  if (signed.service === 's3') {
    const [code, message] = S3_FAULTS[problem]
    return new Fault(code, message, { status: problem === 'IncompleteSignature' ? 400 : 403 })
  }
  if (speaksQuery(signed)) return new Fault(problem, text, { status: 403 })
  return new Fault(JSON_CODES[problem], text, { status: isJsonRpc(signed.protocol) ? 400 : 403 })
}

/** Operations that a token of an identity provider stands for a signature of. */
const BY_TOKEN = new Set(['sts:AssumeRoleWithWebIdentity', 'sts:AssumeRoleWithSAML'])
/** Addresses that SNS itself gives out are followed without a signature. Source: SNS API, ConfirmSubscription, Unsubscribe. */
const BY_LINK = new Set(['sns:ConfirmSubscription', 'sns:Unsubscribe'])
/** Services whose resources may be open to anybody. */
const OPEN = new Set(['s3', 'sqs', 'sns'])

async function permit(parts: Parts, asking: Asking): Promise<void> {
  const { service, operation, account, region, request } = asking
  if (asking.caller.kind === 'anonymous' && BY_LINK.has(`${service}:${operation}`)) return
  const isByToken = BY_TOKEN.has(`${service}:${operation}`)
  if (!isByToken && asking.caller.kind === 'anonymous' && !OPEN.has(service))
    throw refused(asking, 'MissingAuthenticationToken')
  const needed = neededFor({ ...asking, method: request.method, path: request.path })
  const token = isByToken ? tokenOf(asking) : undefined
  const text = await authorize(parts.iam, {
    caller: token?.caller ?? asking.caller,
    needed,
    place: { account, region },
    keys: [...requestKeys(parts.clock, asking), ...(token?.keys ?? [])],
  })
  if (text !== undefined)
    throw denied(asking, isByToken ? `Not authorized to perform sts:${operation}` : text)
}

/** The issuer's provider asks in the token's name; that the token is good is the operation's to verify. */
function tokenOf({ input, account }: Asking): { caller: Caller; keys: [string, string[]][] } {
  const role = stringAt(input, 'RoleArn')?.split(':')[4]
  const owner = accountId(role ?? '') ?? account
  const provider = stringAt(input, 'PrincipalArn')
  if (provider !== undefined) return { caller: { kind: 'federated', provider, account: owner }, keys: [] }
  const parsed = parseToken(stringAt(input, 'WebIdentityToken') ?? '')
  const claims = parsed.ok ? parsed.value.claims : {}
  const issuer = (stringAt(claims, 'iss') ?? '').replace(/^https?:\/\//, '').replace(/\/$/, '')
  const texts = (value: unknown): string[] => [value].flat().filter((one) => typeof one === 'string')
  const audience = texts(claims['azp'] ?? claims['aud'])
  const keys: [string, string[]][] = [
    [`${issuer}:aud`, audience.slice(0, 1)],
    [`${issuer}:sub`, texts(claims['sub'])],
    [`${issuer}:amr`, texts(claims['amr'])],
  ]
  const arn = `arn:aws:iam::${owner}:oidc-provider/${issuer}`
  return {
    caller: { kind: 'federated', provider: arn, account: owner },
    keys: keys.filter(([, values]) => values.length > 0),
  }
}

/** Requests count as sent over TLS: the plain port stands for AWS's. Source: IAM user guide, AWS global condition context keys. */
function requestKeys(clock: Clock, { request, region, input }: Asking): [string, string[]][] {
  const now = clock.now()
  const keys: [string, string[]][] = [
    ['aws:CurrentTime', [isoSeconds(now)]],
    ['aws:EpochTime', [String(Math.floor(now / 1_000))]],
    ['aws:SecureTransport', ['true']],
    ['aws:SourceIp', [request.remote.address]],
    ['aws:RequestedRegion', [region]],
    ['aws:ViaAWSService', ['false']],
  ]
  const agent = request.headers['user-agent']
  if (agent !== undefined) keys.push(['aws:UserAgent', [agent]])
  const referer = request.headers['referer']
  if (referer !== undefined) keys.push(['aws:Referer', [referer]])
  const tags = tagsOf(input)
  if (tags.length > 0) keys.push(['aws:TagKeys', tags.map(([key]) => key)])
  for (const [key, value] of tags) keys.push([`aws:RequestTag/${key}`, [value]])
  return keys
}

/** Tags of the request: a list of keys and values, or a map. */
function tagsOf(input: unknown): [string, string][] {
  const tags = valueAt(input, 'Tags') ?? valueAt(input, 'tags') ?? valueAt(input, 'TagList')
  if (Array.isArray(tags))
    return tags.map((one: unknown) => [
      stringAt(one, 'Key') ?? stringAt(one, 'key') ?? '',
      stringAt(one, 'Value') ?? stringAt(one, 'value') ?? '',
    ])
  return isRecord(tags) ? Object.entries(tags).map(([key, value]) => [key, String(value)]) : []
}

/** Source: common errors of each protocol; recorded AWS answers. */
function denied(asking: Asking, text: string): Fault {
  const { service, protocol } = asking
  if (service === 'sns') return new Fault('AuthorizationError', text, { status: 403 })
  if (service === 's3' || speaksQuery(asking)) return new Fault('AccessDenied', text, { status: 403 })
  return new Fault('AccessDeniedException', text, { status: isJsonRpc(protocol) ? 400 : 403 })
}
