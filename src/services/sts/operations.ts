/** STS's operations for those who have credentials. Each is a few lines over `sessions.ts`; federation is `federation.ts`. */
import { DEFAULT_ACCOUNT } from '#base/ids.ts'
import { accountOfKeyId } from '#engines/iam-policy/access-key.ts'
import type { Sts } from '#model/sts.ts'
import type { Call, Operation } from '#ports/service.ts'
import { accessDenied, invalidMessage, validationError } from '#services/sts/faults.ts'
import { type Identity, rootOf } from '#services/sts/identities.ts'
import {
  CHAINED_SECONDS_MAX,
  ROLE_SECONDS_DEFAULT,
  ROOT_SECONDS_MAX,
  TOKEN_SECONDS_DEFAULT,
} from '#services/sts/limits.ts'
import { assumedRole, checkDuration, knownRole, roleOfArn } from '#services/sts/roles.ts'
import { type SessionTraits, type StsState, identityOf, issue } from '#services/sts/sessions.ts'
import { packedSize, traitsOf } from '#services/sts/traits.ts'

export const getCallerIdentity: Operation<Sts['GetCallerIdentity'], StsState> = async (
  _input,
  state,
  call,
) => {
  const { arn, userId } = await identityOf(state, call)
  return { UserId: userId, Account: call.account, Arn: arn }
}

/** A service of the platform, which has no request to answer. */
const isService = (call: Call): boolean => call.header === undefined

/**
 * The role's longest session does not bind services, such as the one that runs functions.
 * Source: STS API, AssumeRole; IAM user guide, Maximum session duration ("does not limit sessions assumed by AWS services").
 */
export const assumeRole: Operation<Sts['AssumeRole'], StsState> = async (input, state, call) => {
  const role = roleOfArn(input.RoleArn)
  const packed = packedSize(input)
  const caller: Identity & SessionTraits = isService(call)
    ? rootOf(call.account)
    : await identityOf(state, call)
  const known = await knownRole(state, role, call)
  const duration = input.DurationSeconds ?? ROLE_SECONDS_DEFAULT
  if (caller.kind === 'assumed-role' && duration > CHAINED_SECONDS_MAX)
    throw validationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    )
  if (!isService(call)) checkDuration(known, duration)
  if (
    caller.sourceIdentity !== undefined &&
    (input.SourceIdentity ?? caller.sourceIdentity) !== caller.sourceIdentity
  )
    throw accessDenied('The source identity of a session cannot be changed.')
  const traits = traitsOf(input, caller.kind === 'assumed-role' ? caller : undefined)
  const identity = assumedRole(role, known, input.RoleSessionName)
  return {
    Credentials: await issue(state, { account: role.account, identity, durationSeconds: duration, traits }),
    AssumedRoleUser: { AssumedRoleId: identity.userId, Arn: identity.arn },
    PackedPolicySize: packed,
    SourceIdentity: traits.sourceIdentity,
  }
}

const isSession = ({ kind }: Identity, call: Call): boolean =>
  kind === 'assumed-role' || kind === 'federated-user' || call.accessKeyId?.startsWith('ASIA') === true

/** The root's are short, whatever is asked for. */
const tokenSeconds = (caller: Identity, asked: number | undefined): number =>
  caller.kind === 'root'
    ? Math.min(asked ?? TOKEN_SECONDS_DEFAULT, ROOT_SECONDS_MAX)
    : (asked ?? TOKEN_SECONDS_DEFAULT)

/** Source: STS API, GetSessionToken: the caller's own rights, under temporary credentials. */
export const getSessionToken: Operation<Sts['GetSessionToken'], StsState> = async (input, state, call) => {
  const caller = await identityOf(state, call)
  if (isSession(caller, call)) throw accessDenied('Cannot call GetSessionToken with session credentials')
  const durationSeconds = tokenSeconds(caller, input.DurationSeconds)
  const traits = traitsOf(input, undefined)
  return {
    Credentials: await issue(state, { account: call.account, identity: caller, durationSeconds, traits }),
  }
}

/** Rights are what the caller's policies and the session's both give; without session policies, none. Source: STS API, GetFederationToken. */
export const getFederationToken: Operation<Sts['GetFederationToken'], StsState> = async (
  input,
  state,
  call,
) => {
  const caller = await identityOf(state, call)
  if (isSession(caller, call)) throw accessDenied('Cannot call GetFederationToken with session credentials')
  const packed = packedSize(input)
  const durationSeconds = tokenSeconds(caller, input.DurationSeconds)
  const identity: Identity = {
    arn: `arn:aws:sts::${call.account}:federated-user/${input.Name}`,
    userId: `${call.account}:${input.Name}`,
    kind: 'federated-user',
    user: caller.user,
  }
  const traits = traitsOf(input, undefined)
  return {
    Credentials: await issue(state, { account: call.account, identity, durationSeconds, traits }),
    FederatedUser: { FederatedUserId: identity.userId, Arn: identity.arn },
    PackedPolicySize: packed,
  }
}

/** A key that carries no account is one of the default account's, as everywhere on this platform. */
export const getAccessKeyInfo: Operation<Sts['GetAccessKeyInfo'], StsState> = (input) => ({
  Account: accountOfKeyId(input.AccessKeyId) ?? DEFAULT_ACCOUNT,
})

/** No service here encodes its denials, so every message is one that AWS could not decode either. */
export const decodeAuthorizationMessage: Operation<Sts['DecodeAuthorizationMessage'], StsState> = () => {
  throw invalidMessage()
}
