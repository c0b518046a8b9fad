/** STS's operations. Each is a few lines over `sessions.ts`. */
import { DEFAULT_ACCOUNT } from '#base/ids.ts'
import { isRecord, parseJson } from '#base/json.ts'
import type { Sts } from '#model/sts.ts'
import type { Call, Operation } from '#ports/service.ts'
import { accountOfKeyId } from '#services/sts/access-key.ts'
import { accessDenied, malformedPolicy, packedPolicyTooLarge, validationError } from '#services/sts/faults.ts'
import {
  CHAINED_SECONDS_MAX,
  ROLE_SECONDS_DEFAULT,
  ROOT_SECONDS_MAX,
  SESSION_POLICY_MAX,
  TOKEN_SECONDS_DEFAULT,
} from '#services/sts/limits.ts'
import { knownRole, roleOfArn } from '#services/sts/roles.ts'
import { type Identity, identityOf, issue, rootOf, type StsState } from '#services/sts/sessions.ts'

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
  const packed = packedSize(input.Policy)
  const caller = isService(call) ? rootOf(call.account) : await identityOf(state, call)
  const known = await knownRole(state, role, call)
  const duration = input.DurationSeconds ?? ROLE_SECONDS_DEFAULT
  if (caller.kind === 'assumed-role' && duration > CHAINED_SECONDS_MAX)
    throw validationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    )
  if (!isService(call) && known.maxSessionSeconds !== undefined && duration > known.maxSessionSeconds)
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
  const identity: Identity = {
    arn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/${input.RoleSessionName}`,
    userId: `${known.id}:${input.RoleSessionName}`,
    kind: 'assumed-role',
  }
  return {
    Credentials: await issue(state, role.account, identity, duration),
    AssumedRoleUser: { AssumedRoleId: identity.userId, Arn: identity.arn },
    PackedPolicySize: packed,
    SourceIdentity: input.SourceIdentity,
  }
}

/** Source: STS API, GetSessionToken: the caller's own rights, under temporary credentials. */
export const getSessionToken: Operation<Sts['GetSessionToken'], StsState> = async (input, state, call) => {
  const caller = await identityOf(state, call)
  if (caller.kind !== 'root') throw accessDenied('Cannot call GetSessionToken with session credentials')
  const duration = Math.min(input.DurationSeconds ?? TOKEN_SECONDS_DEFAULT, ROOT_SECONDS_MAX)
  return { Credentials: await issue(state, call.account, caller, duration) }
}

/** Source: STS API, GetFederationToken. */
export const getFederationToken: Operation<Sts['GetFederationToken'], StsState> = async (
  input,
  state,
  call,
) => {
  const caller = await identityOf(state, call)
  if (caller.kind !== 'root') throw accessDenied('Cannot call GetFederationToken with session credentials')
  const packed = packedSize(input.Policy)
  const duration = Math.min(input.DurationSeconds ?? TOKEN_SECONDS_DEFAULT, ROOT_SECONDS_MAX)
  const identity: Identity = {
    arn: `arn:aws:sts::${call.account}:federated-user/${input.Name}`,
    userId: `${call.account}:${input.Name}`,
    kind: 'federated-user',
  }
  return {
    Credentials: await issue(state, call.account, identity, duration),
    FederatedUser: { FederatedUserId: identity.userId, Arn: identity.arn },
    PackedPolicySize: packed,
  }
}

/** A key that carries no account is one of the default account's, as everywhere on this platform. */
export const getAccessKeyInfo: Operation<Sts['GetAccessKeyInfo'], StsState> = (input) => ({
  Account: accountOfKeyId(input.AccessKeyId) ?? DEFAULT_ACCOUNT,
})

/** Percent of the room for session policies. The packing is AWS's own: plain size here (inferred). Faults MalformedPolicyDocument, PackedPolicyTooLarge. */
function packedSize(policy: string | undefined): number | undefined {
  if (policy === undefined) return undefined
  if (!isRecord(parseJson(policy))) throw malformedPolicy()
  const percent = Math.ceil((policy.length * 100) / SESSION_POLICY_MAX)
  if (percent > 100) throw packedPolicyTooLarge(percent)
  return percent
}
