/**
 * AssumeRoleWithWebIdentity: the token of an OpenID Connect provider taken for a session. While IAM is enforced the token
 * must be signed by its issuer and the provider be known to IAM; else its claims are believed.
 * Source: STS API, AssumeRoleWithWebIdentity; IAM user guide, OIDC federation.
 */
import { Fault } from '#base/fault.ts'
import { isoSeconds, instant } from '#base/time.ts'
import { algorithmProblem, isSignedBy, keySetAddress, readKeySet } from '#engines/jwt/keys.ts'
import { type Token, parseToken } from '#engines/jwt/token.ts'
import type { Sts } from '#model/sts.ts'
import type { Call, Operation } from '#ports/service.ts'
import {
  expiredIdentityToken,
  invalidIdentityToken,
  issuerUnreachable,
  rejectedClaim,
} from '#services/sts/faults.ts'
import { ISSUER_ANSWER_MAX_BYTES, ISSUER_TIMEOUT, ROLE_SECONDS_DEFAULT } from '#services/sts/limits.ts'
import { assumedRole, checkDuration, knownRole, roleOfArn } from '#services/sts/roles.ts'
import { type StsState, issue } from '#services/sts/sessions.ts'
import { packedSize, traitsOf } from '#services/sts/traits.ts'

interface Holder {
  readonly issuer: string
  readonly subject: string
  /** `azp` when it is there, else the first of `aud`. */
  readonly audience: string
  readonly token: Token
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** Faults InvalidIdentityToken, ExpiredToken. */
function holderOf(text: string, state: StsState): Holder {
  const parsed = parseToken(text)
  if (!parsed.ok)
    throw invalidIdentityToken(
      'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
    )
  const { claims } = parsed.value
  const issuer = textOf(claims['iss'])
  const subject = textOf(claims['sub'])
  const [first] = [claims['azp'] ?? claims['aud']].flat()
  const audience = textOf(first)
  if (issuer === undefined || subject === undefined || audience === undefined)
    throw invalidIdentityToken('Missing a required claim: iss, sub or aud')
  const ends = claims['exp']
  const now = state.clock.now()
  if (typeof ends === 'number' && ends * 1_000 <= now)
    throw expiredIdentityToken(
      `Token expired: current date/time ${Math.floor(now / 1_000)} must be before the expiration date/time ${ends} (${isoSeconds(instant(ends * 1_000))})`,
    )
  return { issuer, subject, audience, token: parsed.value }
}

const withoutScheme = (issuer: string): string => issuer.replace(/^https?:\/\//, '').replace(/\/$/, '')

export const assumeRoleWithWebIdentity: Operation<Sts['AssumeRoleWithWebIdentity'], StsState> = async (
  input,
  state,
  call,
) => {
  const role = roleOfArn(input.RoleArn)
  const packed = packedSize(input)
  const holder = holderOf(input.WebIdentityToken, state)
  const provider = `arn:aws:iam::${role.account}:oidc-provider/${withoutScheme(holder.issuer)}`
  if (state.enforced) await checkIssuer(state, { ...call, account: role.account }, holder, provider)
  const known = await knownRole(state, role, call)
  const durationSeconds = input.DurationSeconds ?? ROLE_SECONDS_DEFAULT
  checkDuration(known, durationSeconds)
  const identity = assumedRole(role, known, input.RoleSessionName)
  const traits = { ...traitsOf(input, undefined), provider }
  return {
    Credentials: await issue(state, { account: role.account, identity, durationSeconds, traits }),
    SubjectFromWebIdentityToken: holder.subject,
    AssumedRoleUser: { AssumedRoleId: identity.userId, Arn: identity.arn },
    PackedPolicySize: packed,
    Provider: provider,
    Audience: holder.audience,
  }
}

/** The provider is in the role's account, its audience among those it knows, and its key signed. Faults InvalidIdentityToken, IDPRejectedClaim, IDPCommunicationError. */
async function checkIssuer(
  state: StsState,
  { account, region, span }: Pick<Call, 'account' | 'region' | 'span'>,
  { issuer, audience, token }: Holder,
  provider: string,
): Promise<void> {
  const as = { account, region, span }
  const input = { OpenIDConnectProviderArn: provider }
  const known = await state.api.call('iam', 'GetOpenIDConnectProvider', input, as).catch((fault: unknown) => {
    if (!(fault instanceof Fault) || !fault.code.startsWith('NoSuchEntity')) throw fault
    throw invalidIdentityToken(`No OpenIDConnect provider found in your account for ${issuer}`)
  })
  if (known.ClientIDList?.includes(audience) !== true) throw invalidIdentityToken('Incorrect token audience')
  const problem = algorithmProblem(token)
  if (problem !== undefined) throw rejectedClaim(problem)
  const key = (await keysOf(state, issuer)).get(token.kid ?? '')
  if (key === undefined || !isSignedBy(token, key))
    throw invalidIdentityToken('Couldn’t verify the signature of the token with the keys of its issuer')
}

type Keys = NonNullable<ReturnType<typeof readKeySet>>

async function keysOf(state: StsState, issuer: string): Promise<Keys> {
  const get = async (url: string): Promise<Uint8Array> => {
    const outcome = await state.outbound?.request({
      method: 'GET',
      url,
      headers: { accept: 'application/json' },
      timeoutMs: ISSUER_TIMEOUT,
      answerBytesMax: ISSUER_ANSWER_MAX_BYTES,
    })
    if (outcome?.kind !== 'answered' || outcome.status !== 200) throw issuerUnreachable()
    return outcome.body
  }
  const address = keySetAddress(await get(`${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`))
  const keys = address === undefined ? undefined : readKeySet(await get(address))
  if (keys === undefined) throw issuerUnreachable()
  return keys
}
