/**
 * GetWebIdentityToken: a token of the caller for services outside, signed with a key of the account that is published below
 * the issuer's address. Keys are made when they are first needed.
 * Source: STS API, GetWebIdentityToken; IAM user guide, Federating AWS identities to external services.
 */
import { type KeyObject, createPrivateKey, createPublicKey, generateKeyPair, sign } from 'node:crypto'
import { Buffer } from 'node:buffer'
import { promisify } from 'node:util'
import { Fault } from '#base/fault.ts'
import { type AccountId, DEFAULT_REGION, accountId, hexId, uuid } from '#base/ids.ts'
import { Records } from '#base/records.ts'
import { type Instant, instant, isoSeconds, later, seconds } from '#base/time.ts'
import type { Sts } from '#model/sts.ts'
import type { ApiIdentity } from '#ports/api.ts'
import type { Operation } from '#ports/service.ts'
import { federationDisabled, sessionTooShort, validationError } from '#services/sts/faults.ts'
import { WEB_TOKEN_SECONDS_DEFAULT } from '#services/sts/limits.ts'
import { type SessionRecord, type StsState, identityOf } from '#services/sts/sessions.ts'

type Algorithm = 'RS256' | 'ES384'

interface SigningKey {
  readonly kid: string
  /** PKCS #8, PEM. */
  readonly privateKey: string
}

/** Owner: account and no region; name: [algorithm]. */
const keys = new Records<SigningKey>('sts-signing-key')

const ownerOf = (account: AccountId): readonly [string, string] => [account, '']

const make = promisify(generateKeyPair)

async function newKey(algorithm: Algorithm): Promise<KeyObject> {
  const pair =
    algorithm === 'RS256'
      ? await make('rsa', { modulusLength: 2_048 })
      : await make('ec', { namedCurve: 'P-384' })
  return pair.privateKey
}

async function keyOf(state: StsState, account: AccountId, algorithm: Algorithm): Promise<SigningKey> {
  const known = await keys.get(state.store.read, ownerOf(account), algorithm)
  if (known !== undefined) return known
  const made = await newKey(algorithm)
  const fresh: SigningKey = {
    kid: hexId(state.random, 16),
    privateKey: made.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
  return await state.store.tx(async (tx) => {
    const earlier = await keys.get(tx, ownerOf(account), algorithm)
    if (earlier === undefined) keys.put(tx, ownerOf(account), [algorithm], fresh)
    return earlier ?? fresh
  })
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function signed(algorithm: Algorithm, { kid, privateKey }: SigningKey, claims: object): string {
  const text = `${part({ alg: algorithm, typ: 'JWT', kid })}.${part(claims)}`
  const key = createPrivateKey(privateKey)
  const digest = algorithm === 'RS256' ? 'RSA-SHA256' : 'SHA384'
  const signature = sign(digest, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

interface Issuer {
  readonly address: string
  readonly isOn: boolean
}

/** Undefined where it was never enabled. */
async function issuerOf(state: StsState, as: ApiIdentity): Promise<Issuer | undefined> {
  try {
    const info = await state.api.call('iam', 'GetOutboundWebIdentityFederationInfo', {}, as)
    const { IssuerIdentifier: address, JwtVendingEnabled: isOn = false } = info
    return address === undefined ? undefined : { address, isOn }
  } catch (fault) {
    if (fault instanceof Fault && fault.code.startsWith('FeatureDisabled')) return undefined
    throw fault
  }
}

/** A role's sessions are one subject: their role. */
const subjectOf = (arn: string): string =>
  arn.replace(/^arn:aws:sts::(\d+):assumed-role\/([^/]+)\/.*$/, 'arn:aws:iam::$1:role/$2')

const isAlgorithm = (text: string): text is Algorithm => text === 'RS256' || text === 'ES384'

/** Faults ValidationError, OutboundWebIdentityFederationDisabled, SessionDurationEscalation. */
export const getWebIdentityToken: Operation<Sts['GetWebIdentityToken'], StsState> = async (
  input,
  state,
  call,
) => {
  const algorithm = input.SigningAlgorithm
  if (!isAlgorithm(algorithm))
    throw validationError(`SigningAlgorithm must be one of RS256, ES384: ${algorithm} is not.`)
  const { account, region, span } = call
  const issuer = await issuerOf(state, { account, region, span })
  if (issuer?.isOn !== true) throw federationDisabled()
  const caller: Awaited<ReturnType<typeof identityOf>> & Partial<Pick<SessionRecord, 'expiresAt'>> =
    await identityOf(state, call)
  const now = state.clock.now()
  const iat = Math.floor(now / 1_000)
  const exp = iat + (input.DurationSeconds ?? WEB_TOKEN_SECONDS_DEFAULT)
  const ends: Instant = later(instant(0), seconds(exp))
  if (caller.expiresAt !== undefined && ends > caller.expiresAt) throw sessionTooShort()
  const principal = subjectOf(caller.arn)
  const tags = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key, Value]))
  const claims = {
    iss: issuer.address,
    aud: input.Audience.length === 1 ? input.Audience[0] : input.Audience,
    sub: principal,
    iat,
    exp,
    jti: uuid(state.random),
    ...(input.Scope === undefined ? {} : { scope: input.Scope }),
    'https://sts.amazonaws.com/': {
      aws_account: call.account,
      source_region: call.region,
      principal_id: principal,
      ...(caller.expiresAt === undefined ? {} : { original_session_exp: isoSeconds(caller.expiresAt) }),
      ...(caller.tags === undefined ? {} : { principal_tags: caller.tags }),
      ...(Object.keys(tags).length === 0 ? {} : { request_tags: tags }),
    },
  }
  const key = await keyOf(state, call.account, algorithm)
  return { WebIdentityToken: signed(algorithm, key, claims), Expiration: ends }
}

/** What is published below `/_aws/sts/ACCOUNT/`: where the keys are, and the keys. Undefined for any other path. */
export async function issuerDocument(state: StsState, path: string): Promise<string | undefined> {
  const [, digits = '', name] =
    /^\/_aws\/sts\/(\d{12})\/\.well-known\/(openid-configuration|jwks\.json)$/.exec(path) ?? []
  const account = accountId(digits)
  if (account === undefined) return undefined
  const issuer = (await issuerOf(state, { account, region: DEFAULT_REGION }))?.address
  if (issuer === undefined) return undefined
  if (name === 'openid-configuration')
    return JSON.stringify({
      issuer,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES384'],
    })
  const published: object[] = []
  for (const algorithm of ['RS256', 'ES384'] as const) {
    const key = await keys.get(state.store.read, ownerOf(account), algorithm)
    if (key === undefined) continue
    const jwk = createPublicKey(key.privateKey).export({ format: 'jwk' })
    published.push({ ...jwk, kid: key.kid, alg: algorithm, use: 'sig' })
  }
  return JSON.stringify({ keys: published })
}
